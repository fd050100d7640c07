"""The preview in a ticket: what the order would meet, cost and change, each line with what it was made from. Pure.

What was asked and not answered yet says so, and what cannot be told says why: no figure stands for another.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from textual.content import Content

from optionix_core.portfolio.deliverables import label_of
from screens.ticket_rows import Row
from screens.ticket_text import check_rows, market_rows
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.services.algorithms import Preview
    from optionix_core.services.order_effect import Change, OrderEffect, TailEffect
    from optionix_core.services.order_outlook import OrderOutlook
    from optionix_core.services.order_touch import OrderTouch
    from optionix_core.trading.orders import OrderPreview

Answer = TypeVar("Answer")
ASKING = "asking …"


class Told(NamedTuple, Generic[Answer]):
    """What a question has come to; neither: it is being asked."""

    answer: Answer | None = None
    problem: str | None = None


class Study(NamedTuple):
    """What an order would do now: one that is sent at once has a preview, an algorithm its schedule."""

    preview: OrderPreview | None
    algorithm: Preview | None = None


def touch_pieces(touch: OrderTouch | None) -> tuple[Piece, ...]:
    """Net bid, middle and ask, each clicked into the price; sizes of a single instrument."""
    if touch is None:
        return (Piece("asking for the quote …", "muted"),)
    single = touch.legs[0].quote if len(touch.legs) == 1 else None
    pieces: list[Piece] = []
    for name, price in (("bid", touch.bid), ("mid", touch.mid), ("ask", touch.ask)):
        action = f"ticket.{name}"
        pieces += [
            Piece(name, "muted", 0, action=action),
            Piece(_price(price), "accent", 0, joined=True, action=action),
        ]
        if single is not None and name != "mid":
            size = single.bid_size if name == "bid" else single.ask_size
            pieces.append(Piece(f"× {_size(size)}", "muted", 0, joined=True))
    if single is None:
        pieces.append(Piece(f"net of {len(touch.legs)} legs", "muted", 1))
    else:
        pieces.append(Piece(single.source, "muted", 2))
    return tuple(pieces)


def leg_content(touch: OrderTouch, side: str, width: int) -> Content:
    """Each leg of a combination with its quote, signed as one unit trades it; sizes where there is room."""
    sign = 1 if side == "buy" else -1
    names = max(len(label_of(leg.symbol)) for leg in touch.legs)
    sized = width >= names + 40
    lines = []
    for leg in touch.legs:
        quote = leg.quote
        bid, ask = figures.price(quote.bid), figures.price(quote.ask)
        if sized:
            bid, ask = f"{bid} × {_size(quote.bid_size)}", f"{ask} × {_size(quote.ask_size)}"
        count = sign * leg.ratio
        ratio = (f"{count:+d} ", "$up" if count > 0 else "$down")
        quotes = (f"  {bid}  {ask}", "$muted")
        lines.append(Content.assemble(" " if sized else "", ratio, f"{label_of(leg.symbol):<{names}}", quotes))
    return Content("\n").join(lines)


def outlook_rows(told: Told[OrderOutlook]) -> list[Row]:
    """Most that is made and lost, breakevens, probability of profit; fees excluded."""
    found = told.answer
    if found is None:
        return [_untold("at expiry", told)]
    gain, loss = (_bound(money) for money in (found.max_gain, found.max_loss))
    edges = ", ".join(f"{edge:,.2f}" for edge in found.report.breakevens) or "none"
    chance = found.report.probability
    likely = f"{chance.value * 100:.0f}%" if chance is not None else f"not told: {found.report.no_probability}"
    when, by = ("first end", "   by model") if found.modelled else ("at expiry", "")
    return [
        Row(when, f"max gain {gain}   max loss {loss}{by}", "bold"),
        Row("breakeven", f"{edges}   probability of profit {likely}"),
    ]


def effect_rows(told: Told[OrderEffect]) -> list[Row]:
    """Margin and dollar Greeks before and after."""
    found = told.answer
    if found is None:
        return [_untold("margin", told)]
    value = figures.money(found.net_liquidation_value)
    delta, theta, vega = (
        _change(change, digits) for change, digits in ((found.dollar_delta, 0), (found.theta, 2), (found.vega, 2))
    )
    before, after = (figures.money(one) for one in found.margin)
    return [
        Row("margin", f"{before} → {after}   of {value} net liquidation"),
        Row("dollar Δ", f"{delta}   Θ/day {theta}   vega/pt {vega}"),
    ]


def tail_rows(told: Told[TailEffect]) -> list[Row]:
    """One-day value at risk before and after, and its limit."""
    found = told.answer
    if found is None:
        return [_untold("VaR 99% 1d", told)]
    text = f"{found.value_at_risk.before:,.0f} → {found.value_at_risk.after:,.0f}"
    if found.bound is None:
        return [Row("VaR 99% 1d", f"{text}   no limit set")]
    beyond = found.value_at_risk.after > float(found.bound)
    mark = f"   ✗ limit {found.bound:,.0f}" if beyond else f"   limit {found.bound:,.0f}"
    return [Row("VaR 99% 1d", f"{text}{mark}", "$error" if beyond else "")]


def algorithm_rows(found: Preview, now: datetime) -> list[Row]:
    """The schedule in words: when each slice is due and how large it is."""
    parent, schedule = found.parent, found.schedule
    sizes = [after - before for before, after in pairwise((0, *schedule.targets))]
    left = figures.age(max((parent.until - now).total_seconds(), 0.0))
    rows = [Row("until", f"{parent.until:%d %b %H:%M:%S} UTC, in {left}")]
    if parent.participation is not None:
        rows.append(Row("follows", f"{parent.participation:f} of the volume that is seen   {parent.slices} looks"))
    else:
        shown = "   ".join(f"{due:%H:%M:%S} {count}" for due, count in zip(schedule.times, sizes, strict=True))
        rows.append(Row("slices", f"{len(sizes)} of {min(sizes)} to {max(sizes)}", "bold"))
        rows.append(Row("", shown, "$muted"))
    style = "takes the touch" if parent.style.value == "take" else "rests at the near touch"
    rows.append(Row("each", f"{style}   what is left undone: {parent.catch_up}"))
    rows.append(Row("gate", "asked of every slice when it is sent", "$muted"))
    return rows


def price_rows(limit: Decimal | None, touch: OrderTouch | None) -> list[Row]:
    """Where a limit stands in the market."""
    if limit is None or touch is None:
        return []
    parts = [
        _apart(limit, price, name)
        for name, price in (("bid", touch.bid), ("middle", touch.mid), ("ask", touch.ask))
        if price is not None
    ]
    return [Row("limit", "   ".join(parts))] if parts else []


def study_rows(
    study: Study,
    now: datetime,
    touch: OrderTouch | None,
    outlook: Told[OrderOutlook],
    effect: Told[OrderEffect],
    tail: Told[TailEffect],
) -> list[Row]:
    """All of it."""
    rows: list[Row] = []
    if study.algorithm is not None:
        rows += algorithm_rows(study.algorithm, now)
    if study.preview is not None:
        rows += market_rows(study.preview)
        rows += price_rows(study.preview.intent.limit_price, touch)
    rows += [*outlook_rows(outlook), *effect_rows(effect), *tail_rows(tail)]
    if study.preview is not None:
        rows += check_rows(study.preview)
    return rows


def _apart(limit: Decimal, price: Decimal, name: str) -> str:
    if limit == price:
        return f"at the {name}"
    return f"{figures.price(abs(limit - price))} {'above' if limit > price else 'below'} the {name}"


def _untold(label: str, told: Told[Answer]) -> Row:
    return Row(label, ASKING, "$muted") if told.problem is None else Row(label, told.problem, "$stale")


def _change(found: Change, digits: int) -> str:
    before, after = (figures.signed(value, digits) for value in found)
    return f"{before} → {after}"


def _bound(money: float | None) -> str:
    return "unbounded" if money is None else f"{money + 0.0:,.2f}"


def _price(price: Decimal | None) -> str:
    return figures.ABSENT if price is None else figures.price(price)


def _size(size: int | None) -> str:
    return "?" if size is None else str(size)
