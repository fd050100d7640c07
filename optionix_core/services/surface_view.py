"""A surface as a screen shows it: fitted, checked, set beside the underlying's own past, at one moment.

A view is built away from the interface and handed over whole; nothing in it changes afterwards. What the history is too
short for is absent and says why; the surface does not wait for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING

from optionix_core.errors import MissingDataError
from optionix_core.market.protocols import FeedState
from optionix_core.services import surface_check, surfaces
from optionix_core.services.daily_history import ended_day
from optionix_core.services.surface_summary import SliceSummary, summaries
from optionix_core.volatility.analysis import constant_maturity, implied_standing, volatility_cone

if TYPE_CHECKING:
    from optionix_core.market.protocols import PriceHistory, QuoteSource
    from optionix_core.services.surface_check import SurfaceCheck
    from optionix_core.services.surfaces import FittedSurface, ModelName
    from optionix_core.volatility.analysis import ImpliedStanding, VolatilityCone

STANDING_DAYS = 30.0
"""Maturity of the implied volatility whose standing is told, as the stored history's."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What the underlying's history says; what is None is explained by `trouble`."""

    cone: VolatilityCone | None
    standing: ImpliedStanding | None
    """Of the surface's own 30-day volatility where its expiries reach that far, else of the last stored one."""
    trouble: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceView:
    """Everything that the volatility screen shows of one underlying."""

    found: FittedSurface
    answers: SurfaceCheck
    summaries: tuple[SliceSummary, ...]
    """Along the slices."""
    past: Past
    source: str
    state: FeedState
    moment: datetime
    """When it was asked for."""
    stale_after: timedelta
    spent: float
    """Wall time of everything, in seconds."""

    @property
    def underlying(self) -> str:
        """Symbol of the underlying."""
        return self.found.surface.underlying

    @property
    def model(self) -> ModelName:
        """The model that was fitted."""
        return self.found.surface.model

    @property
    def as_of(self) -> datetime:
        """The moment that the quotes are of."""
        return self.found.surface.as_of

    def age(self, now: datetime) -> float:
        """Seconds from the quotes to `now`; never negative."""
        return max((now - self.as_of).total_seconds(), 0.0)

    def is_stale(self, now: datetime) -> bool:
        """Whether a moving feed's quotes are older than it allows."""
        return self.state is not FeedState.FILE and self.age(now) > self.stale_after.total_seconds()

    def place(self, expiry: date | None, root: str | None) -> int:
        """The slice to show: the one of `expiry` and `root`, else the nearest date; without one, nearest a month."""
        slices = self.found.surface.slices
        if expiry is None:
            return min(range(len(slices)), key=lambda place: abs(slices[place].years * 365.0 - STANDING_DAYS))
        return min(
            range(len(slices)),
            key=lambda place: (abs((slices[place].expiry - expiry).days), root not in {None, slices[place].root}),
        )


class SurfaceViewer:
    """Builds views from one feed, and keeps each underlying's history for the day."""

    def __init__(self, feed: QuoteSource, timer: Callable[[], float] = time.perf_counter) -> None:
        """`timer` tells seconds."""
        self.feed = feed
        self._timer = timer
        self._histories: dict[str, tuple[date, PriceHistory | str]] = {}

    def view(self, underlying: str, moment: datetime, model: ModelName) -> SurfaceView:
        """The surface of `underlying` at `moment`.

        Raises what the feed raises for what it does not quote, and MissingDataError, with the reasons, where no expiry
        can be fitted.
        """
        began = self._timer()
        found = surfaces.fit(self.feed.chain(underlying, moment), model, timer=self._timer)
        answers = surface_check.check(found)
        told = summaries(found.surface)
        past = self._past(found, moment)
        return SurfaceView(
            found,
            answers,
            told,
            past,
            self.feed.name,
            self.feed.state,
            moment,
            self.feed.stale_after,
            self._timer() - began,
        )

    def _history(self, underlying: str, moment: datetime) -> PriceHistory | str:
        try:
            day = ended_day(moment, (underlying,))
        except MissingDataError as error:
            return str(error)
        known = self._histories.get(underlying)
        if known is None or known[0] != day:
            history: PriceHistory | str
            try:
                history = self.feed.history(underlying, day)
            except MissingDataError as error:
                history = str(error)
            known = self._histories[underlying] = (day, history)
        return known[1]

    def _past(self, found: FittedSurface, moment: datetime) -> Past:
        surface = found.surface
        history = self._history(surface.underlying, moment)
        if isinstance(history, str):
            return Past(None, None, (history,))
        now = float(constant_maturity(surface, (STANDING_DAYS,), outside="nan").at_the_money[0])
        trouble: list[str] = []
        cone: VolatilityCone | None = None
        standing: ImpliedStanding | None = None
        try:
            cone = volatility_cone(history)
        except MissingDataError as error:
            trouble.append(str(error))
        try:
            standing = implied_standing(history, current=now if isfinite(now) else None)
        except MissingDataError as error:
            trouble.append(str(error))
        return Past(cone, standing, tuple(trouble))
