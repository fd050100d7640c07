"""Strategies by name: a shape with strikes, expiries and a size becomes legs.

Refuses strikes in the wrong order, wings that belong to another name, and proportions that a shape does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from optionix_core.errors import InvalidValueError, UsageError
from optionix_core.portfolio.strategies.catalogue import RATIO_FAMILIES, Shape, Slot, shape
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import Leg, Strategy, check_number, exact_decimal

_TWO = 2


def build(
    name: str,
    strikes: Sequence[Decimal] = (),
    expiries: Sequence[date] = (),
    *,
    multiplier: Decimal,
    units: Decimal = Decimal(1),
    ratio: tuple[int, int] | None = None,
    option_type: str | None = None,
    short: bool = False,
    root: str | None = None,
) -> Strategy:
    """Legs of the strategy `name` (see `catalogue.shape`), unpriced.

    `strikes` ascend; those of a diagonal are of its near and its far leg. `expiries` ascend, and may be left out where
    there is only one. `ratio` is the number of legs at the strike nearer the money and further out, for ratio spreads
    and backspreads (1 to 2 without it). Stock comes as lots of `multiplier`. Cash is set aside where the name says so.
    Raises InvalidValueError, UsageError and what `shape` raises.
    """
    found = shape(name, option_type, short=short)
    check_strikes(found, strikes)
    if len(expiries) != found.expiries and not (found.expiries == 1 and not expiries):
        raise InvalidValueError("expiries", len(expiries), f"{found.expiries} for {found.name}")
    if any(near >= far for near, far in pairwise(expiries)):
        raise InvalidValueError("expiries", ", ".join(map(str, expiries)), "ascending")
    check_number("units", units)
    if units <= 0:
        raise InvalidValueError("units", units, "positive")
    numbers = _ratio(found, ratio)
    legs = tuple(
        Leg(
            type=slot.type,
            quantity=exact_decimal(Fraction(units) * number),
            multiplier=multiplier,
            strike=None if slot.type == "stock" else strikes[slot.strike],
            expiry=None if slot.type == "stock" or not expiries else expiries[slot.expiry],
            root=None if slot.type == "stock" else root,
        )
        for slot, number in zip(found.slots, numbers, strict=True)
    )
    cash = Decimal(0)
    if found.name == "cash-secured-put":
        cash = exact_decimal(-legs[0].exposure * Fraction(strikes[0]))
    return recognise(legs, cash)


def check_strikes(found: Shape, strikes: Sequence[Decimal]) -> None:
    """InvalidValueError unless `strikes` are as many, in the order and at the distances that the shape has."""
    told = ", ".join(map(str, strikes)) or "none"
    if len(strikes) != found.strikes:
        raise InvalidValueError("strikes", told, f"{found.strikes} for {found.name}")
    if found.by_leg:
        if strikes[0] == strikes[1]:
            raise InvalidValueError("strikes", told, "different, or it is a calendar")
    elif any(low >= high for low, high in pairwise(strikes)):
        raise InvalidValueError("strikes", told, f"ascending for {found.name}")
    if found.wings:
        low, middle, high = (Fraction(strike) for strike in strikes)
        if (found.wings == "equal") != (middle - low == high - middle):
            raise InvalidValueError("strikes", told, f"{'' if found.wings == 'equal' else 'not '}at equal distances")


def _ratio(found: Shape, ratio: tuple[int, int] | None) -> tuple[int, ...]:
    if ratio is None:
        return tuple(slot.ratio for slot in found.slots)
    if found.family not in RATIO_FAMILIES:
        raise UsageError(f"{found.name} has a ratio of its own: none can be chosen")
    near, far = ratio
    if not 0 < near < far:
        raise InvalidValueError("ratio", f"{near}:{far}", "fewer legs near the money than further out, such as 1:2")

    def number(slot: Slot) -> int:
        size = far if abs(slot.ratio) == _TWO else near
        return size if slot.ratio > 0 else -size

    return tuple(number(slot) for slot in found.slots)
