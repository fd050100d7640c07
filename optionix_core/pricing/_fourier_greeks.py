"""Derivatives of Fourier prices, taken under the integral: one pass over the contours for all of them.

An undiscounted price over the forward is a sum of summands in w; F exp((1 - w) k) = F^w K^(1 - w), so that each
derivative multiplies the summands by a weight: spot brings powers of w, time and parameters the derivatives of the log
moment. Refuses differences of prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from optionix_core.errors import DomainError, UnknownNameError
from optionix_core.pricing import _arrays, _contour, black_scholes
from optionix_core.pricing._fourier_kernels import surface_kernel
from optionix_core.pricing._fourier_rows import Rows, rows_of
from optionix_core.pricing._results import Greeks, result_type
from optionix_core.pricing.fourier import check_tolerance

if TYPE_CHECKING:
    from optionix_core.pricing._arrays import FloatArray

NAMES = (
    "delta",
    "gamma",
    "vega",
    "theta",
    "rho",
    "epsilon",
    "vanna",
    "volga",
    "charm",
    "speed",
    "dual_delta",
    "dual_gamma",
)
"""What can be asked, and what is given where nothing is asked."""
GREEK_WEIGHTS, FIELDS = 9, 17
WORST = 1e-8
"""Error of a derivative, over the largest among nearby strikes, that is not returned."""


class GreekModel(Protocol):
    """What a model says of itself so that its prices can be differentiated."""

    @property
    def full_row(self) -> FloatArray:
        """Parameters as the kernels take them."""
        ...

    @property
    def mask(self) -> int:
        """The parts that its parameters belong to: `_fourier_exponents`."""
        ...

    @property
    def level(self) -> int:
        """What vega is the derivative in: `models._parameters`."""
        ...

    @property
    def level_now(self) -> float:
        """Volatility at time zero, per root year."""
        ...

    @property
    def places(self) -> tuple[int, ...]:
        """Where its parameters stand in the row."""
        ...


def greeks(
    model: GreekModel, arguments: tuple[object, ...], names: tuple[str, ...] | None, tolerance: float
) -> Greeks[Any]:
    """`FourierModel.greeks`."""
    check_tolerance(tolerance)
    names = NAMES if names is None else names
    for name in names:
        if name not in NAMES:
            raise UnknownNameError("Greek", name, NAMES)
    kind = result_type(("price", *names))
    rows = rows_of(arguments)
    active = np.ones(GREEK_WEIGHTS)
    sums = _weighted_sums(model, rows, active, tolerance)
    table = _assembled(rows, sums)
    _take_limits(model, rows, table)
    values = (rows.delivered(np.broadcast_to(table[name], rows.size)) for name in ("price", *names))
    result: Greeks[Any] = kind(*values)
    return result


def gradient(model: GreekModel, arguments: tuple[object, ...], tolerance: float) -> FloatArray:
    """`FourierModel.gradient`."""
    return price_and_gradient(model, arguments, tolerance)[1]


def price_and_gradient(
    model: GreekModel, arguments: tuple[object, ...], tolerance: float
) -> tuple[FloatArray, FloatArray]:
    """Prices and, one row for each parameter, their derivatives; from the same sums."""
    check_tolerance(tolerance)
    rows = rows_of(arguments)
    active = np.zeros(GREEK_WEIGHTS + FIELDS)
    active[0] = 1.0
    picked = [GREEK_WEIGHTS + place for place in model.places]
    active[picked] = 1.0
    sums = _weighted_sums(model, rows, active, tolerance)
    present = rows.discount * rows.forward
    value = present * sums[0] + rows.discount * np.maximum(rows.sign * (rows.forward - rows.strike), 0.0)
    slopes = present * sums[picked]
    sharp = _at_a_kink(model, rows)
    slopes[:, sharp & (np.broadcast_to(rows.expiry, rows.size) > 0.0)] = np.nan
    return value.reshape(rows.shape), slopes.reshape((len(picked), *rows.shape))


def _weighted_sums(model: GreekModel, rows: Rows, active: FloatArray, tolerance: float) -> FloatArray:
    """One row for each weight, undiscounted and over the forward, of the out-of-the-money option."""
    count = rows.ordered.size
    values, errors = np.empty(active.size * count), np.empty(count)
    active.flags.writeable = False
    if count:
        surface_kernel(model.full_row, model.mask, weighted=True)(
            model.full_row,
            rows.years,
            rows.starts,
            rows.ordered,
            tolerance,
            model.mask,
            model.level,
            active,
            values,
            errors,
        )
        worst = max(WORST, 2000.0 * tolerance)
        if not float(errors.max()) <= worst:
            place = int(np.argmax(errors))
            row = place if isinstance(rows.order, slice) else int(rows.order[place])
            years = _arrays.at(rows.expiry, row)
            raise DomainError(
                f"the characteristic function at expiry {years} does not determine derivatives to {worst} of their "
                f"size (estimated error {errors[place]:.1e} at row {row})"
            )
    return rows.restored(values.reshape(active.size, count))


def _assembled(rows: Rows, sums: FloatArray) -> dict[str, FloatArray]:
    """Present values from sums: the out-of-the-money option's, and parity where the row is the other one."""
    plain, first, second, third, time, first_time, level, first_level, second_level = sums
    s, k, t, r, q, sign = rows.spot, rows.strike, rows.expiry, rows.rate, rows.dividend_yield, rows.sign
    present = rows.discount * rows.forward
    inside = np.where(np.where(rows.log_moneyness >= 0.0, 1.0, -1.0) == sign, 0.0, sign)
    kept, owed = inside * np.exp(-q * t), inside * rows.discount
    zero_floor = np.minimum(rows.forward, rows.strike)
    time_value = np.clip(rows.forward * plain, 0.0, zero_floor)
    slope = present * (r * plain - (r - q) * first - time)
    turn = present / s * (r * first - (r - q) * (second + first) - first_time)
    return {
        "price": rows.discount * time_value + kept * s - owed * k,
        "delta": present / s * first + kept,
        "gamma": present / s**2 * second,
        "vega": present * level,
        "theta": slope + q * kept * s - r * owed * k,
        "rho": t * (present * (first - plain) + owed * k),
        "epsilon": -t * (present * first + kept * s),
        "vanna": present / s * first_level,
        "volga": present * second_level,
        "charm": turn + q * kept,
        "speed": present / s**3 * third,
        "dual_delta": present / k * (plain - first) - owed,
        "dual_gamma": present / k**2 * second,
    }


def _at_a_kink(model: GreekModel, rows: Rows) -> Any:
    """Rows struck at the forward with no variance left."""
    at_forward = rows.log_moneyness == 0.0
    if not at_forward.any():
        return at_forward
    expiries = np.broadcast_to(rows.expiry, rows.size)
    sharp = at_forward.copy()
    for row in np.flatnonzero(at_forward):
        sharp[row] = expiries[row] == 0.0 or _contour.deviation_of(float(expiries[row]), model.full_row) == 0.0
    return sharp


def _take_limits(model: GreekModel, rows: Rows, table: dict[str, FloatArray]) -> None:
    """Black-Scholes' one-sided limits where the payoff's kink is met with no variance left."""
    sharp = _at_a_kink(model, rows)
    for row in np.flatnonzero(sharp):
        s, k, t, r, q = (
            _arrays.at(column, int(row))
            for column in (rows.spot, rows.strike, rows.expiry, rows.rate, rows.dividend_yield)
        )
        idle = t == 0.0
        side = "call" if _arrays.at(rows.sign, int(row)) > 0.0 else "put"
        limit = black_scholes.greeks(side, s, k, t, r, q, model.level_now if idle else 0.0)
        for name, values in table.items():
            full = np.array(np.broadcast_to(values, rows.size))
            known = idle or name not in {"vega", "vanna", "volga"}
            full[row] = getattr(limit, name) if known else np.nan
            table[name] = full
