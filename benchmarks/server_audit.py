"""The server's audit log on SQLite: appending, and checking all of it."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.market.clock import ManualClock
from server.audit.log import ChainedAuditLog
from server.audit.verifying import verify
from server.crypto.envelopes import SealedEnvelopes
from server.crypto.keys import KeyRing
from server.crypto.master import KEY_BYTES, LocalMasterKey
from server.parts import AuditEntry
from server.store import schema
from server.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from sqlalchemy import Connection

ENTRIES = 20_000
BUDGET = 100_000.0


def figures(environment: dict[str, str]) -> list[Figure]:
    """Entries a second of CPU."""
    del environment
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        database = SqliteDatabase(Path(folder) / "server.db")
        try:
            return _figures(database)
        finally:
            database.close()


def _figures(database: SqliteDatabase) -> list[Figure]:
    database.write(schema.create)
    clock = ManualClock(datetime(2026, 1, 16, 14, 30, tzinfo=UTC))
    ring = KeyRing.opened(database, LocalMasterKey(secrets.token_bytes(KEY_BYTES)), clock)
    log = ChainedAuditLog(database, SealedEnvelopes(ring), clock)
    details = {"account": "paper-1", "status": 201, "quantity": "10"}
    entries = [
        AuditEntry("trade.execute", f"orders/{number}", None, details, "203.0.113.7", "optionix/2 (Linux)")
        for number in range(ENTRIES)
    ]

    def append(connection: Connection) -> None:
        for entry in entries:
            log.write(connection, entry)

    database.write(append)

    def rate(job: Callable[[], object], count: int) -> float:
        return count / cpu_of_call(job, runs=5)

    chain = rate(lambda: verify(log, columns=False), ENTRIES)
    whole = rate(lambda: verify(log), ENTRIES)
    one = rate(lambda: [log.record(entry) for entry in entries[:200]], 200)
    note = f"of {ENTRIES:,} entries"
    return [
        Figure("chain, roots and heads checked", chain, "entries/s", BUDGET, note, larger_is_better=True),
        Figure("columns and sealed addresses as well", whole, "entries/s", None, note),
        Figure("entries appended, a commit each", one, "entries/s", None, "addresses sealed"),
    ]
