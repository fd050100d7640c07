"""What a trade does to the open lots of one instrument: first in first out, last in first out, or lots by name.

A trade first closes lots of the other sign and what is left of it opens a lot. The cost of a part of a lot is its
share of the lot's cost. A share that no decimal can tell (a third of a dollar) is cut at `SHARE_STEP`, half to even,
and the lot keeps the rest: nothing is lost or made. Shares of the cash of a trade that closes several lots likewise,
the last one taking the rest. Refuses names of lots that are not open, or that do not add up to what is closed. Wash
sales are not told: a loss counts although the same instrument was bought within thirty days.

Sources: 26 CFR 1.1012-1(c): lots adequately identified by the holder, else first in first out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException, Inexact
from typing import Final, NamedTuple

from optionix_core.errors import IntegrityError
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.values import Lot, LotMethod, LotPick

SHARE_STEP: Final = Decimal("1e-8")
"""To which a share of cost or cash is cut where it has no exact decimal."""

_CUT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Closing(NamedTuple):
    """A lot, or a part of one, that a trade closed."""

    lot: Lot
    """As it was before."""
    quantity: Decimal
    """Of it, signed as the lot."""
    cost: Decimal
    proceeds: Decimal
    """Signed cash that came in for it."""


def trade_lots(
    lots: list[Lot],
    quantity: Decimal,
    cash: Decimal,
    time: datetime,
    *,
    method: LotMethod = "fifo",
    named: Sequence[LotPick] = (),
    opened_by: str = "",
) -> Decimal:
    """As `trade`, answering the realised P&L."""
    closings = trade(lots, quantity, cash, time, method=method, named=named, opened_by=opened_by)
    with exact_arithmetic():
        return sum((item.proceeds - item.cost for item in closings), ZERO)


def trade(
    lots: list[Lot],
    quantity: Decimal,
    cash: Decimal,
    time: datetime,
    *,
    method: LotMethod = "fifo",
    named: Sequence[LotPick] = (),
    opened_by: str = "",
) -> tuple[Closing, ...]:
    """Apply a trade of `quantity` (signed) for `cash` paid (signed) to `lots` in place; what it closed, in order.

    Lots all have one sign. `named` decides under any method. Raises IntegrityError, with `lots` untouched, where
    lots are named wrongly or a number has more digits than are kept.
    """
    if not lots or (lots[0].quantity > 0) == (quantity > 0):
        _expect_unnamed(named)
        lots.append(Lot(quantity, cash, time, opened_by))
        return ()
    if len(lots) == 1 and not named and lots[0].quantity == quantity.copy_negate():
        closing = Closing(lots[0], lots[0].quantity, lots[0].cost, cash.copy_negate())
        lots.clear()
        return (closing,)
    try:
        with exact_arithmetic():
            takings = _takings(lots, quantity, method, named)
            closings, left_cash = _closings(lots, takings, quantity, cash)
            left = quantity + sum((item.quantity for item in closings), ZERO)
            kept = _kept(lots, takings, closings)
            if left:
                kept.append(Lot(left, left_cash, time, opened_by))
    except DecimalException as error:
        raise IntegrityError(
            f"closing {quantity} for {cash} cannot be told exactly ({type(error).__name__})"
        ) from error
    lots[:] = kept
    return closings


def leave_lots(
    lots: list[Lot], quantity: Decimal, *, method: LotMethod = "fifo", named: Sequence[LotPick] = ()
) -> tuple[Lot, ...]:
    """Take `quantity` (of the other sign than the lots) out at its own cost; the lots, or parts, that leave.

    Nothing is realised. Raises IntegrityError where less is held, or lots are named wrongly.
    """
    with exact_arithmetic():
        held = sum((lot.quantity for lot in lots), ZERO)
        if not lots or (held > 0) == (quantity > 0) or abs(quantity) > abs(held):
            raise IntegrityError(f"{quantity} cannot leave a position of {held}")
        takings = _takings(lots, quantity, method, named)
        closings, _ = _closings(lots, takings, quantity, ZERO)
        kept = _kept(lots, takings, closings)
    lots[:] = kept
    return tuple(Lot(item.quantity, item.cost, item.lot.opened_at, item.lot.id) for item in closings)


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """`amount * part / whole`, exact where a decimal can tell it, else cut at SHARE_STEP."""
    with exact_arithmetic():
        try:
            return amount * part / whole
        except Inexact:
            return _CUT.quantize(_CUT.divide(amount * part, whole), SHARE_STEP)


def _expect_unnamed(named: Sequence[LotPick]) -> None:
    if named:
        raise IntegrityError(f"lot {named[0].lot} is named, and the trade closes none")


def _takings(
    lots: list[Lot], quantity: Decimal, method: LotMethod, named: Sequence[LotPick]
) -> list[tuple[int, Decimal]]:
    """Places of lots and how much of each is closed, signed as the lots, in order."""
    if named:
        return _named(lots, quantity, named)
    left = quantity
    found: list[tuple[int, Decimal]] = []
    for place in range(len(lots)) if method != "lifo" else reversed(range(len(lots))):
        if not left:
            break
        held = lots[place].quantity
        taken = held if abs(held) <= abs(left) else -left
        found.append((place, taken))
        left += taken
    return found


def _named(lots: list[Lot], quantity: Decimal, named: Sequence[LotPick]) -> list[tuple[int, Decimal]]:
    places: dict[str, list[int]] = {}
    for place, lot in enumerate(lots):
        places.setdefault(lot.id, []).append(place)
    sign = 1 if lots[0].quantity > 0 else -1
    found: list[tuple[int, Decimal]] = []
    for pick in named:
        mine = places.pop(pick.lot, None)
        if mine is None:
            raise IntegrityError(f"lot {pick.lot} is not open, or named twice")
        held = sum((abs(lots[place].quantity) for place in mine), ZERO)
        if not ZERO < pick.quantity <= held:
            raise IntegrityError(f"of lot {pick.lot} {pick.quantity} is named, and {held} is open")
        left = pick.quantity
        for place in mine:
            taken = min(left, abs(lots[place].quantity))
            if taken:
                found.append((place, sign * taken))
                left -= taken
    total = sum((taken for _, taken in found), ZERO)
    closed = min(abs(quantity), abs(sum((lot.quantity for lot in lots), ZERO)))
    if abs(total) != closed:
        raise IntegrityError(f"the named lots add up to {abs(total)}, and {closed} is closed")
    return found


def _closings(
    lots: list[Lot], takings: list[tuple[int, Decimal]], quantity: Decimal, cash: Decimal
) -> tuple[tuple[Closing, ...], Decimal]:
    """What is closed, and the cash that is left for what the trade opens."""
    left, left_cash = quantity, cash
    found = []
    for place, taken in takings:
        lot = lots[place]
        cost = lot.cost if taken == lot.quantity else share(lot.cost, taken, lot.quantity)
        paid = left_cash if left == -taken else share(cash, -taken, quantity)
        found.append(Closing(lot, taken, cost, -paid))
        left += taken
        left_cash -= paid
    return tuple(found), left_cash


def _kept(lots: list[Lot], takings: list[tuple[int, Decimal]], closings: tuple[Closing, ...]) -> list[Lot]:
    gone = {place: item for (place, _), item in zip(takings, closings, strict=True)}
    kept = []
    for place, lot in enumerate(lots):
        item = gone.get(place)
        if item is None:
            kept.append(lot)
        elif item.quantity != lot.quantity:
            kept.append(Lot(lot.quantity - item.quantity, lot.cost - item.cost, lot.opened_at, lot.id))
    return kept
