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
from optionix_core.pricing import _arrays
from optionix_core.pricing._contour import ComplexArray, Decay, FloatArray, Law, time_values
from optionix_core.pricing._formulas import first_fault
from optionix_core.pricing.status import InputFault, fault_error

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FIELDS = ("option_type", "spot", "strike", "expiry", "rate", "dividend_yield")
AIM = 1e-13
"""Error of a time value over the forward at which refinement ends."""
WORST = 1e-10
"""Error that is not returned."""


class FourierPrice(NamedTuple):
    """Prices with the estimated error of each, both of the broadcast shape and in the underlying's currency."""

    value: Any
    error: Any


class Laws(Protocol):
    """A model: the law of ln(S_T / F) for every expiry."""

    def law(self, expiry: float) -> Law:
        """For one expiry in years, positive."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacteristicFunction:
    """Any model by its characteristic function alone.

    `log_characteristic(u, expiry)` is the logarithm, continuous in u, of E[exp(i u X)], X = ln(S_T / F), for an array
    of complex u = x - i / 2 with x real: that line alone is used, where the function of a martingale always exists.
    `deviation(expiry)` is about the standard deviation of X.
    """

    log_characteristic: Callable[[ComplexArray, float], ComplexArray]
    deviation: Callable[[float], float]

    def law(self, expiry: float) -> Law:
        """For one expiry."""
        return _FunctionLaw(self.log_characteristic, expiry, self.deviation(expiry))


class _FunctionLaw:
    """Straight contours only: nothing is known of the function elsewhere."""

    def __init__(
        self, log_characteristic: Callable[[ComplexArray, float], ComplexArray], expiry: float, deviation: float
    ) -> None:
        self._log_characteristic = log_characteristic
        self._expiry = expiry
        self.deviation = deviation
        self.decay = Decay(np.zeros(1), np.zeros(1))

    def exponents(self, w: ComplexArray) -> ComplexArray:
        return np.asarray(self._log_characteristic(-1j * w, self._expiry), dtype=np.complex128)

    def ceilings(self, w: ComplexArray) -> FloatArray:
        """The largest from here on, so that a function which rises again is not cut off."""
        return np.maximum.accumulate(self.exponents(w).real[::-1])[::-1]

    def moments(self, w: FloatArray) -> FloatArray:
        known = np.full(w.size, np.inf)
        known[w == 0.5] = self.exponents(np.array([0.5 + 0j])).real[0]
        return known


def price(
    model: Laws,
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
    model: Laws,
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
    _check_rows(columns, size)
    signs, spots, strikes, expiries, rates, yields = columns
    discount = np.exp(-rates * expiries)
    forward = spots * np.exp((rates - yields) * expiries)
    log_moneyness = np.broadcast_to(np.log(strikes / forward), size)
    time_value, error = np.zeros(size), np.zeros(size)
    for years, rows in _by_expiry(expiries, size):
        if years > 0.0:
            time_value[rows], error[rows] = time_values(model.law(years), log_moneyness[rows], AIM)
            _check_errors(error[rows], years)
    ceiling = np.minimum(1.0, np.exp(log_moneyness))
    time_value = np.clip(time_value, 0.0, ceiling)
    parity = np.maximum(signs * (forward - strikes), 0.0)
    value = discount * (forward * time_value + parity)
    error = discount * forward * error
    if shape == ():
        return FourierPrice(float(value[0]), float(error[0]))
    return FourierPrice(value.reshape(shape), error.reshape(shape))


def _by_expiry(expiries: FloatArray, size: int) -> list[tuple[float, slice | NDArray[np.intp]]]:
    """Rows of each expiry."""
    if expiries.size == 1:
        return [(float(expiries[0]), slice(None))] if size else []
    years, place = np.unique(expiries, return_inverse=True)
    if years.size == 1:
        return [(float(years[0]), slice(None))]
    order = np.argsort(place, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(place))[:-1])
    return [(float(value), rows) for value, rows in zip(years, parts, strict=True)]


def _check_rows(columns: list[FloatArray], size: int) -> None:
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


def _check_errors(error: FloatArray, years: float) -> None:
    if error.size and not float(error.max()) <= WORST:
        raise DomainError(
            f"the characteristic function at expiry {years} does not determine prices to {WORST} of the forward "
            f"(estimated error {float(error.max()):.1e})"
        )
