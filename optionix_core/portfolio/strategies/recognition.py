"""What legs are together, exactly: a name of the catalogue where they are it in every respect, else `custom`.

Legs of one instrument are added up, proportions are taken by the greatest common divisor, strikes and expiries by
their order. Nothing is near enough: a butterfly with one leg too many is custom. A short put is cash secured
only where cash is set aside for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.strategies.catalogue import Shape, Slot, by_signature
from optionix_core.portfolio.strategies.values import (
    CUSTOM,
    ExpiryKey,
    Leg,
    Strategy,
    exact_decimal,
    ordered,
    whole_ratio,
)

_RATIO = {
    ("call", 1, -1): "call-ratio-spread",
    ("call", -1, 1): "call-backspread",
    ("put", -1, 1): "put-ratio-spread",
    ("put", 1, -1): "put-backspread",
}
"""Type, sign of the lower and of the higher strike. More is held of the strike that is further out."""


def recognise(legs: Iterable[Leg], cash: Decimal = Decimal(0)) -> Strategy:
    """The strategy that `legs` are, with `cash` set aside beside them.

    Any order of the legs gives the same value. Raises InvalidValueError where there are no legs, where some options
    tell no expiry, or cash is negative.
    """
    if not cash.is_finite() or cash < 0:
        raise InvalidValueError("cash", cash, "0 or more")
    found = ordered(legs)
    ratio, unit = whole_ratio(Fraction(leg.quantity) for leg in found)
    return Strategy(_name(found, cash), found, ratio, exact_decimal(unit), cash)


def net_exposures(legs: Iterable[Leg]) -> dict[tuple[str, Decimal | None, ExpiryKey | None], Fraction]:
    """Units of the underlying by instrument, those that cancel left out."""
    found: dict[tuple[str, Decimal | None, ExpiryKey | None], Fraction] = {}
    for leg in legs:
        found[leg.instrument] = found.get(leg.instrument, Fraction(0)) + leg.exposure
    return {instrument: amount for instrument, amount in found.items() if amount}


def _name(legs: Sequence[Leg], cash: Decimal) -> str:
    held = net_exposures(legs)
    strikes = sorted({strike for _, strike, _ in held if strike is not None})
    expiries = sorted({expiry for _, _, expiry in held if expiry is not None})
    if not held or len({day for day, _ in expiries}) < len(expiries):  # SPX and SPXW of one date
        return CUSTOM
    ratio, _ = whole_ratio(held.values())
    slots = tuple(
        sorted(
            Slot(
                kind,  # type: ignore[arg-type] # a Leg's type
                -1 if strike is None else strikes.index(strike),
                -1 if kind == "stock" else 0 if expiry is None else expiries.index(expiry),
                number,
            )
            for (kind, strike, expiry), number in zip(held, ratio, strict=True)
        )
    )
    for shape in by_signature().get(slots, ()):
        if _fits(shape, strikes, held, cash):
            return shape.name
    return _ratio_spread(slots)


def _fits(shape: Shape, strikes: Sequence[Decimal], held: dict[tuple[str, Decimal | None, ExpiryKey | None], Fraction],
          cash: Decimal) -> bool:  # fmt: skip
    if shape.wings:
        low, middle, high = (Fraction(strike) for strike in strikes)
        return (shape.wings == "equal") == (middle - low == high - middle)
    if shape.family in {"put", "cash-secured-put"} and next(iter(held.values())) < 0:
        due = sum((-amount * Fraction(strike or 0) for (_, strike, _), amount in held.items()), Fraction(0))
        return (shape.family == "cash-secured-put") == (Fraction(cash) >= due)
    return True


def _ratio_spread(slots: tuple[Slot, ...]) -> str:
    """Two strikes of one type and expiry in another proportion than one to two."""
    if len(slots) != 2 or slots[0][::2] != slots[1][::2] or slots[0].type == "stock":
        return CUSTOM
    low, high = sorted(slots, key=lambda slot: slot.strike)
    near, far = (low, high) if low.type == "call" else (high, low)
    if low.strike == high.strike or abs(far.ratio) <= abs(near.ratio):
        return CUSTOM
    signs = (low.type, 1 if low.ratio > 0 else -1, 1 if high.ratio > 0 else -1)
    return _RATIO.get(signs, CUSTOM)
