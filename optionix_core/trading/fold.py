"""What a venue must remember of its past, as a fold of the log: open orders, what was taken from a quote, what halts.

Beside the book it is all that the next order needs to know. Like the book it is made of the log alone,
has one canonical form and can be thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final, Self

from optionix_core.errors import IntegrityError
from optionix_core.market.quote import Quote
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, add
from optionix_core.portfolio.trades import BATCH, carries_trades
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json, Record
from optionix_core.trading.account_breakers import TRIPPED, Notes, notes_of, notes_payload, trip_of
from optionix_core.trading.account_kinds import BOUND, AccountKind, bound_of, kinds_of
from optionix_core.trading.account_standing import (
    STATE_SET,
    Standing,
    standing_of,
    standing_of_state,
    standing_state,
)
from optionix_core.trading.batch_records import batch_of
from optionix_core.trading.executed import Executed, executed_of
from optionix_core.trading.halt_records import HALT_TYPES, board_after, board_of_state, board_state
from optionix_core.trading.halts import HaltBoard
from optionix_core.trading.kill_switch import KILL_TYPES, KillSwitch
from optionix_core.trading.limit_board import EMPTY_BOARD
from optionix_core.trading.limit_records import LIMIT_TYPES, limit_board_of_state, limit_board_state, limits_after
from optionix_core.trading.open_order import (
    OpenOrder,
    amended_terms,
    order_of_state,
    order_state,
    same_group,
    turned_over,
)
from optionix_core.trading.orders import Fill, Side
from optionix_core.trading.records import END_STATES, FILLED, INTENT, fill_of, fill_side, intent_of
from optionix_core.trading.touch import quoted_at, touch
from optionix_core.trading.working_records import (
    ACCEPTED,
    ADVANCED,
    AMENDED,
    NOTHING,
    TRIGGERED,
    accepted_of,
    advanced_of,
    amended_of,
)

STATE_VERSION: Final = 10


@dataclass(frozen=True, slots=True)
class _Taken:
    quoted_at: str
    quantity: int


def _place(side: Side, quote: Quote) -> str:
    return f"{side}/{quote.source}/{quote.symbol}"


class OrderFold:
    """Not safe to apply from two threads at once. The caller keeps the order of records."""

    __slots__ = (
        "_advanced",
        "_groups",
        "_open",
        "_taken",
        "account_notes",
        "account_trips",
        "halts",
        "kill",
        "kinds",
        "limits",
        "standings",
    )

    def __init__(self) -> None:
        self._open: dict[str, OpenOrder] = {}
        self._taken: dict[str, tuple[_Taken, ...]] = {}
        """By place, of the quotes that a venue may still look back at; of the last one taken of, last."""
        self._advanced: dict[str, datetime] = {}
        self._groups: dict[str, int] = {}
        self.kill = KillSwitch()
        """Of all accounts."""
        self.halts = HaltBoard()
        """Those that were set and not lifted; which of them hold at a moment, the board tells."""
        self.standings: Mapping[str, Standing] = {}
        """By account, where a state was set; replaced as a whole."""
        self.kinds: Mapping[str, AccountKind] = {}
        """By account, where a server bound it to a venue; replaced as a whole."""
        self.limits = EMPTY_BOARD
        """Limits on books that somebody set, and their breaches."""
        self.account_notes: Notes = {}
        """What accounts had earned, for the peak that a drawdown falls from; replaced as a whole."""
        self.account_trips: Mapping[tuple[str, str], datetime] = {}
        """When a breaker of an account tripped last, by account and rule; replaced as a whole."""

    def apply(self, record: Record) -> None:
        """Take the next record. Raises IntegrityError where an event of an order is malformed."""
        event = record.event
        if event.type == INTENT:
            intent = intent_of(event)
            self._open[intent.client_order_id] = OpenOrder(intent)
        elif event.type in END_STATES or event.type == BATCH:
            self._end(event)
        elif event.type in _CHANGES:
            _CHANGES[event.type](self, event)
        elif event.type in KILL_TYPES:
            self.kill = self.kill.after(event)
        elif event.type in HALT_TYPES:
            self.halts = board_after(self.halts, event)
        elif event.type == STATE_SET:
            standing = standing_of(event)
            self.standings = {**self.standings, standing.account: standing}
        elif event.type == BOUND:
            account, kind = bound_of(event)
            self.kinds = {**self.kinds, account: kind}
        elif event.type in LIMIT_TYPES:
            self.limits = limits_after(self.limits, event)
        elif event.type == TRIPPED:
            trip = trip_of(event)
            self.account_trips = {**self.account_trips, (trip.account, trip.rule): trip.at}

    def copy(self) -> Self:
        """A fold of its own in the same state."""
        fold = self._of(dict(self._open), dict(self._taken), dict(self._advanced), dict(self._groups))
        fold.kill, fold.halts, fold.standings, fold.limits = self.kill, self.halts, self.standings, self.limits
        fold.account_notes, fold.account_trips = self.account_notes, self.account_trips
        fold.kinds = self.kinds
        return fold

    @classmethod
    def _of(
        cls,
        orders: dict[str, OpenOrder],
        taken: dict[str, tuple[_Taken, ...]],
        advanced: dict[str, datetime],
        groups: dict[str, int],
    ) -> Self:
        fold = cls()
        fold._open, fold._taken, fold._advanced, fold._groups = orders, taken, advanced, groups
        return fold

    def apply_event(self, event: Event) -> None:
        """Take an event that is about to be written as if it were."""
        self.apply(Record(0, event, b"", b""))

    def open_orders(self) -> tuple[str, ...]:
        """Client order ids whose intent has no end yet."""
        return tuple(sorted(self._open))

    def orders(self) -> tuple[OpenOrder, ...]:
        """Those orders, in the order in which they were wanted."""
        return tuple(self._open.values())

    def order(self, client_order_id: str) -> OpenOrder | None:
        """One of them."""
        return self._open.get(client_order_id)

    def reserved(self, account: str) -> Decimal:
        """Cash that an account's working orders keep."""
        total = ZERO
        for order in self._open.values():
            if order.reserve is not NOTHING and order.intent.account == account:
                total = add(total, order.reserved)
        return total

    def advanced_until(self, venue: str) -> datetime | None:
        """Up to when a venue has looked at quotes for resting orders; None where it never did."""
        return self._advanced.get(venue)

    def group_filled(self, account: str, group: str) -> int:
        """Contracts, or shares, that orders of an account's one-cancels group were filled with, ended ones too."""
        return self._groups.get(f"{account}/{group}", 0)

    def already_taken(self, side: Side, quote: Quote) -> int:
        """Contracts that fills took from this very quote: same source, instrument, side and time."""
        made = time_text(quoted_at(quote))
        return sum(one.quantity for one in self._taken.get(_place(side, quote), ()) if one.quoted_at == made)

    def state(self) -> dict[str, Json]:
        """The state as plain JSON values."""
        return {
            "advanced": {venue: time_text(until) for venue, until in self._advanced.items()},
            "groups": dict(self._groups),
            "halts": board_state(self.halts),
            "kill": self.kill.state(),
            "kinds": dict(self.kinds),
            "limits": limit_board_state(self.limits),
            "account_notes": notes_payload(self.account_notes),
            "account_trips": {f"{account}/{rule}": time_text(at) for (account, rule), at in self.account_trips.items()},
            "standings": [standing_state(one) for one in self.standings.values()],
            "open": [order_state(order) for order in self._open.values()],
            "taken": {place: [[one.quoted_at, one.quantity] for one in taken] for place, taken in self._taken.items()},
            "version": STATE_VERSION,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Json]) -> Self:
        """The fold whose `state` it is. Raises IntegrityError for a state of another version."""
        fields.expect_version(state, STATE_VERSION, "order state")
        orders = (order_of_state(item) for item in fields.objects(state, "open"))
        taken = fields.mapping(state, "taken")
        advanced, groups = fields.mapping(state, "advanced"), fields.mapping(state, "groups")
        fold = cls._of(
            {order.intent.client_order_id: order for order in orders},
            {place: tuple(_Taken(*pair) for pair in fields.pairs(taken, place)) for place in taken},
            {venue: fields.moment(advanced, venue) for venue in advanced},
            {name: fields.integer(groups, name) for name in groups},
        )
        fold.kill, fold.halts = KillSwitch.of_state(fields.mapping(state, "kill")), board_of_state(state, "halts")
        standings = (standing_of_state(item) for item in fields.objects(state, "standings"))
        fold.standings = {standing.account: standing for standing in standings}
        fold.kinds = kinds_of(fields.mapping(state, "kinds"))
        fold.limits = limit_board_of_state(fields.mapping(state, "limits"))
        fold.account_notes = notes_of(state, "account_notes")
        trips = fields.mapping(state, "account_trips")
        fold.account_trips = {_account_and_rule(name): fields.moment(trips, name) for name in trips}
        return fold

    def _end(self, event: Event) -> None:
        """An order ends, with its fills where they are told with it; or all orders of a batch."""
        if event.type == BATCH:
            for item in batch_of(event).orders:
                self.execute(item.executed, event.time)
        elif carries_trades(event):
            self.execute(executed_of(event), event.time)
        else:
            self._open.pop(fields.text(event.payload, "client_order_id"), None)

    def _order(self, event: Event) -> OpenOrder:
        name = fields.text(event.payload, "client_order_id")
        order = self._open.get(name)
        if order is None:
            raise IntegrityError(f"{event.id} is of an order that is not open")
        return order

    def _accept(self, event: Event) -> None:
        accepted = accepted_of(event)
        self._change(
            event,
            accepted_at=event.time,
            since=event.time,
            ends_at=accepted.ends_at,
            place=accepted.place,
            released=accepted.released,
            reserve=accepted.reserve,
        )

    def _change(self, event: Event, **changes: object) -> None:
        order = self._order(event)
        self._open[order.intent.client_order_id] = replace(order, **changes)  # type: ignore[arg-type]

    def _trigger(self, event: Event) -> None:
        self._change(event, triggered_at=event.time)

    def _amend(self, event: Event) -> None:
        amended, before = amended_of(event), self._order(event)
        self._change(event, intent=amended_terms(before.intent, amended.amendment), reserve=amended.reserve)
        if not amended.amendment.keeps_place(before.intent):
            self._change(event, since=event.time, place=replace(before.place, ahead=None))

    def _advance(self, event: Event) -> None:
        advanced = advanced_of(event)
        self._advanced[advanced.venue] = advanced.until
        if advanced.notes:
            self.account_notes = {**self.account_notes, **advanced.notes}
        for name, place in advanced.places.items():
            if name in self._open:
                self._open[name] = replace(self._open[name], place=place)

    def _take(self, side: Side, quote: Quote, quantity: int, price: Decimal) -> None:
        """Contracts of a quote are gone, and so much less is ahead of what rests behind them at their price."""
        taken = self.already_taken(side, quote) + quantity
        self._remember(_place(side, quote), _Taken(time_text(quoted_at(quote)), taken))
        met = touch(quote, side) if self._open else None
        if met is None or met[0] != price:
            return
        for name, order in self._open.items():
            if order.intent.symbol == quote.symbol and order.stands_at(price) and order.intent.side is not side:
                ahead = met[1] - taken if order.place.ahead is None else order.place.ahead - quantity
                self._open[name] = replace(order, place=replace(order.place, ahead=max(0, ahead)))

    def _remember(self, place: str, taken: _Taken) -> None:
        """What was taken of a quote, beside that of earlier ones that stood where a venue may look back to."""
        known = [one for one in self._taken.get(place, ()) if one.quoted_at != taken.quoted_at]
        if known:
            since = [order.since for order in self._open.values() if order.since is not None]
            looked = max(min(since), min(self._advanced.values(), default=min(since))) if since else None
            back = None if looked is None else time_text(looked)
            stood = max((one.quoted_at for one in known if back is not None and one.quoted_at <= back), default=back)
            known = [one for one in known if stood is not None and one.quoted_at >= stood]
        self._taken[place] = (*known, taken)

    def _take_parts(self, fill: Fill, side: Side) -> None:
        """What a fill took of displayed quotes; what it traded with other orders is none of it."""
        for leg in fill.legs:
            if leg.against is None:
                self._take(Side.BUY if leg.quantity > 0 else Side.SELL, leg.quote, abs(leg.quantity), leg.price)
        if not fill.legs and fill.against is None:
            self._take(side, fill.quote, fill.quantity, fill.price)

    def execute(self, done: Executed, time: datetime) -> None:
        """Take the fills and the end of an order in one."""
        order = self._open.pop(done.client_order_id, None)
        for fill in done.fills:
            self._take(done.side, fill.quote, fill.quantity, fill.price)
            if order is not None and self._open:
                self._release(order, fill, time)

    def _fill(self, event: Event) -> None:
        fill = fill_of(event)
        side = fill_side(event)
        self._take_parts(fill, side)
        order = self._open.get(fill.client_order_id)
        if order is None:
            return
        filled, fills = order.filled + fill.quantity, order.fills + 1
        turnover = order.turnover if filled >= order.intent.quantity else turned_over(order, fill)
        self._open[fill.client_order_id] = replace(order, filled=filled, fills=fills, turnover=turnover)
        if order.intent.one_cancels is not None:
            group = f"{order.intent.account}/{order.intent.one_cancels}"
            self._groups[group] = self._groups.get(group, 0) + fill.quantity
        self._release(order, fill, event.time)

    def _release(self, order: OpenOrder, fill: Fill, time: datetime) -> None:
        """What a fill of an order lets its children work, and takes from the others of its group."""
        for name, other in self._open.items():
            if other.intent.parent is None or other.accepted_at is None or name == fill.client_order_id:
                continue
            if other.intent.parent == fill.client_order_id:
                since = other.since if other.released else time
                self._open[name] = replace(other, released=other.released + fill.quantity, since=since)
            elif same_group(other.intent, order.intent):
                self._open[name] = replace(other, released=other.released - fill.quantity)


_CHANGES: Final[Mapping[str, Callable[[OrderFold, Event], None]]] = {
    FILLED: OrderFold._fill,  # noqa: SLF001 - the table of this class's own changes
    ACCEPTED: OrderFold._accept,  # noqa: SLF001 - as above
    TRIGGERED: OrderFold._trigger,  # noqa: SLF001 - as above
    AMENDED: OrderFold._amend,  # noqa: SLF001 - as above
    ADVANCED: OrderFold._advance,  # noqa: SLF001 - as above
}


def _account_and_rule(name: str) -> tuple[str, str]:
    account, _, rule = name.partition("/")
    return account, rule
