"""Where figures of tails come from: value at risk, its parts, what staged legs would do, the backtest. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.market.units import POINT, unit
from screens.explanations import Explanation
from screens.risk_columns import METHOD_NAMES, amount, horizon_text, signed
from screens.risk_rows import part_name
from screens.risk_summary import figure_name
from widgets import figures

if TYPE_CHECKING:
    from optionix_core.services.risk_tails import TailReport
    from optionix_core.services.risk_view import RiskView
    from screens.risk_plots import Cell
    from widgets.grid_columns import Column, GridRow

Facts = tuple[tuple[str, str], ...]

_METHODS: Final = {
    "plain": "full revaluation in past daily moves, all days alike",
    "age": "full revaluation in past daily moves, weighed by age (Boudoukh, Richardson, Whitelaw 1998, decay 0.98)",
    "filtered": "full revaluation in past daily moves brought to today's volatility (Hull, White 1998, EWMA)",
    "copula": "full revaluation in moves drawn by a Student-t copula with Student-t laws fitted to past daily moves",
}
_INPUTS: Final = (
    "spots, each option's own implied volatility, forwards and discount factors by put-call parity; "
    "volatilities move by the relative change of the 30-day ones"
)
_BESIDE: Final = {
    "delta-normal": "first derivatives in spots alone, times normal moves with the covariance of the same past days",
    "delta-gamma": "first and second derivatives in spots, exact by inversion of the characteristic function",
    "cornish-fisher": "first and second derivatives in spots, the quantile by the Cornish-Fisher expansion",
}
_COMPONENT: Final = "Euler's: mean loss of the part where the book loses the figure (Tasche 1999); parts add up to it"
_COLUMNS: Final = {
    "component": _COMPONENT,
    "share": "component over the figure",
    "error": "standard error of the component; none where one scenario decides",
    "alone": "the figure of the part alone",
    "incremental": "the figure less the figure without the part",
}


class Place(NamedTuple):
    """What is asked about."""

    pane: str
    row: GridRow | None
    """Under the cursor; None in a picture or an empty table."""
    column: Column | None
    measure: str
    day: int
    cell: Cell | None


def absent(title: str, problem: object) -> Explanation:
    """Why there is no number."""
    return Explanation(title, figures.ABSENT, (("why", str(problem) if problem else "it was not made yet"),))


def explain_components(view: RiskView, place: Place) -> Explanation:
    """A part of the figure, or the figure itself."""
    asked, part = view.asked, view.tail()
    figure = f"{figure_name(place.measure)} {horizon_text(asked.confidence, asked.horizon_days)}"
    if part.answer is None:
        return absent(f"Parts of {figure}", part.problem)
    told = part.answer
    parts = told.value_at_risk_parts if place.measure == "value_at_risk" else told.shortfall_parts
    scale = math.sqrt(asked.horizon_days)
    label = None if place.row is None or place.row.key == "" else str(place.row.key)
    if label is None or label not in parts.labels:
        found = (("parts", _COMPONENT), *_tail(view, told))
        return Explanation(figure, amount(scale * parts.total), found)
    at = parts.labels.index(label)
    error = float(parts.component_error[at])
    facts = [
        ("component", _COMPONENT),
        ("its error", "one scenario decides: none is told" if math.isnan(error) else amount(scale * error)),
        ("alone", f"{amount(scale * float(parts.standalone[at]))}: {_COLUMNS['alone']}"),
        ("without", f"{signed(scale * float(parts.incremental[at]))}: {_COLUMNS['incremental']}"),
        ("of", f"{amount(scale * parts.total)}, by {asked.by}"),
    ]
    name = part_name(label, asked.by)
    value = signed(scale * float(parts.component[at]))
    return Explanation(f"{figure}: {name}", value, (*facts, *_tail(view, told)))


def _tail(view: RiskView, told: TailReport) -> Facts:
    """Method, level, window, seed."""
    asked, found = view.asked, told.estimates[0]
    drawn = "" if told.method != "copula" else f", seed {asked.seed}"
    interval = told.intervals[0][1]
    facts = [
        ("method", _METHODS[told.method]),
        ("level", f"the {found.rank}. worst of {found.scenarios:,} scenarios{drawn}, losses positive"),
    ]
    if interval is not None:
        facts.append(
            ("interval", f"{amount(interval.lower)} to {amount(interval.upper)} over a day, with {interval.level:.0%}")
        )
    if asked.horizon_days > 1:
        facts.append(("horizon", f"a day's figure times the root of {asked.horizon_days}"))
    facts.append(("inputs", _INPUTS))
    days = told.pnl.scenarios
    if told.method != "copula" and days:
        facts.append(("window", f"{len(days)} daily moves, {days[0]} to {days[-1]}"))
    facts += [("note", note) for note in (*told.notes, *found.notes)]
    return tuple(facts)


def explain_methods(view: RiskView, place: Place) -> Explanation:
    """The figure by one method."""
    key = "plain" if place.row is None else str(place.row.key)
    level = horizon_text(view.asked.confidence, view.asked.horizon_days)
    if key == "staged" and view.what_if.answer is not None:
        return explain_what_if(view)
    if key in _BESIDE:
        base = view.tail("plain").answer
        value = figures.ABSENT if place.row is None else amount(place.row.cells[1])
        facts = (
            ("method", _BESIDE[key]),
            ("reading", "where it parts from the revaluation, believe the revaluation"),
            *(() if base is None else _tail(view, base)[-1:]),
        )
        return Explanation(f"VaR {level}, {key}", value, facts)
    part = next((part for method, part in view.tails.items() if method == key), view.tail("plain"))
    if part.answer is None:
        return absent(f"VaR {level}, {METHOD_NAMES.get(key, key)}", part.problem)
    found = part.answer.estimates[0]
    value = f"VaR {amount(found.value_at_risk)}, ES {amount(found.expected_shortfall)}"
    return Explanation(f"{level}, {METHOD_NAMES[part.answer.method]}", value, _tail(view, part.answer))


def explain_what_if(view: RiskView) -> Explanation:
    """The figure before and after the staged legs."""
    from optionix_core.portfolio.deliverables import label_of

    found = view.what_if.answer
    if found is None:
        return absent("With the staged legs", view.what_if.problem)
    before, after = found.before, found.after
    legs = "; ".join(f"{quantity:+d} {label_of(symbol)}" for symbol, quantity in found.legs)
    margin = (
        str(after.margin.problem)
        if after.margin.problem is not None
        else f"{amount(before.margin.answer)} before, {amount(after.margin.answer)} after, strategy regime"
    )
    pairs = (
        ("ES", before.tail.expected_shortfall, after.tail.expected_shortfall),
        ("Δ 1%", POINT * before.greeks.delta_cash, POINT * after.greeks.delta_cash),
        ("Γ 1%", POINT * POINT * before.greeks.gamma_cash, POINT * POINT * after.greeks.gamma_cash),
        ("vega pt", unit("vega").factor * before.greeks.vega, unit("vega").factor * after.greeks.vega),
        ("worst", before.worst_pnl, after.worst_pnl),
    )
    return Explanation(
        f"VaR {horizon_text(view.asked.confidence, view.asked.horizon_days)} with the staged legs",
        f"{amount(before.tail.value_at_risk)} before, {amount(after.tail.value_at_risk)} after",
        (
            ("legs", legs),
            *((name, f"{signed(first)} before, {signed(last)} after") for name, first, last in pairs),
            ("scenario", f"worst before: {before.worst_scenario or 'none'}; after: {after.worst_scenario or 'none'}"),
            ("margin", margin),
            ("method", f"{_METHODS['plain']}; both books from the same quotes, what the trade costs left out"),
        ),
    )


def explain_backtest(view: RiskView, place: Place) -> Explanation:
    """What the tests say."""
    del place
    found = view.backtest.answer
    if found is None:
        return absent("Backtest", view.backtest.problem)
    tests, light = found.tests, found.tests.traffic_light
    named = (("Kupiec", tests.kupiec), ("independence", tests.independence), ("joint", tests.joint))
    return Explanation(
        f"Backtest of VaR {found.confidence:.3g} over {light.observations} days",
        f"{light.exceptions} breaches, {(1.0 - found.confidence) * light.observations:.1f} expected: {light.zone}",
        (
            (
                "what",
                "the book as it stands over its history: each day's figure from the days before, against what came",
            ),
            ("window", f"each figure of {found.window} days; told {found.days[0]} to {found.days[-1]}"),
            *((name, _test(test.statistic, test.p_value)) for name, test in named),
            ("zone", f"Basel traffic light: as many breaches or more come with probability {light.p_value:.3f}"),
            ("beyond", ", ".join(found.days[at] for at in tests.exceptions[-5:]) or "no day"),
            *(("note", note) for note in (*tests.notes, *found.notes)),
        ),
    )


def _test(statistic: float, p_value: float) -> str:
    if not math.isfinite(statistic) or not math.isfinite(p_value):
        return "cannot be told"
    return f"statistic {statistic:.3f}, p {p_value:.3f}"
