"""What a ticket and its result say. Pure: order values in, words out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.content import Content

from optionix_core.portfolio.deliverables import label_of, underlying_of
from optionix_core.trading.orders import OrderState
from screens.ticket_rows import Row
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from decimal import Decimal

    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.trading.orders import GateCheck, OrderPreview, OrderResult
    from screens.ticket_form import TicketForm

Loudness = Literal["information", "warning", "error"]


def what_content(form: TicketForm) -> Content:
    """Side, quantity as it is written, and what is traded."""
    side = form.side.upper()
    tone = "$background on $up bold" if form.side == "buy" else "$background on $down bold"
    if form.legs:
        names = {underlying_of(leg.symbol) for leg in form.legs}
        what = f"{' / '.join(sorted(names))} in {len(form.legs)} legs"
    else:
        what = label_of(form.symbol)
    return Content.assemble((f" {side} ", tone), (f" {what}", "bold"))


def send_pieces(form: TicketForm, *, ready: bool, waits: bool, sending: bool) -> tuple[Piece, ...]:
    """What can be done with the mouse; `waits`: the preview of what is written is under way."""
    if sending:
        return (Piece("sending …", "accent"),)
    verb = "Start" if form.is_algorithm else "Send"
    return (
        Piece(f"{verb} …" if waits else f" {verb} ", "chip" if ready else "faint", 0, action="ticket.send"),
        Piece("[Cancel]", "key", 0, action="ticket.dismiss"),
        Piece("[Buy/Sell]", "key", 1, action="ticket.other_side"),
        Piece("[Fewer fields]" if form.more else "[More fields]", "key", 2, action="ticket.more_fields"),
        Piece("[Explain]", "key", 3, action="ticket.explain"),
        Piece("[Copy]", "key", 4, action="ticket.copy"),
    )


def market_rows(preview: OrderPreview) -> list[Row]:
    """What would fill, rest, cost and be kept, and why not; of a combination its name and what must stand behind."""
    intent, view = preview.intent, preview.combination
    rows = [] if view is None else [Row("strategy", view.strategy, "bold")]
    refused = [check for check in preview.checks if not check.passed]
    if preview.price is not None:
        part = "" if preview.fillable == intent.quantity else f"  (only {preview.fillable} of {intent.quantity})"
        rows.append(Row("fills", f"{preview.fillable} at {preview.price:f}{part}", "bold"))
    elif refused:
        rows.append(Row("fills", "nothing: the gate refuses it", "bold $error"))
        rows += [_check(check) for check in refused]
    elif intent.trigger is not None:
        rows.append(Row("fills", "nothing before its trigger", "$stale"))
    else:
        rows.append(Row("fills", "nothing at this price now", "$stale"))
    if intent.amount is not None:
        rows.append(Row("amount", f"{figures.money(intent.amount)} makes {intent.quantity}"))
    if intent.time_in_force.rests and preview.fillable < intent.quantity and not refused:
        kept = f"   {figures.money(preview.reserve)} kept for it" if preview.reserve else ""
        ends = "until it is cancelled" if preview.ends_at is None else f"until {preview.ends_at:%d %b %H:%M} UTC"
        word = "waits" if intent.trigger is not None else "rests"
        rows.append(Row(word, f"{intent.quantity - preview.fillable} {ends}{kept}"))
    if preview.cost is not None:
        word = "you pay" if preview.cost >= 0 else "you receive"
        rows.append(Row(word, figures.money(abs(preview.cost)), "bold"))
        rows.append(Row("fees", figures.money(preview.fees)))
    if view is not None:
        before, after = (_needed(money) for money in (view.requirement_before, view.requirement_after))
        rows.append(Row("cash behind", f"{before} → {after}"))
    return rows


def check_rows(preview: OrderPreview) -> list[Row]:
    """The fill model; how many rules of the gate pass, then each with its answer, refusals first."""
    from optionix_core.trading.combination import COMBINATION_MODEL
    from optionix_core.trading.paper import FILL_MODEL

    checks = preview.checks
    passed = sum(check.passed for check in checks)
    tone = "$up" if passed == len(checks) else "$error"
    return [
        Row("fill model", COMBINATION_MODEL if preview.intent.legs else FILL_MODEL, "$muted"),
        Row("gate", f"{passed} of {len(checks)} passed", tone),
        *(_check(check) for check in sorted(checks, key=lambda one: one.passed)),
    ]


def _check(check: GateCheck) -> Row:
    mark, tone = ("✓", "$up") if check.passed else ("✗ refused", "$error")
    return Row("", f"{mark} {check.rule}", tone, check.detail)


def result_title(result: OrderResult) -> tuple[str, str, Loudness]:
    """Title, text and loudness of the notification that tells how an order ended."""
    intent = result.intent
    legs = ", ".join(f"{leg.ratio:+d} {label_of(leg.symbol)}" for leg in intent.legs)
    name = f"{intent.side.upper()} {intent.quantity} {legs or label_of(intent.symbol)}"
    if result.state is OrderState.REJECTED:
        return f"Rejected: {name}", result.reason or "no reason given", "error"
    if result.open and not result.fills:
        word = "Held" if result.state is OrderState.HELD else "Working"
        return f"{word}: {name}", _works(result), "information"
    if not result.fills:
        return f"Not filled: {name}", result.reason or "nothing at the price", "warning"
    fees = sum((fill.fee for fill in result.fills), type(result.fills[0].fee)(0))
    told = "; ".join(f"{fill.quantity} at {fill.price:f}" for fill in result.fills)
    model = result.fills[0].model
    if result.state is OrderState.FILLED:
        return f"Filled: {name}", f"{told}, fees {fees:.2f} ({model})", "information"
    rest = _works(result) if result.open else result.reason or ""
    loudness: Loudness = "information" if result.open else "warning"
    return f"Partly filled: {name}", f"{told}, fees {fees:.2f} ({model}). {rest}".strip(), loudness


def started_title(story: AlgoStory) -> tuple[str, str, Loudness]:
    """The same of an algorithm that was started."""
    parent = story.parent
    name = f"{parent.kind.upper()} {parent.side.upper()} {parent.quantity} {label_of(parent.symbol)}"
    until = f"{parent.slices} slices until {parent.until:%d %b %H:%M:%S} UTC"
    return f"Started: {name}", f"{until}, {story.filled} filled so far; it stands in F7", "information"


def _works(result: OrderResult) -> str:
    left = result.intent.quantity - result.filled_quantity
    ends = "until it is cancelled" if result.ends_at is None else f"until {result.ends_at:%d %b %H:%M} UTC"
    kept = f", {figures.money(result.reserved)} kept for it" if result.reserved else ""
    return f"{left} {ends}{kept}; it stands in F7"


def _needed(money: Decimal | None) -> str:
    return "unbounded" if money is None else figures.money(money)
