"""Where a number of the book comes from, in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from optionix_core.market.units import unit
from screens.explanations import Explanation
from widgets import figures

if TYPE_CHECKING:
    from optionix_core.services.book_view import BookLine
    from widgets.grid_columns import Column

_FORMULAS = {
    "quantity": "a fold of the ledger: fills and life-cycle entries, contracts, negative when short",
    "mark": "half way between bid and ask of the position's own venue, where both are fresh",
    "value": "quantity x multiplier x mark",
    "unrealised_pnl": "market value less the cash paid for what is open (first in, first out), fees excluded",
    "day_pnl": "change of value since the last close, with the day's trades at their prices and less their fees",
    "iv": "of the mid, by Black (1976) on the parity forward of its expiry",
    "dollar_delta": "quantity x multiplier x delta x spot",
    "dollar_gamma": "change of dollar delta when the spot moves by 1%: quantity x multiplier x gamma x spot^2 x 1%",
    "theta": "quantity x multiplier x theta, per calendar day",
    "vega": "quantity x multiplier x vega, per volatility point",
    "days": "calendar days to the expiry date",
}


def explain_position(line: BookLine, column: Column, now: datetime) -> Explanation:
    """The number of one cell of the positions."""
    value, position = line.value, line.value.position
    facts = [("formula", _FORMULAS.get(column.key, "the instrument and its key"))]
    if column.key in {"theta", "vega"}:
        facts.append(("unit", unit(column.key).label))
    facts += [
        ("key", line.symbol),
        ("holding", f"{position.quantity:+f} for {figures.money(position.cost)} {position.currency} paid"),
        ("mark", figures.price(value.mark.price) if value.mark.price is not None else f"none: {value.mark.reason}"),
    ]
    if column.key == "day_pnl" and value.day_reason is not None:
        facts.append(("missing", value.day_reason))
    if line.greeks is None and column.key in {"iv", "dollar_delta", "dollar_gamma", "theta", "vega"}:
        facts.append(("missing", line.greeks_reason or "not solved"))
    quote = value.mark.quote
    if quote is not None:
        made = quote.exchange_time or quote.received_at
        age = max((now - made).total_seconds(), 0.0)
        facts += [
            ("quote", f"bid {figures.price(quote.bid)}, ask {figures.price(quote.ask)}"),
            ("source", quote.source),
            ("quoted", f"{made:%Y-%m-%d %H:%M:%S} UTC, {figures.age(age)} ago"),
        ]
    facts.append(("opened", f"{position.opened_at:%Y-%m-%d %H:%M:%S} UTC, account {position.account}"))
    return Explanation(f"{column.title} of {line.label}", _value(line, column), tuple(facts))


def _value(line: BookLine, column: Column) -> str:
    value, greeks = line.value, line.greeks
    known = {
        "quantity": value.position.quantity,
        "mark": value.mark.price,
        "value": value.market_value,
        "unrealised_pnl": value.unrealised_pnl,
        "day_pnl": value.day_pnl,
        "iv": None if greeks is None else greeks.iv,
        "dollar_delta": None if greeks is None else greeks.dollar_delta,
        "dollar_gamma": None if greeks is None else greeks.dollar_gamma,
        "theta": None if greeks is None else greeks.theta,
        "vega": None if greeks is None else greeks.vega,
        "days": line.days,
    }
    return column.write(known[column.key]) if column.key in known else line.label
