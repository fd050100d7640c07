"""The home's lock: whoever writes holds it, whoever waits is told who does.

An operating system's lock on `home.lock`, gone with its process however that ends. Who holds it stands
beside it in `home.holder`, not in it: Windows lets nobody read a locked byte. Refused: filesystems
without such locks (some network shares), since a lock by convention outlives a crash and protects nothing.
"""

from __future__ import annotations

import json
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from optionix_core.errors import ConfigurationError, HomeLockedError, RefusedError, StorageError
from optionix_core.market.clock import Clock
from optionix_core.sync.canonical import time_text

_POLL_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a home's lock, in its own words."""

    pid: int
    host: str
    purpose: str
    since: str
    """When it took the lock, UTC."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.purpose}, since {self.since})"


class HomeLock:
    """One home's lock as one process sees it; threads exclude each other as processes do."""

    def __init__(self, folder: Path, clock: Clock, name: str = "home") -> None:
        """`name`: of what is locked in `folder`, where that is not the home itself."""
        self._what = folder if name == "home" else folder / name
        self._path = folder / f"{name}.lock"
        self._note = folder / f"{name}.holder"
        self._clock = clock
        self._owner: int | None = None

    @property
    def held_here(self) -> bool:
        """Whether the present thread holds it."""
        return self._owner == threading.get_ident()

    def holder(self) -> Holder | None:
        """Who holds it, as far as it is written down."""
        try:
            note = json.loads(self._note.read_bytes())
            return Holder(int(note["pid"]), str(note["host"]), str(note["purpose"]), str(note["since"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # nobody, or a holder that is just writing or removing its note

    @contextmanager
    def held(self, purpose: str, timeout: float) -> Iterator[None]:
        """Hold it for `purpose`. HomeLockedError after `timeout` seconds, RefusedError when nested."""
        if self.held_here:
            raise RefusedError("home-lock", f"{purpose!r} would write inside another write of the same thread")
        from filelock import FileLock, Timeout

        lock = FileLock(self._path, thread_local=False)  # whoever held it for long may give it back elsewhere
        try:
            lock.acquire(timeout=max(timeout, 0.0), poll_interval=_POLL_SECONDS)
        except Timeout as error:
            who = self.holder() or "another process"
            raise HomeLockedError(f"{self._what} is being written by {who}; waited {timeout:g} s") from error
        except OSError as error:
            raise StorageError(f"{self._path} could not be locked: {error.strerror or error}") from error
        try:
            if type(lock) is not FileLock:
                raise ConfigurationError(f"{self._what} lies on a filesystem without file locks: move it")
            self._owner = threading.get_ident()
            self._write_note(purpose)
            try:
                yield
            finally:
                self._note.unlink(missing_ok=True)
        finally:
            self._owner = None
            lock.release()

    def _write_note(self, purpose: str) -> None:
        since = time_text(self._clock.now())
        note = {"pid": os.getpid(), "host": platform.node(), "purpose": purpose, "since": since}
        try:
            self._note.write_text(json.dumps(note), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{self._note} could not be written: {error.strerror or error}") from error
