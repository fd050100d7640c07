"""Priced requests on their way to the table: one line each, appended in a moment, folded in later.

A command that prices one option has done its work in a few hundredths of a second; opening the database would take ten
times that. So a request is appended to `priced.journal` under a lock of its own, in one write, without waiting for the
medium, and whoever reads the history (or finds the journal large) folds it into the table. A process that is killed in
the middle leaves a line that is no JSON object: it was never acknowledged, is passed over, and spoils no other line,
since every append begins a line of its own. Folding commits to the table first and empties the journal after, under
both locks; a crash in between folds the same ids again, which the table ignores. A power cut may lose what the system
had not yet written: these are records of calculations, not of trades. Refuses filesystems without locks.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from optionix_core.errors import StorageError

JOURNAL: Final = "priced.journal"
LOCK: Final = "priced.lock"
LARGE: Final = 8 << 20
"""Bytes from which an append asks for folding."""

Record = Mapping[str, Any]


class PricedJournal:
    """The journal of one home. Nothing is made before the first append."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / JOURNAL
        self._lock = folder / LOCK

    def append(self, records: Sequence[Record]) -> bool:
        """Add the records in one write. Whether the journal has become so large that it should be folded.

        Raises StorageError where the home cannot be written.
        """
        lines = [json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for record in records]
        data = "".join(f"\n{line}\n" for line in lines).encode("utf-8")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._locked():
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
                handle = os.open(self._path, flags, 0o644)
                try:
                    _write_all(handle, data)
                    return os.fstat(handle).st_size > LARGE
                finally:
                    os.close(handle)
        except OSError as error:
            raise StorageError(f"{self._path} could not be written: {error.strerror or error}") from error

    def records(self) -> tuple[Record, ...]:
        """All whole records, in the order in which they were added."""
        if not self._path.exists():
            return ()
        try:
            with self._locked():
                return tuple(_whole(self._path.read_bytes()))
        except OSError:
            return self._unlocked()

    def fold(self, take: Callable[[Sequence[Record]], None]) -> int:
        """Hand all whole records to `take`, which makes them durable elsewhere, then empty the journal. How many.

        Raises StorageError where the home cannot be written.
        """
        if not self._path.exists():
            return 0
        try:
            with self._locked():
                found = tuple(_whole(self._path.read_bytes()))
                if found:
                    take(found)
                os.truncate(self._path, 0)
                return len(found)
        except OSError as error:
            raise StorageError(f"{self._path} could not be folded: {error.strerror or error}") from error

    def _unlocked(self) -> tuple[Record, ...]:
        """From a home that can only be read, where no lock file can be made: whoever writes there is somebody else."""
        try:
            return tuple(_whole(self._path.read_bytes()))
        except OSError as error:
            raise StorageError(f"{self._path} could not be read: {error.strerror or error}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _take(handle)
            yield
        finally:
            os.close(handle)  # and the lock with it


def _whole(data: bytes) -> Iterator[Record]:
    """The records of lines that were written to their end."""
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError:
            continue  # cut short by the end of its process
        if isinstance(found, dict) and "id" in found:
            yield found


def _write_all(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


if sys.platform == "win32":  # pragma: no cover - the twin for Windows
    import msvcrt
    import time

    def _take(handle: int) -> None:
        """Wait for the lock; it goes with the handle."""
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(0.005)
            else:
                return

else:
    import fcntl

    def _take(handle: int) -> None:
        """Wait for the lock; it goes with the handle."""
        fcntl.flock(handle, fcntl.LOCK_EX)
