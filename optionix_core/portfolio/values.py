"""Values of the book. Money and quantities are exact decimals; losses and debits are negative."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

EntryKind = Literal["opening", "trade", "fee", "expiry", "exercise", "assignment", "adjustment"]


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg of an entry: `amount` of `commodity` into `account` (negative: out of it)."""

    account: str
    """Hierarchical, such as `paper-1:cash`, `paper-1:positions`, `paper-1:fees`, `venue:local-sim`."""
    commodity: str
    """A currency code or an instrument's key."""
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A double entry: the postings of every commodity sum to exactly zero."""

    id: str
    time: datetime
    kind: EntryKind
    account: str
    """The trading account that it belongs to."""
    memo: str
    postings: tuple[Posting, ...]
    cause: str | None = None
    """Id of the event that caused it."""


@dataclass(frozen=True, slots=True)
class Lot:
    """An open piece of a position, first in first out. `cost` is signed cash paid (positive for a long)."""

    quantity: Decimal
    cost: Decimal
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """A fold of the ledger: what an account holds of one instrument."""

    account: str
    symbol: str
    quantity: Decimal
    """Contracts; negative when short."""
    cost: Decimal
    """Signed cash paid for what is open, multiplier included, fees excluded."""
    realised_pnl: Decimal
    """Of what was closed, fees excluded."""
    fees: Decimal
    opened_at: datetime
    lots: tuple[Lot, ...] = ()
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class AccountState:
    """A fold of the ledger: one account."""

    account: str
    venue: str
    currency: str
    cash: Decimal
    opening_balance: Decimal
    realised_pnl: Decimal
    fees: Decimal
    positions: tuple[Position, ...] = field(default=())
