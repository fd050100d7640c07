"""Our packages resolve to the ones beside this one, whatever the current folder holds.

`config`, `server`, `screens` and `widgets` are names that a user's own folder may have too, and
Python puts that folder first for `python -m` and PYTHONPATH.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

OWN = frozenset({"optionix_core", "screens", "widgets", "config", "server"})
ROOT = str(Path(__file__).resolve().parent.parent)


class OwnPackages:
    """Finds our top-level packages beside `optionix_tui`, and nothing else."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of one of our packages; None leaves the name to the usual finders."""
        if path is None and fullname in OWN:
            return PathFinder.find_spec(fullname, [ROOT], target)
        return None


def install() -> None:
    """Put the finder first, once."""
    if not any(isinstance(finder, OwnPackages) for finder in sys.meta_path):
        sys.meta_path.insert(0, OwnPackages())
