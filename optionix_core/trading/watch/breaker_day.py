"""Breakers of one's own on one underlying and one UTC day: volatility, volume and spread, looked at every 30 seconds.

While the feed's market is open and nothing else halts the underlying. A halt empties the windows: what was before it
does not count after it. Without data a breaker does not halt, and says so when it is asked how it stands.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import MissingDataError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.trading.breakers import (
    Judgement,
    PricePoint,
    QuotePoint,
    SpreadBreaker,
    Verdict,
    VolatilityBreaker,
    VolumeBreaker,
    VolumePoint,
)
from optionix_core.trading.halts import Halt, HaltScope
from optionix_core.trading.watch.changes import SAMPLED_EVERY, HaltChange, price_of, side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.market.quote import Quote

Breaker = VolatilityBreaker | VolumeBreaker | SpreadBreaker
_DAY: Final = timedelta(days=1)


class BreakerDay:
    """The breakers that are set, on one day. `halted` tells whether another rule holds the underlying up."""

    def __init__(
        self,
        feed: QuoteSource,
        underlying: str,
        day: date,
        breakers: Sequence[Breaker],
        pause: timedelta,
        halted: Callable[[datetime], bool],
    ) -> None:
        self._feed, self.underlying = feed, underlying
        self._breakers, self._pause, self._halted = tuple(breakers), pause, halted
        self._at = datetime.combine(day, time(), UTC)
        self.end = self._at + _DAY
        self._until: datetime | None = None
        """End of its own last halt."""
        keep = max(breaker.window for breaker in self._breakers) + SAMPLED_EVERY
        self._points: deque[tuple[datetime, Quote]] = deque(maxlen=keep // SAMPLED_EVERY + 2)
        self.changes: list[HaltChange] = []
        self.judgements: dict[str, Judgement] = {}
        """The last answers, by rule."""

    @property
    def known_until(self) -> datetime:
        """Nothing that is not in `changes` happens before it."""
        return self._at

    def advance(self, until: datetime) -> None:
        """Know everything up to `until`, that moment in it."""
        while self._at < self.end and self._at <= until:
            self._look(self._at)
            self._at += SAMPLED_EVERY

    def _look(self, at: datetime) -> None:
        if (self._until is not None and at < self._until) or self._halted(at) or not self._feed.is_open(at):
            self._points.clear()
            return
        try:
            self._points.append((at, self._feed.spot(self.underlying, at)))
        except MissingDataError as error:
            self._points.clear()
            for breaker in self._breakers:
                self.judgements[breaker.rule] = Judgement(
                    breaker.rule, Verdict.NO_DATA, None, breaker.bound, str(error)
                )
            return
        for breaker in self._breakers:
            found = self._judge(breaker, at)
            self.judgements[breaker.rule] = found
            if found.verdict is Verdict.TRIPPED:
                self._until = at + self._pause
                reason = f"{self.underlying}: {found.detail}"
                halt = Halt(HaltScope.UNDERLYING, self.underlying, breaker.rule, at, self._until, reason)
                self.changes.append(HaltChange(at, halt, begins=True))
                return

    def _judge(self, breaker: Breaker, at: datetime) -> Judgement:
        if isinstance(breaker, VolatilityBreaker):
            told = ((moment, price_of(quote)) for moment, quote in self._points)
            return breaker.judge([PricePoint(moment, price) for moment, price in told if price], at)
        if isinstance(breaker, SpreadBreaker):
            return breaker.judge([QuotePoint(m, side(q.bid), side(q.ask)) for m, q in self._points], at)
        return self._volume(breaker, at)

    def _volume(self, breaker: VolumeBreaker, at: datetime) -> Judgement:
        """By what the feed's volume of the day grew; where it tells none, or not for so long, there is no data."""
        traded: list[VolumePoint] = []
        before: int | None = None
        for moment, quote in self._points:
            if quote.volume is None:
                return Judgement(breaker.rule, Verdict.NO_DATA, None, breaker.bound, "the feed tells no volume")
            if before is not None:
                more = quote.volume - before if quote.volume >= before else quote.volume  # a new day counts anew
                if more > 0:
                    traded.append(VolumePoint(moment, Decimal(more)))
            before = quote.volume
        if not self._points or at - self._points[0][0] < breaker.window:
            with exact_arithmetic():
                seen = sum((point.quantity for point in traded), Decimal(0))
            if seen < breaker.bound:
                detail = f"not {breaker.window} of volume yet"
                return Judgement(breaker.rule, Verdict.NO_DATA, None, breaker.bound, detail)
        return breaker.judge(traded, at)
