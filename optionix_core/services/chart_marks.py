"""What a chart marks beside its prices: the account's own trades and settlements, expiries and dividends.

Trades and settlements come from the ledger, dividends from what was declared in the log, and past expiries from the
exchange's own calendar of months. Nothing is guessed: an underlying of no known product has no expiries in its past.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market import expirations, symbols
from optionix_core.market.bars import midnight
from optionix_core.market.products import product, roots_of
from optionix_core.portfolio.deliverables import kind_of, label_of, underlying_of
from optionix_core.portfolio.dividends import DIVIDEND_DECLARED, dividend_of
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.ledger import entries_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from optionix_core.portfolio.dividends import CashDividend
    from optionix_core.portfolio.values import LedgerEntry
    from optionix_core.services.workspace import Workspace


class MarkKind(StrEnum):
    """What happened."""

    BUY = "buy"
    SELL = "sell"
    SETTLED = "settled"
    """An option that was held expired, was exercised or assigned."""
    EXPIRY = "expiry"
    DIVIDEND = "dividend"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing at a moment."""

    at: datetime
    kind: MarkKind
    words: str
    """`bought 2 ORBIT 15JAN27 230 C at 3.10`."""
    symbol: str | None = None
    """The instrument's key; None of what is no instrument's."""
    quantity: Decimal | None = None
    """Signed, into the account."""
    price: Decimal | None = None
    """Per unit of the instrument; None where none was paid or the entry does not tell it."""
    day: date | None = None
    """The date itself, of expiries and dividends."""


_ENDED = frozenset({"expiry", "exercise", "assignment"})


class MarkReader:
    """Reads marks of one workspace, of the log only what is new. For one thread at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._read = 0
        self._marks: dict[str, list[Mark]] = {}
        self._dividends: list[CashDividend] = []

    def marks(self, underlying: str, since: datetime, until: datetime) -> tuple[Mark, ...]:
        """Everything of an underlying from `since` up to `until`, in order of time."""
        self._follow()
        told = [mark for mark in self._marks.get(underlying, ()) if since <= mark.at <= until]
        told += monthly_expiries(underlying, since, until)
        return tuple(sorted(told, key=lambda mark: (mark.at, mark.kind, mark.words)))

    def declared(self, underlyings: Collection[str], now: datetime) -> tuple[CashDividend, ...]:
        """Declared dividends of underlyings that are ex today or later, the nearest first."""
        self._follow()
        found = [one for one in self._dividends if one.symbol in underlyings and one.ex_date >= now.date()]
        return tuple(sorted(found, key=lambda one: (one.ex_date, one.symbol, one.per_share)))

    def _follow(self) -> None:
        store = self._workspace.store
        head = store.head().seq
        if head <= self._read:
            return
        for record in store.read(self._read):
            if record.event.type == DIVIDEND_DECLARED:
                dividend = dividend_of(record.event)
                self._dividends.append(dividend)
                words = f"{dividend.symbol} ex-dividend {dividend.per_share:f} {dividend.currency}"
                mark = Mark(
                    midnight(dividend.ex_date),
                    MarkKind.DIVIDEND,
                    words,
                    dividend.symbol,
                    price=dividend.per_share,
                    day=dividend.ex_date,
                )
                self._marks.setdefault(dividend.symbol, []).append(mark)
            for entry in entries_of(record.event):
                if entry.account == self._workspace.account:
                    for name, told in _of_entry(entry):
                        self._marks.setdefault(name, []).append(told)
            self._read = record.seq


def monthly_expiries(underlying: str, since: datetime, until: datetime) -> list[Mark]:
    """The standard expiry of each month from `since` to `until`, as the exchange's calendar has it."""
    root = next(iter(roots_of(underlying)), underlying)
    found = []
    year, month = since.year, since.month
    while (year, month) <= (until.year, until.month):
        with suppress(InvalidValueError, MissingDataError, UnknownNameError):
            day = expirations.monthly(year, month, root).expiry
            if since <= midnight(day) <= until:
                found.append(Mark(midnight(day), MarkKind.EXPIRY, f"{root} expiry {day:%d %b %y}", day=day))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def _of_entry(entry: LedgerEntry) -> list[tuple[str, Mark]]:
    if entry.kind != "trade" and entry.kind not in _ENDED:
        return []
    held = f"{entry.account}:positions"
    quantities: dict[str, Decimal] = {}
    with exact_arithmetic():
        for leg in entry.postings:
            if leg.account == held:
                quantities[leg.commodity] = quantities.get(leg.commodity, ZERO) + leg.amount
    found = []
    for symbol, quantity in quantities.items():
        if not quantity or kind_of(symbol) == "claim":
            continue
        label, size = label_of(symbol), f"{abs(quantity):f}"
        if entry.kind in _ENDED:
            kind, words, price = MarkKind.SETTLED, f"{entry.kind} of {size} {label}", None
        else:
            price = _price(entry, symbol, quantity, alone=len(quantities) == 1)
            kind = MarkKind.BUY if quantity > 0 else MarkKind.SELL
            paid = "" if price is None else f" at {price:f}"
            words = f"{'bought' if quantity > 0 else 'sold'} {size} {label}{paid}"
        found.append((underlying_of(symbol), Mark(entry.time, kind, words, symbol, quantity, price)))
    return found


def _price(entry: LedgerEntry, symbol: str, quantity: Decimal, *, alone: bool) -> Decimal | None:
    """What a unit cost, fees excluded; None where the entry or the product does not tell."""
    costs = [move.cost for move in entry.moves if move.symbol == symbol]
    if not costs and alone:
        venue = [leg for leg in entry.postings if leg.account.startswith("venue:") and leg.commodity != symbol]
        costs = [leg.amount for leg in venue]
    if not costs:
        return None
    multiplier = Decimal(1)
    if kind_of(symbol) == "option":
        known = product(symbols.terms(symbol).root)
        if known.adjusted:
            return None
        multiplier = known.multiplier
    with exact_arithmetic():
        paid = sum(costs, ZERO)
    return (paid / (quantity * multiplier)).quantize(Decimal("0.0001")).normalize()
