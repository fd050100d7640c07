"""Combinations that are placed: filled at once or not at all, and what one would do now.

A combination that rests is looked at by the venue like any other order; see `combination_fills`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from optionix_core.errors import IntegrityError
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.services.combination_fills import combination_events, meeting
from optionix_core.services.draft import Draft
from optionix_core.services.judging import backing_of, earlier_orders, instrument_of, judge, quotes_of, security_of
from optionix_core.trading import resting
from optionix_core.trading.combination import mid, natural
from optionix_core.trading.fold import OpenOrder
from optionix_core.trading.gate import first_refusal
from optionix_core.trading.orders import CombinationView, OrderPreview, OrderState, TimeInForce
from optionix_core.trading.paper import PaperVenue, signed_cost
from optionix_core.trading.records import OrderEnd, end_event
from optionix_core.trading.touch import acceptable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from optionix_core.market.instruments import Security
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.values import AccountState
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.gate import GateLimits
    from optionix_core.trading.orders import Fill, GateCheck, OrderIntent


def match_at_once(
    draft: Draft,
    feed: QuoteSource,
    venue: PaperVenue,
    intent: OrderIntent,
    checks: tuple[GateCheck, ...],
    now: datetime,
) -> None:
    """Fill an order that does not rest, in whole units, and end it."""
    fill = _at_once(feed, venue, intent, now)
    if fill is not None:
        draft.add(*combination_events(fill, intent, venue.name, _instruments(feed, intent)))
    draft.add(end_event(intent, _end(feed, venue, intent, fill, checks, now), now))


def preview_combination(
    workspace: Workspace, intent: OrderIntent, now: datetime, limits: GateLimits | None, unopened: AccountState
) -> OrderPreview:
    """What a combination would do now. Raises UnknownNameError and MissingDataError for a leg without a quote."""
    desk, feed, store = workspace.desk, workspace.feed, workspace.store
    legs = {symbol: security_of(feed, symbol) for symbol in intent.symbols}
    quotes = {symbol: feed.quote(symbol, now) for symbol in intent.symbols}
    desk.follow(store)
    with desk.lock:
        draft = Draft(desk)
        venue = PaperVenue(draft.already_taken, draft.fees)
        limits = draft.rules.limits if limits is None else limits
        earlier = earlier_orders(store, intent, now, limits)
        judged = judge(draft, feed, venue, intent, now, limits, account=unopened, earlier=earlier)
        fill = None if first_refusal(judged.checks) is not None else _at_once(feed, venue, intent, now)
        view = _view(draft.orders, feed, intent, draft.book.account(intent.account) or unopened, now)
    instrument = legs[intent.priced_by]
    fillable = 0 if fill is None else fill.quantity
    price = None if fill is None else fill.price
    reserve = resting.reserve_of(intent, instrument, None, venue.kept(intent))
    return OrderPreview(
        intent=intent,
        quote=quotes[intent.symbols[0]],
        price=price,
        fillable=fillable,
        cost=None if price is None else signed_cost(intent.side, fillable, price, instrument.multiplier),
        fees=None if fill is None else fill.fee,
        checks=judged.checks,
        reserve=reserve.total(intent.quantity - fillable, filled=False) if intent.time_in_force.rests else ZERO,
        ends_at=judged.ends_at,
        combination=view,
    )


def _at_once(feed: QuoteSource, venue: PaperVenue, intent: OrderIntent, now: datetime) -> Fill | None:
    fill = meeting(feed, venue, OpenOrder(intent), now)
    if fill is not None and intent.time_in_force is TimeInForce.FOK and fill.quantity < intent.quantity:
        return None
    return fill


def _instruments(feed: QuoteSource, intent: OrderIntent) -> dict[str, Security]:
    found = {symbol: instrument_of(feed, symbol) for symbol in intent.symbols}
    legs = {symbol: one for symbol, one in found.items() if one is not None}
    if len(legs) < len(found):
        raise IntegrityError("the gate passed a combination with a leg that the feed does not know")
    return legs


def _end(
    feed: QuoteSource,
    venue: PaperVenue,
    intent: OrderIntent,
    fill: Fill | None,
    checks: tuple[GateCheck, ...],
    now: datetime,
) -> OrderEnd:
    if fill is not None and fill.quantity == intent.quantity:
        return OrderEnd(OrderState.FILLED, None, checks)
    if fill is not None:
        reason = f"{fill.quantity} of {intent.quantity} units filled, the rest cancelled: no more displayed in a leg"
        return OrderEnd(OrderState.CANCELLED, reason, checks)
    net = natural(intent.side, intent.legs, quotes_of(feed, intent, now))
    could = meeting(feed, venue, OpenOrder(replace(intent, limit_price=None)), now)
    limit = intent.limit_price
    if net is not None and limit is not None and not acceptable(intent.side, net, limit):
        reason = f"the natural price is {decimal_text(net)}, the limit {decimal_text(limit)}"
    elif could is not None:
        reason = f"fill or kill: {could.quantity} of {intent.quantity} units could be filled"
    else:
        reason = "a leg has nothing displayed that is not taken"
    return OrderEnd(OrderState.CANCELLED, reason, checks)


def _view(
    orders: OrderFold, feed: QuoteSource, intent: OrderIntent, account: AccountState, now: datetime
) -> CombinationView:
    """What the combination is: its prices, its payoff where all of it ends together, and what the account needs."""
    quotes = quotes_of(feed, intent, now)
    net = natural(intent.side, intent.legs, quotes)
    needs = backing_of(orders, feed, intent, account)
    gain, loss, breakevens, name = _payoff(feed, intent, net if intent.limit_price is None else intent.limit_price)
    return CombinationView(
        strategy=name,
        natural=net,
        mid=mid(intent.legs, quotes),
        max_gain=gain,
        max_loss=loss,
        breakevens=breakevens,
        requirement_before=None if needs.before.unbounded else needs.before.amount,
        requirement_after=None if needs.after.unbounded else needs.after.amount,
    )


def _payoff(
    feed: QuoteSource, intent: OrderIntent, net: Decimal | None
) -> tuple[Decimal | None, Decimal | None, tuple[float, ...] | None, str]:
    """Of all units at a net price, fees excluded; no numbers where legs end apart: they would be a model's."""
    from optionix_core.market.option_type import OptionType
    from optionix_core.portfolio.strategies.payoff import at_expiry
    from optionix_core.portfolio.strategies.recognition import recognise
    from optionix_core.portfolio.strategies.values import Leg

    legs = []
    for leg in intent.legs:
        quantity = Decimal(intent.side.sign * leg.ratio * intent.quantity)
        if leg.is_share:
            legs.append(Leg(type="stock", quantity=quantity, multiplier=Decimal(1), price=ZERO))
            continue
        one = feed.instrument(leg.symbol)
        legs.append(
            Leg(
                type="call" if one.option_type is OptionType.CALL else "put",
                quantity=quantity,
                multiplier=one.multiplier,
                strike=one.strike,
                expiry=one.expiry,
                root=one.root,
                price=ZERO,
            )
        )
    strategy = recognise(legs)
    if net is None or len(strategy.expiries) > 1:
        return None, None, None, strategy.name
    told = at_expiry(strategy)
    with exact_arithmetic():
        paid = intent.side.sign * net * feed.instrument(intent.priced_by).multiplier * intent.quantity
        gain = None if told.max_gain is None else told.max_gain - paid
        loss = None if told.max_loss is None else told.max_loss + paid
        values = [value - paid for value in told.values]
    return gain, loss, _roots(told.nodes, values, told.slope), strategy.name


def _roots(nodes: Sequence[Decimal], values: Sequence[Decimal], slope: Fraction) -> tuple[float, ...]:
    """Where a line through nodes, and of a slope beyond the last, crosses or leaves zero."""
    points = [(Fraction(node), Fraction(value)) for node, value in zip(nodes, values, strict=True)]
    last, end = points[-1]
    points.append((last + 1, end + slope))
    if end * slope < 0:
        points[-1] = (last - end / slope + 1, slope)
    found: set[Fraction] = set()
    for (left, low), (right, high) in pairwise(points):
        if low * high < 0:
            found.add(left - low * (right - left) / (high - low))
        elif low and not high:
            found.add(right)
        elif high and not low:
            found.add(left)
    return tuple(float(root) for root in sorted(found))
