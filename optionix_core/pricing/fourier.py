"""European options under any law of the log return that is known by its characteristic function.

One adaptive method for all of them: for each expiry the characteristic function is evaluated once on a few bent
contours (`_contour` has the mathematics), every strike is a sum over one of those, and the contours are refined until
the estimated error of each strike is below `tolerance` of the forward, 1e-13 unless the caller says so. In-the-money
options are the out-of-the-money ones plus parity, so that small time values keep their digits. From 1e-11 on one
contour for both sides of the forward is tried first: several times faster, its errors absolute.

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
from optionix_core.pricing._fourier_kernels import surface_kernel
from optionix_core.pricing._fourier_rows import rows_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    ComplexArray = NDArray[np.complex128]

AIM = 1e-13
"""Error of a time value over the forward at which refinement ends, where the caller names no other."""
LOOSEST = 1e-4
"""The largest error that a caller may ask for."""
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
    model: PartsModel | CharacteristicFunction,
    expiry: FloatArray,
    starts: NDArray[np.int64],
    log_moneyness: FloatArray,
    tolerance: float = AIM,
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
            value[part], error[part] = _straight.time_values(characteristic, log_moneyness[part], tolerance)
        return value, error
    row = model.parts.row
    if _narrow_jumps.applies(row):
        for years, start, end in zip(expiry.tolist(), starts[:-1], starts[1:], strict=True):
            part = slice(start, end)
            _narrow_jumps.time_values(row, years, log_moneyness[part], tolerance, value[part], error[part])
    else:
        surface_kernel(row)(
            row, expiry, starts, log_moneyness, tolerance, 0, -1, _arrays.constants((1.0,)), value, error
        )
    return value, error


def price(
    model: PartsModel | CharacteristicFunction,
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    tolerance: float = AIM,
) -> float | FloatArray:
    """Present value under `model`; a float where no argument has a dimension. Zero expiry gives the intrinsic value."""
    value: float | FloatArray = price_with_error(
        model, option_type, spot, strike, expiry, rate, dividend_yield, tolerance
    ).value
    return value


def price_with_error(
    model: PartsModel | CharacteristicFunction,
    option_type: object,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    tolerance: float = AIM,
) -> FourierPrice:
    """As `price`, with the estimated absolute error of each: quadrature, truncation and rounding of the sums."""
    check_tolerance(tolerance)
    rows = rows_of((option_type, spot, strike, expiry, rate, dividend_yield))
    value, error = surface_time_values(model, rows.years, rows.starts, rows.ordered, tolerance)
    time_value, error = rows.restored(value), rows.restored(error)
    _check_errors(error, tolerance, np.broadcast_to(rows.expiry, rows.size))
    ceiling = np.minimum(1.0, np.exp(rows.log_moneyness))
    time_value = np.clip(time_value, 0.0, ceiling)
    parity = np.maximum(rows.sign * (rows.forward - rows.strike), 0.0)
    value = rows.discount * (rows.forward * time_value + parity)
    error = rows.discount * rows.forward * error
    return FourierPrice(rows.delivered(value), rows.delivered(error))


def check_tolerance(tolerance: float) -> None:
    """Raise InvalidValueError unless `tolerance` can be aimed at."""
    if not AIM <= tolerance <= LOOSEST:
        raise InvalidValueError("tolerance", tolerance, f"from {AIM:g} to {LOOSEST:g} of the forward")


def _check_errors(error: FloatArray, tolerance: float, expiries: FloatArray) -> None:
    worst = max(WORST, 2.0 * tolerance)
    if error.size and not float(error.max()) <= worst:
        row = int(np.argmax(error))
        raise DomainError(
            f"the characteristic function at expiry {expiries[row]} does not determine prices to {worst} of the "
            f"forward (estimated error {error[row]:.1e} at row {row})"
        )
