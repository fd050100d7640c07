"""The database as the rest of the server sees it: read on a connection, write by a function in one transaction.

A write is a function of a connection. It may be run again where nothing of it was committed for certain (a
serialization failure, a connection lost before the commit was sent), so that it does nothing but use its connection.
`write` returns only when what it did is durable.

`acting` names the user whose rows alone a block may see and touch: a second wall behind the conditions of the queries,
where the database has row-level security (PostgreSQL; SQLite has none). Where it is not given it is whom the thread
works for (`server.store.acting`): the caller of a request, or the server itself, which sees all. Whoever may act for
somebody else was decided before (`Books.account`), and `acting` is then the owner.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine

T = TypeVar("T")
Work = Callable[[Connection], T]


class Database(Protocol):
    """What both backends offer. Safe to use from all threads."""

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """Which one it is."""
        ...

    @property
    def engines(self) -> tuple[Engine, ...]:
        """What its connections come from, to be watched (queries are counted there); nothing else is done with them."""
        ...

    def reading(self, *, fresh: bool = False, acting: UUID | None = None) -> AbstractContextManager[Connection]:
        """A connection for queries alone; on a read replica where one is set, unless the answer must be `fresh`.

        Do not ask for another inside: each holds one of a bounded number.
        """
        ...

    def submit(self, work: Work[T], *, acting: UUID | None = None) -> Future[T]:
        """Run `work` in a transaction of its own, soon; done once it is durable. What `work` raises undoes it alone."""
        ...

    def write(self, work: Work[T], *, acting: UUID | None = None) -> T:
        """As `submit`, waited for.

        What `work` raises is raised as it is, but for the database's own errors: StorageError where the disk or the
        server of the database refuses, DeadlineError where it was too busy, IntegrityError where a rule of the tables
        was broken. RefusedError for a write inside a write of the same thread.
        """
        ...

    def exclusive(self, name: str, timeout: float) -> AbstractContextManager[None]:
        """Hold the lock `name` among all workers for the block; HomeLockedError after `timeout` seconds.

        Not again within itself. Where the database is lost meanwhile the lock is too, so that a write inside the block
        still checks what it builds on.
        """
        ...

    def check(self) -> None:
        """Ask the database something. StorageError or DeadlineError where it does not answer."""
        ...

    def close(self) -> None:
        """Finish what was submitted and release everything; from then on StorageError."""
        ...
