"""First in, first out: what a trade does to the open lots of one instrument, exactly.

A trade first closes lots of the other sign, oldest first, and what is left of it opens a lot. The
cost of a part of a lot is its share of the lot's cost; where that share cannot be told without
rounding the trade is refused, never rounded.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, DecimalException

from optionix_core.errors import IntegrityError
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.values import Lot


def trade_lots(lots: list[Lot], quantity: Decimal, cash: Decimal, time: datetime) -> Decimal:
    """Apply a trade of `quantity` (signed) for `cash` paid (signed) to `lots` in place; return the realised P&L.

    Lots all have one sign. Raises IntegrityError, with `lots` untouched, where a share is not exact.
    """
    if not lots or (lots[0].quantity > 0) == (quantity > 0):
        lots.append(Lot(quantity, cash, time))
        return ZERO
    try:
        with exact_arithmetic():
            kept, realised = _close(lots, quantity, cash, time)
    except DecimalException as error:
        raise IntegrityError(
            f"closing {quantity} for {cash} cannot be told exactly ({type(error).__name__})"
        ) from error
    lots[:] = kept
    return realised


def _close(lots: list[Lot], quantity: Decimal, cash: Decimal, time: datetime) -> tuple[list[Lot], Decimal]:
    left = quantity
    unit = cash / quantity
    realised = ZERO
    closed = 0
    part: Lot | None = None
    while left and closed < len(lots):
        lot = lots[closed]
        if abs(lot.quantity) > abs(left):
            cost = lot.cost * -left / lot.quantity
            part = Lot(lot.quantity + left, lot.cost - cost, lot.opened_at)
            realised -= cost + unit * left
            left = ZERO
        else:
            realised -= lot.cost - unit * lot.quantity
            left += lot.quantity
        closed += 1
    kept = [] if part is None else [part]
    kept += lots[closed:]
    if left:
        kept.append(Lot(left, unit * left, time))
    return kept, realised
