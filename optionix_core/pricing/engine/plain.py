"""European options under one constant volatility: a module of its own, which loads no array library."""

from __future__ import annotations

import math

from optionix_core.pricing import black_scholes
from optionix_core.pricing.engine.result import Outcome, Request


def european(request: Request) -> Outcome:
    """`black_scholes`, with its own analytic Greeks; a scalar call loads no array library."""
    contract, market = request.contract, request.market
    spot, strike = market.spots[0], contract.strike
    arguments = (int(contract.option_type), spot, strike, contract.expiry, market.rate, market.yields[0])
    found = black_scholes.greeks(*arguments, request.model.volatility, dividends=market.dividends)
    text = "" if market.dividends is None else "escrowed dividends"
    greeks = {name: getattr(found, name) for name in request.greeks}
    infinite = [name for name, value in greeks.items() if not math.isfinite(value)]
    greeks = {name: value for name, value in greeks.items() if name not in infinite}
    missing = f"{', '.join(infinite)}: infinite on the strike at expiry" if infinite else ""
    return Outcome(found.price, greeks, error_bound=1e-14 * max(spot, strike), missing=missing, text=text)
