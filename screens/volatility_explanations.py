"""Where the numbers of the volatility screen come from: model, inputs, source, age. Pure: a view in, sentences out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.market.units import volatility_points
from screens.explanations import Explanation
from screens.volatility_columns import FAULT, SURE
from widgets import figures

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.calibration_view import CalibrationView
    from optionix_core.services.surface_smile import DensityCurve, SmileQuote
    from optionix_core.services.surface_view import SurfaceView
    from optionix_core.volatility.surface.smiles import SurfaceSlice
    from screens.volatility_columns import FindingKey

_MODELS = {
    "svi": "SVI for each expiry, free of butterflies at every strike and in order of time near the money",
    "ssvi": "SSVI: one correlation and one power law for all expiries, free of arbitrage by construction",
    "essvi": "eSSVI: a level, a correlation and a slope for each expiry, free of arbitrage by construction",
    "spline": "a mixture of lognormal kernels under the prices of each expiry, free of butterflies by construction",
    "sabr": "SABR (Hagan's formula, beta 1) for each expiry; its arbitrage is reported, not removed",
}


def _points(value: float | None, digits: int = 2) -> str:
    return figures.ABSENT if value is None else f"{volatility_points(value):.{digits}f} points"


def explain_pane(
    marked: str,
    view: SurfaceView,
    place: int,
    quote: SmileQuote | None,
    density: DensityCurve | str,
    finding: FindingKey | None,
    now: datetime,
) -> Explanation:
    """The numbers of the pane `marked`."""
    if marked == "smile":
        return explain_quote(view, place, quote, now)
    if marked == "term":
        return explain_expiry(view, place, now)
    if marked == "density":
        return explain_density(view, place, density, now)
    if marked == "cone":
        return explain_cone(view, now)
    if marked == "findings" and finding is not None:
        return explain_finding(view, finding, now)
    return explain_surface(view, now)


def explain_quote(view: SurfaceView, place: int, quote: SmileQuote | None, now: datetime) -> Explanation:
    """The quote under the smile's cursor."""
    if quote is None:
        return explain_expiry(view, place, now)
    item = view.found.surface.slices[place]
    name = f"{item.root} {item.expiry:%d %b %y} {figures.strike(quote.strike)} {quote.option_type}"
    verdict = "the smile lies between bid and ask"
    if quote.beyond > 0.0:
        verdict = f"rich: the bid is {quote.beyond:.4f} above the price at the smile's volatility"
    elif quote.beyond < 0.0:
        verdict = f"cheap: the ask is {-quote.beyond:.4f} below the price at the smile's volatility"
    return Explanation(
        f"Volatility of {name}",
        f"market {_points(quote.iv)}, smile {_points(quote.fit_iv)}",
        (
            ("model", _MODELS[view.model]),
            ("market", f"bid {_points(quote.bid_iv)}, mid {_points(quote.iv)}, ask {_points(quote.ask_iv)}"),
            ("quote", f"bid {figures.price(quote.bid)}, ask {figures.price(quote.ask)}, fair {quote.fair:.4f}"),
            ("verdict", verdict),
            ("delta", f"{quote.delta:+.4f} of the forward, at the mid's volatility"),
            *_smile(view, place),
            *_source(view, now),
        ),
    )


def explain_expiry(view: SurfaceView, place: int, now: datetime) -> Explanation:
    """Level and wings of the chosen expiry."""
    told = view.summaries[place]
    return Explanation(
        f"Term structure at {told.item.root} {told.item.expiry:%d %b %y}",
        f"at the forward {_points(told.at_the_money)}",
        (
            ("model", _MODELS[view.model]),
            ("RR25", f"{_points(told.risk_reversal_25)}: call less put, each of forward delta 0.25"),
            ("BF25", f"{_points(told.butterfly_25)}: their mean less the volatility at the forward"),
            ("slope", f"{_points(told.slope)} for each 1.0 of ln(K / F), at the forward"),
            ("90-110%", f"{_points(told.skew_90_110)}: volatility at 90% of the forward less that at 110%"),
            *_smile(view, place),
            *_source(view, now),
        ),
    )


def explain_surface(view: SurfaceView, now: datetime) -> Explanation:
    """The surface as a whole."""
    found, answers = view.found, view.answers
    fault = f"{len(answers.fit)} expiries at fault" if answers.fit else "none"
    skipped = "; ".join(f"{one.root} {one.expiry:%d %b %y}: {one.reason}" for one in found.surface.skipped[:4])
    more = len(found.surface.skipped) - 4
    return Explanation(
        f"Surface of {view.underlying}",
        f"{found.inside_bid_ask:.1%} of {found.quote_count:,} quotes inside bid and ask",
        (
            ("model", _MODELS[view.model]),
            ("cells", "volatility of each expiry's smile at so many of its own standard deviations from the forward"),
            ("between", "total variance is linear in time at the same strike over forward"),
            ("arbitrage", f"{fault} on {answers.points:,} points, least g {answers.minimum_g:.4f}"),
            ("skipped", (skipped + (f"; and {more} more" if more > 0 else "")) or "none"),
            *_source(view, now),
        ),
    )


def explain_density(view: SurfaceView, place: int, told: DensityCurve | str, now: datetime) -> Explanation:
    """Where the price may end."""
    item = view.found.surface.slices[place]
    name = f"Density of {view.underlying} on {item.expiry:%d %b %y}"
    if isinstance(told, str):
        return Explanation(name, figures.ABSENT, (("why", told), *_source(view, now)))
    pairs = zip((5, 25, 50, 75, 95), told.percentiles, strict=True)
    negative = "a wing is too steep to tell" if told.negative is None else f"{told.negative:.2e} of probability"
    return Explanation(
        name,
        f"median {figures.price(told.percentiles[2])}",
        (
            ("model", f"second derivative in strike of the smile's prices (Breeden, Litzenberger 1978), {view.model}"),
            ("ends below", ", ".join(f"{share}% {figures.price(level)}" for share, level in pairs)),
            ("measure", "risk-neutral: what options price, not a forecast"),
            ("negative", negative),
            *_source(view, now),
        ),
    )


def explain_cone(view: SurfaceView, now: datetime) -> Explanation:
    """Realised volatility beside its past."""
    cone, standing = view.past.cone, view.past.standing
    if cone is None:
        why = "; ".join(view.past.trouble) or "no history"
        return Explanation(f"Cone of {view.underlying}", figures.ABSENT, (("why", why), *_source(view, now)))
    facts = [
        ("model", "standard deviation of daily log returns times sqrt(252), over overlapping windows"),
        ("history", f"{cone.since:%d %b %y} to {cone.until:%d %b %y}"),
    ]
    for place, days in enumerate(cone.windows):
        low, middle, high = cone.minimum[place], cone.median[place], cone.maximum[place]
        here = f"now {_points(cone.now[place], 1)}, above {cone.percentile[place]:.0%} of {cone.counts[place]:,}"
        past = f"least {_points(low, 1)}, median {_points(middle, 1)}, most {_points(high, 1)}"
        facts.append((f"{days} days", f"{here}; {past}"))
    if standing is not None:
        where = f"rank {standing.rank:.0%}, percentile {standing.percentile:.0%} of {standing.window} days"
        facts.append(("implied", f"{_points(standing.now, 1)} at 30 days: {where}"))
    return Explanation(f"Cone of {view.underlying}", _points(float(cone.now[1]), 1), (*facts, *_source(view, now)))


def explain_calibration(calibrated: CalibrationView, item: SurfaceSlice, now: datetime) -> Explanation:
    """The calibrated model of the chosen expiry."""
    name = f"{calibrated.model} of {calibrated.underlying}"
    fit = calibrated.fit_of(item.expiry, item.root)
    seconds = max((now - calibrated.as_of).total_seconds(), 0.0)
    age = f"{calibrated.as_of:%Y-%m-%d %H:%M:%S} UTC, {figures.age(seconds)} ago"
    if fit is None:
        return Explanation(name, figures.ABSENT, (("why", "too few usable quotes of this expiry"), ("quoted", age)))
    parameters = tuple(
        (
            one.name,
            f"{one.value:.6g}" + (f" at its {one.at_bound} bound" if one.at_bound else _error(one.standard_error)),
        )
        for one in fit.parameters
    )
    covered = f"{len(fit.smiles)} expiries" if len(fit.smiles) > 1 else f"{item.expiry:%d %b %y}"
    return Explanation(
        name,
        f"rmse {_points(fit.rmse)}, worst {_points(fit.max_error)}",
        (
            ("fitted to", f"the judged quotes of {covered}, each weighed by its spread"),
            *parameters,
            *(("note", note) for note in fit.notes),
            ("descents", f"{'converged' if fit.converged else 'did not converge'} in {calibrated.seconds:.2f} s"),
            ("history", calibrated.unkept or "kept: `optionix calibrate history list`"),
            ("quoted", age),
        ),
    )


def _error(value: float | None) -> str:
    return "" if value is None else f" ± {value:.3g}"


def explain_finding(view: SurfaceView, key: FindingKey, now: datetime) -> Explanation:
    """One row of what was found wrong."""
    strike = "" if key.strike is None else f" {figures.strike(key.strike)}"
    name = f"{key.root} {key.expiry:%d %b %y}{strike}{f' {key.option_type}' if key.option_type else ''}"
    amounts = _finding(view, key)
    return Explanation(f"{key.kind.capitalize()} of {name}", amounts[0], (*amounts[1], *_source(view, now)))


def _finding(view: SurfaceView, key: FindingKey) -> tuple[str, tuple[tuple[str, str], ...]]:
    answers = view.answers
    if key.sort == FAULT:
        bad = next(one for one in answers.fit if (one.kind, one.expiry, one.root) == (key.kind, key.expiry, key.root))
        what = {
            "butterfly": "the density is negative there: a butterfly at the fit's prices costs less than nothing",
            "calendar": "total variance falls from the expiry before: the later option would cost less",
        }[bad.kind]
        return f"{bad.severity:.6f}", (
            ("what", what),
            ("where", f"ln(K / F) {bad.log_moneyness:+.4f}, and {bad.points} points of the grid in all"),
            ("of", f"the fit ({view.model}), not the quotes"),
        )
    if key.sort == SURE and key.kind == "box":
        wanted = (key.expiry, key.root, key.strike)
        box = next(one for one in answers.boxes or () if (one.expiry, one.root, one.strike) == wanted)
        there = figures.strike(box.other)
        return f"{box.severity:.4f}", (
            ("trade", f"sell call and buy put at {figures.strike(box.strike)}, the other way at {there}"),
            ("why", "both strikes are the same forward, and one is sold for more than the other costs"),
            ("net", "of bid and ask, discounted, before fees"),
        )
    if key.sort == SURE:
        sure = next(
            one
            for one in answers.violations or ()
            if (one.kind.value, one.expiry, one.root, one.option_type, one.strike, one.legs) == key[1:]
        )
        legs = " and ".join(map(figures.strike, sure.legs)) or "the forward"
        return f"{sure.severity:.4f}", (
            ("trade", f"sell at the bid, buy {legs} at the ask"),
            ("net", "of bid and ask, before fees and interest on the profit"),
        )
    value = next(
        one
        for one in answers.mispricings or ()
        if (one.kind, one.expiry, one.root, one.option_type, one.strike)
        == (key.kind, key.expiry, key.root, key.option_type, key.strike)
    )
    return f"{value.amount:.4f}", (
        ("quote", f"bid {figures.price(value.bid)}, ask {figures.price(value.ask)}"),
        ("fair", f"{value.fair:.4f} at the volatility of the fit ({view.model})"),
        ("why", "the bid is above it" if value.kind == "rich" else "the ask is below it"),
        ("note", "an opinion of the model, not an arbitrage"),
    )


def _smile(view: SurfaceView, place: int) -> tuple[tuple[str, str], ...]:
    item = view.found.surface.slices[place]
    metrics = item.metrics
    met = f"{metrics.inside_bid_ask:.0%} of {metrics.quotes} quotes inside"
    return (
        ("fit", f"{met}, rmse {metrics.rmse_vol_points:.3f} points, worst {metrics.max_error_vol_points:.3f}"),
        ("forward", f"{item.forward:,.4f}, discount factor {item.discount_factor:.6f}"),
        ("time", f"{item.years:.6f} years (ACT/365)"),
        *((("repair", item.note),) if item.note else ()),
    )


def _source(view: SurfaceView, now: datetime) -> tuple[tuple[str, str], ...]:
    took = "" if view.found.seconds is None else f", fitted in {view.found.seconds:.2f} s"
    stale = ", STALE" if view.is_stale(now) else ""
    return (
        ("source", f"{view.source} ({view.state})"),
        ("quoted", f"{view.as_of:%Y-%m-%d %H:%M:%S} UTC, {figures.age(view.age(now))} ago{stale}{took}"),
    )
