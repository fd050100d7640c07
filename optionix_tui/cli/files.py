"""Files that a command line names: `-` for standard input where one is read, and where one may be written."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from config.errors import SettingsError
from optionix_core.errors import MalformedFileError, UsageError

DASH = "-"
SHOWN = "standard input"


@contextmanager
def as_file(path: str | Path) -> Iterator[Path]:
    """The path itself; for `-` a file with what was piped in, gone afterwards. UsageError where nothing is piped."""
    if str(path) != DASH:
        yield Path(path)
        return
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("- reads standard input, and nothing is piped into it")
    with TemporaryDirectory(prefix="optionix-") as folder:
        spooled = Path(folder) / SHOWN
        with spooled.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        try:
            yield spooled
        except MalformedFileError as error:
            raise MalformedFileError(SHOWN, error.reason, error.line, error.column) from error
        except SettingsError as error:
            raise SettingsError(
                SHOWN, error.reason, line=error.line, key=error.key, value=error.value, bound=error.bound
            ) from error


def check_target(path: Path | None, option: str = "--output") -> None:
    """UsageError for a file to write that is a folder, or in a folder that there is not; `option` named it."""
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        raise UsageError(f"{option} must be a file in a folder that exists (got {path})")
