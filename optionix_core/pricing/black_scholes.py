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

from collections import namedtuple
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, cast, overload

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.pricing import _formulas
from optionix_core.pricing._scalars import all_scalar, numbers, sign_of
from optionix_core.pricing.dividends import Dividends, DividendSchedule, schedule
from optionix_core.pricing.status import InputFault, fault_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

FIELDS = ("option_type", "spot", "strike", "expiry", "rate", "dividend_yield", "volatility")
FORWARD_FIELDS = ("option_type", "forward", "strike", "expiry", "discount_factor", "volatility")
Errors = Literal["raise", "nan"]
Value = TypeVar("Value")


class Greeks(NamedTuple, Generic[Value]):
    """Price and derivatives of a long position of one, in the underlying's currency. Rates of change are per 1.00."""

    price: Value
    delta: Value
    """In spot."""
    gamma: Value
    """Twice in spot."""
    vega: Value
    """In volatility, per 1.00 of it."""
    theta: Value
    """In calendar time, per year: negative where value decays."""
    rho: Value
    """In rate, per 1.00 of it."""
    epsilon: Value
    """In dividend yield, per 1.00 of it."""
    vanna: Value
    """Delta in volatility."""
    volga: Value
    """Vega in volatility."""
    charm: Value
    """Delta in calendar time, per year."""
    veta: Value
    """Vega in calendar time, per year."""
    speed: Value
    """Gamma in spot."""
    zomma: Value
    """Gamma in volatility."""
    color: Value
    """Gamma in calendar time, per year."""
    ultima: Value
    """Volga in volatility."""
    dual_delta: Value
    """In strike."""
    dual_gamma: Value
    """Twice in strike."""


class Checked(NamedTuple, Generic[Value]):
    """Results of a call that does not raise, with `InputFault` codes of each row (int8 array, or a member)."""

    value: Value
    status: Any


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
    from optionix_core.pricing import _arrays
    from optionix_core.pricing._kernels import KERNELS

    columns, shape = _arrays.columns(FIELDS, arguments)
    result, filled = _arrays.target(out, shape)
    codes = _codes(errors, filled.size)
    bad = KERNELS.load("price_rows")(*columns, *_payments(paid), filled.reshape(-1), codes)
    if bad >= 0:
        raise _row_error(columns, paid, bad)
    return _delivered(result, filled, codes, errors)


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
            raise fault_error(fault, _culprit(FORWARD_FIELDS, arguments, fault))
        value = float("nan") if fault else _formulas.forward_row(sign, *rest)
        return value if errors == "raise" else Checked(value, InputFault(fault))
    from optionix_core.pricing import _arrays
    from optionix_core.pricing._kernels import KERNELS

    columns, shape = _arrays.columns(FORWARD_FIELDS, arguments)
    result, filled = _arrays.target(out, shape)
    codes = _codes(errors, filled.size)
    bad = KERNELS.load("forward_rows")(*columns, filled.reshape(-1), codes)
    if bad >= 0:
        values = tuple(_arrays.at(column, bad) for column in columns)
        fault = _formulas.forward_fault(*values)
        raise fault_error(fault, _culprit(FORWARD_FIELDS, values, fault), bad)
    return _delivered(result, filled, codes, errors)


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
    kind = _result_type(fields)
    picks = tuple(Greeks._fields.index(field) for field in fields)
    if out is None and all_scalar(*arguments):
        row, fault = _scalar_row(arguments, paid, errors)
        if row is None:
            values = (float("nan"),) * len(picks)
        else:
            full = _formulas.greeks_with_dividends(*row) if paid.times else _formulas.greeks_row(*row[:7])
            values = tuple(full[pick] for pick in picks)
        result = kind(*values)
        return result if errors == "raise" else Checked(result, fault)
    import numpy as np

    from optionix_core.pricing import _arrays
    from optionix_core.pricing._kernels import KERNELS

    columns, shape = _arrays.columns(FIELDS, arguments)
    table, filled = _arrays.target(out, (len(picks), *shape))
    rows = filled.reshape(len(picks), -1)
    codes = _codes(errors, rows.shape[1])
    wanted = np.array(picks, dtype=np.int64)
    wanted.flags.writeable = False
    bad = KERNELS.load("greeks_rows")(*columns, *_payments(paid), wanted, rows, codes)
    if bad >= 0:
        raise _row_error(columns, paid, bad)
    if filled is not table:
        table[...] = filled
    result = kind(*table)
    return result if errors == "raise" else Checked(result, codes.reshape(shape))


@cache
def _result_type(fields: tuple[str, ...]) -> type[Greeks[Any]]:
    """`Greeks`, or a tuple of some of its fields in another order."""
    if fields == Greeks._fields:
        return Greeks
    for name in fields[1:]:
        if name not in Greeks._fields or name == "price":
            raise UnknownNameError("Greek", name, Greeks._fields[1:])
    if len(set(fields)) != len(fields):
        raise InvalidValueError("names", ", ".join(fields[1:]), "without repetition")
    return cast("type[Greeks[Any]]", namedtuple("Greeks", fields))  # noqa: PYI024 - its fields are the caller's


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
        raise fault_error(
            fault, _culprit(FIELDS, (sign, spot, strike, expiry, rate, dividend_yield, volatility), fault)
        )
    return None, InputFault(fault)


def _culprit(fields: tuple[str, ...], values: tuple[Any, ...], fault: int) -> object:
    return values[fields.index(InputFault(fault).field)]


def _payments(paid: DividendSchedule) -> tuple[FloatArray, FloatArray, int]:
    from optionix_core.pricing import _arrays

    return _arrays.constants(paid.times), _arrays.constants(paid.amounts), paid.proportional


def _codes(errors: Errors, rows: int) -> NDArray[np.int8]:
    """Room for a fault code of each row, none where the first bad row ends the call."""
    import numpy as np

    return np.zeros(rows if errors == "nan" else 0, dtype=np.int8)


def _row_error(columns: list[FloatArray], paid: DividendSchedule, row: int) -> InvalidValueError:
    from optionix_core.pricing import _arrays

    values = tuple(_arrays.at(column, row) for column in columns)
    sign, spot, strike, expiry, rate, dividend_yield, volatility = values
    fault = _formulas.first_fault(sign, spot, strike, expiry, rate, dividend_yield, volatility)
    fault = fault or (InputFault.DIVIDENDS if paid.times else InputFault.NONE)
    return fault_error(fault, _culprit(FIELDS, values, fault), row)


def _delivered(
    result: FloatArray, filled: FloatArray, codes: NDArray[np.int8], errors: Errors
) -> FloatArray | Checked[FloatArray]:
    if filled is not result:
        result[...] = filled
    return result if errors == "raise" else Checked(result, codes.reshape(result.shape))
