"""European and American options by boundary collocation, Fourier sums, series, expansions and models' own formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from optionix_core.errors import DomainError
from optionix_core.pricing.dividends import schedule
from optionix_core.pricing.engine.result import Outcome, Request

WAYS = {
    "CLOSED_FORM": "closed form: early exercise adds nothing, or less than the error",
    "COLLOCATION": "",
    "GRID": "finite differences between the dividends",
}
"""How `american` says that a price came about, where not as its row of the table says."""
ROUNDING = 1e-14
"""Of the larger of spot and strike: what every price may be wrong by."""
EXPANSION = "an expansion in nu^2 T: no bound is known, and far strikes and long expiries leave its range"
MODEL_GREEKS = (
    *("delta", "gamma", "vega", "theta", "rho", "epsilon", "vanna", "volga", "charm", "speed"),
    *("dual_delta", "dual_gamma"),
)
"""Greeks that models with a characteristic function give."""
HELD = ("delta", "gamma", "theta", "rho", "epsilon")
"""Greeks by differentiation of a model's price; its parameters have no common volatility."""
ORDERS = {"delta": 1, "gamma": 2, "speed": 3, "vanna": 1, "charm": 1}
"""How often each is a derivative in the spot."""
USUAL_VOLATILITY = 0.2
OWN = "the model's own formula bounds no error"
EXACT_MODEL = "exact up to rounding, which is not bounded"


def american(request: Request) -> Outcome:
    """`american`: spectral collocation of the exercise boundary, or a grid where dividends are discrete."""
    from optionix_core.pricing import american as formula

    contract, market, settings = request.contract, request.market, request.settings
    arguments = (
        int(contract.option_type),
        market.spots[0],
        contract.strike,
        contract.expiry,
        market.rate,
        market.yields[0],
        request.model.volatility,
    )
    found = formula.price_with_error(*arguments, accuracy=settings.accuracy, dividends=market.dividends)
    names = tuple(name for name in request.greeks if name in formula.Greeks._fields)
    given: dict[str, float] = {}
    if names:
        slopes = formula.greeks(*arguments, accuracy=settings.accuracy, dividends=market.dividends, names=names)
        given = {name: getattr(slopes, name) for name in names if math.isfinite(getattr(slopes, name))}
    absent = [name for name in request.greeks if name not in names]
    infinite = [name for name in names if name not in given]
    reasons = []
    if absent:
        reasons.append(f"{', '.join(absent)}: not among the Greeks of an American option here")
    if infinite:
        reasons.append(f"{', '.join(infinite)}: not finite here")
    error = max(found.error, ROUNDING * max(market.spots[0], contract.strike))
    return Outcome(found.price, given, error_bound=error, missing="; ".join(reasons), instead=WAYS[found.method.name])


def fourier(request: Request) -> Outcome:
    """`fourier.price_with_error`: the error is that method's own estimate."""
    from optionix_core.pricing import fourier as formula

    model, factor = with_characteristic(request.model), _dividend_factor(request)
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


def arguments_at(request: Request, spots: Any) -> tuple[Any, ...]:
    """What a model's own price function takes for these spots, fractions that are paid before expiry taken off."""
    contract, market = request.contract, request.market
    left = spots * _dividend_factor(request)
    return (int(contract.option_type), left, contract.strike, contract.expiry, market.rate, market.yields[0])


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


def with_characteristic(model: Any) -> Any:
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
    """The model's own Greeks, or differentiation of its price where it has none."""
    own = getattr(model, "greeks", None)
    known = MODEL_GREEKS if own is not None else HELD
    names = tuple(name for name in request.greeks if name in known)
    given: dict[str, float] = {}
    reasons = []
    if names:
        try:
            found = (
                own(*_arguments(request, factor), names=names) if own is not None else _finite(request, model, names)
            )
        except DomainError as error:
            return {}, str(error)
        values = {name: float(getattr(found, name)) for name in names}
        given = {name: value * factor ** ORDERS.get(name, 0) for name, value in values.items() if math.isfinite(value)}
    without = [name for name in names if name not in given]
    if without:
        reasons.append(f"{', '.join(without)}: the price has no such derivative here")
    beyond = [name for name in request.greeks if name not in known]
    if beyond:
        reasons.append(f"{', '.join(beyond)}: the method gives {', '.join(known)}")
    return given, "; ".join(reasons)


def _finite(request: Request, model: Any, names: tuple[str, ...]) -> Any:
    """Derivatives of a price that takes arrays, all parameters of the model held."""
    from optionix_core.pricing.differences import finite_greeks

    contract, market = request.contract, request.market

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        del volatility  # it has none; differentiation only measures its intervals by one
        return model.price(int(contract.option_type), spot, contract.strike, expiry, rate, dividend_yield)

    at = {"spot": market.spots[0], "expiry": contract.expiry, "rate": market.rate, "dividend_yield": market.yields[0]}
    return finite_greeks(price, **at, volatility=USUAL_VOLATILITY, names=names, precision=1e-13).greeks
