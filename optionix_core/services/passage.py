"""The passage of time on the paper venue: quotes, ends of orders and expiries, in the order in which they happened.

Working orders meet every quote that the feed made since they were last looked at, over all their instruments; what
ends by itself ends at its moment, before the quotes of that moment; positions settle at theirs, with what was filled
before in them. A venue that was left alone for a week comes out as one that was looked at every second. Instruments
whose quotes the feed cannot tell are named, and nothing is filled on them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from optionix_core.market.protocols import TellsQuotes
from optionix_core.services.account_watch import AccountWatch
from optionix_core.services.combination_fills import quotes_that_could_matter
from optionix_core.services.desk import Looked
from optionix_core.services.judging import instrument_of
from optionix_core.services.reopenings import reopen
from optionix_core.services.settling import Settling, due
from optionix_core.services.venue_halts import VenueHalts
from optionix_core.services.working import Working
from optionix_core.trading import resting
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import OrderEnd
from optionix_core.trading.touch import quoted_at
from optionix_core.trading.working_records import NOWHERE, Advanced, advanced_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from optionix_core.market.protocols import Matters, QuoteSource, TouchRange
    from optionix_core.market.quote import Quote
    from optionix_core.services.desk import Desk
    from optionix_core.services.draft import Draft
    from optionix_core.sync.event import LogReader
    from optionix_core.trading.gate import GateLimits
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.working_records import Place

KEPT_EVERY: Final = timedelta(hours=1)
"""How long a stretch in which nothing happened may grow before the log says that it was looked at."""
_JUST_BEFORE: Final = timedelta(microseconds=1)
_LAST: Final = "\U0010ffff"
"""After every symbol."""


def overdue(desk: Desk, now: datetime) -> bool:
    """Whether the log is silent on the last hour of some order: then there is something to write for certain."""
    advanced = desk.orders.advanced_until(desk.venue)
    here = (one for one in desk.orders.orders() if desk.venue_for(one.intent.account) == desk.venue)
    since = [order.since for order in here if order.since is not None]
    begun = min((moment if advanced is None else max(moment, advanced) for moment in since), default=now)
    return now - begun >= KEPT_EVERY


class Passage:
    """Brings a draft up to `now`."""

    def __init__(
        self,
        draft: Draft,
        log: LogReader,
        feed: QuoteSource,
        now: datetime,
        limits: GateLimits | None = None,
        looked: Mapping[str, Looked] | None = None,
    ) -> None:
        """`looked` is what need not be looked at again, where the order still stands as it stood then."""
        self._draft, self._feed, self._now = draft, feed, now
        self._looked = {} if looked is None else looked
        self._advanced = draft.orders.advanced_until(draft.venue)
        self.working = Working(draft, feed, limits)
        self.settling = Settling(draft, log, feed)
        self.halts = VenueHalts(draft, feed, now, self._start)
        self.accounts = AccountWatch(draft, feed, self.working, now)
        self._streams: dict[str, tuple[Quote, Iterator[Quote]]] = {}
        self._moments: list[datetime] = []
        self.unseen: tuple[str, ...] = ()

    def run(self, *, told: bool = False) -> None:
        """Everything that happened up to now, and that it was looked at where something did, or much time passed.

        With `told` the log says so whatever happened: what comes next changes how the stretch would be looked at.
        """
        before = len(self._draft.events)
        mine = self._orders()
        for order in mine:
            known = self._looked.get(order.intent.client_order_id)
            if known is not None and known.order == order:
                self.working.places[order.intent.client_order_id] = known.place
        watched = self.accounts.start()
        if mine or watched is not None or self.halts.after is not None:
            self._walk(mine)
        self.settling.settle(self._now)
        left = self._orders()
        begun = min((*(self._begun(order) for order in left), self._now if watched is None else watched, self._now))
        happened = len(self._draft.events) > before
        kept = told or self._now - begun >= KEPT_EVERY
        worth = (mine and happened) or (left and kept) or (watched is not None and (happened or kept))
        if worth and (self._advanced is None or self._advanced < self._now):
            advanced = Advanced(self._draft.venue, self._now, self._places(), self.unseen, self.accounts.notes)
            self._draft.add(advanced_event(advanced))

    def _walk(self, orders: tuple[OpenOrder, ...]) -> None:
        starts = (*(self._start(order) for order in orders), self.halts.after, self.accounts.start())
        at = min(moment for moment in starts if moment is not None)
        self.halts.load(at, orders)
        self._end_and_settle(min(at, self._now))
        self._open(at, _LAST)
        while True:
            key, quote = min(((key, head) for key, (head, _) in self._streams.items()), key=_when, default=("", None))
            moment = self._next_moment(at)
            tripped = self._trip(moment, quote)
            if tripped is not None:
                at = tripped
                self._open(at, None)
            elif moment is not None and (quote is None or moment <= quoted_at(quote)):
                at = moment
                self._end_and_settle(moment)
                reopen(self.working, self.halts.apply(moment, self._orders()), moment)
                self._open(moment, None)
            elif quote is not None:
                at = quoted_at(quote)
                known = len(self._draft.events)
                self.working.meet(quote)
                if len(self._draft.events) > known:
                    self._open(at, quote.symbol)
                else:
                    self._pull(key)
            else:
                return

    def _trip(self, moment: datetime | None, quote: Quote | None) -> datetime | None:
        """Judge accounts up to what comes next: at one minute after what happens by itself, and before its quotes."""
        if moment is not None and (quote is None or moment <= quoted_at(quote)):
            return self.accounts.trip(moment - _JUST_BEFORE)
        return self.accounts.trip(self._now if quote is None else quoted_at(quote))

    def _next_moment(self, after: datetime) -> datetime | None:
        """The next moment after `after` at which an order starts or ends, a position expires or a halt changes."""
        return next((moment for moment in self._moments if moment > after), None)

    def _ahead(self) -> list[datetime]:
        moments = {moment for order in self._orders() for moment in (self._start(order), order.ends_at)}
        moments.update(self.halts.moments())
        for position in due(self._draft.book, self._now, self._draft.venue):
            instrument = instrument_of(self._feed, position.symbol)
            moments.add(None if instrument is None else instrument.expires_at)
        return sorted(moment for moment in moments if moment is not None and moment <= self._now)

    def _end_and_settle(self, moment: datetime) -> None:
        for order in self._orders():
            name = order.intent.client_order_id
            still = self._draft.orders.order(name)
            if still is not None and order.ends_at is not None and order.ends_at <= moment:
                reason = resting.why_it_ended(order.intent, order.ends_at)
                self.working.end(name, OrderEnd(OrderState.EXPIRED, reason, ()), order.ends_at)
        self.settling.settle(moment)

    def _open(self, at: datetime, symbol: str | None) -> None:
        """Start the streams anew. Quotes of `at` itself are still to come, but for instruments up to `symbol`."""
        self._streams, self._moments = {}, self._ahead()
        unseen = set(self.unseen)
        mine = [order for order in self._orders() if self._start(order) <= at]
        for order in mine:
            if order.intent.legs and order.workable < 1:
                continue  # its parent is not filled yet; when it is, the streams start anew
            if order.intent.legs and isinstance(self._feed, TellsQuotes):
                key = f"{order.intent.client_order_id}/legs"
                after = max(at - _JUST_BEFORE, self._start(order))
                others = self.working.crossing.elsewhere(order, self._now)
                told = quotes_that_could_matter(self._feed, self._feed, order.intent, after, self._now, others)
                self._pull(key, told)
            elif order.intent.legs:
                unseen.update(order.intent.symbols)
        for name in sorted({order.intent.symbol for order in mine if not order.intent.legs}):
            if not isinstance(self._feed, TellsQuotes):
                unseen.add(name)
                continue
            after = at if symbol is not None and name <= symbol else at - _JUST_BEFORE
            self._pull(name, self._feed.quotes_between(name, after, self._now, self._interest(name, at)))
        self.unseen = tuple(sorted(unseen))

    def _pull(self, symbol: str, stream: Iterator[Quote] | None = None) -> None:
        quotes = self._streams[symbol][1] if stream is None else stream
        head = next(quotes, None)
        if head is None:
            self._streams.pop(symbol, None)
        else:
            self._streams[symbol] = (head, quotes)

    def _interest(self, symbol: str, at: datetime) -> Matters:
        mine = [o for o in self._orders() if o.intent.symbol == symbol and self._start(o) <= at]
        place = self.working.place

        def matters(touches: TouchRange) -> bool:
            return any(resting.matters(order, place(order), touches) for order in mine)

        return matters

    def _orders(self) -> tuple[OpenOrder, ...]:
        """Accepted orders of this venue."""
        return tuple(order for order in self._draft.orders_here() if order.since is not None)

    def _begun(self, order: OpenOrder) -> datetime:
        """From when on the order's quotes were not looked at, as far as the log tells."""
        since = self._now if order.since is None else order.since
        return since if self._advanced is None else max(since, self._advanced)

    def _start(self, order: OpenOrder) -> datetime:
        """The same, with what this process knows."""
        known = self._looked.get(order.intent.client_order_id)
        begun = self._begun(order)
        return max(begun, known.until) if known is not None and known.order == order else begun

    def looked(self) -> dict[str, Looked]:
        """What need not be looked at again where nothing of this passage is written."""
        return {o.intent.client_order_id: Looked(o, self._now, self.working.place(o)) for o in self._orders()}

    def _places(self) -> dict[str, Place]:
        places = {}
        for order in self._orders():
            place = self.working.place(order)
            if place not in (order.place, NOWHERE):
                places[order.intent.client_order_id] = place
        return places


def _when(item: tuple[str, Quote]) -> tuple[datetime, str, str]:
    key, quote = item
    return quoted_at(quote), quote.symbol, key
