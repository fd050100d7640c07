"""Who may see and trade which account, and the engine's workspaces over streams."""

from __future__ import annotations

import threading
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from optionix_core.market import osi
from optionix_core.market.clock import ManualClock
from optionix_core.services import book, trading
from optionix_core.services.feeds import open_feed
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import OrderState
from server.auth.identity import Identity, Role, Tier
from server.books import ServerBooks
from server.problems import Problem
from server.store import tables
from server.store.database import Database
from tests.server.sync.conftest import START, add_user

DESK = UUID(int=500)


class Keys:
    """Chain keys without a vault."""

    def chain_key(self, purpose: str, epoch: int) -> bytes:
        return sha256(f"{purpose} {epoch}".encode()).digest()


def identity(user: UUID, role: Role = Role.TRADER, scopes: frozenset[str] | None = None) -> Identity:
    return Identity(user, role, Tier.STANDARD, UUID(int=900), scopes=scopes)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def books(database: Database, tmp_path: Path, clock: ManualClock) -> ServerBooks:
    return ServerBooks(database, Keys(), clock, tmp_path, lambda: open_feed("sim", seed=20), 20)  # type: ignore[arg-type]


def a_call(workspace: Workspace) -> str:
    """A call near the money that the feed quotes."""
    part = workspace.feed.chain("ORBIT", START).slices[3]
    return osi.format(part.root, part.expiry, "call", Decimal(str(part.strikes[len(part.strikes) // 2])))


class TestStreams:
    def test_a_user_has_one_stream_however_often_it_is_asked_for(self, books: ServerBooks, database: Database) -> None:
        user = add_user(database, 1)
        found: list[UUID] = []
        threads = [threading.Thread(target=lambda: found.append(books.own_stream(user))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(found)) == 1
        assert len(found) == 6

    def test_nobody_has_none(self, books: ServerBooks) -> None:
        with pytest.raises(Problem) as caught:
            books.own_stream(UUID(int=404))
        assert caught.value.status == 404


class TestAccounts:
    def test_the_first_account_is_made_where_there_is_none(self, books: ServerBooks, database: Database) -> None:
        me = identity(add_user(database, 1))
        assert books.accounts(me) == []
        first = books.account(me, None)
        assert (first.account, first.kind, first.rights) == ("server-1", "server-paper", "trade")
        assert books.account(me, None) == books.account(me, "server-1", to_trade=True) == first
        assert [record.event.type for record in books.store(first.stream_id).read()] == ["account.bound"]

    def test_another_tenants_account_is_not_there(self, books: ServerBooks, database: Database) -> None:
        mine = books.account(identity(add_user(database, 1)), None)
        other = identity(add_user(database, 2))
        for name in ("server-1", f"{mine.stream_id}:server-1", "nothing"):
            with pytest.raises(Problem) as caught:
                books.account(other, name)
            assert caught.value.status == 404

    def test_a_shared_account_is_as_it_was_shared(self, books: ServerBooks, database: Database) -> None:
        mine = books.account(identity(add_user(database, 1)), None)
        other = add_user(database, 2)
        row = {
            "stream_id": mine.stream_id,
            "account_id": "server-1",
            "user_id": other,
            "rights": "read",
            "granted_by": mine.owner_id,
            "granted_at": START,
        }
        database.write(lambda c: c.execute(insert(tables.account_members).values(row)))
        assert books.account(identity(other), "server-1").owner_id == mine.owner_id
        with pytest.raises(Problem) as caught:
            books.account(identity(other), "server-1", to_trade=True)
        assert caught.value.status == 403
        changed = tables.account_members.update().values(rights="trade")
        database.write(lambda c: c.execute(changed))
        assert books.account(identity(other), "server-1", to_trade=True).rights == "trade"
        database.write(lambda c: c.execute(tables.account_members.update().values(revoked_at=START)))
        assert books.accounts(identity(other)) == []

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.TRADER])
    def test_the_desk_is_read_by_those_whose_role_sees_it(
        self, books: ServerBooks, database: Database, role: Role
    ) -> None:
        mine = books.account(identity(add_user(database, 1, desk=DESK)), None)
        same = identity(add_user(database, 2, role=role, desk=DESK), role)
        elsewhere = identity(add_user(database, 3, role=role), role)
        assert books.accounts(elsewhere) == []
        if role is Role.SUPPORT:
            assert books.accounts(same) == []
        else:
            (seen,) = books.accounts(same)
            assert (seen.stream_id, seen.account, seen.rights) == (mine.stream_id, "server-1", "read")
            assert books.account(same, None) == seen

    def test_a_key_without_the_scope_does_not_trade(self, books: ServerBooks, database: Database) -> None:
        user = add_user(database, 1)
        books.account(identity(user), None)
        reading = identity(user, scopes=frozenset({"portfolio:read"}))
        assert books.account(reading, "server-1").rights == "read"

    def test_an_account_that_a_device_matches_is_not_traded_here(self, books: ServerBooks, database: Database) -> None:
        me = identity(add_user(database, 1))
        books.open_account(me, "paper-1", "local-sim")
        with pytest.raises(Problem) as caught:
            books.account(me, "paper-1", to_trade=True)
        assert "own device" in caught.value.detail
        assert books.account(me, None).account == "server-1"


class TestWorkspaces:
    def test_an_order_works_as_on_a_terminal(self, books: ServerBooks, database: Database) -> None:
        ref = books.account(identity(add_user(database, 1)), None)
        workspace = books.workspace(ref)
        assert workspace is books.workspace(ref)
        symbol = a_call(workspace)
        result = trading.submit(workspace, "buy", 1, symbol, client_order_id="first")
        assert result.state in (OrderState.FILLED, OrderState.REJECTED, OrderState.EXPIRED)
        state = book.account(workspace).state
        assert (state.venue, state.opening_balance) == ("server-paper", Decimal(100_000))
        assert trading.submit(workspace, "buy", 1, symbol, client_order_id="first").replayed
        assert workspace.store.verify().events == workspace.store.head().seq

    def test_several_threads_trade_one_account(self, books: ServerBooks, database: Database) -> None:
        ref = books.account(identity(add_user(database, 1)), None)
        symbol = a_call(books.workspace(ref))
        failed: list[BaseException] = []

        def trade(number: int) -> None:
            try:
                for turn in range(3):
                    trading.submit(books.workspace(ref), "buy", 1, symbol, client_order_id=f"{number}-{turn}")
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)

        threads = [threading.Thread(target=trade, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        store = books.store(ref.stream_id)
        intents = [record for record in store.read() if record.event.type == "order.intent"]
        assert len(intents) == 12
        assert store.verify().events == store.head().seq

    def test_workspaces_are_of_accounts_not_of_callers(self, books: ServerBooks, database: Database) -> None:
        first = books.account(identity(add_user(database, 1)), None)
        second = books.account(identity(add_user(database, 2)), None)
        assert books.workspace(first).store is not books.workspace(second).store
        with database.reading() as connection:
            assert len(connection.execute(select(tables.accounts.c.id)).all()) == 2
