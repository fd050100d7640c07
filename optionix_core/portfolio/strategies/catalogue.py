"""The named strategies: what legs each has, in which proportion, and what it is for.

A shape is written as its legs: `+1C0 -2C1 +1C2` is one call of the lowest strike, two short of the next, one of the
highest; `.1` behind a leg puts it into the later expiry; `S` is stock. Names of the two sides of a strategy are
two shapes. Shapes know nothing of prices. Sources of the names: Options Clearing Corporation, "Options Strategies
Quick Guide"; S. Natenberg, "Option Volatility and Pricing" (2nd ed., 2015), chapters 11 to 18.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from optionix_core.errors import DomainError, UnknownNameError, UsageError
from optionix_core.portfolio.strategies.values import LegType

_LEG = re.compile(r"(?P<ratio>[+-]\d)(?P<type>[CPS])(?P<strike>\d)?(?:\.(?P<expiry>\d))?")
_TYPES: Final[dict[str, LegType]] = {"C": "call", "P": "put", "S": "stock"}


class Slot(NamedTuple):
    """A leg of a shape."""

    type: LegType
    strike: int
    """Place among the strikes, from 0; -1 for stock."""
    expiry: int
    """0 the near one, 1 the far one; -1 for stock."""
    ratio: int
    """Signed number per unit."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A named strategy."""

    name: str
    family: str
    slots: tuple[Slot, ...]
    outlook: str
    offsets: tuple[int, ...]
    """Distance of each strike from the money in widths, where strikes are chosen by a width."""
    wings: str = ""
    """`equal` or `unequal` where the distances between three strikes decide."""
    by_leg: bool = False
    """Strikes are told along near and far leg, in either order of size, rather than ascending."""

    @property
    def strikes(self) -> int:
        """How many different strikes it has."""
        return len(self.offsets)

    @property
    def expiries(self) -> int:
        """How many different expiries it has; none for stock alone."""
        return len({slot.expiry for slot in self.slots if slot.type != "stock"})

    @property
    def legs_text(self) -> str:
        """`+1 call K1, -2 call K2, +1 call K3`; T1 and T2 name the expiries where there are two."""
        return ", ".join(self._told(slot) for slot in self.slots)

    def _told(self, slot: Slot) -> str:
        if slot.type == "stock":
            return f"{slot.ratio:+d} stock"
        strike = f" K{slot.strike + 1}" if self.strikes > 1 else " K"
        return f"{slot.ratio:+d} {slot.type}{strike}{f' T{slot.expiry + 1}' if self.expiries > 1 else ''}"


def _slots(text: str) -> tuple[Slot, ...]:
    found = []
    for matched in _LEG.finditer(text):
        kind = _TYPES[matched["type"]]
        stock = kind == "stock"
        strike, expiry = (-1, -1) if stock else (int(matched["strike"]), int(matched["expiry"] or 0))
        found.append(Slot(kind, strike, expiry, int(matched["ratio"])))
    return tuple(found)


# name, family, legs, outlook, offsets of the strikes in widths
_ROWS: Final = (
    ("long-stock", "stock", "+1S", "bullish", ()),
    ("short-stock", "stock", "-1S", "bearish", ()),
    ("long-call", "call", "+1C0", "bullish, volatility up", (0,)),
    ("short-call", "call", "-1C0", "bearish to neutral, volatility down", (0,)),
    ("long-put", "put", "+1P0", "bearish, volatility up", (0,)),
    ("short-put", "put", "-1P0", "bullish to neutral, volatility down", (0,)),
    ("cash-secured-put", "cash-secured-put", "-1P0", "bullish to neutral, glad to buy at the strike", (0,)),
    ("covered-call", "covered-call", "+1S -1C0", "neutral to bullish, income", (0,)),
    ("covered-put", "covered-put", "-1S -1P0", "neutral to bearish, income", (0,)),
    ("protective-put", "protective-put", "+1S +1P0", "bullish, loss limited", (0,)),
    ("protective-call", "protective-call", "-1S +1C0", "bearish, loss limited", (0,)),
    ("collar", "collar", "+1S +1P0 -1C1", "bullish within bounds, loss limited", (-1, 1)),
    ("bull-call-spread", "vertical", "+1C0 -1C1", "bullish, debit", (0, 1)),
    ("bear-call-spread", "vertical", "-1C0 +1C1", "bearish, credit", (0, 1)),
    ("bear-put-spread", "vertical", "-1P0 +1P1", "bearish, debit", (-1, 0)),
    ("bull-put-spread", "vertical", "+1P0 -1P1", "bullish, credit", (-1, 0)),
    ("call-ratio-spread", "ratio-spread", "+1C0 -2C1", "mildly bullish, volatility down", (0, 1)),
    ("put-ratio-spread", "ratio-spread", "-2P0 +1P1", "mildly bearish, volatility down", (-1, 0)),
    ("call-backspread", "backspread", "-1C0 +2C1", "strongly bullish, volatility up", (0, 1)),
    ("put-backspread", "backspread", "+2P0 -1P1", "strongly bearish, volatility up", (-1, 0)),
    ("long-straddle", "straddle", "+1C0 +1P0", "large move either way, volatility up", (0,)),
    ("short-straddle", "straddle", "-1C0 -1P0", "no move, volatility down", (0,)),
    ("long-strangle", "strangle", "+1P0 +1C1", "large move either way, volatility up", (-1, 1)),
    ("short-strangle", "strangle", "-1P0 -1C1", "no large move, volatility down", (-1, 1)),
    ("long-guts", "guts", "+1C0 +1P1", "large move either way, volatility up", (-1, 1)),
    ("short-guts", "guts", "-1C0 -1P1", "no large move, volatility down", (-1, 1)),
    ("synthetic-long-stock", "synthetic", "+1C0 -1P0", "bullish", (0,)),
    ("synthetic-short-stock", "synthetic", "-1C0 +1P0", "bearish", (0,)),
    ("long-risk-reversal", "risk-reversal", "-1P0 +1C1", "bullish, calls cheap beside puts", (-1, 1)),
    ("short-risk-reversal", "risk-reversal", "+1P0 -1C1", "bearish, puts cheap beside calls", (-1, 1)),
    ("long-call-butterfly", "butterfly", "+1C0 -2C1 +1C2", "ends near the middle strike", (-1, 0, 1)),
    ("short-call-butterfly", "butterfly", "-1C0 +2C1 -1C2", "ends away from the middle strike", (-1, 0, 1)),
    ("long-put-butterfly", "butterfly", "+1P0 -2P1 +1P2", "ends near the middle strike", (-1, 0, 1)),
    ("short-put-butterfly", "butterfly", "-1P0 +2P1 -1P2", "ends away from the middle strike", (-1, 0, 1)),
    ("long-call-broken-wing-butterfly", "broken-wing-butterfly", "+1C0 -2C1 +1C2",
     "ends near the middle strike, one side cheaper", (-1, 0, 2)),
    ("short-call-broken-wing-butterfly", "broken-wing-butterfly", "-1C0 +2C1 -1C2",
     "ends away from the middle strike, one side dearer", (-1, 0, 2)),
    ("long-put-broken-wing-butterfly", "broken-wing-butterfly", "+1P0 -2P1 +1P2",
     "ends near the middle strike, one side cheaper", (-2, 0, 1)),
    ("short-put-broken-wing-butterfly", "broken-wing-butterfly", "-1P0 +2P1 -1P2",
     "ends away from the middle strike, one side dearer", (-2, 0, 1)),
    ("long-call-condor", "condor", "+1C0 -1C1 -1C2 +1C3", "ends between the middle strikes", (-2, -1, 1, 2)),
    ("short-call-condor", "condor", "-1C0 +1C1 +1C2 -1C3", "ends outside the middle strikes", (-2, -1, 1, 2)),
    ("long-put-condor", "condor", "+1P0 -1P1 -1P2 +1P3", "ends between the middle strikes", (-2, -1, 1, 2)),
    ("short-put-condor", "condor", "-1P0 +1P1 +1P2 -1P3", "ends outside the middle strikes", (-2, -1, 1, 2)),
    ("iron-condor", "iron-condor", "+1P0 -1P1 -1C2 +1C3", "ends between the middle strikes, credit", (-2, -1, 1, 2)),
    ("reverse-iron-condor", "iron-condor", "-1P0 +1P1 +1C2 -1C3",
     "ends outside the middle strikes, debit", (-2, -1, 1, 2)),
    ("iron-butterfly", "iron-butterfly", "+1P0 -1P1 -1C1 +1C2", "ends near the middle strike, credit", (-1, 0, 1)),
    ("reverse-iron-butterfly", "iron-butterfly", "-1P0 +1P1 +1C1 -1C2",
     "ends away from the middle strike, debit", (-1, 0, 1)),
    ("long-box", "box", "+1C0 -1P0 -1C1 +1P1", "none: lends the present value of the width", (-1, 1)),
    ("short-box", "box", "-1C0 +1P0 +1C1 -1P1", "none: borrows the present value of the width", (-1, 1)),
    ("conversion", "conversion", "+1S +1P0 -1C0", "none: parity, the synthetic is dear", (0,)),
    ("reversal", "reversal", "-1S -1P0 +1C0", "none: parity, the synthetic is cheap", (0,)),
    ("long-call-calendar", "calendar", "-1C0.0 +1C0.1", "stays near the strike, volatility up", (0,)),
    ("short-call-calendar", "calendar", "+1C0.0 -1C0.1", "leaves the strike, volatility down", (0,)),
    ("long-put-calendar", "calendar", "-1P0.0 +1P0.1", "stays near the strike, volatility up", (0,)),
    ("short-put-calendar", "calendar", "+1P0.0 -1P0.1", "leaves the strike, volatility down", (0,)),
    ("long-call-diagonal", "diagonal", "-1C0.0 +1C1.1", "moves to the near strike slowly, volatility up", (1, 0)),
    ("short-call-diagonal", "diagonal", "+1C0.0 -1C1.1", "leaves the near strike, volatility down", (1, 0)),
    ("long-put-diagonal", "diagonal", "-1P0.0 +1P1.1", "moves to the near strike slowly, volatility up", (-1, 0)),
    ("short-put-diagonal", "diagonal", "+1P0.0 -1P1.1", "leaves the near strike, volatility down", (-1, 0)),
    ("long-jelly-roll", "jelly-roll", "-1C0.0 +1P0.0 +1C0.1 -1P0.1", "none: carry between expiries, rates up", (0,)),
    ("short-jelly-roll", "jelly-roll", "+1C0.0 -1P0.0 -1C0.1 +1P0.1", "none: carry between expiries, rates down", (0,)),
)  # fmt: skip

_WINGS = {"butterfly": "equal", "broken-wing-butterfly": "unequal"}

SHAPES: Final[dict[str, Shape]] = {
    name: Shape(name, family, _slots(legs), outlook, offsets, _WINGS.get(family, ""), family == "diagonal")
    for name, family, legs, outlook, offsets in _ROWS
}
"""Every named strategy."""
NAMES: Final = tuple(SHAPES)
FAMILIES: Final = tuple(dict.fromkeys(shape.family for shape in SHAPES.values()))
RATIO_FAMILIES: Final = ("ratio-spread", "backspread")
"""Families whose proportion of the legs may be chosen."""


def shape(name: str, option_type: str | None = None, *, short: bool = False) -> Shape:
    """A shape by its name or its family's; a family's name means the side that is bought.

    A family of calls and puts means calls unless `option_type` is `put`. `short` is the same with every leg turned
    round. Raises UnknownNameError, UsageError where `option_type` has no say, DomainError where the other side is no
    named strategy.
    """
    asked = name.strip().lower().replace("_", "-").replace(" ", "-")
    if asked in SHAPES:
        if option_type is not None and {slot.type for slot in SHAPES[asked].slots} - {"stock"} != {option_type}:
            raise UsageError(f"{asked} does not consist of {option_type}s")
        found = SHAPES[asked]
    elif asked in FAMILIES:
        found = _bought(asked, option_type)
    else:
        raise UnknownNameError("strategy", name, (*FAMILIES, *(one for one in NAMES if one not in FAMILIES)))
    return _turned(found) if short else found


def _bought(family: str, option_type: str | None) -> Shape:
    sides = [one for one in SHAPES.values() if one.family == family]
    if len({one.slots[0].type for one in sides}) == 1 or family in {"straddle", "strangle", "box"}:
        if option_type is not None:
            raise UsageError(f"{family} leaves no choice between calls and puts")
        return sides[0]
    return next(one for one in sides if one.slots[0].type == (option_type or "call"))


def _turned(found: Shape) -> Shape:
    slots = {(*slot[:3], -slot.ratio) for slot in found.slots}
    for other in SHAPES.values():
        if set(other.slots) == slots and (other.wings, other.by_leg) == (found.wings, found.by_leg):
            return other
    raise DomainError(f"{found.name} the other way round is no named strategy")


@cache
def by_signature() -> dict[tuple[Slot, ...], tuple[Shape, ...]]:
    """Sorted slots, strikes counted from the lowest, to the shapes that have them."""
    found: dict[tuple[Slot, ...], list[Shape]] = {}
    for one in SHAPES.values():
        orders = [one.slots]
        if one.by_leg:
            orders.append(tuple(slot._replace(strike=1 - slot.strike) for slot in one.slots))
        for slots in orders:
            found.setdefault(tuple(sorted(slots)), []).append(one)
    return {slots: tuple(shapes) for slots, shapes in found.items()}
