"""A file that is there whole or not at all, written by one process at a time.

The text goes into a file beside the target, is made durable and then takes the target's place in one step; whoever
dies before leaves the old file as it was. The lock is the operating system's and is gone with its process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from optionix_core.errors import HomeLockedError, StorageError


def replace_file(target: Path, text: str) -> None:
    """Put `text` (UTF-8, lines as they are) in `target`'s place. StorageError where it cannot be written."""
    spare: Path | None = None
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            spare = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        spare.chmod(target.stat().st_mode if target.exists() else 0o644)
        spare.replace(target)
        spare = None
    except OSError as error:
        raise StorageError(f"{target} could not be written: {error.strerror or error}") from error
    finally:
        if spare is not None:
            spare.unlink(missing_ok=True)


@contextmanager
def one_at_a_time(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock `name` of a folder, which is made; HomeLockedError at once where another process holds it."""
    from filelock import FileLock, Timeout

    path = folder / f"{name}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise HomeLockedError(f"{name} is running already: {path} is held by another process") from error
    except OSError as error:
        raise StorageError(f"{path} could not be locked: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()
