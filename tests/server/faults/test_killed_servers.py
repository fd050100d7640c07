"""`optionix serve` killed at chosen points while orders and notes come in: each acknowledged one is there once.

A server dies before a commit or between commit and answer, of the N-th transaction since its start; what was never
answered is sent again to the next one. In the end streams and audit log are verified from outside.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from optionix_core.market.clock import SystemClock
from server import assembly
from server.audit.verifying import verify
from server.settings import ServerSettings
from server.store.tables import streams
from tests.server.faults.notes import Notes
from tests.server.faults.orders import Orders, a_symbol
from tests.server.serving import Serving

POINTS = ("server-before-commit", "server-after-commit")
KILLS = 10
"""On each database."""
SOAKED = 200
STEPS = 25
"""Of each work that one server is given before it counts as one that does not die."""
WIDE = {"RATE_STANDARD": "1000000", "RATE_LOGIN": "1000000", "LOG_LEVEL": "warning", "ACCESS_TOKEN_SECONDS": "3600"}


@pytest.mark.fault
def test_acknowledged_orders_outlive_kills_on_sqlite(tmp_path: Path) -> None:
    _run(tmp_path, {}, KILLS, seed=1)


@pytest.mark.fault
def test_acknowledged_orders_outlive_kills_on_postgresql(tmp_path: Path, empty_postgres_url: str) -> None:
    _run(tmp_path, {"DATABASE_URL": empty_postgres_url}, KILLS, seed=2)


@pytest.mark.soak
def test_two_hundred_kills_on_sqlite(tmp_path: Path) -> None:
    _run(tmp_path, {}, SOAKED, seed=3)


@pytest.mark.soak
def test_two_hundred_kills_on_postgresql(tmp_path: Path, empty_postgres_url: str) -> None:
    _run(tmp_path, {"DATABASE_URL": empty_postgres_url}, SOAKED, seed=4)


class Work(Protocol):
    """What is sent, one step after the other."""

    def step(self, server: Serving) -> None:
        """Something new."""

    def again(self, server: Serving) -> None:
        """What was never answered."""

    def check(self, server: Serving) -> None:
        """What must be true in the end."""


def _dies(server: Serving, works: Sequence[Work], *, again: bool) -> bool:
    """`again`: first what was never answered; then new things. True where the server died of one of them."""
    try:
        for work in works if again else ():
            work.again(server)
        for _ in range(STEPS):
            for work in works:
                work.step(server)
    except httpx.TransportError:
        return True
    return False


def _run(home: Path, database: dict[str, str], kills: int, seed: int) -> None:
    chance = random.Random(seed)
    environment = {**WIDE, **database}
    with Serving(home, environment=environment) as server:
        server.ready()
        server.sign_in()
        orders, notes = Orders(a_symbol(server)), Notes()
        works: tuple[Work, ...] = (orders, notes)
        token = server.client.headers["Authorization"]
        assert server.end() == 0
    died = 0
    while died < kills:
        fault = f"{chance.choice(POINTS)}:{chance.randint(4, 40)}"
        with Serving(home, environment={**environment, "FAULT_POINT": fault}) as server:
            server.ready()
            server.client.headers["Authorization"] = token
            again = chance.random() < 0.5
            assert _dies(server, works, again=again), f"{fault} was never reached"
            assert server.process.wait(60) != 0
            died += 1
    with Serving(home, environment=environment) as server:
        server.ready()
        server.sign_in()
        for work in works:
            work.again(server)
            work.check(server)
        assert server.client.get("/health").json()["status"] == "ok"
        assert server.end() == 0
    assert len(orders.acknowledged) == orders.sent > 0
    assert notes.acknowledged == notes.sent > 0
    _verify(home, database)


def _verify(home: Path, database: dict[str, str]) -> None:
    """Chains of all streams and of the audit log, by the product's own verification on the database at rest."""
    folder = home / "data" / "server"
    settings = ServerSettings(data_folder=folder, database_url=database.get("DATABASE_URL"))  # type: ignore[arg-type]
    server = assembly.assemble(settings, SystemClock())
    try:
        with server.database.reading(fresh=True) as connection:
            ids = connection.execute(streams.select().with_only_columns(streams.c.id)).scalars().all()
        assert ids
        for stream_id in ids:
            assert server.books.store(stream_id).verify().events > 0
        verify(server.audit)
    finally:
        server.close()
    if not database:
        with sqlite3.connect(folder / "server.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
