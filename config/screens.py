"""The screens of the terminal, as data: what they are called, where they are made and what they can be shown of.

`app.NAME` in the action registry opens the screen of that name; command line and `optionix screen` know the same names.
"""

from __future__ import annotations

from typing import NamedTuple


class ScreenEntry(NamedTuple):
    """One screen."""

    name: str
    """As typed; `app.NAME` is the action that shows it, NAME its scope and the name of its style sheet."""
    place: str
    """Module and class, `screens.chain:ChainScreen`; loaded when it is first shown."""
    of_underlying: bool = False
    """Whether it can be asked for an underlying by name."""


SCREENS: tuple[ScreenEntry, ...] = (
    ScreenEntry("chain", "screens.chain:ChainScreen", of_underlying=True),
    ScreenEntry("pricer", "screens.pricer:PricerScreen", of_underlying=True),
    ScreenEntry("volatility", "screens.volatility:VolatilityScreen", of_underlying=True),
    ScreenEntry("book", "screens.book:BookScreen"),
    ScreenEntry("risk", "screens.risk:RiskScreen"),
    ScreenEntry("orders", "screens.orders:OrdersScreen"),
    ScreenEntry("system", "screens.system:SystemScreen"),
    ScreenEntry("dashboard", "screens.dashboard:DashboardScreen"),
    ScreenEntry("chart", "screens.chart:ChartScreen", of_underlying=True),
    ScreenEntry("watchlist", "screens.watchlist:WatchlistScreen"),
    ScreenEntry("sync", "screens.sync:SyncScreen"),
)
"""In the order of their keys."""

NAMES: tuple[str, ...] = tuple(entry.name for entry in SCREENS)
OF_UNDERLYING: tuple[str, ...] = tuple(entry.name for entry in SCREENS if entry.of_underlying)
DIALOGS: tuple[str, ...] = ("ticket", "confirm", "kill", "command", "explain", "export", "help", "signin", "enrol")
"""Names of the style sheets of dialogs."""
