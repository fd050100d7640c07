"""Cash dividends on shares: owed from the ex-date, paid on the pay date; who is long receives, who is short pays.

Who holds when the ex-date begins is entitled, whatever is sold afterwards: the amount goes to `receivable` against
income on the ex-date and from there to cash when it is paid. Between the two it belongs to what the account is worth.
Options receive nothing. Refuses to take a pay date before the record date; an ex-date after it is legal (due bills).

Source: FINRA Rule 11140 (ex-dates; due bills for distributions of 25% and more).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio import fields
from optionix_core.portfolio.currency_units import rounded
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import checked, entries_of
from optionix_core.portfolio.values import LedgerEntry, Posting
from optionix_core.sync.event import Event, Record

DIVIDEND_DECLARED = "dividend.declared"


@dataclass(frozen=True, slots=True)
class CashDividend:
    """One dividend of one share."""

    symbol: str
    per_share: Decimal
    currency: str
    ex_date: date
    """First day on which a buyer does not get it."""
    record_date: date
    pay_date: date
    source: str

    def __post_init__(self) -> None:
        if not self.per_share.is_finite() or self.per_share <= 0:
            raise InvalidValueError("per_share", self.per_share, "finite and above 0")
        if self.pay_date < self.record_date:
            raise InvalidValueError("pay_date", self.pay_date, f"{self.record_date} or later, the record date")

    @property
    def id(self) -> str:
        """Names its event and begins the names of its entries."""
        return f"dividend/{self.symbol}/{self.ex_date}/{decimal_text(self.per_share)}-{self.currency}"


def declared_event(dividend: CashDividend, time: datetime) -> Event:
    """The event of a dividend; its id depends on the dividend alone."""
    return Event(
        dividend.id,
        DIVIDEND_DECLARED,
        time,
        {
            "currency": dividend.currency,
            "ex_date": dividend.ex_date.isoformat(),
            "pay_date": dividend.pay_date.isoformat(),
            "per_share": decimal_text(dividend.per_share),
            "record_date": dividend.record_date.isoformat(),
            "source": dividend.source,
            "symbol": dividend.symbol,
        },
    )


def dividend_of(event: Event) -> CashDividend:
    """The dividend that a `dividend.declared` event tells. Raises IntegrityError where it is malformed."""
    payload = event.payload
    try:
        return CashDividend(
            symbol=fields.text(payload, "symbol"),
            per_share=fields.decimal(payload, "per_share"),
            currency=fields.text(payload, "currency"),
            ex_date=date.fromisoformat(fields.text(payload, "ex_date")),
            record_date=date.fromisoformat(fields.text(payload, "record_date")),
            pay_date=date.fromisoformat(fields.text(payload, "pay_date")),
            source=fields.text(payload, "source"),
        )
    except ValueError as error:
        raise IntegrityError(f"{event.id} is no dividend: {error}") from None


def holders_at(records: Iterable[Record], symbol: str, moment: datetime) -> dict[str, Decimal]:
    """By account, what was held of `symbol` when `moment` began: every entry of an earlier time, and no later one."""
    held: dict[str, Decimal] = {}
    with exact_arithmetic():
        for record in records:
            for entry in entries_of(record.event) if record.event.time < moment else ():
                for leg in entry.postings:
                    if leg.commodity == symbol and leg.account == f"{entry.account}:positions":
                        held[entry.account] = held.get(entry.account, ZERO) + leg.amount
    return {account: quantity for account, quantity in held.items() if quantity}


def amount_of(dividend: CashDividend, quantity: Decimal) -> Decimal:
    """What `quantity` shares (negative: short) receive or owe, in whole smallest units."""
    return rounded(Fraction(quantity) * Fraction(dividend.per_share), dividend.currency)


def ex_entry(dividend: CashDividend, account: str, quantity: Decimal, time: datetime) -> LedgerEntry:
    """On the ex-date: what `quantity` shares, held as it began, are owed; negative for a short."""
    return _entry(dividend, account, quantity, time, "ex", "receivable", "income")


def pay_entry(dividend: CashDividend, account: str, quantity: Decimal, time: datetime) -> LedgerEntry:
    """On the pay date: the same amount, from what was owed into cash (out of it for a short)."""
    return _entry(dividend, account, quantity, time, "paid", "cash", "receivable")


def _entry(
    dividend: CashDividend, account: str, quantity: Decimal, time: datetime, step: str, into: str, out_of: str
) -> LedgerEntry:
    if not quantity.is_finite() or not quantity:
        raise InvalidValueError("quantity", quantity, "finite and not zero")
    amount = amount_of(dividend, quantity)
    if not amount:
        raise InvalidValueError("quantity", quantity, f"owed at least one smallest unit of {dividend.currency}")
    done = {"ex": "owed", "paid": "paid"}[step]
    memo = (
        f"dividend {done} on {decimal_text(quantity)} {dividend.symbol}: {decimal_text(dividend.per_share)} "
        f"{dividend.currency} a share, ex {dividend.ex_date}, record {dividend.record_date}, pay {dividend.pay_date}"
    )
    legs = (
        Posting(f"{account}:{into}", dividend.currency, amount),
        Posting(f"{account}:{out_of}", dividend.currency, amount.copy_negate()),
    )
    return checked(LedgerEntry(f"{dividend.id}/{account}/{step}", time, "dividend", account, memo, legs, dividend.id))
