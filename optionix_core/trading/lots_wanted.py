"""Lots that an order names: read and checked, in an event and out of it, and what each of its fills closes of them.

A fill carries the lots that it closes by name, whatever the method: what it closed stands in its entry, and does not
follow from the account's method of that day. Refuses to open anything, and lots that are not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, cast

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import LOT_METHODS
from optionix_core.portfolio.values import Lot, LotMethod, LotPick
from optionix_core.sync.event import Json
from optionix_core.trading.orders import LotsWanted

MOST_DIGITS: Final = 12
"""Of a quantity as it is written."""
MOST_NAMED: Final = 100
"""Lots that one order may name: ours, to keep its event small."""


def check_lots(wanted: LotsWanted, quantity: int | None) -> None:
    """Raise InvalidValueError for lots that contradict themselves, or do not add up to `quantity` (None: not known)."""
    if wanted.method not in LOT_METHODS:
        raise InvalidValueError("lots", repr(wanted.method), f"one of {', '.join(sorted(LOT_METHODS))}")
    if (wanted.method == "specific") is not bool(wanted.named):
        given = f"{wanted.method} with {len(wanted.named)} named"
        raise InvalidValueError("lots", given, "named with specific, and with nothing else")
    if len(wanted.named) > MOST_NAMED:
        raise InvalidValueError("lots", len(wanted.named), f"{MOST_NAMED} or fewer")
    seen: set[str] = set()
    for row, pick in enumerate(wanted.named):
        if pick.lot in seen:
            raise InvalidValueError("lots", repr(pick.lot), "named once", row)
        seen.add(pick.lot)
        whole = pick.quantity.is_finite() and pick.quantity == pick.quantity.to_integral_value()
        if not whole or pick.quantity < 1:
            raise InvalidValueError("lots", pick.quantity, "a whole number, at least 1", row)
    total = sum(int(pick.quantity) for pick in wanted.named)
    if wanted.named and quantity is not None and total != quantity:
        raise InvalidValueError("lots", f"{total} in all", f"{quantity} in all, the order's quantity")


def lots_of_text(text: str) -> LotsWanted:
    """Lots as a user writes them: `fifo`, `lifo`, or entries of the ledger with how much of each, `ENTRY=2,ENTRY=1`.

    Raises InvalidValueError for anything else.
    """
    if text in {"fifo", "lifo"}:
        return LotsWanted("fifo" if text == "fifo" else "lifo")
    picks = []
    for word in text.split(","):
        name, mark, count = word.strip().rpartition("=")
        if not mark or not name or not (count.isascii() and count.isdecimal() and len(count) <= MOST_DIGITS):
            raise InvalidValueError("lots", repr(word.strip()), "fifo, lifo or ENTRY=N,ENTRY=N")
        picks.append(LotPick(name, Decimal(count)))
    return LotsWanted("specific", tuple(picks))


def why_not_open(wanted: LotsWanted, lots: Sequence[Lot], filled: int) -> str | None:
    """Why the lots that are left to be closed, once `filled` are, cannot be; None where they can."""
    with exact_arithmetic():
        for pick in _left(wanted.named, Decimal(filled)):
            there = sum((abs(lot.quantity) for lot in lots if lot.id == pick.lot), ZERO)
            if not there:
                return f"lot {pick.lot} is not open"
            if there < pick.quantity:
                return f"of lot {pick.lot} {decimal_text(there)} is open, {decimal_text(pick.quantity)} is named"
    return None


def closes_of(wanted: LotsWanted, lots: Sequence[Lot], filled: int, quantity: int) -> tuple[LotPick, ...]:
    """The lots that a fill of `quantity` closes, once `filled` are; `lots` are those that are open, oldest first.

    Raises IntegrityError where they are not enough: whoever asks has looked before.
    """
    with exact_arithmetic():
        if wanted.named:
            offered = _left(wanted.named, Decimal(filled))
        else:
            ordered = lots if wanted.method == "fifo" else lots[::-1]
            sums: dict[str, Decimal] = {}
            for lot in ordered:
                sums[lot.id] = sums.get(lot.id, ZERO) + abs(lot.quantity)
            offered = tuple(LotPick(name, there) for name, there in sums.items())
        found, left = [], Decimal(quantity)
        for pick in offered:
            taken = min(left, pick.quantity)
            if taken:
                found.append(LotPick(pick.lot, taken))
                left -= taken
    if left:
        raise IntegrityError(f"the lots of an order are {decimal_text(left)} short of what it closes")
    return tuple(found)


def left_of(wanted: LotsWanted, filled: int) -> LotsWanted:
    """What is left to be closed once `filled` are."""
    return replace(wanted, named=_left(wanted.named, Decimal(filled)))


def _left(named: Sequence[LotPick], filled: Decimal) -> tuple[LotPick, ...]:
    found = []
    for pick in named:
        gone = min(filled, pick.quantity)
        filled -= gone
        if pick.quantity > gone:
            found.append(LotPick(pick.lot, pick.quantity - gone))
    return tuple(found)


def lots_payload(wanted: LotsWanted) -> dict[str, Json]:
    """Lots in an event."""
    payload: dict[str, Json] = {"method": wanted.method}
    if wanted.named:
        payload["named"] = [{"lot": pick.lot, "quantity": decimal_text(pick.quantity)} for pick in wanted.named]
    return payload


def lots_of(payload: Mapping[str, Json]) -> LotsWanted:
    """The lots that an event holds. Raises IntegrityError where they are malformed."""
    method = fields.text(payload, "method")
    if method not in LOT_METHODS:
        raise IntegrityError(f"field method must be one of {', '.join(sorted(LOT_METHODS))} (got {method!r})")
    named = fields.objects(payload, "named") if "named" in payload else ()
    picks = (LotPick(fields.text(item, "lot"), fields.decimal(item, "quantity")) for item in named)
    return LotsWanted(cast("LotMethod", method), tuple(picks))
