"""Profit and loss of a book's parts in each scenario, kept apart so that later questions are sums.

Rows are positions, or groups of them (one underlying and expiry) where the matrix by position would be too large.
Sums run over rows in their order, so that they have the same bits whoever computed the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

Kept = Literal["position", "group"]
Key = TypeVar("Key", bound=Hashable)


class PnlRow(NamedTuple):
    """What a row stands for."""

    name: str
    """The position's id, or `UNDERLYING 2026-01-16` of a group."""
    underlying: str
    expiry: date | None
    """Day of settlement (UTC); None of underlyings themselves."""
    positions: int
    """How many it sums; 1 in a matrix by position."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PnlMatrix:
    """P&L in the reporting currency; gains positive, float64."""

    values: FloatArray
    """Shape (rows, scenarios)."""
    base: FloatArray
    """Value of each row before anything happens, in the reporting currency, shape (rows,)."""
    rows: tuple[PnlRow, ...]
    kept: Kept
    scenarios: tuple[str, ...]
    """Names, in the order of the second axis."""
    reporting_currency: str
    weights: FloatArray | None = None
    """Probabilities of the scenarios, where they have any."""
    grid_error: float = 0.0
    """Largest measured error of a price taken from a grid of American values, per unit and in units of its strike."""

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.rows), len(self.scenarios)):
            shape = (len(self.rows), len(self.scenarios))
            raise InvalidValueError("shape of P&L", self.values.shape, f"{shape}: rows, scenarios")
        self.values.setflags(write=False)
        self.base.setflags(write=False)

    def total(self) -> FloatArray:
        """Of the whole book, shape (scenarios,); zero where the book is empty."""
        return _ordered_sum(self.values, np.arange(len(self.rows)))

    def row(self, name: str) -> FloatArray:
        """Of one row, shape (scenarios,); UnknownNameError where there is none."""
        values: FloatArray = self.values[self._place(name)]
        return values

    def by(self, key: Callable[[PnlRow], Key]) -> dict[Key, FloatArray]:
        """Sums over rows with the same key, in order of first appearance, each of shape (scenarios,)."""
        places: dict[Key, list[int]] = {}
        for place, row in enumerate(self.rows):
            places.setdefault(key(row), []).append(place)
        return {name: _ordered_sum(self.values, np.array(found)) for name, found in places.items()}

    def by_underlying(self) -> dict[str, FloatArray]:
        """Sums by underlying."""
        return self.by(lambda row: row.underlying)

    def by_expiry(self) -> dict[date | None, FloatArray]:
        """Sums by day of settlement; None holds the underlyings themselves."""
        return self.by(lambda row: row.expiry)

    def with_row(self, row: PnlRow, values: FloatArray, base: float) -> PnlMatrix:
        """One position more, the others untouched. DomainError in a matrix by group."""
        self._need_positions()
        return replace(
            self,
            values=np.concatenate((self.values, values[np.newaxis])),
            base=np.append(self.base, base),
            rows=(*self.rows, row),
        )

    def without_row(self, name: str) -> PnlMatrix:
        """One position less. DomainError in a matrix by group."""
        self._need_positions()
        place = self._place(name)
        return replace(
            self,
            values=np.delete(self.values, place, axis=0),
            base=np.delete(self.base, place),
            rows=self.rows[:place] + self.rows[place + 1 :],
        )

    def _need_positions(self) -> None:
        if self.kept != "position":
            raise DomainError("this matrix holds sums by underlying and expiry: a single position has no row in it")

    def _place(self, name: str) -> int:
        for place, row in enumerate(self.rows):
            if row.name == name:
                return place
        raise UnknownNameError("row", name, tuple(row.name for row in self.rows[:20]))


def stacked(parts: Sequence[FloatArray], rows: int) -> FloatArray:
    """Parts of scenarios side by side, shape (rows, scenarios)."""
    return np.concatenate(parts, axis=1) if parts else np.empty((rows, 0))


def _ordered_sum(values: FloatArray, places: NDArray[np.int64]) -> FloatArray:
    """Row after row: one rounding for each, whatever the machine."""
    total = np.zeros(values.shape[1])
    for place in places:
        total += values[place]
    return total
