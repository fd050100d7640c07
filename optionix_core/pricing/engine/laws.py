"""European and American options by boundary collocation, Fourier sums, series, expansions and models' own formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from optionix_core.errors import DomainError
from optionix_core.pricing.dividends import schedule
from optionix_core.pricing.engine.result import Outcome, Request

AMERICAN_ERROR = {
    "fast": "about 1e-6 of the strike, root mean square over volatilities of 5% to 100%, one day to ten years",
    "standard": "about 1e-8 of the strike, root mean square over volatilities of 5% to 100%, one day to ten years",
    "high": "about 1e-10 of the strike, root mean square over volatilities of 5% to 100%, one day to ten years",
}
"""What is known of the collocation: measured, not a bound of one price."""
GRID_ERROR = "about 1e-6 of the strike (1e-7 in high): dividends are priced on a grid, and no bound is computed"
EXPANSION = "an expansion in nu^2 T: no bound is known, and far strikes and long expiries leave its range"
OWN = "the model's own formula bounds no error"
EXACT_MODEL = "exact up to rounding, which is not bounded"


def american(request: Request) -> Outcome:
    """`american`: spectral collocation of the exercise boundary, or a grid where dividends are discrete."""
    from optionix_core.pricing import american as formula

    names = tuple(name for name in request.greeks if name in formula.Greeks._fields)
    contract, market, settings = request.contract, request.market, request.settings
    found = formula.greeks(
        int(contract.option_type),
        market.spots[0],
        contract.strike,
        contract.expiry,
        market.rate,
        market.yields[0],
        request.model.volatility,
        accuracy=settings.accuracy,
        dividends=market.dividends,
        names=names,
    )
    absent = [name for name in request.greeks if name not in names]
    missing = f"{', '.join(absent)}: not among the Greeks of an American option here" if absent else ""
    greeks = {name: getattr(found, name) for name in names}
    infinite = [name for name, value in greeks.items() if not math.isfinite(value)]
    if infinite:
        missing = "; ".join(filter(None, (missing, f"{', '.join(infinite)}: not finite here")))
    unknown = AMERICAN_ERROR[settings.accuracy] if market.dividends is None else GRID_ERROR
    given = {name: value for name, value in greeks.items() if name not in infinite}
    text = "" if market.dividends is None else "on a grid"
    return Outcome(found.price, given, unknown=unknown, missing=missing, text=text)


def fourier(request: Request) -> Outcome:
    """`fourier.price_with_error`: the error is that method's own estimate."""
    from optionix_core.pricing import fourier as formula

    model, factor = _with_characteristic(request.model), _dividend_factor(request)
    arguments = _arguments(request, factor)
    found = formula.price_with_error(model, *arguments)
    return _with_greeks(request, float(found.value), model, factor, error_bound=float(found.error))


def merton_series(request: Request) -> Outcome:
    """The sum over the number of jumps, R. Merton (1976)."""
    from optionix_core.pricing import merton

    model, formula = request.model, cast("Any", merton.price)
    value = formula(
        *_arguments(request, _dividend_factor(request)),
        model.volatility,
        model.jump_intensity,
        model.jump_mean,
        model.jump_volatility,
    )
    missing = "the series gives prices alone: method fourier gives Greeks" if request.greeks else ""
    return Outcome(float(value), unknown=EXACT_MODEL, missing=missing)


def expansion(request: Request) -> Outcome:
    """P. Hagan et al. (2002): Black's formula at the expansion's volatility."""
    factor = _dividend_factor(request)
    value = float(request.model.price(*_arguments(request, factor)))
    return _with_greeks(request, value, request.model, factor, unknown=EXPANSION)


def own_price(request: Request) -> Outcome:
    """Whatever formula the model has."""
    factor = _dividend_factor(request)
    value = float(request.model.price(*_arguments(request, factor)))
    return _with_greeks(request, value, request.model, factor, unknown=OWN)


def _arguments(request: Request, factor: float) -> tuple[Any, ...]:
    contract, market = request.contract, request.market
    spot = market.spots[0] * factor
    return (int(contract.option_type), spot, contract.strike, contract.expiry, market.rate, market.yields[0])


def _dividend_factor(request: Request) -> float:
    """What fractions paid before expiry leave of the spot: exact, where the law of the return knows no price level."""
    paid = schedule(request.market.dividends)
    return math.prod(
        1.0 - fraction
        for time, fraction in zip(paid.times, paid.amounts, strict=True)
        if time <= request.contract.expiry
    )


def _with_characteristic(model: Any) -> Any:
    """The model, or where it is a constant volatility alone, one that a characteristic function is known of."""
    if hasattr(model, "parts") or hasattr(model, "log_characteristic"):
        return model
    from optionix_core.pricing.models.merton import MertonModel

    return MertonModel(volatility=model.volatility, jump_intensity=0.0, jump_mean=0.0, jump_volatility=0.0)


def _with_greeks(
    request: Request,
    value: float,
    model: Any,
    factor: float,
    *,
    error_bound: float | None = None,
    unknown: str = "",
) -> Outcome:
    """The price with those Greeks that the model itself gives."""
    given: Mapping[str, float] = {}
    missing = ""
    if request.greeks:
        given, missing = _model_greeks(request, model, factor)
    return Outcome(value, dict(given), error_bound=error_bound, unknown=unknown, missing=missing)


def _model_greeks(request: Request, model: Any, factor: float) -> tuple[Mapping[str, float], str]:
    greeks: Any = getattr(model, "greeks", None)
    if greeks is None:
        return {}, "the model gives no Greeks"
    try:
        found = greeks(*_arguments(request, factor))
    except DomainError as error:
        return {}, str(error)
    given, absent = {}, []
    for name in request.greeks:
        value = getattr(found, name, None)
        if value is None or not math.isfinite(float(value)):
            absent.append(name)
        else:
            given[name] = float(value) * factor ** {"delta": 1, "gamma": 2, "speed": 3}.get(name, 0)
    return given, f"{', '.join(absent)}: not given by the model" if absent else ""
