"""Where the numbers of a ticket's preview come from: model, inputs, source, age. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optionix_core.portfolio.deliverables import label_of
from screens.explanations import Explanation
from widgets import figures

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.order_effect import OrderEffect, TailEffect
    from optionix_core.services.order_outlook import OrderOutlook
    from optionix_core.services.order_touch import OrderTouch
    from screens.ticket_form import TicketForm
    from screens.ticket_preview import Study, Told

UNTOLD = "not told"


class Ticket(NamedTuple):
    """What is explained."""

    form: TicketForm
    study: Study
    touch: OrderTouch | None
    order_id: str
    now: datetime


def explain_ticket(
    ticket: Ticket, outlook: Told[OrderOutlook], effect: Told[OrderEffect], tail: Told[TailEffect]
) -> Explanation:
    """Every figure of the preview in one page."""
    form, touch, preview, now = ticket.form, ticket.touch, ticket.study.preview, ticket.now
    facts: list[tuple[str, str]] = []
    for leg in () if touch is None else touch.legs:
        seen = leg.quote.received_at if leg.quote.exchange_time is None else leg.quote.exchange_time
        age = figures.age(max((now - seen).total_seconds(), 0.0))
        facts.append(("quote", f"{label_of(leg.symbol)} from {leg.quote.source}, {age} old"))
    if form.legs:
        facts.append(("net price", "bought legs at their ask, sold legs at their bid, and the other way round"))
    if preview is not None:
        facts.append(("fills", "as the paper venue would match it now, after what earlier fills took of the quote"))
        facts.append(("fees", "the fee schedule of the settings, on what would fill"))
        facts.append(("gate", f"{len(preview.checks)} rules, asked as they are when it is sent"))
    if outlook.answer is not None:
        found = outlook.answer
        how = "a model's, at the first of the ends" if found.modelled else "exact, piecewise linear"
        facts.append(("payoff", f"{found.strategy}, all units filled at {found.price:f}, fees excluded; {how}"))
        chance = found.report.probability
        facts.append(
            ("profit", f"risk-neutral, {chance.method}" if chance is not None else str(found.report.no_probability))
        )
        facts += [("assumed", note) for note in found.report.assumptions]
    else:
        facts.append(("payoff", outlook.problem or UNTOLD))
    if effect.answer is not None:
        facts.append(("margin", "FINRA Rule 4210 by strategies, initial; orders that rest are not counted"))
        facts.append(("dollar Δ", "delta of the American or European model times spot, all positions; at the mids"))
        facts += [("assumed", note) for note in effect.answer.notes]
    else:
        facts.append(("margin", effect.problem or UNTOLD))
    if tail.answer is not None:
        told = "one day at 99%, full revaluation of up to 500 past days, open orders filled or not, the worse"
        facts.append(("VaR", told))
    else:
        facts.append(("VaR", tail.problem or UNTOLD))
    facts.append(("order id", f"{ticket.order_id}: sent twice it is one order"))
    what = "combination" if form.legs else label_of(form.symbol)
    return Explanation("Order ticket", f"{form.side.upper()} {form.texts['quantity']} {what}", tuple(facts))
