"""The key that wraps all others, and where it comes from: a file, the system's keyring, or a key management service.

In development a file's or keyring's key is made once. In production it is handed in, and one that could be guessed
is refused. A key management service is an adapter that the deployment installs (entry point group `optionix.kms`): a
factory that takes the settings and gives a `MasterKey`; none comes with Optionix.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from optionix_core.errors import ConfigurationError, IntegrityError, StorageError
from optionix_core.storage import durable
from server.settings import ServerSettings

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
KMS_GROUP: Final = "optionix.kms"
SERVICE: Final = "optionix-server"
ENTRY: Final = "master-key"
FILE: Final = "master.key"
_FORMAT: Final = b"\x01"
_FEWEST_VALUES: Final = 18
"""Of 32 random bytes fewer differ once in 10^11 keys."""
_WORDS: Final = (
    "",
    "admin",
    "changeme",
    "default",
    "example",
    "key",
    "master",
    "optionix",
    "password",
    "secret",
    "test",
)


@runtime_checkable
class MasterKey(Protocol):
    """Wraps keys. `place` (the key's number and purpose) is authenticated with each."""

    def wrap(self, place: bytes, key: bytes) -> bytes:
        """`key`, so that only this master key gives it back."""
        ...

    def unwrap(self, place: bytes, wrapped: bytes) -> bytes:
        """The key. IntegrityError where it was altered, moved, or wrapped by another master key."""
        ...


class LocalMasterKey:
    """32 bytes in this process; AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigurationError(f"the master key must be {KEY_BYTES} bytes in base64 (got {len(key)} bytes)")
        self._cipher = AESGCM(key)

    def wrap(self, place: bytes, key: bytes) -> bytes:
        """Version, nonce, ciphertext and tag."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, key, _FORMAT + place)

    def unwrap(self, place: bytes, wrapped: bytes) -> bytes:
        """The key again."""
        if wrapped[:1] != _FORMAT:
            raise IntegrityError("a wrapped key is not of a known form")
        nonce, sealed = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, sealed, _FORMAT + place)
        except (InvalidTag, ValueError):
            raise IntegrityError("a wrapped key does not open: it was altered, or the master key is another") from None


def check_strength(key: bytes) -> None:
    """ConfigurationError where a key can be guessed: too short, patterned, typed in, or made from a common word."""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"the master key must be {KEY_BYTES} bytes in base64 (got {len(key)} bytes)")
    why = None
    if any(key == (key[:period] * KEY_BYTES)[:KEY_BYTES] for period in range(1, KEY_BYTES // 2 + 1)):
        why = "it repeats itself"
    elif len({(after - before) % 256 for before, after in pairwise(key)}) == 1:
        why = "it counts"
    elif all(32 <= byte < 127 for byte in key):
        why = "it is text, not random bytes"
    elif len(set(key)) < _FEWEST_VALUES:
        why = f"it has only {len(set(key))} different bytes"
    elif key in {sha256(word.encode()).digest() for word in _WORDS}:
        why = "it is the digest of a common word"
    if why is not None:
        raise ConfigurationError(f"the master key is weak: {why}; take 32 bytes of a random generator")


def master_key(settings: ServerSettings) -> MasterKey:
    """The master key that the settings name. ConfigurationError where there is none, or it is weak in production."""
    if settings.key_source == "kms":
        return _managed(settings)
    if settings.master_key is not None:
        key = _decoded(settings.master_key.get_secret_value(), "the master key")
    elif settings.in_production and settings.key_source == "file":
        raise ConfigurationError(
            "production needs OPTIONIX_SERVER_MASTER_KEY_FILE: a file, readable by the server alone, that holds 32 "
            "random bytes in base64"
        )
    elif settings.key_source == "keyring":
        key = _from_keyring(settings.data_folder / "keys")
    else:
        key = _from_file(settings.data_folder / "keys" / FILE)
    if settings.in_production:
        check_strength(key)
    return LocalMasterKey(key)


def key_in(path: Path) -> MasterKey:
    """The master key in a file that holds it in base64. ConfigurationError where it is none, or weak."""
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as a key: {error}") from None
    key = _decoded(text, str(path))
    check_strength(key)
    return LocalMasterKey(key)


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"{name} is not base64") from None


def _from_file(path: Path) -> bytes:
    """The key in `path`, made where it is new; nobody but its owner may read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _one_maker(path):
            if not path.exists():
                _write_new(path, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            if sys.platform != "win32" and path.stat().st_mode & 0o077:
                raise ConfigurationError(f"{path} may be read by others; its mode must be 0600")
            return _decoded(path.read_text("ascii"), str(path))
    except OSError as error:
        raise StorageError(f"{path} could not be read or made: {error.strerror or error}") from error


@contextmanager
def _one_maker(path: Path) -> Iterator[None]:
    from filelock import FileLock

    with FileLock(path.with_name(f"{path.name}.lock")):
        yield


def _write_new(path: Path, content: bytes) -> None:
    """The file, whole and durable, or none: half a key would be taken for one that somebody meddled with."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        durable.sync(file.fileno())
    durable.rename(beside, path)


def _from_keyring(folder: Path) -> bytes:
    """The key in the system's keyring, made where it is new: by one worker, whose lock lies in `folder`."""
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(SERVICE, ENTRY)
        if found is None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _one_maker(folder / "keyring"):
                if keyring.get_password(SERVICE, ENTRY) is None:
                    made = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
                    keyring.set_password(SERVICE, ENTRY, made)
                found = keyring.get_password(SERVICE, ENTRY)
    except OSError as error:
        raise StorageError(f"{folder} could not be made: {error.strerror or error}") from error
    except KeyringError as error:
        raise ConfigurationError(f"the system's keyring cannot be used: {error}") from error
    if found is None:
        raise ConfigurationError("the system's keyring keeps nothing; set key_source to file or kms")
    return _decoded(found, "the master key in the keyring")


def _managed(settings: ServerSettings) -> MasterKey:
    found = list(entry_points(group=KMS_GROUP))
    if len(found) != 1:
        names = ", ".join(sorted(point.value for point in found)) or "none"
        raise ConfigurationError(
            f"key_source=kms needs one installed adapter in the group {KMS_GROUP} (found: {names})"
        )
    adapter = found[0].load()(settings)
    if not isinstance(adapter, MasterKey):
        raise ConfigurationError(f"{found[0].value} gives no master key: it needs wrap and unwrap")
    return adapter
