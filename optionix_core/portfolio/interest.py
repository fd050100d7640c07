"""Interest on cash at a named rate and day count, rounded once to the currency's smallest unit.

Simple interest on the balance of each day. A debit balance has a rate of its own: without one it is refused, never
charged at the credit rate. Tells amount and a memo that names rate, source, day count and days.

    ACT/360, ACT/365F   actual days over 360 or 365
    30/360              (y2-y1) 360 + (m2-m1) 30 + d2-d1, with d1=31 -> 30, and d2=31 -> 30 where d1 is 30

Source: 2006 ISDA Definitions, section 4.16 (d), (e), (f).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.currency_units import rounded
from optionix_core.portfolio.exact import decimal_text

DayCount = Literal["ACT/360", "ACT/365F", "30/360"]
_YEAR: Final = {"ACT/360": 360, "ACT/365F": 365, "30/360": 360}


@dataclass(frozen=True, slots=True)
class InterestRate:
    """A rate and where it comes from."""

    name: str
    """Such as `SOFR less 0.50%`."""
    rate: Decimal
    """A fraction per year: 0.0433. Negative rates are rates."""
    day_count: DayCount
    source: str

    def __post_init__(self) -> None:
        if not self.rate.is_finite():
            raise InvalidValueError("rate", self.rate, "finite")
        if self.day_count not in _YEAR:
            raise InvalidValueError("day_count", repr(self.day_count), f"one of {', '.join(_YEAR)}")
        if not (self.name.strip() and self.source.strip()):
            raise InvalidValueError("source", f"{self.name!r} of {self.source!r}", "a name and a source")


class Interest(NamedTuple):
    """What a period brought."""

    amount: Decimal
    """Received; negative where it is owed. Whole smallest units."""
    memo: str


def days(start: date, end: date, day_count: DayCount) -> int:
    """Days from `start` to `end` (not before it) as the convention counts them."""
    if end < start:
        raise InvalidValueError("end", end, f"{start} or later")
    if day_count != "30/360":
        return (end - start).days
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    return (end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first


def on_cash(
    balances: Sequence[tuple[date, Decimal]],
    until: date,
    currency: str,
    credit: InterestRate,
    debit: InterestRate | None = None,
) -> Interest:
    """Interest from the first balance's date to `until`, which bears none itself.

    `balances`: in order, the cash at the end of a date, standing until the next. Raises MissingDataError for a
    negative balance without a `debit` rate, InvalidValueError for dates out of order.
    """
    if not balances:
        raise InvalidValueError("balances", 0, "at least 1")
    total = Fraction(0)
    used: dict[str, InterestRate] = {}
    ends = [*(start for start, _ in balances[1:]), until]
    for row, ((start, balance), end) in enumerate(zip(balances, ends, strict=True)):
        if end < start or (row + 1 < len(balances) and end == start):
            raise InvalidValueError("date", end, f"after {start}, the one ahead of it", row)
        rate = credit if balance >= 0 else debit
        if rate is None:
            raise MissingDataError(f"the balance of {start} is {balance} {currency}, and no debit rate is given")
        counted = days(start, end, rate.day_count)
        if balance and counted:
            used[rate.name] = rate
        total += Fraction(balance) * Fraction(rate.rate) * counted / _YEAR[rate.day_count]
    rates = ", ".join(
        f"{rate.name} {decimal_text(rate.rate * 100)}% {rate.day_count} ({rate.source})" for rate in used.values()
    )
    memo = f"interest from {balances[0][0]} to {until}: {rates or 'no balance'}"
    return Interest(rounded(total, currency), memo)
