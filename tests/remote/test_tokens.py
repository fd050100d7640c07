"""Where tokens lie, who may read them, and that two processes that renew at once keep their session."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from optionix_core.errors import ConfigurationError, RefusedError, StorageError
from optionix_core.market.clock import ManualClock
from optionix_core.services.home import HomeFolders
from optionix_tui.remote.answers import Granted
from optionix_tui.remote.signing import Credentials
from optionix_tui.remote.standing import SignIn, SignInFile
from optionix_tui.remote.tokens import FileTokens, KeyringTokens, Tokens, key_of_file, new_store, store_at

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
PAIR = Tokens("access-1", "refresh-1", NOW + timedelta(minutes=15))
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="file modes")


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 5.0  # type: ignore[assignment] # a class property in keyring

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.locked = False

    def _check(self) -> None:
        if self.locked:
            raise KeyringLocked("it is locked")

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError("there is none")


@pytest.fixture
def ring() -> Iterator[Ring]:
    before = keyring.get_keyring()
    made = Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def no_ring() -> Iterator[None]:
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.mark.parametrize("place", ["keyring", "file"])
def test_a_store_gives_back_what_it_was_given_until_it_forgets(place: Any, ring: Ring, tmp_path: Path) -> None:
    store = store_at(place, "device-1", tmp_path)
    assert store.load() is None
    store.save(PAIR)
    assert store_at(place, "device-1", tmp_path).load() == PAIR
    second = Tokens("access-2", "refresh-2", NOW)
    store.save(second)
    assert store.load() == second
    store.forget()
    store.forget()
    assert store.load() is None


def test_a_sign_in_goes_to_the_keyring_and_to_a_file_with_a_warning_where_there_is_none(
    ring: Ring, tmp_path: Path
) -> None:
    store, warning = new_store("auto", "device-1", tmp_path)
    assert (store.place, warning) == ("keyring", "")
    ring.locked = True
    store, warning = new_store("auto", "device-1", tmp_path)
    assert store.place == "file"
    assert "it is locked" in warning
    with pytest.raises(StorageError, match=r"sync\.tokens"):
        new_store("keyring", "device-1", tmp_path)
    assert new_store("file", "device-1", tmp_path)[1] == ""


def test_without_a_keyring_a_file_is_used_and_one_that_was_in_the_keyring_is_missed(
    no_ring: None, tmp_path: Path
) -> None:
    store, warning = new_store("auto", "device-1", tmp_path)
    assert store.place == "file"
    assert "no keyring" in warning
    with pytest.raises(StorageError, match="sign in again"):
        store_at("keyring", "device-1", tmp_path)


def test_a_keyring_that_does_not_open_is_told_and_nothing_else_is_looked_at(ring: Ring, tmp_path: Path) -> None:
    FileTokens(tmp_path / "server" / "tokens.json").save(PAIR)
    ring.locked = True
    with pytest.raises(StorageError, match="it is locked"):
        KeyringTokens("device-1", ring).load()


@POSIX
def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = FileTokens(tmp_path / "server" / "tokens.json")
        store.save(PAIR)
    finally:
        os.umask(before)
    file = tmp_path / "server" / "tokens.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.chmod(0o644)
    with pytest.raises(StorageError, match="may be read by others"):
        store.load()


def test_what_cannot_be_read_says_so_without_telling_it(tmp_path: Path) -> None:
    file = tmp_path / "server" / "tokens.json"
    FileTokens(file).save(PAIR)
    file.write_text('{"access_token": "secret-word"')
    with pytest.raises(StorageError, match="sign in again") as caught:
        FileTokens(file).load()
    assert "secret-word" not in str(caught.value)
    assert "access-1" not in repr(PAIR)
    assert "refresh-1" not in repr(PAIR)
    assert "tok" not in repr(Granted("tok-a", "tok-r", 9, "s"))


def test_the_record_of_a_sign_in_holds_no_token_and_is_read_again(tmp_path: Path) -> None:
    file = SignInFile(tmp_path)
    assert file.load() is None
    made = SignIn("https://team.example", "d", "u", "a@b.c", "Ada", "trader", "s", NOW.isoformat(), "file")
    file.save(made)
    assert file.load() == made
    (tmp_path / "server" / "session.json").write_text('{"version": 1}')
    with pytest.raises(StorageError, match="sign in again"):
        file.load()
    file.forget()
    assert file.load() is None


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ("ok_abc", 0o644, "may be read by others"),
        ("secret-word", 0o600, "must hold one API key"),
        ("ok_secret-word ok_b", 0o600, "must hold one API key"),
    ],
)
@POSIX
def test_a_key_file_that_cannot_be_trusted_is_refused(tmp_path: Path, text: str, mode: int, words: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match=words) as caught:
        key_of_file(str(file))
    assert "secret-word" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_key_file_gives_its_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("ok_abc\n")
    file.chmod(0o600)
    assert key_of_file(str(file)) == "ok_abc"
    with pytest.raises(ConfigurationError, match="could not be read"):
        key_of_file(str(tmp_path / "absent"))


class Family:
    """Refresh tokens as strictly as can be: whoever shows one that was used ends them all."""

    def __init__(self) -> None:
        self.present = 1
        self.dead = False
        self.renewals = 0
        self._lock = Lock()

    def renew(self, refresh_token: str, seconds: int = 900) -> Granted:
        with self._lock:
            if self.dead or refresh_token != f"refresh-{self.present}":
                self.dead = True
                raise RefusedError("revoked-session", "the family ended")
            self.present += 1
            self.renewals += 1
            return Granted(f"access-{self.present}", f"refresh-{self.present}", seconds, "session")


def test_an_access_token_is_renewed_in_good_time_and_only_then(tmp_path: Path) -> None:
    clock, family, store = ManualClock(NOW), Family(), FileTokens(tmp_path / "tokens.json")
    store.save(PAIR)
    credentials = Credentials(tmp_path, store, family.renew, clock)
    assert credentials.bearer() == "access-1"
    clock.advance(timedelta(minutes=14, seconds=29))
    assert credentials.bearer() == "access-1"
    clock.advance(timedelta(seconds=2))
    assert credentials.bearer() == credentials.bearer() == "access-2"
    assert store.load() == Tokens("access-2", "refresh-2", clock.now() + timedelta(minutes=15))
    assert credentials.renewed("access-2") == "access-3"


def test_what_another_process_renewed_is_taken_and_not_renewed_again(tmp_path: Path) -> None:
    clock, family, store = ManualClock(NOW), Family(), FileTokens(tmp_path / "tokens.json")
    store.save(PAIR)
    one, other = (Credentials(tmp_path, store, family.renew, clock) for _ in range(2))
    assert (one.bearer(), other.bearer()) == ("access-1", "access-1")
    assert one.renewed("access-1") == "access-2"
    assert other.renewed("access-1") == "access-2"
    assert family.renewals == 1
    store.forget()
    with pytest.raises(RefusedError, match="optionix login"):
        Credentials(tmp_path, store, family.renew, clock).bearer()


@contextmanager
def serving(family: Family) -> Iterator[str]:
    """The strict family over HTTP; its access tokens are old as soon as they are made."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            try:
                made = family.renew(asked["refresh_token"], seconds=1)
            except RefusedError as error:
                self._answer(401, {"type": "urn:optionix:problem:revoked-session", "detail": str(error)})
                return
            fields = {"access_token": made.access_token, "refresh_token": made.refresh_token, "expires_in": 1}
            self._answer(200, {**fields, "token_type": "Bearer", "session_id": "session"})

        def _answer(self, status: int, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


RENEWER = """
import sys
from pathlib import Path
from optionix_core.market.clock import SystemClock
from optionix_core.services.home import HomeFolders
from optionix_tui.remote.team import Team

home = HomeFolders.of(Path(sys.argv[1]))
team = Team(home, SystemClock(), environ={})
client = team.client()
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    client._credentials.bearer()
print("renewed")
"""


def test_processes_that_renew_at_once_keep_their_session(tmp_path: Path) -> None:
    family = Family()
    home = HomeFolders.of(tmp_path)
    with serving(family) as url:
        made = SignIn(url, "d", "u", "a@b.c", "Ada", "trader", "session", NOW.isoformat(), "file")
        SignInFile(home.state).save(made)
        store_at("file", "d", home.state).save(Tokens("access-1", "refresh-1", NOW))
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", RENEWER, str(tmp_path), "10"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for _ in range(3)
        ]  # fmt: skip
        try:
            for process in processes:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            told = [process.communicate(timeout=120) for process in processes]
        finally:
            for process in processes:
                process.kill()
    assert [(out, err) for out, err in told] == [("renewed\n", "")] * 3
    assert not family.dead
    assert family.renewals == 30
    kept = store_at("file", "d", home.state).load()
    assert kept is not None
    assert kept.refresh_token.endswith("-31")
