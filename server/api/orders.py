"""Orders and fills between the wire and the engine, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import TYPE_CHECKING, Final, Literal

from optionix_core.errors import InvalidValueError
from server.api.order_values import CheckTold, FillLegTold, FillTold, OrderAsked, OrderLegTold, OrderTold, TradeTold

if TYPE_CHECKING:
    from optionix_core.services.order_history import OrderFill
    from optionix_core.trading.orders import Fill, OrderResult, Trigger
    from optionix_core.trading.terms import OrderTerms
    from server.api.accounts import Opened

AVERAGE_PLACES: Final = Decimal("1e-8")

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "market": (),
    "limit": ("limit_price",),
    "stop": ("stop_price",),
    "stop-limit": ("stop_price", "limit_price"),
    "trailing-stop": (),
    "market-if-touched": ("stop_price",),
    "limit-if-touched": ("stop_price", "limit_price"),
}
_TRAILS: Final = ("trail", "trail_percent")


def terms_of(asked: OrderAsked) -> OrderTerms:
    """The order's terms. InvalidValueError names what its type needs and lacks, or has no use for."""
    from optionix_core.trading.orders import OrderLeg, TimeInForce
    from optionix_core.trading.terms import OrderTerms

    if (asked.symbol is None) is (asked.legs is None):
        given = "both" if asked.legs is not None else "neither"
        raise InvalidValueError("symbol", given, "a symbol or legs, exactly one of them")
    if asked.legs is not None and asked.order_type not in ("market", "limit"):
        raise InvalidValueError("order_type", asked.order_type, "market or limit for a combination")
    allowed = (*_NEEDED[asked.order_type], *(_TRAILS if asked.order_type == "trailing-stop" else ()))
    for name in ("limit_price", "stop_price", *_TRAILS):
        value = getattr(asked, name)
        if value is None and name in _NEEDED[asked.order_type]:
            raise InvalidValueError(name, "null", f"given for a {asked.order_type} order")
        if value is not None and name not in allowed:
            raise InvalidValueError(name, value, f"absent for a {asked.order_type} order")
    force = asked.time_in_force
    return OrderTerms(
        side=asked.side,
        quantity=asked.quantity,
        symbol=asked.symbol or "",
        limit_price=asked.limit_price,
        time_in_force=TimeInForce.usual(market=asked.order_type == "market") if force is None else TimeInForce(force),
        good_until=asked.good_until,
        trigger=_trigger(asked),
        post_only=asked.post_only,
        reduce_only=asked.reduce_only,
        parent=asked.parent,
        one_cancels=asked.one_cancels,
        legs=tuple(OrderLeg(leg.symbol, leg.ratio) for leg in asked.legs or ()),
    )


def _trigger(asked: OrderAsked) -> Trigger | None:
    from optionix_core.trading.orders import Trigger, TriggerKind

    if asked.order_type in ("market", "limit"):
        return None
    if asked.order_type == "trailing-stop":
        return Trigger(TriggerKind.TRAILING, distance=asked.trail, distance_percent=asked.trail_percent)
    kind = TriggerKind.STOP if asked.order_type.startswith("stop") else TriggerKind.TOUCHED
    return Trigger(kind, asked.stop_price)


def order_told(account: Opened, order: OrderResult) -> OrderTold:
    """An order of the account."""
    from optionix_core.services.order_json import label_of

    intent, trigger = order.intent, order.intent.trigger
    return OrderTold(
        account_id=account.account_id,
        client_order_id=intent.client_order_id,
        symbol=intent.symbol,
        label=label_of(intent),
        legs=[OrderLegTold(symbol=leg.symbol, ratio=leg.ratio) for leg in intent.legs],
        side=side_of(order),
        quantity=intent.quantity,
        order_type=intent.order_type.value,
        limit_price=intent.limit_price,
        stop_price=None if trigger is None else trigger.price,
        trail=None if trigger is None else trigger.distance,
        trail_percent=None if trigger is None else trigger.distance_percent,
        time_in_force=intent.time_in_force.value,
        good_until=intent.good_until,
        post_only=intent.post_only,
        reduce_only=intent.reduce_only,
        parent=intent.parent,
        one_cancels=intent.one_cancels,
        tag=intent.tag,
        state=order.state.value,
        reason=order.reason,
        filled_quantity=order.filled_quantity,
        remaining=intent.quantity - order.filled_quantity if order.open else 0,
        average_price=average_price(order.fills),
        cost=order.cost,
        fees=order.fees,
        reserved=order.reserved,
        created_at=intent.created_at,
        ends_at=order.ends_at,
        checks=[CheckTold(rule=one.rule, passed=one.passed, detail=one.detail) for one in order.checks],
        fills=[_fill(fill) for fill in order.fills],
    )


def trade_told(account: Opened, one: OrderFill) -> TradeTold:
    """A fill of one of the account's orders."""
    from optionix_core.services.order_json import label_of

    intent, fill = one.order.intent, one.fill
    return TradeTold(
        trade_id=fill.fill_id,
        account_id=account.account_id,
        client_order_id=intent.client_order_id,
        symbol=intent.symbol,
        label=label_of(intent),
        side=side_of(one.order),
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        filled_at=fill.filled_at,
        model=fill.model,
        legs=_legs(fill),
    )


def side_of(order: OrderResult) -> Literal["buy", "sell"]:
    """Buy or sell, whatever it opens or closes."""
    return "buy" if order.intent.side.sign > 0 else "sell"


def _fill(fill: Fill) -> FillTold:
    return FillTold(
        fill_id=fill.fill_id,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        filled_at=fill.filled_at,
        model=fill.model,
        legs=_legs(fill),
    )


def _legs(fill: Fill) -> list[FillLegTold]:
    return [FillLegTold(symbol=leg.symbol, quantity=leg.quantity, price=leg.price, fee=leg.fee) for leg in fill.legs]


def average_price(fills: tuple[Fill, ...]) -> Decimal | None:
    """To 8 places; None without a fill."""
    quantity = sum(fill.quantity for fill in fills)
    if not quantity:
        return None
    with localcontext() as context:
        context.prec = 60
        total = sum((fill.price * fill.quantity for fill in fills), Decimal(0))
        return (total / quantity).quantize(AVERAGE_PLACES, ROUND_HALF_EVEN)
