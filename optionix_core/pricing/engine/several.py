"""Contracts on two lognormal assets by formula or quadrature. Prices alone: there is no one delta of two assets."""

from __future__ import annotations

from functools import partial
from typing import Any

from optionix_core.pricing import two_asset
from optionix_core.pricing.engine.closed import EXACT
from optionix_core.pricing.engine.result import Outcome, Request

QUADRATURE = 1e-13
"""Absolute error of `two_asset.spread`, over the larger spot."""
MISSING = "several underlyings have several deltas and vegas: this method gives none"
KIRK = "an approximation without a known bound"


def exchange(request: Request) -> Outcome:
    """W. Margrabe (1978)."""
    return _answer(request, two_asset.exchange(*_arguments(request, 0.0)), unknown=EXACT)


def spread(request: Request) -> Outcome:
    """By quadrature; see `two_asset.spread`."""
    value = two_asset.spread(*_arguments(request, request.contract.strike))
    return _answer(request, value, error_bound=QUADRATURE * max(request.market.spots))


def kirk(request: Request) -> Outcome:
    """E. Kirk (1995)."""
    value = partial(two_asset.spread, method="kirk")(*_arguments(request, request.contract.strike))
    return _answer(request, value, unknown=KIRK)


def rainbow(request: Request) -> Outcome:
    """R. Stulz (1982)."""
    formula = two_asset.minimum if request.contract.extreme == "minimum" else two_asset.maximum
    return _answer(request, formula(*_arguments(request, request.contract.strike)), unknown=EXACT)


def _arguments(request: Request, strike: float) -> tuple[Any, ...]:
    market, model = request.market, request.model
    return (
        int(request.contract.option_type),
        *market.spots,
        strike,
        request.contract.expiry,
        market.rate,
        *market.yields,
        *model.volatilities,
        model.correlations[0][1],
    )


def _answer(request: Request, value: Any, error_bound: float | None = None, unknown: str = "") -> Outcome:
    missing = MISSING if request.greeks else ""
    return Outcome(float(value), error_bound=error_bound, unknown=unknown, missing=missing)
