"""Where one home keeps its files. Which folders those are is the faces' settings; the engine is handed them.

Nothing here makes a folder or reads the environment: a use case that writes makes what it needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from optionix_core.errors import ReadOnlyError


@dataclass(frozen=True, slots=True)
class HomeFolders:
    """The four folders of a home."""

    data: Path
    """The log, imported chains and recordings: what must be backed up."""
    state: Path
    """What a session leaves behind: last screen, lock owners, logs of the program itself."""
    cache: Path
    """May be deleted at any time."""
    config: Path
    """The user's settings, key maps and themes."""

    read_only: bool = False
    """Whether nothing may be written to the log or to any of the folders but the cache."""

    def check_writable(self, purpose: str) -> None:
        """ReadOnlyError where the home was opened for reading alone; `purpose`: what would be written, `record` ..."""
        if self.read_only:
            raise ReadOnlyError(purpose)

    @classmethod
    def of(cls, root: Path) -> Self:
        """All four under one folder, as a home named by one path has them."""
        return cls(root / "data", root / "state", root / "cache", root / "config")
