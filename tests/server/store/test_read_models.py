"""Tables folded from a stream: the same however often and in whatever pieces, and what the engine's book says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from optionix_core.errors import StorageError
from optionix_core.market import osi
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.ledger import ENTRY
from optionix_core.portfolio.values import LedgerEntry, Move
from optionix_core.services import orders as order_services
from optionix_core.services import trading
from optionix_core.services.desk import Desk
from optionix_core.services.feeds import open_feed
from optionix_core.services.workspace import Workspace
from optionix_core.sync.event import Event, made
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel, SetLimit
from optionix_core.trading.limit_records import removed_event, set_event
from optionix_core.trading.limits import LimitKind
from optionix_core.trading.orders import TimeInForce
from optionix_core.trading.terms import OrderTerms
from server.auth.identity import Identity, Role, Tier
from server.books import ServerBooks
from server.store import market, read_models, stream_rows
from server.store.database import Database
from server.store.market import QuoteRow
from server.store.read_model_rows import Key, RowFold, standard_multiplier
from server.store.read_models import ReadModels
from server.store.tables import accounts, limits, orders, positions, trades
from tests.server.sync.conftest import START, add_user

Rows = dict[str, list[dict[str, Any]]]
USER = UUID(int=1)


class Keys:
    """Chain keys without a vault."""

    def chain_key(self, purpose: str, epoch: int) -> bytes:
        return sha256(f"{purpose} {epoch}".encode()).digest()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def books(database: Database, tmp_path: Path, clock: ManualClock) -> ServerBooks:
    add_user(database, 1)
    return ServerBooks(database, Keys(), clock, tmp_path, lambda: open_feed("sim", seed=20), 20)  # type: ignore[arg-type]


@pytest.fixture
def workspace(books: ServerBooks) -> Workspace:
    return books.workspace(books.account(Identity(USER, Role.TRADER, Tier.STANDARD, UUID(int=900)), None))


@pytest.fixture
def models(database: Database, books: ServerBooks) -> ReadModels:
    return ReadModels(database, books.store)


def calls(workspace: Workspace) -> list[str]:
    part = workspace.feed.chain("ORBIT", START).slices[3]
    middle = len(part.strikes) // 2
    return [osi.format(part.root, part.expiry, "call", Decimal(str(part.strikes[middle + n]))) for n in range(3)]


def rows(database: Database) -> Rows:
    found: Rows = {}
    with database.reading(fresh=True, acting=USER) as connection:
        for table in (positions, trades, orders, limits):
            result = connection.execute(select(table).order_by(*table.primary_key.columns))
            found[table.name] = [dict(row._mapping) for row in result]
    return found


def day(workspace: Workspace, clock: ManualClock, after: Callable[[], object] = lambda: None) -> None:
    """Orders of all kinds: filled, turned round, resting, cancelled, refused."""
    first, second, third = calls(workspace)
    for number, (side, quantity, symbol) in enumerate(
        [("buy", 3, first), ("sell", 1, first), ("sell", 2, first), ("buy", 2, first), ("buy", 1, second)]
    ):
        clock.advance(timedelta(minutes=1))
        trading.submit(workspace, side, quantity, symbol, client_order_id=f"o-{number}")
        after()
    clock.advance(timedelta(minutes=1))
    for name in ("rests", "ends"):
        terms = OrderTerms("buy", 1, third, Decimal("0.01"), TimeInForce.GTC)
        trading.place(workspace, terms, name)
    after()
    order_services.cancel(workspace, "ends")
    after()
    trading.submit(workspace, "buy", 100_000, first, client_order_id="too-many")
    after()


def limit(key: LimitKey, bound: int, by: str, number: int = 1) -> Event:
    return set_event(SetLimit(key=key, bound=Decimal(bound), by=by, since=START, number=number))


def test_limits_in_force_are_rows_as_long_as_they_are(
    database: Database, workspace: Workspace, books: ServerBooks, models: ReadModels
) -> None:
    stream, overseer = books.own_stream(USER), UUID(int=7)
    own = LimitKey(LimitLevel.ACCOUNT, workspace.account, LimitKind.CONTRACTS, LimitGrade.HARD)
    desk, gone = own._replace(level=LimitLevel.DESK, name="vol"), own._replace(grade=LimitGrade.SOFT)

    def write(*events: Event) -> list[tuple[Any, ...]]:
        with workspace.store.writing("limit") as log:
            log.append(list(events))
        models.follow(stream)
        return [(*list(row.values())[1:5], row["version"]) for row in rows(database)["limits"]]

    kept = (workspace.account, "limit-contracts/hard", Decimal(12), overseer, 2)
    of_desk = ("desk/vol", "limit-contracts/hard", Decimal(50), USER, 1)
    first = (workspace.account, "limit-contracts/soft", Decimal(9), USER, 1)
    told = write(limit(own, 10, "ann"), limit(own, 12, str(overseer), 2), limit(desk, 50, "ann"), limit(gone, 9, "ann"))
    assert told == [of_desk, kept, first]
    assert write(removed_event(gone, 2, "ann", START)) == [of_desk, kept]
    before = rows(database)
    models.rebuild(stream)
    assert rows(database) == before


def test_rows_of_an_older_shape_are_folded_anew(
    database: Database, workspace: Workspace, clock: ManualClock, books: ServerBooks, models: ReadModels
) -> None:
    day(workspace, clock)
    stream = books.own_stream(USER)
    models.follow(stream)
    before = rows(database)
    database.write(lambda connection: stream_rows.drop_checkpoint(connection, stream, read_models.CHECKPOINT))
    models.follow(stream)
    assert rows(database) == before


def test_the_tables_say_what_the_book_says(
    database: Database, workspace: Workspace, clock: ManualClock, books: ServerBooks, models: ReadModels
) -> None:
    day(workspace, clock)
    stream = books.own_stream(USER)
    assert models.follow(stream) == books.store(stream).head().seq
    found = rows(database)
    state = workspace.desk.book.account(workspace.account)
    assert state is not None
    held = {one.symbol: (one.quantity, abs(one.cost / one.quantity / 100)) for one in state.positions}
    assert {
        row["symbol"]: (row["quantity"], row["entry_price"]) for row in found["positions"] if row["quantity"]
    } == held
    assert sum(row["fee"] for row in found["trades"]) == state.fees
    by_symbol: dict[str, Decimal] = {}
    for row in found["trades"]:
        by_symbol[row["symbol"]] = by_symbol.get(row["symbol"], Decimal(0)) + row["quantity"]
    assert by_symbol == {row["symbol"]: row["quantity"] for row in found["positions"]}
    first = calls(workspace)[0]
    told = sorted((row["seq"], row["trade_type"], row["quantity"]) for row in found["trades"] if row["symbol"] == first)
    assert [one[1:] for one in told] == [("open", 3), ("close", -1), ("close", -2), ("open", 2)]
    states = {row["client_order_id"]: row["state"] for row in found["orders"]}
    assert states == {
        **{f"o-{n}": "filled" for n in range(5)},
        "rests": "working",
        "ends": "cancelled",
        "too-many": "rejected",
    }
    assert all(row["document"]["state"] == row["state"] for row in found["orders"])
    assert {row["current_price"] for row in found["positions"]} == {None}
    assert {row["option_type"] for row in found["positions"]} == {"call"}


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_followed_step_by_step_it_is_what_is_folded_at_once(
    database: Database, workspace: Workspace, clock: ManualClock, books: ServerBooks, models: ReadModels, batch: int
) -> None:
    stream = books.own_stream(USER)
    day(workspace, clock, lambda: models.follow(stream, batch))
    stepwise = rows(database)
    assert models.follow(stream) == 0
    assert models.rebuild(stream, batch) == books.store(stream).head().seq
    assert rows(database) == stepwise
    assert len(stepwise["trades"]) == 5


def test_a_failure_repeats_nothing_and_loses_nothing(
    database: Database,
    workspace: Workspace,
    clock: ManualClock,
    books: ServerBooks,
    models: ReadModels,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    day(workspace, clock)
    stream = books.own_stream(USER)
    keep, kept = stream_rows.keep_checkpoint, []

    def fails(*arguments: Any) -> None:
        kept.append(1)
        if len(kept) == 2:
            raise StorageError("the disk is full")
        keep(*arguments)

    monkeypatch.setattr(stream_rows, "keep_checkpoint", fails)
    with pytest.raises(StorageError, match="full"):
        models.follow(stream, 3)
    models.follow(stream, 3)
    after = rows(database)
    models.rebuild(stream)
    assert rows(database) == after


def test_a_stream_that_cannot_be_folded_holds_up_no_other(
    database: Database, workspace: Workspace, clock: ManualClock, books: ServerBooks
) -> None:
    day(workspace, clock)
    other = books.own_stream(add_user(database, 2))
    books.account(Identity(UUID(int=2), Role.TRADER, Tier.STANDARD, UUID(int=901)), None)

    def broken(stream: UUID) -> Any:
        if stream == other:
            raise StorageError("unreadable")
        return books.store(stream)

    done = ReadModels(database, broken).follow_all()
    assert (done["streams"], done["failed"]) == (1, 1)
    assert ReadModels(database, books.store).follow_all()["streams"] == 1
    assert ReadModels(database, books.store).follow_all() == {"streams": 0, "events": 0, "failed": 0}


def test_a_position_has_the_last_price_that_is_kept_of_it(
    database: Database, workspace: Workspace, clock: ManualClock, books: ServerBooks, models: ReadModels
) -> None:
    day(workspace, clock)
    models.follow(books.own_stream(USER))
    first, second, _ = calls(workspace)
    assert read_models.mark(database) == {"positions": 0}
    quotes = [
        QuoteRow(START, first, Decimal(9), 1, None, None, None),
        QuoteRow(START + timedelta(seconds=1), first, None, None, Decimal("2.5"), Decimal("2.6"), None),
        QuoteRow(START, "OTHER", Decimal(1), 1, None, None, None),
    ]
    database.write(lambda connection: market.record(connection, quotes))
    assert read_models.mark(database) == {"positions": 1}
    priced = {row["symbol"]: row["current_price"] for row in rows(database)["positions"]}
    assert priced == {first: Decimal("2.55"), second: None}
    database.write(lambda connection: connection.execute(update(positions).values(current_price=None)).rowcount)
    database.write(lambda connection: connection.execute(update(accounts).values(kind="local-sim")).rowcount)
    assert read_models.mark(database) == {"positions": 0}  # matched on a device, on its own market


@pytest.mark.parametrize(
    ("held", "traded", "parts"),
    [
        (0, 2, [("open", 2, 7)]),
        (3, 2, [("open", 2, 7)]),
        (-3, -2, [("open", -2, 7)]),
        (3, -2, [("close", -2, 7)]),
        (3, -3, [("close", -3, 7)]),
        (2, -5, [("close", -2, 7), ("open", -3, 0)]),
        (-2, 5, [("close", 2, 7), ("open", 3, 0)]),
    ],
)
def test_a_trade_that_turns_a_position_round_is_two(held: int, traded: int, parts: list[tuple[str, int, int]]) -> None:
    fold = RowFold(UUID(int=5), USER, Desk(), standard_multiplier, lambda _: None)
    key = Key("paper-1", "ORBIT")
    before = {key: Decimal(held)}
    assert fold._parts(key, Decimal(traded), Decimal(7), before) == parts
    assert before[key] == held + traded


@pytest.mark.parametrize(
    ("kind", "cost", "told"),
    [
        ("exercise", 0, [("exercise", Decimal(-2), Decimal(230))]),
        ("assignment", 0, [("exercise", Decimal(-2), Decimal(230))]),
        ("expiry", 0, [("close", Decimal(-2), Decimal(0))]),
        ("expiry", -850, [("close", Decimal(-2), Decimal("4.25"))]),
        ("transfer", 0, []),
    ],
)
def test_what_ends_a_contract_is_told_at_its_strike_or_at_what_it_settled_for(
    kind: Any, cost: int, told: list[tuple[str, Decimal, Decimal]]
) -> None:
    fold = RowFold(UUID(int=5), USER, Desk(), standard_multiplier, lambda _: None)
    symbol = osi.format("ORBIT", date(2027, 1, 15), "call", Decimal(230))
    move = Move(symbol, Decimal(-2), Decimal(cost), "USD")
    entry = LedgerEntry("e", START, kind, "paper-1", "", (), None, (move,))
    fold._entered(made("e", ENTRY, START, {}, entry), 9, {Key("paper-1", symbol): Decimal(2)})
    assert [(row["trade_type"], row["quantity"], row["price"]) for row in fold._trades] == told
    assert list(fold._touched) == [Key("paper-1", symbol)]
