"""Each expiry of a surface in a few figures: how well it meets its quotes, its level, skew and wings.

Figures that a smile does not have (a delta that no strike reaches) are None and say why; the other figures stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from optionix_core.errors import DomainError
from optionix_core.services.chains_json import utc_text

if TYPE_CHECKING:
    from optionix_core.services.surfaces import FittedSurface
    from optionix_core.volatility.surface.smiles import SurfaceSlice
    from optionix_core.volatility.surface.surface import VolatilitySurface

SCHEMA_VERSION = 1
DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True, eq=False)
class SliceSummary:
    """One expiry; volatilities and their differences are fractions."""

    item: SurfaceSlice
    days: float
    """Calendar days from the quotes' moment to settlement."""
    at_the_money: float
    """Volatility at the forward."""
    slope: float
    """Derivative of volatility in ln(K / F) at the forward."""
    risk_reversal_25: float | None
    """Call less put of delta 0.25."""
    butterfly_25: float | None
    """Mean of the two less `at_the_money`."""
    skew_90_110: float | None
    """Volatility at 90% of the forward less that at 110%."""
    note: str
    """What was done to the smile, and which figure it does not have."""


def summaries(surface: VolatilitySurface) -> tuple[SliceSummary, ...]:
    """Along the surface's slices."""
    from optionix_core.volatility.analysis import smile_figures

    try:
        columns = smile_figures(surface)
    except DomainError:
        return tuple(_alone(surface, item) for item in surface.slices)
    return tuple(
        SliceSummary(item, item.years * DAYS_PER_YEAR, level, slope, reversal, butterfly, skew, item.note)
        for item, level, slope, reversal, butterfly, skew in zip(
            surface.slices,
            columns.at_the_money.tolist(),
            columns.slope.tolist(),
            columns.risk_reversal_25.tolist(),
            columns.butterfly_25.tolist(),
            columns.skew_90_110.tolist(),
            strict=True,
        )
    )


def _alone(surface: VolatilitySurface, item: SurfaceSlice) -> SliceSummary:
    """Of an expiry where another one, or itself, lacks a figure."""
    from optionix_core.volatility.analysis import smile_figures

    days = item.years * DAYS_PER_YEAR
    try:
        own = smile_figures(surface, item.years)
    except DomainError as error:
        value, tilt, _ = item.smile.derivatives(0.0)
        level = sqrt(float(value) / item.years)
        note = "; ".join(part for part in (item.note, str(error)) if part)
        return SliceSummary(item, days, level, float(tilt) / (2.0 * level * item.years), None, None, None, note)
    return SliceSummary(
        item,
        days,
        float(own.at_the_money),
        float(own.slope),
        float(own.risk_reversal_25),
        float(own.butterfly_25),
        float(own.skew_90_110),
        item.note,
    )


def to_json(found: FittedSurface) -> dict[str, Any]:
    """The summary as plain values, natural units; what is absent is null."""
    surface = found.surface
    return {
        "schema_version": SCHEMA_VERSION,
        "underlying": surface.underlying,
        "as_of": utc_text(surface.as_of),
        "model": surface.model,
        "spot": surface.spot,
        "seconds": found.seconds,
        "quotes": found.quote_count,
        "inside_bid_ask": found.inside_bid_ask,
        "rmse_vol_points": found.rmse_vol_points,
        "slices": [record(one) for one in summaries(surface)],
        "skipped": [
            {"expiry": one.expiry.isoformat(), "root": one.root, "reason": one.reason} for one in surface.skipped
        ],
    }


def record(one: SliceSummary) -> dict[str, Any]:
    """One expiry."""
    item = one.item
    return {
        "expiry": item.expiry.isoformat(),
        "root": item.root,
        "days": one.days,
        "years": item.years,
        "forward": item.forward,
        "discount_factor": item.discount_factor,
        "quotes": item.metrics.quotes,
        "inside_bid_ask": item.metrics.inside_bid_ask,
        "rmse_vol_points": item.metrics.rmse_vol_points,
        "max_error_vol_points": item.metrics.max_error_vol_points,
        "at_the_money_volatility": one.at_the_money,
        "slope": one.slope,
        "risk_reversal_25": one.risk_reversal_25,
        "butterfly_25": one.butterfly_25,
        "skew_90_110": one.skew_90_110,
        "note": one.note,
    }
