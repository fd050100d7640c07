"""Where the chain's further numbers come from: what the smile tells, spreads, the smile, the staged legs. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from optionix_core.market.units import theta_per_day, vega_per_point
from optionix_core.portfolio.deliverables import label_of
from screens import explanations
from screens.explanations import Explanation
from screens.stage_text import LivePrice, price_text
from widgets import figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.errors import OptionixError
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow
    from optionix_core.services.staging import StagedReport
    from screens.stage import Stage

Facts = tuple[tuple[str, str], ...]


def explain_cell(
    view: ChainView, row: ChainRow, side: SideRow, field: str, now: datetime, *, payoff: bool = False
) -> Explanation:
    """The number of one cell, or the picture of what its option pays."""
    if payoff:
        return _payoff(view, row, side, now)
    told = _FIELDS.get(field)
    if told is None or side.symbol is None:
        return explanations.explain_cell(view, row, side, field, now)
    title, value, facts = told(view, side)
    return Explanation(
        f"{title} of {_name(view, row, side)}", value, (*facts, *explanations.source_facts(view, side, now))
    )


def _name(view: ChainView, row: ChainRow, side: SideRow) -> str:
    option = "call" if side is row.call else "put"
    return f"{view.root} {view.expiry:%d %b %y} {figures.strike(row.strike)} {option}"


def _value(view: ChainView, side: SideRow) -> tuple[str, str, Facts]:
    return "Theoretical value", figures.price(side.value), (*_by_smile(view), *explanations.input_facts(view))


def _beyond(view: ChainView, side: SideRow) -> tuple[str, str, Facts]:
    if side.beyond is None:
        return "Rich or cheap", figures.ABSENT, _by_smile(view)
    way = "rich" if side.beyond > 0 else "cheap" if side.beyond < 0 else "neither: the value lies between bid and ask"
    value = way if not side.beyond else f"{way} by {figures.price(abs(side.beyond))}"
    measured = (
        f"bid {figures.price(side.bid)} less value where that is positive (rich), "
        f"ask {figures.price(side.ask)} less value where that is negative (cheap); value {figures.price(side.value)}"
    )
    return (
        "Rich or cheap",
        value,
        (("measured", measured), ("unit", "price a unit, after the spread, before fees"), *_by_smile(view)),
    )


def _probability(view: ChainView, side: SideRow) -> tuple[str, str, Facts]:
    value = figures.ABSENT if side.probability is None else f"{side.probability:.2%}"
    model = "risk-neutral: the slope of option prices in the strike, by the smile (Breeden and Litzenberger, 1978)"
    note = "not the delta, which weighs the ends by what is paid; and no forecast"
    return "Probability in the money", value, (("model", model), ("note", note), *_by_smile(view))


def _band(view: ChainView, side: SideRow) -> tuple[str, str, Facts]:
    title, value, facts = explanations.iv_facts(view, side, "iv")
    return f"{title} of bid and ask", value, facts


def _spread(view: ChainView, side: SideRow) -> tuple[str, str, Facts]:
    del view
    relative = figures.ABSENT if side.relative_spread is None else f"{side.relative_spread:.2%} of their mid"
    return "Spread", figures.price(side.spread), (("model", "none: ask less bid"), ("relative", relative))


def _mid(view: ChainView, side: SideRow) -> tuple[str, str, Facts]:
    del view
    return "Mid", figures.price(side.mid), (("model", "none: half way between bid and ask, where neither is absent"),)


def _last(view: ChainView, side: SideRow) -> tuple[str, str, Facts]:
    del view
    told = "the source gives none" if side.last is None else "as the source gives it; it may be hours old"
    return "Last trade", figures.price(side.last), (("model", told),)


def _sizes(view: ChainView, side: SideRow) -> tuple[str, str, Facts]:
    del view
    sizes = " × ".join(figures.ABSENT if one is None else f"{one:.0f}" for one in (side.bid_size, side.ask_size))
    return (
        "Sizes",
        sizes,
        (("unit", "contracts shown at the bid, and at the ask"), ("model", "none: as the source quotes")),
    )


_FIELDS: dict[str, Callable[[ChainView, SideRow], tuple[str, str, Facts]]] = {
    "value": _value,
    "beyond": _beyond,
    "probability": _probability,
    "bid_iv": _band,
    "ask_iv": _band,
    "spread": _spread,
    "relative_spread": _spread,
    "mid": _mid,
    "last": _last,
    "bid_size": _sizes,
    "ask_size": _sizes,
}


def _by_smile(view: ChainView) -> Facts:
    fit = view.smile
    if fit is None:
        return (("smile", f"none: {view.no_smile}"),)
    kind = "American" if fit.american else "Black (1976)"
    met = f"rmse {fit.rmse_vol_points:.3f} points, {fit.inside_bid_ask:.0%} inside bid and ask"
    return (
        ("model", f"{kind} price at the volatility of the {fit.model} smile of this expiry"),
        ("fit", f"{fit.quotes} out-of-the-money quotes, {met}"),
        ("fitted", f"{fit.fitted_at:%Y-%m-%d %H:%M:%S} UTC, moved along with the forward since"),
    )


def explain_smile(view: ChainView, now: datetime) -> Explanation:
    """The fit of the expiry that is shown."""
    title = f"Smile of {view.root} {view.expiry:%d %b %y}"
    if view.smile is None:
        return Explanation(title, "no data", _by_smile(view))
    age = max((now - view.smile.fitted_at).total_seconds(), 0.0)
    odd = [row for row in view.rows if row.lint]
    facts = (
        *_by_smile(view),
        ("age", figures.age(age)),
        ("lint", f"{len(odd)} strikes: arbitrage net of the spread, or beyond the fit after it" if odd else "none"),
        ("bars", "volatilities of bid and ask of the out-of-the-money option"),
        *explanations.input_facts(view),
    )
    return Explanation(title, f"{view.smile.rmse_vol_points:.3f} points rmse", facts)


def _payoff(view: ChainView, row: ChainRow, side: SideRow, now: datetime) -> Explanation:
    facts = (
        ("expiry", "intrinsic value at expiry less the ask, times the multiplier"),
        ("today", "Black (1976) at the option's own volatility, the underlying moved there at once"),
        ("multiplier", f"{view.multiplier:g}"),
        *explanations.source_facts(view, side, now),
    )
    return Explanation(f"Payoff of +1 {_name(view, row, side)}", figures.price(side.ask), facts)


def explain_stage(
    stage: Stage, found: StagedReport | None, price: LivePrice | None, problem: OptionixError | None, now: datetime
) -> Explanation:
    """Every figure of what is staged."""
    legs = tuple((f"{leg.quantity:+d}", label_of(leg.symbol)) for leg in stage.legs)
    if found is None:
        why = "no legs are staged" if not stage else str(problem) if problem is not None else "being priced"
        return Explanation("Staged legs", figures.ABSENT, (*legs, ("why", why)))
    report = found.report
    natural = None if price is None else price.natural
    facts = [
        *legs,
        ("net", "sum of ratio times price a unit: bought legs at their ask, sold ones at their bid (natural)"),
        (
            "bounds",
            "exact at expiry" if report.expiry_payoff is not None else "of the model when the nearest expiry ends",
        ),
        ("money", "quantity times multiplier, premiums at the natural price, fees left out"),
        ("profitable", _stretches(report.profitable)),
        ("PoP", _odds(found)),
        ("needs", _need(found)),
        ("margin", _margin(found)),
        *(
            ("gate", f"{'✓' if check.passed else '✗'} {check.rule}: {check.detail}")
            for check in found.asked.checks
            if not check.passed
        ),
        ("Greeks", _greeks(found)),
        *(("taken", words) for words in report.assumptions),
        (
            "of",
            f"{found.moment:%Y-%m-%d %H:%M:%S} UTC, {figures.age(max((now - found.moment).total_seconds(), 0.0))} ago",
        ),
    ]
    return Explanation(f"Staged: {report.strategy.name}", price_text(natural), tuple(facts))


def _stretches(stretches: tuple[tuple[float, float | None], ...]) -> str:
    if not stretches:
        return "nowhere"
    return ", ".join(f"{low:,.2f} to {'∞' if high is None else f'{high:,.2f}'}" for low, high in stretches)


def _odds(found: StagedReport) -> str:
    chance = found.report.probability
    if chance is None:
        return f"no data: {found.report.no_probability}"
    return f"{chance.value:.2%}, risk-neutral, by {chance.method}: the probability of ending where it is profitable"


def _need(found: StagedReport) -> str:
    if found.asked.need is None:
        return f"no data: {found.asked.trouble}"
    before, after = ("unbounded" if one is None else figures.money(one) for one in found.asked.need)
    return f"{before} before, {after} once filled: cash that must stand behind what is sold at its worst end"


def _margin(found: StagedReport) -> str:
    margin = found.asked.margin
    if margin is None:
        return f"no data: {found.asked.no_margin}"
    return f"{margin.before:,.2f} before, {margin.after:,.2f} after, by the strategy based regime (FINRA Rule 4210)"


def _greeks(found: StagedReport) -> str:
    greeks, terms = found.report.greeks, found.report.terms
    if greeks is None or terms is None:
        return "no data: a leg has no volatility"
    return (
        f"Black-Scholes, volatilities {terms.volatility_source}; theta {theta_per_day(greeks.theta):+.2f} a day, "
        f"vega {vega_per_point(greeks.vega):+.2f} a point, for all contracts"
    )
