"""Rows of one call as the kernels take them: strikes ascending within each expiry; and back as present values.

Checks the arguments of every Fourier call. Refuses to price: `fourier` and `_fourier_greeks` do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import _arrays
from optionix_core.pricing._formulas import first_fault
from optionix_core.pricing.status import InputFault, fault_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.pricing._arrays import FloatArray

FIELDS = ("option_type", "spot", "strike", "expiry", "rate", "dividend_yield")


@dataclass(frozen=True, slots=True)
class Rows:
    """The flattened broadcast of one call. Columns have one element, or one for each row."""

    shape: tuple[int, ...]
    size: int
    sign: FloatArray
    spot: FloatArray
    strike: FloatArray
    expiry: FloatArray
    rate: FloatArray
    dividend_yield: FloatArray
    discount: FloatArray
    forward: FloatArray
    log_moneyness: FloatArray
    """ln(K / F), one for each row."""
    order: NDArray[np.int64] | slice
    """Which rows have time left, by expiry and strike."""
    years: FloatArray
    """Their expiries, each once."""
    starts: NDArray[np.int64]
    """Where each expiry begins among them, and the end."""
    ordered: FloatArray
    """Their log moneyness."""

    def restored(self, values: FloatArray) -> FloatArray:
        """Columns of the last axis of `values` back in the caller's order; zero where no time is left."""
        if isinstance(self.order, slice):
            return values
        full = np.zeros((*values.shape[:-1], self.size))
        full[..., self.order] = values
        return full

    def delivered(self, values: FloatArray) -> float | FloatArray:
        """In the caller's shape: a float where no argument has a dimension."""
        return float(values[0]) if self.shape == () else values.reshape(self.shape)


def rows_of(arguments: tuple[object, ...]) -> Rows:
    """Check and order the rows. Raises InvalidValueError naming field, value, bound and row."""
    columns, shape = _arrays.columns(FIELDS, arguments)
    size = int(np.prod(shape, dtype=np.int64))
    check_rows(columns, size)
    sign, spot, strike, expiry, rate, dividend_yield = columns
    discount = np.exp(-rate * expiry)
    forward = spot * np.exp((rate - dividend_yield) * expiry)
    log_moneyness = np.broadcast_to(np.log(strike / forward), size)
    order, years, starts = _grouped(np.broadcast_to(expiry, size), log_moneyness)
    ordered = np.ascontiguousarray(log_moneyness[order])
    for array in (years, starts, ordered):
        array.flags.writeable = False
    return Rows(
        shape,
        size,
        sign,
        spot,
        strike,
        expiry,
        rate,
        dividend_yield,
        discount,
        forward,
        log_moneyness,
        order,
        years,
        starts,
        ordered,
    )


def _grouped(
    expiry: FloatArray, log_moneyness: FloatArray
) -> tuple[NDArray[np.int64] | slice, FloatArray, NDArray[np.int64]]:
    later = np.diff(expiry)
    order: NDArray[np.int64] | slice
    if expiry.size and expiry[0] > 0.0 and not np.any((later < 0.0) | ((later == 0.0) & (np.diff(log_moneyness) < 0))):
        order, years = slice(None), expiry
    else:
        order = np.lexsort((log_moneyness, expiry))
        years = expiry[order]
        first = int(np.searchsorted(years, 0.0, side="right"))
        order, years = order[first:], years[first:]
        later = np.diff(years)
    if years.size == 0:
        return order, np.empty(0), np.zeros(1, dtype=np.int64)
    starts = np.concatenate(([0], np.flatnonzero(later) + 1, [years.size])).astype(np.int64)
    return order, years[starts[:-1]], starts


def check_rows(columns: list[FloatArray], size: int) -> None:
    """Raise InvalidValueError for the first row with an argument outside its bound."""
    signs, spots, strikes, expiries, rates, yields = columns
    with np.errstate(invalid="ignore", over="ignore"):  # infinite rates are told below, by name
        growth, payout = np.abs(rates * expiries), np.abs(yields * expiries)
    good = (
        (np.abs(signs) == 1.0)
        & (spots >= 1e-140)
        & (spots <= 1e140)
        & (strikes >= 1e-140)
        & (strikes <= 1e140)
        & (expiries >= 0.0)
        & (expiries <= 1e6)
        & (growth <= 600.0)
        & (payout <= 600.0)
    )
    if good.all():
        return
    row = int(np.flatnonzero(~np.broadcast_to(good, size))[0])
    values = tuple(_arrays.at(column, row) for column in columns)
    sign, spot, strike, expiry, rate, dividend_yield = values
    fault = first_fault(sign, spot, strike, expiry, rate, dividend_yield, 0.0)
    if not fault:
        raise InvalidValueError("rate", rate, "finite", row)
    raise fault_error(fault, values[FIELDS.index(InputFault(fault).field)], row if size > 1 else None)
