"""Appending to the audit log: gapless, chained, in the transaction of the act.

SQLite has one writer, so that an entry's place is certain. On PostgreSQL an advisory lock, held until the transaction
ends, makes writers take turns: append last in a transaction. An act that is undone takes its entry with it.
"""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select, text

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.market.clock import Clock
from optionix_core.sync import merkle
from optionix_core.sync.event import GENESIS
from server.audit.entries import ROOT_EVERY, SALT_BYTES, canonical_form, head_payload, keyed, link, shortened
from server.crypto.envelopes import place, seal_text
from server.parts import AuditEntry, Envelopes
from server.store.database import Database
from server.store.tables import audit_logs, audit_roots

PURPOSE: Final = "audit"
_INSERT: Final = insert(audit_logs)
_LAST: Final = (
    select(audit_logs.c.seq, audit_logs.c.hash, audit_logs.c.epoch).order_by(audit_logs.c.seq.desc()).limit(1)
)
LOCK: Final = int.from_bytes(sha256(b"optionix audit").digest()[:8], "big", signed=True)


class ChainedAuditLog:
    """`server.parts.AuditLog` in the database."""

    def __init__(
        self,
        database: Database,
        envelopes: Envelopes,
        clock: Clock,
        salts: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.database = database
        self.envelopes = envelopes
        self.clock = clock
        self._salts = salts
        self._waiting: list[tuple[AuditEntry, Future[int]]] = []
        self._joining = threading.Lock()
        self._leading = threading.Lock()

    def write(self, connection: Connection, entry: AuditEntry) -> int:
        """See `AuditLog.write`. InvalidValueError where details have no canonical form."""
        entry_id = uuid4()
        moment = self.clock.now()
        agent = shortened(entry.user_agent)
        salt = None if entry.ip_address is None and agent is None else self._salts(SALT_BYTES)
        data = canonical_form(entry_id, moment, entry, salt)
        if self.database.kind == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        seq, previous, epoch = _head(connection)
        seq += 1
        epoch = max(epoch, self.envelopes.epoch())
        chained = link(keyed(self.envelopes.chain_key(PURPOSE, epoch)), seq, previous, data)
        connection.execute(
            _INSERT,
            {
                "id": entry_id,
                "seq": seq,
                "user_id": entry.user_id,
                "action": entry.action,
                "resource": entry.resource,
                "details": dict(entry.details),
                "ip_address": self._sealed("audit_logs.ip_address", entry_id, entry.ip_address),
                "user_agent": self._sealed("audit_logs.user_agent", entry_id, agent),
                "timestamp": moment,
                "salt": salt,
                "data": data,
                "epoch": epoch,
                "hash": chained,
            },
        )
        if seq % ROOT_EVERY == 0:
            self._add_root(connection, seq, chained)
        return seq

    def record(self, entry: AuditEntry) -> int:
        """See `AuditLog.record`.

        On PostgreSQL whoever comes first writes for all who wait, in one transaction: they would only take turns.
        """
        if self.database.kind == "sqlite":  # its writer commits what waits together anyway
            return self.database.write(lambda connection: self.write(connection, entry))
        mine: Future[int] = Future()
        with self._joining:
            self._waiting.append((entry, mine))
        with self._leading:
            if not mine.done():
                with self._joining:
                    batch, self._waiting = self._waiting, []
                self._record_all(batch)
        return mine.result()

    def _record_all(self, batch: Sequence[tuple[AuditEntry, Future[int]]]) -> None:
        def work(connection: Connection) -> list[int]:
            return [self.write(connection, entry) for entry, _ in batch]

        try:
            found = self.database.write(work)
        except (
            InvalidValueError,
            IntegrityError,
        ) as error:  # of one of them: it has no form, or the database refuses it
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for one in batch:  # nothing was written; only those that cannot be are refused
                self._record_all([one])
        except BaseException as error:  # noqa: BLE001 - told to everybody who waits: none of it is durable
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), seq in zip(batch, found, strict=True):
                future.set_result(seq)

    def _sealed(self, column: str, entry_id: UUID, value: str | None) -> str | None:
        return None if value is None else seal_text(self.envelopes, "personal", place(column, entry_id), value)

    def _add_root(self, connection: Connection, seq: int, chained: bytes) -> None:
        frontier = frontier_at(connection, seq)
        connection.execute(
            insert(audit_roots).values(
                seq=seq,
                root=frontier.root(),
                peaks=frontier.to_bytes(),
                signature=self.envelopes.sign_head(head_payload(seq, chained, frontier.root())),
                made_at=self.clock.now(),
            )
        )


def _head(connection: Connection) -> tuple[int, bytes, int]:
    """Sequence, hash and epoch of the last entry."""
    found = connection.execute(_LAST).one_or_none()
    return (0, GENESIS, 1) if found is None else (found[0], found[1], found[2])


def frontier_at(connection: Connection, seq: int) -> merkle.Frontier:
    """The tree over the first `seq` entries, grown from the last root before them."""
    roots, row = audit_roots.c, audit_logs.c
    last = connection.execute(
        select(roots.seq, roots.peaks).where(roots.seq <= seq).order_by(roots.seq.desc()).limit(1)
    ).one_or_none()
    frontier = merkle.Frontier() if last is None else merkle.Frontier.of_bytes(last[0], last[1])
    rest = select(row.data).where(row.seq > frontier.size, row.seq <= seq).order_by(row.seq)
    frontier.extend(merkle.leaf_hash(data) for data in connection.execute(rest).scalars())
    return frontier


def in_base64(value: bytes) -> str:
    """Bytes as documents hold them."""
    return base64.b64encode(value).decode("ascii")
