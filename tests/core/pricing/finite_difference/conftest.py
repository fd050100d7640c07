"""Local volatilities with exact prices, and shorthand for what every test of this room needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from optionix_core.pricing import black_scholes
from optionix_core.pricing.contracts import Contract
from optionix_core.pricing.finite_difference import FiniteDifferenceResult, FiniteDifferenceSolver
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BlackScholesModel


@dataclass(frozen=True)
class Displaced:
    """S_t = e^(mu t) (X_t - shift) with X lognormal: a local volatility of price and time with exact prices."""

    volatility: float
    shift: float
    drift: float
    spot: float

    def local_volatility(self, spot: Any, time: Any) -> Any:
        return self.volatility * (spot + self.shift * np.exp(self.drift * np.asarray(time))) / spot

    def price(self, option_type: str, strike: float, expiry: float, rate: float) -> float:
        """Black's formula for X, since S_T - K = e^(mu T) (X_T - (K e^(-mu T) + shift))."""
        target = strike * math.exp(-self.drift * expiry) + self.shift
        growth = math.exp((self.drift - rate) * expiry)
        plain = black_scholes.price(option_type, self.spot + self.shift, target, expiry, 0.0, 0.0, self.volatility)
        return growth * float(plain)


Priced = Callable[..., FiniteDifferenceResult]


@pytest.fixture
def priced() -> Priced:
    """`priced(contract, volatility or model, spot, rate, dividend_yield, dividends=None, **solver settings)`."""

    def price(
        contract: Contract,
        model: Any,
        spot: float = 100.0,
        rate: float = 0.05,
        dividend_yield: float = 0.02,
        dividends: Any = None,
        **settings: Any,
    ) -> FiniteDifferenceResult:
        market = FlatMarket(spot=spot, rate=rate, dividend_yield=dividend_yield, dividends=dividends)
        chosen = BlackScholesModel(volatility=model) if isinstance(model, float) else model
        return FiniteDifferenceSolver(**settings).price(contract, chosen, market)

    return price


@pytest.fixture
def displaced() -> type[Displaced]:
    return Displaced
