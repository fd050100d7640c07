"""SQLite for one process: readers that cannot write, and one writer that commits what waits together.

SQLite before 3.51.3 can corrupt a database whose write-ahead log is written and checkpointed by several connections,
so that one connection writes and it alone checkpoints, and a lock beside the file keeps a second server out. Every
function of a batch has a savepoint of its own, where there is more than one; one sync of the disk then makes all of
them durable (group commit), and only then are they acknowledged.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar, cast
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import QueuePool, StaticPool

from optionix_core.errors import HomeLockedError, RefusedError, StorageError
from optionix_core.market.clock import Clock, SystemClock
from optionix_core.storage.connections import translated
from optionix_core.storage.home_lock import HomeLock
from optionix_core.sync.faultpoints import reach
from server.store.database import Work
from server.store.usage import Usage

T = TypeVar("T")

BATCH: Final = 256
"""Functions that share a commit at most."""
CHECKPOINT_PAGES: Final = 1000
_PATIENCE: Final = 15.0
"""Seconds that the end waits for those who read."""
READERS: Final = 64
"""Connections at most that read at once."""


class _Task(NamedTuple):
    work: Work[Any]
    future: Future[Any]


_Answer = Callable[[], None]


class SqliteDatabase:
    """A `Database` in one file; None keeps it in memory, for tests and simulations."""

    kind: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path | None, clock: Clock | None = None) -> None:
        """HomeLockedError names the process that has the file already. `clock` says since when this one has it."""
        self._path = path
        self._named = path if path is not None else Path(":memory:")
        self._held = ExitStack()
        if path is not None:
            lock = HomeLock(path.parent, clock or SystemClock(), path.name)
            self._held.enter_context(lock.held("the server's database", 0.0))
        self._writer = _writer_engine(path)
        self._readers = self._writer if path is None else _reader_engine(path)
        self._memory = threading.RLock()
        """In memory readers share the writer's connection, and take turns with it."""
        self._refused = False
        """Whether the shared connection refuses writes just now. Guarded by `_memory`."""
        self._waiting: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._locks: dict[str, threading.Lock] = {}
        self._door = threading.Lock()
        self._usage = Usage(str(self._named))
        self._ended = False
        """Nothing is handed in any more; set by whoever closes it, or by a writer that dies. Guarded by `_door`."""
        self._writing: int | None = None
        """The thread that runs the work of others, or its own."""
        self._thread: threading.Thread | None = None
        if path is not None:
            self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
            self._thread.start()

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The writer's and the readers'."""
        return (self._writer,) if self._path is None else (self._writer, self._readers)

    @contextmanager
    def reading(self, *, fresh: bool = False, acting: UUID | None = None) -> Iterator[Connection]:
        """A connection that cannot write, on one state of the database; always fresh. `acting` changes nothing."""
        del fresh, acting
        with ExitStack() as stack:
            stack.enter_context(self._usage.held_open())
            if self._path is None:
                stack.enter_context(self._memory)
            stack.enter_context(translated(self._named))
            connection = stack.enter_context(self._readers.connect())
            if self._path is None:
                stack.enter_context(self._query_only(connection, on=True))
            else:
                driver = _driver(connection)
                driver.execute("BEGIN")
                stack.callback(driver.rollback)
            yield connection

    def submit(self, work: Work[T], *, acting: UUID | None = None) -> Future[T]:
        """Queue `work` for the writer. `acting` changes nothing."""
        del acting
        future: Future[T] = Future()
        if self._thread is None:
            with self._usage.held_open(), self._memory:
                if self._writing == threading.get_ident():
                    raise _nested()
                self._commit([_Task(work, future)])
            return future
        with self._door:
            self._usage.refuse_if_closed()
            if self._ended:
                raise self._gone()
            self._waiting.put(_Task(work, future))
        return future

    def write(self, work: Work[T], *, acting: UUID | None = None) -> T:
        """Queue `work` and wait until it is durable."""
        if self._writing == threading.get_ident():
            raise _nested()
        return self.submit(work, acting=acting).result()

    @contextmanager
    def exclusive(self, name: str, timeout: float) -> Iterator[None]:
        """A lock among the threads of this process, which is the only one."""
        self._usage.refuse_if_closed()
        with self._door:
            lock = self._locks.setdefault(name, threading.Lock())
        if not lock.acquire(timeout=max(timeout, 0.0)):
            raise HomeLockedError(f"{name} is being written; waited {timeout:g} s")
        try:
            yield
        finally:
            lock.release()

    def check(self) -> None:
        """Read a row."""
        with self.reading() as connection:
            connection.exec_driver_sql("SELECT 1").scalar_one()

    def close(self) -> None:
        """Commit what waits, fold the write-ahead log in and let go."""
        self._usage.close(_PATIENCE)
        with self._door:
            self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()
        self._readers.dispose()
        self._writer.dispose()
        self._held.close()

    def _gone(self) -> StorageError:
        return StorageError(f"the writer of {self._named} ended")

    @contextmanager
    def _query_only(self, connection: Connection, *, on: bool) -> Iterator[None]:
        """Refuse writes on the connection that all share in memory, or allow them inside a reading of the thread."""
        driver, before = _driver(connection), self._refused
        self._refused = on
        driver.execute(f"PRAGMA query_only={int(on)}")
        try:
            yield
        finally:
            self._refused = before
            driver.execute(f"PRAGMA query_only={int(before)}")

    def _serve(self) -> None:
        batch: list[_Task] = []
        try:
            ended = False
            while not ended and (first := self._waiting.get()) is not None:
                batch, ended = self._batch(first)
                self._commit(batch)
        finally:
            self._abandon(batch)

    def _batch(self, first: _Task) -> tuple[list[_Task], bool]:
        """`first` and what waits behind it, and whether the end was among it."""
        batch = [first]
        while len(batch) < BATCH:
            try:
                task = self._waiting.get_nowait()
            except queue.Empty:
                break
            if task is None:
                return batch, True
            batch.append(task)
        return batch, False

    def _abandon(self, batch: list[_Task]) -> None:
        """The writer ends: nothing more is taken, and nobody is left waiting for it."""
        with self._door:
            self._ended = True
            left = [task for task in batch if not task.future.done()]
            while not self._waiting.empty():
                task = self._waiting.get_nowait()
                left += [] if task is None else [task]
        for task in left:
            if task.future.running() or task.future.set_running_or_notify_cancel():
                task.future.set_exception(self._gone())

    def _commit(self, batch: list[_Task]) -> None:
        """Run all of `batch`, each in a savepoint, commit once, then tell each what came of it."""
        wanted = [task for task in batch if task.future.set_running_or_notify_cancel()]
        self._writing = threading.get_ident()
        try:
            answers = self._durably(wanted)
        except BaseException as error:  # noqa: BLE001 - told to everybody who waits: none of it is durable
            for task in wanted:
                task.future.set_exception(error)
            return
        finally:
            self._writing = None
        for tell in answers:
            tell()

    def _durably(self, batch: list[_Task]) -> list[_Answer]:
        with translated(self._named), self._writer.connect() as connection:
            driver = _driver(connection)
            with ExitStack() as stack:
                if self._path is None:
                    stack.enter_context(self._query_only(connection, on=False))
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    run = self._run_alone if len(batch) == 1 else self._run
                    answers = [run(connection, task) for task in batch]
                    reach("server-before-commit")
                    connection.exec_driver_sql("COMMIT")
                    reach("server-after-commit")
                except BaseException:
                    if driver.in_transaction:  # a full disk ends the transaction by itself
                        connection.exec_driver_sql("ROLLBACK")
                    raise
            return answers

    def _run_alone(self, connection: Connection, task: _Task) -> _Answer:
        """What it raises undoes the transaction, in which there is nothing else."""
        with translated(self._named):
            result = task.work(connection)
        return lambda: task.future.set_result(result)

    def _run(self, connection: Connection, task: _Task) -> _Answer:
        driver = _driver(connection)
        driver.execute("SAVEPOINT one")
        try:
            with translated(self._named):
                result = task.work(connection)
        except BaseException as error:
            if not driver.in_transaction:  # all of the batch is undone
                raise
            driver.execute("ROLLBACK TO one")
            driver.execute("RELEASE one")
            failure = error
            return lambda: task.future.set_exception(failure)
        driver.execute("RELEASE one")
        return lambda: task.future.set_result(result)


def _nested() -> RefusedError:
    return RefusedError("nested-write", "a write inside a write of the same thread would wait for itself")


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def _writer_engine(path: Path | None) -> Engine:
    def connect() -> sqlite3.Connection:
        target = ":memory:" if path is None else str(path)
        opened = sqlite3.connect(target, isolation_level=None, check_same_thread=False, timeout=5.0)
        settings = ["foreign_keys=ON", "synchronous=FULL", "fullfsync=ON", "checkpoint_fullfsync=ON"]
        settings.append("recursive_triggers=ON")  # a row that is replaced is deleted, which some tables refuse
        if path is not None:
            settings += ["journal_mode=WAL", f"wal_autocheckpoint={CHECKPOINT_PAGES}"]
        try:
            for setting in settings:
                opened.execute(f"PRAGMA {setting}").fetchall()
        except BaseException:
            opened.close()
            raise
        return opened

    return create_engine(
        "sqlite://", creator=connect, poolclass=StaticPool, isolation_level="AUTOCOMMIT", hide_parameters=True
    )


def _reader_engine(path: Path) -> Engine:
    address = f"{path.absolute().as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        opened = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            opened.execute("PRAGMA query_only=ON")
        except BaseException:
            opened.close()
            raise
        return opened

    return create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=READERS,  # all that are opened are kept: to open one costs as much as a request
        max_overflow=0,
        pool_timeout=5.0,
        pool_use_lifo=True,  # so that few are used, whose pages are cached
        pool_reset_on_return=None,  # `reading` has rolled back
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # errors are logged, and what was asked for is nobody's but its owner's
    )
