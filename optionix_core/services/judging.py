"""The gate's facts, gathered: what feed, book and open orders say about an order at a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import MissingDataError, RefusedError, UnknownNameError
from optionix_core.market.protocols import ListsShares, TellsSessions
from optionix_core.market.symbols import is_share
from optionix_core.portfolio.exact import ZERO, add, multiply, subtract
from optionix_core.services.limit_answers import set_answers
from optionix_core.trading import facts as log_facts
from optionix_core.trading import resting
from optionix_core.trading.account_standing import effective
from optionix_core.trading.backing import backing
from optionix_core.trading.claims import claimed, coming
from optionix_core.trading.combination import leg_side
from optionix_core.trading.gate import LOCAL_SIM, GateFacts, GateLimits, check
from optionix_core.trading.limits import LimitQuestion
from optionix_core.trading.orders import Side, TimeInForce, TriggerKind
from optionix_core.trading.records import INTENT, intent_of, same_order
from optionix_core.trading.touch import quoted_at, touch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from optionix_core.market.instruments import Security
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.market.quote import Quote
    from optionix_core.portfolio.values import AccountState
    from optionix_core.services.draft import Draft
    from optionix_core.sync.event import LogReader
    from optionix_core.trading.backing import Backing
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.halts import HaltBoard
    from optionix_core.trading.limits import Figures
    from optionix_core.trading.orders import GateCheck, OrderIntent
    from optionix_core.trading.paper import PaperVenue

LOOKED_BACK: Final = 2000
"""Records at the end of the log in which earlier orders are looked for."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The gate's answers, and what they were made from."""

    checks: tuple[GateCheck, ...]
    instrument: Security | None
    quote: Quote | None
    ends_at: datetime | None
    level: Decimal | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What limits on repetition ask of the log."""

    twin_at: datetime | None = None
    recent: int = 0


class Market(NamedTuple):
    """What an order met of its instrument, market and venue."""

    quote: Quote
    answers: tuple[GateCheck, ...]
    """Of the gate's rules that ask after these alone."""


_NOTHING_EARLIER: Final = Earlier()


def judge(
    draft: Draft,
    feed: QuoteSource,
    venue: PaperVenue,
    intent: OrderIntent,
    now: datetime,
    limits: GateLimits | None = None,
    *,
    quote: Quote | None = None,
    account: AccountState | None = None,
    earlier: Earlier | None = None,
    parent: str | None = None,
    joins: bool = False,
    market: Market | None = None,
    lease: datetime | None = None,
) -> Judged:
    """Ask the gate about `intent` at `now`, against `quote` or the feed's own where none is given.

    `account` stands in for one that is not open yet. An order that is open already is judged without what it keeps
    itself; `joins` tells that it is not, and so would join its one-cancels group now. `market` is what a former order
    of the same account, side and instrument met at this very moment, in place of asking again. `lease`:
    until when a venue that is not here lets this device open anything.
    """
    if market is not None:
        quote = market.quote
    quotes: dict[str, Quote] = {}
    if intent.legs:
        legs = {symbol: found for symbol in intent.symbols if (found := instrument_of(feed, symbol)) is not None}
        quotes = quotes_of(feed, intent, now)
        whole = len(legs) == len(intent.legs)
        instrument = first_to_end(legs) if whole else None
        seen = min(quotes.values(), key=quoted_at) if len(quotes) == len(intent.legs) else None
    else:
        instrument = instrument_of(feed, intent.symbol)
        legs = {} if instrument is None else {intent.symbol: instrument}
        seen = quote_of(feed, intent.symbol, now) if quote is None else quote
    orders, before = draft.orders, _NOTHING_EARLIER if earlier is None else earlier
    bounds = draft.rules.limits if limits is None else limits
    own = orders.order(intent.client_order_id)
    reserved = orders.reserved(intent.account)
    if own is not None and own.accepted_at is not None:
        reserved = subtract(reserved, own.reserved)
    ends_at = None if instrument is None or not intent.time_in_force.rests else end_of(feed, intent, instrument, now)
    level = _starting_level(intent, seen)
    owner = draft.book.account(intent.account) or account
    # A venue that is here leases nothing to itself.
    leasing = LOCAL_SIM if venue.name == draft.venue else venue.name
    status, why = effective(orders.standings.get(intent.account), leasing, now, lease)
    facts = GateFacts(
        now=now,
        account=owner,
        venue=venue.name,
        feed_state=feed.state,
        stale_after=feed.stale_after,
        market_open=feed.is_open(now),
        instrument=instrument,
        quote=seen,
        fee=None if instrument is None else _fee(venue, intent, legs, quotes if intent.legs else {intent.symbol: seen}),
        ends_at=ends_at,
        level=level,
        reserved=reserved,
        legs=legs if intent.legs else {},
        quotes=quotes,
        claimed=claimed(orders.orders(), intent),
        coming=coming(None if intent.parent is None else orders.order(intent.parent), intent),
        backing=None if owner is None else backing_of(orders, feed, intent, owner),
        parent=parent,
        twin_at=before.twin_at,
        recent=before.recent,
        untradable=None if instrument is not None else why_untradable(feed, intent),
        group_filled=orders.group_filled(intent.account, intent.one_cancels) if joins and intent.one_cancels else 0,
        halted=halted(orders.halts.at_venue(venue.name), feed, intent, now),
        killed=orders.kill.in_force,
        status=status,
        status_reason=why,
        figures=_figures(draft, feed, intent, owner, bounds, now) if bounds.book_limits else {},
        set_limits=() if owner is None or _of_a_kill(draft, intent) else set_answers(draft, feed, intent, owner, now),
    )
    answers = check(intent, facts, bounds, None if market is None else market.answers)
    return Judged(answers, instrument, seen, ends_at, level)


def _figures(
    draft: Draft,
    feed: QuoteSource,
    intent: OrderIntent,
    account: AccountState | None,
    limits: GateLimits,
    now: datetime,
) -> Figures:
    """What the engine says of the limits that are set, as far as it can judge them."""
    engine = draft.engine
    if engine is None or account is None:
        return {}
    kinds = engine.kinds & {limit.kind for limit in limits.book_limits}
    others = tuple(
        order
        for order in draft.orders.orders()
        if order.intent.account == intent.account and order.intent.client_order_id != intent.client_order_id
    )
    return engine.figures(LimitQuestion(now, account, others, intent, feed), kinds) if kinds else {}


def first_to_end(legs: Mapping[str, Security]) -> Security:
    """The option of a combination's legs that expires first; it prices the combination."""
    return min(
        (one for one in legs.values() if one.expires_at is not None), key=lambda one: (one.expires_at, one.symbol)
    )


def _fee(
    venue: PaperVenue, intent: OrderIntent, legs: Mapping[str, Security], quotes: Mapping[str, Quote | None]
) -> Decimal:
    """What the whole order would cost in fees, at its limit or else at the touch; where it has neither, at no price."""
    flat = None if intent.legs else venue.fees.of(intent.symbol).flat
    if flat is not None:
        return multiply(flat, Decimal(intent.quantity))
    flat = None if intent.legs else venue.fees.of(intent.symbol).flat
    if flat is not None:
        return multiply(flat, Decimal(intent.quantity))
    total = ZERO
    sides = [(leg.symbol, leg_side(intent.side, leg), abs(leg.ratio) * intent.quantity) for leg in intent.legs]
    for symbol, side, quantity in sides or [(intent.symbol, intent.side, intent.quantity)]:
        price, quote = None if intent.legs else intent.limit_price, quotes.get(symbol)
        if price is None and venue.fees.of(symbol).flat is None:
            met = None if quote is None else touch(quote, side)
            price = None if met is None else met[0]
        fee = venue.fee(symbol, quantity, abs(price or ZERO), legs[symbol].multiplier, sold=side is Side.SELL)
        if not intent.legs:
            return fee
        total = add(total, fee)
    return total


def _of_a_kill(draft: Draft, intent: OrderIntent) -> bool:
    """Whether an order is the kill switch's own: it reduces, and no limit is to hold it up."""
    return intent.tag is not None and intent.tag == draft.orders.kill.in_force


def backing_of(orders: OrderFold, feed: QuoteSource, intent: OrderIntent, account: AccountState) -> Backing:
    """What the account needs behind what it sells, before the order and once it is filled."""
    parent = None if intent.parent is None else orders.order(intent.parent)
    return backing(account, orders.orders(), intent, parent, lambda symbol: instrument_of(feed, symbol))


def earlier_orders(log: LogReader, intent: OrderIntent, now: datetime, limits: GateLimits | None) -> Earlier:
    """Orders of the account that limits on repetition count; the log is not read where no such limit is set."""
    if limits is None or (limits.duplicate_within is None and limits.maximum_orders is None):
        return Earlier()
    twin_at, recent = None, 0
    for _, event in log_facts.read(log, max(0, log.head().seq - LOOKED_BACK)):
        if event.type != INTENT or event.payload.get("account") != intent.account:
            continue
        other = intent_of(event)
        if other.client_order_id == intent.client_order_id:
            continue
        if now - other.created_at <= limits.rate_window:
            recent += 1
        if same_order(replace(other, client_order_id=intent.client_order_id), intent):
            twin_at = other.created_at
    return Earlier(twin_at, recent)


def halted(board: HaltBoard, feed: QuoteSource, intent: OrderIntent, at: datetime) -> str | None:
    """Why the order's instrument, or any of its legs, is halted at a moment by its venue's board; None where not."""
    if not board.halts:
        return None
    legs = [leg for leg in (instrument_of(feed, symbol) for symbol in intent.symbols) if leg is not None]
    return board.judge(legs, at).why or None if legs else None


def end_of(feed: QuoteSource, intent: OrderIntent, instrument: Security, now: datetime) -> datetime | None:
    """When the order would end by itself; None where the feed does not tell its sessions."""
    close = feed.session_close(now) if isinstance(feed, TellsSessions) else None
    if intent.time_in_force is TimeInForce.DAY and close is None:
        return None
    return resting.ends_at(intent, instrument, close)


def instrument_of(feed: QuoteSource, symbol: str) -> Security | None:
    """The option or the share; None where the feed does not know it, or nobody can trade it."""
    try:
        return feed.instrument(symbol)
    except UnknownNameError:
        if not is_share(symbol):
            return None
    try:
        return security_of(feed, symbol)
    except (UnknownNameError, RefusedError):
        return None


def security_of(feed: QuoteSource, symbol: str) -> Security:
    """The option or the share. UnknownNameError where the feed has none, RefusedError where nobody can trade it."""
    if not is_share(symbol):
        return feed.instrument(symbol)
    if not isinstance(feed, ListsShares):
        raise UnknownNameError("symbol", symbol)
    return feed.share(symbol)


def why_untradable(feed: QuoteSource, intent: OrderIntent) -> str | None:
    """Why nobody can trade what the feed quotes under one of the order's symbols; None where that is not it."""
    for symbol in intent.symbols:
        if is_share(symbol):
            try:
                security_of(feed, symbol)
            except UnknownNameError:
                continue
            except RefusedError as error:
                return error.reason
    return None


def quotes_of(feed: QuoteSource, intent: OrderIntent, now: datetime) -> dict[str, Quote]:
    """The quotes of an order's instruments, those that there are."""
    return {symbol: found for symbol in intent.symbols if (found := quote_of(feed, symbol, now)) is not None}


def quote_of(feed: QuoteSource, symbol: str, now: datetime) -> Quote | None:
    """The quote; None where there is none."""
    try:
        return feed.quote(symbol, now)
    except (UnknownNameError, MissingDataError):
        return None


def _starting_level(intent: OrderIntent, quote: Quote | None) -> Decimal | None:
    trigger = intent.trigger
    if trigger is None or trigger.kind is not TriggerKind.TRAILING or quote is None:
        return None
    return resting.followed(intent.side, trigger, None, quote)
