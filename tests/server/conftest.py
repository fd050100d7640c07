"""Databases and a Redis for the server's tests: real ones, started once for each worker of the run.

A test without them is skipped where this platform has no build of them; with `SERVICES_REQUIRED=1` it fails instead.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NoReturn

import httpx
import psycopg
import pytest

from optionix_core.market.clock import ManualClock, SystemClock
from server import assembly
from server.context import Server
from server.settings import ServerSettings
from server.store.database import Database
from server.store.opening import FILE, migrate, open_database
from server.store.tables import metadata
from tests.server.services import MissingServiceError, Postgres, Redis

SHARED = "shared"
TEMPLATE = "migrated"


def _missing(error: MissingServiceError) -> NoReturn:
    if os.environ.get("SERVICES_REQUIRED") == "1":
        pytest.fail(str(error))
    pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The PostgreSQL of this worker, without syncs of the disk. For one to kill, start `Postgres(durable=True)`."""
    try:
        server = Postgres()
    except MissingServiceError as error:
        _missing(error)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """The Redis of this worker. For one to kill or freeze, start another."""
    try:
        server = Redis()
    except MissingServiceError as error:
        _missing(error)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _template(postgres: Postgres) -> str:
    migrate(postgres.create(TEMPLATE), SystemClock())
    return TEMPLATE


@pytest.fixture(scope="session")
def _shared(postgres: Postgres, _template: str) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    url = postgres.create(SHARED, _template)
    with psycopg.connect(url, autocommit=True) as connection:
        yield url, connection


@pytest.fixture
def postgres_url(_shared: tuple[str, psycopg.Connection[Any]]) -> str:
    """A database with the server's tables, all empty. Emptied, which is ten times as quick as a new one."""
    url, connection = _shared
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
        (SHARED,),
    )
    tables = "; ".join(_emptied(table.name) for table in reversed(metadata.sorted_tables))
    connection.execute(f"SET session_replication_role = replica; {tables}; RESET session_replication_role")  # type: ignore[call-overload]
    return url


def _emptied(table: str) -> str:
    kept = " WHERE name NOT IN ('created_at', 'server_id')" if table == "server_settings" else ""
    return f"DELETE FROM {table}{kept}"  # noqa: S608 - our own names


_numbers = itertools.count()


@pytest.fixture
def fresh_postgres_url(postgres: Postgres, _template: str) -> Iterator[str]:
    """A database of its own with the server's tables, for tests that alter them."""
    name = f"fresh_{next(_numbers)}"
    yield postgres.create(name, _template)
    postgres.drop(name)


@pytest.fixture
def empty_postgres_url(postgres: Postgres) -> Iterator[str]:
    """A database of its own without any table."""
    name = f"empty_{next(_numbers)}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """An empty database of Redis that no other test has used."""
    number = next(_numbers) % Redis.DATABASES
    redis_server.flush(number)
    return redis_server.url(number)


@dataclass(frozen=True)
class Backend:
    """A database with the server's tables, all empty."""

    kind: Literal["sqlite", "postgresql"]
    folder: Path
    """Where SQLite's file and the server's keys lie."""
    url: str | None
    """PostgreSQL's address."""

    def settings(self, **more: Any) -> ServerSettings:
        """Settings of a server on it."""
        return ServerSettings(data_folder=self.folder, database_url=self.url, **more)

    def open(self) -> Database:
        """Open it; whoever opens closes."""
        return open_database(self.settings(), SystemClock())


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    open_database(ServerSettings(data_folder=folder), SystemClock()).close()
    return folder / FILE


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """Each database in turn."""
    if request.param == "postgresql":
        return Backend("postgresql", tmp_path / "data", request.getfixturevalue("postgres_url"))
    return request.getfixturevalue("sqlite_backend")


@pytest.fixture
def sqlite_backend(_sqlite_template: Path, tmp_path: Path) -> Backend:
    """SQLite alone, for what does not depend on the database."""
    shutil.copyfile(_sqlite_template, tmp_path / FILE)
    return Backend("sqlite", tmp_path, None)


@pytest.fixture
def database(backend: Backend) -> Iterator[Database]:
    """`backend`, open."""
    opened = backend.open()
    yield opened
    opened.close()


MOMENT = datetime(2026, 9, 18, 14, 30, tzinfo=UTC)
"""When servers of tests begin: a Friday on which options expire, an hour after the opening in New York."""

MakeServer = Callable[..., Server]
"""`make_server(backend, **settings)`: a whole server on a `ManualClock`, on SQLite where no backend is given."""
ClientOf = Callable[[Server], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def make_server(request: pytest.FixtureRequest) -> Iterator[MakeServer]:
    """Whole servers, closed with the test. Their clock is `server.clock`; settings are those of `ServerSettings`."""
    made: list[Server] = []

    def make(backend: Backend | None = None, **settings: Any) -> Server:
        on = request.getfixturevalue("sqlite_backend") if backend is None else backend
        server = assembly.assemble(on.settings(**settings), ManualClock(MOMENT))
        made.append(server)
        return server

    yield make
    for server in made:
        server.close()


@pytest.fixture
def client_of() -> ClientOf:
    """`async with client_of(server) as client`: requests to it without a network, within its application's life."""

    @asynccontextmanager
    async def opened(server: Server) -> AsyncIterator[httpx.AsyncClient]:
        app = assembly.application(server)
        await server.cache.start()
        try:
            transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://server/api/v2") as client:
                yield client
        finally:
            await server.cache.stop()

    return opened
