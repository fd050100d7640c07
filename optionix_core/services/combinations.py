"""What a combination would do now: what would fill, its payoff, and what the account would need."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.services import at_once
from optionix_core.services.draft import Draft
from optionix_core.services.judging import backing_of, earlier_orders, judge, quotes_of, security_of
from optionix_core.services.leases import lease_until
from optionix_core.services.venue_halts import note_standing
from optionix_core.services.working import Working
from optionix_core.trading import resting
from optionix_core.trading.combination import mid, natural
from optionix_core.trading.gate import first_refusal
from optionix_core.trading.orders import CombinationView, OrderPreview
from optionix_core.trading.paper import PaperVenue
from optionix_core.trading.records import intent_event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.values import AccountState
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.gate import GateLimits
    from optionix_core.trading.orders import OrderIntent


def preview_combination(
    workspace: Workspace,
    intent: OrderIntent,
    now: datetime,
    limits: GateLimits | None,
    unopened: AccountState,
    opening: tuple[Event, ...],
) -> OrderPreview:
    """What a combination would do now. Raises UnknownNameError and MissingDataError for a leg without a quote.

    `unopened` and the events `opening` stand for an account that is not open yet.
    """
    desk, feed, store = workspace.desk, workspace.feed, workspace.store
    legs = {symbol: security_of(feed, symbol) for symbol in intent.symbols}
    quotes = {symbol: feed.quote(symbol, now) for symbol in intent.symbols}
    desk.follow(store)
    with desk.lock:
        draft = Draft(desk)
        venue = PaperVenue(draft.already_taken, draft.fees, unopened.venue)
        limits = draft.rules.limits if limits is None else limits
        note_standing(draft, feed, intent.symbols, now)
        earlier = earlier_orders(store, intent, now, limits)
        lease = lease_until(workspace, venue.name)
        judged = judge(draft, feed, venue, intent, now, limits, account=unopened, earlier=earlier, lease=lease)
        known = draft.book.account(intent.account)
        view = _view(draft.orders, feed, intent, known or unopened, now)
        refused = first_refusal(judged.checks) is not None
        working, before = Working(draft, feed, limits), (*(() if known else opening), intent_event(intent))
        quote = quotes[intent.symbols[0]]
        fills = () if refused else at_once.would_fill(draft, working, intent, quote, now, before)
    instrument = legs[intent.priced_by]
    fillable = sum(fill.quantity for fill in fills)
    reserve = resting.reserve_of(intent, instrument, None, venue.kept(intent))
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
        combination=view,
    )


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
