"""How much of a book hangs on few names: shares of its gross exposure, the Herfindahl index, the largest.

Exposures are signed; shares are of their sizes, so that a long and a short are two exposures unless they are summed
under one name first. Refuses shares of a book that holds nothing but zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.risk._tails import EMPTY_BOOK

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Exposure:
    """One name's part of a book."""

    name: str
    amount: float
    """Signed, summed over the positions of that name."""
    share: float
    """Of the gross exposure, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Concentration:
    """Shares of a book by name, the largest first."""

    exposures: tuple[Exposure, ...]
    gross: float
    """Sum of sizes."""
    net: float
    """Sum of signed amounts."""
    herfindahl: float
    """Sum of squared shares: 1 for one name, 1 / n for n alike; 0 for an empty book."""
    effective_names: float
    """1 / `herfindahl`: as many names alike would be as concentrated; 0 for an empty book."""
    notes: tuple[str, ...]

    def largest(self, count: int) -> tuple[Exposure, ...]:
        """The `count` largest, or all there are."""
        if count < 1:
            raise InvalidValueError("count", count, "at least 1")
        return self.exposures[:count]

    def largest_share(self, count: int) -> float:
        """Of the gross exposure in the `count` largest names."""
        return sum(each.share for each in self.largest(count))


def concentration(amounts: ArrayLike, names: Sequence[str]) -> Concentration:
    """Concentration of exposures `amounts` [positions], summed by `names` [positions] first.

    The index is O. Herfindahl's and A. Hirschman's, on a scale from 0 to 1. A book without positions has none and a
    note says so. Raises InvalidValueError for shapes and what is not finite, DomainError where every name sums to zero.
    """
    values = np.asarray(amounts, np.float64)
    if values.ndim != 1 or len(names) != values.size:
        raise InvalidValueError("names", f"{len(names)} names", f"one for each of {values.size} amounts")
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise InvalidValueError("amounts", values[row], "finite", row)
    if not values.size:
        return Concentration((), 0.0, 0.0, 0.0, 0.0, (EMPTY_BOOK,))
    sums = dict.fromkeys(names, 0.0)
    for name, value in zip(names, values.tolist(), strict=True):
        sums[name] += value
    gross = sum(abs(value) for value in sums.values())
    if gross == 0.0:
        raise DomainError(f"the exposures of {len(sums)} names are all zero: there are no shares")
    exposures = sorted(
        (Exposure(name, value, abs(value) / gross) for name, value in sums.items()),
        key=lambda each: (-each.share, each.name),
    )
    herfindahl = sum(each.share**2 for each in exposures)
    return Concentration(
        exposures=tuple(exposures),
        gross=gross,
        net=sum(sums.values()),
        herfindahl=herfindahl,
        effective_names=1.0 / herfindahl,
        notes=(),
    )
