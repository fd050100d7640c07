"""Orders and pushes are in the audit log once, by the transaction of what they do, on a whole server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from optionix_core.errors import StorageError
from server.auth.people import NewUser, add_user
from server.store.tables import audit_logs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    import pytest

    from server.context import Server
    from tests.server.conftest import ClientOf, MakeServer

PASSWORD = "a long sentence of ours"  # noqa: S105 - of somebody who lives in this test alone


@asynccontextmanager
async def trader(server: Server, client_of: ClientOf) -> AsyncIterator[httpx.AsyncClient]:
    new = NewUser(email="ann@example.com", full_name="Ann", password=PASSWORD)
    await asyncio.to_thread(add_user, server.accounts.stores, new, by=None)
    async with client_of(server) as client:
        signed = await client.post("/auth/login", json={"email": "ann@example.com", "password": PASSWORD})
        client.headers["authorization"] = f"Bearer {signed.json()['access_token']}"
        yield client


def entries(server: Server, answer: httpx.Response) -> list[tuple[str, str]]:
    """What the log holds of the request that was answered."""
    asked = select(audit_logs.c.action, audit_logs.c.resource, audit_logs.c.details).order_by(audit_logs.c.seq)
    with server.database.reading(fresh=True) as connection:
        found = connection.execute(asked).all()
    wanted = answer.headers["x-request-id"]
    return [(row.action, row.resource) for row in found if row.details.get("request_id") == wanted]


async def order(client: httpx.AsyncClient, name: str, **more: Any) -> httpx.Response:
    chain = (await client.get("/market/options-chain/ORBIT")).json()["expiries"][2]["rows"]
    symbol = [row["call"]["symbol"] for row in chain if row["call"]["rejected"] is None][-1]
    terms = {"symbol": symbol, "side": "buy", "quantity": "1", "order_type": "market", "time_in_force": "IOC"}
    return await client.post("/trade/execute", json={"client_order_id": name, **terms, **more})


def event(number: int) -> dict[str, Any]:
    return {
        "device_seq": number,
        "event_id": f"note/{number}",
        "type": "journal.noted",
        "time": "2026-01-16T14:30:00.000000Z",
        "payload": {"text": "quiet"},
    }


async def test_an_order_is_audited_once_with_its_intent(make_server: MakeServer, client_of: ClientOf) -> None:
    server = make_server()
    async with trader(server, client_of) as client:
        filled = await order(client, "a-1")
        assert filled.status_code == 201
        assert entries(server, filled) == [("trade.execute", "orders/a-1")]
        again = await order(client, "a-1")
        assert (again.status_code, entries(server, again)) == (200, [("request.write", "POST /api/v2/trade/execute")])
        refused = await order(client, "a-2", quantity="10001")
        assert (refused.status_code, entries(server, refused)) == (422, [("trade.execute", "orders/a-2")])


async def test_an_order_that_cannot_be_audited_is_not_wanted(
    make_server: MakeServer, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = make_server()
    async with trader(server, client_of) as client:
        write = server.audit.write

        def broken(connection: Any, entry: Any) -> int:
            if entry.action == "trade.execute":
                raise StorageError("the disk is full")
            return write(connection, entry)

        with monkeypatch.context() as patched:
            patched.setattr(server.audit, "write", broken)
            assert (await order(client, "a-1")).status_code == 503
        orders = await client.get("/trade/orders")
        assert orders.json()["items"] == []
        assert (await order(client, "a-1")).status_code == 201


async def test_a_cancelled_order_is_audited_once_with_its_end(
    make_server: MakeServer, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = make_server()
    async with trader(server, client_of) as client:
        terms = {"order_type": "stop", "stop_price": "90", "time_in_force": "GTC"}
        assert (await order(client, "a-1", **terms)).status_code == 201

        def broken(*_: Any) -> int:
            raise StorageError("the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(server.audit, "write", broken)
            assert (await client.delete("/trade/orders/a-1")).status_code == 503
        assert (await client.get("/trade/orders")).json()["items"][0]["state"] == "held"
        ended = await client.delete("/trade/orders/a-1")
        assert (ended.status_code, entries(server, ended)) == (200, [("trade.cancel", "orders/a-1")])
        again = await client.delete("/trade/orders/a-1")
        assert entries(server, again) == [("request.write", "DELETE /api/v2/trade/orders/a-1")]


async def test_a_push_is_audited_once_with_what_is_new(make_server: MakeServer, client_of: ClientOf) -> None:
    server = make_server()
    async with trader(server, client_of) as client:
        body = {"device_id": "desk-1", "events": [event(1), event(2)]}
        pushed = await client.post("/sync/push", json=body)
        assert (pushed.status_code, entries(server, pushed)) == (200, [("sync.push", "devices/desk-1")])
        again = await client.post("/sync/push", json=body)
        assert (again.status_code, entries(server, again)) == (200, [("request.write", "POST /api/v2/sync/push")])
