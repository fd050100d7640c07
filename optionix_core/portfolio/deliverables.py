"""What an option delivers: so many shares, perhaps cash, perhaps a fraction of a share not yet turned into cash.

A standard US equity option delivers 100 shares; corporate actions change that. Premium and exercise price are told
per unit and times the multiplier, which need not be the number of shares (after a reverse split it is not). Here are
also the kinds of keys in the ledger: options, shares (the underlying's symbol) and claims to cash in lieu.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market import symbols
from optionix_core.market.products import product
from optionix_core.market.symbols import is_share
from optionix_core.portfolio.currency_units import rounded
from optionix_core.portfolio.exact import ZERO, exact_arithmetic

Kind = Literal["option", "share", "claim"]
CLAIM: Final = "claim/"
"""How keys of claims to cash in lieu begin."""


def kind_of(symbol: str) -> Kind:
    """What a key of the ledger's positions stands for. InvalidValueError where it is none of them."""
    if symbol.startswith(CLAIM):
        return "claim"
    if symbols.is_option(symbol):
        return "option"
    if is_share(symbol):
        return "share"
    raise InvalidValueError("symbol", repr(symbol), "an option's key, the symbol of a share, or a claim")


def label_of(symbol: str) -> str:
    """As a trader writes it: `ORBIT 15JAN27 230 C`, `ORBIT`, `cash in lieu of ORBIT`."""
    kind = kind_of(symbol)
    if kind == "option":
        return symbols.terms(symbol).label
    return symbol if kind == "share" else f"cash in lieu of {underlying_of(symbol)}"


def underlying_of(symbol: str) -> str:
    """The share or index behind a key; the share itself, and that of a claim."""
    kind = kind_of(symbol)
    if kind == "option":
        terms = symbols.terms(symbol)
        return product(terms.root, terms.symbology).underlying
    return symbol if kind == "share" else symbol.removeprefix(CLAIM).partition("/")[0]


@dataclass(frozen=True, slots=True)
class PendingFraction:
    """A fraction of a share that will be paid in cash once its price is fixed: `parts` of `of` parts."""

    parts: int
    of: int

    def __post_init__(self) -> None:
        if not 0 < self.parts < self.of:
            raise InvalidValueError("parts", f"{self.parts} of {self.of}", "less than a whole share, and above 0")


@dataclass(frozen=True, slots=True)
class Deliverable:
    """What one contract delivers when a call is exercised."""

    symbol: str
    """Of the share."""
    shares: Decimal
    """Whole shares."""
    cash: Decimal = ZERO
    """Beside them, in `currency`."""
    currency: str = "USD"
    pending: PendingFraction | None = None

    def __post_init__(self) -> None:
        if not self.shares.is_finite() or self.shares < 0 or self.shares != self.shares.to_integral_value():
            raise InvalidValueError("shares", self.shares, "a whole number, zero or more")
        if not self.cash.is_finite() or self.cash < 0:
            raise InvalidValueError("cash", self.cash, "finite and not negative")

    def with_cash_in_lieu(self, price: Decimal) -> Deliverable:
        """The same with its pending fraction paid at `price` a share, rounded to the currency's unit."""
        if not price.is_finite() or price <= 0:
            raise InvalidValueError("price", price, "finite and above 0")
        if self.pending is None:
            return self
        worth = rounded(Fraction(price) * self.pending.parts / self.pending.of, self.currency)
        with exact_arithmetic():
            return Deliverable(self.symbol, self.shares, self.cash + worth, self.currency)

    def settled(self) -> Deliverable:
        """Itself where nothing is pending; MissingDataError otherwise."""
        if self.pending is not None:
            part = f"{self.pending.parts}/{self.pending.of}"
            raise MissingDataError(f"the cash in lieu of {part} share of {self.symbol} is not fixed yet")
        return self


def standard(symbol: str, multiplier: Decimal = Decimal(100), currency: str = "USD") -> Deliverable:
    """The deliverable of an option that no corporate action has changed."""
    return Deliverable(symbol, multiplier, currency=currency)
