"""Scenarios out of a feed's daily histories: what each past day did to the spots and volatilities that are held.

Every underlying must have a close on every day that counts; a day that one lacks is an error that names it, never a
zero. Where every day has a 30-day implied volatility too, volatilities move by its relative change; else they stay and
a note says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Protocol

from optionix_core.errors import MissingDataError
from optionix_core.services.daily_history import ended_day

if TYPE_CHECKING:
    from optionix_core.market.protocols import PriceHistory
    from optionix_core.risk.scenarios import ScenarioSet

DAYS: Final = 500
"""Daily moves that a history gives unless asked otherwise: two years."""
LEAST_DAYS: Final = 250
"""A year: fewer tell no tail of one in a hundred (Basel MAR33.6 asks for a period of at least twelve months)."""


class HistorySource(Protocol):
    """Whatever tells daily histories: a feed, or what remembers a feed's."""

    def history(self, underlying: str, until: date) -> PriceHistory:
        """As `QuoteSource.history`."""
        ...


class Histories:
    """The histories of a feed, each asked for once: making one may take longer than revaluing a book.

    A history is asked for again when `forget` was called; whoever keeps this does so when a close may have come.
    """

    def __init__(self, feed: HistorySource) -> None:
        self._feed = feed
        self._known: dict[tuple[str, date], PriceHistory] = {}

    def history(self, underlying: str, until: date) -> PriceHistory:
        """The feed's, errors included."""
        key = (underlying, until)
        if key not in self._known:
            self._known[key] = self._feed.history(underlying, until)
        return self._known[key]

    def forget(self) -> None:
        """Ask the feed again."""
        self._known.clear()


@dataclass(frozen=True, slots=True, eq=False)
class HistoryScenarios:
    """One scenario a day."""

    scenarios: ScenarioSet
    notes: tuple[str, ...]


def history_scenarios(
    feed: HistorySource, underlyings: Sequence[str], moment: datetime, days: int = DAYS, least: int = LEAST_DAYS
) -> HistoryScenarios:
    """The last `days` daily moves of days that have ended by `moment`, or as many as there are, `least` or more.

    Raises MissingDataError for an underlying without history or without a day that another has, UnknownNameError for
    one that the feed does not know, InvalidValueError for no underlyings.
    """
    from optionix_core.risk.scenario_builders import from_moves, of_days
    from optionix_core.risk.value_at_risk.factor_history import align, complete

    until = ended_day(moment, underlyings)
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
