"""What workers take of connections and limits is looked at once at start, told with figures, and shown by health."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from structlog.testing import capture_logs

from server import crowding, serving
from server.settings import ServerSettings
from server.store.postgres import PostgresDatabase, PostgresOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from server.store.database import Database

USUAL = 100 - 3
"""What a PostgreSQL as it comes gives: max_connections less superuser_reserved_connections (documentation, 20.3)."""


@pytest.fixture
def database(postgres_url: str) -> Iterator[PostgresDatabase]:
    opened = PostgresDatabase(postgres_url, options=PostgresOptions(connections=4))
    yield opened
    opened.close()


def given(url: str) -> int:
    with psycopg.connect(url) as connection:
        names = ("max_connections", "superuser_reserved_connections")
        told = [connection.execute(f"SHOW {name}").fetchone() for name in names]  # type: ignore[call-overload] # ours
    return int(told[0][0]) - int(told[1][0])  # type: ignore[index] # a row


def test_two_workers_fit_a_postgresql_as_it_comes() -> None:
    assert 2 * crowding.POOLS * ServerSettings().database_connections <= USUAL


def test_workers_that_do_not_fit_are_told_with_what_to_set(database: Database, postgres_url: str) -> None:
    room = given(postgres_url)

    def warned(workers: int, connections: int, **more: Any) -> list[str]:
        settings = ServerSettings(
            database_url=postgres_url,
            redis_url="redis://127.0.0.1:1/0",
            workers=workers,
            database_connections=connections,
            **more,
        )
        return list(crowding.warnings(settings, database))

    fits = room // (2 * crowding.POOLS)
    assert warned(2, fits) == []
    (told,) = warned(2, fits + 1)
    assert f"2 workers open up to {4 * (fits + 1)}, PostgreSQL gives {room}" in told
    assert f"OPTIONIX_SERVER_DATABASE_CONNECTIONS to at most {fits}," in told
    assert warned(2, fits + 1, database_pooler=True) == []  # the pooler's connections are bounded by itself


def test_workers_without_a_redis_are_told_that_each_counts_alone(database: Database, postgres_url: str) -> None:
    settings = ServerSettings(database_url=postgres_url, workers=2, database_connections=4)
    (told,) = crowding.warnings(settings, database)
    assert "2 times his limit: set OPTIONIX_SERVER_REDIS_URL" in told
    one = settings.model_copy(update={"workers": 1})
    assert list(crowding.warnings(one, database)) == []


def test_it_is_logged_once_for_all_workers(
    database: Database, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    whole = SimpleNamespace(database=database, close=lambda: closed.append(True))
    monkeypatch.setattr(serving.assembly, "assemble", lambda *_: whole)
    monkeypatch.setattr(serving, "_config", lambda *_, **__: None)

    class Workers:
        interrupted, all_answered = False, True

        def __init__(self, *_: object) -> None: ...

        def run(self) -> None: ...

    monkeypatch.setattr(serving, "_Workers", Workers)
    settings = ServerSettings(data_folder=tmp_path, database_url=postgres_url, workers=3, database_connections=4)
    monkeypatch.setattr(serving.os, "environ", dict(serving.os.environ))
    with capture_logs() as logged:
        serving._serve_with_workers(settings, None, lambda: None)  # type: ignore[arg-type] # no socket is used
    assert [(one["log_level"], "count requests each for itself" in one["event"]) for one in logged] == [
        ("warning", True)
    ]
    assert closed == [True]


@pytest.mark.parametrize(("workers", "counted"), [(1, "together"), (2, "by each worker")])
async def test_health_tells_how_limits_are_counted(
    make_server: Any, client_of: Any, workers: int, counted: str
) -> None:
    server = make_server()
    server.settings = server.settings.model_copy(update={"workers": workers})
    async with client_of(server) as client:
        found = (await client.get("/health")).json()
    assert found["checks"]["limits"]["counted"] == counted
    assert found["status"] == "ok"
