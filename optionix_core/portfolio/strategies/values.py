"""Legs and strategies as immutable values, all numbers exact.

A leg is so many contracts (or lots of stock) of one instrument. A strategy is legs in a fixed order with the name of
what they are together. Refuses floats, options without a strike, and legs of which some tell their expiry and some do
not: whether they end together could not be known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, localcontext
from fractions import Fraction
from math import gcd, lcm
from typing import Literal, get_args

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.portfolio.exact import decimal_text, exact_arithmetic

LegType = Literal["call", "put", "stock"]
LEG_TYPES: tuple[str, ...] = get_args(LegType)
CUSTOM = "custom"
"""The name of legs that are no strategy of the catalogue."""

PLACES = 12
"""Of a leg's numbers, before and behind the point."""
_WIDE = Context(prec=20 * PLACES, traps=[Inexact, InvalidOperation, Overflow])
"""Room for products of the legs' numbers, and their sums."""

ExpiryKey = tuple[date, str]
_ORDER = {"stock": 0, "put": 1, "call": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One instrument and how much of it. Raises InvalidValueError for what no leg can be."""

    type: LegType
    quantity: Decimal
    """Contracts, or lots of stock; negative where short. Never zero."""
    multiplier: Decimal
    """Units of the underlying per contract or lot; positive. One for stock that is counted in shares."""
    strike: Decimal | None = None
    """Positive; None for stock."""
    expiry: date | None = None
    """None for stock, and for options that all end at one moment which nobody has to know."""
    price: Decimal | None = None
    """Paid or received per unit of the underlying, never negative; None where it is not known."""
    root: str | None = None
    """Tells options of one date apart that settle at different moments (SPX and SPXW)."""
    symbol: str | None = None
    """The instrument's key, where it is listed."""

    def __post_init__(self) -> None:
        if self.type not in LEG_TYPES:
            raise InvalidValueError("type", repr(self.type), f"one of {', '.join(LEG_TYPES)}")
        for field in ("quantity", "multiplier", "strike", "price"):
            value = getattr(self, field)
            if value is not None:
                check_number(field, value)
        if not self.quantity:
            raise InvalidValueError("quantity", self.quantity, "other than zero")
        if self.multiplier <= 0:
            raise InvalidValueError("multiplier", self.multiplier, "positive")
        if self.price is not None and self.price < 0:
            raise InvalidValueError("price", self.price, "0 or more")
        self._check_terms()

    def _check_terms(self) -> None:
        if self.type == "stock":
            for field in ("strike", "expiry"):
                if getattr(self, field) is not None:
                    raise InvalidValueError(field, getattr(self, field), "absent for stock")
        elif self.strike is None or self.strike <= 0:
            raise InvalidValueError("strike", self.strike, "positive")

    @property
    def sign(self) -> int:
        """+1 for a call, -1 for a put, 0 for stock."""
        return {"call": 1, "put": -1, "stock": 0}[self.type]

    @property
    def exposure(self) -> Fraction:
        """Units of the underlying that it stands for, signed."""
        return Fraction(self.quantity) * Fraction(self.multiplier)

    @property
    def instrument(self) -> tuple[str, Decimal | None, ExpiryKey | None]:
        """What is the same for two legs of one instrument."""
        return (self.type, self.strike, self.expiry_key)

    @property
    def expiry_key(self) -> ExpiryKey | None:
        """Date and root, in order of time; None for stock, and where no expiry is told."""
        return None if self.expiry is None else (self.expiry, self.root or "")

    @property
    def label(self) -> str:
        """`+1 call 230 2027-01-15`."""
        parts = [
            f"{'+' if self.quantity > 0 else ''}{decimal_text(self.quantity)}",
            self.type,
            "" if self.strike is None else decimal_text(self.strike),
            "" if self.expiry is None else self.expiry.isoformat(),
        ]
        return " ".join(part for part in parts if part)

    def times(self, factor: Decimal | int) -> Leg:
        """The same leg, `factor` times as many; -1 turns it round."""
        with exact_arithmetic():
            return replace(self, quantity=self.quantity * factor)

    def intrinsic(self, underlying: Fraction) -> Fraction:
        """Worth per unit when it ends with the underlying at `underlying`; the price itself for stock."""
        if self.strike is None:
            return underlying
        return max(self.sign * (underlying - Fraction(self.strike)), Fraction(0))


@dataclass(frozen=True, slots=True)
class Strategy:
    """Legs in their order (stock, then expiry, strike, put before call) under the name that they have together."""

    name: str
    """Of the catalogue, or `custom`."""
    legs: tuple[Leg, ...]
    ratio: tuple[int, ...]
    """Whole numbers along `legs` without a common divisor: one unit of the combination."""
    units: Decimal
    """How many such units; `ratio` times `units` are the legs' quantities. Positive."""
    cash: Decimal = Decimal(0)
    """Money set aside beside the legs."""

    @property
    def expiries(self) -> tuple[ExpiryKey, ...]:
        """Distinct expiries in order; empty where none is told."""
        return tuple(sorted({leg.expiry_key for leg in self.legs if leg.expiry_key is not None}))

    @property
    def multiplier(self) -> Decimal:
        """Units of the underlying that a net price is per: that of the options. DomainError where they differ."""
        found = {leg.multiplier for leg in self.legs if leg.type != "stock"} or {leg.multiplier for leg in self.legs}
        if len(found) > 1:
            told = ", ".join(decimal_text(one) for one in sorted(found))
            raise DomainError(f"legs of several multipliers ({told}) have no net price per unit")
        return next(iter(found))


def ordered(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """Legs in the order of a strategy. InvalidValueError where there are none or some tell no expiry."""
    found = sorted(
        legs,
        key=lambda leg: (
            leg.expiry_key or (date.min, ""),
            leg.strike or Decimal(0),
            _ORDER[leg.type],
            leg.quantity,
            leg.price is not None and leg.price,
        ),
    )
    if not found:
        raise InvalidValueError("legs", 0, "at least one")
    told = {leg.expiry is not None for leg in found if leg.type != "stock"}
    if len(told) > 1:
        missing = next(leg for leg in found if leg.type != "stock" and leg.expiry is None)
        raise InvalidValueError("expiry", f"none for {missing.label}", "told for all options or for none")
    return tuple(found)


def whole_ratio(amounts: Iterable[Fraction]) -> tuple[tuple[int, ...], Fraction]:
    """Whole numbers without a common divisor in the proportion of `amounts`, and the positive amount that one means.

    Where all are zero: zeros, and a unit without meaning.
    """
    amounts = tuple(amounts)
    scale = lcm(*(amount.denominator for amount in amounts))
    whole = [int(amount * scale) for amount in amounts]
    divisor = gcd(*whole) or 1
    return tuple(number // divisor for number in whole), Fraction(divisor, scale)


def exact_decimal(number: Fraction) -> Decimal:
    """The decimal of a fraction that has one; `decimal.Inexact` is raised for 1/3."""
    with localcontext(_WIDE):
        return Decimal(number.numerator) / Decimal(number.denominator)


def check_number(field: str, value: object) -> None:
    """InvalidValueError unless `value` is a decimal below 10^12 in size with at most 12 decimal places."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise InvalidValueError(field, value, "an exact, finite decimal")
    if value.adjusted() >= PLACES or int(value.as_tuple().exponent) < -PLACES:
        raise InvalidValueError(field, value, f"below 10^{PLACES} with at most {PLACES} decimal places")
