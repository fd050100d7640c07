"""Where the numbers of the pricer come from: model, inputs, source, age. Pure: a view in, sentences out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.market import units
from optionix_core.market.units import DAYS_PER_YEAR
from screens.explanations import Explanation
from screens.pricer_case import ContractCase, LegsCase
from screens.pricer_columns import greek_text
from screens.pricer_plots import days_text
from screens.pricer_sliders import unit_of, written
from screens.pricer_text import error_text, model_name, price_text, typed_name
from widgets import figures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from optionix_core.services.what_if import ContractView, Density
    from optionix_core.services.what_if_inputs import Input
    from optionix_core.services.what_if_legs import LegsView
    from optionix_core.services.what_if_methods import MethodRow
    from screens.pricer_case import Case

Facts = tuple[tuple[str, str], ...]

MEANINGS = {
    "delta": "change of value when the underlying rises by 1.00",
    "gamma": "change of delta when the underlying rises by 1.00",
    "vega": "change of value when volatility rises by one point",
    "theta": "change of value over one calendar day, all else unmoved",
    "rho": "change of value when the rate rises by one point",
    "epsilon": "change of value when the dividend yield rises by one point",
    "vanna": "change of delta when volatility rises by one point",
    "volga": "change of vega when volatility rises by one point",
    "charm": "change of delta over one calendar day",
    "veta": "change of vega over one calendar day",
    "speed": "change of gamma when the underlying rises by 1.00",
    "zomma": "change of gamma when volatility rises by one point",
    "color": "change of gamma over one calendar day",
    "ultima": "change of volga when volatility rises by one point",
    "dual_delta": "change of value when the strike rises by 1.00",
    "dual_gamma": "change of the dual delta when the strike rises by 1.00",
}


def explain(
    pane: str,
    case: Case,
    view: ContractView | LegsView,
    density: Density | str,
    under_cursor: str,
    item: Input | None,
    methods: Sequence[MethodRow],
    now: datetime,
) -> Explanation:
    """The numbers of a pane: the Greek or method under its cursor, else the price with the marked input."""
    if pane == "greeks" and under_cursor:
        return explain_greek(case, view, under_cursor, now)
    if pane == "methods" and under_cursor:
        found = next((one for one in methods if one.id == under_cursor), None)
        if found is not None:
            return explain_method(case, found, now)
    if pane == "moves":
        return explain_moves(case, view, now)
    return explain_price(case, view, density, item, now)


def explain_price(
    case: Case, view: ContractView | LegsView, density: Density | str, item: Input | None, now: datetime
) -> Explanation:
    """What the contract or the legs are worth, with the input that is marked."""
    marked = () if item is None else _input(case, item)
    chance = density if isinstance(density, str) else f"{density.source}, risk-neutral, at expiry"
    if isinstance(case, LegsCase):
        return Explanation(
            f"Profit of {case.link.strategy.name.replace('-', ' ')} on {case.link.underlying}",
            figures.signed(view.profit),  # type: ignore[union-attr] # of legs
            (*_legs_model(view), ("density", chance), *marked, *_source(case, now)),  # type: ignore[arg-type]
        )
    result = view.result  # type: ignore[union-attr] # of a contract
    error = error_text(result) or result.error_unknown
    beside: list[tuple[str, str]] = []
    if result.intrinsic is not None and result.time_value is not None:
        beside.append(("intrinsic", f"{price_text(result.intrinsic)}, what it would pay if it ended now"))
        beside.append(("time value", f"{price_text(result.time_value)}, price less intrinsic"))
    dates = ", ".join("now" if not one.elapsed else f"+{days_text(one.elapsed)}" for one in view.picture.curves)
    return Explanation(
        f"Price of {_name(case)}",
        price_text(result.price),
        (
            ("model", model_name(case)),
            ("method", result.method.text),
            ("error", error),
            *beside,
            ("curves", f"{dates}: the same inputs at each price of the underlying, with that much less time"),
            ("density", chance),
            *marked,
            *_inputs(case),
            *_source(case, now),
        ),
    )


def explain_greek(case: Case, view: ContractView | LegsView, name: str, now: datetime) -> Explanation:
    """One Greek."""
    title = name.replace("_", " ").capitalize()
    unit = ("unit", units.unit(name).label)
    meaning = ("meaning", MEANINGS[name])
    if isinstance(case, LegsCase):
        natural = dict(view.greeks)[name]  # type: ignore[union-attr] # of legs
        shown = figures.ABSENT if natural is None else greek_text(units.to_market(name, natural))
        facts: Facts = (meaning, unit, ("sum", "quantity times multiplier of every leg"), *_legs_model(view))  # type: ignore[arg-type]
        return Explanation(f"{title} of all legs", shown, (*facts, *_source(case, now)))
    result = view.result  # type: ignore[union-attr] # of a contract
    natural = getattr(result.greeks, name)
    shown = figures.ABSENT if natural is None else greek_text(units.to_market(name, natural))
    error = getattr(result.greek_errors, name)
    told: list[tuple[str, str]] = [meaning, unit, ("model", model_name(case)), ("method", result.method.text)]
    if natural is None:
        told.append(("absent", result.greeks_missing or "the method does not give it"))
    if error is not None:
        told.append(("error", f"±{units.to_market(name, error):.2e}, standard error"))
    return Explanation(f"{title} of {_name(case)}", shown, (*told, *_inputs(case), *_source(case, now)))


def explain_method(case: Case, row: MethodRow, now: datetime) -> Explanation:
    """One method beside the others."""
    kind = "standard error" if row.simulated else "the method's own bound or estimate"
    error = f"±{row.error:.3e}, {kind}" if row.error is not None else row.failure or "not known"
    spent = "none" if row.seconds is None else f"{row.seconds * 1e3:.2f} ms, nothing from a cache"
    facts: Facts = (("method", row.text), ("error", error), ("time", spent))
    if row.price is None:
        facts = (("method", row.text), ("failed", row.failure))
    shown = figures.ABSENT if row.price is None else f"{row.price:.10g}"
    return Explanation(f"Price by {row.id}", shown, (*facts, *_source(case, now)))


def explain_moves(case: Case, view: ContractView | LegsView, now: datetime) -> Explanation:
    """The grid of moves."""
    grid = view.grid
    by = "time that passes" if grid is not None and grid.by == "days" else "moves of volatility"
    what = "profit in money" if isinstance(case, LegsCase) else "value per unit"
    note = () if grid is None or not grid.note else (("note", grid.note),)
    return Explanation(
        "What if",
        f"change of {what}",
        (
            ("columns", "moves of the spot, each half a standard deviation of at most a month from the next, rounded"),
            ("lines", f"{by}, all else as the inputs stand"),
            ("cell", "value there less value now; not an approximation by Greeks"),
            *note,
            *_source(case, now),
        ),
    )


def _input(case: Case, item: Input) -> Facts:
    market = case.market(item.name)
    where = "none: it was typed" if case.link is None else written(item, market) if market is not None else "not told"
    shown = written(item)
    return (("input", f"{item.label} {shown} ({unit_of(item)}); market {where}"),)


def _inputs(case: ContractCase) -> Facts:
    shown = ", ".join(f"{item.label} {written(item)}" for item in case.inputs)
    link = case.link
    why = "" if link is None or case.moved or link.mid is None else "; the volatility gives the mid"
    return (("inputs", f"{shown}{why}"),)


def _legs_model(view: LegsView) -> Facts:
    terms = view.market.terms
    told = ", ".join(f"{100.0 * one.volatility:.2f}" for one in terms.legs if one is not None)
    facts: list[tuple[str, str]] = [
        ("model", f"Black-Scholes, each leg's own volatility ({told} points), {terms.volatility_source}"),
        ("profit", "since the mids of the legs at the market"),
    ]
    report = view.report
    if report is not None:
        facts += [("assumed", one) for one in report.assumptions]
        if report.probability is not None:
            facts.append(("PoP", f"{report.probability.value:.4f}, risk-neutral, by {report.probability.method}"))
        elif report.no_probability:
            facts.append(("PoP", report.no_probability))
    return tuple(facts)


def _source(case: Case, now: datetime) -> Facts:
    link = case.link
    if link is None:
        return (("source", "typed: no market is followed"),)
    age = figures.age(max((now - link.as_of).total_seconds(), 0.0))
    moved = [item.label for item in case.inputs if item.name in case.moved]
    return (
        ("moved", ", ".join(moved) or "nothing: every input is the market's"),
        ("source", f"{link.source}, {link.as_of:%Y-%m-%d %H:%M:%S} UTC, {age} ago"),
    )


def _name(case: Case) -> str:
    if isinstance(case, LegsCase):
        return case.link.strategy.name
    if case.link is not None and case.options.kind in {"european", "american"}:
        return case.link.label
    days = "" if case.options.expiry is None else f" {case.options.expiry * DAYS_PER_YEAR:.0f}d"
    return f"{case.options.kind} {typed_name(case).removesuffix(days.strip()).strip()}{days}".strip()
