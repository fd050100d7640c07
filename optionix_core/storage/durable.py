"""Small files that are either the old one or the new one, whole, whatever happens to the machine.

Write beside it, sync, rename over it, sync the folder. What the platform calls syncing differs: macOS
needs F_FULLFSYNC to reach the medium, Windows has no folder to sync but a write-through rename.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from optionix_core.errors import StorageError

_RENAME_TRIES = 50
_RENAME_PAUSE = 0.01


def replace(path: Path, content: bytes, *, several_writers: bool = False) -> None:
    """Put `content` in place of the file `path` and return when it is durable. Raises StorageError.

    `several_writers`: nothing keeps other processes from writing the same file now, so that each writes
    under a name of its own before the rename; the last one stands.
    """
    writer = f".{os.getpid()}-{threading.get_ident()}" if several_writers else ""
    beside = path.with_name(f"{path.name}{writer}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(handle, left) :]
            sync(handle)
        finally:
            os.close(handle)
        rename(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StorageError(f"{path} could not be written: {error.strerror or error}") from error


def sync_file(path: Path) -> None:
    """Make what has been written to `path` durable."""
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        sync(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":  # pragma: no cover - the twin for Windows
    import ctypes

    _REPLACE_WRITE_THROUGH = 0x1 | 0x8
    _HELD_BY_READER = (5, 32)

    def sync(handle: int) -> None:
        """Flush a file to the medium."""
        os.fsync(handle)

    def rename(source: Path, target: Path) -> None:
        """Rename over `target`, durable on return; a reader that has it open is waited for, half a second at most."""
        for left in reversed(range(_RENAME_TRIES)):
            if ctypes.windll.kernel32.MoveFileExW(str(source), str(target), _REPLACE_WRITE_THROUGH):
                return
            code = ctypes.GetLastError()
            if not left or code not in _HELD_BY_READER:
                raise ctypes.WinError(code)
            time.sleep(_RENAME_PAUSE)

else:
    import fcntl

    _FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)

    def sync(handle: int) -> None:
        """Flush a file to the medium."""
        if _FULL_SYNC is not None:
            fcntl.fcntl(handle, _FULL_SYNC)
        else:
            os.fsync(handle)

    def rename(source: Path, target: Path) -> None:
        """Rename over `target`, durable on return."""
        os.replace(source, target)  # noqa: PTH105 - hot path of every acknowledgement
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
