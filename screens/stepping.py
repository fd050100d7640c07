"""The next of a list, from what is chosen: underlyings of a feed, expiries of a chain. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from screens.session import Session


def underlying_after(session: Session, step: int) -> str | None:
    """The underlying `step` places after the chosen one, round and round; None where there is none."""
    names = [item.symbol for item in session.underlyings]
    if not names:
        return None
    view = session.chain
    here = session.selection.underlying or (view.underlying if view is not None else names[0])
    return names[(names.index(here) + step) % len(names) if here in names else 0]
