"""The book as a fold: accounts, cash, lots and P&L out of the log's entries, and out of nothing else.

The fold takes every record of the log in order and keeps what concerns it. Its state has one
canonical byte form: folded from the first record or resumed from any prefix, the bytes are the same.
It can always be thrown away and made again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, DecimalException
from typing import Final, Self, cast

from optionix_core.errors import IntegrityError
from optionix_core.market import symbols
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, add, decimal_text, exact_arithmetic, subtract
from optionix_core.portfolio.flows import Flow
from optionix_core.portfolio.holdings import Holding
from optionix_core.portfolio.ledger import ACCOUNT_OPENED, ENTRY, LOT_METHODS, LOTS_CHOSEN, entry_of
from optionix_core.portfolio.values import (
    AccountState,
    ClosedLot,
    HoldingTotals,
    LedgerEntry,
    LotMethod,
    Move,
    Position,
    Posting,
)
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import EMPTY_HEAD, Event, Head, Json, Record

STATE_VERSION: Final = 2
_CHANGING: Final = frozenset({ENTRY, ACCOUNT_OPENED, LOTS_CHOSEN})

_Since = tuple[datetime, LotMethod]


@dataclass(slots=True)
class _Account:
    venue: str
    currency: str
    holdings: dict[str, Holding] = field(default_factory=dict)
    methods: list[_Since] = field(default_factory=list)
    """From when on which lots are closed first; before the first, first in first out."""
    positions: dict[str, Position] = field(default_factory=dict)
    """Of the holdings that did not move since they were last asked for."""
    open: dict[str, date | None] = field(default_factory=dict)
    """Symbols that are held now, each with the expiry date of an option."""
    realised: dict[str, Decimal] = field(default_factory=dict)
    """By currency, over all holdings."""

    @classmethod
    def of_holdings(cls, venue: str, currency: str, holdings: dict[str, Holding], methods: list[_Since]) -> _Account:
        account = cls(venue, currency, holdings, methods)
        for symbol, holding in holdings.items():
            account.note(symbol, holding, ZERO)
        return account

    def copy(self) -> _Account:
        return _Account(
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
            self.open[symbol] = symbols.terms(symbol).expiry if symbols.is_option(symbol) else None
        if holding.realised != realised:
            change = subtract(holding.realised, realised)
            self.realised[holding.currency] = add(self.realised.get(holding.currency, ZERO), change)

    def position(self, name: str, symbol: str, holding: Holding) -> Position:
        known = self.positions.get(symbol)
        if known is None:
            known = self.positions[symbol] = _position(name, symbol, holding)
        return known

    def method_at(self, time: datetime) -> LotMethod:
        return next((method for since, method in reversed(self.methods) if since <= time), "fifo")


class BookFold:
    """All accounts at one point of the log. Not safe to apply from two threads at once."""

    __slots__ = ("_accounts", "_balances", "_on_close", "_states", "head")

    def __init__(self, on_close: Callable[[ClosedLot], None] | None = None) -> None:
        """`on_close` hears of every lot as it is closed; the state keeps sums alone."""
        self.head: Head = EMPTY_HEAD
        """The last record that is in the state."""
        self._on_close = on_close
        self._accounts: dict[str, _Account] = {}
        self._balances: dict[str, dict[str, Decimal]] = {}
        self._states: dict[str, AccountState] = {}

    def copy(self) -> Self:
        """A fold of its own in the same state, that nobody hears of."""
        accounts = {name: account.copy() for name, account in self._accounts.items()}
        return self._of(self.head, accounts, self.balances())

    @classmethod
    def _of(cls, head: Head, accounts: dict[str, _Account], balances: dict[str, dict[str, Decimal]]) -> Self:
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
        self._accounts[name] = _Account(fields.text(event.payload, "venue"), fields.text(event.payload, "currency"))

    def _choose(self, event: Event) -> None:
        account = self._known(fields.text(event.payload, "account"))
        method = fields.text(event.payload, "method")
        if method not in LOT_METHODS:
            raise IntegrityError(f"no lots are closed by {method}")
        if account.methods and event.time <= account.methods[-1][0]:
            raise IntegrityError(f"lots are chosen since {account.methods[-1][0]} already, after {event.time}")
        account.methods.append((event.time, cast(LotMethod, method)))

    def _known(self, name: str) -> _Account:
        account = self._accounts.get(name)
        if account is None:
            raise IntegrityError(f"account {name} is not open")
        return account

    def _post(self, entry: LedgerEntry) -> None:
        account = self._known(entry.account)
        with exact_arithmetic():
            for move in entry.moves or _plain_move(entry, account):
                self._move(account, move, entry)
            for leg in entry.postings:
                balances = self._balances.setdefault(leg.account, {})
                balances[leg.commodity] = balances.get(leg.commodity, ZERO) + leg.amount

    def _move(self, account: _Account, move: Move, entry: LedgerEntry) -> None:
        holding = account.holdings.get(move.symbol)
        if holding is None:
            holding = account.holdings[move.symbol] = Holding(entry.time, move.currency)
        realised = holding.realised
        closings = holding.move(move, entry.time, account.method_at(entry.time), entry.id)
        account.note(move.symbol, holding, realised)
        if self._on_close is None:
            return
        for item in closings:
            self._on_close(
                ClosedLot(
                    account=entry.account,
                    symbol=move.symbol,
                    lot=item.lot.id,
                    quantity=item.quantity,
                    cost=item.cost,
                    proceeds=item.proceeds,
                    currency=move.currency,
                    opened_at=item.lot.opened_at,
                    closed_at=entry.time,
                    closed_by=entry.id,
                )
            )

    def account(self, name: str) -> AccountState | None:
        """One account as a value; its positions are those that are open. None where it never opened."""
        known = self._states.get(name)
        if known is None:
            account = self._accounts.get(name)
            if account is None:
                return None
            known = self._states[name] = self._state_of(name, account)
        return known

    def _state_of(self, name: str, account: _Account) -> AccountState:
        with exact_arithmetic():
            holdings, realised = account.holdings, account.realised
            positions = tuple([account.position(name, symbol, holdings[symbol]) for symbol in sorted(account.open)])
            return AccountState(
                account=name,
                venue=account.venue,
                currency=account.currency,
                cash=self.balance(f"{name}:cash", account.currency),
                opening_balance=-self.balance(f"{name}:equity", account.currency),
                realised_pnl=realised.get(account.currency, ZERO),
                fees=self.balance(f"{name}:fees", account.currency),
                positions=positions,
                cash_by_currency=self._amounts(f"{name}:cash"),
                receivable=self._amounts(f"{name}:receivable"),
                income=-self.balance(f"{name}:income", account.currency),
                lot_method=account.methods[-1][1] if account.methods else "fifo",
                realised_by_currency=tuple(sorted((key, amount) for key, amount in realised.items() if amount)),
            )

    def _amounts(self, name: str) -> tuple[tuple[str, Decimal], ...]:
        return tuple(sorted([(key, amount) for key, amount in self._balances.get(name, {}).items() if amount]))

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
            name: _Account.of_holdings(
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


def _plain_move(entry: LedgerEntry, account: _Account) -> tuple[Move, ...]:
    """The one move of an entry whose postings say all; none where it moves no instrument."""
    positions, cash_account, fee_account = (f"{entry.account}:{place}" for place in ("positions", "cash", "fees"))
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
    return Position(
        account=name,
        symbol=symbol,
        quantity=sum((lot.quantity for lot in holding.lots), ZERO),
        cost=sum((lot.cost for lot in holding.lots), ZERO),
        realised_pnl=holding.realised,
        fees=holding.fees,
        opened_at=holding.opened_at,
        lots=tuple(holding.lots),
        currency=holding.currency,
    )


def closed_lots(records: Iterable[Record]) -> tuple[ClosedLot, ...]:
    """Every lot that was closed in a whole log, in order: realised P&L lot by lot."""
    found: list[ClosedLot] = []
    fold = BookFold(found.append)
    for record in records:
        fold.apply(record)
    return tuple(found)
