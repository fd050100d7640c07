"""An order's answer in a sentence, for a person: what was done, at which price, for how much, and under which id."""

from __future__ import annotations

from typing import Any

from optionix_tui.cli.output import Table


def table(order: dict[str, Any]) -> Table:
    """The answer or preview as `services.trading.to_json` gives it."""
    if order["state"] == "preview":
        rows = [("ok" if item["passed"] else "REFUSED", item["rule"], item["detail"]) for item in order["checks"]]
        return Table(("gate", "rule", "detail"), rows, title=_preview(order), left=frozenset({0, 1, 2}))
    return Table(title=f"{_answer(order)}\n{_receipt(order)}")


def _answer(order: dict[str, Any]) -> str:
    done = {"buy": "bought", "sell": "sold"}[order["side"]]
    filled, wanted = order["filled_quantity"], order["quantity"]
    count = str(filled) if filled == wanted else f"{filled} of {wanted}"
    money = _money(order["cost"], order["fees"])
    return f"{done} {count} {order['label']} at {price(order['average_price'])}, {money}, {order['state']}"


def _receipt(order: dict[str, Any]) -> str:
    again = ", answered before: nothing was done now" if order["replayed"] else ""
    return f"order {order['client_order_id']}, account {order['account']}, {order['created_at']}{again}"


def _preview(order: dict[str, Any]) -> str:
    intent = f"{order['side']} {order['quantity']} {order['label']}"
    touch = " x ".join("none" if order[side] is None else price(order[side]) for side in ("bid", "ask"))
    if not order["fillable"]:
        return f"would not {intent}: quoted {touch}; nothing was sent"
    part = "" if order["fillable"] == order["quantity"] else f" ({order['fillable']} of them now)"
    money = _money(order["cost"], order["fees"])
    return f"would {intent}{part} at {price(order['price'])}, {money}, quoted {touch}; nothing was sent"


def price(value: float) -> str:
    """Two decimals, four where they are needed."""
    return f"{value:,.4f}".removesuffix("00")


def _money(cost: float, fees: float) -> str:
    """Signed cash out of the account, in words."""
    if cost < 0:
        return f"proceeds {-cost:,.2f} - fees {fees:,.2f} = {-cost - fees:,.2f}"
    return f"cost {cost:,.2f} + fees {fees:,.2f} = {cost + fees:,.2f}"
