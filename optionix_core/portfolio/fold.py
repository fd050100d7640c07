"""The book as a fold: accounts, cash, lots and P&L out of the log's entries, and out of nothing else.

The fold takes every record of the log in order and keeps what concerns it. Its state has one
canonical byte form: folded from the first record or resumed from any prefix, the bytes are the same.
It can always be thrown away and made again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from typing import Final, Self, cast

from optionix_core.errors import IntegrityError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.flows import Flow, RecentFlows
from optionix_core.portfolio.ledger import ACCOUNT_OPENED, ENTRY, entry_of
from optionix_core.portfolio.lots import trade_lots
from optionix_core.portfolio.values import AccountState, LedgerEntry, Lot, Position
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import EMPTY_HEAD, Event, Head, Json, Record

STATE_VERSION: Final = 1


@dataclass(slots=True)
class _Holding:
    """One instrument in one account, held now or once held."""

    opened_at: datetime
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    lots: list[Lot] = field(default_factory=list)
    flows: RecentFlows = field(default_factory=RecentFlows)

    def state(self) -> dict[str, Json]:
        return {
            "fees": decimal_text(self.fees),
            "flows": {
                str(key): [decimal_text(flow.quantity), decimal_text(flow.cash), decimal_text(flow.fees)]
                for key, flow in self.flows.buckets.items()
            },
            "lots": [
                [decimal_text(lot.quantity), decimal_text(lot.cost), time_text(lot.opened_at)] for lot in self.lots
            ],
            "opened_at": time_text(self.opened_at),
            "realised": decimal_text(self.realised),
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Json]) -> Self:
        lots = cast("list[list[str]]", state["lots"])
        flows = cast("dict[str, list[str]]", state["flows"])
        return cls(
            opened_at=fields.moment(state, "opened_at"),
            realised=fields.decimal(state, "realised"),
            fees=fields.decimal(state, "fees"),
            lots=[
                Lot(Decimal(quantity), Decimal(cost), datetime.fromisoformat(opened).astimezone(UTC))
                for quantity, cost, opened in lots
            ],
            flows=RecentFlows({int(key): Flow(*map(Decimal, numbers)) for key, numbers in flows.items()}),
        )


@dataclass(slots=True)
class _Account:
    venue: str
    currency: str
    holdings: dict[str, _Holding] = field(default_factory=dict)


class BookFold:
    """All accounts at one point of the log. Not safe to apply from two threads at once."""

    __slots__ = ("_accounts", "_balances", "head")

    def __init__(self) -> None:
        self.head: Head = EMPTY_HEAD
        """The last record that is in the state."""
        self._accounts: dict[str, _Account] = {}
        self._balances: dict[str, dict[str, Decimal]] = {}

    def apply(self, record: Record) -> None:
        """Take the next record. Raises IntegrityError where it is not the next or its entry is wrong."""
        if record.seq != self.head.seq + 1:
            raise IntegrityError(f"expected sequence {self.head.seq + 1}", record.seq)
        event = record.event
        try:
            if event.type == ENTRY:
                self._post(entry_of(event))
            elif event.type == ACCOUNT_OPENED:
                self._open(event)
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

    def _post(self, entry: LedgerEntry) -> None:
        account = self._accounts.get(entry.account)
        if account is None:
            raise IntegrityError(f"account {entry.account} is not open")
        with exact_arithmetic():
            cash = fee = ZERO
            held: list[tuple[str, Decimal]] = []
            for leg in entry.postings:
                if leg.account == f"{entry.account}:positions":
                    held.append((leg.commodity, leg.amount))
                elif leg.account == f"{entry.account}:cash" and leg.commodity == account.currency:
                    cash -= leg.amount
                elif leg.account == f"{entry.account}:fees" and leg.commodity == account.currency:
                    fee += leg.amount
            if len(held) > 1:
                raise IntegrityError(f"an entry moves one instrument, this one {len(held)}")
            for symbol, quantity in held:
                self._trade(account, symbol, quantity, cash - fee, fee, entry.time)
            for leg in entry.postings:
                balances = self._balances.setdefault(leg.account, {})
                balances[leg.commodity] = balances.get(leg.commodity, ZERO) + leg.amount

    @staticmethod
    def _trade(account: _Account, symbol: str, quantity: Decimal, cash: Decimal, fee: Decimal, time: datetime) -> None:
        holding = account.holdings.get(symbol)
        if holding is None:
            holding = account.holdings[symbol] = _Holding(time)
        was = holding.lots[0].quantity if holding.lots else ZERO
        holding.realised += trade_lots(holding.lots, quantity, cash, time)
        holding.fees += fee
        holding.flows.add(time, Flow(quantity, cash, fee))
        now = holding.lots[0].quantity if holding.lots else ZERO
        if (now and (was > 0) != (now > 0)) or not was:
            holding.opened_at = time

    def account(self, name: str) -> AccountState | None:
        """One account as a value; its positions are those that are open. None where it never opened."""
        account = self._accounts.get(name)
        if account is None:
            return None
        with exact_arithmetic():
            positions = tuple(
                self._position(name, account.currency, symbol, holding)
                for symbol, holding in sorted(account.holdings.items())
                if holding.lots
            )
            return AccountState(
                account=name,
                venue=account.venue,
                currency=account.currency,
                cash=self.balance(f"{name}:cash", account.currency),
                opening_balance=-self.balance(f"{name}:equity", account.currency),
                realised_pnl=sum((holding.realised for holding in account.holdings.values()), ZERO),
                fees=self.balance(f"{name}:fees", account.currency),
                positions=positions,
            )

    @staticmethod
    def _position(name: str, currency: str, symbol: str, holding: _Holding) -> Position:
        return Position(
            account=name,
            symbol=symbol,
            quantity=sum((lot.quantity for lot in holding.lots), ZERO),
            cost=sum((lot.cost for lot in holding.lots), ZERO),
            realised_pnl=holding.realised,
            fees=holding.fees,
            opened_at=holding.opened_at,
            lots=tuple(holding.lots),
            currency=currency,
        )

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
            name: _Account(
                fields.text(account, "venue"),
                fields.text(account, "currency"),
                {
                    symbol: _Holding.of_state(cast("dict[str, Json]", holding))
                    for symbol, holding in fields.mapping(account, "holdings").items()
                },
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
