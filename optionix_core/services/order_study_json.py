"""What an order would lead to, as JSON: payoff, margin, Greeks, value at risk; what cannot be told has its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optionix_core.errors import OptionixError
from optionix_core.services.order_effect import OrderRisk, effect
from optionix_core.services.order_json import number
from optionix_core.services.order_outlook import outlook, price_taken
from optionix_core.services.order_touch import touch_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.services.order_effect import Change, OrderEffect, TailEffect
    from optionix_core.services.order_outlook import OrderOutlook
    from optionix_core.services.order_touch import OrderTouch
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import OrderPreview
    from optionix_core.trading.terms import OrderTerms


def study(workspace: Workspace, terms: OrderTerms, preview: OrderPreview) -> dict[str, Any]:
    """`touch`, `outlook`, `effect` and `tail` of a previewed order; null where there is none, with `..._reason`.

    Money in the account's currency; probabilities are fractions, theta per day, vega per point of volatility.
    """
    intent = preview.intent
    touch = touch_of(workspace, terms.symbol, terms.legs)

    def outlooked() -> OrderOutlook:
        return outlook(workspace, intent, price_taken(intent, preview.price, touch))

    return {
        "touch": _touch(touch),
        **_told("outlook", lambda: _outlook(outlooked())),
        **_told("effect", lambda: _effect(effect(workspace, intent))),
        **_told("tail", lambda: _tail(OrderRisk(workspace).tail(intent))),
    }


def _told(name: str, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {name: ask(), f"{name}_reason": None}
    except OptionixError as error:
        return {name: None, f"{name}_reason": str(error)}


def _touch(touch: OrderTouch) -> dict[str, Any]:
    return {"bid": number(touch.bid), "mid": number(touch.mid), "ask": number(touch.ask)}


def _outlook(found: OrderOutlook) -> dict[str, Any]:
    chance = found.report.probability
    return {
        "price": number(found.price),
        "strategy": found.strategy,
        "by_model": found.modelled,
        "max_gain": found.max_gain,
        "max_loss": found.max_loss,
        "breakevens": list(found.report.breakevens),
        "probability_of_profit": None if chance is None else chance.value,
        "probability_method": found.report.no_probability if chance is None else chance.method,
        "assumptions": list(found.report.assumptions),
    }


def _effect(found: OrderEffect) -> dict[str, Any]:
    return {
        "margin": _change(found.margin),
        "net_liquidation_value": found.net_liquidation_value,
        "dollar_delta": _change(found.dollar_delta),
        "theta": _change(found.theta),
        "vega": _change(found.vega),
        "notes": list(found.notes),
    }


def _tail(found: TailEffect) -> dict[str, Any]:
    return {"value_at_risk": _change(found.value_at_risk), "limit": number(found.bound)}


def _change(found: Change) -> dict[str, float]:
    return {"before": found.before, "after": found.after}
