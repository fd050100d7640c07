"""How a surface is laid out for eyes: expiries with their fit, findings with their trade, terminal pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optionix_core.errors import MissingDataError
from optionix_tui.cli.chain_layout import figure
from optionix_tui.cli.output import Table

if TYPE_CHECKING:
    from optionix_core.services.surface_check import SurfaceCheck
    from optionix_core.services.surfaces import FittedSurface

KINDS = ("smile", "term", "variance", "density", "skew")
"""Pictures of `optionix surface plot`."""
CURVE = 121
"""Points of a curve."""
MOST = 20
"""Rows of each kind of finding in a table without `--all`."""


def title(found: FittedSurface) -> str:
    """Underlying, model, moment and quality of the fit on one or two lines."""
    surface = found.surface
    spot = "" if surface.spot is None else f" {surface.spot:,.2f}"
    first = f"{surface.underlying}{spot}, {surface.model}, as of {surface.as_of:%Y-%m-%d %H:%M:%S} UTC"
    took = "" if found.seconds is None else f", fitted in {found.seconds:.2f} s"
    inside = f"{found.inside_bid_ask:.1%} of {found.quote_count:,} quotes inside bid and ask"
    return f"{first}\n{inside}, rmse {found.rmse_vol_points:.2f} points{took}"


def summary_table(found: FittedSurface, document: dict[str, Any]) -> Table:
    """A row an expiry, volatilities in points; an expiry without a smile says why."""
    rows = [
        (
            str(one["expiry"]),
            str(one["root"]),
            f"{one['days']:.1f}",
            str(one["quotes"]),
            f"{one['inside_bid_ask']:.0%}",
            f"{one['rmse_vol_points']:.2f}",
            f"{one['max_error_vol_points']:.2f}",
            figure(one["at_the_money_volatility"], 2, 100),
            figure(one["risk_reversal_25"], 2, 100),
            figure(one["butterfly_25"], 2, 100),
            figure(one["skew_90_110"], 2, 100),
            str(one["note"]),
        )
        for one in document["slices"]
    ]
    blank = ("",) * 9
    rows += [(str(one["expiry"]), str(one["root"]), *blank, f"skipped: {one['reason']}") for one in document["skipped"]]
    rows.sort(key=lambda row: row[0])
    headings = (
        "expiry", "root", "days", "quotes", "inside", "rmse", "max", "ATM", "RR25", "BF25", "90-110", "note",
    )  # fmt: skip
    return Table(headings, rows, title=title(found), left=frozenset({0, 1, 11}))


def check_title(found: FittedSurface, answers: SurfaceCheck) -> str:
    """The three answers in words."""
    surface = found.surface
    lines = [f"{surface.underlying}, {surface.model}, as of {surface.as_of:%Y-%m-%d %H:%M:%S} UTC"]
    if answers.quote_count is None or answers.mispricings is None:
        lines.append("quotes: not asked, a saved surface has none (--quotes names their chain)")
    else:
        sure = f"{answers.quote_count} sure profits net of bid and ask" if answers.quote_count else "no sure profit"
        lines.append(f"quotes: {sure}")
    worst = f"{len(answers.fit)} violations" if answers.fit else "no arbitrage"
    lines.append(f"fit: {worst} on {answers.points:,} points (least g {answers.minimum_g:.4f})")
    if answers.mispricings is not None:
        rich = sum(one.kind == "rich" for one in answers.mispricings)
        lines.append(f"against the fit, after the spread: {rich} rich, {len(answers.mispricings) - rich} cheap")
    return "\n".join(lines)


def check_table(found: FittedSurface, answers: SurfaceCheck, document: dict[str, Any], most: int | None) -> Table:
    """A row a finding, the worst of each sort first, `most` of each; amounts in the unit of the quotes."""
    rows = [
        ("sure profit", one["kind"], one["expiry"], one["root"], one["type"] or "", f"{one['strike']:g}",
         " ".join(f"{leg:g}" for leg in one["legs"]), "", "", "", f"{one['severity']:.4f}")
        for one in (document["quotes"] or ())[:most]
    ]  # fmt: skip
    rows += [
        ("arbitrage of the fit", one["kind"], one["expiry"], one["root"], "", "",
         f"ln(K/F) {one['log_moneyness']:+.3f}, {one['points']} points", "", "", "", f"{one['severity']:.6f}")
        for one in document["fit"]["violations"][:most]
    ]  # fmt: skip
    rows += [
        ("against the fit", one["kind"], one["expiry"], one["root"], one["type"], f"{one['strike']:g}",
         "", f"{one['bid']:g}", f"{one['ask']:g}", f"{one['fair']:.4f}", f"{one['amount']:.4f}")
        for one in (document["mispricings"] or ())[:most]
    ]  # fmt: skip
    heading = check_title(found, answers)
    if not rows:
        return Table(title=heading)
    headings = ("finding", "kind", "expiry", "root", "type", "strike", "legs or place", "bid", "ask", "fair", "amount")
    return Table(headings, rows, title=heading, left=frozenset({0, 1, 2, 3, 4, 6}))


def plot(found: FittedSurface, kind: str, place: int) -> str:
    """A picture of `kind`; `place` is the slice of a smile or a density."""
    drawn = {"smile": _smile, "variance": _variance, "density": _density}
    if kind in drawn:
        return drawn[kind](found, place)
    return _term(found) if kind == "term" else _skew(found)


def _smile(found: FittedSurface, place: int) -> str:
    import numpy as np

    from optionix_core.services.surfaces import smile_grid
    from optionix_tui.cli.plot import layers

    item, quotes = found.surface.slices[place], found.quotes_of(place)
    k = smile_grid(item, CURVE, 3.5)
    bars: list[tuple[float, float, float]] = []
    if quotes is not None and quotes.count:
        low, high = float(quotes.log_moneyness[0]), float(quotes.log_moneyness[-1])
        k = np.linspace(low - 0.05 * (high - low), high + 0.05 * (high - low), CURVE)
        ends = (100.0 * np.sqrt(one / item.years) for one in (quotes.bid, quotes.ask))
        strikes = item.forward * np.exp(quotes.log_moneyness)
        bars = [bar for bar in zip(strikes.tolist(), *(one.tolist() for one in ends), strict=True) if bar[1] > 0.0]
    points = 100.0 * np.sqrt(item.smile.total_variance(k) / item.years)
    heading = f"{item.root} {item.expiry}: volatility in points by strike, {found.surface.model}"
    heading += f", bid to ask as bars, forward {item.forward:,.2f} marked" if bars else f", forward {item.forward:,.2f}"
    return layers(heading, [((item.forward * np.exp(k)).tolist(), points.tolist())], bars, marked=item.forward)


def _variance(found: FittedSurface, place: int) -> str:
    from optionix_core.services.surfaces import smile_grid
    from optionix_tui.cli.plot import layers

    del place
    slices = found.surface.slices
    widest = smile_grid(slices[-1], CURVE, 2.0)
    curves = [(widest.tolist(), item.smile.total_variance(widest).tolist()) for item in slices]
    heading = (
        f"{found.surface.underlying}: total variance by ln(K / F), a line an expiry; lines that cross are arbitrage"
    )
    return layers(heading, curves, marked=0.0)


def _density(found: FittedSurface, place: int) -> str:
    from optionix_core.volatility.analysis import percentile, risk_neutral_density
    from optionix_tui.cli.plot import layers

    surface, item = found.surface, found.surface.slices[place]
    told = risk_neutral_density(surface, item.years, points=CURVE, deviations=4.0)
    low, middle, high = percentile(surface, [0.05, 0.5, 0.95], item.years).tolist()
    levels = f"5% {low:,.2f}  median {middle:,.2f} (marked)  95% {high:,.2f}"
    heading = f"{item.root} {item.expiry}: density of the price, {levels}"
    return layers(heading, [(told.level.tolist(), told.density.tolist())], marked=middle)


def _term(found: FittedSurface) -> str:
    from optionix_core.services.surface_summary import summaries
    from optionix_tui.cli.plot import picture

    told = summaries(found.surface)
    heading = f"{found.surface.underlying}: volatility at the forward in points by days to expiry"
    return picture(heading, [one.days for one in told], [100.0 * one.at_the_money for one in told])


def _skew(found: FittedSurface) -> str:
    from optionix_core.services.surface_summary import summaries
    from optionix_tui.cli.plot import picture

    told = [one for one in summaries(found.surface) if one.risk_reversal_25 is not None]
    if not told:
        raise MissingDataError(f"no expiry of {found.surface.underlying} has calls and puts of delta 0.25")
    heading = f"{found.surface.underlying}: 25-delta risk reversal (call less put) in points by days to expiry"
    return picture(heading, [one.days for one in told], [100.0 * (one.risk_reversal_25 or 0.0) for one in told])
