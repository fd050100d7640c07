"""Quotes that are rich or cheap against a surface, only where that clears their own spread.

Rich: the bid alone is above the fair price, so that selling at it pays. Cheap: the ask is below. The amount is what is
left after crossing the spread, per unit of the option, before fees. Out-of-the-money quotes of the expiries that the
surface was fitted to, as `lint.richness` measures them; American ones against American prices. No quote of a
delta below `quotes.SMALLEST_DELTA` was fitted: out there a surface says what its wings happen to be. Refuses to call
anything arbitrage: fair is what the model says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType, OptionTypeName
from optionix_core.volatility.american_quotes import without_early_exercise
from optionix_core.volatility.lint import richness
from optionix_core.volatility.surface.quotes import SMALLEST_DELTA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.solved import SolvedChain
    from optionix_core.volatility.surface.surface import VolatilitySurface

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mispricing:
    """One quote that disagrees with a surface by more than its spread."""

    kind: Literal["rich", "cheap"]
    root: str
    expiry: date
    option_type: OptionTypeName
    strike: float
    bid: float
    ask: float
    fair: float
    """The surface's price, in the unit of the quote."""
    amount: float
    """What is left after the spread, positive, in the unit of the quote."""
    delta: float
    """Of the surface, with respect to the forward, the premium not taken off; negative for puts."""


def mispricings(
    surface: VolatilitySurface,
    solved: SolvedChain,
    tolerance: float = 0.005,
    *,
    smallest_delta: float = SMALLEST_DELTA,
) -> tuple[Mispricing, ...]:
    """Those above `tolerance` (unit of the quotes) of a delta of at least `smallest_delta` in size, largest first.

    American expiries are read without early exercise, as the surface's fit does. Raises InvalidValueError where the
    chain is of another moment than the surface, the tolerance is negative or the delta is not in [0, 1).
    """
    if solved.chain.as_of != surface.as_of:
        raise InvalidValueError("solved.chain.as_of", solved.chain.as_of.isoformat(), surface.as_of.isoformat())
    if not tolerance >= 0.0:
        raise InvalidValueError("tolerance", tolerance, "zero or more")
    if not 0.0 <= smallest_delta < 1.0:
        raise InvalidValueError("smallest_delta", smallest_delta, "in [0, 1)")
    solved = without_early_exercise(solved)
    fitted = {(item.root, item.expiry) for item in surface.slices}
    found: list[Mispricing] = []
    for item in solved.slices:
        source, forward = item.source, item.forward
        if forward is None or (source.root, source.expiry) not in fitted:
            continue
        gap = richness(item, surface)
        delta = _deltas(surface, source.strikes, forward, item.years)
        worth = (np.abs(gap) > tolerance) & (np.abs(delta) >= smallest_delta)
        for place in np.flatnonzero(worth).tolist():
            call = bool(source.strikes[place] >= forward)
            side = source.call if call else source.put
            bid, ask, amount = float(side.bid[place]), float(side.ask[place]), float(gap[place])
            found.append(
                Mispricing(
                    "rich" if amount > 0.0 else "cheap",
                    source.root,
                    source.expiry,
                    (OptionType.CALL if call else OptionType.PUT).label,
                    float(source.strikes[place]),
                    bid,
                    ask,
                    bid - amount if amount > 0.0 else ask - amount,
                    abs(amount),
                    float(delta[place]),
                )
            )
    return tuple(sorted(found, key=lambda one: (-one.amount, one.expiry, one.root, one.strike)))


def _deltas(surface: VolatilitySurface, strikes: FloatArray, forward: float, years: float) -> FloatArray:
    """Of the out-of-the-money option at each strike; nan where the strike is no price."""
    good = strikes > 0.0
    found = np.full(strikes.shape, np.nan)
    root = surface.implied_volatility(strikes[good], years) * np.sqrt(years)
    d1 = np.log(forward / strikes[good]) / root + 0.5 * root
    found[good] = np.where(strikes[good] >= forward, ndtr(d1), ndtr(d1) - 1.0)
    return found
