"""Scenarios out of a feed's daily histories: what each past day did to the spots and volatilities that are held.

Every underlying must have a close on every day that counts; a day that one lacks is an error that names it, never a
zero. Where every day has a 30-day implied volatility too, volatilities move by its relative change; else they stay and
a note says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, MissingDataError

if TYPE_CHECKING:
    from optionix_core.market.protocols import PriceHistory, QuoteSource
    from optionix_core.risk.scenarios import ScenarioSet

DAYS: Final = 500
"""Daily moves that a history gives unless asked otherwise: two years."""
LEAST_DAYS: Final = 250
"""A year: fewer tell no tail of one in a hundred (Basel MAR33.6 asks for a period of at least twelve months)."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryScenarios:
    """One scenario a day."""

    scenarios: ScenarioSet
    notes: tuple[str, ...]


def history_scenarios(
    feed: QuoteSource, underlyings: Sequence[str], until: date, days: int = DAYS, least: int = LEAST_DAYS
) -> HistoryScenarios:
    """The last `days` daily moves up to the close of `until`, or as many as there are, `least` or more.

    Raises MissingDataError for an underlying without history or without a day that another has, UnknownNameError for
    one that the feed does not know, InvalidValueError for no underlyings.
    """
    from optionix_core.risk.scenario_builders import from_moves, of_days
    from optionix_core.risk.value_at_risk.factor_history import align, complete

    if not underlyings:
        raise InvalidValueError("underlyings", 0, "at least one")
    histories = {name: feed.history(name, until) for name in underlyings}
    kept = slice(-days - 1, None)
    told = _has_volatilities(histories, kept)
    series = {}
    for name, history in histories.items():
        closes, volatilities = history.close[kept], history.implied_volatility[kept]
        dates = history.days[kept][1:]
        series[f"spot {name}"] = (dates, closes[1:] / closes[:-1] - 1.0)
        if told:
            series[f"volatility {name}"] = (dates, volatilities[1:] / volatilities[:-1] - 1.0)
    table = align(series)
    moves = dict(zip(table.factors, complete(table), strict=True))
    if len(table.dates) < least:
        shortest = ", ".join(f"{name} has {len(one.days)} closes" for name, one in histories.items())
        raise MissingDataError(f"{least} daily moves are needed and {len(table.dates)} are there: {shortest}")
    spots = {name: moves[f"spot {name}"] for name in underlyings}
    moved = {name: moves[f"volatility {name}"] for name in underlyings} if told else None
    notes = () if told else ("volatilities stay: the histories have no implied volatility on every day",)
    found = from_moves(of_days(table.dates), spots, volatility_returns=moved)
    return HistoryScenarios(found, notes)


def _has_volatilities(histories: dict[str, PriceHistory], kept: slice) -> bool:
    import numpy as np

    return all(
        bool(np.isfinite(one.implied_volatility[kept]).all() and (one.implied_volatility[kept] > 0.0).all())
        for one in histories.values()
    )
