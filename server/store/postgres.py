"""PostgreSQL for teams, by psycopg: a pool for requests, a replica for reads where one is set.

The engine's services are synchronous and run in the server's threads, so that their driver is synchronous too: one
driver for queries, migrations, COPY and LISTEN alike. A write is repeated where PostgreSQL undid it (serialization
failure, deadlock) or the connection was lost before the commit was sent, at most `ATTEMPTS` times; one whose commit may
have been done is never repeated here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine, exc, func, select

from optionix_core.errors import HomeLockedError, RefusedError
from optionix_core.sync.faultpoints import reach
from server.store.acting import acting as now_acting
from server.store.database import Work
from server.store.postgres_connections import (
    LOCKED,
    STATEMENT_SECONDS,
    UNDONE,
    begin,
    engine_of,
    error_of,
    is_lost,
    set_local,
    state_of,
    translated,
)
from server.store.usage import Usage

T = TypeVar("T")

ATTEMPTS: Final = 4
_PAUSE: Final = 0.02
"""Seconds before the second attempt; each later one waits longer."""
REPLICA_REST: Final = 5.0
"""Seconds for which a replica that did not answer is not asked again."""
_SUBMITTERS: Final = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PostgresOptions:
    """How a `PostgresDatabase` uses its server."""

    connections: int = 20
    """At most, for each of primary, replica and locks."""
    pooled: bool = False
    """A pooler in transaction mode (PgBouncer) stands between: nothing is kept in a session.

    Prepared statements are off then, and role, user and time limits are set anew in each transaction.
    """
    role: str | None = None
    """Taken on by every connection; None: the role of the address."""

    def engine(self, url: str) -> Engine:
        """A pool for `url`."""
        return engine_of(url, self.connections, role=self.role, pooled=self.pooled)


@dataclass(slots=True)
class _Attempt:
    began: bool = False
    committing: bool = False

    def undone(self, error: exc.DBAPIError | exc.TimeoutError) -> bool:
        """Whether nothing of it was committed for certain, though it had begun."""
        if not isinstance(error, exc.DBAPIError):
            return False
        return state_of(error) in UNDONE or (self.began and not self.committing and is_lost(error))


class PostgresDatabase:
    """A `Database` on a server of its own."""

    kind: Literal["postgresql"] = "postgresql"

    def __init__(
        self,
        url: str,
        replica_url: str | None = None,
        options: PostgresOptions | None = None,
        *,
        wait: Callable[[float], None] = time.sleep,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wait` pauses between attempts, `ticks` counts seconds. ConfigurationError for an address of another kind."""
        self._options = options or PostgresOptions()
        self._engine = self._options.engine(url)
        self._replica = None if replica_url is None else self._options.engine(replica_url)
        self._locking = self._options.engine(url)
        """For locks alone: whoever holds one finds a connection to write with."""
        self._locks: dict[str, threading.Lock] = {}
        self._door = threading.Lock()
        self._writers = ThreadPoolExecutor(_SUBMITTERS, thread_name_prefix="postgres")
        self._wait = wait
        self._ticks = ticks
        self._replica_rests_until = float("-inf")
        self._usage = Usage("the database")
        self._thread = threading.local()

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The primary's and the replica's."""
        return (self._engine,) if self._replica is None else (self._engine, self._replica)

    @contextmanager
    def reading(self, *, fresh: bool = False, acting: UUID | None = None) -> Iterator[Connection]:
        """A read-only connection: of the replica where one is set and answers, else of the primary."""
        acting = now_acting() if acting is None else acting
        with self._usage.held_open(), translated(), ExitStack() as stack:
            connection = None if fresh else self._of_replica(stack)
            if connection is None:
                connection = stack.enter_context(self._engine.connect())
            connection.execution_options(postgresql_readonly=True)
            self._begin(connection, acting)
            yield connection

    def submit(self, work: Work[T], *, acting: UUID | None = None) -> Future[T]:
        """Run `work` on a thread of the pool."""
        acting = now_acting() if acting is None else acting
        with self._usage.held_open():
            return self._writers.submit(self._write, work, acting)

    def write(self, work: Work[T], *, acting: UUID | None = None) -> T:
        """Run `work` in a transaction here and now."""
        acting = now_acting() if acting is None else acting
        with self._usage.held_open():
            return self._write(work, acting)

    @contextmanager
    def exclusive(self, name: str, timeout: float) -> Iterator[None]:
        """An advisory lock, held by an open transaction: it works through a pooler and ends with its connection.

        Threads of this process queue among themselves first, so that one connection at most waits for each name.
        """
        until = self._ticks() + max(timeout, 0.0)
        with self._usage.held_open():
            with self._door:
                lock = self._locks.setdefault(name, threading.Lock())
            if not lock.acquire(timeout=max(timeout, 0.0)):
                raise _locked(name, timeout)
            try:
                with translated():
                    connection = self._locking.connect()
                try:
                    with translated():
                        self._lock(connection, name, timeout, until - self._ticks())
                    yield
                finally:
                    _let_go(connection, name)
            finally:
                lock.release()

    def check(self) -> None:
        """Read a row."""
        with self.reading(fresh=True) as connection:
            connection.exec_driver_sql("SELECT 1").scalar_one()

    def close(self) -> None:
        """Wait for what was begun or submitted and release the pools."""
        self._usage.close(STATEMENT_SECONDS)
        self._writers.shutdown()
        for engine in (*self.engines, self._locking):
            engine.dispose()

    def _begin(self, connection: Connection, acting: UUID | None) -> None:
        begin(connection, self._options.role, acting, pooled=self._options.pooled)

    def _write(self, work: Work[T], acting: UUID | None) -> T:
        if getattr(self._thread, "writes", False):
            raise RefusedError("nested-write", "a write inside a write of the same thread would wait for itself")
        self._thread.writes = True
        try:
            for number in range(1, ATTEMPTS + 1):
                attempt = _Attempt()
                try:
                    return self._once(work, acting, attempt)
                except (exc.DBAPIError, exc.TimeoutError) as error:
                    if number == ATTEMPTS or not attempt.undone(error):
                        raise error_of(error, committing=attempt.committing) from error
                self._wait(_PAUSE * number)
        finally:
            self._thread.writes = False
        raise AssertionError("the loop returns or raises")

    def _once(self, work: Work[T], acting: UUID | None, attempt: _Attempt) -> T:
        with self._engine.connect() as connection:
            attempt.began = True
            self._begin(connection, acting)
            result = work(connection)
            reach("server-before-commit")
            attempt.committing = True
            connection.commit()
            reach("server-after-commit")
            return result

    def _lock(self, connection: Connection, name: str, timeout: float, left: float) -> None:
        milliseconds = max(1, round(left * 1000))
        limits = {
            "lock_timeout": str(milliseconds),
            "statement_timeout": "0",
            "idle_in_transaction_session_timeout": "0",
        }
        self._begin(connection, None)
        set_local(connection, limits)
        key = int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
        try:
            connection.execute(select(func.pg_advisory_xact_lock(key)))
        except exc.DBAPIError as error:
            if state_of(error) == LOCKED:
                raise _locked(name, timeout) from error
            raise

    def _of_replica(self, stack: ExitStack) -> Connection | None:
        """None where there is none, or it does not answer: then it is left alone for a while."""
        if self._replica is None or self._ticks() < self._replica_rests_until:
            return None
        try:
            return stack.enter_context(self._replica.connect())
        except exc.OperationalError as error:
            self._replica_rests_until = self._ticks() + REPLICA_REST
            _log.warning("the read replica does not answer, the primary is read for %g s: %s", REPLICA_REST, error.orig)
            return None


def _locked(name: str, timeout: float) -> HomeLockedError:
    return HomeLockedError(f"{name} is being written by another worker; waited {timeout:g} s")


def _let_go(connection: Connection, name: str) -> None:
    """End the lock's transaction; where its connection is lost the lock is gone already."""
    try:
        connection.close()
    except exc.DBAPIError as error:
        _log.warning("the connection that held the lock %s was lost: %s", name, error.orig)
