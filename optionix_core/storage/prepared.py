"""Statements of the home's database, made once for the whole process and run by SQLite's own driver.

What SQLAlchemy does around each statement (a context, a result, a key to find the compiled text by) costs ten times
what SQLite takes to run it, and a home runs the same thirty all day. They are still written as expressions over
`tables`: only their text and what is fixed in them is kept. Values are those that SQLite stores, so that this is for
columns of integers, texts and bytes alone. Errors are the driver's; `connections.translated` turns them into ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import sqlite

from optionix_core.storage.connections import driver_of

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement, Connection
    from sqlalchemy.engine import Compiled

_DIALECT: Final = sqlite.dialect(paramstyle="named")


class Prepared:
    """One statement. Threads may share it."""

    def __init__(self, statement: ClauseElement) -> None:
        """An insert gives all columns of its table."""
        self._statement = statement

    def all(self, connection: Connection, **asked: Any) -> list[tuple[Any, ...]]:
        """The rows that it finds."""
        return driver_of(connection).execute(self._text, {**self._fixed, **asked}).fetchall()

    def first(self, connection: Connection, **asked: Any) -> tuple[Any, ...] | None:
        """The first row; None where there is none."""
        found: tuple[Any, ...] | None = driver_of(connection).execute(self._text, {**self._fixed, **asked}).fetchone()
        return found

    def scalar(self, connection: Connection, **asked: Any) -> Any:
        """The first row's first value; None where there is no row."""
        found = self.first(connection, **asked)
        return None if found is None else found[0]

    def run(self, connection: Connection, **asked: Any) -> None:
        """Change what it changes."""
        driver_of(connection).execute(self._text, {**self._fixed, **asked})

    def run_each(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """The same for each of many rows."""
        driver_of(connection).executemany(self._text, rows)

    @cached_property
    def _compiled(self) -> Compiled:
        return self._statement.compile(dialect=_DIALECT)

    @cached_property
    def _text(self) -> str:
        return str(self._compiled)

    @cached_property
    def _fixed(self) -> dict[str, Any]:
        """Values that stand in the statement itself; one that is not given to it is refused by the driver."""
        return {name: value for name, value in self._compiled.params.items() if value is not None}
