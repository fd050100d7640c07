"""Passwords: Argon2id at a cost that a small server bears, what a password must be, and what was used before.

A check costs the same whether the account exists or not: where there is none, a hash that nobody's password has is
verified. At most as many hashes as there are cores run at once, so that signing in cannot take the machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import Type

from optionix_core.errors import InvalidValueError, MalformedFileError
from server.auth.common_passwords import FEWEST, is_guessed_soon

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHORTEST: Final = 12
LONGEST: Final = 128
HISTORY: Final = 5
"""Passwords before the present one that may not come again."""
_ARGON2: Final = "$argon2id$"
_SHA1: Final = re.compile(rb"[0-9A-Fa-f]{40}(:\d+)?")


class Hasher(Protocol):
    """Makes and checks password hashes."""

    def hash(self, password: str) -> str:
        """A salted hash that tells its own parameters."""
        ...

    def verify(self, hashed: str, password: str) -> bool:
        """Whether `password` made `hashed`."""
        ...

    def outdated(self, hashed: str) -> bool:
        """Whether `hashed` was made with other parameters than are used now."""
        ...


class Argon2Hasher:
    """Argon2id, by default with t=2, m=19 MiB, p=1 (OWASP's second choice)."""

    def __init__(self, time_cost: int = 2, memory_kib: int = 19 * 1024, parallelism: int = 1) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, parallelism, type=Type.ID)
        self._running = threading.BoundedSemaphore(os.cpu_count() or 1)

    def hash(self, password: str) -> str:
        """Waits while as many hashes run as there are cores."""
        with self._running:
            return self._hasher.hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        """Waits likewise."""
        with self._running:
            try:
                return self._hasher.verify(hashed, password)
            except VerifyMismatchError:
                return False
            except (VerificationError, InvalidHashError) as error:
                raise InvalidValueError("hashed_password", "a stored hash", "one of Argon2") from error

    def outdated(self, hashed: str) -> bool:
        """By the parameters in its text."""
        return self._hasher.check_needs_rehash(hashed)


class Passwords:
    """What people sign in with."""

    def __init__(self, hasher: Hasher, breach_list: Path | None = None) -> None:
        self._hasher = hasher
        self._breached = frozenset[bytes]() if breach_list is None else read_breach_list(breach_list)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(os.urandom(16).hex())

    def prepare(self) -> None:
        """Make the hash that stands for unknown accounts, so that the first of them costs no more than others."""
        _ = self._nobodys

    def hash(self, password: str) -> str:
        """The hash to keep."""
        return self._hasher.hash(_normal(password))

    def verify(self, hashed: str | None, password: str) -> bool:
        """Whether it is the one; None, for an account that does not exist, is never and costs the same."""
        known = hashed is not None and hashed.startswith(_ARGON2)  # somebody who was erased has none
        matches = self._hasher.verify(hashed if known and hashed is not None else self._nobodys, _normal(password))
        return matches and known

    def outdated(self, hashed: str) -> bool:
        """Whether it should be hashed anew at the next chance."""
        return self._hasher.outdated(hashed)

    def check_new(self, password: str, email: str, field: str = "password") -> None:
        """Raise InvalidValueError where it may not be a password of `email`. The error never shows it."""
        normal = _normal(password)
        if not SHORTEST <= len(normal) <= LONGEST:
            raise InvalidValueError(field, f"{len(normal)} characters", f"{SHORTEST} to {LONGEST} characters")
        if normal.casefold() in {email.casefold(), email.casefold().partition("@")[0]}:
            raise InvalidValueError(field, "your email", "another one than your email")
        if len(set(normal)) < 3:
            raise InvalidValueError(field, "the same character again and again", "at least 3 different characters")
        if is_guessed_soon(normal, email):
            raise InvalidValueError(
                field,
                "one that is guessed soon",
                f"one that withstands {FEWEST:,} guesses: no common password, name, date or keyboard pattern, but for "
                "instance four words that do not belong together",
            )
        if hashlib.sha1(normal.encode(), usedforsecurity=False).digest() in self._breached:
            raise InvalidValueError(field, "a published one", "one that is in no list of published passwords")

    def check_unused(self, password: str, earlier: Sequence[str], field: str = "password") -> None:
        """Raise InvalidValueError where it made one of the hashes `earlier`."""
        normal = _normal(password)
        if any(self._hasher.verify(hashed, normal) for hashed in earlier):
            raise InvalidValueError(field, "an earlier one", f"none of the present and the last {HISTORY} passwords")


def read_breach_list(path: Path) -> frozenset[bytes]:
    """SHA-1 digests of published passwords: lines are passwords, or digests in hex (`:COUNT` may follow)."""
    found = set()
    try:
        with path.open("rb") as lines:
            for line in lines:
                text = line.rstrip(b"\r\n")
                if _SHA1.fullmatch(text):
                    found.add(bytes.fromhex(text[:40].decode("ascii")))
                elif text:
                    found.add(hashlib.sha1(text, usedforsecurity=False).digest())
    except OSError as error:
        raise MalformedFileError(str(path), f"cannot be read: {error.strerror}") from error
    return frozenset(found)


def _normal(password: str) -> str:
    """One spelling of what keyboards of different systems compose differently."""
    return unicodedata.normalize("NFC", password)
