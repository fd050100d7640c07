"""Cash in and out of an account that no trade brings: deposits, withdrawals, fees, interest, adjustments.

Every one is a double entry against the account that says why. What is paid in or out is equity, so that it never
looks like a gain; interest is income; an adjustment needs a memo that says what it puts right, and stands in an
account of its own for an auditor to find. Refuses amounts with more digits than the currency has.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.currency_units import rounded
from optionix_core.portfolio.exact import decimal_text
from optionix_core.portfolio.ledger import checked
from optionix_core.portfolio.values import EntryKind, LedgerEntry, Posting


def deposit_entry(
    *, entry_id: str, account: str, currency: str, amount: Decimal, time: datetime, cause: str | None = None
) -> LedgerEntry:
    """`amount`, above zero, paid into an account."""
    _positive(amount, currency)
    memo = f"deposit of {decimal_text(amount)} {currency}"
    return _flow("deposit", entry_id, account, currency, amount, "equity", memo, time, cause)


def withdrawal_entry(
    *, entry_id: str, account: str, currency: str, amount: Decimal, time: datetime, cause: str | None = None
) -> LedgerEntry:
    """`amount`, above zero, paid out of an account. Whether it has the cash is for the caller to ask the book."""
    _positive(amount, currency)
    memo = f"withdrawal of {decimal_text(amount)} {currency}"
    return _flow("withdrawal", entry_id, account, currency, amount.copy_negate(), "equity", memo, time, cause)


def fee_entry(
    *, entry_id: str, account: str, currency: str, amount: Decimal, memo: str, time: datetime, cause: str | None = None
) -> LedgerEntry:
    """A fee, above zero, that belongs to no trade: data, custody, a wire."""
    _positive(amount, currency)
    return _flow("fee", entry_id, account, currency, amount.copy_negate(), "fees", _said(memo), time, cause)


def interest_entry(
    *, entry_id: str, account: str, currency: str, amount: Decimal, memo: str, time: datetime, cause: str | None = None
) -> LedgerEntry:
    """Interest on cash: `amount` received, negative where it is paid. `interest.on_cash` makes amount and memo."""
    _whole_units(amount, currency)
    return _flow("interest", entry_id, account, currency, amount, "income", _said(memo), time, cause)


def adjustment_entry(
    *, entry_id: str, account: str, currency: str, amount: Decimal, memo: str, time: datetime, cause: str | None = None
) -> LedgerEntry:
    """A correction by hand: `amount` signed into cash; the memo, which must not be empty, says what it puts right."""
    _whole_units(amount, currency)
    return _flow("adjustment", entry_id, account, currency, amount, "adjustments", _said(memo), time, cause)


def _flow(
    kind: EntryKind,
    entry_id: str,
    account: str,
    currency: str,
    amount: Decimal,
    against: str,
    memo: str,
    time: datetime,
    cause: str | None,
) -> LedgerEntry:
    legs = (
        Posting(f"{account}:cash", currency, amount),
        Posting(f"{account}:{against}", currency, amount.copy_negate()),
    )
    return checked(LedgerEntry(entry_id, time, kind, account, memo, legs, cause))


def _said(memo: str) -> str:
    if not memo.strip():
        raise InvalidValueError("memo", repr(memo), "a sentence that says why")
    return memo


def _positive(amount: Decimal, currency: str) -> None:
    if not amount.is_finite() or amount <= 0:
        raise InvalidValueError("amount", amount, "finite and above 0")
    _whole_units(amount, currency)


def _whole_units(amount: Decimal, currency: str) -> None:
    if not amount.is_finite() or not amount:
        raise InvalidValueError("amount", amount, "finite and not zero")
    if rounded(amount, currency) != amount:
        raise InvalidValueError("amount", amount, f"in whole smallest units of {currency}")
