"""European options under any law of the log return that is known by its characteristic function.

One adaptive method for all of them: for each expiry the characteristic function is evaluated once on a few bent
contours (`_contour` has the mathematics), every strike is a sum over one of those, and the contours are refined until
the estimated error of each strike is below 1e-13 of the forward. In-the-money options are the out-of-the-money ones
plus parity, so that small time values keep their digits.

Arguments and broadcasting as in `black_scholes`: `rate` and `dividend_yield` continuously compounded, `expiry` in
years. Errors: InvalidValueError names field, value, bound and row; DomainError where a characteristic function is such
that 1e-10 of the forward cannot be reached. Refuses American exercise, and to return a price without such an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.pricing import _arrays, _narrow_jumps, _straight
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing._formulas import first_fault
from optionix_core.pricing._fourier_kernels import KERNELS
from optionix_core.pricing.status import InputFault, fault_error

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    ComplexArray = NDArray[np.complex128]

FIELDS = ("option_type", "spot", "strike", "expiry", "rate", "dividend_yield")
AIM = 1e-13
"""Error of a time value over the forward at which refinement ends."""
WORST = 1e-10
"""Error that is not returned."""


class FourierPrice(NamedTuple):
    """Prices with the estimated error of each, both of the broadcast shape and in the underlying's currency."""

    value: Any
    error: Any


class Parts(Protocol):
    """What ln(S_T / F) is the sum of, in numbers: `models._parameters.Parts`."""

    @property
    def row(self) -> FloatArray:
        """Parameters as the kernels take them."""
        ...


class PartsModel(Protocol):
    """A model whose parts are known, so that contours may bend."""

    @property
    def parts(self) -> Parts:
        """Its parts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacteristicFunction:
    """Any model by its characteristic function alone.

    `log_characteristic(u, expiry)` is the logarithm, continuous in u, of E[exp(i u X)], X = ln(S_T / F), for an array
    of complex u = x - i / 2 with x >= 0: that line alone is used, where the function of a martingale always exists.
    """

    log_characteristic: Callable[[ComplexArray, float], ComplexArray]


def surface_time_values(
    model: PartsModel | CharacteristicFunction, expiry: FloatArray, starts: NDArray[np.int64], log_moneyness: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Undiscounted out-of-the-money values over the forward and their errors, for ascending strikes of each expiry.

    Strikes k = ln(K / F) of the i-th expiry (positive) lie from starts[i] to starts[i + 1].
    """
    value, error = np.empty(log_moneyness.size), np.empty(log_moneyness.size)
    if isinstance(model, CharacteristicFunction):
        for years, start, end in zip(expiry.tolist(), starts[:-1], starts[1:], strict=True):

            def characteristic(u: ComplexArray, years: float = years) -> ComplexArray:
                return model.log_characteristic(u, years)

            part = slice(start, end)
            value[part], error[part] = _straight.time_values(characteristic, log_moneyness[part], AIM)
        return value, error
    row = model.parts.row
    if _narrow_jumps.applies(row):
        for years, start, end in zip(expiry.tolist(), starts[:-1], starts[1:], strict=True):
            part = slice(start, end)
            _narrow_jumps.time_values(row, years, log_moneyness[part], AIM, value[part], error[part])
    else:
        KERNELS.load("time_values")(row, expiry, starts, log_moneyness, _arrays.constants((AIM,)), value, error)
    return value, error


def price(
    model: PartsModel | CharacteristicFunction,
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
) -> float | FloatArray:
    """Present value under `model`; a float where no argument has a dimension. Zero expiry gives the intrinsic value."""
    value: float | FloatArray = price_with_error(model, option_type, spot, strike, expiry, rate, dividend_yield).value
    return value


def price_with_error(
    model: PartsModel | CharacteristicFunction,
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
) -> FourierPrice:
    """As `price`, with the estimated absolute error of each: quadrature, truncation and rounding of the sums."""
    columns, shape = _arrays.columns(FIELDS, (option_type, spot, strike, expiry, rate, dividend_yield))
    size = int(np.prod(shape, dtype=np.int64))
    check_rows(columns, size)
    signs, spots, strikes, expiries, rates, yields = columns
    discount = np.exp(-rates * expiries)
    forward = spots * np.exp((rates - yields) * expiries)
    log_moneyness = np.broadcast_to(np.log(strikes / forward), size)
    time_value, error = np.zeros(size), np.zeros(size)
    if size and bool(np.any(expiries > 0.0)):
        rows = np.lexsort((log_moneyness, np.broadcast_to(expiries, size)))
        years = np.broadcast_to(expiries, size)[rows]
        rows = rows[np.searchsorted(years, 0.0, side="right") :]
        years = years[years > 0.0]
        starts = np.concatenate(([0], np.flatnonzero(np.diff(years)) + 1, [years.size])).astype(np.int64)
        time_value[rows], error[rows] = surface_time_values(model, years[starts[:-1]], starts, log_moneyness[rows])
        _check_errors(error, np.broadcast_to(expiries, size))
    ceiling = np.minimum(1.0, np.exp(log_moneyness))
    time_value = np.clip(time_value, 0.0, ceiling)
    parity = np.maximum(signs * (forward - strikes), 0.0)
    value = discount * (forward * time_value + parity)
    error = discount * forward * error
    if shape == ():
        return FourierPrice(float(value[0]), float(error[0]))
    return FourierPrice(value.reshape(shape), error.reshape(shape))


def check_rows(columns: list[FloatArray], size: int) -> None:
    """Raise InvalidValueError for the first row with an argument outside its bound."""
    signs, spots, strikes, expiries, rates, yields = columns
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


def _check_errors(error: FloatArray, expiries: FloatArray) -> None:
    if not float(error.max()) <= WORST:
        row = int(np.argmax(error))
        raise DomainError(
            f"the characteristic function at expiry {expiries[row]} does not determine prices to {WORST} of the "
            f"forward (estimated error {error[row]:.1e} at row {row})"
        )
