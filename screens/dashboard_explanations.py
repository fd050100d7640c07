"""Where the dashboard's numbers come from. Pure: a view and a pane in, sentences out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.explanations import Explanation
from widgets import figures

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.account_curve import AccountCurve
    from optionix_core.services.book_view import BookView
    from optionix_core.services.dashboard_risk import RiskGlance
    from optionix_core.services.dashboard_view import Ahead
    from optionix_core.trading.orders import OrderResult

_KINDS: dict[str, str] = {
    "expiry": "a position of the account settles; the chance is N(d2) with the smile's volatility at its strike",
    "assignment": "the holder of this short option gains by exercising before the dividend (American)",
    "exercise": "holding this American option pays no more than exercising it now, dividends in cash left out",
    "dividend": "declared in the log of this home",
    "listed": "one of the next expiries that the feed lists, of something that is held or watched",
}


def explain_account(book: BookView, curve: AccountCurve | None, risk: RiskGlance | None, now: datetime) -> Explanation:
    """The account's curve and the two lines above it."""
    report = book.report
    facts = [
        ("NLV", "cash, dividends owed and marked positions; a position is marked by the mid of its own venue's feed"),
        ("day", report.day_reason or "since the last close, with what was closed and the fees of the day"),
    ]
    if curve is not None:
        facts += [
            ("curve", "postings of the ledger up to each close, at the marks that the venue's feed tells of it"),
            ("total", f"value less {figures.money(curve.now.paid_in)} paid in" if curve.now else "not opened yet"),
            ("month", "since the last close of the month before"),
        ]
        absent = [one for one in (*curve.closes, *curve.day) if one.value is None]
        if absent:
            facts.append(("gaps", f"{len(absent)} moments, such as {absent[0].at:%Y-%m-%d %H:%M}: {absent[0].reason}"))
    facts.append(("Greeks", "of the positions that have a volatility, times quantity and multiplier; Γ$ for a percent"))
    if risk is not None:
        facts += _risk_facts(risk, now)
    facts.append(("as of", f"{report.moment:%Y-%m-%d %H:%M:%S} UTC, log at {book.events}"))
    facts.append(("marks", f"the paper venue's feed, {report.feed_state}"))
    value = f"{figures.money(report.nlv)} {report.state.currency}"
    return Explanation(f"Account {report.state.account}", value, tuple(facts))


def _risk_facts(risk: RiskGlance, now: datetime) -> list[tuple[str, str]]:
    facts = []
    if risk.value_at_risk is None:
        facts.append(("VaR", f"none: {risk.tail_reason}"))
    else:
        words = f"loss of a day not passed in {risk.confidence:.0%} of {risk.scenarios} past days, by full revaluation"
        facts.append(("VaR", f"{risk.value_at_risk:,.2f}: {words}"))
    if risk.expected_shortfall is not None:
        facts.append(("shortfall", f"{risk.expected_shortfall:,.2f}: mean of the losses at or beyond it"))
    if risk.bound is not None:
        key = risk.bound.key
        facts.append(("limit", f"{risk.bound.bound:,.0f}, {key.grade}, of {key.level} {key.name}"))
    if risk.margin is None:
        facts.append(("margin", f"none: {risk.margin_reason}"))
    else:
        of = "" if risk.equity is None else f", of {risk.equity:,.2f}"
        facts.append(("margin", f"{risk.margin:,.2f} by the strategy-based rules{of}"))
    facts.append(("risk of", f"{risk.moment:%H:%M:%S} UTC, {figures.age((now - risk.moment).total_seconds())} ago"))
    facts += [("note", note) for note in risk.notes]
    return facts


def explain_exposure(book: BookView, underlying: str) -> Explanation:
    """One row of the exposure."""
    lines = [line for line in book.lines if line.underlying == underlying]
    facts = [("what it is", "sums over the positions of this underlying; a part that is not known leaves the sum out")]
    for line in lines:
        told = line.greeks_reason if line.greeks is None else f"Δ$ {figures.signed_count(line.greeks.dollar_delta)}"
        facts.append((line.label, f"{line.value.position.quantity:+,.0f}, {told}"))
    return Explanation(f"Exposure to {underlying}", f"{len(lines)} positions", tuple(facts))


def explain_ahead(one: Ahead, today: datetime) -> Explanation:
    """One thing that is coming."""
    days = (one.day - today.date()).days
    facts = [("what it is", _KINDS[str(one.kind)]), ("day", f"{one.day:%A, %d %B %Y}, in {days} days")]
    if one.probability is not None:
        facts.append(("in the money", f"{one.probability:.1%}, risk-neutral"))
    if one.note:
        facts.append(("note", one.note))
    return Explanation(one.what, str(one.kind), tuple(facts))


def explain_order(order: OrderResult) -> Explanation:
    """An order that works."""
    from screens.orders_columns import order_words, state_word

    intent = order.intent
    facts = [
        ("order", intent.client_order_id),
        ("filled", f"{order.filled_quantity} of {intent.quantity}"),
        ("sent", f"{intent.created_at:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    if order.reason:
        facts.append(("reason", order.reason))
    facts.append(("more", "the orders screen (F7) tells its whole story"))
    return Explanation(order_words(intent), state_word(order.state), tuple(facts))
