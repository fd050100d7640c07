"""The action registry: every thing a user can do, once.

The key map, the footer, the palette, the help screen and the CLI reference are all made from it.
Plain data: an id, default keys, a label, the screen it belongs to and its command-line twin. A module a screen.
"""

from __future__ import annotations

from config.actions import (
    app,
    book,
    chain,
    chart,
    dashboard,
    dialogs,
    grid,
    orders,
    pricer,
    replay,
    risk,
    sync,
    system,
    ticket,
    volatility,
    watchlist,
)
from config.actions.action import Action

__all__ = ["ACTIONS", "Action"]

ACTIONS: tuple[Action, ...] = (
    *chain.ACTIONS,
    *dashboard.ACTIONS,
    *pricer.ACTIONS,
    *chart.ACTIONS,
    *watchlist.ACTIONS,
    *volatility.ACTIONS,
    *book.ACTIONS,
    *risk.ACTIONS,
    *orders.ACTIONS,
    *system.ACTIONS,
    *sync.ACTIONS,
    *grid.ACTIONS,
    *replay.ACTIONS,
    *app.ACTIONS,
    *dialogs.ACTIONS,
    *ticket.ACTIONS,
)
