"""The venue's own halts, as events: each at its moment, as far as something works on what it holds up.

The rules are a function of the feed (`trading.watch`), so a venue that was left alone halts as one that was looked
at every second. What nothing works on is not written, and is asked of the rules when an order wants to trade there:
then the halt is written with its beginning, and the gate refuses by it. A halt that is written is ended in the log even
where nothing waits for it any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from optionix_core.services.judging import instrument_of
from optionix_core.trading.halt_records import ended_event, started_event
from optionix_core.trading.halt_rules import AUTOMATIC
from optionix_core.trading.halts import HaltScope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.services.draft import Draft
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.halts import Halt
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.watch.changes import HaltChange

VENUE: Final = "venue"
"""Who halts."""


class VenueHalts:
    """The changes that a passage of time brings."""

    def __init__(self, draft: Draft, feed: QuoteSource, now: datetime, start: Callable[[OpenOrder], datetime]) -> None:
        """`start` tells from when on an order was not looked at."""
        self._draft, self._feed, self._now, self._start = draft, feed, now, start
        self._watch = draft.watch(feed)
        self._venue = draft.venue
        self._pending: list[HaltChange] = []

    @property
    def after(self) -> datetime | None:
        """From when on a halt that is written, and has no end of its own, must be looked after; None without any."""
        return min((halt.since for halt in open_ended(self._draft.orders, self._venue)), default=None)

    def load(self, after: datetime, orders: Iterable[OpenOrder]) -> None:
        """Find out what comes after `after` for `orders` and for the halts that stand."""
        if self._watch is None:
            return
        names = {name for order in orders for name in underlyings_of(self._feed, order)}
        standing = open_ended(self._draft.orders, self._venue)
        names |= {halt.name for halt in standing if halt.scope is HaltScope.UNDERLYING}
        if names:
            self._pending = self._watch.changes(names, after, self._now)

    def moments(self) -> list[datetime]:
        """When something is still to come, and when the venue reopens."""
        ends = [halt.until for halt in self._standing() if halt.rule in AUTOMATIC and halt.until]
        return [*(change.at for change in self._pending), *ends]

    def apply(self, moment: datetime, orders: Iterable[OpenOrder]) -> list[Halt]:
        """Write what has come by `moment`; the halts that are over with it."""
        over = [halt for halt in self._standing() if halt.rule in AUTOMATIC and halt.until == moment]
        while self._pending and self._pending[0].at <= moment:
            change = self._pending.pop(0)
            own = replace(change.halt, venue=self._venue)
            standing = next((one for one in self._standing() if _is_told(own, one)), None)
            if change.begins and standing is None and self._concerns(change, orders):
                self._draft.add(started_event(own, VENUE, None))
            elif not change.begins and standing is not None:
                self._draft.add(ended_event(standing, None, VENUE, change.words, change.at, change.reopens_at))
                over.append(standing)
        return over

    def _standing(self) -> tuple[Halt, ...]:
        return self._draft.orders.halts.at_venue(self._venue).halts

    def _concerns(self, change: HaltChange, orders: Iterable[OpenOrder]) -> bool:
        """Whether an order works on what a halt holds up, that was not looked at up to it before."""
        names = {
            name for order in orders if self._start(order) < change.at for name in underlyings_of(self._feed, order)
        }
        return bool(names) if change.halt.scope is HaltScope.MARKET else change.halt.name in names


def note_standing(draft: Draft, feed: QuoteSource, symbols: Iterable[str], now: datetime) -> None:
    """Write the venue's own halts that hold for `symbols` at `now` and are not in the log: somebody wants to trade."""
    watch = draft.watch(feed)
    if watch is None:
        return
    for symbol in symbols:
        instrument = instrument_of(feed, symbol)
        if instrument is None:
            continue
        for halt in watch.standing(instrument.underlying, now):
            own = replace(halt, venue=draft.venue)
            if not any(_is_told(own, one) for one in draft.orders.halts.halts):
                draft.add(started_event(own, VENUE, None, now))


def open_ended(orders: OrderFold, venue: str) -> list[Halt]:
    """A venue's own halts that stand until a reopening."""
    standing = orders.halts.at_venue(venue).halts
    return [halt for halt in standing if halt.rule in AUTOMATIC and halt.until is None]


def _is_told(own: Halt, told: Halt) -> bool:
    """Whether a halt of the log is one of the venue's own, also where it was written before halts named their venue."""
    return told.since == own.since and told.key in (own.key, own.key._replace(venue=""))


def underlyings_of(feed: QuoteSource, order: OpenOrder) -> set[str]:
    """What an order's instruments are on, as far as the feed knows them."""
    found = (instrument_of(feed, symbol) for symbol in order.intent.symbols)
    return {one.underlying for one in found if one is not None}
