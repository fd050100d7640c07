"""A surface of implied volatility: smiles fitted to a chain, and the rules between and beyond its expiries.

- Between two expiries total variance is linear in time (that of `VarianceClock`) at constant forward moneyness K / F,
  so that no calendar spread appears that the two smiles do not have.
- Before the first expiry and after the last one volatility is that of the nearest expiry at the same moneyness.
- ln F is linear in calendar time between expiries, from the spot at time zero where it is known (else the first
  forward holds before the first expiry), and keeps the carry of the last interval after the last expiry. ln D is linear
  between expiries from zero at time zero, and keeps the last zero rate after the last expiry.

Models: `svi` (each expiry its own, without arbitrage), `ssvi` and `essvi` (without arbitrage by construction), `spline`
(free-form: a mixture of lognormal kernels under the quotes' prices, without butterflies by construction and in order of
time on a grid) and `sabr` (each expiry its own, with whatever arbitrage it has). Refuses chains without one expiry that
can be fitted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.chain import OptionChain
from optionix_core.volatility.solved import SolvedChain
from optionix_core.volatility.surface.clock import VarianceClock
from optionix_core.volatility.surface.quotes import Skipped, SliceQuotes, of_chain, repeated_strike
from optionix_core.volatility.surface.smiles import Smile, SurfaceSlice, metrics_of
from optionix_core.volatility.svi import durrleman

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.volatility.smile_arbitrage import SmileReport

    FloatArray = NDArray[np.float64]

ModelName = Literal["svi", "ssvi", "essvi", "spline", "sabr"]
MODELS: tuple[str, ...] = get_args(ModelName)


class SurfacePoint(NamedTuple):
    """Total variance and its derivatives, arrays of one shape."""

    total_variance: FloatArray
    slope: FloatArray
    """In log-moneyness."""
    curve: FloatArray
    """Second, in log-moneyness."""
    time_slope: FloatArray
    """In calendar time, per year, at constant moneyness; at an expiry, that of the interval before it."""


@dataclass(frozen=True, slots=True, eq=False)
class VolatilitySurface:
    """Smiles by expiry. Implements `market.protocols.VolatilityFunction`; times are ACT/365 years from `as_of`.

    Raises InvalidValueError where there is no slice or times do not increase.
    """

    underlying: str
    as_of: datetime
    model: ModelName
    spot: float | None
    """Of the moment of the quotes, where it is known."""
    slices: tuple[SurfaceSlice, ...]
    """In order of time."""
    skipped: tuple[Skipped, ...] = ()
    """Expiries of the chain that no smile was fitted to, and why."""
    clock: VarianceClock = field(default_factory=VarianceClock)

    def __post_init__(self) -> None:
        if not self.slices:
            raise InvalidValueError("slices", 0, "at least one")
        years = [item.years for item in self.slices]
        if not (years[0] > 0.0 and all(near < far for near, far in pairwise(years))):
            raise InvalidValueError("slices", years, "of positive, increasing times")

    @classmethod
    def fit(
        cls,
        chain: OptionChain | SolvedChain,
        model: ModelName = "svi",
        *,
        beta: float = 1.0,
        clock: VarianceClock | None = None,
    ) -> VolatilitySurface:
        """Fit `model` to the usable out-of-the-money quotes of every expiry.

        American expiries are read without early exercise (`american_quotes.without_early_exercise`, which takes rates
        and dividends that are known; a chain that it has made stays as it is). `beta` is SABR's alone. Deterministic.
        Raises UnknownNameError for another model, MissingDataError, with the
        reasons, where no expiry can be fitted or American options have no spot, and InvalidValueError for bad
        arguments.
        """
        if model not in MODELS:
            raise UnknownNameError("surface model", str(model), MODELS)
        repeated: list[Skipped] = []
        if isinstance(chain, OptionChain):
            from optionix_core.volatility.solve import solve

            judged = [(item, repeated_strike(item)) for item in chain.slices]
            repeated = [reason for _, reason in judged if reason is not None]
            chain = solve(replace(chain, slices=tuple(item for item, reason in judged if reason is None)), greeks=False)
        if any(item.source.exercise == "american" for item in chain.slices):
            from optionix_core.volatility.american_quotes import without_early_exercise

            chain = without_early_exercise(chain)
        quotes, skipped = of_chain(chain)
        skipped = (*repeated, *skipped)
        if not quotes:
            reasons = "; ".join(f"{one.root} {one.expiry}: {one.reason}" for one in skipped) or "the chain is empty"
            raise MissingDataError(f"no expiry of {chain.chain.underlying} can be fitted ({reasons})")
        smiles, notes = _fitted(quotes, model, beta)
        slices = tuple(
            SurfaceSlice(
                one.root, one.expiry, one.years, one.forward, one.discount_factor, smile, metrics_of(one, smile), note
            )
            for one, smile, note in zip(quotes, smiles, notes, strict=True)
        )
        return cls(
            chain.chain.underlying,
            chain.chain.as_of,
            model,
            chain.spot,
            slices,
            skipped,
            VarianceClock() if clock is None else clock,
        )

    @property
    def years(self) -> FloatArray:
        """Times of the expiries, shape (slices,)."""
        return np.array([item.years for item in self.slices])

    def forward(self, expiry: ArrayLike) -> FloatArray:
        """Forward price for `expiry` in years, of its shape."""
        t = _times(expiry)
        years, level = self.years, np.log([item.forward for item in self.slices])
        if self.spot is not None:
            years, level = np.concatenate([[0.0], years]), np.concatenate([[math.log(self.spot)], level])
        found = np.interp(t, years, level)
        if years.size > 1:
            carry = (level[-1] - level[-2]) / (years[-1] - years[-2])
            found = found + carry * np.maximum(t - years[-1], 0.0)
        forward: FloatArray = np.exp(found)
        return forward

    def discount_factor(self, expiry: ArrayLike) -> FloatArray:
        """Value now of one unit paid at `expiry` in years, of its shape."""
        t = _times(expiry)
        years = np.concatenate([[0.0], self.years])
        level = np.concatenate([[0.0], np.log([item.discount_factor for item in self.slices])])
        found = np.interp(t, years, level) + level[-1] / years[-1] * np.maximum(t - years[-1], 0.0)
        discount: FloatArray = np.exp(found)
        return discount

    def implied_volatility(self, strike: ArrayLike, expiry: ArrayLike) -> FloatArray:
        """Annualised volatility, a fraction, at `strike` for `expiry` in years; arguments broadcast."""
        K, t = np.broadcast_arrays(np.asarray(strike, dtype=np.float64), _times(expiry))
        if not np.all((K > 0.0) & np.isfinite(K)):
            row = int(np.flatnonzero(~((K > 0.0) & np.isfinite(K)))[0])
            raise InvalidValueError("strike", float(K.reshape(-1)[row]), "positive and finite", row if K.ndim else None)
        found: FloatArray = np.sqrt(self.total_variance(np.log(K / self.forward(t)), t) / t)
        return found

    def total_variance(self, log_moneyness: ArrayLike, expiry: ArrayLike) -> FloatArray:
        """At ln(K / F) for `expiry` in years; arguments broadcast."""
        return self._sewn(log_moneyness, expiry, lambda smile, k: (smile.total_variance(k),))[0]

    def derivatives(self, log_moneyness: ArrayLike, expiry: ArrayLike) -> SurfacePoint:
        """Total variance with its derivatives in log-moneyness and in time; arguments broadcast."""
        value, slope, curve, pace = self._sewn(log_moneyness, expiry, lambda smile, k: smile.derivatives(k))
        return SurfacePoint(value, slope, curve, pace)

    def density(self, strike: ArrayLike, expiry: ArrayLike) -> FloatArray:
        """Risk-neutral density of the price at `expiry`, per unit of strike; arguments broadcast.

        Negative where the surface has a butterfly arbitrage. Source: D. Breeden and R. Litzenberger, Journal of
        Business 51 (1978) 621, in total variance as J. Gatheral, "The Volatility Surface" (2006), eq. 1.10.
        """
        K, t = np.broadcast_arrays(np.asarray(strike, dtype=np.float64), _times(expiry))
        k = np.log(K / self.forward(t))
        point = self.derivatives(k, t)
        root = np.sqrt(point.total_variance)
        d2 = -k / root - 0.5 * root
        found: FloatArray = durrleman(*point[:3], k) * np.exp(-0.5 * d2 * d2) / (K * root * math.sqrt(2.0 * math.pi))
        return found

    def arbitrage(self, *, points: int = 201, deviations: float = 5.0) -> SmileReport:
        """Butterflies at each expiry and calendar spreads between expiries, on a grid, with their severity in price."""
        from optionix_core.volatility.surface.check import check

        return check(self.slices, points=points, deviations=deviations)

    def _sewn(
        self,
        log_moneyness: ArrayLike,
        expiry: ArrayLike,
        values: Callable[[Smile, FloatArray], tuple[FloatArray, ...]],
    ) -> tuple[FloatArray, ...]:
        """What `values` gives of the smiles, by the rules of time; last, the derivative in time of the first."""
        k, t = np.broadcast_arrays(np.asarray(log_moneyness, dtype=np.float64), _times(expiry))
        shape = k.shape
        k, t = k.reshape(-1), t.reshape(-1)
        nodes = self.clock.time(self.as_of, self.years)
        now = self.clock.time(self.as_of, t)
        step = 1e-6
        pace = (now - self.clock.time(self.as_of, np.maximum(t - step, 0.0))) / np.minimum(t, step)
        right = np.searchsorted(self.years, t, side="left")
        parts: list[FloatArray] = []
        for place in np.unique(right).tolist():
            here = right == place
            far = self.slices[min(place, len(self.slices) - 1)]
            rise = values(far.smile, k[here])
            if 0 < place < len(self.slices):
                near = values(self.slices[place - 1].smile, k[here])
                span = nodes[place] - nodes[place - 1]
                share = (now[here] - nodes[place - 1]) / span
                found = [(1.0 - share) * low + share * high for low, high in zip(near, rise, strict=True)]
                found.append((rise[0] - near[0]) / span * pace[here])
            else:
                node = min(place, len(self.slices) - 1)
                ratio = t[here] / self.years[node]
                found = [ratio * one for one in rise]
                found.append(rise[0] / self.years[node])
            if not parts:
                parts = [np.empty(k.size) for _ in found]
            for whole, part in zip(parts, found, strict=True):
                whole[here] = part
        if not parts:
            parts = [np.empty(0) for _ in range(4)]
        return tuple(part.reshape(shape) for part in parts)


def _times(expiry: ArrayLike) -> FloatArray:
    t = np.asarray(expiry, dtype=np.float64)
    good = (t > 0.0) & np.isfinite(t)
    if not np.all(good):
        row = int(np.flatnonzero(~good.reshape(-1))[0])
        raise InvalidValueError("expiry", float(t.reshape(-1)[row]), "positive and finite", row if t.ndim else None)
    return t


def _fitted(quotes: Sequence[SliceQuotes], model: ModelName, beta: float) -> tuple[Sequence[Smile], Sequence[str]]:
    """Smiles and notes, one for each expiry."""
    silent = [""] * len(quotes)
    if model == "svi":
        from optionix_core.volatility.surface.svi_fit import fit_noting

        found = fit_noting(quotes)
        return found.smiles, [_note(*one) for one in zip(found.lifted, found.kept, quotes, strict=True)]
    if model == "ssvi":
        from optionix_core.volatility.surface import ssvi_fit

        return ssvi_fit.fit(quotes), silent
    if model == "essvi":
        from optionix_core.volatility.surface import essvi_fit

        return essvi_fit.fit(quotes), silent
    if model == "sabr":
        from optionix_core.volatility.surface import sabr_fit

        return sabr_fit.fit(quotes, beta), silent
    from optionix_core.volatility.surface import density_fit

    return density_fit.fit(quotes), silent


def _note(lift: float, kept: float, quotes: SliceQuotes) -> str:
    told = []
    if kept < 1.0:
        told.append(f"{1.0 - kept:.0%} of the smile replaced by a flat one to remove a butterfly")
    if lift > 0.0:
        points = 100.0 * (
            math.sqrt((quotes.deviation**2 + lift) / quotes.years) - quotes.deviation / math.sqrt(quotes.years)
        )
        told.append(f"lifted by {points:.2g} vol points at the money to clear the expiry before")
    return "; ".join(told)
