"""Everything of one trader, asked for by a trader, a risk manager and a compliance officer of another desk: not there.

Every route whose path or query names something is asked with the names of the first trader's own things.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from server.app import create_app
from server.auth import keys, sessions
from server.auth.identity import Identity, Role, Tier
from server.auth.origin import Origin
from server.auth.people import NewUser, add_user
from server.auth.sign_in import Credentials, log_in
from server.context import Server
from server.store.tables import api_keys, audit_logs, devices, stream_events, users
from server.store.tables import sessions as table_of_sessions
from tests.server.conftest import ClientOf, MakeServer

if TYPE_CHECKING:
    import httpx

PASSWORD = "a long sentence of ours"  # noqa: S105 - of people who live in a test alone
HERE = Origin("192.0.2.1")
PEOPLE = ("/admin/users", "/admin/audit", "/auth")
"""Of all people of the server, whoever they are, by a right of its own; and what names a device at sign-in."""
BODIES: dict[str, Any] = {
    "/admin/accounts/{owner_id}/{account}/limits/{kind}/{grade}": {"bound": "1"},
    "/admin/accounts/{owner_id}/{account}/limits/{kind}/{grade}/acknowledge": {"number": 1, "note": "seen"},
    "/admin/accounts/{owner_id}/{account}/state": {"state": "blocked", "reason": "spite"},
    "/accounts/{account}/members/{user_id}": {"rights": "trade"},
}


def person(server: Server, name: str, role: Role) -> UUID:
    return add_user(server.accounts.stores, NewUser(f"{name}@example.com", name, PASSWORD, role), by=None).id


def signed_in(server: Server, name: str, device: str | None = None) -> sessions.TokenPair:
    return log_in(server.accounts, Credentials(f"{name}@example.com", PASSWORD, None, device), HERE)


class Named(NamedTuple):
    """A route that names something of somebody."""

    method: str
    path: str
    names: frozenset[str]
    """In its path, its query and its body."""
    query: frozenset[str]
    example: dict[str, Any]
    """A body that its description shows."""


def named_routes() -> list[Named]:
    document = create_app(None).openapi()
    found = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            places = operation.get("parameters", ())
            query = frozenset(one["name"] for one in places if one["in"] == "query")
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            reference = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            body = document["components"]["schemas"].get(reference, {})
            names = query | {one["name"] for one in places if one["in"] == "path"} | body.get("properties", {}).keys()
            example = dict(next(iter(body.get("examples", ())), {}))
            example.pop("positions", None)  # an account is told instead
            found.append(Named(method.upper(), path.removeprefix("/api/v2"), frozenset(names), query, example))
    return found


def state(server: Server, ann: UUID, stream: UUID) -> tuple[Any, ...]:
    """All of the trader's that could have been touched."""
    with server.database.reading(fresh=True) as connection:

        def rows(*columns: Any, where: Any) -> list[Any]:
            return [tuple(row) for row in connection.execute(select(*columns).where(where)).all()]

        return (
            rows(table_of_sessions.c.id, table_of_sessions.c.revoked_at, where=table_of_sessions.c.user_id == ann),
            rows(api_keys.c.id, api_keys.c.revoked_at, where=api_keys.c.user_id == ann),
            rows(devices.c.id, devices.c.revoked_at, where=devices.c.user_id == ann),
            rows(users.c.version, where=users.c.id == ann),
            rows(func.count(), where=stream_events.c.stream_id == stream),
        )


async def ask(client: httpx.AsyncClient, token: str, route: Named, names: dict[str, str]) -> httpx.Response:
    path = route.path
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    query = {name: value for name, value in names.items() if name in route.query}
    shown = {name: value for name, value in names.items() if name in route.names - route.query}
    given = {name: value for name, value in shown.items() if f"{{{name}}}" not in route.path}
    reason = {"reason": "spite"} if "reason" in route.names else {}
    body = None if route.method in {"GET", "DELETE"} else BODIES.get(route.path, route.example | reason | given)
    headers = {"Authorization": f"Bearer {token}"}
    return await client.request(route.method, path.removeprefix("/"), params=query, json=body, headers=headers)


async def test_what_is_another_tenants_is_not_there(make_server: MakeServer, client_of: ClientOf) -> None:
    server = make_server(rate_standard=100_000, rate_login=100_000)
    ann = person(server, "ann", Role.TRADER)
    hers = Identity(ann, Role.TRADER, Tier.STANDARD, None)
    account = server.books.account(hers, None)
    session = signed_in(server, "ann", "ann-laptop")
    key, _ = keys.make_key(server.accounts, hers, "report", ["portfolio:read"], [], None, HERE)
    chain = server.books.feed.chain("ORBIT", server.clock.now()).slices[3]
    order = {
        "client_order_id": "order-of-ann",
        "symbol": str(chain.call.symbols[len(chain.strikes) // 2]),
        "side": "buy",
        "quantity": "1",
        "order_type": "limit",
        "limit_price": "0.05",
        "time_in_force": "GTC",
    }
    names = {
        "session_id": str(session.session_id),
        "device_id": "ann-laptop",
        "key_id": str(key.id),
        "user_id": str(ann),
        "owner_id": str(ann),
        "account": account.account,
        "account_id": f"{account.stream_id}:{account.account}",
        "client_order_id": "order-of-ann",
        "kind": "limit-delta",
        "grade": "hard",
        "act": "arm",
    }
    telling = names.keys() - {"kind", "grade", "act"}
    named = [one for one in named_routes() if one.names & telling and not one.path.startswith(PEOPLE)]
    assert len(named) >= 20, named
    others = (("bob", Role.TRADER), ("rita", Role.RISK_MANAGER), ("carl", Role.COMPLIANCE_OFFICER))
    async with client_of(server) as client:
        own = {"Authorization": f"Bearer {session.access_token}"}
        placed = await client.post("trade/execute", json=order, headers=own)
        assert placed.status_code == 201, placed.text
        for name, role in others:
            person(server, name, role)
            token = signed_in(server, name).access_token
            before = state(server, ann, account.stream_id)
            for route in named:
                answer = await ask(client, token, route, names)
                where = f"{route.method} {route.path} by {name}: {answer.status_code} {answer.text[:300]}"
                assert answer.status_code in {403, 404}, where
                assert order["symbol"] not in answer.text, where
            assert state(server, ann, account.stream_id) == before, name
        assert (await client.get("users/me", headers=own)).status_code == 200
        assert (await client.delete("trade/orders/order-of-ann", headers=own)).status_code == 200
    with server.database.reading(fresh=True) as connection:
        touched = select(func.count()).where(audit_logs.c.resource.contains("ann-laptop"))
        assert connection.execute(touched).scalar_one() == 0
