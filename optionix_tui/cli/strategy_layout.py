"""How a strategy is laid out for eyes: figures in words, legs in a table, the payoff as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optionix_tui.cli.output import Table

if TYPE_CHECKING:
    from optionix_core.services.strategies import Report

_MARGIN = 0.15
_POINTS = 241


def payoff_table(document: dict[str, Any]) -> Table:
    """Legs, and the figures above them."""
    return _table(document, "")


def build_table(document: dict[str, Any], underlying: str) -> Table:
    """The same with quotes and the combination's net prices."""
    return _table(document, f"{underlying} ")


def picture(report: Report) -> str:
    """Profit against the underlying's price at the nearest expiry, with the present value's curve where it is known."""
    import numpy as np

    from optionix_core.portfolio.strategies import model
    from optionix_tui.cli.plot import layers

    marks = [float(leg.strike) for leg in report.strategy.legs if leg.strike is not None] + list(report.breakevens)
    spot = None if report.terms is None else report.terms.spot
    marks += [spot] if spot is not None else [float(leg.price or 0) for leg in report.strategy.legs if not marks]
    low, high = min(marks), max(marks)
    room = max(high - low, 0.2 * high) * _MARGIN * 2
    grid = np.linspace(max(low - room, 0.001 * high), high + room, _POINTS)
    curves = [(grid.tolist(), report.curve(grid).tolist())]
    title = f"{report.strategy.name}: profit at {'expiry' if report.model_payoff is None else 'the nearest expiry'}"
    if report.terms is not None:
        curves.append((grid.tolist(), model.profit(report.strategy, report.terms, grid, 0.0).tolist()))
        title += " and now, price of the underlying marked"
    kept = [float(grid[0]), float(grid[-1])]
    curves.append((kept, [0.0, 0.0]))
    return layers(title, curves, marked=spot)


def _table(document: dict[str, Any], underlying: str) -> Table:
    quoted = any(leg["bid"] is not None or leg["ask"] is not None for leg in document["legs"])
    headings = ["qty", "type", "strike", "expiry", "price"] + (["bid", "ask", "IV"] if quoted else [])
    rows = []
    for leg in document["legs"]:
        row = [f"{leg['quantity']:+g}", leg["type"], _figure(leg["strike"]), leg["expiry"] or "", _price(leg["price"])]
        if quoted:
            points = "" if leg["iv"] is None else f"{leg['iv'] * 100:.2f}"
            row += [_price(leg["bid"]), _price(leg["ask"]), points]
        rows.append(row)
    return Table(tuple(headings), rows, title="\n".join(_lines(document, underlying)), left=frozenset({1, 3}))


def _lines(document: dict[str, Any], underlying: str) -> list[str]:
    units = "" if document["units"] == 1 else f"{document['units']:g} x "
    head = f"{underlying}{units}{document['name']}"
    lines = [head if document["outlook"] is None else f"{head}: {document['outlook']}"]
    price = "" if document["net_price"] is None else f", {_price(abs(document['net_price']))} a unit"
    lines.append(f"{document['payment']} {_money(abs(document['cost']))}{price}{_quoted(document)}")
    gain = _money(document["max_gain"]) if document["gain_is_bounded"] else "unbounded"
    loss = _money(document["max_loss"]) if document["loss_is_bounded"] else "unbounded"
    breakevens = ", ".join(f"{price:,.2f}" for price in document["breakevens"]) or "none"
    lines.append(f"max gain {gain}, max loss {loss}, breakeven {breakevens} ({document['payoff_by']})")
    if document["probability_of_profit"] is None:
        lines.append(f"no probability of profit: {document['no_probability']}")
    else:
        chance = f"{document['probability_of_profit']:.1%}"
        lines.append(f"probability of profit {chance} by {document['probability_method']}")
    if document["delta"] is not None:
        greeks = " ".join(f"{name} {document[name]:,.2f}" for name in ("delta", "gamma"))
        vega, theta = document["vega"] / 100, document["theta"] / 365
        lines.append(f"{greeks} vega {vega:,.2f} a point theta {theta:,.2f} a day")
    lines += [f"at {item['underlying']:,.2f}: {_money(item['profit'])}" for item in document["profits"]]
    return lines + list(document["assumptions"])


def _quoted(document: dict[str, Any]) -> str:
    named = [(word, document[word]) for word in ("natural", "mid", "opposite") if document[word] is not None]
    return "".join(f", {word} {_price(value)}" for word, value in named)


def _money(amount: float) -> str:
    return f"{amount:,.2f}"


def _figure(number: float | None) -> str:
    return "" if number is None else f"{number:,.10g}"


def _price(number: float | None) -> str:
    """Two decimals, more where they are needed."""
    return "" if number is None else f"{number:,.4f}".removesuffix("00")
