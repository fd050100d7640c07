"""Counts what a block asks of a database, so that a test can say how many queries a request costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from server.store.database import Database

_FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SELECT SET_CONFIG")


@dataclass(slots=True)
class Queries:
    """Statements in the order in which they were sent; what frames a transaction is left out."""

    statements: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)


@contextmanager
def counting_queries(database: Database) -> Iterator[Queries]:
    """Note every query of the block, of whatever thread."""
    found = Queries()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_FRAME):
            found.statements.append(statement)

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", note)
