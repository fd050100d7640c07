"""Statements of a home that are made once: what is fixed in them, what has to be given, what they answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, bindparam, create_engine, delete, insert, select

from optionix_core.storage.prepared import Prepared
from optionix_core.storage.tables import metadata, own_masked

NAMED = own_masked.c.reason == bindparam("why")


@pytest.fixture
def connection() -> Iterator[Connection]:
    with create_engine("sqlite://", isolation_level="AUTOCOMMIT").connect() as opened:
        metadata.create_all(opened, [own_masked])
        Prepared(insert(own_masked)).run_each(opened, [{"seq": seq, "reason": "closed"} for seq in (3, 1, 2)])
        yield opened


def test_what_stands_in_a_statement_need_not_be_given(connection: Connection) -> None:
    last = Prepared(select(own_masked.c.seq, own_masked.c.reason).order_by(own_masked.c.seq.desc()).limit(2))
    assert last.all(connection) == [(3, "closed"), (2, "closed")]
    assert last.first(connection) == (3, "closed")
    assert last.scalar(connection) == 3


def test_what_is_asked_has_to_be_given(connection: Connection) -> None:
    named = Prepared(select(own_masked.c.seq).where(NAMED).order_by(own_masked.c.seq))
    with pytest.raises(sqlite3.ProgrammingError, match="why"):
        named.all(connection)
    assert named.all(connection, why="closed") == [(1,), (2,), (3,)]
    assert (named.first(connection, why="open"), named.scalar(connection, why="open")) == (None, None)


def test_a_row_without_a_value_is_refused(connection: Connection) -> None:
    with pytest.raises(sqlite3.ProgrammingError, match="reason"):
        Prepared(insert(own_masked)).run_each(connection, [{"seq": 4}])
    Prepared(delete(own_masked).where(NAMED)).run(connection, why="closed")
    assert Prepared(select(own_masked.c.seq)).all(connection) == []
