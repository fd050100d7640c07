"""Rolling: closing the legs that are held and opening others, as one combination.

What would be closed and opened again in one instrument is left as it is, and strikes of both are traded once. Refuses
a roll that changes nothing, and one that turns to more or less than was held: that is another trade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import Leg, Strategy, ordered


@dataclass(frozen=True, slots=True)
class Roll:
    """A roll as the legs of one order, all of them unpriced."""

    held: Strategy
    """Before."""
    wanted: Strategy
    """Afterwards."""
    closing: tuple[Leg, ...]
    """What is traded to close."""
    opening: tuple[Leg, ...]
    """What is traded to open."""
    combination: Strategy
    """Both together, one leg for each instrument: one price, one order."""


def roll(held: Sequence[Leg], to: Sequence[Leg]) -> Roll:
    """The order that turns `held` into `to`.

    Raises InvalidValueError for an instrument that is told twice on one side or with two multipliers, DomainError where
    nothing changes or the sizes differ in total.
    """
    before, after = _by_instrument(held), _by_instrument(to)
    sizes = [sum((abs(leg.exposure) for leg in legs), Fraction(0)) for legs in (held, to)]
    if sizes[0] != sizes[1]:
        raise DomainError(f"a roll keeps its size (held {float(sizes[0]):g} units, asked for {float(sizes[1]):g})")
    closing: list[Leg] = []
    opening: list[Leg] = []
    trades: list[Leg] = []
    for instrument in dict.fromkeys((*before, *after)):
        old, new = before.get(instrument), after.get(instrument)
        leg = new or old
        if leg is None or (old and new and old.multiplier != new.multiplier):
            raise InvalidValueError("multiplier", leg and leg.multiplier, "the same for one instrument")
        leg = replace(leg, price=None)
        had, wants = old.quantity if old else ZERO, new.quantity if new else ZERO
        with exact_arithmetic():
            stays = min(had, wants, key=abs) if had * wants > 0 else ZERO
            parts = (closing, stays - had), (opening, wants - stays), (trades, wants - had)
        for legs, quantity in parts:
            if quantity:
                legs.append(replace(leg, quantity=quantity))
    if not trades:
        raise DomainError("the roll changes nothing: the same legs are held already")
    return Roll(recognise(held), recognise(to), _sorted(closing), _sorted(opening), recognise(trades))


def moved(
    held: Sequence[Leg], expiries: Mapping[date, date] | None = None, strikes: Mapping[Decimal, Decimal] | None = None
) -> tuple[Leg, ...]:
    """The legs with expiries and strikes replaced, unpriced and without symbols; what is not named stays.

    Raises InvalidValueError for an expiry or strike that no leg has.
    """
    expiries, strikes = expiries or {}, strikes or {}
    for field, named, present in (
        ("expiry", set(expiries), {leg.expiry for leg in held}),
        ("strike", set(strikes), {leg.strike for leg in held}),
    ):
        for value in sorted(named - present):
            raise InvalidValueError(field, value, "one of a leg that is held")
    found = []
    for leg in held:
        expiry = None if leg.expiry is None else expiries.get(leg.expiry, leg.expiry)
        strike = None if leg.strike is None else strikes.get(leg.strike, leg.strike)
        same = (expiry, strike) == (leg.expiry, leg.strike)
        found.append(leg if same else replace(leg, expiry=expiry, strike=strike, price=None, symbol=None))
    return tuple(found)


def _sorted(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    return ordered(legs) if legs else ()


def _by_instrument(legs: Sequence[Leg]) -> dict[tuple[object, ...], Leg]:
    found: dict[tuple[object, ...], Leg] = {}
    for leg in legs:
        if leg.instrument in found:
            raise InvalidValueError("legs", leg.label, "told once for each instrument")
        found[leg.instrument] = leg
    return found
