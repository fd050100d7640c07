"""A server of routers alone, see `desk`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from optionix_core.market.clock import ManualClock
from optionix_core.services.feeds import open_feed
from server.app import create_app
from server.books import ServerBooks
from server.context import Server
from server.house import limit_engine, trading_rules
from server.settings import ServerSettings
from server.sync.devicesync import DeviceSync
from tests.server.api.desk import NOW, ByHeader, Desk, Keys, NoCache
from tests.server.conftest import Backend
from tests.server.sync.simulated import Audit, SignedBy

if TYPE_CHECKING:
    from fastapi import FastAPI

    from optionix_core.market.protocols import QuoteSource


@pytest.fixture(scope="session")
def feed() -> QuoteSource:
    return open_feed("sim", seed=20, session="continuous")


@pytest.fixture(scope="session")
def app() -> FastAPI:
    """The routes, made once: each test gives them a server of its own."""
    return create_app(cast("Server", None))


@pytest.fixture(scope="session")
def description(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


@pytest.fixture
def desk_backend(request: pytest.FixtureRequest, sqlite_backend: Backend, tmp_path: Path) -> Backend:
    """SQLite, but for tests that are marked `on_both`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return sqlite_backend
    return Backend("postgresql", tmp_path / "data", request.getfixturevalue("postgres_url"))


@pytest.fixture
def desk(app: FastAPI, feed: QuoteSource, desk_backend: Backend, tmp_path: Path) -> Iterator[Desk]:
    clock = ManualClock(NOW)
    database = desk_backend.open()
    books = ServerBooks(
        database,
        cast("Any", Keys()),
        clock,
        tmp_path,
        lambda: feed,
        rules=trading_rules(),
        limit_engine=limit_engine(),
    )
    parts: dict[str, Any] = dict.fromkeys(Server.__dataclass_fields__)
    parts |= {"settings": ServerSettings(), "clock": clock, "database": database, "books": books, "cache": NoCache()}
    signed: Any = SignedBy()
    parts["audit"] = Audit()
    parts["sync"] = DeviceSync(database, books, signed, Audit(), clock)
    server = Server(**cast("Any", parts))
    app.state.server, app.state.turns = server, None
    transport = httpx.ASGITransport(ByHeader(app, database))
    with start_blocking_portal() as portal:
        client = httpx.AsyncClient(transport=transport, base_url="http://server")
        yield Desk(client, portal, app, server, clock, books)
        portal.call(client.aclose)
    books.close()
    database.close()
