"""The array calls of `black_scholes`: columns in, kernels over parts of the rows, errors of the first bad row out."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import _arrays
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing._formulas import first_fault, forward_fault
from optionix_core.pricing._kernels import KERNELS
from optionix_core.pricing._results import FIELDS, FORWARD_FIELDS, Checked, Errors, Greeks, culprit, picks
from optionix_core.pricing._threads import spread
from optionix_core.pricing.dividends import NO_DIVIDENDS, DividendSchedule
from optionix_core.pricing.status import InputFault, fault_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 32_768
"""Of a part that is worth a thread."""
_NONE = _arrays.constants((0.0,))
"""No rate, no yield."""


def prices(
    arguments: tuple[object, ...], paid: DividendSchedule, out: FloatArray | None, errors: Errors
) -> FloatArray | Checked[FloatArray]:
    """`black_scholes.price` where an argument has dimensions."""
    columns, shape = _arrays.columns(FIELDS, arguments)
    result, filled = _arrays.target(out, shape)
    rows = filled.reshape(-1)
    codes = _codes(errors, rows.size)
    kernel = KERNELS.load("price_rows")
    payments = _payments(paid)
    bad = _first_bad(lambda first, last: kernel(*columns, *payments, first, last, rows, codes), rows.size)
    if bad >= 0:
        raise _row_error(columns, paid, bad)
    if filled is not result:
        result[...] = filled
    return result if errors == "raise" else Checked(result, codes.reshape(shape))


def forward_prices(
    arguments: tuple[object, ...], out: FloatArray | None, errors: Errors
) -> FloatArray | Checked[FloatArray]:
    """`black_scholes.forward_price` where an argument has dimensions."""
    columns, shape = _arrays.columns(FORWARD_FIELDS, arguments)
    sign, forward, strike, expiry, factor, volatility = columns
    result, filled = _arrays.target(out, shape)
    rows = filled.reshape(-1)
    codes = _codes(errors, rows.size)
    kernel = KERNELS.load("price_rows")
    undiscounted = (sign, forward, strike, expiry, _NONE, _NONE, volatility, *_payments(NO_DIVIDENDS))
    bad = _first_bad(lambda first, last: kernel(*undiscounted, first, last, rows, codes), rows.size)
    faulty = ~((factor > 0.0) & (factor < np.inf))
    if errors == "raise":
        bad = _earlier(bad, np.flatnonzero(faulty)) if rows.size else bad
        if bad >= 0:
            values = tuple(_arrays.at(column, bad) for column in columns)
            fault = forward_fault(*values)
            raise fault_error(fault, culprit(FORWARD_FIELDS, values, fault), bad)
    else:
        codes[codes == InputFault.SPOT] = InputFault.FORWARD
        codes[(codes == InputFault.NONE) & faulty] = InputFault.DISCOUNT_FACTOR
    with np.errstate(over="ignore"):
        rows *= np.where(faulty, np.nan, factor) if faulty.any() else factor
    if filled is not result:
        result[...] = filled
    return result if errors == "raise" else Checked(result, codes.reshape(shape))


def greeks(
    arguments: tuple[object, ...],
    paid: DividendSchedule,
    kind: type[Greeks[Any]],
    out: FloatArray | None,
    errors: Errors,
) -> Greeks[FloatArray] | Checked[Greeks[FloatArray]]:
    """`black_scholes.greeks` where an argument has dimensions; `kind` says which."""
    columns, shape = _arrays.columns(FIELDS, arguments)
    wanted = _wanted(kind._fields)
    table, filled = _arrays.target(out, (len(wanted), *shape))
    rows = filled.reshape(len(wanted), -1)
    codes = _codes(errors, rows.shape[1])
    kernel = KERNELS.load("greeks_rows")
    payments = _payments(paid)
    bad = _first_bad(lambda first, last: kernel(*columns, *payments, wanted, first, last, rows, codes), rows.shape[1])
    if bad >= 0:
        raise _row_error(columns, paid, bad)
    if filled is not table:
        table[...] = filled
    result = kind(*table)
    return result if errors == "raise" else Checked(result, codes.reshape(shape))


def _first_bad(job: Callable[[int, int], int], rows: int) -> int:
    """The first row that ended a part, -1 where none did; parts are in order."""
    return next((row for row in spread(job, rows, LEAST_ROWS) if row >= 0), -1)


def _earlier(bad: int, places: NDArray[np.intp]) -> int:
    if not places.size:
        return bad
    return int(places[0]) if bad < 0 else min(bad, int(places[0]))


@lru_cache(maxsize=64)
def _wanted(fields: tuple[str, ...]) -> NDArray[np.int64]:
    wanted = np.array(picks(fields), dtype=np.int64)
    wanted.flags.writeable = False
    return wanted


@lru_cache(maxsize=64)
def _payments(paid: DividendSchedule) -> tuple[FloatArray, FloatArray, int]:
    return _arrays.constants(paid.times), _arrays.constants(paid.amounts), paid.proportional


def _codes(errors: Errors, rows: int) -> NDArray[np.int8]:
    """Room for a fault code of each row, none where the first bad row ends the call."""
    return np.zeros(rows if errors == "nan" else 0, dtype=np.int8)


def _row_error(columns: list[FloatArray], paid: DividendSchedule, row: int) -> InvalidValueError:
    values = tuple(_arrays.at(column, row) for column in columns)
    sign, spot, strike, expiry, rate, dividend_yield, volatility = values
    fault = first_fault(sign, spot, strike, expiry, rate, dividend_yield, volatility)
    fault = fault or (InputFault.DIVIDENDS if paid.times else InputFault.NONE)
    return fault_error(fault, culprit(FIELDS, values, fault), row)
