"""Who writes a database without the home's lock, as far as the operating system tells (Linux does)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_WRITE_LOCK_BYTE: Final = 120
"""Where SQLite locks the shared index of a write-ahead log while it writes (walformat, "WAL locks")."""


def writer_of(database: Path) -> str | None:
    """`process 123 (sqlite3)` for another process that holds SQLite's write lock; None where it cannot be told."""
    try:
        index = database.with_name(f"{database.name}-shm").stat()
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return None  # no such table of locks on this system
    place = f"{os.major(index.st_dev):02x}:{os.minor(index.st_dev):02x}:{index.st_ino}"
    for line in lines:
        fields = line.split()
        if len(fields) < 8 or fields[3] != "WRITE" or fields[5] != place:
            continue
        pid, first, last = fields[4], int(fields[6]), fields[7]
        reaches = last == "EOF" or int(last) >= _WRITE_LOCK_BYTE
        if first <= _WRITE_LOCK_BYTE and reaches and pid != str(os.getpid()):
            return f"process {pid}{_name(pid)}"
    return None


def _name(pid: str) -> str:
    try:
        return f" ({Path('/proc', pid, 'comm').read_text(encoding='utf-8').strip()})"
    except OSError:
        return ""
