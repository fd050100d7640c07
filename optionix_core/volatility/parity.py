"""Forward and discount factor of one expiry from put-call parity, in spite of bad quotes.

For European options on one forward F with discount factor D, call - put = D (F - K) at every strike:
a straight line in K whose slope is -D and whose zero is F. For inverse options (prices in coins of the
underlying) the same parity reads call - put = D (1 - K / F), again a line, whose value at K = 0 is D.

The line is found in two steps, as an MM estimate is (Yohai, "High breakdown-point and high efficiency
robust estimates for regression", Annals of Statistics 15, 1987): a start by repeated medians, which
stands up to nearly half of the pairs being wrong (Siegel, "Robust regression using repeated medians",
Biometrika 69, 1982), then weighted least squares over the pairs near the money with Tukey's biweight,
where a pair weighs the inverse square of its combined half spread.

The module refuses to answer from fewer than `minimum_pairs` pairs, and it does not decide whether the
slope is good enough to be a discount factor: that needs the other expiries (`forwards`).

American options obey parity only as an inequality. Near the money the early exercise premium of call and
put is small, so the same line over a narrower window is an approximation; `SolvedSlice.american_approximation` marks
it, `american_forwards` takes the premiums out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.chain import ChainSlice

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

_BIWEIGHT = 4.685
"""Tukey's constant for 95% efficiency under normal errors."""
_START_PAIRS = 101
"""Pairs nearest to the money that the repeated medians look at; its cost is their square."""
_SCALE_FLOOR = 0.02
"""Smallest residual scale, in combined half spreads: quotes on a grid of ticks are never exact."""
_NEAREST = 12
"""The window holds at least this many pairs, where there are so many and their spreads are alike."""
_WIDEST = 2.5
"""Widest combined spread used, in medians of those of the nearest pairs."""


@dataclass(frozen=True, slots=True)
class ParityRules:
    """What the fit may use and what it must believe."""

    minimum_pairs: int = 3
    """Fewest strikes with a usable call and put; with three, one bad pair is still outvoted."""
    window: float = 1.5
    """Half width of the strikes used, in standard deviations of the log forward to expiry."""
    american_window: float = 0.5
    """The same for American options."""
    lowest_rate: float = -0.05
    """Bounds of a believable continuously compounded rate per year."""
    highest_rate: float = 0.25

    def __post_init__(self) -> None:
        if self.minimum_pairs < 2:
            raise InvalidValueError("minimum_pairs", self.minimum_pairs, "at least 2")
        if not 0.0 < self.american_window <= self.window:
            raise InvalidValueError("american_window", self.american_window, f"in (0, {self.window}]")
        if not self.lowest_rate < self.highest_rate:
            raise InvalidValueError("lowest_rate", self.lowest_rate, f"below {self.highest_rate}")

    def discount_bounds(self, years: float) -> tuple[float, float]:
        """Lowest and highest believable discount factor over `years`."""
        return float(np.exp(-self.highest_rate * years)), float(np.exp(-self.lowest_rate * years))


@dataclass(frozen=True, slots=True)
class ParityFit:
    """The line call - put = value - slope (K - centre) of one expiry."""

    inverse: bool
    centre: float
    """Weighted mean of the strikes used."""
    value: float
    """Call minus put at `centre`, in the unit of the quotes."""
    slope: float
    """Fall of call minus put for each unit of strike."""
    value_error: float
    """Standard error of `value`; independent of that of `slope`, as the strikes are centred."""
    slope_error: float
    pairs: int
    """Strikes in the window."""
    used: int
    """Strikes that kept any weight."""
    residual: float
    """Median absolute distance of the pairs from the line, in the unit of the quotes."""

    @property
    def discount_factor(self) -> float:
        """The line's own discount factor, however well or badly it is determined."""
        return self.value + self.slope * self.centre if self.inverse else self.slope

    @property
    def discount_error(self) -> float:
        """Standard error of `discount_factor`."""
        if self.inverse:
            return float(np.hypot(self.value_error, self.centre * self.slope_error))
        return self.slope_error

    def forward(self, discount_factor: float | None = None) -> float:
        """The forward, with the line's own discount factor or a better known one. May be nan or negative."""
        known = self.discount_factor if discount_factor is None else discount_factor
        if self.inverse:
            denominator = 1.0 - self.value / known
            return self.centre / denominator if denominator > 0.0 else float("nan")
        return self.centre + self.value / known

    def forward_error(self, discount_factor: float) -> float:
        """Standard error of `forward(discount_factor)`, the discount factor taken as known."""
        if self.inverse:
            return abs(self.forward(discount_factor)) ** 2 / self.centre * self.value_error / discount_factor
        return self.value_error / discount_factor


def implied_forward(
    item: ChainSlice,
    years: float,
    usable_call: BoolArray,
    usable_put: BoolArray,
    rules: ParityRules | None = None,
) -> ParityFit | None:
    """Fit the parity line of `item`; None where fewer than `rules.minimum_pairs` strikes have both sides usable.

    `usable_call` and `usable_put`, shape (strikes,), say which quotes may be used (`quality.judge`);
    `years` is the time to settlement.
    """
    rules = rules or ParityRules()
    if not years > 0.0:
        raise InvalidValueError("years", years, "positive")
    both = np.flatnonzero(usable_call & usable_put)
    if both.size < rules.minimum_pairs:
        return None
    strike = item.strikes[both]
    call = 0.5 * (item.call.bid[both] + item.call.ask[both])
    put = 0.5 * (item.put.bid[both] + item.put.ask[both])
    difference = call - put
    half_spread = 0.5 * (item.call.ask[both] - item.call.bid[both] + item.put.ask[both] - item.put.bid[both])
    typical = float(np.median(half_spread))
    half_spread = np.maximum(half_spread, 0.1 * typical if typical > 0.0 else 1e-6 * float(np.max(call + put)))

    bounds = None if item.inverse else rules.discount_bounds(years)
    slope, intercept = _repeated_medians(strike, difference, bounds)
    if not slope > 0.0:
        return None
    forward = intercept / slope
    width = rules.american_window if item.exercise == "american" else rules.window
    unit = 1.0 if item.inverse else slope * forward
    window = _window(strike, call + put, half_spread, forward, width, unit)
    start = np.abs(difference - (intercept - slope * strike)) / half_spread
    scale = max(1.4826 * min(float(np.median(start)), float(np.median(start[window]))), _SCALE_FLOOR)
    return _biweight_line(strike[window], difference[window], half_spread[window], slope, intercept, scale, bounds)


def _repeated_medians(
    strike: FloatArray, difference: FloatArray, bounds: tuple[float, float] | None
) -> tuple[float, float]:
    """Slope (fall of `difference` per unit of strike) and intercept at strike zero; nan where all strikes are one.

    Strikes that repeat tell no slope between them.
    """
    if strike.size > _START_PAIRS:
        nearest = np.argpartition(np.abs(difference), _START_PAIRS)[:_START_PAIRS]
        strike, difference = strike[nearest], difference[nearest]
    run = strike[:, None] - strike[None, :]
    rise = difference[None, :] - difference[:, None]
    apart = run != 0.0
    slopes = np.sort(np.divide(rise, run, out=np.full(run.shape, np.nan), where=apart), axis=1)  # nan last
    count = apart.sum(axis=1)
    rows = np.flatnonzero(count)
    middle = 0.5 * (slopes[rows, (count[rows] - 1) // 2] + slopes[rows, count[rows] // 2])
    slope = float(np.median(middle)) if rows.size else np.nan
    if bounds is not None:
        slope = min(max(slope, bounds[0]), bounds[1])
    return slope, float(np.median(difference + slope * strike))


def _window(
    strike: FloatArray, straddle: FloatArray, half_spread: FloatArray, forward: float, width: float, unit: float
) -> BoolArray:
    """Pairs within `width` standard deviations of the forward, the deviation read off the nearest straddles.

    A straddle at the forward is worth D F sigma sqrt(T) sqrt(2 / pi) to first order; `unit` is D F. Pairs that are
    quoted much wider than at the money are left out: their mids are nobody's opinion and err all to one side.
    """
    distance = np.abs(np.log(strike / forward)) if forward > 0.0 else np.abs(strike - forward)
    order = np.argsort(distance, kind="stable")
    deviation = float(np.median(straddle[order[:5]])) / unit * float(np.sqrt(0.5 * np.pi))
    inside: BoolArray = distance <= width * deviation
    inside[order[:_NEAREST]] = True
    return inside & (half_spread <= _WIDEST * float(np.median(half_spread[order[:_NEAREST]])))


def _biweight_line(
    strike: FloatArray,
    difference: FloatArray,
    half_spread: FloatArray,
    slope: float,
    intercept: float,
    scale: float,
    bounds: tuple[float, float] | None,
) -> ParityFit | None:
    """Iteratively reweighted least squares with Tukey's biweight from a robust start; `scale` in half spreads.

    The scale stays that of the start, so that pairs which the start called wrong cannot widen it. The slope
    stays within `bounds`; None for inverse options, whose slope is not a discount factor.
    """
    base = half_spread**-2
    residual = difference - (intercept - slope * strike)
    for _ in range(50):
        distance = residual / (half_spread * (_BIWEIGHT * scale))
        weight = base * np.where(np.abs(distance) < 1.0, (1.0 - distance**2) ** 2, 0.0)
        total = float(weight.sum())
        if np.count_nonzero(weight) < 2 or not total > 0.0:
            return None
        centre = float(weight @ strike) / total
        value = float(weight @ difference) / total
        moment = float(weight @ (strike - centre) ** 2)
        if not moment > 0.0:
            return None
        before, slope = slope, -float(weight @ ((strike - centre) * (difference - value))) / moment
        if bounds is not None:
            slope = min(max(slope, bounds[0]), bounds[1])
        residual = difference - (value - slope * (strike - centre))
        if abs(slope - before) <= 1e-13 * abs(slope):
            break
    used = int(np.count_nonzero(weight))
    typical = 1.4826 * float(np.median(np.abs(residual / half_spread)[weight > 0.0]))
    noise = max(typical, _SCALE_FLOOR) * float(np.sqrt(used / max(used - 2, 1)))
    return ParityFit(
        inverse=bounds is None,
        centre=centre,
        value=value,
        slope=slope,
        value_error=noise / float(np.sqrt(total)),
        slope_error=noise / float(np.sqrt(moment)),
        pairs=int(strike.size),
        used=used,
        residual=float(np.median(np.abs(residual))),
    )
