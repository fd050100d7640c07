"""The book as a fold: accounts, cash, lots and P&L out of the log's entries, and out of nothing else.

The fold takes every record of the log in order and keeps what concerns it. Its state has one
canonical byte form: folded from the first record or resumed from any prefix, the bytes are the same.
It can always be thrown away and made again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, DecimalException
from typing import Final, Self, cast

from optionix_core.errors import IntegrityError
from optionix_core.portfolio import fields
from optionix_core.portfolio.book_account import BookAccount, plain_move
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.flows import Flow
from optionix_core.portfolio.holdings import Holding
from optionix_core.portfolio.ledger import ACCOUNT_OPENED, ENTRY, LOT_METHODS, LOTS_CHOSEN, entry_of
from optionix_core.portfolio.trades import Trade, carries_trades, trades_of
from optionix_core.portfolio.values import (
    AccountState,
    ClosedLot,
    HoldingTotals,
    LedgerEntry,
    LotMethod,
    Move,
)
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import EMPTY_HEAD, Event, Head, Json, Record

STATE_VERSION: Final = 2
_CHANGING: Final = frozenset({ENTRY, ACCOUNT_OPENED, LOTS_CHOSEN})


class BookFold:
    """All accounts at one point of the log. Not safe to apply from two threads at once."""

    __slots__ = ("_accounts", "_balances", "_on_close", "_states", "head")

    def __init__(self, on_close: Callable[[ClosedLot], None] | None = None) -> None:
        """`on_close` hears of every lot as it is closed; the state keeps sums alone."""
        self.head: Head = EMPTY_HEAD
        """The last record that is in the state."""
        self._on_close = on_close
        self._accounts: dict[str, BookAccount] = {}
        self._balances: dict[str, dict[str, Decimal]] = {}
        self._states: dict[str, AccountState] = {}

    def copy(self) -> Self:
        """A fold of its own in the same state, that nobody hears of."""
        accounts = {name: account.copy() for name, account in self._accounts.items()}
        return self._of(self.head, accounts, self.balances())

    @classmethod
    def _of(cls, head: Head, accounts: dict[str, BookAccount], balances: dict[str, dict[str, Decimal]]) -> Self:
        fold = cls()
        fold.head, fold._accounts, fold._balances = head, accounts, balances
        return fold

    def apply(self, record: Record) -> None:
        """Take the next record. Raises IntegrityError where it is not the next or its entry is wrong."""
        if record.seq != self.head.seq + 1:
            raise IntegrityError(f"expected sequence {self.head.seq + 1}", record.seq)
        event = record.event
        if event.type in _CHANGING:
            self._states = {}
        try:
            if event.type == ENTRY:
                self._post(entry_of(event))
            elif carries_trades(event):
                for trade in trades_of(event):
                    self.trade(trade)
            elif event.type == ACCOUNT_OPENED:
                self._open(event)
            elif event.type == LOTS_CHOSEN:
                self._choose(event)
        except IntegrityError as error:
            raise IntegrityError(f"{event.id}: {error.reason}", record.seq) from error
        except DecimalException as error:
            raise IntegrityError(f"{event.id}: not exact ({type(error).__name__})", record.seq) from error
        self.head = Head(record.seq, record.hash)

    def _open(self, event: Event) -> None:
        name = fields.text(event.payload, "account")
        if name in self._accounts:
            raise IntegrityError(f"account {name} is opened twice")
        self._accounts[name] = BookAccount(
            name, fields.text(event.payload, "venue"), fields.text(event.payload, "currency")
        )

    def _choose(self, event: Event) -> None:
        account = self._known(fields.text(event.payload, "account"))
        method = fields.text(event.payload, "method")
        if method not in LOT_METHODS:
            raise IntegrityError(f"no lots are closed by {method}")
        if account.methods and event.time <= account.methods[-1][0]:
            raise IntegrityError(f"lots are chosen since {account.methods[-1][0]} already, after {event.time}")
        account.methods.append((event.time, cast(LotMethod, method)))

    def _known(self, name: str) -> BookAccount:
        account = self._accounts.get(name)
        if account is None:
            raise IntegrityError(f"account {name} is not open")
        return account

    def _post(self, entry: LedgerEntry) -> None:
        account = self._known(entry.account)
        with exact_arithmetic():
            for move in entry.moves or plain_move(entry, account):
                self._move(account, move, entry.time, entry.id)
            for leg in entry.postings:
                self._add(leg.account, leg.commodity, leg.amount)

    def trade(self, trade: Trade) -> None:
        """Take a trade that a record tells: as its ledger entry, without making it."""
        account = self._known(trade.account)
        self._states.pop(trade.account, None)
        quantity, cash, fee, currency = trade.quantity, trade.cash, trade.fee, trade.currency
        with exact_arithmetic():
            move = Move(trade.symbol, quantity, cash, currency, fee)
            self._move(account, move, trade.time, trade.entry_id)
            venue = f"venue:{trade.venue}"
            self._add(account.positions_name, trade.symbol, quantity)
            self._add(venue, trade.symbol, -quantity)
            if cash:
                self._add(account.cash_name, currency, -cash)
                self._add(venue, currency, cash)
            if fee:
                self._add(account.cash_name, currency, -fee)
                self._add(account.fees_name, currency, fee)

    def _add(self, account: str, commodity: str, amount: Decimal) -> None:
        balances = self._balances.get(account)
        if balances is None:
            balances = self._balances[account] = {}
        balances[commodity] = balances.get(commodity, ZERO) + amount

    def _move(self, account: BookAccount, move: Move, time: datetime, entry_id: str) -> None:
        holding = account.holdings.get(move.symbol)
        if holding is None:
            holding = account.holdings[move.symbol] = Holding(time, move.currency)
        realised = holding.realised
        closings = holding.move(move, time, account.method_at(time), entry_id)
        account.note(move.symbol, holding, realised)
        if self._on_close is None:
            return
        for item in closings:
            self._on_close(
                ClosedLot(
                    account=account.name,
                    symbol=move.symbol,
                    lot=item.lot.id,
                    quantity=item.quantity,
                    cost=item.cost,
                    proceeds=item.proceeds,
                    currency=move.currency,
                    opened_at=item.lot.opened_at,
                    closed_at=time,
                    closed_by=entry_id,
                )
            )

    def account(self, name: str) -> AccountState | None:
        """One account as a value; its positions are those that are open. None where it never opened."""
        known = self._states.get(name)
        if known is None:
            account = self._accounts.get(name)
            if account is None:
                return None
            known = self._states[name] = self._state_of(account)
        return known

    def _state_of(self, account: BookAccount) -> AccountState:
        currency, realised = account.currency, account.realised
        cash = self._balances.get(account.cash_name, {})
        return AccountState(
            account=account.name,
            venue=account.venue,
            currency=currency,
            cash=cash.get(currency, ZERO),
            opening_balance=self.balance(account.equity_name, currency).copy_negate(),
            realised_pnl=realised.get(currency, ZERO),
            fees=self.balance(account.fees_name, currency),
            positions=account.open_positions(),
            cash_by_currency=_amounts(cash),
            receivable=_amounts(self._balances.get(account.receivable_name, {})),
            income=self.balance(account.income_name, currency).copy_negate(),
            lot_method=account.methods[-1][1] if account.methods else "fifo",
            realised_by_currency=_amounts(realised),
        )

    def first_expiry(self, venue: str) -> date | None:
        """The earliest expiry date among the open options of all accounts of a venue; None where there is none."""
        dates = [
            expiry
            for account in self._accounts.values()
            if account.venue == venue
            for expiry in account.open.values()
            if expiry is not None
        ]
        return min(dates, default=None)

    def lot_method(self, name: str, time: datetime) -> LotMethod:
        """Which lots an account closes first at `time`. IntegrityError where it never opened."""
        return self._known(name).method_at(time)

    def lots_chosen_at(self, name: str) -> datetime | None:
        """From when on an account's last choice of lots holds; None where it never chose."""
        methods = self._known(name).methods
        return methods[-1][0] if methods else None

    def accounts(self) -> tuple[AccountState, ...]:
        """All accounts, by name."""
        return tuple(state for name in sorted(self._accounts) if (state := self.account(name)) is not None)

    def venue_of(self, name: str) -> str | None:
        """The venue that an account is bound to; None where it never opened."""
        account = self._accounts.get(name)
        return None if account is None else account.venue

    def balance(self, account: str, commodity: str) -> Decimal:
        """What a ledger account (`paper-1:cash`) holds of a commodity."""
        return self._balances.get(account, {}).get(commodity, ZERO)

    def balances(self) -> dict[str, dict[str, Decimal]]:
        """All ledger accounts and what they hold; each commodity sums to zero over all of them."""
        return {account: dict(amounts) for account, amounts in self._balances.items()}

    def traded(self, account: str) -> tuple[str, ...]:
        """Every instrument that an account holds or once held."""
        known = self._accounts.get(account)
        return () if known is None else tuple(sorted(known.holdings))

    def totals(self, account: str) -> dict[str, HoldingTotals]:
        """By symbol, everything that an account holds or once held; empty where it never opened."""
        known = self._accounts.get(account)
        with exact_arithmetic():
            return {
                symbol: HoldingTotals(
                    currency=item.currency,
                    quantity=sum((lot.quantity for lot in item.lots), ZERO),
                    cost=sum((lot.cost for lot in item.lots), ZERO),
                    realised=item.realised,
                    fees=item.fees,
                )
                for symbol, item in sorted(({} if known is None else known.holdings).items())
            }

    def currency_of(self, account: str, symbol: str) -> str | None:
        """In which currency an account holds, or once held, an instrument; None where it never did."""
        known = self._accounts.get(account)
        holding = None if known is None else known.holdings.get(symbol)
        return None if holding is None else holding.currency

    def flow_since(self, account: str, moment: datetime) -> dict[str, Flow]:
        """By symbol, what an account traded at or after `moment`, see RecentFlows.since."""
        known = self._accounts.get(account)
        return {} if known is None else {name: item.flows.since(moment) for name, item in known.holdings.items()}

    def state(self) -> dict[str, Json]:
        """The state as plain JSON values."""
        return {
            "accounts": {
                name: {
                    "currency": account.currency,
                    "holdings": {symbol: holding.state() for symbol, holding in account.holdings.items()},
                    "methods": [[time_text(since), method] for since, method in account.methods],
                    "venue": account.venue,
                }
                for name, account in self._accounts.items()
            },
            "balances": {
                name: {commodity: decimal_text(amount) for commodity, amount in amounts.items()}
                for name, amounts in self._balances.items()
            },
            "hash": self.head.hash.hex(),
            "seq": self.head.seq,
            "version": STATE_VERSION,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Json]) -> Self:
        """The fold whose `state` it is. Raises IntegrityError for a state of another version."""
        fields.expect_version(state, STATE_VERSION, "book state")
        fold = cls()
        fold.head = Head(fields.integer(state, "seq"), bytes.fromhex(fields.text(state, "hash")))
        balances = cast("dict[str, dict[str, str]]", state["balances"])
        fold._balances = {
            name: {commodity: Decimal(amount) for commodity, amount in amounts.items()}
            for name, amounts in balances.items()
        }
        accounts = cast("dict[str, dict[str, Json]]", state["accounts"])
        fold._accounts = {
            name: BookAccount.of_holdings(
                name,
                fields.text(account, "venue"),
                fields.text(account, "currency"),
                {
                    symbol: Holding.of_state(cast("dict[str, Json]", holding))
                    for symbol, holding in fields.mapping(account, "holdings").items()
                },
                [
                    (datetime.fromisoformat(since).astimezone(UTC), method)
                    for since, method in cast("list[tuple[str, LotMethod]]", account["methods"])
                ],
            )
            for name, account in accounts.items()
        }
        return fold

    def to_bytes(self) -> bytes:
        """The canonical bytes of the whole state."""
        return json.dumps(self.state(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The state that `to_bytes` wrote. Raises IntegrityError for anything else."""
        try:
            state = json.loads(data)
        except ValueError as error:
            raise IntegrityError(f"book state is no JSON: {error}") from None
        if not isinstance(state, dict):
            raise IntegrityError("book state is no JSON object")
        return cls.of_state(state)


def _amounts(balances: Mapping[str, Decimal]) -> tuple[tuple[str, Decimal], ...]:
    found = [(key, amount) for key, amount in balances.items() if amount]
    found.sort()
    return tuple(found)


def closed_lots(records: Iterable[Record]) -> tuple[ClosedLot, ...]:
    """Every lot that was closed in a whole log, in order: realised P&L lot by lot."""
    found: list[ClosedLot] = []
    fold = BookFold(found.append)
    for record in records:
        fold.apply(record)
    return tuple(found)
