"""What a home remembers of its server beside the tokens: where it is and who is signed in.

Nothing here is secret. The file lies in the home's state and is written whole.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from optionix_core.errors import StorageError
from optionix_tui.remote.tokens import Place

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who is signed in where."""

    server: str
    device_id: str
    user_id: str
    email: str
    full_name: str
    role: str
    session_id: str
    signed_in_at: str
    """UTC, ISO 8601."""
    tokens: Place
    mfa_enabled: bool = False
    must_enrol: bool = False
    """The server refuses all until a second factor is on."""


class SignInFile:
    """`state/server/session.json`."""

    def __init__(self, state: Path) -> None:
        self.folder = state / "server"
        self._file = self.folder / "session.json"

    def load(self) -> SignIn | None:
        """Who is signed in; None where nobody is. Raises StorageError for a file that is not one of these."""
        try:
            read = json.loads(self._file.read_text("utf-8"))
            version = read.pop("version")
            if version != _VERSION:
                raise StorageError(
                    f"{self._file} is of version {version}, this program knows {_VERSION}: sign in again"
                )
            found = SignIn(**read)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self._file} could not be read: {error.strerror or error}") from error
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StorageError(f"{self._file} cannot be read: sign in again") from None
        return found

    def save(self, sign_in: SignIn) -> None:
        """Put it in place of the last. Raises StorageError."""
        from optionix_core.storage import durable

        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageError(f"{self.folder} could not be made: {error.strerror or error}") from error
        text = json.dumps({"version": _VERSION, **asdict(sign_in)}, ensure_ascii=False)
        durable.replace(self._file, text.encode(), several_writers=True)

    def forget(self) -> None:
        """Nobody is signed in any more."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._file} could not be removed: {error.strerror or error}") from error
