"""One expiry of a surface in detail: its quotes beside the smile, the smile as a curve, its density, its neighbours.

Plain values for a face to draw: fractions, prices, years. The option at a strike is the one out of the money, as in the
fit. What a smile does not have (a density whose tail has no mean) is absent and says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr

from optionix_core.errors import DomainError
from optionix_core.market.option_type import OptionType, OptionTypeName

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from optionix_core.services.surfaces import FittedSurface
    from optionix_core.volatility.solved import SolvedSlice
    from optionix_core.volatility.surface.smiles import SurfaceSlice

    FloatArray = NDArray[np.float64]

CURVE = 81
"""Points of a curve."""
REACH = 3.0
"""Standard deviations that a smile without quotes is drawn to."""
DEVIATIONS = (-3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
"""Where the picture of a surface looks at each expiry."""
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Probabilities whose percentiles are told."""


class SmileQuote(NamedTuple):
    """A quote that the smile was fitted to."""

    strike: float
    option_type: OptionTypeName
    symbol: str | None
    bid: float
    ask: float
    bid_iv: float | None
    """Fraction; None where the bid lies below the least price that has one."""
    ask_iv: float
    iv: float
    """Of the mid."""
    fit_iv: float
    fair: float
    """Price at `fit_iv`, in the unit of the quotes."""
    delta: float
    """Of the forward, signed, at the mid's own volatility."""

    @property
    def inside(self) -> bool:
        """Whether the smile lies between bid and ask; a rounding beyond still counts."""
        slack = 1e-9 * self.ask
        return self.bid - slack <= self.fair <= self.ask + slack

    @property
    def beyond(self) -> float:
        """By how much the quote lies beyond the smile after its spread: positive rich, negative cheap, zero inside."""
        return max(self.bid - self.fair, 0.0) + min(self.ask - self.fair, 0.0)


class DensityCurve(NamedTuple):
    """Where the price may end, as the smile prices it."""

    level: tuple[float, ...]
    density: tuple[float, ...]
    percentiles: tuple[float, ...]
    """Levels that the price ends below with the probabilities of `SHARES`."""
    negative: float | None
    """Probability where the density is negative, as a positive number; zero without butterflies, None where a wing is
    too steep to tell."""


class HeatRow(NamedTuple):
    """One expiry of the surface at so many standard deviations from its forward."""

    expiry: date
    root: str
    days: float
    volatilities: tuple[float, ...]
    """Along `DEVIATIONS`."""


def smile_quotes(found: FittedSurface, place: int) -> tuple[SmileQuote, ...]:
    """The quotes of the slice at `place` by strike; none where the surface has no chain beside it."""
    quotes, item = found.quotes_of(place), found.surface.slices[place]
    if quotes is None or found.solved is None or not quotes.count:
        return ()
    whole = found.solved.slice(item.expiry, item.root)
    source = whole.source
    rows = np.flatnonzero(np.isin(np.log(source.strikes / quotes.forward), quotes.log_moneyness))
    strikes, call = source.strikes[rows], source.strikes[rows] >= quotes.forward
    sign = np.where(call, int(OptionType.CALL), int(OptionType.PUT))
    fit = np.sqrt(item.smile.total_variance(np.log(strikes / item.forward)) / item.years)
    fair = _prices(whole, item, sign, strikes, fit)

    def either(calls: FloatArray, puts: FloatArray) -> FloatArray:
        return np.where(call, calls[rows], puts[rows])

    bid_iv = either(whole.call.bid_iv, whole.put.bid_iv)
    columns = (
        either(source.call.bid, source.put.bid),
        either(source.call.ask, source.put.ask),
        np.where(np.isfinite(bid_iv), bid_iv, 0.0),
        either(whole.call.ask_iv, whole.put.ask_iv),
        either(whole.call.iv, whole.put.iv),
        fit,
        fair,
        sign * out_of_the_money_delta(whole)[rows],
    )
    return tuple(
        SmileQuote(
            strike,
            (OptionType.CALL if is_call else OptionType.PUT).label,
            (source.call if is_call else source.put).symbols[row],
            bid,
            ask,
            low or None,
            *others,
        )
        for strike, is_call, row, bid, ask, low, *others in zip(
            strikes.tolist(), call.tolist(), rows.tolist(), *(column.tolist() for column in columns), strict=True
        )
    )


def _prices(
    whole: SolvedSlice, item: SurfaceSlice, sign: NDArray[np.int64], strikes: FloatArray, volatility: FloatArray
) -> FloatArray:
    """What the quotes would be at these volatilities: American where early exercise was taken out of them."""
    taken = whole.early_exercise
    if taken is not None:
        from optionix_core.pricing import american

        found: FloatArray = american.price(
            sign, taken.spot, strikes, item.years, taken.rate, taken.dividend_yield, volatility,
            dividends=taken.dividends,
        )  # fmt: skip
        return found
    from optionix_core.pricing.black_scholes import price

    rate = -np.log(item.discount_factor) / item.years
    prices = np.asarray(price(sign, item.forward, strikes, item.years, rate, rate, volatility), dtype=float)
    return prices / (item.forward if whole.source.inverse else 1.0)


def out_of_the_money_delta(item: SolvedSlice) -> FloatArray:
    """Size of the forward delta of the out-of-the-money option at each strike, nan where it has no volatility."""
    nothing = np.full(item.source.strikes.shape, np.nan)
    if item.forward is None or not item.forward > 0.0 or not item.years > 0.0:
        return nothing
    root = item.smile * np.sqrt(item.years)
    d1 = np.log(item.forward / item.source.strikes) / root + 0.5 * root
    found: FloatArray = np.where(item.source.strikes >= item.forward, ndtr(d1), ndtr(-d1))
    return found


def smile_curve(found: FittedSurface, place: int) -> tuple[tuple[float, float], ...]:
    """(strike, volatility) of the smile over its quotes and a little beyond."""
    quotes, item = found.quotes_of(place), found.surface.slices[place]
    low, high = -REACH * item.deviation, REACH * item.deviation
    if quotes is not None and quotes.count:
        low, high = float(quotes.log_moneyness[0]), float(quotes.log_moneyness[-1])
        low, high = low - 0.04 * (high - low), high + 0.04 * (high - low)
    k = np.linspace(low, high, CURVE)
    volatility = np.sqrt(item.smile.total_variance(k) / item.years)
    return tuple(zip((item.forward * np.exp(k)).tolist(), volatility.tolist(), strict=True))


def density_curve(found: FittedSurface, place: int) -> DensityCurve | str:
    """The density of the slice at `place`, or why it has none."""
    from optionix_core.volatility.analysis import percentile, risk_neutral_density

    surface, years = found.surface, found.surface.slices[place].years
    try:
        told = risk_neutral_density(surface, years, points=CURVE, deviations=REACH)
        levels = percentile(surface, SHARES, years)
    except DomainError as error:
        return str(error)
    return DensityCurve(tuple(told.level.tolist()), tuple(told.density.tolist()), tuple(levels.tolist()), told.negative)


def heat_rows(found: FittedSurface) -> tuple[HeatRow, ...]:
    """Every expiry, in order of time."""
    rows = []
    for item in found.surface.slices:
        k = item.deviation * np.array(DEVIATIONS)
        volatility = np.sqrt(item.smile.total_variance(k) / item.years)
        rows.append(HeatRow(item.expiry, item.root, item.years * 365.0, tuple(volatility.tolist())))
    return tuple(rows)
