"""The services of the tests are real, fresh for each test, and leave nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from server.store.database import Database
from tests.server.guardian import ended
from tests.server.services import Postgres, Redis


@pytest.mark.parametrize("turn", [1, 2])
def test_a_database_is_empty_whatever_the_test_before_left(database: Database, turn: int) -> None:
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM login_failures").scalar_one() == 0
    database.write(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO login_failures (key, failures, first_at) VALUES ('left', 1, '2026-03-02T00:00:00+00:00')"
        )
    )


@pytest.mark.parametrize("turn", [1, 2])
def test_a_redis_is_empty_whatever_the_test_before_left(redis_url: str, turn: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "here")


def test_what_was_committed_outlives_a_kill_of_a_durable_postgresql(postgres: Postgres) -> None:
    server = Postgres(durable=True)
    try:
        server.execute("CREATE TABLE kept (n int)")
        server.execute("INSERT INTO kept VALUES (7)")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            server.execute("SELECT n FROM kept")
        server.start()
        assert server.execute("SELECT n FROM kept") == [(7,)]
        assert server.execute("SHOW fsync") == [("on",)]
    finally:
        server.stop()
    assert not server._folder.exists()


def test_services_end_with_the_tests_that_are_killed(postgres: Postgres, redis_server: Redis) -> None:
    script = (
        "from tests.server.services import Postgres, Redis; import sys\n"
        "p, r = Postgres(), Redis()\n"
        "print(p.pid, r.pid, p._guardian.pid, r._guardian.pid, p._folder, r._folder, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as tests:
        assert tests.stdout is not None
        words = tests.stdout.readline().split()
        processes = [psutil.Process(int(pid)) for pid in words[:4]]
        tests.kill()
    assert ended(processes)
    assert not any(Path(folder).exists() for folder in words[4:])
