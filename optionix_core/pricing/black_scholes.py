"""European options under Black-Scholes-Merton: prices and all sixteen Greeks, in natural units.

Conventions of every function here. `option_type` is `"call"`, `"put"`, an `OptionType`, +1 or -1, or an array of them
(an integer or float array of +1 and -1 is fastest). `rate` and `dividend_yield` are continuously compounded, `expiry`
is in years, `volatility` a fraction per root year. All arguments broadcast; results are float64 arrays of the broadcast
shape, and floats where no argument has a dimension: such calls load neither numpy nor the compiler.

Dividends, shared by all rows: `CashDividends(times, amounts)` or the pair `(times, amounts)` are priced by the
escrowed-dividend method, which takes the spot less the present value of the amounts as lognormal (present value at rate
less dividend yield, so that the forward is right); `ProportionalDividends(times, fractions)` are exact. Greeks are then
derivatives in the full spot, with the schedule's own dependence on rate, yield and calendar time in them.

Errors: InvalidValueError names field, value, bound and row (of the flattened broadcast). With `errors="nan"` no row
raises: its results are nan and `Checked.status` holds its `InputFault`. Refuses American exercise and any other units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import _formulas
from optionix_core.pricing._results import FIELDS, FORWARD_FIELDS, Checked, Errors, Greeks, culprit, picks, result_type
from optionix_core.pricing._scalars import all_scalar, numbers, sign_of
from optionix_core.pricing.dividends import Dividends, DividendSchedule, schedule
from optionix_core.pricing.status import InputFault, fault_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

__all__ = ["FIELDS", "FORWARD_FIELDS", "Checked", "Errors", "Greeks", "forward_price", "greeks", "price"]


@overload
def price(
    option_type: str | int,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    dividends: Dividends | None = None,
    out: None = None,
    errors: Literal["raise"] = "raise",
) -> float: ...
@overload
def price(
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    dividends: Dividends | None = None,
    out: FloatArray | None = None,
    errors: Literal["raise"] = "raise",
) -> FloatArray: ...
@overload
def price(
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    dividends: Dividends | None = None,
    out: FloatArray | None = None,
    *,
    errors: Literal["nan"],
) -> Checked[Any]: ...
def price(
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    dividends: Dividends | None = None,
    out: FloatArray | None = None,
    errors: Errors = "raise",
) -> float | FloatArray | Checked[Any]:
    """Present value, to 1e-14 of max(spot, strike). `out`, of the broadcast shape, receives it where given.

    Limits are exact: discounted intrinsic value at expiry zero and at volatility zero. Source: Merton (1973), sec. 6.
    """
    arguments = (option_type, spot, strike, expiry, rate, dividend_yield, volatility)
    paid = schedule(dividends)
    if out is None and all_scalar(*arguments):
        row, fault = _scalar_row(arguments, paid, errors)
        value = float("nan") if row is None else _formulas.price_row(*row[:7])
        return value if errors == "raise" else Checked(value, fault)
    from optionix_core.pricing import _array_calls

    return _array_calls.prices(arguments, paid, out, errors)


@overload
def forward_price(
    option_type: str | int,
    forward: float,
    strike: float,
    expiry: float,
    discount_factor: float,
    volatility: float,
    out: None = None,
    errors: Literal["raise"] = "raise",
) -> float: ...
@overload
def forward_price(
    option_type: object,
    forward: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    discount_factor: ArrayLike,
    volatility: ArrayLike,
    out: FloatArray | None = None,
    errors: Literal["raise"] = "raise",
) -> FloatArray: ...
@overload
def forward_price(
    option_type: object,
    forward: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    discount_factor: ArrayLike,
    volatility: ArrayLike,
    out: FloatArray | None = None,
    *,
    errors: Literal["nan"],
) -> Checked[Any]: ...
def forward_price(
    option_type: object,
    forward: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    discount_factor: ArrayLike,
    volatility: ArrayLike,
    out: FloatArray | None = None,
    errors: Errors = "raise",
) -> float | FloatArray | Checked[Any]:
    """Present value of an option on a forward for the same expiry. Source: Black (1976), eq. 16."""
    arguments = (option_type, forward, strike, expiry, discount_factor, volatility)
    if out is None and all_scalar(*arguments):
        sign, *rest = _scalar_signs(FORWARD_FIELDS, arguments, errors)
        fault = _formulas.forward_fault(sign, *rest)
        if fault and errors == "raise":
            raise fault_error(fault, culprit(FORWARD_FIELDS, arguments, fault))
        value = float("nan") if fault else _formulas.forward_row(sign, *rest)
        return value if errors == "raise" else Checked(value, InputFault(fault))
    from optionix_core.pricing import _array_calls

    return _array_calls.forward_prices(arguments, out, errors)


@overload
def greeks(
    option_type: str | int,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    dividends: Dividends | None = None,
    names: tuple[str, ...] | None = None,
    out: None = None,
    errors: Literal["raise"] = "raise",
) -> Greeks[float]: ...
@overload
def greeks(
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    dividends: Dividends | None = None,
    names: tuple[str, ...] | None = None,
    out: FloatArray | None = None,
    errors: Literal["raise"] = "raise",
) -> Greeks[FloatArray]: ...
@overload
def greeks(
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    dividends: Dividends | None = None,
    names: tuple[str, ...] | None = None,
    out: FloatArray | None = None,
    *,
    errors: Literal["nan"],
) -> Checked[Greeks[Any]]: ...
def greeks(
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    dividends: Dividends | None = None,
    names: tuple[str, ...] | None = None,
    out: FloatArray | None = None,
    errors: Errors = "raise",
) -> Greeks[Any] | Checked[Greeks[Any]]:
    """Price and Greeks, each Greek to 1e-11 of its own size or its typical size.

    `names`: a subset in the order asked; the result then has `price` and these fields alone. `out`: float64 array of
    shape (len(names) + 1, ...broadcast shape), price first; the result's fields are views of its rows. Where sigma
    sqrt(T) is zero the Greeks are one-sided limits, infinite where the limit is. Raises UnknownNameError for a name
    that is none.
    """
    arguments = (option_type, spot, strike, expiry, rate, dividend_yield, volatility)
    paid = schedule(dividends)
    fields = ("price", *names) if names is not None else Greeks._fields
    kind = result_type(fields)
    if out is None and all_scalar(*arguments):
        row, fault = _scalar_row(arguments, paid, errors)
        if row is None:
            values = (float("nan"),) * len(fields)
        else:
            full = _formulas.greeks_with_dividends(*row) if paid.times else _formulas.greeks_row(*row[:7])
            values = tuple(full[pick] for pick in picks(fields))
        result = kind(*values)
        return result if errors == "raise" else Checked(result, fault)
    from optionix_core.pricing import _array_calls

    return _array_calls.greeks(arguments, paid, kind, out, errors)


def _scalar_signs(fields: tuple[str, ...], arguments: tuple[Any, ...], errors: Errors) -> tuple[float, ...]:
    """All arguments as floats, the option type as its sign (0 where unknown and not to be raised)."""
    try:
        sign = sign_of(arguments[0])
    except InvalidValueError:
        if errors == "raise":
            raise
        sign = 0.0
    return (sign, *numbers(fields[1:], arguments[1:]))


def _scalar_row(
    arguments: tuple[Any, ...], paid: DividendSchedule, errors: Errors
) -> tuple[tuple[float, float, float, float, float, float, float, float, float, float] | None, InputFault]:
    """Arguments of `greeks_with_dividends` for one option, None where a fault is to be told by status."""
    sign, spot, strike, expiry, rate, dividend_yield, volatility = _scalar_signs(FIELDS, arguments, errors)
    fault = _formulas.first_fault(sign, spot, strike, expiry, rate, dividend_yield, volatility)
    factor, rate_slope, time_slope = 1.0, 0.0, 0.0
    net = spot
    if not fault and paid.times:
        net, factor, rate_slope, time_slope = _formulas.escrow(
            spot, rate, dividend_yield, expiry, paid.times, paid.amounts, paid.proportional
        )
        if not net > 0.0:
            fault = InputFault.DIVIDENDS
    if not fault:
        row = (sign, net, strike, expiry, rate, dividend_yield, volatility, factor, rate_slope, time_slope)
        return row, InputFault.NONE
    if errors == "raise":
        raise fault_error(fault, culprit(FIELDS, (sign, spot, strike, expiry, rate, dividend_yield, volatility), fault))
    return None, InputFault(fault)
