"""Where a number comes from, in words: model, inputs, source and age. Pure: a view in, sentences out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from optionix_core.market.protocols import FeedState
from optionix_core.market.units import theta_per_day, unit, vega_per_point, volatility_points
from widgets import figures

if TYPE_CHECKING:
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow
    from optionix_core.volatility.arbitrage import Violation

_MODEL = "Black (1976) on the forward that put-call parity of this expiry implies"
_REASONS = {
    "no bid": "nobody bids for it, so there is no mid",
    "no ask": "nobody offers it, so there is no mid",
    "crossed": "the bid is above the ask",
    "expired": "its settlement moment has passed",
    "stale": "its exchange time is older than the limit",
    "too wide": "the spread is wider than its own mid",
    "no forward": "too few good pairs of calls and puts for put-call parity",
    "below intrinsic": "the mid is not above the discounted intrinsic value: no volatility explains it",
    "above maximum": "the mid is not below the largest possible price",
    "no solution": "too near to a bound for double precision to tell a volatility",
    "no instrument": "the source lists nothing here",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the explain dialog shows."""

    title: str
    value: str
    facts: tuple[tuple[str, str], ...]


def explain_cell(view: ChainView, row: ChainRow, side: SideRow, field: str, now: datetime) -> Explanation:
    """The number of one cell; `field` is a field of SideRow, or `strike` or `lint`."""
    if field == "lint":
        return _lint(view, row)
    option = "call" if side is row.call else "put"
    name = f"{view.root} {view.expiry:%d %b %y} {figures.strike(row.strike)} {option}"
    if field == "strike":
        return Explanation(name, figures.strike(row.strike), _contract(view, side) + _expiry_facts(view))
    if side.symbol is None:
        return Explanation(name, figures.ABSENT, (("why", _REASONS["no instrument"]), *source_facts(view, side, now)))
    writer = _WRITERS.get(field, _as_quoted)
    title, value, facts = writer(view, side, field)
    if side.rejected is not None and field in _SOLVED:
        value = figures.ABSENT
        facts = (("rejected", f"{side.rejected}: {_REASONS.get(side.rejected, 'see the quote')}"),)
    return Explanation(f"{title} of {name}", value, (*facts, *source_facts(view, side, now)))


def _lint(view: ChainView, row: ChainRow) -> Explanation:
    name = f"{view.root} {view.expiry:%d %b %y} {figures.strike(row.strike)}"
    facts = [(one.kind.value, _sure_profit(one)) for one in view.violations if one.strike == row.strike]
    if row.lint.startswith(("rich", "cheap")):
        beyond = "bid is above" if row.lint.startswith("rich") else "ask is below"
        fair = "of the smile" if view.smile is not None else "that the two strikes on either side tell"
        facts.append((row.lint, f"the {beyond} the price at the volatility {fair}"))
    if not facts:
        facts.append(("found", "nothing odd: no arbitrage net of the spread, and in line with its neighbours"))
    checked = f"vertical, butterfly and parity now; calendar at {view.whole_at:%H:%M:%S} UTC, with the whole chain"
    return Explanation(f"Lint of {name}", row.lint or figures.ABSENT, (*facts, ("checked", checked)))


def _sure_profit(one: Violation) -> str:
    legs = " and ".join(figures.strike(leg) for leg in one.legs)
    option = one.option_type
    trade = {
        "vertical": f"sell this {option} at its bid, buy the {legs} {option} at its ask",
        "butterfly": f"sell this {option} at its bid, buy the {legs} {option}s at their asks",
        "calendar": f"sell this {option} at its bid, buy the {legs} {option}s of the next expiry at their asks",
        "parity": "trade call against put at their bid and ask, and the forward",
    }[one.kind.value]
    return f"{trade}: locks in {figures.price(one.severity)} a unit before fees"


def _spot(view: ChainView) -> str:
    text = f"{figures.price(view.spot)} {view.currency}"
    if view.spot_source != "implied":
        return text
    stated = (
        "the source gives none" if view.last is None
        else f"the source's own {figures.price(view.last)} is of another moment than the quotes"
    )  # fmt: skip
    return f"{text}, implied by the forwards of the coming half year; {stated}"


def iv_facts(view: ChainView, side: SideRow, field: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Title, value and facts of an implied volatility."""
    del field
    band = f"{_points(side.bid_iv)} at the bid, {_points(side.ask_iv)} at the ask"
    vendor = () if side.vendor_iv is None else (("vendor's own", _points(side.vendor_iv)),)
    return (
        "Implied volatility",
        _points(side.iv),
        (
            ("model", f"{_MODEL}, solved for the mid {figures.price(side.mid)}"),
            ("band", band),
            *input_facts(view),
            *vendor,
            *_american(view),
        ),
    )


def _greek(view: ChainView, side: SideRow, field: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    convert, label = _GREEKS[field]
    value = getattr(side, field)
    shown = figures.ABSENT if value is None else f"{convert(value):+.6g}"
    per = f"{unit(field).label}; one contract: times {view.multiplier:g}"
    return (
        label,
        shown,
        (
            ("model", f"{_MODEL}, at the mid's volatility {_points(side.iv)}"),
            ("unit", per),
            *input_facts(view),
            *_american(view),
        ),
    )


def _as_quoted(view: ChainView, side: SideRow, field: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    del view
    labels = {"bid": "Bid", "ask": "Ask", "volume": "Volume", "open_interest": "Open interest"}
    value = getattr(side, field)
    facts: tuple[tuple[str, str], ...] = (("model", "none: as the source quotes it"),)
    if field in {"bid", "ask"}:
        size = side.bid_size if field == "bid" else side.ask_size
        facts += (("size", "not given" if size is None else f"{size:.0f} contracts shown"),)
        return labels[field], figures.price(value), facts
    return labels.get(field, field), figures.ABSENT if value is None else f"{value:,.0f} contracts", facts


def _held(view: ChainView, side: SideRow, field: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    del view, side, field
    return "Position", "as shown", (("model", "a fold of the ledger: the sum of fills and life-cycle entries"),)


def _points(value: float | None) -> str:
    return figures.ABSENT if value is None else f"{volatility_points(value):.2f} points"


def input_facts(view: ChainView) -> tuple[tuple[str, str], ...]:
    """Forward, rate, time, spot and yield of an expiry."""
    rate = "none" if view.rate is None else f"{view.rate:.4%} ({view.discount_source})"
    forward = "none" if view.forward is None else f"{view.forward:,.4f} ({view.forward_source})"
    return (
        ("forward", forward),
        ("rate", f"{rate}, discount factor {_number(view.discount_factor)}"),
        ("time", f"{view.years:.6f} years (ACT/365) to the {view.settlement} settlement, {view.days} calendar days"),
        ("spot", _spot(view)),
        *_carry(view),
    )


def _carry(view: ChainView) -> tuple[tuple[str, str], ...]:
    if view.carry is None:
        return ()
    return (("yield", f"{view.carry:.4%} = rate - ln(forward / spot) / time"),)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6f}"


def _american(view: ChainView) -> tuple[tuple[str, str], ...]:
    if view.exercise != "american":
        return ()
    return (("note", "American option solved as a European one on the parity forward: an approximation"),)


def _contract(view: ChainView, side: SideRow) -> tuple[tuple[str, str], ...]:
    return (
        ("key", side.symbol or "not listed"),
        ("contract", f"{view.exercise}, {view.settlement} settled, {view.multiplier:g} units, {view.currency}"),
    )


def _expiry_facts(view: ChainView) -> tuple[tuple[str, str], ...]:
    move = "none" if view.expected_move is None else f"{view.expected_move:.2f} = F x ATM volatility x sqrt(T)"
    return (*input_facts(view), ("at the money", _points(view.at_the_money_volatility)), ("1 sigma", move))


def source_facts(view: ChainView, side: SideRow, now: datetime) -> tuple[tuple[str, str], ...]:
    """The quote, where it is from, and its age."""
    quoted = view.as_of if side.quoted_at is None else datetime.fromtimestamp(side.quoted_at, view.as_of.tzinfo)
    age = max((now - quoted).total_seconds(), 0.0)
    stale = f", STALE: over {view.stale_after.total_seconds():g} s" if view.is_stale(now) else ""
    quote = f"bid {figures.price(side.bid)}, ask {figures.price(side.ask)}"
    recorded = f"{view.as_of:%Y-%m-%d %H:%M:%S} UTC; its times are moved to the replay's"
    return (
        ("quote", quote),
        ("source", f"{view.source} ({view.state})"),
        *([("recorded", recorded)] if view.state is FeedState.REPLAY else []),
        ("quoted", f"{quoted:%Y-%m-%d %H:%M:%S} UTC, {figures.age(age)} ago{stale}"),
    )


_GREEKS: dict[str, tuple[Callable[[float], float], str]] = {
    "delta": (float, "Delta"),
    "gamma": (float, "Gamma"),
    "theta": (theta_per_day, "Theta"),
    "vega": (vega_per_point, "Vega"),
}
_SOLVED = frozenset({"iv", *_GREEKS})
_Writer = Callable[["ChainView", "SideRow", str], tuple[str, str, tuple[tuple[str, str], ...]]]
_WRITERS: dict[str, _Writer] = {"iv": iv_facts, "held": _held, **dict.fromkeys(_GREEKS, _greek)}
