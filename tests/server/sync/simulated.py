"""What a simulated world is made of: clocks that are off, databases and homes that die, keys and an audit log."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from optionix_core.errors import UnknownNameError
from optionix_core.market.clock import ManualClock
from optionix_core.storage import durable
from optionix_core.storage.binding import bind
from optionix_core.storage.merged_store import MergedEventStore
from optionix_core.storage.merged_writer import MergedWriter
from optionix_core.storage.sqlite_store import SqliteEventStore
from optionix_core.sync.replica import Step, SyncState
from server.parts import AuditEntry
from server.store import schema
from server.store.sqlite import SqliteDatabase

START = datetime(2026, 1, 16, 14, 30, tzinfo=UTC)


class HomeClock:
    """A device's clock: the server's, and so much off."""

    def __init__(self, base: ManualClock) -> None:
        self._base = base
        self.off = timedelta()

    def now(self) -> datetime:
        return self._base.now() + self.off


class Crash(BaseException):
    """A process dies here: nothing after it happens."""


class SignedBy:
    """Keys of a server, without a vault."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(sha256(b"head").digest())

    def chain_key(self, purpose: str, epoch: int) -> bytes:
        return sha256(f"{purpose} {epoch}".encode()).digest()

    def sign_head(self, data: bytes) -> bytes:
        return self._key.sign(data)

    def head_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()


class Audit:
    """Keeps what was written, as often as it was tried."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def write(self, connection: Any, entry: AuditEntry) -> int:
        del connection
        self.entries.append(entry)
        return len(self.entries)

    def record(self, entry: AuditEntry) -> int:
        return self.write(None, entry)


@cache
def _empty_database() -> bytes:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        schema.create(connection)
    raw = engine.raw_connection().driver_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.commit()
    return raw.serialize()


_idle: list[Engine] = []
"""Engines whose databases are gone with their connections: the statements that they have compiled are still good."""


class DyingDatabase(SqliteDatabase):
    """A database whose process may die before or after a commit."""

    def __init__(self) -> None:
        super().__init__(None)
        if _idle:
            self._writer = self._readers = _idle.pop()
        with self._writer.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.deserialize(_empty_database())
        self.dies: Callable[[str], bool] = lambda _point: False

    def close(self) -> None:
        """Let go, and leave the engine to the next."""
        super().close()
        _idle.append(self._writer)

    _numbers = 0

    def number(self) -> int:
        """Another one every time."""
        self._numbers += 1
        return self._numbers

    def write(self, work: Any, *, acting: UUID | None = None) -> Any:
        def dying(connection: Any) -> Any:
            result = work(connection)
            if self.dies("inside-transaction"):
                raise _Undone
            return result

        try:
            result = super().write(dying, acting=acting)
        except _Undone:
            raise Crash("inside-transaction") from None
        if self.dies("after-commit"):
            raise Crash("after-commit")
        return result


class _Undone(Exception):  # noqa: N818 - the transaction is, no error is meant
    pass


class DyingStore(MergedEventStore):
    """A home whose process may die as it keeps what it was told."""

    dies: Callable[[str], bool] = staticmethod(lambda _point: False)

    @contextmanager
    def syncing(self, purpose: str, timeout: float = 10.0) -> Iterator[MergedWriter]:
        with super().syncing(purpose, timeout) as writer:
            if self.dies(f"before {purpose}"):
                raise Crash(purpose)
            keep, note = writer.keep, writer.note

            def kept(step: Step) -> None:
                keep(step)
                if self.dies("after a page was kept"):
                    raise Crash("page")

            def noted(state: SyncState) -> None:
                note(state)
                if self.dies("after a state was kept"):
                    raise Crash("state")

            writer.keep, writer.note = kept, noted  # type: ignore[method-assign] # only to die behind them
            yield writer


class KnowsNothing:
    """Knows no instrument: whatever is sold without being held has no bound."""

    def instrument(self, symbol: str) -> Any:
        raise UnknownNameError("symbol", symbol)


def no_feed() -> Any:
    """Nobody asks for a feed."""
    raise AssertionError("no order is matched here")


@cache
def template(parent: Path) -> Path:
    folder = parent / "template"
    store = SqliteEventStore(folder, ManualClock(START))
    bind(store, folder, "sim://server", "user")
    store.close()
    return folder


@contextmanager
def no_syncs() -> Iterator[None]:
    """Files are not synced to a medium: here no machine dies, only processes do."""
    before = durable.sync
    durable.sync = lambda _handle: None  # type: ignore[assignment] # the disk is replaced
    try:
        yield
    finally:
        durable.sync = before


def in_memory(otherwise: Path) -> Path:
    """A new folder that lies in memory where the system has such a place."""
    shared = Path("/dev/shm")  # noqa: S108 - not a secret's place
    parent = shared if shared.is_dir() and os.access(shared, os.W_OK) else otherwise
    return Path(tempfile.mkdtemp(prefix="optionix-simulated-", dir=parent))
