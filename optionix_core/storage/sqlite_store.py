"""The home's event store: one SQLite log that terminal, command line and cron share.

Every write holds the home's lock; readers are read-only and never wait for it. The head outside the
database is compared at each write and by `verify`. Refused: a log that contradicts its head, writers
without the lock, filesystems without locks. Not supported: homes on network shares, where SQLite's
write-ahead log does not work, and one home shared by several users of a machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optionix_core.errors import HomeLockedError, IntegrityError, ReadOnlyError, StorageError
from optionix_core.market.clock import Clock, SystemClock
from optionix_core.storage import head_file
from optionix_core.storage.home_lock import HomeLock
from optionix_core.sync import chain
from optionix_core.sync.canonical import time_text
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD, EventStore, Head, Record, Verification

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from optionix_core.storage.log_writer import SqliteLogWriter

DATABASE = "optionix.db"
HEAD = "optionix.head"
BOUND_MARK = "optionix.sync"
"""A file that says that the home is bound to a server: whoever opens the home asks for nothing else."""

_SYSTEM_CLOCK = SystemClock()


def open_store(data_folder: Path, clock: Clock = _SYSTEM_CLOCK, *, read_only: bool = False) -> SqliteEventStore:
    """The event store of the home whose data lie in `data_folder`; nothing is created before the first write.

    `read_only`: every write is refused by ReadOnlyError. A home that is bound to a server has the merged log.
    """
    if (data_folder / BOUND_MARK).exists():
        from optionix_core.storage.merged_store import MergedEventStore

        return MergedEventStore(data_folder, clock, read_only=read_only)
    return SqliteEventStore(data_folder, clock, read_only=read_only)


class SqliteEventStore:
    """An `EventStore` on disk. Threads may share it."""

    def __init__(self, data_folder: Path, clock: Clock, *, read_only: bool = False) -> None:
        self._read_only = read_only
        self._folder = data_folder.absolute()
        self._database = self._folder / DATABASE
        self._head_path = self._folder / HEAD
        self._clock = clock
        self._lock = HomeLock(self._folder, clock)
        self._opening = threading.Lock()
        self._readers: Engine | None = None
        self._writers: Engine | None = None
        self._wrote = False

    @property
    def database(self) -> Path:
        """Where the log lies."""
        return self._database

    def device(self) -> str | None:
        """The id of the device whose log this is, made with the home; None before the first write."""
        with self._reading() as connection:
            if connection is None:
                return None
            from sqlalchemy import select

            from optionix_core.storage.tables import home

            found = connection.execute(select(home.c.value).where(home.c.name == "device")).scalar()
            return None if found is None else str(found)

    def head(self) -> Head:
        """The last committed sequence and hash."""
        with self._reading() as connection:
            if connection is None:
                return EMPTY_HEAD
            from optionix_core.storage import rows

            return rows.last(connection)

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """Records with seq > `after`, in order, each checked against the chain (IntegrityError names the first bad)."""
        start = max(after, 0)
        with self._reading() as connection:
            if connection is None:
                return
            from optionix_core.storage import rows

            previous = rows.hash_at(connection, start)
        if previous is not None:
            yield from rows.records(self._pages(start, limit), Head(start, previous))

    def find(self, event_id: str) -> Record | None:
        """The record of an event id."""
        with self._reading() as connection:
            if connection is None:
                return None
            from optionix_core.storage import rows

            return rows.by_ids(connection, (event_id,)).get(event_id)

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        """The records of those of many ids that exist."""
        with self._reading() as connection:
            if connection is None:
                return {}
            from optionix_core.storage import rows

            return rows.by_ids(connection, event_ids)

    def ids_beginning(self, text: str) -> Sequence[str]:
        """Ids of records, their own ones, that begin with `text`; costs what is found, however long the log is."""
        with self._reading() as connection:
            if connection is None:
                return ()
            from optionix_core.storage import rows

            return rows.ids_beginning(connection, text)

    def load_checkpoint(self, name: str) -> FoldCheckpoint | None:
        """The checkpoint of a fold, where there is one that fits the log."""
        with self._reading() as connection:
            if connection is None:
                return None
            from optionix_core.storage import rows

            return rows.checkpoint(connection, name)

    def priced(self, limit: int, beginning: str | None = None) -> list[dict[str, Any]]:
        """Priced requests in the table, the newest first; those alone whose id begins so, where that is given."""
        with self._reading() as connection:
            if connection is None:
                return []
            from optionix_core.storage import priced_rows

            if beginning is None:
                return priced_rows.newest(connection, limit)
            return priced_rows.beginning(connection, beginning, limit)

    def calibrations(self, limit: int, beginning: str = "") -> list[dict[str, Any]]:
        """The last `limit` calibrations whose id begins so, the newest first."""
        with self._reading() as connection:
            if connection is None:
                return []
            from optionix_core.storage import calibration_rows

            return calibration_rows.newest(connection, limit, beginning)

    @contextmanager
    def writing(self, purpose: str, timeout: float = 10.0) -> Iterator[SqliteLogWriter]:
        """Take the home's lock for `purpose`; makes the home on the first write. See `EventStore`."""
        if self._read_only:
            raise ReadOnlyError(purpose)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{self._folder} could not be made: {error.strerror or error}") from error
        # Loaded before the lock is taken, so that nobody waits for this process's imports.
        from optionix_core.storage import schema  # noqa: F401 # used under the lock
        from optionix_core.storage.connections import translated
        from optionix_core.storage.log_writer import SqliteLogWriter
        from optionix_core.sync import canonical

        canonical.prepare()
        with self._lock.held(purpose, timeout):
            self._create_where_absent()
            with translated(self._database):
                connection = self._writer_engine().connect()
            try:
                self._upgrade_where_older(connection)
                self._keep_open()
                self._wrote = True
                writer = SqliteLogWriter(connection, self._database, self._head_path)
                try:
                    yield writer
                finally:
                    writer.retire()
            finally:
                connection.close()

    def verify(self, watch: Callable[[int], None] | None = None) -> Verification:
        """Recompute the whole chain, compare its head outside, check the database's own structure."""
        if self._reader_engine() is None:
            return Verification(EMPTY_HEAD, 0)
        outside = head_file.read(self._head_path)
        if outside is None:
            raise head_file.missing(self._head_path)
        at_outside: list[bytes] = []
        with self._reading() as connection:
            from optionix_core.storage.contents import ContentsCheck

            contents = ContentsCheck(connection)

        def watched() -> Iterator[chain.Row]:
            for page in self._pages(0, None):
                if watch is not None:
                    watch(page[0].seq - 1)
                place = outside.seq - page[0].seq
                if 0 <= place < len(page):
                    at_outside.append(page[place].hash)
                for row in page:
                    yield row
                    contents.see(row)

        head = chain.verify(watched())
        contents.finish()
        chain.unacknowledged(outside, head, lambda _: at_outside[0])
        with self._reading() as connection:
            from optionix_core.storage import structure

            if connection is not None:
                structure.check(connection, self._database)
        now_outside = head_file.read(self._head_path) or outside  # others may have written meanwhile
        return Verification(head, head.seq, max(0, head.seq - now_outside.seq))

    def close(self) -> None:
        """Release files; after a write, also move the write-ahead log into the database if nobody else is writing."""
        with self._opening:
            if self._readers is not None:
                self._readers.dispose()
                self._readers = None
        if self._wrote and not self._lock.held_here:
            self._tidy()
            self._wrote = False

    def _tidy(self) -> None:
        """Open and close the database under the lock: SQLite's last closer folds the write-ahead log in."""
        try:
            with self._lock.held("closing", 0.0):
                from optionix_core.storage import rows
                from optionix_core.storage.connections import translated

                with translated(self._database), self._writer_engine().connect() as connection:
                    rows.last(connection)
        except HomeLockedError:
            return  # whoever writes now will do it

    @contextmanager
    def _reading(self) -> Iterator[Connection | None]:
        """A read-only connection; None while there is no log."""
        engine = self._reader_engine()
        if engine is None:
            yield None
            return
        from optionix_core.storage.connections import translated

        with translated(self._database), engine.connect() as connection:
            yield connection

    def _pages(self, after: int, limit: int | None) -> Iterator[list[chain.Row]]:
        """Rows with seq > `after` in pages; no connection is held while a page is with the caller."""
        from optionix_core.storage import rows

        left = limit
        while left is None or left > 0:
            size = rows.PAGE if left is None else min(rows.PAGE, left)
            with self._reading() as connection:
                page = [] if connection is None else rows.page(connection, after, size)
            if page:
                yield page
            if len(page) < size:
                return
            after = page[-1].seq
            left = None if left is None else left - len(page)

    def _reader_engine(self) -> Engine | None:
        if self._readers is not None:
            return self._readers
        if not self._database.exists():
            self._refuse_where_lost()
            return None
        from optionix_core.storage.connections import reader_engine, translated
        from optionix_core.storage.schema import is_current

        engine = reader_engine(self._database)
        try:
            with translated(self._database), engine.connect() as connection:
                current = is_current(connection, self._database)
        except BaseException:
            engine.dispose()
            raise
        if not current:
            engine.dispose()
            with self.writing("bringing the database up to date"):
                return self._reader_engine()  # upgraded under the lock
        return self._adopt(engine)

    def _adopt(self, engine: Engine) -> Engine:
        """Keep `engine` for all readers, unless another thread was first."""
        with self._opening:
            if self._readers is None:
                self._readers = engine
            elif self._readers is not engine:
                engine.dispose()
            return self._readers

    def _writer_engine(self) -> Engine:
        from optionix_core.storage.connections import writer_engine

        if self._writers is None:
            self._writers = writer_engine(self._database, lambda: self._lock.held_here)
        return self._writers

    def _create_where_absent(self) -> None:
        """Head first, then the whole database at once: a crash between them leaves an empty home, nothing else."""
        if self._database.exists():
            return
        self._refuse_where_lost()
        from optionix_core.storage import schema

        head_file.write(self._head_path, EMPTY_HEAD)
        schema.create(self._database, time_text(self._clock.now()))

    def _refuse_where_lost(self) -> None:
        outside = head_file.read(self._head_path)
        if outside is not None and outside != EMPTY_HEAD and not self._database.exists():
            raise IntegrityError(f"{self._database} is missing: its head outside says {outside.seq} events", 1)

    def _upgrade_where_older(self, connection: Connection) -> None:
        from optionix_core.storage.connections import transaction, translated
        from optionix_core.storage.schema import is_current, upgrade

        with translated(self._database):
            if is_current(connection, self._database):
                return
            with transaction(connection, self._database):
                upgrade(connection)

    def _keep_open(self) -> None:
        """Hold a reader before the writer closes, so that its closing is not the last one and stays cheap."""
        if self._readers is not None and self._readers.pool.checkedin():  # type: ignore[attr-defined] # of a QueuePool
            return  # each has read before it was given back
        with self._reading() as connection:
            if connection is not None:
                from optionix_core.storage import rows

                rows.last(connection)


if TYPE_CHECKING:
    _promise: type[EventStore] = SqliteEventStore
