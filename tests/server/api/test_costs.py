"""Long computations count for more against a caller's rate, and a few queries answer a read."""

from __future__ import annotations

import asyncio
from typing import Any

from server.api.costs import COSTS
from server.auth.people import NewUser, add_user
from server.context import Server
from tests.server.conftest import ClientOf, MakeServer
from tests.server.queries import counting_queries

PASSWORD = "a long sentence of ours"  # noqa: S105 - of somebody who lives in this test alone


def _asked(server: Server, client_of: ClientOf, *requests: tuple[str, str, Any]) -> list[tuple[int, int, int]]:
    """Status, rate that is left and queries of each request, by a trader who has just signed in."""

    async def ask() -> list[tuple[int, int, int]]:
        stores = server.accounts.stores  # type: ignore[attr-defined] # of `Identities`
        new = NewUser(email="ann@example.com", full_name="Ann", password=PASSWORD)
        await asyncio.to_thread(add_user, stores, new, by=None)
        async with client_of(server) as client:
            answer = await client.post("/auth/login", json={"email": "ann@example.com", "password": PASSWORD})
            client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
            found = []
            for method, path, body in requests:
                with counting_queries(server.database) as queries:
                    answer = await client.request(method, path, json=body)
                left = int(answer.headers["x-ratelimit-remaining"])
                found.append((answer.status_code, left, len(queries)))
            return found

    return asyncio.run(ask())


SIMULATION = {
    "option_type": "asian",
    "call_put": "call",
    "spot_price": 100.0,
    "strike_price": 100.0,
    "time_to_expiry": 1.0,
    "risk_free_rate": 0.05,
    "volatility": 0.2,
    "n_simulations": 1000,
}


def test_a_simulation_counts_for_more_than_a_price(make_server: MakeServer, client_of: ClientOf) -> None:
    price = {key: value for key, value in SIMULATION.items() if key not in ("call_put", "n_simulations")}
    asked = (
        ("POST", "/options/price", {**price, "option_type": "call"}),
        ("POST", "/options/monte-carlo", SIMULATION),
        ("POST", "/options/monte-carlo", SIMULATION),
        ("POST", "/options/monte-carlo", SIMULATION),
    )
    cost = COSTS["/api/v2/options/monte-carlo"]
    found = _asked(make_server(rate_standard=2 + 2 * cost), client_of, *asked)
    assert [status for status, _, _ in found] == [200, 200, 200, 429]
    assert [left for _, left, _ in found[:3]] == [1 + 2 * cost, 1 + cost, 1]


def test_reads_ask_the_database_a_few_times_however_much_there_is(make_server: MakeServer, client_of: ClientOf) -> None:
    order = {"symbol": "ORBIT", "side": "buy", "quantity": "1", "order_type": "market", "time_in_force": "IOC"}
    orders = [("POST", "/trade/execute", {"client_order_id": f"buy-{number}", **order}) for number in range(12)]
    reads = [
        ("GET", path, None)
        for path in ("/portfolio/summary", "/portfolio/positions", "/trade/orders", "/trade/history", "/users/me")
    ]
    found = _asked(make_server(rate_standard=10_000), client_of, *orders[:2], *reads, *orders[2:], *reads, *reads)
    assert all(status in (200, 201) for status, _, _ in found)
    few, many, again = found[2:7], found[17:22], found[22:]
    for (_, path, _), first, later, last in zip(reads, few, many, again, strict=True):
        assert last[2] <= 10, f"{path}: {last[2]} queries"
        assert later[2] <= first[2] + 4, f"{path}: {first[2]} queries for 2 orders, {later[2]} for 12"
