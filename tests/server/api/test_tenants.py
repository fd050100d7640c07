"""Whose account it is: own, shared, the desk's, and everybody else's, which is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, update

from server.store.tables import account_members, streams, users
from tests.server.api.desk import NOW, Desk, identity, user_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

READS = (
    *("portfolio/summary", "portfolio/positions", "portfolio/margin", "trade/orders", "trade/history"),
    *("risk/greeks", "risk/limits", "risk/circuit-breakers"),
)


def _stream(desk: Desk, name: str) -> str:
    with desk.server.database.reading(fresh=True) as connection:
        return str(connection.execute(select(streams.c.id).where(streams.c.owner_id == user_id(name))).scalar_one())


def _account_of_ann(desk: Desk) -> str:
    """Her account as others name it, with an order that works and one that is filled."""
    rest = {"order_type": "limit", "limit_price": "0.05", "time_in_force": "GTC"}
    assert desk.ask("POST", "trade/execute", desk.order("done"))[0] == 201
    assert desk.ask("POST", "trade/execute", desk.order("rest", **rest))[0] == 201
    return f"{_stream(desk, 'ann')}:server-1"


def _share(desk: Desk, name: str, rights: str) -> None:
    desk.ask("GET", "portfolio/summary", who=f"trader/{name}")
    row = {
        "stream_id": desk.books.own_stream(user_id("ann")),
        "account_id": "server-1",
        "user_id": user_id(name),
        "rights": rights,
        "granted_by": user_id("ann"),
        "granted_at": NOW,
    }
    desk.server.database.write(lambda connection: connection.execute(insert(account_members).values(row)))


def _same_desk(desk: Desk, who: str) -> None:
    desk.ask("GET", "portfolio/summary", who=who)
    name = who.partition("/")[2]

    def move(connection: Connection) -> None:
        connection.execute(update(users).where(users.c.id == user_id(name)).values(desk_id=user_id("ann")))

    desk.server.database.write(move)


@pytest.mark.parametrize("path", READS)
def test_another_tenants_account_is_not_there_by_any_name(desk: Desk, path: str) -> None:
    account, head = _account_of_ann(desk), desk.head()
    for who in ("trader/bob", "admin/ada", "risk_manager/rita"):
        status, found = desk.ask("GET", path, who=who, params={"account_id": account})
        assert (status, found["type"].rsplit(":", 1)[1]) == (404, "not-found"), who
        unknown = desk.ask("GET", path, who=who, params={"account_id": account.replace("paper", "other")})
        assert unknown[0] == 404
    assert desk.head() == head


def test_nobody_trades_or_cancels_for_another(desk: Desk) -> None:
    account, head = _account_of_ann(desk), desk.head()
    order = desk.order("stolen", account_id=account)
    assert desk.ask("POST", "trade/execute", order, who="trader/bob")[0] == 404
    assert desk.ask("DELETE", "trade/orders/rest", who="trader/bob")[0] == 404
    assert desk.ask("POST", "risk/var", {"account_id": account}, who="trader/bob")[0] == 404
    assert desk.head() == head


@pytest.mark.parametrize("role", ["analyst", "risk_manager", "compliance_officer", "viewer"])
def test_a_desk_reads_its_accounts_and_changes_none(desk: Desk, role: str) -> None:
    account, who = _account_of_ann(desk), f"{role}/dora"
    _same_desk(desk, who)
    head = desk.head()
    status, found = desk.ask("GET", "portfolio/positions", who=who, params={"account_id": account})
    assert (status, found["account_id"], len(found["positions"])) == (200, account, 1)
    assert desk.ask("POST", "trade/execute", desk.order("more", account_id=account), who=who)[0] == 403
    assert desk.ask("DELETE", "trade/orders/rest", who=who)[0] == 403
    assert desk.head() == head


def test_a_trader_reads_what_is_shared_for_reading_and_trades_what_is_shared_for_trading(desk: Desk) -> None:
    account = _account_of_ann(desk)
    _share(desk, "bob", "read")
    _share(desk, "cy", "trade")
    for who in ("trader/bob", "trader/cy"):
        assert desk.ask("GET", "portfolio/summary", who=who, params={"account_id": account})[0] == 200
    assert desk.ask("POST", "trade/execute", desk.order("b", account_id=account), who="trader/bob")[0] == 403
    assert desk.ask("DELETE", "trade/orders/rest", who="trader/bob")[0] == 404
    status, found = desk.ask("POST", "trade/execute", desk.order("c", account_id=account), who="trader/cy")
    assert (status, found["account_id"]) == (201, account)
    assert desk.ask("DELETE", "trade/orders/rest", who="trader/cy")[1]["state"] == "cancelled"
    assert [one["client_order_id"] for one in desk.ask("GET", "trade/history")[1]["items"]] == ["c", "done"]
    assert desk.ask("GET", "trade/history", who="trader/cy")[1]["items"] == []


def test_an_order_id_that_an_own_and_a_shared_account_have_is_cancelled_where_it_is_named(desk: Desk) -> None:
    account, who = _account_of_ann(desk), "trader/cy"
    _share(desk, "cy", "trade")
    rest = {"order_type": "limit", "limit_price": "0.05", "time_in_force": "GTC"}
    assert desk.ask("POST", "trade/execute", desk.order("rest", **rest), who=who)[0] == 201
    status, found = desk.ask("DELETE", "trade/orders/rest", who=who)
    assert (status, found["errors"][0]["field"]) == (422, "account_id")
    assert found["errors"][0]["bound"] == f"one of server-1, {account}"
    for other in ({"account_id": "other"}, {"account_id": f"{account}9"}):
        assert desk.ask("DELETE", "trade/orders/rest", who=who, params=other)[0] == 404
    status, found = desk.ask("DELETE", "trade/orders/rest", who=who, params={"account_id": account})
    assert (status, found["account_id"], found["state"]) == (200, account, "cancelled")
    working = desk.ask("GET", "trade/orders?state=working", who=who)[1]["items"]
    assert [one["client_order_id"] for one in working] == ["rest"]
    unheld = {"account_id": account}
    assert desk.ask("DELETE", "trade/orders/mine", who=who, params=unheld)[0] == 404


def test_an_id_that_another_account_has_used_tells_nothing_of_that_order(desk: Desk) -> None:
    _account_of_ann(desk)
    own = desk.books.open_account(identity("trader", "ann"), "second", "server-paper")
    status, found = desk.ask("POST", "trade/execute", desk.order("done", account_id=own.account))
    (error,) = found["errors"]
    assert (status, error["field"], error["bound"]) == (422, "client_order_id", "unused")
