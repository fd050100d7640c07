"""An order's answer in a sentence, for a person: what was done, at which price, for how much, and under which id."""

from __future__ import annotations

from typing import Any, Final

from optionix_tui.cli.listings import Column
from optionix_tui.cli.output import Table

OPEN = frozenset({"held", "working", "partially-filled", "suspended"})
"""States of an order that goes on."""


def table(order: dict[str, Any]) -> Table:
    """The answer or preview as `services.trading.to_json` gives it."""
    if order["state"] == "preview":
        rows = [("ok" if item["passed"] else "REFUSED", item["rule"], item["detail"]) for item in order["checks"]]
        title = "\n".join([_preview(order), *_effects(order)])
        return Table(("gate", "rule", "detail"), rows, title=title, left=frozenset({0, 1, 2}))
    if order["state"] in OPEN or not order["filled_quantity"]:
        return Table(title=f"{standing(order)}\n{_receipt(order)}")
    return Table(title=f"{_answer(order)}\n{_receipt(order)}")


def standing(order: dict[str, Any]) -> str:
    """How an order stands that is not done, or ended without a fill."""
    parts = [f"{order['state']}: {order['side']} {order['quantity']} {order['label']}{_at(order)}"]
    parts += [order["time_in_force"]] if "time_in_force" in order else []
    parts += [f"until {order['ends_at'][:16].replace('T', ' ')} UTC"] if order.get("ends_at") else []
    parts += [f"{order['filled_quantity']} filled"]
    parts += [f"{order['reserved']:,.2f} kept for it"] if order.get("reserved") else []
    parts += [order["reason"]] if order["reason"] else []
    return ", ".join(parts)


def story(order: dict[str, Any]) -> Table:
    """One order, and an event a line."""
    rows = [(item["time"], item["type"], item["id"]) for item in order["events"]]
    return Table(("time", "event", "id"), rows, title=standing(order), left=frozenset({0, 1, 2}))


def _at(order: dict[str, Any]) -> str:
    words = f" {order['type']}" if "type" in order else ""
    words += f" {price(order['limit_price'])}" if order["limit_price"] is not None else ""
    level = _level(order)
    return f"{words} at {level}" if level else words


def _level(order: dict[str, Any]) -> str:
    if order.get("trail") is not None:
        return f"{price(order['trail'])} away"
    if order.get("trail_percent") is not None:
        return f"{order['trail_percent']} % away"
    return _price(order.get("trigger_price"))


def _price(value: float | None) -> str:
    return "" if value is None else price(value)


def _answer(order: dict[str, Any]) -> str:
    done = {"buy": "bought", "sell": "sold"}[order["side"]]
    filled, wanted = order["filled_quantity"], order["quantity"]
    count = str(filled) if filled == wanted else f"{filled} of {wanted}"
    money = _money(order["cost"], order["fees"])
    return f"{done} {count} {order['label']} at {price(order['average_price'])}, {money}, {order['state']}"


def _receipt(order: dict[str, Any]) -> str:
    again = ", answered before: nothing was done now" if order["replayed"] else ""
    made = f", made of {order['amount']:,.2f}" if order.get("amount") is not None else ""
    return f"order {order['client_order_id']}, account {order['account']}, {order['created_at']}{made}{again}"


def _preview(order: dict[str, Any]) -> str:
    intent = f"{order['side']} {order['quantity']} {order['label']}"
    if "combination" in order:
        return _combination(order, intent)
    touch = " x ".join("none" if order[side] is None else price(order[side]) for side in ("bid", "ask"))
    if not order["fillable"] and order.get("reserved") is not None and order["time_in_force"] not in {"IOC", "FOK"}:
        kept = f", {order['reserved']:,.2f} kept for it" if order["reserved"] else ""
        return f"would rest: {intent}{_at(order)}, {order['time_in_force']}{kept}, quoted {touch}; nothing was sent"
    if not order["fillable"]:
        return f"would not {intent}: quoted {touch}; nothing was sent"
    part = "" if order["fillable"] == order["quantity"] else f" ({order['fillable']} of them now)"
    money = _money(order["cost"], order["fees"])
    return f"would {intent}{part} at {price(order['price'])}, {money}, quoted {touch}; nothing was sent"


def _effects(order: dict[str, Any]) -> list[str]:
    """What a preview with `--effect` tells beside the gate's answers."""
    if "effect" not in order:
        return []
    lines = []
    outlook, effect, tail = order["outlook"], order["effect"], order["tail"]
    if outlook is None:
        lines.append(f"at expiry: {order['outlook_reason']}")
    else:
        gain, loss = (
            "unbounded" if outlook[name] is None else f"{outlook[name]:,.2f}" for name in ("max_gain", "max_loss")
        )
        edges = ", ".join(f"{edge:,.2f}" for edge in outlook["breakevens"]) or "none"
        chance = outlook["probability_of_profit"]
        likely = outlook["probability_method"] if chance is None else f"{100 * chance:.1f} %"
        when = "at the first end, by model" if outlook["by_model"] else "at expiry"
        lines.append(f"{when}: gain at most {gain}, loss at most {loss}, breakeven {edges}, profit {likely}")
    if effect is None:
        lines.append(f"margin: {order['effect_reason']}")
    else:
        names = (("margin", "margin"), ("dollar delta", "dollar_delta"), ("theta a day", "theta"), ("vega", "vega"))
        told = (f"{name} {effect[key]['before']:,.2f} -> {effect[key]['after']:,.2f}" for name, key in names)
        lines.append(", ".join(told))
    if tail is None:
        lines.append(f"value at risk: {order['tail_reason']}")
    else:
        bound = "" if tail["limit"] is None else f", limit {tail['limit']:,.2f}"
        found = tail["value_at_risk"]
        lines.append(f"value at risk (99 %, one day) {found['before']:,.2f} -> {found['after']:,.2f}{bound}")
    return lines


def _combination(order: dict[str, Any], intent: str) -> str:
    told = order["combination"]
    if order["fillable"]:
        money = _money(order["cost"], order["fees"])
        part = "" if order["fillable"] == order["quantity"] else f" ({order['fillable']} of them now)"
        first = f"would {intent}{part} at net {price(order['price'])}, {money}; nothing was sent"
    elif order["time_in_force"] in {"IOC", "FOK"}:
        first = f"would not {intent}; nothing was sent"
    else:
        kept = f", {order['reserved']:,.2f} kept for it" if order["reserved"] else ""
        first = f"would rest: {intent}{_at(order)}, {order['time_in_force']}{kept}; nothing was sent"
    words = [
        f"{told['strategy']}, natural {_none(told['natural'])}, mid {_none(told['mid'])}",
        f"most to gain {_bound(told, 'max_gain')}, to lose {_bound(told, 'max_loss')}",
        f"requirement {_margin(told['requirement_before'])} before, {_margin(told['requirement_after'])} after",
    ]
    if told["breakevens"] is not None:
        words[1] += f", breakeven {', '.join(price(one) for one in told['breakevens']) or 'none'}"
    return "\n".join([first, *words])


def _none(value: float | None) -> str:
    return "none" if value is None else price(value)


def _bound(told: dict[str, Any], name: str) -> str:
    if told[name] is not None:
        return f"{told[name]:,.2f}"
    return "a model's to say (legs end apart)" if told["breakevens"] is None else "unbounded"


def _margin(value: float | None) -> str:
    return "needs margin" if value is None else f"{value:,.2f}"


def price(value: float) -> str:
    """Two decimals, four where they are needed."""
    return f"{value:,.4f}".removesuffix("00")


def _money(cost: float, fees: float) -> str:
    """Signed cash out of the account, in words."""
    if cost < 0:
        return f"proceeds {-cost:,.2f} - fees {fees:,.2f} = {-cost - fees:,.2f}"
    return f"cost {cost:,.2f} + fees {fees:,.2f} = {cost + fees:,.2f}"


def _kept(order: dict[str, Any]) -> str:
    return f"{order['reserved']:,.2f}" if order["reserved"] else ""


COLUMNS: Final = (
    Column("order", "client_order_id"),
    Column("state", "state"),
    Column("side", "side"),
    Column("quantity", "quantity", number=True),
    Column("filled", "filled_quantity", number=True),
    Column("symbol", "label"),
    Column("type", "type"),
    Column("limit", lambda order: _price(order["limit_price"]), number=True),
    Column("trigger", _level, number=True),
    Column("time", "time_in_force"),
    Column("kept", _kept, number=True),
    Column("sent by", lambda order: order["tag"] or ""),
)
"""Of `order list`; an algorithm's slices name it as their sender."""
