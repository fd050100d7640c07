"""Control variates for what an exercise policy receives: martingales looked at where the policy stops.

A martingale that stops has the mean it started with (N. Rasmussen, "Control variates for Monte Carlo valuation of
American options", J. Comput. Finance 9 (2005) 1). Used are the price of the underlying without its carry, and under
Black and Scholes the European option, which is nearly the American one; under Merton the European payoff at expiry.
Refuses markets with discrete dividends, where none of these is a martingale.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optionix_core.pricing import black_scholes
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.merton import MertonModel
from optionix_core.pricing.monte_carlo._lsm_states import has_martingale
from optionix_core.pricing.monte_carlo._regression import Policy


class Controls:
    """The controls that a model and a market allow; every value is seen from now."""

    def __init__(self, policy: Policy, model: Any, market: FlatMarket, *, wanted: bool = True) -> None:
        self._policy = policy
        self._model = model
        self._market = market
        self._carry = market.rate - market.yields[0]
        self._times = np.array(policy.times)
        self._price = wanted and has_martingale(market)
        self._stopped = self._price and isinstance(model, BlackScholesModel)
        self._final = self._price and isinstance(model, MertonModel)

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self._price) + int(self._stopped) + int(self._final)

    @property
    def has_european(self) -> bool:
        """Whether `european` has a value."""
        return self._stopped or self._final

    def european(self, spots: FloatArray, left: Any) -> FloatArray:
        """Value of the European option, `left` years before its expiry."""
        market, policy = self._market, self._policy
        carry = market.rate, market.yields[0]
        sign = int(policy.sign)
        if self._stopped:
            volatility = self._model.volatility
            value = black_scholes.price(sign, spots, policy.strike, left, *carry, volatility)
        else:
            value = self._model.price(sign, spots, policy.strike, left, *carry)
        found: FloatArray = np.asarray(value)
        return found

    def values(self, rows: FloatArray, final: FloatArray) -> list[FloatArray]:
        """Of paths, from the rows of `longstaff_schwartz.stop` and their prices at expiry."""
        found = []
        if self._price:
            found.append(rows[1])
        if self._stopped:
            when = self._times[rows[3].astype(np.int64)]
            spots = rows[1] * np.exp(self._carry * when)
            found.append(self.european(spots, self._times[-1] - when) * np.exp(-self._market.rate * when))
        if self._final:
            payoff = np.maximum(self._policy.sign * (final - self._policy.strike), 0.0)
            found.append(payoff * math.exp(-self._market.rate * self._times[-1]))
        return found

    def means(self, time: float, spots: FloatArray) -> list[FloatArray]:
        """Of paths that start at `time` from each of `spots`."""
        found = []
        if self._price:
            found.append(spots * math.exp(-self._carry * time))
        if self.has_european:
            found.append(self.european(spots, self._times[-1] - time) * math.exp(-self._market.rate * time))
        return found
