"""American options: prices, Greeks, implied volatilities and exercise boundaries.

Arguments, broadcasting, units and errors are those of `black_scholes`. Every call, scalar ones too, runs the compiled
kernel, since an American option is thousands of exponentials. `accuracy` bounds the error at a strike of 100, for
strikes within a factor of 1.7 of the spot, one day to ten years, volatilities of 5% to 100%: "fast" 1e-4, "standard"
1e-6, "high" 1e-8 root mean square. Where two boundaries meet before expiry (a long or volatile option with dividend
yield < rate < 0 for a put) they are steep there, and the error is up to 3e-4 in any of them.

Without discrete dividends the method is spectral collocation of the exercise boundary (`_american_boundary`), negative
rates and their two boundaries included; where early exercise never pays the result is the European price itself. With
dividends, `CashDividends(times, amounts)` or a pair, or `ProportionalDividends(times, fractions)`, it is backward
recursion on a grid (`_american_grid`), in which the spot itself falls by each amount at its time. This is not the
escrowed-dividend method of `black_scholes`: with cash dividends a European price there and an American one here belong
to two models. The error of the grid is about 1e-4, in "high" 1e-5, at a strike of 100. The same grid prices a row for
which the equations of the boundary did not converge (volatility far below 5% of a year's carry).

Greeks: delta, gamma and theta come from the integrals and the pricing equation; those in volatility, rate, yield and
charm are fourth-order central differences, good to 1e-5 of their size in "standard" and 1e-7 in "high". Where the
option is to be exercised at once, they are those of the intrinsic value.
"""

from __future__ import annotations

import math
from collections import namedtuple
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, cast

import numpy as np

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.pricing import _american_rules, _arrays
from optionix_core.pricing._formulas import first_fault
from optionix_core.pricing.black_scholes import FIELDS, Checked
from optionix_core.pricing.black_scholes import greeks as european_greeks
from optionix_core.pricing.black_scholes import price as european_price
from optionix_core.pricing.dividends import Dividends, DividendSchedule, schedule
from optionix_core.pricing.implied_volatility import implied_volatility as european_implied_volatility
from optionix_core.pricing.status import InputFault, fault_error

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

Accuracy = Literal["fast", "standard", "high"]
Errors = Literal["raise", "nan"]
Value = TypeVar("Value")

GRIDS = {"fast": (128, 48), "standard": (256, 96), "high": (640, 240)}
"""Points and time steps of the coarser of the two grids."""
SPOT, STRIKE, EXPIRY, RATE, YIELD, VOLATILITY = range(1, 7)
BUMPS = {VOLATILITY: 0.02, RATE: 1e-3, YIELD: 1e-3, EXPIRY: 0.02}
"""Steps of differences: of volatility and expiry relative, of rates absolute."""

LEAST_VOLATILITY, MOST_VOLATILITY = 1e-3, 10.0
MOST_SOLVER_STEPS = 80


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
    table, codes = _shapes(columns, shape, accuracy, schedule(dividends), errors)
    filled[...] = table[0].reshape(shape)
    if filled is not result:
        result[...] = filled
    value: Any = result if shape or out is not None else float(result)
    return value if errors == "raise" else Checked(value, _status(codes, shape))


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

    `names`: a subset in the order asked; the result then has `price` and these alone, and only these cost time. At zero
    volatility or expiry, and at an expiry below a day's hundredth, differences are one-sided limits. Raises as `price`
    does, and UnknownNameError for a name that is none.
    """
    fields = ("price", *names) if names is not None else Greeks._fields
    kind = _result_type(fields)
    columns, shape = _arrays.columns(FIELDS, (option_type, spot, strike, expiry, rate, dividend_yield, volatility))
    paid = schedule(dividends)
    table, codes = _shapes(columns, shape, accuracy, paid, errors)
    values = _Derivatives(columns, shape, accuracy, paid, table).all(fields)
    values = [np.where(codes == 0, value, math.nan).reshape(shape) for value in values]
    result = kind(*(value if shape else float(value) for value in values))
    return result if errors == "raise" else Checked(result, _status(codes, shape))


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

    So the price of an option to be exercised at once, or one at or below the intrinsic value, has none. Secant steps
    inside a shrinking bracket, from the European answer on, until the price is met to 1e-11 of the larger of spot and
    strike. Raises as `price` does for the other arguments; a missing (nan) price gives nan.
    """
    fields = ("option_type", "price", *FIELDS[1:-1])
    found, shape = _arrays.columns(fields, (option_type, price, spot, strike, expiry, rate, dividend_yield))
    rows = math.prod(shape)
    paid = schedule(dividends)
    sign, target, *market = (np.broadcast_to(column, rows) for column in found)
    faults = _faults([found[0], *found[2:], _arrays.constants((0.2,))], rows)
    _raise_first([found[0], *found[2:]], faults)
    scale = np.maximum(market[0], market[1])
    open_rows = (target > np.maximum(sign * (market[0] - market[1]), 0.0)) & (market[2] > 0.0)
    volatility = european_implied_volatility(sign, target, *market)
    low = np.full(rows, LEAST_VOLATILITY)
    high = np.full(rows, MOST_VOLATILITY)
    volatility = np.where((volatility > low) & (volatility < high), volatility, 0.3)
    result = np.full(rows, math.nan)
    last_volatility = np.full(rows, math.nan)
    last_miss = np.full(rows, math.nan)
    for _ in range(MOST_SOLVER_STEPS):
        active = np.flatnonzero(open_rows)
        if not active.size:
            break
        at = volatility[active]
        columns = [_arrays.constants(tuple(column[active].tolist())) for column in (sign, *market, volatility)]
        miss = _shapes(columns, (active.size,), accuracy, paid, "nan")[0][0] - target[active]
        low[active] = np.where(miss < 0.0, at, low[active])
        high[active] = np.where(miss > 0.0, at, high[active])
        met = np.abs(miss) <= 1e-11 * scale[active]
        result[active[met]] = at[met]
        narrow = high[active] - low[active] <= 1e-13 * high[active]
        open_rows[active[met | narrow | np.isnan(miss)]] = False
        slope = (miss - last_miss[active]) / np.where(
            at == last_volatility[active], math.nan, at - last_volatility[active]
        )
        vega = european_greeks(*columns, names=("vega",)).vega  # type: ignore[call-overload] # mypy cannot count a list
        slope = np.where(slope > 0.0, slope, np.maximum(vega, 1e-300))
        last_volatility[active] = at
        last_miss[active] = miss
        step = at - miss / slope
        middle = 0.5 * (low[active] + high[active])
        inside = (step > low[active]) & (step < high[active])
        volatility[active] = np.where(inside, step, middle)
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
    levels = np.full((2, len(at)), math.nan)
    _, codes = _collocation(columns, 1, accuracy, _arrays.constants(tuple(at.tolist())), levels)
    if codes[0] == _NOT_FOUND:
        raise InvalidValueError("volatility", volatility, "large enough for the boundary to be resolved")
    _raise_first(columns, codes)
    return ExerciseBoundary(at, strike * levels[1], strike * levels[0])


_NOT_FOUND = 11
"""`_american_loops.BOUNDARY_NOT_FOUND`, which is not imported since that module is for the compiler."""


class _Derivatives:
    """Greeks from price, delta and gamma at the rows and beside them; what is asked for twice is computed once."""

    def __init__(
        self,
        columns: list[FloatArray],
        shape: tuple[int, ...],
        accuracy: str,
        paid: DividendSchedule,
        table: FloatArray,
    ) -> None:
        self.columns = tuple(columns)
        self.shape = shape
        self.accuracy = accuracy
        self.paid = paid
        self.price: FloatArray = table[0]
        self.delta: FloatArray = table[1]
        self.gamma: FloatArray = table[2]
        sign = columns[0]
        self.exercised = (self.price == sign * (columns[SPOT] - columns[STRIKE])) & (self.delta == sign)
        self._beside: dict[int, tuple[FloatArray, list[FloatArray]]] = {}

    def all(self, fields: tuple[str, ...]) -> list[FloatArray]:
        return [np.asarray(getattr(self, "of_" + field)(), dtype=np.float64) for field in fields]

    def of_price(self) -> FloatArray:
        return self.price

    def of_delta(self) -> FloatArray:
        return self.delta

    def of_gamma(self) -> FloatArray:
        return self.gamma

    def of_theta(self) -> FloatArray:
        _, spot, _, _, rate, dividend_yield, volatility = self.columns
        curvature = 0.5 * volatility**2 * spot**2 * self.gamma
        drift = (rate - dividend_yield) * spot * self.delta
        theta: FloatArray = np.where(self.exercised, 0.0, rate * self.price - drift - curvature)
        return theta

    def of_vega(self) -> FloatArray:
        return self._first(VOLATILITY, 0)

    def of_rho(self) -> FloatArray:
        return self._first(RATE, 0)

    def of_epsilon(self) -> FloatArray:
        return self._first(YIELD, 0)

    def of_vanna(self) -> FloatArray:
        return self._first(VOLATILITY, 1)

    def of_charm(self) -> FloatArray:
        return -self._first(EXPIRY, 1)

    def of_volga(self) -> FloatArray:
        step, (far_down, down, up, far_up) = self._tables(VOLATILITY)
        bend = 16.0 * (up[0] + down[0]) - (far_up[0] + far_down[0]) - 30.0 * self.price
        return self._still(bend, 12.0 * step * step)

    def of_dual_delta(self) -> FloatArray:
        return (self.price - self.columns[SPOT] * self.delta) / self.columns[STRIKE]

    def of_dual_gamma(self) -> FloatArray:
        return self.gamma * (self.columns[SPOT] / self.columns[STRIKE]) ** 2

    def _first(self, field: int, row: int) -> FloatArray:
        step, (far_down, down, up, far_up) = self._tables(field)
        return self._still(8.0 * (up[row] - down[row]) - (far_up[row] - far_down[row]), 12.0 * step)

    def _still(self, difference: FloatArray, size: FloatArray) -> FloatArray:
        """The quotient, and zero where the option is exercised or nothing was moved."""
        moved = (size > 0.0) & ~self.exercised
        return np.where(moved, difference / np.where(size > 0.0, size, 1.0), 0.0)

    def _tables(self, field: int) -> tuple[FloatArray, list[FloatArray]]:
        known = self._beside.get(field)
        if known is None:
            column = self.columns[field]
            step = BUMPS[field] * (column if field in (VOLATILITY, EXPIRY) else np.ones_like(column))
            tables = []
            for multiple in (-2.0, -1.0, 1.0, 2.0):
                moved = list(self.columns)
                moved[field] = _arrays.constants(tuple((column + multiple * step).tolist()))
                tables.append(_shapes(moved, self.shape, self.accuracy, self.paid, "nan")[0])
            known = self._beside[field] = (step, tables)
        return known


def _shapes(
    columns: list[FloatArray], shape: tuple[int, ...], accuracy: str, paid: DividendSchedule, errors: Errors
) -> tuple[FloatArray, NDArray[np.int8]]:
    """Price, delta and gamma of each row, (3, n), and the rows' faults, none of which is left where errors raise."""
    rows = math.prod(shape)
    _american_rules.rule(accuracy)
    if paid.times:
        table, codes = _grid(columns, rows, accuracy, paid)
    else:
        nothing = _arrays.constants(())
        table, codes = _collocation(columns, rows, accuracy, nothing, np.empty((2, 0)))
        lost = np.flatnonzero(codes == _NOT_FOUND)
        if lost.size:
            some = [_arrays.constants(tuple(np.broadcast_to(column, rows)[lost].tolist())) for column in columns]
            shapes, codes[lost] = _grid(some, lost.size, accuracy, paid)
            shapes[0] = np.maximum(shapes[0], np.asarray(european_price(*some)))  # type: ignore[call-overload] # mypy cannot count a list
            table[:, lost] = shapes
    if errors == "raise":
        _raise_first(columns, codes)
    return table, codes


def _collocation(
    columns: list[FloatArray], rows: int, accuracy: str, times: FloatArray, levels: FloatArray
) -> tuple[FloatArray, NDArray[np.int8]]:
    from optionix_core.pricing._american_kernels import KERNELS

    table = np.empty((3, rows))
    codes = np.zeros(rows, dtype=np.int8)
    tables = _american_rules.rule(accuracy).columns()
    KERNELS.load("american_rows")(*columns, *tables, times, levels, table, codes)
    return table, codes


def _grid(
    columns: list[FloatArray], rows: int, accuracy: str, paid: DividendSchedule
) -> tuple[FloatArray, NDArray[np.int8]]:
    """Two grids, extrapolated."""
    from optionix_core.pricing._american_kernels import KERNELS

    order = sorted(range(len(paid.times)), key=paid.times.__getitem__)
    times = _arrays.constants(tuple(paid.times[place] for place in order))
    amounts = _arrays.constants(tuple(paid.amounts[place] for place in order))
    tables = []
    codes = np.zeros(rows, dtype=np.int8)
    for refinement in (1, 2):
        table = np.empty((3, rows))
        KERNELS.load("american_grid_rows")(
            *columns, times, amounts, paid.proportional, *GRIDS[accuracy], refinement, table, codes
        )
        tables.append(table)
    table = tables[1] + (tables[1] - tables[0]) / 3.0
    intrinsic = np.maximum(columns[0] * (columns[SPOT] - columns[STRIKE]), 0.0)
    table[0] = np.where(tables[1][0] <= intrinsic, intrinsic, np.maximum(table[0], intrinsic))
    held = (table[0] == intrinsic) & (intrinsic > 0.0)
    table[1] = np.where(held, columns[0], table[1])
    table[2] = np.where(held, 0.0, table[2])
    table[:, codes != 0] = math.nan
    return table, codes


def _raise_first(columns: list[FloatArray], codes: NDArray[np.int8]) -> None:
    bad = np.flatnonzero(codes)
    if bad.size:
        row = int(bad[0])
        fault = int(codes[row])
        value = _arrays.at(columns[FIELDS.index(InputFault(fault).field)], row)
        raise fault_error(fault, value, row if len(codes) > 1 else None)


def _faults(columns: list[FloatArray], rows: int) -> NDArray[np.int8]:
    """Input faults alone, without pricing; a loop in the interpreter only over distinct rows at fault."""
    _, spot, strike, expiry, rate, dividend_yield, volatility = columns
    fine = (spot > 0.0) & (strike > 0.0) & (expiry >= 0.0) & np.isfinite(rate + dividend_yield) & (volatility >= 0.0)
    fine = fine & (np.abs(columns[0]) == 1.0) & (np.abs(rate * expiry) <= 600.0)
    codes = np.zeros(rows, dtype=np.int8)
    for row in np.flatnonzero(~np.broadcast_to(fine, rows)):
        codes[row] = first_fault(*(_arrays.at(column, int(row)) for column in columns))
    return codes


def _status(codes: NDArray[np.int8], shape: tuple[int, ...]) -> Any:
    return codes.reshape(shape) if shape else InputFault(int(codes[0]))


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
