"""Limit Up-Limit Down of one stock on one day: from the feed's quotes to pauses and reopenings.

The reference price is kept by the plan's own rule, with the feed's price every 30 seconds as its trades. A trading
centre may display no bid above the upper band and no offer below the lower one, so a quote beyond a band stands at it:
a limit state, and after 15 seconds without a quote inside a pause. A straddle state pauses nothing here, since no
exchange declares it.

Ten minutes in which no quote can reach a band are passed over without any, where the feed can bound its prices. After
every look at the reference it lies within 1% of the mean of five minutes' prices, else it would have moved: with prices
between L and H it is above L / 1.01 and below H / 0.99, whatever came before. Only where that does not answer the
reference is kept from the open on.

Source: LULD Plan, sections V, VI and VII.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.market import sessions
from optionix_core.market.protocols import BoundsUnderlyings, TellsQuotes, everything
from optionix_core.portfolio.exact import decimal_of_float
from optionix_core.trading.eastern import NEW_YORK, OPEN
from optionix_core.trading.halts import Halt, HaltScope
from optionix_core.trading.luld import LuldBands, luld_bands
from optionix_core.trading.luld_reference import WINDOW, ReferencePrice, opened, with_trade
from optionix_core.trading.luld_state import (
    NO_REOPENING,
    AuctionHeld,
    BestQuote,
    LuldPhase,
    LuldState,
    TimePassed,
    start,
    step,
)
from optionix_core.trading.touch import quoted_at
from optionix_core.trading.watch.changes import SAMPLED_EVERY, HaltChange, price_at, side
from optionix_core.trading.watch.market_day import CHUNK
from optionix_core.trading.watch.reopening import reopening

if TYPE_CHECKING:
    from optionix_core.market.protocols import QuoteSource, TouchRange
    from optionix_core.market.quote import Quote
    from optionix_core.market.sessions import Session
    from optionix_core.trading.watch.market_day import MarketDay

RULE: Final = "luld"
_CENTS: Final = Context(prec=40, rounding=ROUND_HALF_EVEN)
_SLACK: Final = timedelta(minutes=1)
"""No quote that stands is older, in a market that is open."""


class LuldDay:
    """One stock on one day. Raises MissingDataError where the feed lacks its previous close or its opening price."""

    def __init__(
        self, feed: QuoteSource, underlying: str, tier: int, session: Session, market: MarketDay | None = None
    ) -> None:
        self._feed, self.underlying, self.tier, self.session = feed, underlying, tier, session
        self._market = market
        self.previous_close = price_at(feed, underlying, sessions.previous_session(session.day).close)
        self._close_et = session.close.astimezone(NEW_YORK).time()
        self._state: LuldState = start(session.open, session.close)
        self._at = session.open
        self._kept: ReferencePrice = opened(price_at(feed, underlying, session.open), session.open)
        self._printed = session.open
        """Up to when prices were taken as trades."""
        self.changes: list[HaltChange] = []

    @property
    def known_until(self) -> datetime:
        """Nothing that is not in `changes` happens before it."""
        return self._at

    def advance(self, until: datetime) -> None:
        """Know everything up to `until`, that moment in it."""
        until = min(until, self.session.close)
        if self._market is not None and self._at < until:
            self._market.advance(until)
        while self._at < until:
            if self._state.phase in (LuldPhase.PAUSED, LuldPhase.CLOSING_AUCTION):
                if not self._wait(until):
                    return
                continue
            end = self._end_of_chunk()
            if self._state.phase is LuldPhase.OPEN and self._clear(self._at, end):
                self._at = end
                continue
            self._slot(min(self._next_print(), until))

    def reference(self, at: datetime) -> ReferencePrice:
        """The reference price as it was kept at a moment that is not before what was looked at exactly."""
        self.advance(at)
        return self._keep(at)

    def bands(self, at: datetime) -> LuldBands:
        """The bands at a moment of the session."""
        return self._bands(self._keep(at).known, at)

    def _end_of_chunk(self) -> datetime:
        number = (self._at - self.session.open) // CHUNK
        return min(self.session.open + (number + 1) * CHUNK, self.session.close)

    def _next_print(self) -> datetime:
        number = (self._at - self.session.open) // SAMPLED_EVERY
        return self.session.open + (number + 1) * SAMPLED_EVERY

    def _bands(self, reference: Decimal, at: datetime | None) -> LuldBands:
        """At a moment; without one those that are never doubled, which are the nearer ones."""
        hour = OPEN if at is None else at.astimezone(NEW_YORK).time()
        return luld_bands(reference, self.previous_close, self.tier, hour, self._close_et)

    def _clear(self, after: datetime, end: datetime) -> bool:
        """Whether no quote of a stretch can reach a band, told by bounds alone."""
        if not isinstance(self._feed, BoundsUnderlyings):
            return False
        begin = max(self.session.open, after - WINDOW - SAMPLED_EVERY) - _SLACK
        for tight in (False, True):
            found = self._feed.underlying_bounds(self.underlying, begin, end, tight=tight)
            if found.bid_low <= 0:
                return False
            lowest = _CENTS.divide(decimal_of_float(found.bid_low, "bid_low"), Decimal("1.0101"))
            highest = _CENTS.divide(decimal_of_float(found.ask_high, "ask_high"), Decimal("0.9899"))
            lower, upper = self._bands(highest, None).lower, self._bands(lowest, None).upper
            if found.ask_low > float(lower) and found.bid_high < float(upper):
                return True
        return False

    def _slot(self, end: datetime) -> None:
        """Look at every quote that matters up to `end`; the reference stays as it is for as long."""
        begin = self._at
        known = self._keep(begin).known
        standing = () if self._market_halted(begin) else ((begin, self._feed.spot(self.underlying, begin)),)
        made = ((quoted_at(quote), quote) for quote in self._quotes(begin, end, known))
        for at, quote in (*standing, *made):
            phase = self._state.phase
            self._state = step(self._state, self._best(quote, known, at), at)
            if self._paused(phase):
                return
        phase = self._state.phase
        self._state = step(self._state, TimePassed(), end)
        if not self._paused(phase):
            self._at = end

    def _quotes(self, begin: datetime, end: datetime, known: Decimal) -> list[Quote]:
        """Those that could begin or end a limit state; nothing trades while the market is halted."""
        feed = self._feed
        if not isinstance(feed, TellsQuotes):
            return []
        near = self._bands(known, None)

        def matters(touches: TouchRange) -> bool:
            return touches.ask_low <= float(near.lower) or touches.bid_high >= float(near.upper)

        quotes = list(feed.quotes_between(self.underlying, begin, end, matters))
        if quotes or self._state.phase is not LuldPhase.OPEN:
            quotes = list(feed.quotes_between(self.underlying, begin, end, everything))
        return [quote for quote in quotes if not self._market_halted(quoted_at(quote))]

    def _best(self, quote: Quote, known: Decimal, at: datetime) -> BestQuote:
        """The quotation as it may be displayed: no bid above the upper band, no offer below the lower one."""
        bands, bid, ask = self._bands(known, at), side(quote.bid), side(quote.ask)
        return BestQuote(
            None if bid is None else min(bid, bands.upper), None if ask is None else max(ask, bands.lower), bands
        )

    def _paused(self, before: LuldPhase) -> bool:
        """Take note of a pause that began; whether one did."""
        state = self._state
        if state.phase not in (LuldPhase.PAUSED, LuldPhase.CLOSING_AUCTION) or before is state.phase:
            return False
        began = state.since
        band = "" if state.band is None else f" at the {state.band} band"
        known = self._kept.known
        reason = f"15 s in a limit state{band}, reference {known.normalize():f}"
        until = self.session.close if state.phase is LuldPhase.CLOSING_AUCTION else None
        halt = Halt(HaltScope.UNDERLYING, self.underlying, RULE, began, until, reason)
        self.changes.append(HaltChange(began, halt, begins=True))
        self._at = began
        self._state = replace(state, as_of=began)
        return True

    def _wait(self, until: datetime) -> bool:
        """Go on to the next try at reopening; False where that is not up to `until`."""
        state, halt = self._state, self.changes[-1].halt
        ends = state.pause_ends
        last_ten = self.session.close - NO_REOPENING
        if ends is not None:
            ends = self._market_over(ends)
        if ends is None or ends >= last_ten:
            if halt.until is None and until >= self.session.close:
                words = "no reopening in the last ten minutes: the closing auction"
                self.changes.append(HaltChange(self.session.close, halt, begins=False, words=words))
            if until >= self.session.close:
                self._at = self.session.close
            return False
        if ends > until:
            return False
        found = reopening(self._feed.spot(self.underlying, ends), self._kept.known)
        self._state = step(state, AuctionHeld(found.price), ends)
        self._at = ends
        if found.price is not None:
            self.changes.append(HaltChange(ends, halt, begins=False, reopens_at=found.price, words=found.words))
            self._kept, self._printed = opened(found.price, ends), ends
        return True

    def _keep(self, at: datetime) -> ReferencePrice:
        """The reference at `at`: prices every 30 s are its trades, none of them in a halt or in a limit state."""
        session = self.session
        number = (self._printed - session.open) // SAMPLED_EVERY + 1
        while (moment := session.open + number * SAMPLED_EVERY) <= at:
            number += 1
            over = self._market_over(moment)
            if over > moment:
                if over > at:
                    break
                self._kept = opened(price_at(self._feed, self.underlying, over), over)
                self._printed = over
                number = (over - session.open) // SAMPLED_EVERY + 1
                continue
            if self._state.phase is not LuldPhase.LIMIT_STATE:
                self._kept = with_trade(self._kept, price_at(self._feed, self.underlying, moment), moment)
            self._printed = moment
        return self._kept

    def _market_halted(self, at: datetime) -> bool:
        return self._market_over(at) > at

    def _market_over(self, at: datetime) -> datetime:
        """`at` itself, or the end of the market-wide halt that it lies in."""
        if self._market is None:
            return at
        return next((halt.until or at for halt in self._market.halts if halt.holds(at)), at)
