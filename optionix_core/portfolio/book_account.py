"""One trading account inside the book: its holdings, and what is remembered of them between two questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from optionix_core.errors import IntegrityError
from optionix_core.market import symbols
from optionix_core.portfolio.exact import ZERO, add, subtract
from optionix_core.portfolio.holdings import Holding
from optionix_core.portfolio.values import LedgerEntry, LotMethod, Move, Position, Posting

Since = tuple[datetime, LotMethod]


@dataclass(slots=True)
class BookAccount:
    """Mutable; the fold that it belongs to keeps its cash."""

    name: str
    venue: str
    currency: str
    holdings: dict[str, Holding] = field(default_factory=dict)
    """Held now or once held, by symbol."""
    methods: list[Since] = field(default_factory=list)
    """From when on which lots are closed first; before the first, first in first out."""
    positions: dict[str, Position] = field(default_factory=dict)
    """Of the holdings that did not move since they were last asked for."""
    open: dict[str, date | None] = field(default_factory=dict)
    """Symbols that are held now, each with the expiry date of an option."""
    realised: dict[str, Decimal] = field(default_factory=dict)
    """By currency, over all holdings."""
    cash_name: str = field(init=False)
    """Of its ledger accounts, as the five below."""
    positions_name: str = field(init=False)
    fees_name: str = field(init=False)
    equity_name: str = field(init=False)
    income_name: str = field(init=False)
    receivable_name: str = field(init=False)

    def __post_init__(self) -> None:
        for place in ("cash", "positions", "fees", "equity", "income", "receivable"):
            setattr(self, f"{place}_name", f"{self.name}:{place}")

    @classmethod
    def of_holdings(
        cls, name: str, venue: str, currency: str, holdings: dict[str, Holding], methods: list[Since]
    ) -> BookAccount:
        """The account as a kept state tells it."""
        account = cls(name, venue, currency, holdings, methods)
        for symbol, holding in holdings.items():
            account.note(symbol, holding, ZERO)
        return account

    def copy(self) -> BookAccount:
        """One of its own in the same state."""
        return BookAccount(
            self.name,
            self.venue,
            self.currency,
            {symbol: holding.copy() for symbol, holding in self.holdings.items()},
            list(self.methods),
            dict(self.positions),
            dict(self.open),
            dict(self.realised),
        )

    def note(self, symbol: str, holding: Holding, realised: Decimal) -> None:
        """A holding has moved, and had realised so much before."""
        self.positions.pop(symbol, None)
        if not holding.lots:
            self.open.pop(symbol, None)
        elif symbol not in self.open:
            self.open[symbol] = _expiry_of(symbol)
        if holding.realised is not realised:
            change = subtract(holding.realised, realised)
            self.realised[holding.currency] = add(self.realised.get(holding.currency, ZERO), change)

    def open_positions(self) -> tuple[Position, ...]:
        """What is held now, by symbol."""
        known = self.positions
        for symbol in self.open:
            if symbol not in known:
                known[symbol] = _position(self.name, symbol, self.holdings[symbol])
        return tuple([known[symbol] for symbol in sorted(self.open)])

    def method_at(self, time: datetime) -> LotMethod:
        """Which lots are closed first at a moment."""
        for since, method in reversed(self.methods):
            if since <= time:
                return method
        return "fifo"


@lru_cache(maxsize=4096)
def _expiry_of(symbol: str) -> date | None:
    return symbols.terms(symbol).expiry if symbols.is_option(symbol) else None


def plain_move(entry: LedgerEntry, account: BookAccount) -> tuple[Move, ...]:
    """The one move of an entry whose postings say all; none where it moves no instrument."""
    positions, cash_account, fee_account = account.positions_name, account.cash_name, account.fees_name
    held: list[Posting] = []
    cash: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    for leg in entry.postings:
        if leg.account == positions:
            held.append(leg)
        elif leg.account == cash_account:
            cash[leg.commodity] = cash.get(leg.commodity, ZERO) - leg.amount
        elif leg.account == fee_account:
            fees[leg.commodity] = fees.get(leg.commodity, ZERO) + leg.amount
    if not held:
        return ()
    if len(held) > 1:
        raise IntegrityError(f"an entry moves one instrument, this one {len(held)}")
    if len(cash) > 1:
        raise IntegrityError(f"an entry moves cash of one currency, this one {', '.join(sorted(cash))}")
    symbol, quantity = held[0].commodity, held[0].amount
    known = account.holdings.get(symbol)
    currency = next(iter(cash), account.currency if known is None else known.currency)
    fee = fees.get(currency, ZERO)
    return (Move(symbol, quantity, cash.get(currency, ZERO) - fee, currency, fee),)


def _position(name: str, symbol: str, holding: Holding) -> Position:
    quantity, cost = ZERO, ZERO
    for lot in holding.lots:
        quantity, cost = add(quantity, lot.quantity), add(cost, lot.cost)
    return Position(
        name,
        symbol,
        quantity,
        cost,
        holding.realised,
        holding.fees,
        holding.opened_at,
        tuple(holding.lots),
        holding.currency,
    )
