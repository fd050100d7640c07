"""Forwards and discount factors of a whole chain: each expiry's own where it can tell, else from its neighbours.

A short expiry cannot tell its interest rate: over one day a rate of 5% moves the discount factor by
0.00014, less than the noise of a tick. So the discount factor of an expiry is, in this order:

1. `given`: exp(-rate T), only where the caller passes a rate;
2. `parity`: its own slope, if the zero rate that this implies has a standard error of at most
   0.001 and lies within the believable bounds;
3. `pooled`: exp(-r T) with r the mean of all expiries' zero rates (its own among them) weighted by their
   precision and by 1 / (1 + d^2)^2, where d is four times their distance in ln(T + 1/4), if r is then known to
   0.0025 or D to 0.002;
4. `bounded`: its own slope pushed inside the believable bounds, if these are less than 1% of D apart (about 12 days);
5. none: then the expiry has no forward and its quotes are rejected. Nothing is invented.

The forward follows from the parity line with that discount factor; near the money it hardly depends on it.

Inverse options: the source's own future price is the forward where it gives one (their exchange marks
options against it), and D is 1 in coins unless a rate is given, since the parity in coins has no
coin rate that an exchange pays. Without a source price, forward and D come from parity as above. A source price
serves other options only where parity cannot answer and D is known all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.parity import ParityFit, ParityRules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.chain import ChainSlice

    FloatArray = NDArray[np.float64]

ForwardSource = Literal["parity", "source", "given"]
DiscountSource = Literal["given", "parity", "pooled", "bounded", "unit"]

_OWN_RATE_ERROR = 0.001
_POOLED_RATE_ERROR = 0.0025
_POOLED_DISCOUNT_ERROR = 0.002
_BOUNDED_WIDTH = 0.01
_BANDWIDTH = 0.25
_SHORT_END = 0.25
"""Years added to T in the distance: the expiries of the coming weeks all count as neighbours."""
_RATE_NOISE = 0.001
"""Added to each rate's standard error in the mean, so that no single expiry rules it."""
_FORWARD_ERROR = 0.01
"""A forward that is uncertain by more than this fraction is no forward."""
_SPOT_HORIZON = 0.5
_SPOT_SPREAD = 0.0005


@dataclass(frozen=True, slots=True)
class SliceForward:
    """What one expiry's quotes say about its forward and discount factor."""

    forward: float | None
    """None where the quotes cannot tell and the source does not say."""
    discount_factor: float | None
    forward_source: ForwardSource | None
    discount_source: DiscountSource | None
    """`unit`: 1 in coins, by the convention for inverse options."""
    forward_error: float | None
    """Standard error of a forward from parity, in price."""
    fit: ParityFit | None

    @classmethod
    def none(cls, fit: ParityFit | None = None) -> SliceForward:
        """An expiry that has no forward."""
        return cls(None, None, None, None, None, fit)


def chain_forwards(
    slices: Sequence[ChainSlice],
    years: Sequence[float],
    fits: Sequence[ParityFit | None],
    rate: float | None = None,
    rules: ParityRules | None = None,
) -> tuple[SliceForward, ...]:
    """Forward and discount factor of every slice from the parity lines of all, by the rule of the module.

    `years` and `fits` run along `slices`; `rate` is continuously compounded per year and overrides the quotes.
    """
    if rate is not None and not np.isfinite(rate):
        raise InvalidValueError("rate", rate, "finite")
    rules = rules or ParityRules()
    pooled = _pooled_rates(np.asarray(years, dtype=float), fits)
    return tuple(
        SliceForward.none() if not time > 0.0 else _settle(item, time, fit, rate, float(near), float(error), rules)
        for item, time, fit, near, error in zip(slices, years, fits, *pooled, strict=True)
    )


def synchronous_spot(
    spot: float | None, years: FloatArray, forwards: FloatArray, tolerance: float = 0.001
) -> tuple[float | None, Literal["source", "implied"] | None]:
    """The spot that belongs to the quotes, and where it comes from.

    A file may carry the index's last value of 16:00 beside option quotes of 17:00. The forwards of the
    coming half year, extrapolated to today by a Theil-Sen line of ln F in T, tell the spot of the
    quotes' own moment; where it differs from `spot` by more than `tolerance` (relative), or there is no
    `spot`, it is used instead. It needs three forwards over at least two weeks that lie on the line to 5 bp.
    `years` and `forwards` have shape (expiries,), nan where unknown.
    """
    near = np.isfinite(forwards) & (years > 0.0) & (years <= _SPOT_HORIZON)
    stated: tuple[float | None, Literal["source", "implied"] | None] = (spot, None if spot is None else "source")
    if np.count_nonzero(near) < 3 or np.ptp(years[near]) < 14.0 / 365.0:
        return stated
    time, level = years[near], np.log(forwards[near])
    first, second = np.triu_indices(time.size, 1)
    apart = time[second] - time[first] > 1e-9
    slope = float(np.median((level[second] - level[first])[apart] / (time[second] - time[first])[apart]))
    intercept = float(np.median(level - slope * time))
    if float(np.median(np.abs(level - slope * time - intercept))) > _SPOT_SPREAD:
        return stated
    implied = float(np.exp(intercept))
    if spot is not None and abs(spot / implied - 1.0) <= tolerance:
        return stated
    return implied, "implied"


def _pooled_rates(years: FloatArray, fits: Sequence[ParityFit | None]) -> tuple[FloatArray, FloatArray]:
    """Zero rate and its standard error at each expiry, from all expiries; nan where none can tell."""
    rate = np.full(years.shape, np.nan)
    error = np.full(years.shape, np.nan)
    for place, fit in enumerate(fits):
        if fit is not None and years[place] > 0.0 and fit.discount_factor > 0.0:
            rate[place] = -np.log(fit.discount_factor) / years[place]
            error[place] = np.hypot(fit.discount_error / (fit.discount_factor * years[place]), _RATE_NOISE)
    known = np.flatnonzero(np.isfinite(rate) & (error > 0.0))
    live = np.flatnonzero(years > 0.0)
    mean = np.full(years.shape, np.nan)
    spread = np.full(years.shape, np.nan)
    if known.size:
        distance = np.log((years[live] + _SHORT_END)[:, None] / (years[known] + _SHORT_END)) / _BANDWIDTH
        weight = 1.0 / ((1.0 + distance**2) * error[known]) ** 2
        total = weight.sum(axis=1)
        mean[live] = (weight @ rate[known]) / total
        spread[live] = np.sqrt(weight**2 @ error[known] ** 2) / total
    return mean, spread


def _settle(
    item: ChainSlice,
    years: float,
    fit: ParityFit | None,
    rate: float | None,
    pooled: float,
    pooled_error: float,
    rules: ParityRules,
) -> SliceForward:
    source = item.underlying_price
    if item.inverse and source is not None:
        known = 1.0 if rate is None else float(np.exp(-rate * years))
        return SliceForward(source, known, "source", "unit" if rate is None else "given", None, fit)
    discount, origin = _discount(years, fit, rate, pooled, pooled_error, rules)
    if discount is None:
        return SliceForward.none(fit)
    if fit is not None:
        forward = fit.forward(discount)
        error = fit.forward_error(discount)
        if forward > 0.0 and error <= _FORWARD_ERROR * forward:
            return SliceForward(forward, discount, "parity", origin, error, fit)
    if source is not None:
        return SliceForward(source, discount, "source", origin, None, fit)
    return SliceForward.none(fit)


def _discount(
    years: float,
    fit: ParityFit | None,
    rate: float | None,
    pooled: float,
    pooled_error: float,
    rules: ParityRules,
) -> tuple[float | None, DiscountSource | None]:
    """The discount factor by the first rule of the module that applies."""
    if rate is not None:
        return float(np.exp(-rate * years)), "given"
    low, high = rules.discount_bounds(years)
    if fit is not None and low < fit.discount_factor < high:
        own_error = fit.discount_error / (fit.discount_factor * years)
        if own_error <= _OWN_RATE_ERROR:
            return fit.discount_factor, "parity"
    tolerance = max(_POOLED_RATE_ERROR, _POOLED_DISCOUNT_ERROR / years)
    if rules.lowest_rate <= pooled <= rules.highest_rate and pooled_error <= tolerance:
        return float(np.exp(-pooled * years)), "pooled"
    if fit is not None and high - low <= _BOUNDED_WIDTH * high:
        return min(max(fit.discount_factor, low), high), "bounded"
    return None, None
