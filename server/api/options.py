"""`options/*`: prices, implied volatilities and simulations of options that are told in numbers.

Nothing is read of a book or of a market. Greeks are converted to market units where the terminal converts them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import APIRouter, Depends
from fastapi import Request as HttpRequest
from pydantic import Field

from optionix_core.errors import InvalidValueError
from server.api.documented import problems
from server.api.naming import wire_names
from server.api.turns import WHEN_BUSY, in_turn
from server.api.values import Answer, Fraction, Positive, Request, Volatility, Years, examples
from server.auth.identity import Identity
from server.auth.rights import needs

if TYPE_CHECKING:
    from optionix_core.services.price_options import PriceOptions

router = APIRouter(prefix="/options", tags=["options"])

Caller = Annotated[Identity, Depends(needs("pricing", "read"))]

NORMAL_97_5: Final = 1.959963984540054
"""Quantile of the normal law that 95% intervals reach to."""


_TERMS: Final = {"spot_price": 100.0, "strike_price": 100.0, "time_to_expiry": 1.0, "risk_free_rate": 0.05}
_OPTION: Final = {**_TERMS, "volatility": 0.2}


class OptionTerms(Request):
    """A vanilla option and its market, in natural units."""

    spot_price: Positive
    strike_price: Positive
    time_to_expiry: Annotated[Years, Field(description="In years.")]
    risk_free_rate: Annotated[Fraction, Field(description="Continuously compounded: 0.05 is 5%.")]
    dividend_yield: Annotated[Fraction, Field(description="Continuously compounded.")] = 0.0
    option_type: Literal["call", "put"]
    option_style: Literal["european", "american"] = "european"


class PriceAsked(OptionTerms):
    """An option to be priced."""

    model_config = examples(
        {**_OPTION, "strike_price": 105.0, "dividend_yield": 0.01, "option_type": "call"},
        {**_OPTION, "option_type": "put", "option_style": "american"},
    )

    volatility: Annotated[Volatility, Field(description="Per root year: 0.2 is 20%.")]


class Units(Answer):
    """What Greeks are per."""

    delta: str
    gamma: str
    vega: Literal["per volatility point"]
    theta: Literal["per calendar day"]
    rho: Literal["per rate point"]


class Priced(Answer):
    """Price and Greeks of one option, long one, in the underlying's currency; Greeks in the units told."""

    price: float
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    rho: float | None
    intrinsic_value: float | None
    time_value: float | None
    moneyness: Annotated[float | None, Field(description="Spot over strike.")]
    method: str
    units: Units


class VolatilityAsked(OptionTerms):
    """A price whose volatility is wanted."""

    model_config = examples({**_TERMS, "market_price": 10.45, "option_type": "call"})

    market_price: Positive


class VolatilityFound(Answer):
    """The volatility at which the option is worth the price."""

    implied_volatility: Annotated[float, Field(description="Per root year: 0.25 is 25%.")]
    status: Literal["ok"]
    iterations: Annotated[int | None, Field(description="Null: the method does not iterate to a tolerance.")]
    error: Annotated[float, Field(description="Price at that volatility less the market price.")]
    method: str


class SimulationAsked(Request):
    """An exotic option to be simulated."""

    model_config = examples(
        {**_OPTION, "option_type": "asian", "call_put": "call", "n_simulations": 20_000, "seed": 7},
        {**_OPTION, "option_type": "barrier", "call_put": "call", "barrier": 90.0, "barrier_type": "down-out"},
        {**_OPTION, "option_type": "lookback", "call_put": "put", "n_simulations": 20_000},
    )

    option_type: Annotated[
        Literal["asian", "barrier", "lookback"],
        Field(description="Arithmetic average; one barrier, watched always; strike fixed, best price watched always."),
    ]
    call_put: Literal["call", "put"]
    option_style: Annotated[Literal["european"], Field(description="Exercised at the end alone.")] = "european"
    spot_price: Positive
    strike_price: Positive
    time_to_expiry: Annotated[Years, Field(description="In years.")]
    risk_free_rate: Fraction
    dividend_yield: Fraction = 0.0
    volatility: Volatility
    barrier: Annotated[Positive | None, Field(description="Of a barrier option alone.")] = None
    barrier_type: Annotated[
        Literal["down-in", "down-out", "up-in", "up-out"] | None, Field(description="Of a barrier option alone.")
    ] = None
    n_simulations: Annotated[int, Field(ge=1_000, le=1_000_000)] = 100_000
    seed: Annotated[int, Field(ge=0, le=2**53 - 1, description="The same seed gives the same bits.")] = 0


class Simulated(Answer):
    """What the paths say."""

    price: float
    standard_error: float
    confidence_interval: Annotated[
        list[float],
        Field(min_length=2, max_length=2, description="In which the price lies with 95%, by the normal law."),
    ]
    n_simulations: int
    computation_time_ms: Annotated[float, Field(description="Of the simulation, when it ran.")]


@router.post("/price", responses=problems(body=True))
def price_option(asked: PriceAsked, _: Caller) -> Priced:
    """Price one option: Black-Scholes-Merton where it is European, by its exercise boundary where it is American."""
    from optionix_core.services import contract_pricing, price_options

    with wire_names(_NAMES):
        request = price_options.asked(_options(asked, asked.option_style, asked.option_type))
        told = contract_pricing.to_json(request, contract_pricing.price(request))
    greeks, units = told["greeks"], told["units"]
    return Priced(
        price=told["price"],
        **{name: greeks.get(name) for name in ("delta", "gamma", "theta", "vega", "rho")},
        intrinsic_value=told["intrinsic"],
        time_value=told["time_value"],
        moneyness=told["moneyness"],
        method=told["method"],
        units=Units(**{name: units[name] for name in Units.model_fields}),
    )


@router.post(
    "/implied-volatility",
    responses=problems(body=True, when={422: "A wrong value, or a price that no volatility gives; `errors` says why."}),
)
def imply_volatility(asked: VolatilityAsked, _: Caller) -> VolatilityFound:
    """Find the volatility at which an option is worth a price."""
    from optionix_core.services import pricing

    terms = (
        asked.spot_price,
        asked.strike_price,
        asked.time_to_expiry,
        asked.risk_free_rate,
        asked.dividend_yield,
    )
    with wire_names(_NAMES):
        found = pricing.implied_volatility(asked.option_type, asked.market_price, *terms, style=asked.option_style)
    miss = pricing.repricing_error(found, asked.option_type, *terms, style=asked.option_style)
    return VolatilityFound(
        implied_volatility=found.implied_volatility, status="ok", iterations=None, error=miss, method=found.method
    )


@router.post(
    "/monte-carlo",
    responses=problems(body=True, when=WHEN_BUSY),
)
async def simulate_option(asked: SimulationAsked, _: Caller, request: HttpRequest) -> Simulated:
    """Simulate an exotic option under Black-Scholes-Merton; averages and extremes are of the whole time to expiry.

    Long computations take turns.
    """
    return await in_turn(request.app, partial(_simulated, asked))


def _simulated(asked: SimulationAsked) -> Simulated:
    from optionix_core.services import contract_pricing, price_options

    kind = {"asian": "asian", "barrier": "barrier", "lookback": "fixed-lookback"}[asked.option_type]
    given = {"barrier": asked.barrier, "barrier_type": asked.barrier_type}
    for name, value in given.items():
        if (value is None) is (asked.option_type == "barrier"):
            bound = (
                "given for a barrier option" if value is None else f"absent for an option of type {asked.option_type}"
            )
            raise InvalidValueError(name, "null" if value is None else value, bound)
    terms = {name: value for name, value in given.items() if value is not None}
    options = _options(asked, kind, asked.call_put)._replace(
        method="monte-carlo", greeks="none", paths=asked.n_simulations, seed=asked.seed, terms=terms
    )
    with wire_names(_NAMES):
        found = contract_pricing.price(price_options.asked(options))
    if found.standard_error is None:
        raise InvalidValueError("option_type", asked.option_type, f"simulated, and {found.method.text} does not")
    reach = NORMAL_97_5 * found.standard_error
    return Simulated(
        price=found.price,
        standard_error=found.standard_error,
        confidence_interval=[found.price - reach, found.price + reach],
        n_simulations=asked.n_simulations,
        computation_time_ms=1000.0 * found.seconds,
    )


def _options(asked: PriceAsked | SimulationAsked, contract: str, option_type: str) -> PriceOptions:
    from optionix_core.services.price_options import PriceOptions

    return PriceOptions(
        type=option_type,
        spot=asked.spot_price,
        strike=asked.strike_price,
        expiry=asked.time_to_expiry,
        rate=asked.risk_free_rate,
        dividend_yield=asked.dividend_yield,
        volatility=asked.volatility,
        contract=contract,
    )


_NAMES: Final = {
    "price": "market_price",
    "spot": "spot_price",
    "strike": "strike_price",
    "expiry": "time_to_expiry",
    "rate": "risk_free_rate",
}
