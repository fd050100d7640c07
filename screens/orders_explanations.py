"""Where a number of the orders screen comes from, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.portfolio.deliverables import label_of
from screens.explanations import Explanation
from screens.orders_columns import average_price, halt_name, order_words, terms_words
from widgets import figures

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.alerts import AlertReport
    from optionix_core.services.order_board import AlgoLine
    from optionix_core.services.orders import OrderStory
    from optionix_core.trading.halts import Halt
    from optionix_core.trading.orders import Fill, OrderResult
    from widgets.grid_columns import Column

_ORDER = {
    "time": "when the order was wanted, by the clock of this machine",
    "state": "a fold of the log: the gate's answer, fills, amendments and the end of the order",
    "filled": "the sum of the order's fills in the log; of a leg in contracts or shares",
    "left": "what may still be filled while the order works",
    "limit": "as the order was placed or last amended; of a combination the net price of one unit",
    "average": "price of each fill weighted by its quantity; net of the legs for a combination",
    "terms": "as the order was placed or last amended",
    "cost": "cash out of the account for the fills, fees excluded; negative came in",
    "ends": "when the order ends by itself; empty where only its user, or the expiry, ends it",
    "fees": "the sum over the fills, by the plan that trading.fees names",
    "reserved": "cash kept while the order works: limit or level, and fees, for what is not filled",
    "reason": "as the gate, the venue or the user gave it when the order ended",
}
_FILL = {
    "time": "the moment of the quote that was met, or at which the order arrived",
    "quantity": "positive bought, negative sold",
    "price": "at the quote's touch, or at the limit of an order that rested; never at mid",
    "fee": "by the plan that trading.fees names",
    "quote": "bid and ask of the quote that the fill was made against",
    "model": "the rule of the paper venue by which it was filled",
}
_ALGO = {
    "progress": "contracts filled over all slices, of those that are wanted",
    "slippage": "average price against the mid at the start, in basis points of it; positive is cost",
    "shortfall": "implementation shortfall (Perold 1988): slippage, what was not filled, and fees; positive is cost",
    "spread": "fills against the mids of the quotes that they met; negative where resting earned it",
    "fees": "the sum over the fills of all slices",
    "until": "no slice is sent at or after it",
}
MOST_CHECKS = 14


def explain_order(order: OrderResult, story: OrderStory | None, column: Column) -> Explanation:
    """The number of one cell of the orders, with the gate's answers and the order's life."""
    intent = order.intent
    facts = [("formula", _ORDER.get(column.key, "the order's own terms")), ("order", intent.client_order_id)]
    facts.append(("terms", f"{order_words(intent)} {terms_words(intent)}"))
    facts += [("leg", f"{leg.ratio:+d} {label_of(leg.symbol)} ({leg.symbol})") for leg in intent.legs]
    if order.reason:
        facts.append(("reason", order.reason))
    for happening in story.happenings if story is not None else ():
        facts.append((f"log {happening.seq:,}", f"{happening.time:%Y-%m-%d %H:%M:%S} UTC  {happening.type}"))
    passed = [check.rule for check in order.checks if check.passed]
    refused = [check for check in order.checks if not check.passed]
    facts += [("refused", f"{check.rule}: {check.detail}") for check in refused]
    if passed:
        facts.append(("gate passed", ", ".join(passed[:MOST_CHECKS]) + (" ..." if len(passed) > MOST_CHECKS else "")))
    values = {
        "filled": f"{order.filled_quantity:,} of {intent.quantity:,}",
        "limit": figures.price(intent.limit_price),
        "average": figures.price(average_price(order.fills)),
        "fees": figures.money(order.fees),
        "reserved": figures.money(order.reserved),
        "reason": order.reason or "none",
    }
    return Explanation(
        f"{column.title} of {order_words(intent)}", values.get(column.key, str(order.state)), tuple(facts)
    )


def explain_fill(order: OrderResult, fill: Fill, column: Column, now: datetime) -> Explanation:
    """One fill: the quote that it met, its model and its fee."""
    quote = fill.quote
    made = quote.exchange_time or quote.received_at
    facts = [
        ("formula", _FILL.get(column.key, "the instrument and its key")),
        ("fill", fill.fill_id),
        (
            "filled",
            f"{fill.filled_at:%Y-%m-%d %H:%M:%S} UTC, {figures.age((now - fill.filled_at).total_seconds())} ago",
        ),
        ("model", fill.model),
        ("fee", figures.money(fill.fee)),
        (
            "quote",
            (
                f"bid {figures.price(quote.bid)} x {_size(quote.bid_size)}, "
                f"ask {figures.price(quote.ask)} x {_size(quote.ask_size)}"
            ),
        ),
        ("source", quote.source),
        ("quoted", f"{made:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    facts += [
        ("leg", f"{leg.quantity:+d} {label_of(leg.symbol)} at {leg.price:f}, fee {leg.fee:f}") for leg in fill.legs
    ]
    return Explanation(
        f"{column.title} of a fill of {order_words(order.intent)}", f"{fill.quantity} at {fill.price:f}", tuple(facts)
    )


def explain_algorithm(line: AlgoLine, column: Column) -> Explanation:
    """One algorithm: its terms, its slices, and what its costs are made of."""
    story, parent = line.story, line.story.parent
    facts = [
        ("formula", _ALGO.get(column.key, "the algorithm's own terms")),
        ("algorithm", parent.algo_id),
        ("time", f"{parent.start:%Y-%m-%d %H:%M:%S} to {parent.until:%Y-%m-%d %H:%M:%S} UTC"),
        ("slices", f"{len(story.slices)} of {parent.slices} sent, {parent.style}, {parent.catch_up}"),
        ("filled", f"{story.filled} of {parent.quantity}, {story.working} working"),
    ]
    if line.costs is None:
        facts.append(("no costs", line.reason or "no data"))
    else:
        costs = line.costs.whole
        for name, value in (
            ("arrival mid", costs.arrival),
            ("average", costs.average),
            ("mid at the end", costs.end_price),
        ):
            facts.append((name, "no data" if value is None else f"{value:.4f}"))
        for name, money in (
            ("slippage", costs.slippage_cost), ("not filled", costs.opportunity_cost), ("fees", costs.fees),
            ("shortfall", costs.shortfall),
        ):  # fmt: skip
            facts.append((name, "no data" if money is None else figures.signed(money)))
    if story.end is not None and story.end.reason:
        facts.append(("ended", story.end.reason))
    title = f"{column.title} of {parent.kind} {parent.side} {label_of(parent.symbol)}"
    return Explanation(title, str(story.state), tuple(facts))


def explain_alert(report: AlertReport) -> Explanation:
    """One alert: what was asked, where the value is, when it fired."""
    from optionix_core.services.alert_json import value_now

    opened, alert = report.opened, report.opened.alert
    facts = [
        ("condition", alert.condition.words),
        ("now", value_now(report) or "an event has no value"),
        ("fires", f"{opened.fires}, {'each time anew' if alert.repeats else 'once'}"),
        ("feed", f"{alert.feed}: no other feed's quotes fire it"),
        ("set", f"{alert.set_at:%Y-%m-%d %H:%M:%S} UTC, account {alert.account}"),
    ]
    if report.reason:
        facts.append(("no data", report.reason))
    if opened.last is not None:
        facts.append(("last fire", f"{opened.last.time:%Y-%m-%d %H:%M:%S} UTC: {opened.last.text}"))
    if opened.snoozed_until is not None:
        facts.append(("snoozed until", f"{opened.snoozed_until:%Y-%m-%d %H:%M:%S} UTC"))
    if alert.note:
        facts.append(("note", alert.note))
    return Explanation(f"Alert {alert.alert_id}", str(report.status), tuple(facts))


def explain_halt(halt: Halt, suspended: tuple[str, ...]) -> Explanation:
    """One halt: the rule, and the orders that halts hold up."""
    until = "until it is lifted" if halt.until is None else f"until {halt.until:%Y-%m-%d %H:%M:%S} UTC"
    facts = (
        ("rule", halt.rule),
        ("since", f"{halt.since:%Y-%m-%d %H:%M:%S} UTC, {until}"),
        ("reason", halt.reason),
        ("orders held up", f"{', '.join(suspended) or 'none'} (by all halts together)"),
    )
    return Explanation(f"Halt of {halt_name(halt)}", halt.rule, facts)


def _size(size: int | None) -> str:
    return "?" if size is None else str(size)
