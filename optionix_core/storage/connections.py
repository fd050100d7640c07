"""Connections to the home's database, by their two kinds, and what their errors mean.

A reader is opened read-only by the file system's mode and never checkpoints. The writer lives only
while the home's lock is held; checkpoints are its own act, automatic ones are off (SQLite before 3.51.3
may corrupt a database where several connections write and checkpoint at once).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, exc
from sqlalchemy.pool import NullPool, QueuePool

from optionix_core.errors import DeadlineError, HomeLockedError, IntegrityError, StorageError
from optionix_core.storage.intruder import writer_of
from optionix_core.storage.tables import LOCK_FUNCTION

_READER_WAIT: Final = 5.0
WRITER_WAIT: Final = 2.0
"""Seconds for which a writer that holds the lock bears with somebody who writes without it."""

_SETTINGS: Final = ";".join(
    f"PRAGMA {setting}"
    for setting in (
        "trusted_schema=ON",  # the insert trigger calls our function
        "journal_mode=WAL",
        "synchronous=FULL",
        "fullfsync=ON",  # macOS: to the medium, not to its cache
        "checkpoint_fullfsync=ON",
        "wal_autocheckpoint=0",
    )
)
"""Of the writer, run as one script."""

_DAMAGED: Final = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT", "SQLITE_MISMATCH"})
_BUSY: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})
_REFUSED_BY_MACHINE: Final = frozenset(
    {"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_NOMEM"}
)


def reader_engine(database: Path) -> Engine:
    """Read-only connections, shared by the threads of a process."""
    address = f"{database.absolute().as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        opened = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=_READER_WAIT)
        with _closed_on_failure(opened):
            opened.execute("PRAGMA query_only=ON")
        return opened

    return create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=28, isolation_level="AUTOCOMMIT"
    )


def writer_engine(database: Path, lock_held: Callable[[], bool]) -> Engine:
    """Connections that may append while `lock_held` says so; each is closed when it is given back."""

    def connect() -> sqlite3.Connection:
        opened = sqlite3.connect(
            f"{database.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=WRITER_WAIT,
        )
        with _closed_on_failure(opened):
            opened.create_function(LOCK_FUNCTION, 0, lambda: int(lock_held()))
            opened.executescript(_SETTINGS)
        return opened

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, isolation_level="AUTOCOMMIT")


@contextmanager
def _closed_on_failure(opened: sqlite3.Connection) -> Iterator[None]:
    """Do not leave a connection behind whose database turned out to be unusable."""
    try:
        yield
    except BaseException:
        opened.close()
        raise


@contextmanager
def transaction(connection: Connection, database: Path) -> Iterator[None]:
    """Hold SQLite's write lock for the block: committed at its end, rolled back on any exception.

    HomeLockedError where somebody writes without the home's lock, which the caller holds.
    """
    driver = driver_of(connection)
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if _code(error) in _BUSY:
            raise HomeLockedError(
                f"{database} is being written by {writer_of(database) or 'a program'} "
                "that does not hold the home's lock: close it; only Optionix may write there"
            ) from error
        raise
    try:
        yield
        driver.execute("COMMIT")
    except BaseException:
        if driver.in_transaction:
            driver.execute("ROLLBACK")
        raise


@contextmanager
def translated(database: Path) -> Iterator[None]:
    """Turn the database's errors into ours, naming the file."""
    try:
        yield
    except (exc.DBAPIError, sqlite3.Error) as error:
        origin = error.orig if isinstance(error, exc.DBAPIError) else error
        code = _code(error)
        if code in _BUSY:
            raise DeadlineError(f"{database} was busy for longer than {_READER_WAIT:g} s") from error
        if code in _REFUSED_BY_MACHINE:
            raise StorageError(f"{database} could not be used: {origin}") from error
        if code in _DAMAGED:
            raise IntegrityError(f"{database} is damaged: {origin}") from error
        raise IntegrityError(f"{database} is not as Optionix left it: {origin}") from error
    except UnicodeDecodeError as error:  # a damaged schema, which SQLite quotes in its message
        raise IntegrityError(f"{database} is damaged: {error}") from error


def driver_of(connection: Connection) -> sqlite3.Connection:
    """SQLite's own connection under one of SQLAlchemy's."""
    opened = connection.connection.driver_connection
    if not isinstance(opened, sqlite3.Connection):
        raise TypeError(f"the driver of a home must be sqlite3 (got {type(opened)})")
    return opened


def _code(error: exc.DBAPIError | sqlite3.Error) -> str:
    """SQLite's primary error code by name, such as SQLITE_BUSY for SQLITE_BUSY_SNAPSHOT."""
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    name: str = getattr(origin, "sqlite_errorname", "")
    return "_".join(name.split("_")[:2])
