"""Orders after they were placed: other terms, an end by the user, and how each stands.

Each act brings the venue up to now first, so that a fill which came before an amendment or a cancellation wins. An
amendment is asked of the gate as a new order would be, without what the order keeps itself. Refuses to touch an order
of another account, and one that has ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.services import answers
from optionix_core.services.draft import Draft
from optionix_core.services.judging import halted, judge, quote_of
from optionix_core.services.lifecycle import bring_up_to_date_where_free, update_under_lock
from optionix_core.services.working import Working
from optionix_core.trading import facts, resting
from optionix_core.trading.gate import GateLimits, first_refusal
from optionix_core.trading.lots_wanted import left_of
from optionix_core.trading.open_order import OpenOrder, amended_terms
from optionix_core.trading.orders import Amendment, GateCheck, OrderIntent, OrderResult, OrderState
from optionix_core.trading.records import (
    END_STATES,
    INTENT,
    OrderEnd,
    check_client_order_id,
    end_id,
    end_of,
    intent_id,
    intent_of,
)
from optionix_core.trading.terms import check_places, check_price, check_quantity
from optionix_core.trading.working_records import Amended, amended_event, amended_of, amendment_id

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.desk import Desk
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event, LogReader, LogWriter, Record

CANCELLED: Final = "cancelled on request"
"""Reason of an order that its user ended."""


@dataclass(frozen=True, slots=True)
class AmendedOrder:
    """What became of an amendment: refused where a check failed, and the order then stands as it stood."""

    order: OrderResult
    amendment: Amendment
    checks: tuple[GateCheck, ...]
    replayed: bool = False
    """True where this amendment had been answered before."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of an order."""

    seq: int
    id: str
    type: str
    time: datetime


@dataclass(frozen=True, slots=True)
class OrderStory:
    """An order as it stands, and how it came there."""

    order: OrderResult
    happenings: tuple[Happening, ...]


def cancel(workspace: Workspace, client_order_id: str, *, dry_run: bool = False) -> OrderResult:
    """End an order that works; its children end with it as far as nothing released them.

    An order that was cancelled before is answered as it stands. Raises UnknownNameError for an unknown id and
    InvalidValueError for an order that ended otherwise. `dry_run` answers the order that would be cancelled.
    """
    if dry_run:
        found = show(workspace, client_order_id).order
        if not found.open:
            raise over(client_order_id, found.state)
        return found
    desk = workspace.desk
    workspace.reach_venue()
    with workspace.store.writing(f"cancel {client_order_id}", workspace.lock_timeout) as log, desk.lock:
        now = _begin(log, workspace)
        intent = _intent(log, desk, workspace.account, client_order_id)
        ended = facts.find(log, end_id(client_order_id))
        if ended is not None:
            end = end_of(ended.event)
            if end.state is not OrderState.CANCELLED:
                raise over(client_order_id, end.state)
            return answers.known(log, desk.orders, intent)
        draft = Draft(desk)
        Working(draft, workspace.venue_feed).end(client_order_id, OrderEnd(OrderState.CANCELLED, CANCELLED, ()), now)
        draft.write(log)
        desk.keep(log)
        return replace(answers.known(log, desk.orders, intent), replayed=False)


def is_cancellation(event: Event) -> bool:
    """Whether an event ends an order because its user asked for that."""
    if event.type not in END_STATES:
        return False
    end = end_of(event)
    return end.state is OrderState.CANCELLED and end.reason == CANCELLED


def amend(
    workspace: Workspace,
    client_order_id: str,
    asked: Amendment,
    limits: GateLimits | None = None,
    *,
    dry_run: bool = False,
) -> AmendedOrder:
    """Give an order that works other terms; what they let it take is taken at once.

    A smaller quantity alone keeps the order's place. The same amendment id is one amendment, however often it is sent.
    Raises InvalidValueError for terms that the order does not have or that change nothing, for a quantity that is
    filled already, for an id that was used for other terms and for an order that has ended; UnknownNameError for an
    unknown id.
    `dry_run` answers what the gate says, and writes nothing.
    """
    check_client_order_id(asked.amendment_id)
    _check_asked(asked)
    desk = workspace.desk
    if dry_run:
        bring_up_to_date_where_free(workspace)
        desk.follow(workspace.store)
        with desk.lock:
            desk.expect_here(workspace.account)
            order = _open(workspace.store, desk, workspace.account, client_order_id)
            draft = Draft(desk)
            _, checks = _judged(draft, workspace, order, asked, workspace.clock.now(), limits)
            return AmendedOrder(answers.known(workspace.store, desk.orders, order.intent), asked, checks)
    workspace.reach_venue()
    with workspace.store.writing(f"amend {client_order_id}", workspace.lock_timeout) as log, desk.lock:
        now = _begin(log, workspace)
        intent = _intent(log, desk, workspace.account, client_order_id)
        earlier = log.find(amendment_id(client_order_id, asked.amendment_id))
        if earlier is not None:
            return _repeated(log, desk, intent, earlier, asked)
        order = _open(log, desk, workspace.account, client_order_id)
        draft = Draft(desk)
        amended, checks = _judged(draft, workspace, order, asked, now, limits)
        draft.add(amended_event(order.intent, amended, now))
        fresh = draft.orders.order(client_order_id)
        if first_refusal(checks) is None and fresh is not None and not asked.keeps_place(order.intent):
            quote = quote_of(workspace.venue_feed, fresh.intent.symbols[0], now)
            if quote is not None:
                Working(draft, workspace.venue_feed, limits).look(fresh, quote, now, arriving=True)
        draft.write(log)
        desk.keep(log)
        return AmendedOrder(replace(answers.known(log, desk.orders, intent), replayed=False), asked, checks)


def listing(workspace: Workspace, *, all_accounts: bool = False, ended: bool = False) -> tuple[OrderResult, ...]:
    """Orders that work, in the order in which they were wanted; with `ended` all that ever were."""
    bring_up_to_date_where_free(workspace)
    store, desk = workspace.store, workspace.desk
    desk.follow(store)
    with desk.lock:
        if ended:
            intents = [intent_of(event) for _, event in facts.read(store) if event.type == INTENT]
        else:
            intents = [order.intent for order in desk.orders.orders()]
        mine = [intent for intent in intents if all_accounts or intent.account == workspace.account]
        found = (answers.of_log(store, desk.orders, intent) for intent in mine)
        return tuple(as_halted(workspace, order) for order in found if order is not None)


def show(workspace: Workspace, client_order_id: str) -> OrderStory:
    """One order and all of its events. Raises UnknownNameError for an unknown id."""
    bring_up_to_date_where_free(workspace)
    store, desk = workspace.store, workspace.desk
    desk.follow(store)
    with desk.lock:
        intent = _intent(store, desk, workspace.account, client_order_id)
        order = answers.of_log(store, desk.orders, intent)
        if order is None:
            raise InvalidValueError("order", repr(client_order_id), "answered by the gate; send it again")
        first = facts.find(store, intent_id(client_order_id))
        happenings = tuple(
            Happening(seq, event.id, event.type, event.time)
            for seq, event in facts.read(store, 0 if first is None else first.seq - 1)
            if event.payload.get("client_order_id") == client_order_id
        )
        order = as_halted(workspace, order)
    return OrderStory(order, happenings)


def standing(workspace: Workspace, client_order_id: str, account: str | None = None) -> OrderResult | None:
    """An order of `account` as the log has it; None where there is none, or the gate has not answered.

    Without `account` it is the workspace's. Brings nothing up to now. InvalidValueError for another account's order.
    """
    store, desk = workspace.store, workspace.desk
    desk.follow(store)
    with desk.lock:
        if facts.find(store, intent_id(client_order_id)) is None:
            return None
        intent = _intent(store, desk, workspace.account if account is None else account, client_order_id)
        return answers.of_log(store, desk.orders, intent)


def as_halted(workspace: Workspace, order: OrderResult) -> OrderResult:
    """The order, suspended where it works on what is halted now."""
    if order.state not in (OrderState.WORKING, OrderState.PARTIALLY_FILLED):
        return order
    desk = workspace.desk
    board = desk.orders.halts.at_venue(desk.venue_for(order.intent.account))
    why = halted(board, workspace.venue_feed, order.intent, workspace.clock.now())
    return order if why is None else replace(order, state=OrderState.SUSPENDED, reason=why)


def _begin(log: LogWriter, workspace: Workspace) -> datetime:
    now = workspace.clock.now()
    workspace.desk.follow(log)
    workspace.desk.expect_here(workspace.account)
    update_under_lock(log, workspace.desk, workspace.venue_feed, now)
    return now


def _intent(log: LogReader, desk: Desk, account: str, client_order_id: str) -> OrderIntent:
    found = facts.find(log, intent_id(client_order_id))
    if found is None:
        known = tuple(o.intent.client_order_id for o in desk.orders.orders() if o.intent.account == account)
        raise UnknownNameError("order", client_order_id, known[:5])
    intent = intent_of(found.event)
    if intent.account != account:
        raise InvalidValueError("account", account, f"{intent.account}, which order {client_order_id} belongs to")
    return intent


def _open(log: LogReader, desk: Desk, account: str, client_order_id: str) -> OpenOrder:
    intent = _intent(log, desk, account, client_order_id)
    order = desk.orders.order(client_order_id)
    if order is None or order.accepted_at is None:
        ended = facts.find(log, end_id(intent.client_order_id))
        raise over(client_order_id, OrderState.INTENT if ended is None else end_of(ended.event).state)
    return order


def over(client_order_id: str, state: OrderState) -> InvalidValueError:
    """The error of an act on an order that has ended."""
    return InvalidValueError("order", f"{client_order_id}: {state}", "working or held")


def _check_asked(asked: Amendment) -> None:
    if asked.quantity is None and asked.limit_price is None and asked.trigger_price is None:
        raise InvalidValueError("amendment", "nothing", "a quantity, a limit price or a trigger price")
    if asked.quantity is not None:
        check_quantity(asked.quantity)
    if asked.limit_price is not None:
        if not asked.limit_price.is_finite():
            raise InvalidValueError("limit_price", asked.limit_price, "finite")
        check_places("limit_price", asked.limit_price)
    check_price("trigger_price", asked.trigger_price)


def _judged(
    draft: Draft, workspace: Workspace, order: OpenOrder, asked: Amendment, now: datetime, limits: GateLimits | None
) -> tuple[Amended, tuple[GateCheck, ...]]:
    """What the gate says to the amended order, and the event that would tell of it."""
    intent, name = order.intent, order.intent.client_order_id
    if not intent.legs:
        check_price("limit_price", asked.limit_price)
    if asked.quantity is not None and asked.quantity <= order.filled:
        raise InvalidValueError("quantity", asked.quantity, f"above {order.filled}, which is filled; or cancel {name}")
    if asked.limit_price is not None and intent.limit_price is None:
        raise InvalidValueError("limit_price", asked.limit_price, f"absent: {name} is a {intent.order_type} order")
    if asked.trigger_price is not None and (
        not order.waits_for_trigger or intent.trigger is None or intent.trigger.price is None
    ):
        state = "was triggered" if order.triggered_at is not None else f"is a {intent.order_type} order"
        raise InvalidValueError("trigger_price", asked.trigger_price, f"absent: {name} {state}")
    named = 0 if intent.lots is None else sum(int(pick.quantity) for pick in intent.lots.named)
    if named and asked.quantity is not None and asked.quantity > named:
        raise InvalidValueError("quantity", asked.quantity, f"{named} or less, which the lots of {name} add up to")
    terms = amended_terms(intent, asked)
    if terms == intent:
        raise InvalidValueError("amendment", "the terms that the order has", "other terms")
    feed = workspace.venue_feed
    working = Working(draft, feed, limits)
    # A trigger that was met is not judged again: what is left is a plain order.
    left = replace(
        terms,
        quantity=terms.quantity - order.filled,
        trigger=None if order.triggered_at else terms.trigger,
        lots=None if terms.lots is None else left_of(terms.lots, order.filled),
    )
    judged = judge(draft, feed, working.venue, left, now, limits)
    if first_refusal(judged.checks) is not None or judged.instrument is None:
        return Amended(asked, order.reserve, judged.checks), judged.checks
    level = resting.level_of(replace(order, intent=terms), order.place)
    reserve = resting.reserve_of(terms, judged.instrument, level, working.venue.kept(terms))
    return Amended(asked, reserve, judged.checks), judged.checks


def _repeated(log: LogReader, desk: Desk, intent: OrderIntent, earlier: Record, asked: Amendment) -> AmendedOrder:
    told = amended_of(earlier.event)
    if told.amendment != asked:
        raise InvalidValueError("amendment_id", repr(asked.amendment_id), "unused, or repeat its terms")
    return AmendedOrder(answers.known(log, desk.orders, intent), asked, told.checks, replayed=True)
