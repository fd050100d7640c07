"""Values of the book. Money and quantities are exact decimals; losses and debits are negative."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from optionix_core.portfolio.exact import exact_arithmetic

EntryKind = Literal[
    "opening",
    "trade",
    "fee",
    "expiry",
    "exercise",
    "assignment",
    "adjustment",
    "deposit",
    "withdrawal",
    "conversion",
    "dividend",
    "interest",
    "corporate-action",
    "transfer",
]
LotMethod = Literal["fifo", "lifo", "specific"]
"""Which open lots a trade closes first: the oldest, the newest, or those that its entry names."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg of an entry: `amount` of `commodity` into `account` (negative: out of it)."""

    account: str
    """Hierarchical, such as `paper-1:cash`, `paper-1:positions`, `paper-1:fees`, `venue:local-sim`."""
    commodity: str
    """A currency code or an instrument's key."""
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LotPick:
    """A lot that a closing trade names, and how much of it."""

    lot: str
    """Id of the entry that opened it."""
    quantity: Decimal
    """Of the lot, without a sign."""


@dataclass(frozen=True, slots=True)
class Move:
    """What an entry does to one instrument, where its postings alone do not say it: several legs, named lots."""

    symbol: str
    quantity: Decimal
    """Signed change of the position."""
    cost: Decimal
    """Signed cash paid for it, fees excluded; of a `carried` move, the cost of the lots that go or come."""
    currency: str
    fee: Decimal = Decimal(0)
    """Its part of the entry's fee."""
    closes: tuple[LotPick, ...] = ()
    """Lots named to be closed; none: as the account's method says."""
    opens: tuple[Lot, ...] = ()
    """Lots that come with their own cost and date (a transfer, a split)."""
    carried: bool = False
    """Whether lots leave at their own cost, so that nothing is realised."""


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
    moves: tuple[Move, ...] = ()
    """None for an entry that moves one instrument at most, whose postings say all."""


@dataclass(frozen=True, slots=True)
class Lot:
    """An open piece of a position. `cost` is signed cash paid (positive for a long)."""

    quantity: Decimal
    cost: Decimal
    opened_at: datetime
    id: str = ""
    """Id of the entry that opened it."""


@dataclass(frozen=True, slots=True)
class ClosedLot:
    """What closing a lot, or a part of one, brought."""

    account: str
    symbol: str
    lot: str
    """Id of the entry that opened it."""
    quantity: Decimal
    """Signed as the lot was: negative for a short one."""
    cost: Decimal
    """Signed cash that was paid for it."""
    proceeds: Decimal
    """Signed cash that came in for it; negative where a short lot was bought back."""
    currency: str
    opened_at: datetime
    closed_at: datetime
    closed_by: str
    """Id of the closing entry."""

    @property
    def realised(self) -> Decimal:
        """Proceeds less cost, fees excluded."""
        with exact_arithmetic():
            return self.proceeds - self.cost


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
class HoldingTotals:
    """Sums of one instrument in one account since it opened, held now or once held. Exact."""

    currency: str
    quantity: Decimal
    cost: Decimal
    """Signed, of what is open, fees excluded."""
    realised: Decimal
    """Fees excluded."""
    fees: Decimal


@dataclass(frozen=True, slots=True)
class AccountState:
    """A fold of the ledger: one account."""

    account: str
    venue: str
    currency: str
    """Of `cash`, `realised_pnl`, `fees` and `income`; other currencies stand beside them."""
    cash: Decimal
    opening_balance: Decimal
    """Paid in less withdrawn, in its currency."""
    realised_pnl: Decimal
    fees: Decimal
    positions: tuple[Position, ...] = field(default=())
    cash_by_currency: tuple[tuple[str, Decimal], ...] = ()
    """Every currency that it holds or owes, by name; nothing is converted without an entry that says so."""
    receivable: tuple[tuple[str, Decimal], ...] = ()
    """By currency: dividends from their ex-date until they are paid; negative: owed on what is short."""
    income: Decimal = Decimal(0)
    """Dividends and interest in its currency, since it opened."""
    lot_method: LotMethod = "fifo"
    realised_by_currency: tuple[tuple[str, Decimal], ...] = ()
