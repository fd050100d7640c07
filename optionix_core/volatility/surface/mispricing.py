"""Quotes that are rich or cheap against a surface, only where that clears their own spread.

Rich: the bid alone is above the fair price, so that selling at it pays. Cheap: the ask is below. The amount is what is
left after crossing the spread, per unit of the option, before fees. Out-of-the-money quotes of the expiries that the
surface was fitted to, as `lint.richness` measures them. Refuses to call anything arbitrage: fair is what the model
says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType, OptionTypeName
from optionix_core.volatility.lint import richness

if TYPE_CHECKING:
    from optionix_core.volatility.solved import SolvedChain
    from optionix_core.volatility.surface.surface import VolatilitySurface


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


def mispricings(surface: VolatilitySurface, solved: SolvedChain, tolerance: float = 0.005) -> tuple[Mispricing, ...]:
    """Those above `tolerance` (unit of the quotes), the largest amount first.

    Raises InvalidValueError where the chain is of another moment than the surface or the tolerance is negative.
    """
    if solved.chain.as_of != surface.as_of:
        raise InvalidValueError("solved.chain.as_of", solved.chain.as_of.isoformat(), surface.as_of.isoformat())
    if not tolerance >= 0.0:
        raise InvalidValueError("tolerance", tolerance, "zero or more")
    fitted = {(item.root, item.expiry) for item in surface.slices}
    found: list[Mispricing] = []
    for item in solved.slices:
        source, forward = item.source, item.forward
        if forward is None or (source.root, source.expiry) not in fitted:
            continue
        gap = richness(item, surface)
        for place in np.flatnonzero(np.abs(gap) > tolerance).tolist():
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
                )
            )
    return tuple(sorted(found, key=lambda one: (-one.amount, one.expiry, one.root, one.strike)))
