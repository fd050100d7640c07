"""Cost and time to close a book at the quotes that it was built from, its concentration, and what venues owe it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optionix_core.risk.concentration import Concentration
    from optionix_core.risk.liquidity import Exposure, Liquidity
    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.services.risk_book import BuiltBook
    from optionix_core.services.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LiquidityReport:
    """Closing, concentration by underlying, and exposure to each venue."""

    closing: Liquidity
    concentration: Concentration
    """Of values, by underlying."""
    counterparties: Mapping[str, Exposure]
    """By venue, the cash of its accounts with it; the worst of the scenarios that were handed in."""
    takes_per_day: float
    spread_factor: float


def closing_of(built: BuiltBook, takes_per_day: float, spread_factor: float = 1.0) -> Liquidity:
    """See `liquidity.closing`; quotes are those of the feed at the book's moment."""
    from optionix_core.risk.liquidity import ClosingQuote, closing

    quotes = {name: ClosingQuote(*touch) for name, touch in built.touches.items()}
    return closing(built.book, quotes, takes_per_day, spread_factor)


def report(
    workspace: Workspace,
    built: BuiltBook,
    scenarios: Sequence[StressScenario],
    takes_per_day: float,
    spread_factor: float = 1.0,
) -> LiquidityReport:
    """Of a book that was built from accounts of the workspace's home, with at least one position."""
    from optionix_core.risk.concentration import concentration
    from optionix_core.risk.greeks import book_greeks
    from optionix_core.risk.liquidity import counterparties
    from optionix_core.risk.stress import stress

    desk = workspace.desk
    with desk.lock:
        states = [state for name in set(built.accounts.values()) if (state := desk.book.account(name)) is not None]
    venues = {state.account: state.venue for state in states}
    cash = {
        venue: math.fsum(float(state.cash) for state in states if state.venue == venue)
        for venue in set(venues.values())
    }
    values = book_greeks(built.book)
    return LiquidityReport(
        closing=closing_of(built, takes_per_day, spread_factor),
        concentration=concentration(values.value, values.underlyings),
        counterparties=counterparties(
            stress(built.book, scenarios).pnl, lambda name: venues.get(built.accounts.get(name, "")), cash
        ),
        takes_per_day=takes_per_day,
        spread_factor=spread_factor,
    )
