"""Simulated states at the exercise dates, and what holds of a model that an exercise policy can use.

A thin layer over `paths`: which models have a second state, which move in proportion to the spot, and how a model and a
market look from a later date. Refuses models that `paths` does not simulate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.market.protocols import LocalVolatilityFunction
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing.dividends import CashDividends
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.merton import MertonModel
from optionix_core.pricing.monte_carlo import paths

PATH_BLOCK = 256
"""Path numbers at which a simulation may start are multiples of this."""
HALF_BLOCK = 128
"""Antithetic partners lie so far apart."""


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
    """Whether the variance is a state of its own."""
    return isinstance(model, HestonModel | BatesModel)


def is_proportional(model: object, market: FlatMarket) -> bool:
    """Whether a path from twice the spot is twice the path, so that d S_t / d S_0 = S_t / S_0."""
    return not isinstance(model, LocalVolatilityFunction) and not isinstance(market.dividends, CashDividends)


def has_martingale(model: object, market: FlatMarket) -> bool:
    """Whether exp((q - r) t) S_t is a martingale in the simulation itself, step by step."""
    return not isinstance(model, LocalVolatilityFunction) and market.dividends is None


def simulate(
    model: Any,
    market: FlatMarket,
    times: FloatArray,
    count: int,
    seed: int,
    *,
    antithetic: bool,
    first_path: int,
    workers: int | None,
) -> tuple[FloatArray, FloatArray | None]:
    """Price and, where it is a state, variance, each (len(times), count), contiguous."""
    if has_variance(model):
        spots, seconds = paths.simulate_with_variance(
            model, market, times, count, seed, antithetic=antithetic, first_path=first_path, workers=workers
        )
        return np.ascontiguousarray(spots), np.ascontiguousarray(seconds)
    spots = paths.simulate(
        model, market, times, count, seed, antithetic=antithetic, first_path=first_path, workers=workers
    )
    return np.ascontiguousarray(spots), None


def pair_means(values: FloatArray) -> FloatArray:
    """Means of antithetic partners along the last axis; a path without a partner stands for itself."""
    count = values.shape[-1]
    whole = count - count % PATH_BLOCK
    blocks = values[..., :whole].reshape(*values.shape[:-1], -1, 2, HALF_BLOCK)
    means = blocks.mean(axis=-2).reshape(*values.shape[:-1], -1)
    return np.concatenate([means, values[..., whole:]], axis=-1) if whole < count else means


def from_state(model: Any, market: FlatMarket, spot: float, variance: float | None) -> tuple[Any, FlatMarket]:
    """Model and market of the same world at a later date where spot and variance are these."""
    later = replace(market, spot=spot)
    return (replace(model, v0=max(variance, 0.0)) if variance is not None else model), later
