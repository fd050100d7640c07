"""What an alert may ask, as plain values: a measure against a bound, or an event. Nothing is parsed or evaluated.

A bound is an exact decimal in the measure's natural unit: prices and money as quoted, volatilities as fractions, Greeks
per unit of the underlying (theta per year, vega per 1.00 of volatility), those of the book in the account's currency or
in units of the underlying. Refuses bounds that are not finite, negative hysteresis, and names that nothing measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.deliverables import label_of
from optionix_core.portfolio.exact import ZERO, decimal_text
from optionix_core.trading.terms import check_places


class PriceField(StrEnum):
    """Which price of a quote."""

    BID = "bid"
    ASK = "ask"
    MID = "mid"
    LAST = "last"


class GreekName(StrEnum):
    """Greeks of one option."""

    DELTA = "delta"
    GAMMA = "gamma"
    VEGA = "vega"
    THETA = "theta"


class BookGreekName(StrEnum):
    """Greeks of an account's positions, summed."""

    DELTA = "delta"
    GAMMA = "gamma"
    VEGA = "vega"
    THETA = "theta"
    DOLLAR_DELTA = "dollar-delta"
    DOLLAR_GAMMA = "dollar-gamma"


class PnlKind(StrEnum):
    """Which profit and loss."""

    DAY = "day"
    """Since the last close."""
    UNREALISED = "unrealised"
    """Of what is open, fees excluded."""


class LimitName(StrEnum):
    """Limits whose use can be told."""

    BUYING_POWER = "buying-power"
    """Share of the cash that working orders keep."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price of one instrument."""

    symbol: str
    field: PriceField

    @property
    def words(self) -> str:
        """`ORBIT bid`."""
        return f"{label_of(self.symbol)} {self.field}"


@dataclass(frozen=True, slots=True)
class ImpliedVolatility:
    """Of one option, from its mid; a fraction."""

    symbol: str

    @property
    def words(self) -> str:
        """`ORBIT 15JAN27 230 C implied volatility`."""
        return f"{label_of(self.symbol)} implied volatility"


@dataclass(frozen=True, slots=True)
class OptionGreek:
    """A Greek of one option, long one unit."""

    symbol: str
    greek: GreekName

    @property
    def words(self) -> str:
        """`ORBIT 15JAN27 230 C delta`."""
        return f"{label_of(self.symbol)} {self.greek}"


@dataclass(frozen=True, slots=True)
class BookGreek:
    """A Greek of all positions of the alert's account."""

    greek: BookGreekName

    @property
    def words(self) -> str:
        """`book dollar delta`."""
        return f"book {self.greek.replace('-', ' ')}"


@dataclass(frozen=True, slots=True)
class Pnl:
    """Profit and loss of the alert's account, or of its position in one instrument."""

    kind: PnlKind
    symbol: str | None = None

    @property
    def words(self) -> str:
        """`account day P&L`, `ORBIT 15JAN27 230 C unrealised P&L`."""
        return f"{'account' if self.symbol is None else label_of(self.symbol)} {self.kind} P&L"


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of a limit the alert's account uses, a fraction."""

    limit: LimitName

    @property
    def words(self) -> str:
        """`use of buying-power`."""
        return f"use of {self.limit}"


Measure = Price | ImpliedVolatility | OptionGreek | BookGreek | Pnl | LimitUse
"""Everything that has a number."""


class Comparison(StrEnum):
    """How a measure meets its bound."""

    ABOVE = "above"
    """At the bound or above it: met at once where that is so already."""
    BELOW = "below"
    """At the bound or below it."""
    CROSSES = "crosses"
    """From one side to the bound or over it; the side is that of the first value seen."""


@dataclass(frozen=True, slots=True)
class Level:
    """A measure against a bound."""

    measure: Measure
    comparison: Comparison
    bound: Decimal
    hysteresis: Decimal = ZERO
    """How far it must go back, beyond the bound, before it counts as met anew."""

    def __post_init__(self) -> None:
        if not self.bound.is_finite():
            raise InvalidValueError("bound", self.bound, "finite")
        if not self.hysteresis.is_finite() or self.hysteresis < 0:
            raise InvalidValueError("hysteresis", self.hysteresis, "at least 0 and finite")
        for field, number in (("bound", self.bound), ("hysteresis", self.hysteresis)):
            check_places(field, number)

    @property
    def words(self) -> str:
        """`ORBIT bid above 231`."""
        back = f" (hysteresis {decimal_text(self.hysteresis)})" if self.hysteresis else ""
        return f"{self.measure.words} {self.comparison} {decimal_text(self.bound)}{back}"


MAX_DAYS: Final = 3660


@dataclass(frozen=True, slots=True)
class ExpiryWithin:
    """An option has this many days left, or fewer."""

    symbol: str
    days: int

    def __post_init__(self) -> None:
        if not 0 <= self.days <= MAX_DAYS:
            raise InvalidValueError("days", self.days, f"from 0 to {MAX_DAYS}")

    @property
    def words(self) -> str:
        """`ORBIT 15JAN27 230 C expires within 7 days`."""
        return f"{label_of(self.symbol)} expires within {self.days} day{'' if self.days == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """An order is filled, in part or whole: every fill counts."""

    client_order_id: str

    @property
    def words(self) -> str:
        """`fill of order first`."""
        return f"fill of order {self.client_order_id}"


@dataclass(frozen=True, slots=True)
class Halted:
    """An instrument, its underlying or the whole market is halted."""

    symbol: str

    @property
    def words(self) -> str:
        """`halt of ORBIT`."""
        return f"halt of {label_of(self.symbol)}"


Condition = Level | ExpiryWithin | OrderFilled | Halted
"""What an alert waits for."""
