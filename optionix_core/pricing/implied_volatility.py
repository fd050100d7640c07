"""Implied volatility of European options, to the last attainable digit.

Arguments, broadcasting and scalar calls as in `black_scholes`. `price` is a present value per unit of the underlying.
For an option on a forward pass the undiscounted price, the forward as spot, and zero rate and yield.

The result is as near as rounding of the price and the forward leaves determined, within a factor of four, from one hour
to thirty years and 0.1% to 500%. Where no volatility, or no single one, gives the price, the result is nan and the
status says why; nothing is clipped, floored or guessed. A time value in the money that one rounding of the price and of
the larger discounted leg could make up is none. Method: `_implied`, after P. Jaeckel, "Let's Be Rational" (Wilmott
2015).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, overload

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._formulas import first_fault
from optionix_core.pricing._implied import implied_volatility_row
from optionix_core.pricing._scalars import all_scalar, numbers, sign_of
from optionix_core.pricing.status import InputFault, VolatilityStatus, fault_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

FIELDS = ("option_type", "price", "spot", "strike", "expiry", "rate", "dividend_yield")
LEAST_ROWS = 8_192
"""Of a part that is worth a thread."""
Value = TypeVar("Value")


class ImpliedVolatility(NamedTuple, Generic[Value]):
    """Volatilities with the reason of each: `VolatilityStatus` codes (int8 array, or a member for a scalar call)."""

    value: Value
    """Fraction per root year, nan unless the status is OK."""
    status: Any


@overload
def implied_volatility(
    option_type: str | int,
    price: float,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
) -> float: ...
@overload
def implied_volatility(
    option_type: object,
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
) -> FloatArray: ...
def implied_volatility(
    option_type: object,
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
) -> float | FloatArray:
    """The volatility at which Black-Scholes gives `price`; nan where there is none, the price is nan or expiry is past.

    Raises InvalidValueError, with the row, where another argument is outside its bound.
    """
    solved = _solve((option_type, price, spot, strike, expiry, rate, dividend_yield), strict=True)
    value: float | FloatArray = solved.value
    return value


def implied_volatility_with_status(
    option_type: object,
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
) -> ImpliedVolatility[Any]:
    """As `implied_volatility`, with the reason of every nan; arguments outside their bounds are BAD_INPUT, not errors.

    Raises InvalidValueError only for what is no number, no option type, or does not broadcast.
    """
    return _solve((option_type, price, spot, strike, expiry, rate, dividend_yield), strict=False)


def _solve(arguments: tuple[Any, ...], *, strict: bool) -> ImpliedVolatility[Any]:
    if all_scalar(*arguments):
        sign = sign_of(arguments[0])
        price, spot, strike, expiry, rate, dividend_yield = numbers(FIELDS[1:], arguments[1:])
        volatility, code = implied_volatility_row(sign, price, spot, strike, expiry, rate, dividend_yield)
        if strict and code == VolatilityStatus.BAD_INPUT:
            _raise_fault((sign, price, spot, strike, expiry, rate, dividend_yield), None)
        return ImpliedVolatility(volatility, VolatilityStatus(code))
    import numpy as np

    from optionix_core.pricing import _arrays
    from optionix_core.pricing._kernels import KERNELS
    from optionix_core.pricing._threads import spread

    columns, shape = _arrays.columns(FIELDS, arguments)
    volatilities = np.empty(shape)
    codes: NDArray[np.int8] = np.empty(shape, dtype=np.int8)
    values, statuses = volatilities.reshape(-1), codes.reshape(-1)
    kernel = KERNELS.load("implied_volatility_rows")
    found = spread(lambda first, last: kernel(*columns, first, last, values, statuses), values.size, LEAST_ROWS)
    if strict and sum(found) < values.size:
        for row in np.flatnonzero(statuses == VolatilityStatus.BAD_INPUT):
            _raise_fault(tuple(_arrays.at(column, int(row)) for column in columns), int(row))
    return ImpliedVolatility(volatilities, codes)


def _raise_fault(values: tuple[float, ...], row: int | None) -> None:
    """Raise for the argument at fault; a missing price alone is none."""
    sign, _, spot, strike, expiry, rate, dividend_yield = values
    if math.isnan(expiry):
        raise InvalidValueError("expiry", expiry, "a number", row)
    fault = first_fault(sign, spot, strike, max(expiry, 0.0), rate, dividend_yield, 0.0)
    if fault:
        raise fault_error(fault, values[FIELDS.index(InputFault(fault).field)], row)
