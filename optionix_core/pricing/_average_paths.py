"""Arithmetic averages by simulation, row by row, with the geometric average as control.

`MonteCarloSimulator` gives the standard error too, and any number of paths; here both are fixed. Nothing here checks
its arguments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing import _average
from optionix_core.pricing.contracts import AsianOption
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.monte_carlo.simulator import MonteCarloSimulator

FloatArray = NDArray[np.float64]

SIMULATOR = MonteCarloSimulator(paths=65_536, sampler="sobol", control_variate=True)


def price(
    times: FloatArray | None,
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Price of each row; what has no paths to average over is certain, and taken from the moments."""
    arguments = (sign, spot, strike, expiry, rate, dividend_yield, volatility)
    value = _average.two_moments(times, *arguments)
    share = 1.0
    if times is not None and times[0] == 0.0:
        share = 1.0 - 1.0 / len(times)
        strike = (strike - spot / len(times)) / share if share > 0.0 else strike
        times = times[1:]
    dates = None if times is None else tuple(times.tolist())
    uncertain = (strike > 0.0) & (volatility > 0.0) & (expiry > 0.0) & (share > 0.0)
    for row in np.flatnonzero(uncertain):
        contract = AsianOption(
            option_type="call" if sign[row] > 0.0 else "put",
            strike=float(strike[row]),
            expiry=float(expiry[row]),
            fixing_times=dates,
        )
        place = FlatMarket(spot=float(spot[row]), rate=float(rate[row]), dividend_yield=float(dividend_yield[row]))
        model = BlackScholesModel(volatility=float(volatility[row]))
        value[row] = share * SIMULATOR.price(contract, model, place).price
    return value
