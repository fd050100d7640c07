"""The action registry: every thing a user can do, once.

The key map, the footer, the palette, the help screen and the CLI reference are all made from it.
Plain data: an id, default keys, a label, the screen it belongs to and its command-line twin. A module a screen.
"""

from __future__ import annotations

from config.actions import app, book, chain, dialogs, grid, orders, volatility
from config.actions.action import Action

__all__ = ["ACTIONS", "Action"]

ACTIONS: tuple[Action, ...] = (
    *chain.ACTIONS,
    *volatility.ACTIONS,
    *book.ACTIONS,
    *orders.ACTIONS,
    *grid.ACTIONS,
    *app.ACTIONS,
    *dialogs.ACTIONS,
)
