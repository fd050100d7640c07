"""Tables of the values of American options over spot and volatility, and rate and yield where these move.

One option of a given time to expiry is a put with strike one by the symmetry of puts and calls. Its premium over the
European price is smooth on one side of the exercise boundary, and at the boundary its second derivative jumps. So both
are tabled apart: the boundary ln B, and the premium as a function of (ln m - ln B) / (v sqrt(T)), the distance from the
boundary in total deviations, m being spot over strike (strike over spot for calls). Both are polynomials at Chebyshev
points in that distance, in ln v and, where scenarios move them, in rate and yield, over the ranges that the scenarios
reach. Tables grow until points between their own agree with direct prices to `AIM`; options whose table does not
settle, and the few cells outside a table, are priced directly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.pricing._american_cases import NO_RATE
from optionix_core.pricing._american_series import has_any, has_two
from optionix_core.pricing._american_twin import exercise_premiums, one_boundary_each
from optionix_core.risk.chebyshev import along, halfway, points_of, polynomials, to_coefficients

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.risk.dividend_tables import DividendTable

    FloatArray = NDArray[np.float64]
    Rows = NDArray[np.int64]

AIM = 5e-7
"""Error of a tabled value over the strike (over the spot for calls) at which a table has settled."""
LADDER = ((12, 5), (20, 8), (28, 12), (32, 18))
"""Points in distance and in volatility of growing tables."""
RATE_POINTS, YIELD_POINTS = (4, 4, 5, 6), (3, 3, 4, 5)
"""In rate and yield, where these move."""
FARTHEST = 8.0
"""Deviations from the boundary beyond which no premium is left."""
LEAST_RATE = 0.1
"""A table's smallest rate over its largest: the boundary is steep where the rate of exercise vanishes."""
FIXED = 1e-6
"""Half-width of what does not move."""
FREE, TABLED, DIRECT = 0, 1, 2
"""Kinds of options: exercise never pays; by a table; each cell by the pricing function."""


class Reach(NamedTuple):
    """What scenarios reach of options with one time to expiry; pairs of smallest and largest."""

    years: float
    """That remain."""
    rate: tuple[float, float]
    dividend_yield: tuple[float, float]
    log_spot: tuple[float, float]
    """Of ln(spot / spot of today)."""
    volatility: FloatArray
    """Shape (2, options)."""


@dataclass(frozen=True, slots=True, eq=False)
class AmericanTables:
    """Of some options, in the form that the kernel reads (`_loops.american_values`)."""

    shapes: Rows
    """Shape (options, 6)."""
    numbers: FloatArray
    """Shape (7, options)."""
    coefficients: FloatArray
    errors: FloatArray
    """Largest difference from direct prices at points between, over the strike (over the spot for calls)."""
    dividends: tuple[DividendTable | None, ...] = ()
    """Of each option where there are discrete dividends: what is added to the European price; None: priced directly."""

    def cut(self, first: int, last: int) -> AmericanTables:
        """Those of some options, the coefficients shared."""
        numbers = np.ascontiguousarray(self.numbers[:, first:last])
        some = slice(first, last)
        return AmericanTables(self.shapes[some], numbers, self.coefficients, self.errors[some], self.dividends[some])


class _Axis(NamedTuple):
    """Chebyshev points of one coordinate."""

    middle: float
    half: float
    points: FloatArray
    """In [-1, 1]."""

    @property
    def values(self) -> FloatArray:
        found: FloatArray = self.middle + self.half * self.points
        return found


def build_tables(sign: FloatArray, log_strike: FloatArray, reach: Reach) -> AmericanTables:
    """Tables of options with one time to expiry; `log_strike` is ln(strike / spot of today)."""
    count = sign.size
    shapes = np.zeros((count, 6), dtype=np.int64)
    numbers = np.zeros((7, count))
    errors = np.zeros(count)
    parts: list[FloatArray] = []
    length = 0
    shapes[:, 0] = [_kind(one, reach) for one in sign.tolist()]
    waiting = [place for place in range(count) if shapes[place, 0] == TABLED]
    for rung in range(len(LADDER)):
        following = []
        for place, table in zip(waiting, _tables(sign, log_strike, reach, waiting, rung), strict=True):
            errors[place] = table.error
            if not table.error <= AIM:
                following.append(place)
                continue
            shapes[place, 1:5] = table.counts
            shapes[place, 5] = length
            numbers[:, place] = table.numbers
            parts.append(table.coefficients)
            length += table.coefficients.size
        waiting = following
    shapes[waiting, 0] = DIRECT
    errors[waiting] = 0.0
    return AmericanTables(shapes, numbers, np.concatenate(parts) if parts else np.empty(0), errors)


def joined(tables: Sequence[AmericanTables]) -> AmericanTables:
    """Tables of options one after another."""
    shapes, length = [], 0
    for table in tables:
        moved = table.shapes.copy()
        moved[:, 5] += length
        length += table.coefficients.size
        shapes.append(moved)
    return AmericanTables(
        np.concatenate(shapes),
        np.concatenate([table.numbers for table in tables], axis=1),
        np.concatenate([table.coefficients for table in tables]),
        np.concatenate([table.errors for table in tables]),
        tuple(one for table in tables for one in table.dividends),
    )


def _market_of_twin(sign: float, reach: Reach) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ranges of the rate and the yield of the put with strike one."""
    return (reach.rate, reach.dividend_yield) if sign < 0.0 else (reach.dividend_yield, reach.rate)


def _kind(sign: float, reach: Reach) -> int:
    """By what the corners of the ranges of rate and yield have in common."""
    cash, asset = _market_of_twin(sign, reach)
    corners = np.array([(one, other) for one in cash for other in asset])
    corners[np.abs(corners * reach.years) < NO_RATE] = 0.0
    if not has_any(corners[:, 0], corners[:, 1]).any():
        return FREE
    if cash[1] <= 0.0 or has_two(corners[:, 0], corners[:, 1]).any():
        return DIRECT
    return TABLED


class _Table(NamedTuple):
    counts: tuple[int, int, int, int]
    numbers: FloatArray
    coefficients: FloatArray
    error: float


def _tables(sign: FloatArray, log_strike: FloatArray, reach: Reach, waiting: list[int], rung: int) -> list[_Table]:
    """One table for each option that waits, all boundaries and all premiums in one call."""
    frames = [_Frame(float(sign[place]), float(log_strike[place]), reach, place, rung) for place in waiting]
    if not frames:
        return []
    nodes = [frame.nodes() for frame in frames]
    checks = [frame.checks() for frame in frames]
    markets = np.concatenate([part for pair in zip(nodes, checks, strict=True) for part in pair])
    found = one_boundary_each(markets)
    spots, picks, place = [], [], 0
    for frame, node, check in zip(frames, nodes, checks, strict=True):
        middle, end = place + len(node), place + len(node) + len(check)
        frame.settle(node, found.levels[place:middle])
        for distance, rows in ((frame.distances, range(place, middle)), (frame.check_distances, range(middle, end))):
            some = np.array(rows)
            deviation = found.market[some, 3] * np.sqrt(found.market[some, 0])
            spots.append(np.exp(found.levels[some] + np.outer(distance, deviation)).reshape(-1))
            picks.append(np.tile(some, len(distance)))
        place = end
    flat, wanted = np.concatenate(spots), np.concatenate(picks)
    premiums = np.full(flat.size, np.nan)
    known = np.flatnonzero(np.isfinite(flat))
    premiums[known] = exercise_premiums(flat[known], wanted[known], found)
    tables, place = [], 0
    for number, (frame, node, check) in enumerate(zip(frames, nodes, checks, strict=True)):
        sizes = spots[2 * number].size, spots[2 * number + 1].size
        own = premiums[place : place + sizes[0]].reshape(len(frame.distances), len(node))
        between = premiums[place + sizes[0] : place + sum(sizes)].reshape(len(frame.check_distances), len(check))
        first = int(wanted[place + sizes[0]])
        tables.append(frame.table(own, between, found.levels[first : first + len(check)], check))
        place += sum(sizes)
    return tables


class _Frame:
    """Axes of one option's table, and its coefficients once values are known."""

    def __init__(self, sign: float, log_strike: float, reach: Reach, place: int, rung: int) -> None:
        cash, asset = _market_of_twin(sign, reach)
        cash = max(cash[0], LEAST_RATE * cash[1]), cash[1]
        degrees, by_volatility = LADDER[rung]
        lowest, highest = np.log(reach.volatility[:, place]).tolist()
        self._put = sign < 0.0
        self._years = reach.years
        self._volatility = _axis(lowest, highest, by_volatility)
        counts = (RATE_POINTS[rung], YIELD_POINTS[rung])
        self._cash = _axis(*cash, counts[0] if self._put else counts[1])
        self._asset = _axis(*asset, counts[1] if self._put else counts[0])
        self._degrees = degrees
        reached = [log_strike - one if sign > 0.0 else one - log_strike for one in reach.log_spot]
        self._farthest = max(reached)
        self.distances = np.empty(0)
        self.check_distances = np.empty(0)
        self._span = 0.0
        self._levels = np.empty(0)

    def nodes(self) -> FloatArray:
        """Markets of the twin at all points, volatility fastest, then the option's rate, then its yield."""
        return self._grid(self._volatility.values, self._cash.values, self._asset.values)

    def checks(self) -> FloatArray:
        """Markets between."""
        axes = (self._volatility, self._cash, self._asset)
        return self._grid(*(axis.middle + axis.half * _between(axis.points) for axis in axes))

    def _grid(self, volatility: FloatArray, cash: FloatArray, asset: FloatArray) -> FloatArray:
        slow, middle = (asset, cash) if self._put else (cash, asset)
        c, b, a = (axis.reshape(-1) for axis in np.meshgrid(slow, middle, np.exp(volatility), indexing="ij"))
        cash_at, asset_at = (b, c) if self._put else (c, b)
        return np.stack((np.full(a.size, self._years), cash_at, asset_at, a), axis=1)

    def settle(self, market: FloatArray, levels: FloatArray) -> None:
        """Choose the distances, now that boundaries are known."""
        self._levels = levels
        deviation = market[:, 3] * np.sqrt(self._years)
        reached = float(np.nanmax((self._farthest - levels) / deviation, initial=0.1))
        self._span = min(max(reached, 0.1), FARTHEST)
        points = points_of(self._degrees)
        self.distances = 0.5 * self._span * (1.0 + points)
        self.check_distances = 0.5 * self._span * (1.0 + halfway(points)[::2])

    def table(self, own: FloatArray, between: FloatArray, levels: FloatArray, market: FloatArray) -> _Table:
        """Coefficients from premiums at the nodes (distances, markets), and the error at points between."""
        rate, dividend_yield = (self._cash, self._asset) if self._put else (self._asset, self._cash)
        axes = (self._volatility, rate, dividend_yield)
        by_v, by_r, by_q = (axis.points.size for axis in axes)
        shape = (by_q, by_r, by_v)
        boundary = _coefficients(self._levels.reshape(shape), axes)
        premium = _coefficients(own.reshape(-1, *shape), axes)
        premium = along(to_coefficients(self._degrees), premium.reshape(self._degrees, -1), 0)
        products = boundary.size
        padded = -(-products // 4) * 4
        flat = np.zeros((1 + self._degrees, padded))
        flat[0, :products] = boundary.reshape(-1)
        flat[1:, :products] = premium
        return _Table(
            counts=(self._degrees, by_v, by_r, by_q),
            numbers=np.array([number for axis in axes for number in (axis.middle, axis.half)] + [self._span]),
            coefficients=flat.reshape(-1),
            error=self._error(flat[:, :products], between, levels, market, axes),
        )

    def _error(
        self,
        flat: FloatArray,
        between: FloatArray,
        levels: FloatArray,
        market: FloatArray,
        axes: tuple[_Axis, _Axis, _Axis],
    ) -> float:
        """Of the table at the points between: of premiums, and of what a misplaced boundary costs."""
        columns = (np.log(market[:, 3]), *((market[:, 1], market[:, 2]) if self._put else (market[:, 2], market[:, 1])))
        basis = np.ones((len(market), 1))
        for axis, column in zip(axes, columns, strict=True):
            own = polynomials((column - axis.middle) / axis.half, axis.points.size)
            basis = (own[:, :, np.newaxis] * basis[:, np.newaxis, :]).reshape(len(market), -1)
        tabled_levels = (basis * flat[0]).sum(axis=1)
        deviation = market[:, 3] * np.sqrt(self._years)
        true = self.check_distances[:, np.newaxis] * deviation + levels
        distance = np.clip(2.0 * (true - tabled_levels) / (self._span * deviation) - 1.0, -1.0, 1.0)
        by_degree = (basis[:, np.newaxis, :] * flat[1:]).sum(axis=2)
        tabled = (polynomials(distance, self._degrees) * by_degree).sum(axis=-1)
        errors = np.abs(np.maximum(tabled, 0.0) - np.maximum(between, 0.0))
        return float(np.max(errors)) if np.isfinite(errors).all() else float("inf")


def _axis(lowest: float, highest: float, count: int) -> _Axis:
    """Of a range; of one point where it has no width."""
    half = 0.5 * (highest - lowest)
    if half <= FIXED:
        return _Axis(0.5 * (lowest + highest), 2.0 * FIXED, np.zeros(1))
    return _Axis(0.5 * (lowest + highest), half * (1.0 + 1e-12), points_of(count))


def _between(points: FloatArray) -> FloatArray:
    """A few of them: at both ends and in the middle; the only point where it is alone."""
    if points.size == 1:
        return points
    found = halfway(points)
    return found[sorted({0, (found.size - 1) // 2, found.size - 1})]


def _coefficients(values: FloatArray, axes: tuple[_Axis, _Axis, _Axis]) -> FloatArray:
    """Along the last three axes, which are yield, rate and volatility."""
    for place, axis in enumerate(axes):
        if axis.points.size > 1:
            values = along(to_coefficients(axis.points.size), values, values.ndim - 1 - place)
    return values
