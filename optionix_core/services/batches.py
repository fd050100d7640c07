"""Many immediate orders in one act and one record of the log.

Under one hold of the home's lock the orders are judged in turn, each against the book as those before it leave it, meet
the market once and end. One record then tells all of them, so that a process that dies leaves the whole batch or
nothing. A batch that comes again is answered from the log, and so is any of its orders; an order that was answered
before stays as it is and is left out of the record. One refused order refuses no other, unless all or none is asked.

Refuses what does not end at once or hangs together with other orders: orders that rest, combinations, triggers,
parents, one-cancels groups, amounts of money and chosen lots.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from optionix_core.errors import IntegrityError, InvalidValueError, NotFilledError, RefusedError
from optionix_core.services import answers, at_touch
from optionix_core.services.draft import Draft
from optionix_core.services.judging import Earlier, Market, earlier_orders, judge
from optionix_core.services.lifecycle import update_under_lock
from optionix_core.services.trading import opening
from optionix_core.services.venue_halts import note_standing
from optionix_core.sync.faultpoints import reach
from optionix_core.trading import facts
from optionix_core.trading.batch_records import MAXIMUM_ORDERS, Batch, BatchOrder, batch_event, batch_event_id, batch_of
from optionix_core.trading.executed import Executed
from optionix_core.trading.gate import MARKET_RULES, first_refusal
from optionix_core.trading.orders import OrderResult, OrderState
from optionix_core.trading.paper import PaperVenue
from optionix_core.trading.records import (
    OrderEnd,
    check_client_order_id,
    intent_id,
    intent_of,
    same_order,
)
from optionix_core.trading.terms import intent_of_terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.services.desk import Desk
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogReader, LogWriter
    from optionix_core.trading.gate import GateLimits
    from optionix_core.trading.orders import OrderIntent, Side
    from optionix_core.trading.terms import OrderTerms

_LONGEST_ID: Final = 58
"""So that the ids of its orders, a dash and a number after it, are not too long."""


MEETS_OTHERS: Final = "it would meet orders that rest in this home, which a batch does not trade with: send it alone"
"""Why an order of a batch is cancelled where other accounts' orders or combinations wait in its instrument."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """One order of a batch as it is wanted."""

    terms: OrderTerms
    client_order_id: str | None = None
    """None: the batch's id, a dash and the order's number from 1."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch."""

    batch_id: str
    all_or_none: bool
    orders: tuple[OrderResult, ...]
    """In the order in which they were sent."""
    replayed: bool = False
    """True where this batch had been answered before and nothing was done now."""


def place_many(
    workspace: Workspace,
    wanted: Sequence[Ordered],
    batch_id: str | None = None,
    limits: GateLimits | None = None,
    *,
    all_or_none: bool = False,
) -> BatchResult:
    """Place up to `MAXIMUM_ORDERS` orders and answer how each ended; rejection is an answer, not an error.

    With `all_or_none` nothing trades unless every order is filled whole. Raises InvalidValueError, naming the row, for
    a malformed order, one that does not end at once, an id that is used twice or was used for another order, and for a
    batch id that was used for other orders; HomeLockedError where the lock cannot be had.
    """
    name = workspace.new_order_id() if batch_id is None else batch_id
    intents = _intents(workspace, wanted, name)
    desk = workspace.desk
    workspace.reach_venue()
    with workspace.store.writing(f"{len(intents)} orders", workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        desk.expect_here(workspace.account)
        again = log.find(batch_event_id(name))
        known = _known(log, intents)
        if again is not None:
            _expect_same(batch_of(again.event), intents, known, all_or_none=all_or_none)
        update_under_lock(log, desk, workspace.venue_feed, now, limits=limits)
        reach("before-gate")
        fresh = [
            intent if intent.created_at == now else replace(intent, created_at=now)
            for intent in intents
            if intent.client_order_id not in known
        ]
        done = _placed(workspace, log, fresh, now, limits, name, all_or_none=all_or_none) if fresh else {}
        desk.keep(log)
        results = tuple(
            [
                done[intent.client_order_id] if intent.client_order_id in done else _answered(log, desk, intent)
                for intent in intents
            ]
        )
    return BatchResult(name, all_or_none, results, replayed=not fresh)


def preview_many(
    workspace: Workspace,
    wanted: Sequence[Ordered],
    batch_id: str | None = None,
    limits: GateLimits | None = None,
    *,
    all_or_none: bool = False,
) -> BatchResult:
    """What `place_many` would answer now. Writes nothing, takes no lock, and does not look for ids that were used."""
    name = workspace.new_order_id() if batch_id is None else batch_id
    intents = _intents(workspace, wanted, name)
    desk, store = workspace.desk, workspace.store
    desk.follow(store)
    with desk.lock:
        now = workspace.clock.now()
        draft = _begun(workspace, intents, now)
        orders = _judged(draft, store, workspace.feed, intents, now, limits)
    if all_or_none and not _all_filled(orders):
        orders = _none(orders)
    results = tuple([answers.of_executed(order.intent, order.executed) for order in orders])
    return BatchResult(name, all_or_none, results)


def raise_for_batch(result: BatchResult) -> None:
    """As one order: RefusedError where an order was rejected, NotFilledError where one got nothing."""
    of = len(result.orders)
    refused = [order for order in result.orders if order.state is OrderState.REJECTED]
    if refused:
        refusal = first_refusal(refused[0].checks)
        rule, why = ("gate", "rejected") if refusal is None else (refusal.rule, refusal.detail)
        name = refused[0].intent.client_order_id
        raise RefusedError(rule, f"{why} (order {name}, one of {len(refused)} refused in a batch of {of})")
    empty = [order for order in result.orders if not order.fills]
    if empty:
        name, reason = empty[0].intent.client_order_id, empty[0].reason
        raise NotFilledError(f"order {name} was not filled: {reason} (one of {len(empty)} unfilled in a batch of {of})")


def _intents(workspace: Workspace, wanted: Sequence[Ordered], name: str) -> list[OrderIntent]:
    check_client_order_id(name)
    if len(name) > _LONGEST_ID:
        raise InvalidValueError("batch_id", repr(name), f"of {_LONGEST_ID} characters at most")
    if not 1 <= len(wanted) <= MAXIMUM_ORDERS:
        raise InvalidValueError("orders", len(wanted), f"1 to {MAXIMUM_ORDERS} in a batch")
    now = workspace.clock.now()
    found: list[OrderIntent] = []
    names: set[str] = set()
    for row, order in enumerate(wanted):
        order_id = f"{name}-{row + 1}" if order.client_order_id is None else order.client_order_id
        try:
            check_client_order_id(order_id)
            intent = intent_of_terms(order.terms, workspace.account, order_id, now)
            _check_immediate(intent)
        except InvalidValueError as error:
            raise InvalidValueError(error.field, error.value, error.bound, row) from error
        if order_id in names:
            raise InvalidValueError("client_order_id", repr(order_id), "of one order of the batch only", row)
        names.add(order_id)
        found.append(intent)
    return found


def _check_immediate(intent: OrderIntent) -> None:
    if intent.time_in_force.rests:
        raise InvalidValueError("time_in_force", intent.time_in_force, "IOC or FOK in a batch")
    if intent.legs:
        raise InvalidValueError("legs", intent.symbol, "absent in a batch")
    for field in ("parent", "one_cancels", "amount", "lots"):
        if getattr(intent, field) is not None:
            raise InvalidValueError(field, repr(getattr(intent, field)), "absent in a batch")


def _expect_same(batch: Batch, intents: Sequence[OrderIntent], known: set[str], *, all_or_none: bool) -> None:
    """All that is asked is known, and the batch is among it."""
    mine = {intent.client_order_id for intent in intents}
    told = {order.intent.client_order_id for order in batch.orders}
    if batch.all_or_none is not all_or_none or known != mine or not told <= mine:
        raise InvalidValueError("batch_id", repr(batch.batch_id), "unused, or repeat its orders")


def _known(log: LogWriter, intents: Sequence[OrderIntent]) -> set[str]:
    """Client order ids that were used before; InvalidValueError where one was used for another order."""
    used = log.find_many([intent_id(intent.client_order_id) for intent in intents])
    for row, intent in enumerate(intents if used else ()):
        name = intent_id(intent.client_order_id)
        earlier = facts.find(log, name) if name in used else None
        if earlier is None:
            continue
        before = intent_of(earlier.event)
        if not same_order(before, intent):
            bound = f"unused, or repeat its order: {before.side} {before.quantity} {before.symbol}"
            raise InvalidValueError("client_order_id", repr(intent.client_order_id), bound, row)
    return {intent.client_order_id for intent in intents if intent_id(intent.client_order_id) in used}


def _answered(log: LogWriter, desk: Desk, intent: OrderIntent) -> OrderResult:
    earlier = facts.find(log, intent_id(intent.client_order_id))
    return answers.known(log, desk.orders, intent if earlier is None else intent_of(earlier.event))


def _placed(
    workspace: Workspace,
    log: LogWriter,
    intents: Sequence[OrderIntent],
    now: datetime,
    limits: GateLimits | None,
    name: str,
    *,
    all_or_none: bool,
) -> dict[str, OrderResult]:
    account = intents[0].account
    draft = _begun(workspace, intents, now)
    orders = _judged(draft, log, workspace.feed, intents, now, limits)
    if all_or_none and not _all_filled(orders):
        draft, orders = _begun(workspace, intents, now), _none(orders)
    batch = Batch(name, account, draft.venue, all_or_none, orders)
    draft.settle(log, batch_event(batch, now))
    return {order.intent.client_order_id: answers.of_executed(order.intent, order.executed) for order in orders}


def _begun(workspace: Workspace, intents: Sequence[OrderIntent], now: datetime) -> Draft:
    """A draft in which the account is open, and the venue's own halts that stand are told."""
    draft, account = Draft(workspace.desk), intents[0].account
    if draft.book.venue_of(account) is None:
        draft.add(*opening(account, now, workspace.venue, workspace.venue_market))
    note_standing(draft, workspace.feed, dict.fromkeys(intent.symbol for intent in intents), now)
    return draft


def _judged(
    draft: Draft,
    log: LogReader,
    feed: QuoteSource,
    intents: Sequence[OrderIntent],
    now: datetime,
    limits: GateLimits | None,
) -> tuple[BatchOrder, ...]:
    """Every order in turn: what the gate says with those before it in the book, and what the market gives."""
    venue = PaperVenue(draft.already_taken, draft.fees, draft.venue)
    bounds = draft.rules.limits if limits is None else limits
    repeats = bounds.duplicate_within is not None or bounds.maximum_orders is not None
    markets: dict[tuple[str, Side], Market] = {}
    orders: list[BatchOrder] = []
    for intent in intents:
        earlier = _earlier(log, intent, now, bounds, orders) if repeats else None
        market = markets.get((intent.symbol, intent.side))
        judged = judge(draft, feed, venue, intent, now, limits, earlier=earlier, market=market)
        refusal, instrument, quote = first_refusal(judged.checks), judged.instrument, judged.quote
        if refusal is not None:
            end = OrderEnd(OrderState.REJECTED, f"{refusal.rule}: {refusal.detail}", judged.checks)
            orders.append(_ended(intent, end))
            continue
        if instrument is None or quote is None:
            raise IntegrityError("the gate passed an order without an instrument or a quote")
        if market is None:
            same = tuple([item for item in judged.checks if item.rule in MARKET_RULES])
            markets[intent.symbol, intent.side] = Market(quote, same)
        if not at_touch.meets_nothing_else(draft.orders, intent):
            orders.append(_ended(intent, OrderEnd(OrderState.CANCELLED, MEETS_OTHERS, judged.checks)))
            continue
        done = at_touch.execute(venue, intent, instrument, quote, judged.checks, now)
        if done.fills:
            draft.take(done, now)
        orders.append(BatchOrder(intent, done))
    return tuple(orders)


def _earlier(
    log: LogReader, intent: OrderIntent, now: datetime, limits: GateLimits, before: Sequence[BatchOrder]
) -> Earlier:
    """What limits on repetition count: orders of the log, and those of the batch that came before."""
    found = earlier_orders(log, intent, now, limits)
    twin = any(
        same_order(replace(order.intent, client_order_id=intent.client_order_id), intent) for order in reversed(before)
    )
    return Earlier(now if twin else found.twin_at, found.recent + len(before))


def _ended(intent: OrderIntent, end: OrderEnd) -> BatchOrder:
    done = Executed(intent.client_order_id, intent.account, intent.side, intent.symbol, end, (), ())
    return BatchOrder(intent, done)


def _all_filled(orders: Sequence[BatchOrder]) -> bool:
    return all(order.executed.end.state is OrderState.FILLED for order in orders)


def _none(orders: Sequence[BatchOrder]) -> tuple[BatchOrder, ...]:
    """The orders where nothing trades, because one of them would not have been filled whole."""
    first = next(order for order in orders if order.executed.end.state is not OrderState.FILLED)
    end = first.executed.end
    why = f"all or none: {first.intent.client_order_id} is {end.state}" + (f", {end.reason}" if end.reason else "")
    return tuple(
        order
        if order.executed.end.state is OrderState.REJECTED
        else _ended(order.intent, OrderEnd(OrderState.CANCELLED, why, order.executed.end.checks))
        for order in orders
    )
