"""A server whose PostgreSQL dies, whose Redis dies or freezes, or whose disk is full says so, and goes on after it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.faults.orders import Orders, a_symbol
from tests.server.services import MissingServiceError, Postgres, Redis
from tests.server.serving import Serving

PATIENCE = 60.0
WIDE = {"RATE_STANDARD": "1000000", "RATE_LOGIN": "1000000", "RATE_HEALTH": "1000000", "LOG_LEVEL": "warning"}


def _until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def _status(server: Serving) -> str:
    return str(server.client.get("/health").json()["status"])


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """One that may be killed and keeps what it committed."""
    try:
        server = Postgres(durable=True)
    except MissingServiceError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """One that may be killed and frozen."""
    try:
        server = Redis()
    except MissingServiceError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.mark.fault
def test_a_postgresql_that_is_killed_loses_nothing_that_was_acknowledged(
    own_postgres: Postgres, tmp_path: Path
) -> None:
    environment = {**WIDE, "DATABASE_URL": own_postgres.create("serving")}
    with Serving(tmp_path, environment=environment) as server:
        server.ready()
        server.sign_in()
        orders = Orders(a_symbol(server))
        for _ in range(2):
            for _ in range(3):
                assert orders.send(server) == 201
            own_postgres.kill()
            assert [orders.send(server) for _ in range(2)] == [503, 503]
            _until(lambda: server.client.get("/health").status_code == 503)
            own_postgres.start()
            _until(lambda: _status(server) == "ok")
            _until(lambda: orders.taken(server))  # connections of before may be lost once more
        orders.check(server)
        assert len(orders.acknowledged) == 10


@pytest.mark.fault
@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_without_its_redis_a_server_goes_on_and_limits_still_limit(own_redis: Redis, how: str, tmp_path: Path) -> None:
    if how == "freeze" and sys.platform == "win32":
        pytest.skip("a process cannot be frozen there")
    environment = {**WIDE, "REDIS_URL": own_redis.url(), "RATE_STANDARD": "20"}
    with Serving(tmp_path, environment=environment) as server:
        server.ready()
        server.sign_in()
        assert server.client.get("/users/me").status_code == 200
        getattr(own_redis, how)()
        try:
            began = time.monotonic()
            assert server.client.get("/users/me").status_code == 200
            assert time.monotonic() - began < 2  # 0.2 s for the Redis; the rest is a busy machine's
            _until(lambda: _status(server) == "degraded")
            statuses = [server.client.get("/users/me").status_code for _ in range(40)]
            assert statuses[0] == 200
            assert statuses.count(429) >= 10
        finally:
            if how == "freeze":
                own_redis.thaw()
            else:
                own_redis.start()
        _until(lambda: _status(server) == "ok")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 24 MB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a small file system is made by root on Linux alone")
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"a small file system cannot be made: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


@pytest.mark.fault
def test_a_full_disk_refuses_writes_and_nothing_that_was_acknowledged_is_lost(small_disk: Path) -> None:
    with Serving(small_disk / "home", environment=WIDE) as server:
        server.ready()
        server.sign_in()
        orders = Orders(a_symbol(server))
        for _ in range(3):
            assert orders.send(server) == 201
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space"):
            _fill(filler)
        statuses = []
        while len(statuses) < 60 and statuses[-3:] != [503] * 3:  # what the log has room for is still taken in
            statuses.append(orders.send(server))
        assert set(statuses) <= {201, 503}
        assert statuses[-1] == 503
        assert server.client.get("/users/me").status_code == 200
        assert server.client.get("/health").status_code == 503
        filler.unlink()
        orders.again(server)
        assert orders.send(server) == 201
        orders.check(server)
        assert server.end() == 0
