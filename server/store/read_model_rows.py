"""What records of a stream do to the rows of its tables: a fold of its own beside the desk's.

The tables are `positions`, `trades`, `orders` and `limits`. A trade that turns a position round is two: it closes what
was held and opens the rest; its fee stands at the first. An exercise or an assignment is told at the strike, an expiry
at what it settled for. Nothing here reads a price: what a position is worth now is for `read_models.mark`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID, uuid5

from optionix_core.market import symbols
from optionix_core.market.products import Symbology
from optionix_core.portfolio.deliverables import kind_of
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import ENTRY, entry_of
from optionix_core.trading.facts import facts_of
from optionix_core.trading.limit_board import LimitLevel, key_of_text
from optionix_core.trading.limit_records import REMOVED, SET
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import (
    END_STATES,
    FILLED,
    INTENT,
    end_of,
    fill_of,
    fill_side,
    intent_of,
    intent_payload,
)
from server.store.names import position_id

if TYPE_CHECKING:
    from optionix_core.portfolio.values import LedgerEntry
    from optionix_core.services.desk import Desk
    from optionix_core.sync.event import Event, Record
    from optionix_core.trading.limit_board import LimitKey, SetLimit

Multiplier = Callable[[str], Decimal]
"""Of an instrument: what one of it costs, over its price."""
Row = dict[str, Any]

_PLACES: Final = Decimal("1e-10")
_OF_ORDERS: Final = frozenset({INTENT, FILLED, *END_STATES})
_EXERCISED: Final = frozenset({"exercise", "assignment"})


class Drained(NamedTuple):
    """Rows that changed."""

    positions: list[Row]
    trades: list[Row]
    orders: list[Row]
    limits: list[Row]
    no_limits: list[Row]
    """Keys of limits that are in force no more."""


class Key(NamedTuple):
    """A position: what an account holds of an instrument."""

    account: str
    symbol: str


def standard_multiplier(symbol: str) -> Decimal:
    """100 for a listed option, 1 for everything else."""
    if kind_of(symbol) == "option" and symbols.terms(symbol).symbology is Symbology.OSI:
        return Decimal(100)
    return Decimal(1)


class RowFold:
    """Takes records in order and gathers the rows that they change, until they are taken out by `drain`."""

    def __init__(
        self,
        stream: UUID,
        user: UUID,
        desk: Desk,
        multiplier: Multiplier,
        known: Callable[[str], Mapping[str, Any] | None],
    ) -> None:
        """`desk` stands where the rows do; `known` is the document of an order that has a row."""
        self._stream, self._user = stream, user
        self.desk = desk
        self._multiplier = multiplier
        self._known = known
        self._trades: list[Row] = []
        self._touched: dict[Key, tuple[datetime, int]] = {}
        self._orders: dict[str, Row] = {}
        self._limits: dict[LimitKey, Row | None] = {}

    def take(self, record: Record) -> None:
        """Take the next record. Raises IntegrityError where it is none that follows."""
        told = facts_of(record.event)
        held: dict[Key, Decimal] = {}
        for event in told:
            if event.type == FILLED:
                self._filled(event, record.seq, held)
            elif event.type == ENTRY:
                self._entered(event, record.seq, held)
            if event.type in _OF_ORDERS:
                self._ordered(event, record.seq)
        self.desk.take(record)
        name = record.event.payload.get("client_order_id")
        if isinstance(name, str):
            self._standing(name, record)
        if record.event.type in (SET, REMOVED):
            self._limited(record.event)

    def drain(self) -> Drained:
        """What changed since the last time."""
        positions = [self._position(key, *since) for key, since in self._touched.items()]
        in_force = [row for row in self._limits.values() if row is not None]
        gone = [self._named(key) for key, row in self._limits.items() if row is None]
        found = Drained(positions, self._trades, list(self._orders.values()), in_force, gone)
        self._touched, self._trades, self._orders, self._limits = {}, [], {}, {}
        return found

    def _limited(self, event: Event) -> None:
        key = key_of_text("/".join(str(event.payload[part]) for part in ("level", "name", "kind", "grade")))
        limit = self.desk.orders.limits.limits.get(key)
        self._limits[key] = None if limit is None else self._limit(limit)

    def _named(self, key: LimitKey) -> Row:
        """What there is one row of. No account's name holds a slash, so that none is taken for a user or a desk."""
        whom = key.name if key.level is LimitLevel.ACCOUNT else f"{key.level}/{key.name}"
        return {"user_id": self._user, "account_id": whom, "name": f"{key.kind}/{key.grade}"}

    def _limit(self, limit: SetLimit) -> Row:
        try:
            by = UUID(limit.by)
        except ValueError:  # a home names its user otherwise: the owner, whose devices alone speak in his stream
            by = self._user
        told = {"value": limit.bound, "set_by": by, "set_at": limit.since, "version": limit.number}
        return self._named(limit.key) | told

    def _filled(self, event: Event, seq: int, held: dict[Key, Decimal]) -> None:
        fill, account = fill_of(event), str(event.payload["account"])
        parts = [(leg.symbol, leg.quantity, leg.price, leg.fee) for leg in fill.legs]
        if not parts:
            symbol = str(event.payload["symbol"])
            parts = [(symbol, fill_side(event).sign * fill.quantity, fill.price, fill.fee)]
        for symbol, quantity, price, fee in parts:
            key = Key(account, symbol)
            for kind, part, charged in self._parts(key, Decimal(quantity), fee, held):
                row = self._trade(fill.fill_id, key, kind, part, price, charged, event.time, seq)
                self._trades.append(row | {"client_order_id": fill.client_order_id})

    def _entered(self, event: Event, seq: int, held: dict[Key, Decimal]) -> None:
        entry = entry_of(event)
        of_fill = event.id.startswith("order/") and event.id.endswith("/entry")
        for symbol, quantity, cost, fee in _moves(entry):
            key = Key(entry.account, symbol)
            self._touch(key, event.time, seq)
            if of_fill or not quantity:
                continue
            unit = self._unit(symbol, cost, quantity)
            if entry.kind in _EXERCISED and kind_of(symbol) == "option":
                strike = symbols.terms(symbol).strike
                self._trades.append(self._trade(event.id, key, "exercise", quantity, strike, fee, event.time, seq))
                held[key] = self._held(key, held) + quantity
            elif entry.kind in ("trade", "expiry"):
                for kind, part, charged in self._parts(key, quantity, fee, held):
                    self._trades.append(self._trade(event.id, key, kind, part, unit, charged, event.time, seq))

    def _held(self, key: Key, held: dict[Key, Decimal]) -> Decimal:
        if key not in held:
            held[key] = self.desk.book.balance(f"{key.account}:positions", key.symbol)
        return held[key]

    def _parts(
        self, key: Key, quantity: Decimal, fee: Decimal, held: dict[Key, Decimal]
    ) -> list[tuple[str, Decimal, Decimal]]:
        """What of a trade closes and what opens, each with its fee."""
        before = self._held(key, held)
        with exact_arithmetic():
            closing = ZERO if before * quantity >= 0 else min(abs(quantity), abs(before)).copy_sign(quantity)
            held[key] = before + quantity
            rest = quantity - closing
        parts = [("close", closing, fee)] if closing else []
        return [*parts, ("open", rest, ZERO if parts else fee)] if rest else parts

    def _touch(self, key: Key, time: datetime, seq: int) -> None:
        since, _ = self._touched.get(key, (time, seq))
        self._touched[key] = (since, seq)

    def _trade(
        self, cause: str, key: Key, kind: str, quantity: Decimal, price: Decimal, fee: Decimal, time: datetime, seq: int
    ) -> Row:
        self._touch(key, time, seq)
        return {
            "id": uuid5(self._stream, f"{cause}/{key.symbol}/{kind}"),
            "user_id": self._user,
            "position_id": self._position_id(key),
            "account_id": key.account,
            "symbol": key.symbol,
            "trade_type": kind,
            "quantity": quantity,
            "price": price,
            "fee": fee,
            "timestamp": time,
            "client_order_id": None,
            "seq": seq,
        }

    def _position_id(self, key: Key) -> UUID:
        return position_id(self._stream, key.account, key.symbol)

    def _position(self, key: Key, since: datetime, seq: int) -> Row:
        state = self.desk.book.account(key.account)
        found = next((one for one in (() if state is None else state.positions) if one.symbol == key.symbol), None)
        terms = symbols.terms(key.symbol) if kind_of(key.symbol) == "option" else None
        return {
            "id": self._position_id(key),
            "user_id": self._user,
            "account_id": key.account,
            "symbol": key.symbol,
            "option_type": None if terms is None else terms.option_type.label,
            "strike_price": None if terms is None else terms.strike,
            "expiration_date": None if terms is None else terms.expiry,
            "quantity": ZERO if found is None else found.quantity,
            "entry_price": ZERO if found is None else self._unit(key.symbol, found.cost, found.quantity),
            "created_at": since,
            "updated_seq": seq,
        }

    def _unit(self, symbol: str, cost: Decimal, quantity: Decimal) -> Decimal:
        """Price of one, to ten places."""
        return abs(cost / (quantity * self._multiplier(symbol))).quantize(_PLACES) if quantity else ZERO

    def _ordered(self, event: Event, seq: int) -> None:
        name = str(event.payload["client_order_id"])
        row = self._order(name, event, seq)
        if row is None:
            return
        document = row["document"]
        if event.type == FILLED:
            fill = fill_of(event)
            with exact_arithmetic():
                document["fees"] = decimal_text(Decimal(document["fees"]) + fill.fee)
            document["filled_quantity"] += fill.quantity
        elif event.type in END_STATES:
            end = end_of(event)
            document["state"] = row["state"] = str(end.state)
            document["reason"] = end.reason
        row |= {"updated_at": event.time, "updated_seq": seq}

    def _standing(self, name: str, record: Record) -> None:
        """How an order that goes on stands after a record, with the terms that it has now."""
        order = self.desk.orders.order(name)
        row = None if order is None else self._order(name, record.event, record.seq)
        if order is None or row is None:
            return
        row["document"] |= intent_payload(order.intent)
        row["document"]["state"] = row["state"] = str(order.state)
        row |= {"updated_at": record.event.time, "updated_seq": record.seq}

    def _order(self, name: str, event: Event, seq: int) -> Row | None:
        """The row of an order as it was before; None where its intent was never told."""
        row = self._orders.get(name)
        if row is not None:
            return row
        known = self._known(name)
        if known is not None:
            document = dict(known)
        elif event.type == INTENT:
            document = {
                **intent_payload(intent_of(event)),
                "created_at": event.time.isoformat(),
                "state": str(OrderState.INTENT),
                "reason": None,
                "filled_quantity": 0,
                "fees": "0",
            }
        else:
            return None
        row = self._orders[name] = {
            "user_id": self._user,
            "client_order_id": name,
            "account_id": document["account"],
            "symbol": document["symbol"],
            "state": document["state"],
            "document": document,
            "created_at": datetime.fromisoformat(document["created_at"]),
            "updated_at": event.time,
            "updated_seq": seq,
        }
        return row


def _moves(entry: LedgerEntry) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    """By instrument: signed quantity, signed cash paid, fee."""
    if entry.moves:
        return [(one.symbol, one.quantity, one.cost, one.fee) for one in entry.moves]
    held = {one.commodity: one.amount for one in entry.postings if one.account == f"{entry.account}:positions"}
    with exact_arithmetic():
        cost = sum(
            (one.amount for one in entry.postings if one.account.startswith("venue:") and one.commodity not in held),
            ZERO,
        )
        fee = sum((one.amount for one in entry.postings if one.account == f"{entry.account}:fees"), ZERO)
    return [(symbol, quantity, cost, fee) for symbol, quantity in held.items()]
