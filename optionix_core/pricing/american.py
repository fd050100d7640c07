"""American options: prices, Greeks, implied volatilities and exercise boundaries.

Arguments, broadcasting, units and errors are those of `black_scholes`. Every call, scalar ones too, runs compiled
kernels, since an American option is thousands of exponentials. `accuracy` is the error at a strike of 100, for strikes
within a factor of 1.7 of the spot, one day to ten years, volatilities of 5% to 100%, rates of either sign: "fast" 1e-5,
"standard" 1e-6, "high" 1e-8 root mean square and every row within 1e-7. `price_with_error` says of each row how it was
priced and how large its error is estimated to be.

Without discrete dividends the method is spectral collocation of the exercise boundary (`_american_boundary`), negative
rates and their two boundaries included, also where these meet; where early exercise never pays the result is the
European price itself. With dividends, `CashDividends(times, amounts)` or a pair, or
`ProportionalDividends(times, fractions)`, it is backward recursion on a grid (`_american_grid`), in which the spot
itself falls by each amount at its time. This is not the escrowed-dividend method of `black_scholes`: with cash
dividends a European price there and an American one here belong to two models. The same grid prices a row for which the
equations of the boundary did not converge; such a row says so.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import _arrays
from optionix_core.pricing._american_shapes import Method, Shapes, shapes
from optionix_core.pricing._results import result_type
from optionix_core.pricing.black_scholes import FIELDS, Checked
from optionix_core.pricing.dividends import Dividends, DividendSchedule, schedule
from optionix_core.pricing.status import InputFault, fault_error

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

Accuracy = Literal["fast", "standard", "high"]
Errors = Literal["raise", "nan"]
Value = TypeVar("Value")


class Greeks(NamedTuple, Generic[Value]):
    """Price and derivatives of a long position of one; names, units and signs as in `black_scholes.Greeks`."""

    price: Value
    delta: Value
    gamma: Value
    vega: Value
    theta: Value
    rho: Value
    epsilon: Value
    vanna: Value
    volga: Value
    charm: Value
    dual_delta: Value
    dual_gamma: Value


class ExerciseBoundary(NamedTuple):
    """Where exercise is right: at spots from `lower` to `upper`, nan in both where there is none."""

    time_to_expiry: FloatArray
    """Years, increasing."""
    lower: FloatArray
    """0 for a put with one boundary."""
    upper: FloatArray
    """Infinite for a call with one boundary."""


class PriceWithError(NamedTuple):
    """A price, and how far it is to be trusted."""

    price: Any
    error: Any
    """Estimate of the absolute error; zero where the price is exact."""
    method: Any
    """`Method` of the row; an int8 array of them for arrays."""


def price(
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    accuracy: Accuracy = "standard",
    dividends: Dividends | None = None,
    out: FloatArray | None = None,
    errors: Errors = "raise",
) -> Any:
    """Present value: float64 array of the broadcast shape, a float where no argument has a dimension.

    Never below the intrinsic value. Limits are exact: intrinsic value at expiry zero, the best certain exercise at
    volatility zero. With `errors="nan"` the result is a `Checked` pair. Raises InvalidValueError naming field, value,
    bound and row; UnknownNameError for an accuracy that is none. Source: see the module.
    """
    columns, shape = _arrays.columns(FIELDS, (option_type, spot, strike, expiry, rate, dividend_yield, volatility))
    result, filled = _arrays.target(out, shape)
    found = _shapes(columns, shape, accuracy, schedule(dividends), errors)
    filled[...] = found.table[0].reshape(shape)
    if filled is not result:
        result[...] = filled
    value: Any = result if shape or out is not None else float(result)
    return value if errors == "raise" else Checked(value, _status(found.faults, shape))


def price_with_error(
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    accuracy: Accuracy = "standard",
    dividends: Dividends | None = None,
) -> PriceWithError:
    """Price, estimated error and method of each row, of the broadcast shape; scalars where nothing has a dimension.

    The estimate follows from the distance of two rules or two grids: an order of magnitude, which ninety-nine errors in
    a hundred stay below. Raises as `price` does.
    """
    columns, shape = _arrays.columns(FIELDS, (option_type, spot, strike, expiry, rate, dividend_yield, volatility))
    found = _shapes(columns, shape, accuracy, schedule(dividends), "raise")
    if not shape:
        return PriceWithError(float(found.table[0, 0]), float(found.table[3, 0]), Method(int(found.methods[0])))
    return PriceWithError(found.table[0].reshape(shape), found.table[3].reshape(shape), found.methods.reshape(shape))


def greeks(
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    accuracy: Accuracy = "standard",
    dividends: Dividends | None = None,
    names: tuple[str, ...] | None = None,
    errors: Errors = "raise",
) -> Any:
    """Price and Greeks, of the broadcast shape, floats where no argument has a dimension.

    Prices agree with those of `price` within the accuracy, no more: differences need rules that seldom change.
    `names`: a subset in the order asked; the result then has `price` and these alone, and only these cost time. At zero
    volatility or expiry, and at an expiry below a day's hundredth, differences are one-sided limits. Raises as `price`
    does, and UnknownNameError for a name that is none.
    """
    fields = ("price", *names) if names is not None else Greeks._fields
    kind = result_type(fields, Greeks)
    columns, shape = _arrays.columns(FIELDS, (option_type, spot, strike, expiry, rate, dividend_yield, volatility))
    paid = schedule(dividends)
    found = _shapes(columns, shape, accuracy, paid, errors, steady=True)
    from optionix_core.pricing._american_greeks import Derivatives

    values = Derivatives(columns, accuracy, paid, found.table).all(fields)
    values = [np.where(found.faults == 0, value, math.nan).reshape(shape) for value in values]
    result = kind(*(value if shape else float(value) for value in values))
    return result if errors == "raise" else Checked(result, _status(found.faults, shape))


def implied_volatility(
    option_type: object,
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    accuracy: Accuracy = "standard",
    dividends: Dividends | None = None,
) -> Any:
    """The volatility at which `price` is the American price, nan where no single one from 0.1% to 1000% is.

    So the price of an option to be exercised at once, or one at or below the intrinsic value, has none. Steps of the
    secant or Newton's method inside a shrinking bracket, from the European answer on, until the price is met to 1e-11
    of the larger of spot and strike. Raises as `price` does for the other arguments; a missing (nan) price gives nan.
    """
    from optionix_core.pricing._american_implied import solve_volatility

    fields = ("option_type", "price", *FIELDS[1:-1])
    found, shape = _arrays.columns(fields, (option_type, price, spot, strike, expiry, rate, dividend_yield))
    rows = math.prod(shape)
    columns = [np.ascontiguousarray(np.broadcast_to(column, rows)) for column in (found[0], *found[2:])]
    trial = [*columns, _arrays.constants((0.0,))]
    _raise_first(trial, shapes(trial, rows, "fast", schedule(None)).faults)
    result = solve_volatility(np.broadcast_to(found[1], rows), columns, accuracy, schedule(dividends))
    return result.reshape(shape) if shape else float(result[0])


def exercise_boundary(
    option_type: str | int,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    times: ArrayLike | None = None,
    accuracy: Accuracy = "standard",
) -> ExerciseBoundary:
    """The spots at which exercise is right, by time to expiry, without discrete dividends.

    `times`: years to expiry in (0, expiry], one hundred by default, closer together near expiry. Raises as `price`
    does, also where expiry or volatility is zero, and where no boundary was found.
    """
    for field, number in (("expiry", expiry), ("volatility", volatility)):
        if not 0.0 < number < math.inf:
            raise InvalidValueError(field, number, "positive and finite")
    at = expiry * np.linspace(0.01, 1.0, 100) ** 2 if times is None else np.array(times, dtype=np.float64).reshape(-1)
    outside = np.flatnonzero(~((at > 0.0) & (at <= expiry)))
    if outside.size:
        raise InvalidValueError("times", float(at[outside[0]]), f"above 0 and at most {expiry}", int(outside[0]))
    values = (option_type, strike, strike, expiry, rate, dividend_yield, volatility)
    columns, shape = _arrays.columns(FIELDS, values)
    if shape:
        raise InvalidValueError("shapes", shape, "scalars")
    from optionix_core.pricing._american_solve import levels

    _shapes(columns, (), accuracy, schedule(None), "raise")
    sign = float(columns[0][0])
    found = levels(sign, expiry, rate, dividend_yield, volatility, accuracy, at)
    if found is None:
        raise InvalidValueError("volatility", volatility, "large enough for the boundary to be resolved")
    return ExerciseBoundary(at, strike * found[1], strike * found[0])


def _shapes(
    columns: list[FloatArray],
    shape: tuple[int, ...],
    accuracy: str,
    paid: DividendSchedule,
    errors: Errors,
    *,
    steady: bool = False,
) -> Shapes:
    """What each row is worth; no fault is left where errors raise."""
    found = shapes(columns, math.prod(shape), accuracy, paid, steady=steady)
    if errors == "raise":
        _raise_first(columns, found.faults)
    return found


def _raise_first(columns: list[FloatArray], codes: NDArray[np.int8]) -> None:
    bad = np.flatnonzero(codes)
    if bad.size:
        row = int(bad[0])
        fault = int(codes[row])
        value = _arrays.at(columns[FIELDS.index(InputFault(fault).field)], row)
        raise fault_error(fault, value, row if len(codes) > 1 else None)


def _status(codes: NDArray[np.int8], shape: tuple[int, ...]) -> Any:
    return codes.reshape(shape) if shape else InputFault(int(codes[0]))
