"""Least squares of the value of holding on, and the exercise policy that follows from it.

The policy is fitted backwards from the last date: at each date the amounts that the paths in the money receive later
under the policy so far are regressed on functions of the state there (F. Longstaff and E. Schwartz, "Valuing American
Options by Simulation", Rev. Financ. Stud. 14 (2001) 113, section 2). Price over strike and second state are centred and
scaled before powers are taken; the normal equations are scaled to a unit diagonal and solved by their eigenvectors, of
which those below `LEAST_EIGENVALUE` of the largest are left out, so that columns that repeat one another (few paths, no
volatility) give the shortest of the best fits. Refuses to guess: a date with fewer paths in the money than
`LEAST_PATHS_A_TERM` a regressor is no exercise date.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing._threads import spread
from optionix_core.pricing.monte_carlo._lsm_columns import BLOCK, FIRST_COEFFICIENT
from optionix_core.pricing.monte_carlo._lsm_kernels import KERNELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = {"laguerre": 0.5, "monomial": 0.0, "hermite": 0.0, "legendre": 0.0, "chebyshev": 0.0}
"""By name, slope of the weight exp(-slope x) of the regressors after the constant."""
MOST_DEGREE = 10
LEAST_EIGENVALUE = 1e-13
LEAST_PATHS_A_TERM = 4
NEVER = 1e300
"""Value of holding on, over strike, at a date that is no exercise date."""
LEAST_SHARE = 4 * BLOCK
"""Paths below which a second thread costs more than it saves."""
SAMPLE = 4096
"""Paths that centre and scale are taken from: they need not be exact."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The regressors, x price over strike, z x centred and scaled, u the second state centred and scaled.

    "laguerre": 1 and exp(-x/2) times the polynomials below `degree`, which are the weighted Laguerre polynomials of the
    paper's equations 2 to 5. "monomial": 1, z ... z^degree; "hermite", "legendre" and "chebyshev" span the same
    functions, so that they name the same policy, and are fitted in the same centred and scaled powers. With a second
    state, also products with powers of u up to total `degree`.
    """

    name: str
    degree: int
    second_state: bool

    def __post_init__(self) -> None:
        if self.name not in WEIGHTS:
            raise InvalidValueError("basis", repr(self.name), "one of " + ", ".join(f'"{name}"' for name in WEIGHTS))
        if isinstance(self.degree, bool) or not isinstance(self.degree, int) or not 1 <= self.degree <= MOST_DEGREE:
            raise InvalidValueError("degree", self.degree, f"a whole number from 1 to {MOST_DEGREE}")

    @property
    def sources(self) -> NDArray[np.int64]:
        """For each product with u, the regressor that u multiplies."""
        found = []
        column = {(a, 0): a for a in range(self.degree + 1)}
        if self.second_state:
            for b in range(1, self.degree + 1):
                for a in range(self.degree + 1 - b):
                    found.append(column[a, b - 1])
                    column[a, b] = self.degree + len(found)
        return np.array(found, dtype=np.int64)

    @property
    def terms(self) -> int:
        """Regressors."""
        return self.degree + 1 + len(self.sources)

    def columns(self, x: FloatArray, second: FloatArray | None, rule: FloatArray) -> FloatArray:
        """The regressors, shape (terms, len(x)), as the kernels take them."""
        centre, scale, middle, width = rule[:FIRST_COEFFICIENT]
        slope = WEIGHTS[self.name]
        z = (x - centre) * scale
        rows = [np.ones_like(x), np.exp(-slope * x) if slope else z]
        while len(rows) <= self.degree:
            rows.append(rows[-1] * z)
        if second is not None:
            rows += [np.empty(0)] * len(self.sources)
            for k, source in enumerate(self.sources):
                rows[self.degree + 1 + k] = rows[source] * ((second - middle) * width)
        return np.array(rows)


@dataclass(frozen=True, slots=True)
class Policy:
    """When to exercise: at a date, where the payoff is positive and at least the fitted value of holding on."""

    basis: Basis
    sign: float
    """+1 call, -1 put."""
    strike: float
    times: tuple[float, ...]
    """Exercise dates in years, the last at expiry."""
    rules: FloatArray
    """A row for each date: centre, scale, second centre, second scale, coefficients over strike."""
    value: float
    """Mean of what the fitting paths receive under the policy after now, seen from now: a biased estimate."""

    @property
    def dates(self) -> int:
        """Exercise dates."""
        return len(self.times)

    @property
    def exercised_dates(self) -> int:
        """Those with enough paths in the money to be fitted, expiry among them."""
        return int(np.count_nonzero(self.rules[:, FIRST_COEFFICIENT] < NEVER))

    def continuation(self, date: int, spot: FloatArray, second: FloatArray | None = None) -> FloatArray:
        """Fitted value of holding on at date number `date`, meant for spots in the money; an array as `spot`."""
        rule = self.rules[date]
        columns = self.basis.columns(spot / self.strike, second, rule)
        fitted: FloatArray = self.strike * (rule[FIRST_COEFFICIENT:] @ columns)
        return fitted

    def exercises(self, date: int, spot: FloatArray, second: FloatArray | None = None) -> NDArray[np.bool_]:
        """Whether the policy exercises at date number `date`."""
        payoff = self.sign * (spot - self.strike)
        decided: NDArray[np.bool_] = (payoff > 0.0) & (payoff >= self.continuation(date, spot, second))
        return decided


def fit(
    basis: Basis,
    sign: float,
    strike: float,
    times: tuple[float, ...],
    rate: float,
    spots: FloatArray,
    seconds: FloatArray | None,
    workers: int | None,
    step: Callable[[], None],
) -> Policy:
    """The policy of paths `spots`.

    `spots` and `seconds`, shape (dates, paths), hold the price and the second state at `times`. `step` is called before
    each date and may raise.
    """
    dates, paths = spots.shape
    sources = basis.sources
    slope = WEIGHTS[basis.name]
    terms = basis.terms
    triangle = terms * (terms + 1) // 2
    rules = np.zeros((dates, FIRST_COEFFICIENT + terms))
    value = np.zeros(paths)
    sums = np.empty((-(-paths // BLOCK), triangle + terms))
    kernel = KERNELS.load("regress_rows")
    nothing = np.empty(0)
    for j in range(dates - 1, -1, -1):
        step()
        spot, second = spots[j], nothing if seconds is None else seconds[j]
        earlier_spot, earlier_second = nothing, nothing
        if j > 0:
            earlier_spot = spots[j - 1]
            earlier_second = nothing if seconds is None else seconds[j - 1]
            _scale(rules[j - 1], sign, strike, earlier_spot, earlier_second)
        discount = float(np.exp(-rate * (times[j] - (times[j - 1] if j > 0 else 0.0))))

        def job(
            first: int,
            last: int,
            *,
            now: tuple[FloatArray, FloatArray, FloatArray, float] = (spot, second, rules[j], discount),
            before: tuple[FloatArray, FloatArray, FloatArray] = (earlier_spot, earlier_second, rules[j - 1]),
        ) -> int:
            return kernel(sign, strike, *now, *before, basis.degree, slope, sources, value, sums, first, last)

        spread(job, paths, LEAST_SHARE, BLOCK, workers)
        if j > 0:
            total = sums.sum(axis=0)
            rules[j - 1, FIRST_COEFFICIENT:] = solve_normal(total[:triangle], total[triangle:])
    return Policy(basis, sign, strike, times, rules, strike * float(value.mean()))


def solve_normal(triangle: FloatArray, products: FloatArray) -> FloatArray:
    """Coefficients that solve the normal equations; NEVER and zeros where too few rows went into them.

    `triangle`: the lower triangle of the columns' products, row by row, whose first entry counts the rows; `products`:
    those with the target.
    """
    terms = len(products)
    coefficients = np.zeros(terms)
    if triangle[0] < LEAST_PATHS_A_TERM * terms:
        coefficients[0] = NEVER
        return coefficients
    matrix = triangle[_places(terms)]
    size = np.sqrt(matrix.diagonal())
    size[size == 0.0] = 1.0
    values, vectors = np.linalg.eigh(matrix / (size[:, None] * size))
    kept = values > LEAST_EIGENVALUE * values[-1]
    along = vectors[:, kept].T @ (products / size)
    coefficients[:] = (vectors[:, kept] @ (along / values[kept])) / size
    return coefficients


@cache
def _places(terms: int) -> NDArray[np.int64]:
    """Where the entries of a symmetric matrix stand in its lower triangle."""
    row, column = np.indices((terms, terms))
    high, low = np.maximum(row, column), np.minimum(row, column)
    places: NDArray[np.int64] = high * (high + 1) // 2 + low
    return places


def _scale(rule: FloatArray, sign: float, strike: float, spot: FloatArray, second: FloatArray) -> None:
    """Centre and scale of the paths in the money, from the first of them, into `rule`."""
    chosen = sign * (spot[:SAMPLE] - strike) > 0.0
    if np.count_nonzero(chosen) < 2:
        chosen = np.ones(chosen.shape, dtype=bool)
    for place, state in ((0, spot[:SAMPLE] / strike), (2, second[:SAMPLE])):
        if state.size:
            picked = state[chosen]
            width = float(picked.std())
            rule[place] = float(picked.mean())
            rule[place + 1] = 1.0 / width if width > 1e-12 * max(abs(rule[place]), 1e-300) else 1.0
