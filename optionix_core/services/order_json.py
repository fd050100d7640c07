"""Orders and previews as JSON: numbers are JSON numbers, what is absent is null."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from optionix_core.portfolio import deliverables
from optionix_core.portfolio.exact import ZERO
from optionix_core.sync.canonical import time_text
from optionix_core.trading.orders import OrderIntent, OrderPreview, OrderResult

if TYPE_CHECKING:
    from optionix_core.services.orders import OrderStory
    from optionix_core.trading.orders import CombinationView, Fill, FillLeg, GateCheck, LotsWanted


def number(value: Decimal | None) -> int | float | None:
    """A JSON number: an integer where the value is whole."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def to_json(order: OrderPreview | OrderResult) -> dict[str, Any]:
    """The JSON form of an answer or of a preview; `cost` and `fees` in the account's currency."""
    if isinstance(order, OrderPreview):
        return {
            "schema_version": 1,
            **_intent(order.intent),
            "client_order_id": None,
            "state": "preview",
            "fillable": order.fillable,
            "price": number(order.price),
            "cost": number(order.cost),
            "fees": number(order.fees),
            "bid": order.quote.bid,
            "ask": order.quote.ask,
            "checks": _checks(order.checks),
        }
    return {
        "schema_version": 1,
        **_intent(order.intent),
        "state": str(order.state),
        "filled_quantity": order.filled_quantity,
        "average_price": _average_price(order.fills),
        "cost": number(order.cost),
        "fees": number(order.fees),
        "reason": order.reason,
        "replayed": order.replayed,
        "checks": _checks(order.checks),
        "fills": [
            {
                "id": fill.fill_id,
                "quantity": fill.quantity,
                "price": number(fill.price),
                "fee": number(fill.fee),
                "model": fill.model,
                "filled_at": time_text(fill.filled_at),
                **({} if fill.against is None else {"against": fill.against}),
                **({"legs": [_leg(leg) for leg in fill.legs]} if fill.legs else {}),
            }
            for fill in order.fills
        ],
    }


def _leg(leg: FillLeg) -> dict[str, Any]:
    told = {"symbol": leg.symbol, "quantity": leg.quantity, "price": number(leg.price), "fee": number(leg.fee)}
    return told if leg.against is None else {**told, "against": leg.against}


def _combination(view: CombinationView) -> dict[str, Any]:
    """Money in the account's currency; null where a loss or gain has no bound, and where legs end apart."""
    return {
        "strategy": view.strategy,
        "natural": number(view.natural),
        "mid": number(view.mid),
        "max_gain": number(view.max_gain),
        "max_loss": number(view.max_loss),
        "breakevens": None if view.breakevens is None else list(view.breakevens),
        "requirement_before": number(view.requirement_before),
        "requirement_after": number(view.requirement_after),
    }


def standing(order: OrderPreview | OrderResult) -> dict[str, Any]:
    """As `to_json`, with the terms of orders that rest and what is kept for them."""
    intent = order.intent
    document = to_json(order)
    filled = order.fillable if isinstance(order, OrderPreview) else order.filled_quantity
    reserved = order.reserve if isinstance(order, OrderPreview) else order.reserved
    if intent.legs:
        document["legs"] = [{"symbol": leg.symbol, "ratio": leg.ratio} for leg in intent.legs]
    if isinstance(order, OrderPreview) and order.combination is not None:
        document["combination"] = _combination(order.combination)
    document |= {
        "type": str(intent.order_type),
        "time_in_force": str(intent.time_in_force),
        "good_until": None if intent.good_until is None else time_text(intent.good_until),
        "ends_at": None if order.ends_at is None else time_text(order.ends_at),
        "trigger_price": None if intent.trigger is None else number(intent.trigger.price),
        "trail": None if intent.trigger is None else number(intent.trigger.distance),
        "trail_percent": None if intent.trigger is None else number(intent.trigger.distance_percent),
        "post_only": intent.post_only,
        "reduce_only": intent.reduce_only,
        "parent": intent.parent,
        "one_cancels": intent.one_cancels,
        "tag": intent.tag,
        "amount": number(intent.amount),
        "lots": None if intent.lots is None else _lots(intent.lots),
        "remaining": intent.quantity - filled,
        "reserved": number(reserved),
    }
    return document


def story(told: OrderStory) -> dict[str, Any]:
    """An order with every event of its life."""
    events = [
        {"seq": item.seq, "id": item.id, "type": item.type, "time": time_text(item.time)} for item in told.happenings
    ]
    document = {**standing(told.order), "events": events}
    del document["replayed"]
    return document


def _intent(intent: OrderIntent) -> dict[str, Any]:
    return {
        "client_order_id": intent.client_order_id,
        "account": intent.account,
        "side": str(intent.side),
        "quantity": intent.quantity,
        "symbol": intent.symbol,
        "label": label_of(intent),
        "limit_price": number(intent.limit_price),
        "created_at": time_text(intent.created_at),
        **({} if intent.amount is None else {"amount": number(intent.amount)}),
    }


def _lots(wanted: LotsWanted) -> str | list[dict[str, Any]]:
    if not wanted.named:
        return wanted.method
    return [{"lot": pick.lot, "quantity": number(pick.quantity)} for pick in wanted.named]


def label_of(intent: OrderIntent) -> str:
    """The instrument as a trader writes it; of a combination its legs with their signed ratios."""
    if not intent.legs:
        return deliverables.label_of(intent.symbol)
    return ", ".join(f"{leg.ratio:+d} {deliverables.label_of(leg.symbol)}" for leg in intent.legs)


def _checks(checks: tuple[GateCheck, ...]) -> list[dict[str, Any]]:
    return [{"rule": item.rule, "passed": item.passed, "detail": item.detail} for item in checks]


def _average_price(fills: tuple[Fill, ...]) -> float | None:
    quantity = sum(fill.quantity for fill in fills)
    return float(sum((fill.price * fill.quantity for fill in fills), ZERO) / quantity) if quantity else None
