"""Whole requests of a server on SQLite, by CPU time: reads of people who are signed in, orders, and durable writes.

200 people, limits counted, log lines made and dropped. CPU time of the process, all its threads together,
so that a second of it is what one core does in a second; two cores do up to twice as much. A durable write through the
whole stack is a request that changes a row and writes its audit entry in one transaction: `PATCH users/me`, many at
once, on both databases, by CPU time and by the clock, which the syncs of the disk bound.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from concurrent.futures import wait
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import insert

from benchmarks.measure import Figure
from benchmarks.server_house import ask, cpu_of, expect, people, serving
from server.store.tables import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from server.middleware.asgi import App
    from server.store.database import Database
    from tests.server.services import Postgres

PEOPLE = 200
RUNS = 3
AT_ONCE = 16
READS_A_SECOND = 800.0
INSERTS_A_SECOND = 700.0
POSTGRESQL_A_SECOND = 400.0
INSERTS = 5_000
ORDERS = 100
WRITES = 400
ROOT = "ORBIT"


def figures(environment: dict[str, str]) -> list[Figure]:
    """Requests a second of CPU."""
    del environment
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return asyncio.run(_figures(Path(folder)))


async def _figures(folder: Path) -> list[Figure]:
    from tests.server.services import Postgres

    async with serving(folder) as (server, app):
        tokens = await people(app, PEOPLE)
        found = [
            Figure(f"GET {path}", await _reads(app, path, tokens), "requests/s", budget, larger_is_better=True)
            for path, budget in (
                ("/users/me", READS_A_SECOND),
                ("/trade/orders", READS_A_SECOND),
                ("/portfolio/positions", None),
                ("/portfolio/summary", None),
            )
        ]
        found.append(Figure("POST /options/price", await _prices(app, tokens), "requests/s", larger_is_better=True))
        found.append(
            Figure("POST /trade/execute, filled", await _orders(app, tokens[0]), "orders/s", larger_is_better=True)
        )
        found += await _writes(app, tokens, "SQLite", INSERTS_A_SECOND)
        on_sqlite = await asyncio.to_thread(_inserts, server.database)
    postgres = await asyncio.to_thread(partial(Postgres, durable=True))
    try:
        on_postgresql = await asyncio.to_thread(_inserts_of_postgresql, postgres)
        address = postgres.create("whole")
        async with serving(folder / "postgresql", database_url=address) as (_, app):
            found += await _writes(app, await people(app, AT_ONCE), "PostgreSQL", POSTGRESQL_A_SECOND)
    finally:
        await asyncio.to_thread(postgres.stop)
    name = "durable inserts by the clock,"
    return [
        *found,
        Figure(f"{name} SQLite", on_sqlite, "inserts/s", INSERTS_A_SECOND, larger_is_better=True),
        Figure(f"{name} PostgreSQL", on_postgresql, "inserts/s", POSTGRESQL_A_SECOND, larger_is_better=True),
    ]


async def _reads(app: App, path: str, tokens: Sequence[str]) -> float:
    requests = [partial(ask, app, "GET", path, None, token) for token in tokens] * 2
    taken = [await cpu_of(requests, AT_ONCE) for _ in range(RUNS + 1)]
    return len(requests) / median(taken[1:])


async def _prices(app: App, tokens: Sequence[str]) -> float:
    terms = {
        "spot_price": 100.0,
        "strike_price": 105.0,
        "time_to_expiry": 0.5,
        "risk_free_rate": 0.03,
        "volatility": 0.2,
        "option_type": "call",
    }
    requests = [partial(ask, app, "POST", "/options/price", terms, token) for token in tokens]
    taken = [await cpu_of(requests, AT_ONCE) for _ in range(RUNS + 1)]
    return len(requests) / median(taken[1:])


async def _orders(app: App, token: str) -> float:
    symbol = await _a_symbol(app, token)

    def order() -> Any:
        body = {
            "client_order_id": str(uuid4()),
            "symbol": symbol,
            "side": "buy",
            "quantity": "1",
            "order_type": "market",
            "time_in_force": "IOC",
        }
        return ask(app, "POST", "/trade/execute", body, token)

    await cpu_of([order] * 5)
    return ORDERS / await cpu_of([order] * ORDERS)


async def _a_symbol(app: App, token: str) -> str:
    """A cheap option of the simulated venue that is quoted now."""
    answer = await ask(app, "GET", f"/market/options-chain/{ROOT}", None, token)
    expect(answer, 200)
    expiry = answer.document()["expiries"][2]
    quoted = [row["call"]["symbol"] for row in expiry["rows"] if row["call"]["rejected"] is None]
    return str(quoted[-1])


async def _writes(app: App, tokens: Sequence[str], database: str, budget: float) -> list[Figure]:
    """Changes of one's name, so many people at once, each answered once it is durable with its audit entry."""
    names = count()

    def change(place: int) -> Any:
        body = {"full_name": f"Person {next(names)}"}
        return ask(app, "PATCH", "/users/me", body, tokens[place % len(tokens)])

    requests = [partial(change, place) for place in range(WRITES)]
    cpu, clock = [], []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        cpu.append(await cpu_of(requests, AT_ONCE))
        clock.append(time.perf_counter() - started)
    name = f"PATCH /users/me, durable, {database}"
    return [
        Figure(name, WRITES / median(cpu[1:]), "requests/s", budget, larger_is_better=True),
        Figure(f"{name}, by the clock", WRITES / median(clock[1:]), "requests/s", larger_is_better=True),
    ]


def _inserts_of_postgresql(postgres: Postgres) -> float:
    """On a PostgreSQL that syncs as production does."""
    from server.store.postgres import PostgresDatabase

    database = PostgresDatabase(postgres.create("benchmark"))
    try:
        database.write(settings.create)
        return _inserts(database)
    finally:
        database.close()


def _inserts(database: Database) -> float:
    """Handed in by many at once, each in a transaction of its own, until the last is durable."""

    def work(number: int, connection: Connection) -> None:
        connection.execute(insert(settings).values(name=f"benchmark {number}", value="x"))

    started = time.perf_counter()
    futures = [database.submit(partial(work, number)) for number in range(INSERTS)]
    wait(futures)
    for future in futures:
        future.result()
    return INSERTS / (time.perf_counter() - started)
