"""Greeks of American options, from price, delta and gamma of the rows and of rows beside them.

Delta and gamma come with the price; theta from the pricing equation; dual Greeks from homogeneity in spot and strike;
those in volatility, rate, yield and time by fourth-order central differences of price or delta. Where the option is to
be exercised at once they are those of the intrinsic value. Refuses higher orders: across the boundary they jump.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._american_shapes import SPOT, STRIKE, shapes
from optionix_core.pricing.dividends import DividendSchedule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

EXPIRY, RATE, YIELD, VOLATILITY = range(3, 7)
BUMPS = {VOLATILITY: 0.02, RATE: 1e-3, YIELD: 1e-3, EXPIRY: 0.02}
"""Steps of differences: of volatility and expiry relative, of rates absolute."""
MULTIPLES = (-2.0, -1.0, 1.0, 2.0)
MOVED = {
    "vega": VOLATILITY,
    "vanna": VOLATILITY,
    "volga": VOLATILITY,
    "rho": RATE,
    "epsilon": YIELD,
    "charm": EXPIRY,
}
"""What is moved for a Greek."""


class Derivatives:
    """Greeks from price, delta and gamma at the rows and beside them, all of which are priced in one call."""

    def __init__(
        self,
        columns: list[FloatArray],
        accuracy: str,
        paid: DividendSchedule,
        table: FloatArray,
    ) -> None:
        self.columns = tuple(columns)
        self.accuracy = accuracy
        self.paid = paid
        self.price: FloatArray = table[0]
        self.delta: FloatArray = table[1]
        self.gamma: FloatArray = table[2]
        sign = columns[0]
        self.exercised = (self.price == sign * (columns[SPOT] - columns[STRIKE])) & (self.delta == sign)
        self._beside: dict[int, tuple[FloatArray, list[FloatArray]]] = {}

    def all(self, fields: tuple[str, ...]) -> list[FloatArray]:
        self._move(sorted({MOVED[field] for field in fields if field in MOVED}))
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
        step, (far_down, down, up, far_up) = self._beside[VOLATILITY]
        bend = 16.0 * (up[0] + down[0]) - (far_up[0] + far_down[0]) - 30.0 * self.price
        return self._still(bend, 12.0 * step * step)

    def of_dual_delta(self) -> FloatArray:
        return (self.price - self.columns[SPOT] * self.delta) / self.columns[STRIKE]

    def of_dual_gamma(self) -> FloatArray:
        return self.gamma * (self.columns[SPOT] / self.columns[STRIKE]) ** 2

    def _first(self, field: int, row: int) -> FloatArray:
        step, (far_down, down, up, far_up) = self._beside[field]
        return self._still(8.0 * (up[row] - down[row]) - (far_up[row] - far_down[row]), 12.0 * step)

    def _still(self, difference: FloatArray, size: FloatArray) -> FloatArray:
        """The quotient, and zero where the option is exercised or nothing was moved."""
        moved = (size > 0.0) & ~self.exercised
        return np.where(moved, difference / np.where(size > 0.0, size, 1.0), 0.0)

    def _move(self, fields: list[int]) -> None:
        """Price the rows beside: by field the step, and tables by multiples of it."""
        if not fields:
            return
        rows = self.price.size
        steps = [
            BUMPS[field] * (self.columns[field] if field in (VOLATILITY, EXPIRY) else np.ones_like(self.columns[field]))
            for field in fields
        ]
        moved = [
            np.concatenate(
                [
                    np.broadcast_to(column + multiple * step if place == field else column, rows)
                    for field, step in zip(fields, steps, strict=True)
                    for multiple in MULTIPLES
                ]
            )
            for place, column in enumerate(self.columns)
        ]
        table = shapes(moved, moved[0].size, self.accuracy, self.paid, steady=True).table
        parts = np.split(table, len(fields) * len(MULTIPLES), axis=1)
        for place, (field, step) in enumerate(zip(fields, steps, strict=True)):
            self._beside[field] = step, parts[place * len(MULTIPLES) : (place + 1) * len(MULTIPLES)]
