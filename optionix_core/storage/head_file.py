"""The log's head outside the database: one line, `optionix-head 1 SEQ HASH`, replaced whole and synced.

It is written after each commit and before its acknowledgement, so that a tail cut off the database, or
an older copy put in its place, is found.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from optionix_core.errors import IntegrityError, StorageError
from optionix_core.storage.durable import replace
from optionix_core.sync.event import Head

_LINE: Final = re.compile(rb"optionix-head 1 (0|[1-9][0-9]{0,18}) ([0-9a-f]{64})\n")


def write(path: Path, head: Head) -> None:
    """Replace the head durably. Raises StorageError."""
    replace(path, f"optionix-head 1 {head.seq} {head.hash.hex()}\n".encode("ascii"))


def read(path: Path) -> Head | None:
    """The head, None where there is no file. IntegrityError where it is not of the one form."""
    try:
        line = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path} could not be read: {error.strerror or error}") from error
    found = _LINE.fullmatch(line)
    if found is None:
        raise IntegrityError(f"{path} is not a head that Optionix wrote")
    return Head(int(found[1]), bytes.fromhex(found[2].decode("ascii")))


def missing(path: Path) -> IntegrityError:
    """What it means that a log has no head outside: it is written before the database, so it was removed."""
    return IntegrityError(f"{path} is missing: the head outside the log was removed")
