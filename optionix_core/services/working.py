"""Open orders meeting quotes: triggers, fills, ends, and what one order's fate does to others.

Everything goes into a draft as events, each at the moment when it happened. Before a fill is made the account is asked
once more: what is bought must be paid for out of cash that nothing else keeps, what is sold must be there. An order
for which that does not hold ends, with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import IntegrityError
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.services.crossing import Crossing
from optionix_core.services.fill_entries import closed_lots, combination_events, fill_events
from optionix_core.services.judging import backing_of, instrument_of, judge
from optionix_core.trading import resting
from optionix_core.trading.account_standing import AccountStatus, effective
from optionix_core.trading.backing import is_reduced
from optionix_core.trading.claims import children, siblings
from optionix_core.trading.crossing import combinations_in_turn, place_in_time
from optionix_core.trading.gate import LOCAL_SIM, first_refusal
from optionix_core.trading.gate_power import backed
from optionix_core.trading.gate_terms import open_lots
from optionix_core.trading.lots_wanted import why_not_open
from optionix_core.trading.orders import Amendment, OrderState, TriggerKind
from optionix_core.trading.paper import PaperVenue, signed_cost
from optionix_core.trading.records import OrderEnd, end_event
from optionix_core.trading.touch import quoted_at
from optionix_core.trading.working_records import Amended, Place, amended_event, triggered_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from optionix_core.market.instruments import Security
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.market.quote import Quote
    from optionix_core.services.draft import Draft
    from optionix_core.trading.gate import GateLimits
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.orders import Fill, GateCheck, OrderIntent

    Match = Callable[[OpenOrder, Security, Quote, datetime, int | None], Fill | None]


class _HeldUp(NamedTuple):
    words: str
    blocks: bool
    """Also what only closes."""


class Working:
    """The open orders of a draft."""

    def __init__(self, draft: Draft, feed: QuoteSource, limits: GateLimits | None = None) -> None:
        self.draft = draft
        self.feed = feed
        self.limits = limits
        self.venue = PaperVenue(draft.already_taken, draft.fees, draft.venue)
        self.places: dict[str, Place] = {}
        """Where orders stand, where that is not what the log says."""
        self.released: list[str] = []
        """Children that fills of their parents let work, and that did not meet the orders that rest yet."""
        self._instruments: dict[str, Security] = {}
        self.crossing = Crossing(self)

    def instrument(self, symbol: str) -> Security:
        """Of an order that was accepted."""
        if symbol not in self._instruments:
            found = instrument_of(self.feed, symbol)
            if found is None:
                raise IntegrityError(f"an order works on {symbol}, which the feed does not know")
            self._instruments[symbol] = found
        return self._instruments[symbol]

    def place(self, order: OpenOrder) -> Place:
        """Where an order stands now."""
        return self.places.get(order.intent.client_order_id, order.place)

    def meet(self, quote: Quote) -> None:
        """Let every order on the quote's instrument meet it; those with the better limit first, then the older."""
        at = quoted_at(quote)
        if self.halted(quote.symbol, at):
            return
        here = [
            order
            for order in self.draft.orders_here()
            if order.since is not None and order.since < at and quote.symbol in order.intent.symbols
        ]
        for order in in_turn(here):
            still = self.draft.orders.order(order.intent.client_order_id)
            if still is not None and order.workable >= 1:
                self.look(still, quote, at, arriving=False)

    def look(self, order: OpenOrder, quote: Quote, at: datetime, *, arriving: bool) -> None:
        """Let one order look at a quote at `at`; `arriving` where it does so for the first time, and so may take."""
        name, known = order.intent.client_order_id, len(self.draft.events)
        why = self._looked(order, quote, at, arriving=arriving)
        if why is not None:
            self.end(name, OrderEnd(OrderState.CANCELLED, why, ()), at)
        if arriving or len(self.draft.events) > known:
            self.crossing.settle(order.intent.symbols, at)

    def _looked(self, order: OpenOrder, quote: Quote, at: datetime, *, arriving: bool) -> str | None:
        """As `look`; why the order ends, None where it does not."""
        name = order.intent.client_order_id
        if order.workable < 1:
            return None
        if order.intent.legs:
            return self.crossing.take_units(name, at, arriving=arriving)
        if order.waits_for_trigger:
            if not self._triggered(order, quote, at):
                return None
            arriving = True
        if arriving or order.intent.limit_price is None:
            return self.crossing.take(name, quote, at)
        return self._displayed(self._known(name), quote, at, self.venue.rested)

    def take_displayed(self, order: OpenOrder, quote: Quote, at: datetime, match: Match | None = None) -> str | None:
        """Let an order take what is displayed, at the touch or by `match`; why its account cannot, else None."""
        return self._displayed(order, quote, at, self.venue.taken if match is None else match)

    def _displayed(self, order: OpenOrder, quote: Quote, at: datetime, match: Match) -> str | None:
        instrument, reason = self.instrument(order.intent.symbol), None
        for at_most in self._tried(order):
            fill = match(order, instrument, quote, at, at_most)
            if fill is None:
                return None
            # The gate has just been asked about an order that does not rest, at this very touch.
            reason = None if order.accepted_at is None else self.cannot(order, fill)
            if reason is None:
                self.write(order, fill)
                self.follow(order, fill)
                return None
        return reason

    def end(self, client_order_id: str, end: OrderEnd, at: datetime) -> None:
        """End an order, and what its end means for its children."""
        order = self._known(client_order_id)
        self.draft.add(end_event(order.intent, end, at))
        for child in children(self.draft.orders.orders(), client_order_id):
            name = child.intent.client_order_id
            if child.released <= child.filled:
                filled = f", filled {child.filled}" if child.filled else ""
                reason = f"{client_order_id}, which it waits for, is {end.state}{filled}"
                self.end(name, OrderEnd(OrderState.CANCELLED, reason, ()), at)
            elif child.released < child.intent.quantity:
                self._reduce(child, child.released, f"parent-{client_order_id}", at)

    def halted(self, symbol: str, at: datetime) -> bool:
        """Whether nothing may trade or trigger on an instrument at a moment."""
        board = self.draft.orders.halts.at_venue(self.draft.venue)
        return bool(board.halts) and not board.judge((self.instrument(symbol),), at).allowed

    def _held_up(self, intent: OrderIntent, at: datetime) -> _HeldUp | None:
        """How the state of its account stands in an order's way; None where it does not."""
        standing = self.draft.orders.standings.get(intent.account)
        status, why = effective(standing, LOCAL_SIM, at)
        if status is AccountStatus.ACTIVE:
            return None
        words = f"account-state: {intent.account} is {status}{'' if why is None else f': {why}'}"
        return _HeldUp(words, status is AccountStatus.BLOCKED)

    def _known(self, client_order_id: str) -> OpenOrder:
        order = self.draft.orders.order(client_order_id)
        if order is None:
            raise IntegrityError(f"order {client_order_id} is not open")
        return order

    def _triggered(self, order: OpenOrder, quote: Quote, at: datetime) -> bool:
        """Move the level, see whether it is met, and ask the gate again where it is."""
        intent, place = order.intent, self.place(order)
        trigger, name = intent.trigger, intent.client_order_id
        if trigger is None:
            raise IntegrityError(f"order {name} waits for a trigger that it does not have")
        level = resting.level_of(order, place)
        if trigger.kind is TriggerKind.TRAILING:
            level = resting.followed(intent.side, trigger, level, quote)
            if level != place.level:
                self.places[name] = replace(place, level=level)
        if level is None or not resting.is_met(intent.side, trigger.kind, level, quote):
            return False
        self.draft.add(triggered_event(intent, level, quote, at))
        reason = ""
        checks: tuple[GateCheck, ...] = ()
        for at_most in self._tried(order):
            freed = replace(intent, quantity=min(order.workable, at_most), trigger=None)
            judged = judge(self.draft, self.feed, self.venue, freed, at, self.limits, quote=quote)
            refusal = first_refusal(judged.checks)
            if refusal is None:
                return True
            reason, checks = f"{refusal.rule}: {refusal.detail}", judged.checks
        self.end(name, OrderEnd(OrderState.REJECTED, f"triggered, then refused by {reason}", checks), at)
        return False

    def _tried(self, order: OpenOrder) -> tuple[int, ...]:
        """Quantities to try in turn: all that may work, or as far as it closes what is held or sold."""
        intent, closes = order.intent, self.closing(order)
        if intent.reduce_only or 1 <= closes < order.workable:
            return (max(1, closes),) if intent.reduce_only else (order.workable, closes)
        return (order.workable,)

    def closing(self, order: OpenOrder) -> int:
        """Contracts of an order that would close what its account holds or has sold; below one where none would."""
        intent = order.intent
        account = self.draft.book.account(intent.account)
        positions = () if account is None else account.positions
        there = next((item.quantity for item in positions if item.symbol == intent.symbol), ZERO)
        return int(-intent.side.sign * there)

    def cannot(self, order: OpenOrder, fill: Fill) -> str | None:
        """Why the account cannot take a fill; None where it can."""
        intent, instrument = order.intent, self.instrument(order.intent.priced_by)
        account = self.draft.book.account(intent.account)
        if account is None:
            return f"account-venue: account {intent.account} is not open"
        orders = self.draft.orders
        with exact_arithmetic():
            cost = signed_cost(intent.side, fill.quantity, fill.price, instrument.multiplier) + fill.fee
            free = account.cash - orders.reserved(intent.account) + order.reserved
        held_up = self._held_up(intent, fill.filled_at)
        there = next((item.quantity for item in account.positions if item.symbol == intent.symbol), ZERO)
        if intent.reduce_only and -intent.side.sign * there < fill.quantity:
            return f"reduce-only: {decimal_text(there)} held, {intent.side} {fill.quantity}"
        if held_up is not None and (held_up.blocks or -intent.side.sign * there < fill.quantity):
            return held_up.words
        if intent.lots is not None:
            if -intent.side.sign * there < fill.quantity:
                return f"lots: {decimal_text(there)} held, {intent.side} {fill.quantity}"
            missing = why_not_open(intent.lots, open_lots(account.positions, intent.symbol), order.filled)
            if missing is not None:
                return f"lots: {missing}"
        part = replace(intent, quantity=fill.quantity, parent=None)
        needs = backing_of(orders, self.feed, part, account)
        closes = not intent.legs and is_reduced(there, intent.side, fill.quantity)
        words = f"needs {decimal_text(cost)}, {decimal_text(free)} is free"
        told = backed(needs, free - cost, cost, words, closes=closes)
        return None if told.passed else f"buying-power: {told.detail}"

    def write(self, order: OpenOrder, fill: Fill) -> None:
        """A fill and its ledger entry, into the draft."""
        intent = order.intent
        if intent.legs:
            legs = {symbol: self.instrument(symbol) for symbol in intent.symbols}
            self.draft.add(*combination_events(fill, intent, self.venue.name, legs))
            return
        lots = intent.lots
        closes = () if lots is None else closed_lots(self.draft, intent, lots, order.filled, fill.quantity)
        self.draft.add(*fill_events(fill, intent, self.venue.name, self.instrument(intent.symbol), closes))

    def follow(self, order: OpenOrder, fill: Fill) -> None:
        """What a fill means for its order, for the others of its group and for its children."""
        intent = order.intent
        after = self.draft.orders.order(intent.client_order_id)
        if after is not None and after.accepted_at is not None and after.remaining == 0:
            self.end(intent.client_order_id, OrderEnd(OrderState.FILLED, None, ()), fill.filled_at)
        self.take_from_group(intent, fill)
        for child in children(self.draft.orders.orders(), intent.client_order_id):
            if not child.waits_for_trigger and child.intent.limit_price is not None:
                self.released.append(child.intent.client_order_id)

    def take_from_group(self, intent: OrderIntent, fill: Fill) -> None:
        """What was filled of one order of a group is taken from the others."""
        for sibling in siblings(self.draft.orders.orders(), intent):
            reduced = sibling.intent.quantity - fill.quantity
            self._reduce(sibling, reduced, fill.fill_id.replace("/", "-"), fill.filled_at)

    def _reduce(self, order: OpenOrder, quantity: int, amendment: str, at: datetime) -> None:
        """Make an order smaller because of another's fate; it ends where nothing is left of it."""
        name = order.intent.client_order_id
        if quantity <= order.filled:
            reason = f"nothing left of it: {amendment.replace('order-', '', 1)} took its quantity"
            self.end(name, OrderEnd(OrderState.CANCELLED, reason, ()), at)
            return
        asked = Amendment(amendment, quantity=quantity)
        self.draft.add(amended_event(order.intent, Amended(asked, order.reserve, ()), at))


def in_turn(orders: Iterable[OpenOrder]) -> list[OpenOrder]:
    """Orders without a limit first, then the better limits, of these the older; then combinations by `crossing`."""
    both = tuple(orders)
    singles = sorted((one for one in both if not one.intent.legs), key=_priority)
    return [*singles, *combinations_in_turn(one for one in both if one.intent.legs)]


def _priority(order: OpenOrder) -> tuple[int, Decimal, datetime]:
    limit, since = order.intent.limit_price, place_in_time(order)
    return (0, ZERO, since) if limit is None else (1, -order.intent.side.sign * limit, since)
