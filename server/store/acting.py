"""For whom this thread or task works now: the user whose rows alone the database shows it, or the server itself.

A request acts as its caller from the moment that its right was looked at (`server.auth.rights.needs`), in all threads
that it asks; what is not a request, or has no caller yet, is the server. Where somebody may see or touch another's rows
that is decided by a query of the server's own (`acting_for(None)`), and the work is then done as their owner, by
`acting_for(owner)` or over `OwnedDatabase`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Literal, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sqlalchemy import Connection, Engine

    from server.store.database import Database, Work

T = TypeVar("T")

_ACTING: Final[ContextVar[UUID | None]] = ContextVar("acting", default=None)


def acting() -> UUID | None:
    """Whose rows are seen; None: the server itself, which sees all."""
    return _ACTING.get()


def act_as(user_id: UUID) -> None:
    """From here on, to the end of the request, for this user."""
    _ACTING.set(user_id)


@contextmanager
def acting_for(user_id: UUID | None) -> Iterator[None]:
    """For this user, or as the server, within the block."""
    before = _ACTING.set(user_id)
    try:
        yield
    finally:
        _ACTING.reset(before)


class OwnedDatabase:
    """A database as one user's belongings see it, whoever asks: that he may was decided before."""

    def __init__(self, database: Database, owner: UUID) -> None:
        self._database = database
        self._owner = owner

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """Which one it is."""
        return self._database.kind

    @property
    def engines(self) -> tuple[Engine, ...]:
        """What its connections come from."""
        return self._database.engines

    def reading(self, *, fresh: bool = False, acting: UUID | None = None) -> AbstractContextManager[Connection]:
        """As `Database`, for the owner."""
        return self._database.reading(fresh=fresh, acting=acting or self._owner)

    def submit(self, work: Work[T], *, acting: UUID | None = None) -> Future[T]:
        """As `Database`, for the owner."""
        return self._database.submit(work, acting=acting or self._owner)

    def write(self, work: Work[T], *, acting: UUID | None = None) -> T:
        """As `Database`, for the owner."""
        return self._database.write(work, acting=acting or self._owner)

    def exclusive(self, name: str, timeout: float) -> AbstractContextManager[None]:
        """As `Database`."""
        return self._database.exclusive(name, timeout)

    def check(self) -> None:
        """As `Database`."""
        self._database.check()

    def close(self) -> None:
        """As `Database`."""
        self._database.close()


if TYPE_CHECKING:
    _promise: type[Database] = OwnedDatabase
