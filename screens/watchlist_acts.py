"""What the watchlist screen does to lists: a use case each, answered in a sentence.

All of it runs in a thread of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.portfolio.deliverables import label_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.services.watchlists import Column, Watchlist
    from optionix_core.services.workspace import Workspace

FIRST_NAME = "main"
"""Of the list that the first symbols make."""


def add(workspace: Workspace, name: str | None, symbols: Sequence[str]) -> str:
    """Put symbols at the end of a list; of none, make the first one."""
    from optionix_core.services import watchlists

    if name is None:
        made = watchlists.create(workspace, FIRST_NAME, symbols)
    else:
        made = watchlists.add(workspace, name, symbols)
    return f"{made.name}: added {', '.join(map(label_of, symbols))}"


def create(workspace: Workspace, name: str, symbols: Sequence[str]) -> str:
    """Make a list."""
    from optionix_core.services import watchlists

    made = watchlists.create(workspace, name, symbols)
    return f"made {made.name} with {_count(made)}"


def remove(workspace: Workspace, name: str, symbol: str) -> str:
    """Take a symbol out of a list."""
    from optionix_core.services import watchlists

    watchlists.remove(workspace, name, [symbol])
    return f"{name}: removed {label_of(symbol)}"


def move(workspace: Workspace, name: str, symbol: str, place: int) -> str:
    """Put a symbol at another place."""
    from optionix_core.services import watchlists

    watchlists.move(workspace, name, symbol, place)
    return f"{name}: {label_of(symbol)} is number {place}"


def rename(workspace: Workspace, name: str, new: str) -> str:
    """Give a list another name."""
    from optionix_core.services import watchlists

    return f"{name} is called {watchlists.rename(workspace, name, new).name}"


def delete(workspace: Workspace, name: str) -> str:
    """Take a list away."""
    from optionix_core.services import watchlists

    return f"deleted {watchlists.delete(workspace, name).name}; its past stays in the log"


def choose_columns(workspace: Workspace, name: str, columns: Sequence[Column]) -> str:
    """Other columns."""
    from optionix_core.services import watchlists

    made = watchlists.choose_columns(workspace, name, columns)
    return f"{name} shows {', '.join(made.columns)}"


def _count(made: Watchlist) -> str:
    return f"{len(made.symbols)} symbol{'' if len(made.symbols) == 1 else 's'}"
