"""What a ticket and its result say. Pure: order values in, words out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.content import Content

from optionix_core.portfolio.deliverables import label_of
from optionix_core.trading.orders import OrderState
from widgets import figures

if TYPE_CHECKING:
    from optionix_core.trading.orders import CombinationView, OrderPreview, OrderResult

Loudness = Literal["information", "warning", "error"]


def preview_content(preview: OrderPreview) -> Content:
    """Quote, price, cost, fees, fill model and the gate's answers; of a combination its net prices and its payoff."""
    from optionix_core.trading.combination import COMBINATION_MODEL
    from optionix_core.trading.paper import FILL_MODEL

    intent, quote = preview.intent, preview.quote
    lines: list[Content] = []
    if preview.combination is None:
        sizes = (
            f"bid {figures.price(quote.bid)} × {_size(quote.bid_size)}   "
            f"ask {figures.price(quote.ask)} × {_size(quote.ask_size)}"
        )
        lines.append(_row("quote", sizes))
    else:
        lines += _combination(preview.combination)
    if preview.price is None:
        lines.append(_row("fills", "nothing at this price now", "$stale"))
    else:
        part = "" if preview.fillable == intent.quantity else f"  (only {preview.fillable} of {intent.quantity})"
        lines.append(_row("fills", f"{preview.fillable} at {preview.price:f}{part}", "bold"))
    if preview.cost is not None:
        word = "you pay" if preview.cost >= 0 else "you receive"
        lines.append(_row(word, figures.money(abs(preview.cost)), "bold"))
    lines.append(_row("fees", figures.money(preview.fees)))
    lines.append(_row("fill model", COMBINATION_MODEL if intent.legs else FILL_MODEL, "$muted"))
    passed = sum(check.passed for check in preview.checks)
    gate = f"{passed} of {len(preview.checks)} passed"
    lines.append(_row("gate", gate, "$up" if passed == len(preview.checks) else "$error"))
    for check in preview.checks:
        mark, tone = ("✓", "$up") if check.passed else ("✗ refused", "$error")
        lines.append(Content.assemble("            ", (f"{mark} {check.rule}", tone), (f"  {check.detail}", "$muted")))
    return Content("\n").join(lines)


def result_title(result: OrderResult) -> tuple[str, str, Loudness]:
    """Title, text and loudness of the notification that tells how an order ended."""
    intent = result.intent
    legs = ", ".join(f"{leg.ratio:+d} {label_of(leg.symbol)}" for leg in intent.legs)
    name = f"{intent.side.upper()} {intent.quantity} {legs or label_of(intent.symbol)}"
    if result.state is OrderState.REJECTED:
        return f"Rejected: {name}", result.reason or "no reason given", "error"
    if not result.fills:
        return f"Not filled: {name}", result.reason or "nothing at the price", "warning"
    fees = sum((fill.fee for fill in result.fills), type(result.fills[0].fee)(0))
    told = "; ".join(f"{fill.quantity} at {fill.price:f}" for fill in result.fills)
    model = result.fills[0].model
    if result.state is OrderState.FILLED:
        return f"Filled: {name}", f"{told}, fees {fees:.2f} ({model})", "information"
    return f"Partly filled: {name}", f"{told}, fees {fees:.2f} ({model}). {result.reason or ''}".strip(), "warning"


def _combination(view: CombinationView) -> list[Content]:
    natural, middle = ("-" if price is None else f"{price:f}" for price in (view.natural, view.mid))
    rows = [_row("strategy", view.strategy, "bold"), _row("net price", f"natural {natural}   mid {middle}")]
    if view.breakevens is not None:
        gain, loss = (
            "unbounded" if money is None else figures.money(money) for money in (view.max_gain, view.max_loss)
        )
        edges = ", ".join(f"{edge:g}" for edge in view.breakevens) or "none"
        rows.append(_row("at expiry", f"gain {gain}   loss {loss}   breakeven {edges}"))
    needed = "unbounded" if view.requirement_after is None else figures.money(view.requirement_after)
    rows.append(_row("needs then", needed))
    return rows


def _row(label: str, text: str, style: str = "") -> Content:
    return Content.assemble((f"{label:<12}", "$muted"), (text, style))


def _size(size: int | None) -> str:
    return "?" if size is None else str(size)
