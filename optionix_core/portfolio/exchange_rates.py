"""Several currencies in one account: conversions at a named rate, and worth that says what it cannot convert.

Cash of two currencies is two amounts. Nothing turns one into the other but an entry, at a rate that an event names
with its source; `ACCOUNT:conversion` holds the other side in both currencies, so that each still sums to zero. A net
worth without a rate for one of its currencies is not told; what is missing is.

Source of the pattern: P. Selinger, "Tutorial on multiple currency accounting" (2005), currency trading accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.currency_units import rounded
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import checked
from optionix_core.portfolio.values import LedgerEntry, Posting
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event

RATE_NAMED = "exchange-rate.named"


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """One unit of `base` is `rate` units of `quote`."""

    base: str
    quote: str
    rate: Decimal
    source: str
    """Who says so."""
    at: datetime

    def __post_init__(self) -> None:
        if not self.rate.is_finite() or self.rate <= 0:
            raise InvalidValueError("rate", self.rate, "finite and positive")
        if self.base == self.quote:
            raise InvalidValueError("quote", self.quote, f"another currency than {self.base}")
        if not self.source.strip() or not self.source.isprintable():
            raise InvalidValueError("source", repr(self.source), "printable words")

    @property
    def words(self) -> str:
        """`1.085 USD per EUR (ECB reference rate)`."""
        return f"{decimal_text(self.rate)} {self.quote} per {self.base} ({self.source})"


@dataclass(frozen=True, slots=True)
class Converted:
    """One currency of a net worth."""

    currency: str
    amount: Decimal
    value: Decimal | None
    """In the currency that was asked for, in whole smallest units; None where no rate is known."""
    rate: ExchangeRate | None
    """None for the currency itself, and where none is known."""


@dataclass(frozen=True, slots=True)
class NetWorth:
    """Amounts of several currencies in one."""

    currency: str
    value: Decimal | None
    """None where a currency cannot be converted; `missing` names it."""
    parts: tuple[Converted, ...]
    missing: tuple[str, ...]


def rate_event(rate: ExchangeRate) -> Event:
    """The event that names a rate, written before anything is converted at it."""
    return Event(
        f"exchange-rate/{rate.base}-{rate.quote}/{rate.source[:80]}/{time_text(rate.at)}",
        RATE_NAMED,
        rate.at,
        {"base": rate.base, "quote": rate.quote, "rate": decimal_text(rate.rate), "source": rate.source},
    )


def conversion_entry(
    *, entry_id: str, account: str, amount: Decimal, rate: ExchangeRate, time: datetime
) -> LedgerEntry:
    """`amount` of the rate's base, above zero, sold for the rate's quote currency, rounded once to its unit.

    Its cause is the event of the rate. Raises InvalidValueError where nothing would come of it.
    """
    if not amount.is_finite() or amount <= 0 or rounded(amount, rate.base) != amount:
        raise InvalidValueError("amount", amount, f"above 0, in whole smallest units of {rate.base}")
    bought = rounded(Fraction(amount) * Fraction(rate.rate), rate.quote)
    if not bought:
        raise InvalidValueError("amount", amount, f"worth at least one smallest unit of {rate.quote}")
    memo = f"converted {decimal_text(amount)} {rate.base} into {decimal_text(bought)} {rate.quote} at {rate.words}"
    legs = (
        Posting(f"{account}:cash", rate.base, amount.copy_negate()),
        Posting(f"{account}:conversion", rate.base, amount),
        Posting(f"{account}:cash", rate.quote, bought),
        Posting(f"{account}:conversion", rate.quote, bought.copy_negate()),
    )
    return checked(LedgerEntry(entry_id, time, "conversion", account, memo, legs, rate_event(rate).id))


def net_worth(amounts: Mapping[str, Decimal], currency: str, rates: Sequence[ExchangeRate] = ()) -> NetWorth:
    """`amounts` by currency, told in `currency`: a rate of either direction serves, the first that fits.

    A currency of which nothing is held needs no rate.
    """
    parts = tuple(_converted(name, amount, currency, rates) for name, amount in sorted(amounts.items()) if amount)
    missing = tuple(part.currency for part in parts if part.value is None)
    with exact_arithmetic():
        total = sum((part.value for part in parts if part.value is not None), ZERO)
    return NetWorth(currency, None if missing else total, parts, missing)


def require(worth: NetWorth) -> Decimal:
    """The value, or MissingDataError naming every rate that it lacks."""
    if worth.value is None:
        wanted = ", ".join(f"{name} to {worth.currency}" for name in worth.missing)
        raise MissingDataError(f"no exchange rate is known for {wanted}")
    return worth.value


def _converted(name: str, amount: Decimal, currency: str, rates: Sequence[ExchangeRate]) -> Converted:
    if name == currency:
        return Converted(name, amount, amount, None)
    for rate in rates:
        if (rate.base, rate.quote) == (name, currency):
            return Converted(name, amount, rounded(Fraction(amount) * Fraction(rate.rate), currency), rate)
        if (rate.quote, rate.base) == (name, currency):
            return Converted(name, amount, rounded(Fraction(amount) / Fraction(rate.rate), currency), rate)
    return Converted(name, amount, None, None)
