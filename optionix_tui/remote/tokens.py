"""Where a home's tokens lie: in the system's keyring where there is one, else in a file for its owner alone.

Which of the two it is was decided at sign-in and is told by the sign-in's own record; nobody looks in the other one.
The file's mode is 0600 in a folder of 0700. Windows has no such modes: there the file lies in the user's own profile,
which other users cannot read, and no mode is pretended.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeVar

from optionix_core.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE: Final = "optionix"
"""Name of the entries in a keyring."""
KEY_FILE_VARIABLE: Final = "OPTIONIX_API_KEY_FILE"
"""Names a file with an API key, for jobs that run without anybody signed in."""
Place = Literal["keyring", "file"]
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pair as the server gave it. Never printed: `repr` tells nothing."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    """Of the access token, UTC, by this machine's clock."""

    def __repr__(self) -> str:
        return f"Tokens(expires_at={self.expires_at:%Y-%m-%d %H:%M:%S})"

    def to_text(self) -> str:
        """For a store."""
        fields = {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": self.expires_at.isoformat(),
        }
        return json.dumps(fields)

    @classmethod
    def from_text(cls, text: str, where: str) -> Tokens:
        """What `to_text` wrote. Raises StorageError."""
        try:
            read = json.loads(text)
            expires = datetime.fromisoformat(read["expires_at"]).astimezone(UTC)
            return cls(str(read["access_token"]), str(read["refresh_token"]), expires)
        except (ValueError, KeyError, TypeError):
            raise StorageError(f"the tokens in {where} cannot be read: sign in again") from None


class TokenStore(Protocol):
    """Keeps the tokens of one device."""

    @property
    def place(self) -> Place:
        """Which kind it is."""
        ...

    def load(self) -> Tokens | None:
        """The tokens as they are now; None where there are none. Raises StorageError."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Put them in place of the last. Raises StorageError."""
        ...

    def forget(self) -> None:
        """Take them away; nothing happens where there are none. Raises StorageError."""
        ...


class KeyringTokens:
    """In the system's keyring, under the device's id."""

    place: Place = "keyring"

    def __init__(self, device_id: str, backend: KeyringBackend) -> None:
        self._device = device_id
        self._backend = backend
        self._name = f"the system's keyring ({type(backend).__module__.rpartition('.')[2]})"

    def load(self) -> Tokens | None:
        """As TokenStore."""
        text = self._doing(lambda: self._backend.get_password(SERVICE, self._device))
        return None if text is None else Tokens.from_text(text, self._name)

    def save(self, tokens: Tokens) -> None:
        """As TokenStore."""
        self._doing(lambda: self._backend.set_password(SERVICE, self._device, tokens.to_text()))

    def forget(self) -> None:
        """As TokenStore."""
        from keyring.errors import PasswordDeleteError

        def forget() -> None:
            try:
                self._backend.delete_password(SERVICE, self._device)
            except PasswordDeleteError:
                return  # there was none

        self._doing(forget)

    def _doing(self, work: Callable[[], _Found]) -> _Found:
        from keyring.errors import KeyringError

        try:
            return work()
        except KeyringError as error:
            raise StorageError(f"{self._name} does not open: {error}; unlock it, or sign in again") from error


class FileTokens:
    """In a file of the home's state that its owner alone may read."""

    place: Place = "file"

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> Tokens | None:
        """As TokenStore; a file that others may read is refused."""
        try:
            if sys.platform != "win32" and self._file.stat().st_mode & 0o077:
                raise StorageError(f"{self._file} may be read by others: sign out and in again")
            return Tokens.from_text(self._file.read_text("utf-8"), str(self._file))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(f"{self._file} could not be read: {error}") from error

    def save(self, tokens: Tokens) -> None:
        """As TokenStore: the old file or the new one, whole."""
        from optionix_core.storage import durable

        beside = self._file.with_name(f"{self._file.name}.new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.unlink(missing_ok=True)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - made with its mode
                file.write(tokens.to_text())
                file.flush()
                durable.sync(file.fileno())
            durable.rename(beside, self._file)
        except OSError as error:
            raise StorageError(f"{self._file} could not be written: {error.strerror or error}") from error

    def forget(self) -> None:
        """As TokenStore."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._file} could not be removed: {error.strerror or error}") from error


def usable_keyring() -> KeyringBackend | None:
    """The system's keyring where it is a real one: not the empty one, none that writes plain text."""
    import keyring

    backend = keyring.get_keyring()
    return backend if backend.priority >= 1 else None


def store_at(place: Place, device_id: str, state: Path) -> TokenStore:
    """The store that a sign-in was kept in. StorageError where the keyring that had it is gone."""
    if place == "file":
        return FileTokens(state / "server" / "tokens.json")
    backend = usable_keyring()
    if backend is None:
        raise StorageError("the system's keyring, where the tokens lie, does not answer here: sign in again")
    return KeyringTokens(device_id, backend)


def new_store(wanted: Literal["auto", "keyring", "file"], device_id: str, state: Path) -> tuple[TokenStore, str]:
    """Where a new sign-in is kept, and a warning where that is no keyring though one was looked for.

    `auto`: the keyring where it is real and takes an entry. StorageError where `keyring` is wanted and cannot be.
    """
    file = store_at("file", device_id, state)
    if wanted == "file":
        return file, ""
    backend = usable_keyring()
    reason = "this machine has no keyring"
    if backend is not None:
        found = KeyringTokens(device_id, backend)
        try:
            found.load()
        except StorageError as error:
            reason = str(error)
        else:
            return found, ""
    if wanted == "keyring":
        raise StorageError(f"{reason}; set sync.tokens to auto or file")
    who = "your profile" if sys.platform == "win32" else "a file that you alone may read"
    return file, f"{reason}: tokens are kept in {who}"


def key_of_file(path: str) -> str:
    """The API key in a file. Raises ConfigurationError, which never tells the key."""
    file = Path(path).expanduser()
    try:
        if sys.platform != "win32" and file.stat().st_mode & 0o077:
            raise ConfigurationError(f"{KEY_FILE_VARIABLE}: {file} may be read by others: chmod 600 {file}")
        key = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{KEY_FILE_VARIABLE}: {file} could not be read: {error}") from error
    if not key.startswith("ok_") or not key.isascii() or any(sign.isspace() for sign in key):
        raise ConfigurationError(f"{KEY_FILE_VARIABLE}: {file} must hold one API key (ok_...) and nothing else")
    return key
