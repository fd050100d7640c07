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
from optionix_core.portfolio.combination import TradeLeg, combination_entry
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import entry_event, trade_entry
from optionix_core.services.combination_fills import combination_events, meeting
from optionix_core.services.judging import backing_of, instrument_of, judge
from optionix_core.trading import resting
from optionix_core.trading.account_standing import AccountStatus, effective
from optionix_core.trading.backing import is_reduced
from optionix_core.trading.claims import children, siblings
from optionix_core.trading.gate import first_refusal
from optionix_core.trading.gate_power import backed
from optionix_core.trading.gate_terms import open_lots
from optionix_core.trading.lots_wanted import closes_of, why_not_open
from optionix_core.trading.orders import Amendment, OrderState, TriggerKind
from optionix_core.trading.paper import PaperVenue, signed_cost
from optionix_core.trading.records import OrderEnd, end_event, fill_event
from optionix_core.trading.touch import quoted_at
from optionix_core.trading.working_records import Amended, Place, amended_event, triggered_event

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.instruments import Security
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.market.quote import Quote
    from optionix_core.portfolio.values import LedgerEntry, LotPick
    from optionix_core.services.draft import Draft
    from optionix_core.sync.event import Event
    from optionix_core.trading.fold import OpenOrder
    from optionix_core.trading.gate import GateLimits
    from optionix_core.trading.orders import Fill, GateCheck, LotsWanted, OrderIntent


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
        self.venue = PaperVenue(draft.already_taken, draft.fees)
        self.places: dict[str, Place] = {}
        """Where orders stand, where that is not what the log says."""
        self._instruments: dict[str, Security] = {}

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
        if self._halted(quote.symbol, at):
            return
        here = [
            order
            for order in self.draft.orders.orders()
            if order.since is not None and order.since < at and quote.symbol in order.intent.symbols
        ]
        for order in sorted(here, key=_priority):
            still = self.draft.orders.order(order.intent.client_order_id)
            if still is not None and order.workable >= 1:
                self.look(still, quote, at, arriving=False)

    def look(self, order: OpenOrder, quote: Quote, at: datetime, *, arriving: bool) -> None:
        """Let one order look at a quote at `at`; `arriving` where it does so for the first time, and so may take."""
        if order.workable < 1:
            return
        if order.intent.legs:
            self._look_at_legs(order, at)
            return
        if order.waits_for_trigger:
            if not self._triggered(order, quote, at):
                return
            arriving = True
        name = order.intent.client_order_id
        order = self._known(name)
        takes = arriving or order.intent.limit_price is None
        instrument = self.instrument(order.intent.symbol)
        match = self.venue.taken if takes else self.venue.rested
        fill, reason = None, None
        for at_most in self._tried(order):
            fill = match(order, instrument, quote, at, at_most)
            reason = None if fill is None else self._cannot(order, fill, instrument)
            if reason is None:
                break
        if fill is None:
            return
        if reason is not None:
            self.end(name, OrderEnd(OrderState.CANCELLED, reason, ()), at)
            return
        self._fill(order, fill, instrument)

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

    def _halted(self, symbol: str, at: datetime) -> bool:
        """Whether nothing may trade or trigger on an instrument at a moment."""
        board = self.draft.orders.halts
        return bool(board.halts) and not board.judge((self.instrument(symbol),), at).allowed

    def _held_up(self, intent: OrderIntent, at: datetime) -> _HeldUp | None:
        """How the state of its account stands in an order's way; None where it does not."""
        standing = self.draft.orders.standings.get(intent.account)
        status, why = effective(standing, self.venue.name, at)
        if status is AccountStatus.ACTIVE:
            return None
        words = f"account-state: {intent.account} is {status}{'' if why is None else f': {why}'}"
        return _HeldUp(words, status is AccountStatus.BLOCKED)

    def _look_at_legs(self, order: OpenOrder, at: datetime) -> None:
        """Let a combination meet the quotes that its legs have at `at`."""
        intent, name = order.intent, order.intent.client_order_id
        fill = meeting(self.feed, self.venue, order, at)
        if fill is None or any(self._halted(symbol, at) for symbol in intent.symbols):
            return
        account, instrument = self.draft.book.account(intent.account), self.instrument(intent.priced_by)
        if account is None:
            raise IntegrityError(f"order {name} works for account {intent.account}, which is not open")
        orders = self.draft.orders
        with exact_arithmetic():
            cost = signed_cost(intent.side, fill.quantity, fill.price, instrument.multiplier) + fill.fee
            free = account.cash - orders.reserved(intent.account) + order.reserved
        held_up = self._held_up(intent, at)
        needs = backing_of(orders, self.feed, replace(intent, quantity=fill.quantity), account)
        words = f"needs {decimal_text(cost)}, {decimal_text(free)} is free"
        told = backed(needs, free - cost, cost, words, closes=False)
        if held_up is not None or not told.passed:
            reason = f"buying-power: {told.detail}" if held_up is None else held_up.words
            self.end(name, OrderEnd(OrderState.CANCELLED, reason, ()), at)
            return
        legs = {symbol: self.instrument(symbol) for symbol in intent.symbols}
        self.draft.add(*combination_events(fill, intent, self.venue.name, legs))
        if self._known(name).remaining == 0:
            self.end(name, OrderEnd(OrderState.FILLED, None, ()), at)

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
        intent = order.intent
        account = self.draft.book.account(intent.account)
        positions = () if account is None else account.positions
        there = next((item.quantity for item in positions if item.symbol == intent.symbol), ZERO)
        closes = int(-intent.side.sign * there)
        if intent.reduce_only or 1 <= closes < order.workable:
            return (max(1, closes),) if intent.reduce_only else (order.workable, closes)
        return (order.workable,)

    def _cannot(self, order: OpenOrder, fill: Fill, instrument: Security) -> str | None:
        """Why the account cannot take a fill; None where it can."""
        intent = order.intent
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
        closes = is_reduced(there, intent.side, fill.quantity)
        words = f"needs {decimal_text(cost)}, {decimal_text(free)} is free"
        told = backed(needs, free - cost, cost, words, closes=closes)
        return None if told.passed else f"buying-power: {told.detail}"

    def _fill(self, order: OpenOrder, fill: Fill, instrument: Security) -> None:
        intent, at = order.intent, fill.filled_at
        lots = intent.lots
        closes = () if lots is None else closed_lots(self.draft, intent, lots, order.filled, fill.quantity)
        self.draft.add(*fill_events(fill, intent, self.venue.name, instrument, closes))
        after = self._known(intent.client_order_id)
        if after.remaining == 0:
            self.end(intent.client_order_id, OrderEnd(OrderState.FILLED, None, ()), at)
        self.take_from_group(intent, fill)

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


def fill_events(
    fill: Fill, intent: OrderIntent, venue: str, instrument: Security, closes: tuple[LotPick, ...] = ()
) -> tuple[Event, Event]:
    """A fill and its ledger entry; `closes` are the lots that it names."""
    if closes:
        return fill_event(fill, intent), entry_event(_entry_of_lots(fill, intent, venue, instrument, closes))
    entry = trade_entry(
        entry_id=f"{fill.fill_id}/entry",
        account=intent.account,
        venue=venue,
        symbol=intent.symbol,
        currency=instrument.currency,
        quantity=Decimal(intent.side.sign * fill.quantity),
        price=fill.price,
        multiplier=instrument.multiplier,
        fee=fill.fee,
        time=fill.filled_at,
        cause=fill.fill_id,
    )
    return fill_event(fill, intent), entry_event(entry)


def _entry_of_lots(
    fill: Fill, intent: OrderIntent, venue: str, instrument: Security, closes: tuple[LotPick, ...]
) -> LedgerEntry:
    quantity = Decimal(intent.side.sign * fill.quantity)
    leg = TradeLeg(intent.symbol, quantity, fill.price, instrument.multiplier, instrument.currency, closes)
    return combination_entry(
        entry_id=f"{fill.fill_id}/entry",
        account=intent.account,
        venue=venue,
        legs=[leg],
        fee=fill.fee,
        time=fill.filled_at,
        cause=fill.fill_id,
    )


def closed_lots(
    draft: Draft, intent: OrderIntent, wanted: LotsWanted, filled: int, quantity: int
) -> tuple[LotPick, ...]:
    """The lots that a fill of an order closes by name, once `filled` of it are filled."""
    account = draft.book.account(intent.account)
    lots = () if account is None else open_lots(account.positions, intent.symbol)
    return closes_of(wanted, lots, filled, quantity)


def _priority(order: OpenOrder) -> tuple[int, Decimal]:
    """Orders without a limit first, then the better limits, then combinations; the sort keeps the older first."""
    limit = order.intent.limit_price
    if order.intent.legs:
        return (2, ZERO)
    return (0, ZERO) if limit is None else (1, -order.intent.side.sign * limit)
