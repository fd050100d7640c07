"""Placing orders: intent, gate, venue, fills, ledger, each a durable fact before the next begins.

An order is one hold of the home's lock. Under it the venue is brought up to now, the intent is written,
the gate is asked, the venue matches, and what comes of it (fills and ledger entries, the order's end, or its
acceptance where it rests) is written in one transaction. A process that dies anywhere in between leaves a ledger that
balances; the same client order id sent again then resolves to exactly one order.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import IntegrityError, InvalidValueError, NotFilledError, RefusedError
from optionix_core.portfolio.exact import ZERO
from optionix_core.portfolio.ledger import account_opened_event, entry_event, opening_entry
from optionix_core.portfolio.values import AccountState
from optionix_core.services import answers, at_once
from optionix_core.services.combinations import preview_combination
from optionix_core.services.draft import Draft
from optionix_core.services.families import check_group, check_parent, parent_refusal, released
from optionix_core.services.judging import earlier_orders, judge, security_of
from optionix_core.services.leases import lease_until
from optionix_core.services.lifecycle import bring_up_to_date, update_under_lock
from optionix_core.services.order_json import to_json
from optionix_core.services.sizing import sized
from optionix_core.services.venue_halts import note_standing
from optionix_core.services.working import Working
from optionix_core.sync.faultpoints import reach
from optionix_core.trading import facts, resting
from optionix_core.trading.account_kinds import check_opening
from optionix_core.trading.gate import first_refusal
from optionix_core.trading.orders import OrderPreview, OrderState, Side
from optionix_core.trading.paper import PaperVenue
from optionix_core.trading.records import (
    OrderEnd,
    check_client_order_id,
    end_event,
    end_id,
    intent_event,
    intent_id,
    intent_of,
    same_order,
)
from optionix_core.trading.terms import OrderTerms, intent_of_terms
from optionix_core.trading.working_records import Accepted, accepted_event

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.venue_market import VenueMarket
    from optionix_core.services.judging import Judged
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event, LogWriter
    from optionix_core.trading.facts import Fact
    from optionix_core.trading.gate import GateLimits
    from optionix_core.trading.orders import GateCheck, OrderIntent, OrderResult

__all__ = [
    "OrderTerms",
    "bring_up_to_date",
    "decide",
    "place",
    "preview",
    "preview_terms",
    "raise_for_checks",
    "raise_for_refusal",
    "raise_for_state",
    "submit",
    "to_json",
]

OPENING_BALANCE: Final = Decimal(100_000)
"""US dollars with which a paper account opens at its first order."""
CURRENCY: Final = "USD"
_PREVIEW: Final = "preview"


def preview(
    workspace: Workspace, side: Side | str, quantity: int, symbol: str, limit_price: Decimal | None = None
) -> OrderPreview:
    """What an immediate order would do now; see `preview_terms`."""
    return preview_terms(workspace, OrderTerms(side, quantity, symbol, limit_price))


def preview_terms(workspace: Workspace, terms: OrderTerms, limits: GateLimits | None = None) -> OrderPreview:
    """What an order would do now, with every answer of the gate. Writes nothing and takes no lock.

    Of an account that is bound to another venue it is what that venue would do on the feed that is looked at here.
    Raises InvalidValueError for a malformed order, UnknownNameError for a symbol that the feed does not
    know and MissingDataError where it has no quote.
    """
    now = workspace.clock.now()
    intent = intent_of_terms(terms, workspace.account, _PREVIEW, now)
    desk, feed, store = workspace.desk, workspace.feed, workspace.store
    desk.follow(store)
    at = desk.venue_for(intent.account)
    if intent.legs:
        return preview_combination(
            workspace, intent, now, limits, unopened_account(intent.account, at), opening(intent.account, now, at)
        )
    if intent.amount is not None:
        intent = sized(feed, desk.rules.fees, intent, now)
    instrument = security_of(feed, intent.symbol)
    quote = feed.quote(intent.symbol, now)
    with desk.lock:
        draft = Draft(desk)
        venue = PaperVenue(draft.already_taken, draft.fees, at)
        limits = draft.rules.limits if limits is None else limits
        note_standing(draft, feed, intent.symbols, now)
        judged = judge(
            draft,
            feed,
            venue,
            intent,
            now,
            limits,
            quote=quote,
            account=unopened_account(intent.account, at),
            earlier=earlier_orders(store, intent, now, limits),
            lease=lease_until(workspace, at),
            parent=parent_refusal(store, intent),
            joins=True,
        )
        refused = first_refusal(judged.checks) is not None or intent.trigger is not None
        first = opening(intent.account, now, at) if draft.book.venue_of(intent.account) is None else ()
        trial = (*first, intent_event(intent))
        fills = () if refused else at_once.would_fill(draft, Working(draft, feed, limits), intent, quote, now, trial)
    fillable = sum(fill.quantity for fill in fills)
    reserve = resting.reserve_of(intent, instrument, _level(intent, judged), venue.kept(intent))
    return OrderPreview(
        intent=intent,
        quote=quote,
        price=at_once.worst_price(fills, intent.side),
        fillable=fillable,
        cost=at_once.cost_of(fills, intent, instrument),
        fees=sum((fill.fee for fill in fills), ZERO) if fills else None,
        checks=judged.checks,
        reserve=reserve.total(intent.quantity - fillable, filled=False) if intent.time_in_force.rests else ZERO,
        ends_at=judged.ends_at,
    )


def submit(
    workspace: Workspace,
    side: Side | str,
    quantity: int,
    symbol: str,
    limit_price: Decimal | None = None,
    client_order_id: str | None = None,
) -> OrderResult:
    """Place an order, immediate or cancel; see `place`."""
    return place(workspace, OrderTerms(side, quantity, symbol, limit_price), client_order_id)


def place(
    workspace: Workspace, terms: OrderTerms, client_order_id: str | None = None, limits: GateLimits | None = None
) -> OrderResult:
    """Place an order and answer how it ended or that it works; rejection is an answer, not an error.

    A client order id that was answered before is answered again from the log, as the order stands now (`replayed`);
    an order that has ended writes nothing then. Raises InvalidValueError for a malformed order and for an id that was
    used for another order, UnknownNameError for an unknown parent, HomeLockedError where the lock cannot be had.
    """
    order_id = workspace.new_order_id() if client_order_id is None else client_order_id
    check_client_order_id(order_id)
    wanted = intent_of_terms(terms, workspace.account, order_id, workspace.clock.now())
    feed, desk = workspace.feed, workspace.desk
    purpose = f"{wanted.side} {wanted.quantity or f'{wanted.amount} of'} {wanted.symbol}"
    workspace.reach_venue()
    with workspace.store.writing(purpose, workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        desk.expect_here(wanted.account)
        earlier = facts.find(log, intent_id(order_id)) if log.find(intent_id(order_id)) is not None else None
        intent = _at(wanted, now) if earlier is None else _repeated(earlier, wanted)
        if earlier is not None and facts.find(log, end_id(order_id)) is not None:
            return answers.known(log, desk.orders, intent)
        check_parent(log, intent)
        check_group(desk.orders.orders(), intent)
        update_under_lock(log, desk, workspace.venue_feed, now, going_on=order_id, limits=limits)
        known = None if earlier is None else answers.of_log(log, desk.orders, intent)
        if known is not None:
            desk.keep(log)
            return known
        if earlier is None and intent.amount is not None:
            intent = sized(feed, desk.rules.fees, intent, now)
        reach("before-gate")
        if earlier is None:
            unopened = desk.book.venue_of(intent.account) is None
            first = opening(intent.account, now, workspace.venue, workspace.venue_market) if unopened else ()
            desk.append(log, (*first, intent_event(intent)))
        reach("after-intent")
        draft = Draft(desk)
        checks = decide(draft, log, feed, intent, now, limits)
        result = answers.of_draft(draft, intent, checks)
        draft.write(log)
        desk.keep(log)
    return result


def unopened_account(account: str, venue: str) -> AccountState:
    """What an account will be when its first order opens it."""
    return AccountState(account, venue, CURRENCY, OPENING_BALANCE, OPENING_BALANCE, ZERO, ZERO)


def raise_for_state(result: OrderResult) -> None:
    """RefusedError for a rejected order, NotFilledError for one that ended without a fill."""
    if result.state is OrderState.REJECTED:
        raise_for_refusal(result.checks)
        raise RefusedError("venue", result.reason or "rejected")
    if not result.fills and not result.open:
        raise NotFilledError(f"order {result.intent.client_order_id} was not filled: {result.reason}")


def raise_for_checks(order: OrderPreview) -> None:
    """RefusedError where the gate would refuse, NotFilledError where nothing would fill and nothing would rest."""
    raise_for_refusal(order.checks)
    if not order.fillable and not order.intent.time_in_force.rests:
        raise NotFilledError("nothing would fill now at that price")


def raise_for_refusal(checks: tuple[GateCheck, ...]) -> None:
    """RefusedError where one of the gate's answers is a no."""
    refusal = next((item for item in checks if not item.passed), None)
    if refusal is not None:
        raise RefusedError(refusal.rule, refusal.detail)


def opening(account: str, now: datetime, venue: str, market: VenueMarket | None = None) -> tuple[Event, ...]:
    """The events with which the first order of an account opens it; raises as `check_opening`."""
    check_opening(account, venue)
    return (
        account_opened_event(account, venue, CURRENCY, now, market),
        entry_event(opening_entry(account, CURRENCY, OPENING_BALANCE, now)),
    )


def _at(wanted: OrderIntent, now: datetime) -> OrderIntent:
    return wanted if wanted.created_at == now else replace(wanted, created_at=now)


def _repeated(earlier: Fact, wanted: OrderIntent) -> OrderIntent:
    """The intent as first written; InvalidValueError where the id now comes with another order."""
    intent = intent_of(earlier.event)
    if intent.account != wanted.account:  # whose terms are not this account's to know
        raise InvalidValueError("client_order_id", repr(wanted.client_order_id), "unused")
    if wanted.amount is not None:
        wanted = replace(wanted, quantity=intent.quantity)
    if not same_order(intent, wanted):
        bound = f"unused, or repeat its order: {intent.side} {intent.quantity} {intent.symbol}"
        raise InvalidValueError("client_order_id", repr(wanted.client_order_id), bound)
    return intent


def decide(
    draft: Draft,
    log: LogWriter,
    feed: QuoteSource,
    intent: OrderIntent,
    now: datetime,
    limits: GateLimits | None = None,
) -> tuple[GateCheck, ...]:
    """Gate and venue: what the log will tell of the order, into the draft; answers what the gate said."""
    limits = draft.rules.limits if limits is None else limits
    note_standing(draft, feed, intent.symbols, now)
    working = Working(draft, feed, limits)
    judged = judge(
        draft,
        feed,
        working.venue,
        intent,
        now,
        limits,
        earlier=earlier_orders(log, intent, now, limits),
        parent=parent_refusal(log, intent),
        joins=True,
    )
    refusal, instrument, quote = first_refusal(judged.checks), judged.instrument, judged.quote
    if refusal is not None:
        end = OrderEnd(OrderState.REJECTED, f"{refusal.rule}: {refusal.detail}", judged.checks)
        draft.add(end_event(intent, end, now))
    elif instrument is None or quote is None:
        raise IntegrityError("the gate passed an order without an instrument or a quote")
    elif intent.time_in_force.rests:
        level = _level(intent, judged)
        accepted = Accepted(
            reserve=resting.reserve_of(intent, instrument, level, working.venue.kept(intent)),
            checks=judged.checks,
            ends_at=judged.ends_at,
            place=resting.place_of(intent, quote, level),
            released=0 if intent.parent is None else released(log, intent, intent.parent),
        )
        taken = at_once.taken_if_posted(working, intent, quote, now)
        if taken is not None:
            draft.add(end_event(intent, OrderEnd(OrderState.REJECTED, f"post-only: {taken}", judged.checks), now))
            return judged.checks
        draft.add(accepted_event(intent, accepted, now))
        order = draft.orders.order(intent.client_order_id)
        if order is not None:
            working.look(order, quote, now, arriving=True)
    else:
        at_once.match(draft, working, intent, quote, judged.checks, now)
    return judged.checks


def _level(intent: OrderIntent, judged: Judged) -> Decimal | None:
    if intent.trigger is None:
        return None
    return judged.level if intent.trigger.price is None else intent.trigger.price
