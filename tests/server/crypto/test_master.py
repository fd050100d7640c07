"""Where the master key comes from, and which ones are refused."""

from __future__ import annotations

import base64
import errno
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import pytest
from pydantic import SecretStr

from optionix_core.errors import ConfigurationError, IntegrityError, StorageError
from server.crypto import master
from server.crypto.master import LocalMasterKey, check_strength, master_key
from server.settings import Environment, ServerSettings
from tests.server.crypto.conftest import MASTER

WEAK = {
    "repeats": bytes(32),
    "repeats itself": b"\xa5\x5a" * 16,
    "it repeats": MASTER[:16] * 2,
    "counts": bytes(range(32)),
    "it counts": bytes(range(255, 223, -1)),
    "text": b"correct horse battery staple 123",
    "different bytes": bytes(byte % 7 * 31 for byte in MASTER),
    "common word": sha256(b"changeme").digest(),
    "must be 32 bytes": MASTER[:16],
}


@pytest.mark.parametrize("why", WEAK)
def test_weak_keys_are_refused_in_production(why: str, tmp_path: Path) -> None:
    given = SecretStr(base64.b64encode(WEAK[why]).decode())
    settings = ServerSettings(environment=Environment.PRODUCTION, data_folder=tmp_path, master_key=given)
    with pytest.raises(ConfigurationError, match=why) as caught:
        master_key(settings)
    assert given.get_secret_value() not in str(caught.value)


def test_random_keys_are_taken() -> None:
    generator = sha256(b"seed")
    for _ in range(500):
        generator.update(b"next")
        check_strength(generator.digest())


def test_production_makes_no_key_by_itself(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="OPTIONIX_SERVER_MASTER_KEY_FILE"):
        master_key(ServerSettings(environment=Environment.PRODUCTION, data_folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_development_makes_a_file_once_that_only_its_owner_reads(tmp_path: Path) -> None:
    settings = ServerSettings(data_folder=tmp_path)
    wrapped = master_key(settings).wrap(b"place", MASTER)
    path = tmp_path / "keys" / "master.key"
    check_strength(base64.b64decode(path.read_text()))
    assert master_key(settings).unwrap(b"place", wrapped) == MASTER
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
        with pytest.raises(ConfigurationError, match="may be read by others"):
            master_key(settings)


def test_a_key_is_made_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys" / "master.key"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(master.durable, "sync", full)
        with pytest.raises(StorageError, match="No space left"):
            master_key(ServerSettings(data_folder=tmp_path))
    assert not path.exists()
    master_key(ServerSettings(data_folder=tmp_path))
    assert [one.name for one in path.parent.iterdir() if one.suffix == ".new"] == []


def test_a_key_that_is_not_base64_is_named_but_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the master key is not base64") as caught:
        master_key(ServerSettings(data_folder=tmp_path, master_key=SecretStr("hunter2!!")))
    assert "hunter2" not in str(caught.value)


class KeptInMemory(keyring.backend.KeyringBackend):
    """A system's keyring, in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def restore_keyring() -> object:
    former = keyring.get_keyring()
    yield
    keyring.set_keyring(former)


def test_the_systems_keyring_keeps_the_key(restore_keyring: object, tmp_path: Path) -> None:
    kept = KeptInMemory()
    keyring.set_keyring(kept)
    settings = ServerSettings(data_folder=tmp_path, key_source="keyring")
    wrapped = master_key(settings).wrap(b"place", MASTER)
    assert len(kept.kept) == 1
    assert master_key(settings).unwrap(b"place", wrapped) == MASTER
    assert {path.name for path in tmp_path.rglob("*")} <= {"keys", "keyring.lock"}


def test_of_several_workers_that_start_at_once_one_makes_the_key_of_the_keyring(
    restore_keyring: object, tmp_path: Path
) -> None:
    """Else one would wrap by a key that the other has overwritten."""
    both = threading.Barrier(2)

    class Watched(KeptInMemory):
        asked = made = 0

        def get_password(self, service: str, username: str) -> str | None:
            self.asked += 1
            if self.asked <= 2:
                both.wait(10.0)  # each has found none
                return None
            return super().get_password(service, username)

        def set_password(self, service: str, username: str, password: str) -> None:
            self.made += 1
            super().set_password(service, username, password)

    kept = Watched()
    keyring.set_keyring(kept)
    settings = ServerSettings(data_folder=tmp_path, key_source="keyring")
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(master_key, [settings, settings])
    assert other.unwrap(b"place", one.wrap(b"place", MASTER)) == MASTER
    assert kept.made == 1


def test_a_system_without_a_keyring_is_told(restore_keyring: object, tmp_path: Path) -> None:
    keyring.set_keyring(keyring.backends.fail.Keyring())
    with pytest.raises(ConfigurationError, match="keyring cannot be used"):
        master_key(ServerSettings(data_folder=tmp_path, key_source="keyring"))


def test_a_key_management_service_is_what_the_deployment_installs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ServerSettings(data_folder=tmp_path, key_source="kms")
    with pytest.raises(ConfigurationError, match=r"optionix.kms \(found: none\)"):
        master_key(settings)
    monkeypatch.setattr(master, "entry_points", installed(adapter))
    assert isinstance(master_key(settings), LocalMasterKey)
    monkeypatch.setattr(master, "entry_points", installed(lambda _: object()))
    with pytest.raises(ConfigurationError, match="needs wrap and unwrap"):
        master_key(settings)


def installed(factory: Callable[[ServerSettings], object]) -> Callable[..., list[object]]:
    """What the installation lists, with one adapter in it."""

    class Point:
        value = "deployment:adapter"

        def load(self) -> Callable[[ServerSettings], object]:
            return factory

    def listed(*, group: str) -> list[object]:
        return [Point()] if group == "optionix.kms" else []

    return listed


def adapter(settings: ServerSettings) -> LocalMasterKey:
    assert settings.key_source == "kms"
    return LocalMasterKey(MASTER)


def test_wrapped_keys_are_bound_to_their_place() -> None:
    local = LocalMasterKey(MASTER)
    wrapped = local.wrap(b"key 1", b"k" * 32)
    with pytest.raises(IntegrityError):
        local.unwrap(b"key 2", wrapped)
    with pytest.raises(IntegrityError, match="known form"):
        local.unwrap(b"key 1", b"\x02" + wrapped[1:])
