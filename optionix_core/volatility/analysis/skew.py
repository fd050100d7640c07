"""The smile in a few figures, expiry by expiry: at the money, slope, curvature, risk reversals, butterflies, 90-110%.

Deltas are forward deltas, the premium not taken off: N(d1) for a call and -N(-d1) for a put, with
d1 = -k / sqrt(w) + sqrt(w) / 2, k = ln(K / F); each strike is found with its own volatility. At the money is K = F.
Butterflies are those of the smile (the mean of the two volatilities less that at the money), not the market strangle of
currency desks.
Moneyness of 90% and 110% is of the forward. Constant maturities lie between expiries and are never extrapolated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.special import ndtri

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.volatility.surface.surface import VolatilitySurface

    FloatArray = NDArray[np.float64]

DAYS_PER_YEAR = 365.0
MATURITIES = (7.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0)
"""Days of the usual constant maturities."""
_WIDEST = 60.0
"""Standard deviations within which the strike of a delta is looked for."""


class SmileFigures(NamedTuple):
    """Arrays of the shape of the expiries; volatilities and their differences are fractions."""

    years: FloatArray
    forward: FloatArray
    at_the_money: FloatArray
    """Volatility at K = F."""
    slope: FloatArray
    """Derivative of volatility in ln(K / F), at the money."""
    curvature: FloatArray
    """Second derivative, likewise."""
    put_25: FloatArray
    """Volatility of the put of delta -0.25; so for the next three."""
    call_25: FloatArray
    put_10: FloatArray
    call_10: FloatArray
    risk_reversal_25: FloatArray
    """Call less put."""
    butterfly_25: FloatArray
    """Mean of call and put less `at_the_money`."""
    risk_reversal_10: FloatArray
    butterfly_10: FloatArray
    skew_90_110: FloatArray
    """Volatility at 90% of the forward less that at 110%."""


def smile_figures(surface: VolatilitySurface, expiry: ArrayLike | None = None) -> SmileFigures:
    """Figures at `expiry` in years, of its shape; at the surface's own expiries where it is None.

    Beyond the expiries the surface's rule holds (volatility of the nearest). Raises InvalidValueError for an expiry
    that is not positive, DomainError where a delta is reached by no strike.
    """
    t = surface.years if expiry is None else np.asarray(expiry, dtype=np.float64)
    w, slope, curve, _ = surface.derivatives(np.zeros(t.shape), t)
    middle = np.sqrt(w / t)
    tilt = 0.5 * slope / (middle * t)
    put_25, call_25, put_10, call_10 = (
        np.sqrt(surface.total_variance(log_moneyness_at_delta(surface, delta, t), t) / t)
        for delta in (-0.25, 0.25, -0.10, 0.10)
    )
    low, high = (np.sqrt(surface.total_variance(np.full(t.shape, np.log(one)), t) / t) for one in (0.9, 1.1))
    return SmileFigures(
        years=t,
        forward=surface.forward(t),
        at_the_money=middle,
        slope=tilt,
        curvature=(0.5 * curve / t - tilt * tilt) / middle,
        put_25=put_25,
        call_25=call_25,
        put_10=put_10,
        call_10=call_10,
        risk_reversal_25=call_25 - put_25,
        butterfly_25=0.5 * (call_25 + put_25) - middle,
        risk_reversal_10=call_10 - put_10,
        butterfly_10=0.5 * (call_10 + put_10) - middle,
        skew_90_110=low - high,
    )


def constant_maturity(
    surface: VolatilitySurface, days: Sequence[float] = MATURITIES, *, outside: Literal["raise", "nan"] = "raise"
) -> SmileFigures:
    """Figures at maturities of `days` from the quotes' moment, shape (days,), between expiries as the surface does.

    A maturity before the first expiry or after the last raises MissingDataError naming it, or, with `outside="nan"`,
    has nan in every figure but `years`.
    """
    t = np.asarray(days, dtype=np.float64) / DAYS_PER_YEAR
    first, last = float(surface.years[0]), float(surface.years[-1])
    missed = ~((t >= first * (1.0 - 1e-12)) & (t <= last * (1.0 + 1e-12)))
    if outside == "nan":
        inside = smile_figures(surface, t[~missed])
        columns = []
        for column in inside:
            whole = np.full(t.shape, np.nan)
            whole[~missed] = column
            columns.append(whole)
        return SmileFigures(*columns)._replace(years=t)
    if missed.any():
        raise MissingDataError(
            f"no constant maturity of {days[int(np.flatnonzero(missed)[0])]:g} days: the expiries of "
            f"{surface.underlying} reach from {first * DAYS_PER_YEAR:.4g} to {last * DAYS_PER_YEAR:.4g} days"
        )
    return smile_figures(surface, t)


def strike_at_delta(surface: VolatilitySurface, delta: ArrayLike, expiry: ArrayLike) -> FloatArray:
    """Strike of forward delta `delta`: in (0, 1) for a call, in (-1, 0) for a put; arguments broadcast.

    Raises InvalidValueError for other deltas, naming the row, and DomainError where no strike within sixty deviations
    has it.
    """
    t = np.asarray(expiry, dtype=np.float64)
    found: FloatArray = surface.forward(t) * np.exp(log_moneyness_at_delta(surface, delta, t))
    return found


def log_moneyness_at_delta(surface: VolatilitySurface, delta: ArrayLike, expiry: ArrayLike) -> FloatArray:
    """As `strike_at_delta`, as ln(K / F)."""
    asked, t = np.broadcast_arrays(np.asarray(delta, dtype=np.float64), np.asarray(expiry, dtype=np.float64))
    shape = asked.shape
    asked, t = asked.reshape(-1), t.reshape(-1)
    bad = np.flatnonzero(~((np.abs(asked) < 1.0) & (asked != 0.0)))
    if bad.size:
        row = int(bad[0])
        raise InvalidValueError("delta", float(asked[row]), "in (-1, 0) or (0, 1)", row if shape else None)
    call = np.where(asked > 0.0, asked, 1.0 + asked)
    wanted = ndtri(call)
    unit = np.sqrt(surface.total_variance(np.zeros(t.shape), t))

    def excess(k: FloatArray) -> FloatArray:
        root = np.sqrt(surface.total_variance(k, t))
        gap: FloatArray = -k / root + 0.5 * root - wanted
        return gap

    low, high = -unit, unit
    for _ in range(10):
        short, long = excess(low) < 0.0, excess(high) > 0.0
        if not (short.any() or long.any()):
            break
        low, high = np.where(short, 2.0 * low, low), np.where(long, 2.0 * high, high)
        if np.any(np.maximum(-low, high) > _WIDEST * unit):
            row = int(np.flatnonzero(np.maximum(-low, high) > _WIDEST * unit)[0])
            raise DomainError(
                f"no strike within {_WIDEST:g} deviations has a delta of {asked[row]:g} at {t[row]:.6g} years"
            )
    for _ in range(60):
        middle = 0.5 * (low + high)
        over = excess(middle) > 0.0
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return (0.5 * (low + high)).reshape(shape)
