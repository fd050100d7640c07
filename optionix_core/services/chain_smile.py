"""The smile of one expiry beside its quotes: fitted now and then, read at the forward of every moment.

A fit is of one moment and quotes move on. Between two fits the smile keeps its shape in log-moneyness, ln(K / F), and
the forward and the time are those of the quotes that stand beside it, so that what is called rich or cheap is never
what the underlying has moved meanwhile. American options are worth their American price at the smile's volatility.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import OptionixError
from optionix_core.market.protocols import FeedState

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from optionix_core.services.surfaces import FittedSurface
    from optionix_core.volatility.solved import SolvedChain, SolvedSlice

    FloatArray = NDArray[np.float64]

MODEL: Final = "svi"
FIT_EVERY = timedelta(seconds=2)
"""How long a fit to quotes that move serves."""
POINTS = 81
"""Of curve and density."""
REACH = 3.0
"""Standard deviations that the density is told to."""
COMPILING = "its kernels are being compiled, once on this machine"

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class SmileFit:
    """What the fit of an expiry says at the moment of the view beside it."""

    model: str
    fitted_at: datetime
    """The moment of the quotes that it was fitted to."""
    quotes: int
    rmse_vol_points: float
    """Root mean square distance of those quotes' volatilities to the smile, in hundredths."""
    inside_bid_ask: float
    """Share of them that the smile meets between bid and ask."""
    curve: Curve
    """(strike, volatility), a fraction."""
    density: Curve
    """(level of the underlying, probability per unit of price), risk-neutral; empty where the smile has none."""
    american: bool
    """Whether theoretical values are American prices."""


class FittedRows(NamedTuple):
    """Along the strikes, nan where there is no answer."""

    call_value: FloatArray
    """Theoretical value, in the unit of the quotes."""
    put_value: FloatArray
    above: FloatArray
    """Probability of ending above the strike, risk-neutral, by the smile."""


class KeptFit(NamedTuple):
    """A fit with what is drawn of it, at its own forward."""

    surface: FittedSurface
    curve: Curve
    density: Curve


class SmileKeeper:
    """The fits of one feed; each serves for `FIT_EVERY`, or for ever where the quotes stand still."""

    def __init__(self, feed_state: FeedState) -> None:
        self._still = feed_state is FeedState.FILE
        self._known: dict[tuple[str, date, str], tuple[datetime, KeptFit | str]] = {}

    def at(self, solved: SolvedChain, moment: datetime) -> KeptFit | str:
        """The fit to the one expiry of `solved`, or why there is none; kernels are never compiled for it here."""
        one = solved.slices[0]
        key = (solved.chain.underlying, one.source.expiry, one.source.root)
        known = self._known.get(key)
        if known is not None and (self._still or timedelta(0) <= moment - known[0] < FIT_EVERY):
            return known[1]
        from optionix_core.services import surfaces

        if not surfaces.is_prepared(MODEL):
            return COMPILING
        found: KeptFit | str
        try:
            found = _kept(surfaces.fit(solved.chain, MODEL, rate=one.rate))
        except OptionixError as error:
            found = str(error)
        self._known = {other: fit for other, fit in self._known.items() if other[0] == key[0]}
        self._known[key] = (moment, found)
        return found


def _kept(found: FittedSurface) -> KeptFit:
    from optionix_core.services.surface_smile import density_curve, smile_curve

    told = density_curve(found, 0)
    density = () if isinstance(told, str) else tuple(zip(told.level, told.density, strict=True))
    return KeptFit(found, smile_curve(found, 0), density)


def fitted_rows(found: FittedSurface, item: SolvedSlice) -> FittedRows | None:
    """Values and probabilities at the quotes' own forward and time; None where the expiry has no forward now."""
    import numpy as np

    from optionix_core.errors import DomainError
    from optionix_core.volatility.analysis.probability import probability_above

    forward, discount = item.forward, item.discount_factor
    if forward is None or discount is None or item.years <= 0.0:
        return None
    fit, strikes = found.surface.slices[0], item.source.strikes
    volatility = np.sqrt(fit.smile.total_variance(np.log(strikes / forward)) / fit.years)
    try:
        above = probability_above(found.surface, strikes * (fit.forward / forward), fit.years)
    except DomainError:
        above = np.full(strikes.shape, np.nan)
    call, put = (_values(found, item, sign, volatility, forward, discount) for sign in (1, -1))
    return FittedRows(call, put, np.asarray(above, dtype=float))


def _values(
    found: FittedSurface, item: SolvedSlice, sign: int, volatility: FloatArray, forward: float, discount: float
) -> FloatArray:
    import numpy as np

    strikes, years = item.source.strikes, item.years
    taken = None if found.solved is None else found.solved.slices[0].early_exercise
    if taken is not None:
        from optionix_core.pricing import american

        spot = taken.spot * forward / found.surface.slices[0].forward
        value: FloatArray = american.price(
            sign, spot, strikes, years, taken.rate, taken.dividend_yield, volatility, dividends=taken.dividends
        )
        return value
    from optionix_core.pricing.black_scholes import price

    rate = -np.log(discount) / years
    european = np.asarray(price(sign, forward, strikes, years, rate, rate, volatility), dtype=float)
    return european / (forward if item.source.inverse else 1.0)


def beyond(bid: FloatArray, ask: FloatArray, value: FloatArray) -> FloatArray:
    """By how much a quote lies beyond its theoretical value after the spread: positive rich, negative cheap, else 0."""
    import numpy as np

    rich = np.where(np.isfinite(bid), np.maximum(bid - value, 0.0), 0.0)
    cheap = np.where(np.isfinite(ask), np.minimum(ask - value, 0.0), 0.0)
    told = np.isfinite(value) & (np.isfinite(bid) | np.isfinite(ask))
    return np.where(told, rich + cheap, np.nan)


def row_gap(item: SolvedSlice, call: FloatArray, put: FloatArray) -> FloatArray:
    """`beyond` of the out-of-the-money option at each strike, nan where its delta is too small to say anything."""
    import numpy as np

    from optionix_core.services.surface_smile import out_of_the_money_delta
    from optionix_core.volatility.surface.quotes import SMALLEST_DELTA

    if item.forward is None:
        return np.full(item.source.strikes.shape, np.nan)
    gap = np.where(item.source.strikes >= item.forward, call, put)
    delta = out_of_the_money_delta(item)
    return np.where(np.isfinite(delta) & (delta >= SMALLEST_DELTA), gap, np.nan)


def smile_fit(kept: KeptFit, item: SolvedSlice) -> SmileFit:
    """What a view tells of a fit: curve and density moved to the quotes' own forward."""
    fit, solved = kept.surface.surface.slices[0], kept.surface.solved
    shift = 1.0 if item.forward is None else item.forward / fit.forward
    return SmileFit(
        model=kept.surface.surface.model,
        fitted_at=kept.surface.surface.as_of,
        quotes=fit.metrics.quotes,
        rmse_vol_points=fit.metrics.rmse_vol_points,
        inside_bid_ask=fit.metrics.inside_bid_ask,
        curve=tuple((strike * shift, one) for strike, one in kept.curve),
        density=tuple((level * shift, one / shift) for level, one in kept.density),
        american=solved is not None and solved.slices[0].early_exercise is not None,
    )
