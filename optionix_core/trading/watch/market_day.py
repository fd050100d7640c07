"""Market-wide breakers on one day of the exchanges, by the index of a feed.

Where the feed can bound its prices, ten minutes in which no level can be reached are passed over without a quote.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from optionix_core.market import sessions
from optionix_core.market.protocols import BoundsUnderlyings, TellsQuotes
from optionix_core.trading.halts import Halt, HaltScope
from optionix_core.trading.market_wide import DECLINES, LAST_HALT, MarketPhase, start, step
from optionix_core.trading.touch import quoted_at
from optionix_core.trading.watch.changes import HaltChange, price_at, price_of

if TYPE_CHECKING:
    from decimal import Decimal

    from optionix_core.market.protocols import QuoteSource, TouchRange
    from optionix_core.market.sessions import Session

CHUNK: Final = timedelta(minutes=10)


class MarketDay:
    """The market on one day. Raises MissingDataError where the feed has no prior close of the index."""

    def __init__(self, feed: QuoteSource, index: str, session: Session) -> None:
        self._feed, self.index, self.session = feed, index, session
        before = sessions.previous_session(session.day).close
        self.prior_close: Decimal = price_at(feed, index, before)
        self._state = start(session, self.prior_close)
        self._at = session.open
        self.changes: list[HaltChange] = []

    @property
    def halts(self) -> list[Halt]:
        """All of the day so far, each with its end."""
        return [change.halt for change in self.changes]

    @property
    def known_until(self) -> datetime:
        """Nothing that is not in `changes` happens before it."""
        return self._at

    def advance(self, until: datetime) -> None:
        """Know everything up to `until`, that moment in it."""
        close = self.session.close
        while self._at < min(until, close) and self._state.phase is not MarketPhase.HALTED_FOR_THE_DAY:
            number = (self._at - self.session.open) // CHUNK
            end = min(self.session.open + (number + 1) * CHUNK, close)
            if self._clear(self._at, end):
                self._at = end
                continue
            end = min(end, until)
            self._look(self._at, end)
            self._at = end

    def _next_level(self, after: datetime) -> Decimal:
        """The highest index value that can still halt after a moment."""
        levels = self._state.levels
        late = after >= self.session.close - LAST_HALT
        return levels.level_3 if late else (levels.level_1, levels.level_2, levels.level_3)[self._state.passed]

    def _clear(self, after: datetime, end: datetime) -> bool:
        """Whether no level can be reached in a stretch, told by bounds alone."""
        if not isinstance(self._feed, BoundsUnderlyings):
            return False
        level = float(self._next_level(after))
        return any(
            self._feed.underlying_bounds(self.index, after, end, tight=tight).bid_low > level for tight in (False, True)
        )

    def _look(self, after: datetime, until: datetime) -> None:
        if not isinstance(self._feed, TellsQuotes):
            return

        def matters(touches: TouchRange) -> bool:
            return touches.bid_low <= float(self._next_level(after))

        for quote in self._feed.quotes_between(self.index, after, until, matters):
            self._judge(quoted_at(quote), price_of(quote))
            if self._state.phase is MarketPhase.HALTED_FOR_THE_DAY:
                return

    def _judge(self, at: datetime, value: Decimal | None) -> None:
        if value is None or value <= 0:
            return
        passed = self._state.passed
        self._state = step(self._state, at, value)
        if self._state.passed == passed:
            return
        level = self._state.passed
        whole = self._state.halted_until
        until = sessions.next_open(self.session.close) if whole is None else whole
        reason = f"level {level}: {self.index} at {value}, {DECLINES[level - 1]:.0%} below {self.prior_close}"
        halt = Halt(HaltScope.MARKET, "", "market-wide", at, until, reason)
        self.changes.append(HaltChange(at, halt, begins=True))
