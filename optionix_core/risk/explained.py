"""Profit and loss explained, as values: what was traded, what cash moved, and the parts of a change by position."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

TERMS: Final = (
    *("delta", "gamma", "vega_level", "vega_skew", "vega_curvature", "vega_other", "vanna", "volga"),
    *("theta", "carry", "rho", "dividend", "cross", "currency", "new_trades", "fees"),
)
"""Every part but the residual, in the order in which they are shown."""
ACCOUNT: Final = "account"
"""The row of cash that belongs to no position."""


class GreeksOf(StrEnum):
    """Where second-order Greeks are taken."""

    PATH = "path"
    """Averaged on the straight line between the two states."""
    START = "start"
    """At the first state, as a desk saw them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """Something bought or sold between the two states. Raises InvalidValueError naming field, value and bound."""

    position: str
    """Id of the position that it changed."""
    quantity: float
    """Signed: bought above zero."""
    price: float
    """Of one unit, in the position's currency."""
    fees: float = 0.0
    """Paid, in the position's currency."""

    def __post_init__(self) -> None:
        for name in ("quantity", "price", "fees"):
            value = getattr(self, name)
            if not math.isfinite(value) or (name != "quantity" and value < 0.0):
                bound = "finite" if name == "quantity" else "zero or more and finite"
                raise InvalidValueError(f"{name} of a trade in {self.position}", value, bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMove:
    """Cash that came or went without a trade, in the reporting currency; received above zero."""

    kind: Literal["dividend", "carry", "fees", "new_trades"]
    """The last: what an instrument brought that came and went between the two books."""
    amount: float
    position: str = ACCOUNT


class Settled(NamedTuple):
    """How a position ended between the two states."""

    value: float
    """Of one unit, in the position's currency."""
    spot: float
    """The underlying that it settled on."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Explained:
    """Parts of the profit and loss by position; arrays of shape (rows,), in the reporting currency."""

    ids: tuple[str, ...]
    """Positions in order of the first book, then new ones; last `account` where cash moved without a position."""
    underlyings: tuple[str, ...]
    terms: Mapping[str, FloatArray]
    """By the names of `TERMS`."""
    actual: FloatArray
    reporting_currency: str
    greeks: GreeksOf

    @property
    def residual(self) -> FloatArray:
        """What the parts do not explain."""
        told: FloatArray = np.sum(list(self.terms.values()), axis=0)
        return self.actual - told

    def total(self) -> dict[str, float]:
        """Sums over the book by the names of `TERMS`, then `residual` and `actual`."""
        return self._sums(range(len(self.ids)))

    def by_underlying(self) -> dict[str, dict[str, float]]:
        """The same, an underlying each; `account` holds cash without a position."""
        names = dict.fromkeys(self.underlyings)
        return {name: self._sums(row for row, of in enumerate(self.underlyings) if of == name) for name in names}

    def by_position(self) -> dict[str, dict[str, float]]:
        """The same, a position each."""
        return {name: self._sums((row,)) for row, name in enumerate(self.ids)}

    def _sums(self, places: Iterable[int]) -> dict[str, float]:
        rows = list(places)
        found = {name: math.fsum(values[rows].tolist()) for name, values in self.terms.items()}
        actual = math.fsum(self.actual[rows].tolist())
        return {**found, "residual": actual - math.fsum(found.values()), "actual": actual}


def gross_moves(parts: Mapping[str, float]) -> float:
    """Sum of the sizes of all parts but the residual: what a residual is measured against."""
    return math.fsum(abs(parts[name]) for name in TERMS)
