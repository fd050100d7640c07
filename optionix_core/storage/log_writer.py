"""The one connection that appends. It exists only while the home's lock is held, and refuses to act after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert

from optionix_core.errors import IntegrityError, InvalidValueError, RefusedError
from optionix_core.storage import calibration_rows, head_file, priced_rows, rows
from optionix_core.storage.connections import WRITER_WAIT, transaction, translated
from optionix_core.storage.prepared import Prepared
from optionix_core.storage.schema import beside
from optionix_core.storage.tables import event_contents, fold_checkpoints
from optionix_core.storage.tables import events as table
from optionix_core.sync import chain
from optionix_core.sync.appending import plan
from optionix_core.sync.checkpoints import FoldCheckpoint, digest
from optionix_core.sync.event import Event, Head, Record, contained
from optionix_core.sync.faultpoints import reach

if TYPE_CHECKING:
    from sqlalchemy import Connection

CHECKPOINT_BYTES: Final = 4 << 20
"""Size of the write-ahead log at which the lock's holder moves it into the database."""

_WAIT: Final = int(WRITER_WAIT * 1000)
_insert_event = Prepared(insert(table))
_insert_content = Prepared(insert(event_contents))
_insert_checkpoint = Prepared(insert(fold_checkpoints).prefix_with("OR REPLACE"))
_drop_checkpoint = Prepared(delete(fold_checkpoints).where(fold_checkpoints.c.name == bindparam("of")))


class SqliteLogWriter:
    """Write access to the log while its process holds the lock."""

    def __init__(self, connection: Connection, database: Path, head_path: Path) -> None:
        """Reconcile the log with its head outside; IntegrityError where they contradict each other."""
        self.connection = self._connection = connection
        self.database = self._database = database
        self._head_path = head_path
        self._live = True
        self._checkpoint_at = CHECKPOINT_BYTES
        with translated(database), transaction(connection, database):
            self._head = rows.last(connection)
            outside = head_file.read(head_path)
            if outside is None:
                raise head_file.missing(head_path)
            if chain.unacknowledged(outside, self._head, self._hash_at):
                self._accept(outside)
        if outside != self._head:
            head_file.write(head_path, self._head)

    def retire(self) -> None:
        """Move a large write-ahead log into the database; from now on every use is refused."""
        if self._live:
            self._live = False
            self._checkpoint_when_large()

    def head(self) -> Head:
        """The last committed sequence and hash."""
        self._held()
        return self._head

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """Records with seq > `after`, in order."""
        self._held()
        with translated(self._database):
            previous = rows.hash_at(self._connection, max(after, 0))
        if previous is not None:
            yield from rows.records(self._pages(max(after, 0), limit), Head(max(after, 0), previous))

    def find(self, event_id: str) -> Record | None:
        """The record of an event id."""
        self._held()
        with translated(self._database):
            return rows.by_ids(self._connection, (event_id,)).get(event_id)

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        """The records of those of many ids that exist."""
        self._held()
        with translated(self._database):
            return rows.by_ids(self._connection, event_ids)

    def append(self, events: Sequence[Event]) -> tuple[Record, ...]:
        """Append all in one transaction, or none; durable and acknowledged on return. See `LogWriter`."""
        self._held()
        with translated(self._database):
            planned = plan(events, self._head, lambda ids: rows.by_ids(self._connection, ids))
            if not planned.new:
                return planned.answers
            try:
                with transaction(self._connection, self._database):
                    _insert_event.run_each(self._connection, [_columns(record) for record in planned.new])
                    inner = [
                        {"id": name, "seq": record.seq} for record in planned.new for name in contained(record.event)
                    ]
                    if inner:
                        _insert_content.run_each(self._connection, inner)
                    reach("inside-transaction")
                reach("after-commit")
                head_file.write(self._head_path, planned.head)
            except BaseException:
                self._live = False  # whether it was committed is for the next writer to find out
                raise
        self._head = planned.head
        self._checkpoint_when_large()
        return planned.answers

    def load_checkpoint(self, name: str) -> FoldCheckpoint | None:
        """The checkpoint of a fold, where there is one that fits the log."""
        self._held()
        with translated(self._database):
            return rows.checkpoint(self._connection, name)

    def save_checkpoint(self, checkpoint: FoldCheckpoint) -> None:
        """Keep it in place of the former one; InvalidValueError where its head is not in the log."""
        self._held()
        head = checkpoint.head
        with translated(self._database):
            if rows.hash_at(self._connection, head.seq) != head.hash:
                raise InvalidValueError("checkpoint", f"sequence {head.seq}", "at a head of this log")
            self.put_checkpoint(checkpoint)

    def put_checkpoint(self, checkpoint: FoldCheckpoint) -> None:
        """Keep it; that its head is in the log has been seen."""
        self._held()
        head = checkpoint.head
        kept = {"name": checkpoint.name, "seq": head.seq, "hash": head.hash, "state": checkpoint.state}
        with translated(self._database), transaction(self._connection, self._database):
            _insert_checkpoint.run(self._connection, **kept, digest=digest(checkpoint))

    def drop_checkpoint(self, name: str) -> None:
        """Forget it, if there is one."""
        self._held()
        with translated(self._database), transaction(self._connection, self._database):
            _drop_checkpoint.run(self._connection, of=name)

    def keep_priced(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add priced requests to their table in one transaction; ids that are there already are passed over."""
        self._held()
        with translated(self._database), transaction(self._connection, self._database):
            priced_rows.keep(self._connection, records)

    def keep_calibration(self, record: Mapping[str, Any]) -> None:
        """Add a calibration to its table; an id that is there already is passed over."""
        self._held()
        with translated(self._database), transaction(self._connection, self._database):
            calibration_rows.keep(self._connection, record)

    def _hash_at(self, seq: int) -> bytes | None:
        return self._head.hash if seq == self._head.seq else rows.hash_at(self._connection, seq)

    def _accept(self, outside: Head) -> None:
        """Events past the head outside were committed and never acknowledged: they stand, if their chain does."""
        reached = chain.verify((row for page in self._pages(outside.seq, None) for row in page), outside)
        if reached != self._head:
            raise IntegrityError(f"the log moved while its lock was held: it ends at {reached.seq}", self._head.seq)

    def _pages(self, after: int, limit: int | None) -> Iterator[list[chain.Row]]:
        left = limit
        while left is None or left > 0:
            size = rows.PAGE if left is None else min(rows.PAGE, left)
            self._held()
            with translated(self._database):
                page = rows.page(self._connection, after, size)
            if page:
                yield page
            if len(page) < size:
                return
            after = page[-1].seq
            left = None if left is None else left - len(page)

    def _checkpoint_when_large(self) -> None:
        log, _ = beside(self._database)
        if _size(log) <= self._checkpoint_at:
            return
        with translated(self._database):
            for statement in (
                "PRAGMA busy_timeout=0",
                "PRAGMA wal_checkpoint(TRUNCATE)",
                f"PRAGMA busy_timeout={_WAIT}",
            ):
                self._connection.exec_driver_sql(statement).all()
        self._checkpoint_at = _size(log) + CHECKPOINT_BYTES  # a reader in the log keeps it from shrinking for now

    def _held(self) -> None:
        if not self._live:
            raise RefusedError(
                "home-lock", "the writer was used after its lock had been given back, or after it failed"
            )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _columns(record: Record) -> dict[str, object]:
    return {"seq": record.seq, "id": record.event.id, "data": record.data, "hash": record.hash}
