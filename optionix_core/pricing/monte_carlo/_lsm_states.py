"""Simulated states at the exercise dates, and what holds of a model that an exercise policy can use.

A thin layer over `paths`: which models have a second state, which move in proportion to the spot, and how a model and a
market look from a later date. Refuses models that `paths` does not simulate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.market.protocols import LocalVolatilityFunction
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing.dividends import CashDividends, schedule
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.merton import MertonModel
from optionix_core.pricing.monte_carlo import paths
from optionix_core.pricing.monte_carlo._model_steps import is_local, needs_fine_steps

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PATH_BLOCK = 256
"""Path numbers at which a simulation may start are multiples of this."""


def check_model(model: object) -> None:
    """Raises InvalidValueError for a model that has no policy here."""
    if not isinstance(model, BlackScholesModel | HestonModel | BatesModel | MertonModel | LocalVolatilityFunction):
        known = "a BlackScholesModel, HestonModel, BatesModel, MertonModel or a local volatility"
        raise InvalidValueError("model", type(model).__name__, known)


def check_market(market: FlatMarket) -> None:
    """Raises InvalidValueError for several underlyings."""
    if len(market.spots) != 1:
        raise InvalidValueError("market.spot", market.spot, "one price: the contract has one underlying")


def has_variance(model: object) -> bool:
    """Whether the variance is a random state of its own."""
    return isinstance(model, HestonModel | BatesModel) and needs_fine_steps(model)


def is_proportional(model: object, market: FlatMarket) -> bool:
    """Whether a path from twice the spot is twice the path, so that d S_t / d S_0 = S_t / S_0."""
    return not is_local(model) and not isinstance(market.dividends, CashDividends)


def has_martingale(market: FlatMarket) -> bool:
    """Whether exp((q - r) t) S_t is a martingale in the simulation itself, step by step.

    Exactly, but for a local volatility, where its mean moves by the weak error of the scheme: below 1e-7 of the price
    over a year with a volatility of 25% that falls like one over the price.
    """
    return market.dividends is None


def simulate(
    model: Any,
    market: FlatMarket,
    times: FloatArray,
    count: int,
    stream: tuple[int, int],
    *,
    antithetic: bool,
    first_path: int = 0,
    workers: int | None = 1,
    longest_step: float | None = None,
) -> tuple[FloatArray, FloatArray | None]:
    """Price and, where it is a state, variance, each (len(times), count).

    `stream`: seed, and number of the set of paths under it. `longest_step` in years, for schemes that are not exact.
    """
    steps = None
    if longest_step is not None and needs_fine_steps(model):
        steps = max(round(float(times[-1]) / longest_step), 1)
    given: dict[str, Any] = {
        "antithetic": antithetic,
        "first_path": first_path,
        "workers": workers,
        "steps": steps,
        "randomisation": stream[1],
    }
    when = times.tolist()
    if has_variance(model):
        return paths.simulate_with_variance(model, market, when, count, stream[0], **given)
    return paths.simulate(model, market, when, count, stream[0], **given), None


def longest_step(model: Any, expiry: float) -> float | None:
    """That of the whole life's simulation, in years; None for schemes that are exact in any step."""
    if not needs_fine_steps(model):
        return None
    return expiry / max(paths.STEPS_A_YEAR, math.ceil(paths.STEPS_A_YEAR * expiry))


@dataclass(frozen=True, slots=True)
class Later:
    """A local volatility as it is seen from `time` on."""

    volatility: LocalVolatilityFunction
    time: float

    @property
    def breaks(self) -> tuple[float, ...]:
        """Times after that moment at which it jumps."""
        return tuple(when - self.time for when in getattr(self.volatility, "breaks", ()) if when > self.time)

    def local_volatility(self, spot: ArrayLike, time: ArrayLike) -> FloatArray:
        """At `time` after the moment that it is seen from."""
        return self.volatility.local_volatility(spot, np.asarray(time) + self.time)


def from_state(
    model: Any, market: FlatMarket, time: float, spot: float, variance: float | None
) -> tuple[Any, FlatMarket]:
    """Model and market of the same world from `time` on, where spot and variance are these."""
    dividends = market.dividends
    if dividends is not None:
        plan = schedule(dividends)
        ahead = [(when - time, amount) for when, amount in zip(plan.times, plan.amounts, strict=True) if when > time]
        dividends = type(dividends)(tuple(w for w, _ in ahead), tuple(a for _, a in ahead)) if ahead else None
    later = replace(market, spot=spot, dividends=dividends)
    if isinstance(model, HestonModel | BatesModel):
        mean = model.theta + (model.v0 - model.theta) * math.exp(-model.kappa * time)
        return replace(model, v0=max(mean if variance is None else variance, 0.0)), later
    return (Later(model, time) if is_local(model) else model), later
