"""Logs and their roots only grow, whoever writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Table, create_engine, delete, func, insert, select, text, update
from sqlalchemy.pool import NullPool

from optionix_core.errors import IntegrityError
from server.store.append_only import PERSONAL, TABLES
from server.store.database import Database
from server.store.tables import audit_logs, audit_roots, metadata, stream_events, stream_roots
from tests.server.conftest import Backend
from tests.server.store.filling import fill
from tests.server.tampering import tamper

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
USER = UUID(int=1)


@pytest.fixture
def filled(database: Database) -> Database:
    database.write(lambda connection: fill(connection, USER))
    return database


def _do(database: Database, statement: Any) -> int:
    return database.write(lambda connection: connection.execute(statement).rowcount)


def _as_owner(database: Database) -> Callable[[Any], int]:
    """Writes as whoever owns the tables, so that only triggers stand in the way."""
    if database.kind == "sqlite":
        return lambda statement: _do(database, statement)

    def run(statement: Any) -> int:
        with create_engine(database.engines[0].url, poolclass=NullPool).begin() as connection:
            return connection.execute(statement).rowcount

    return run


def _count(database: Database, table: Table) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_altered_or_removed(filled: Database, name: str) -> None:
    table = metadata.tables[name]
    column = "signature" if "signature" in table.c else "hash"
    run = _as_owner(filled)
    for statement in (update(table).values({column: b"x" * 32}), delete(table)):
        for act in (run, lambda one: _do(filled, one)):
            with pytest.raises(Exception, match=r"only grows|permission denied"):
                act(statement)
    if filled.kind == "postgresql":
        with pytest.raises(Exception, match="only grows"):
            run(text(f"TRUNCATE {name} CASCADE"))
    assert _count(filled, table) == 1


@pytest.mark.parametrize("name", TABLES)
def test_requests_may_not_even_try(filled: Database, name: str) -> None:
    if filled.kind == "sqlite":
        with pytest.raises(IntegrityError, match="only grows"):
            _do(filled, delete(metadata.tables[name]))
        return
    with pytest.raises(IntegrityError, match="permission denied"):
        _do(filled, delete(metadata.tables[name]))


@pytest.mark.parametrize("seq", [-1, 0, 1, 3, 100])
@pytest.mark.parametrize("name", ["stream_events", "audit_logs"])
def test_numbers_have_no_gap(filled: Database, name: str, seq: int) -> None:
    table = metadata.tables[name]
    with filled.reading() as connection:
        row = dict(connection.execute(select(table)).one()._mapping)
    other = row | {"seq": seq, "id": UUID(int=99) if name == "audit_logs" else "other"}
    with pytest.raises(IntegrityError, match=r"(?i)numbered without gaps|unique"):
        _do(filled, insert(table).values(other))
    _do(filled, insert(table).values(other | {"seq": 2}))
    assert _count(filled, table) == 2


def test_many_rows_of_one_statement_are_numbered_too(filled: Database) -> None:
    with filled.reading() as connection:
        row = dict(connection.execute(select(stream_events)).one()._mapping)

    def put(numbers: list[int]) -> Callable[[Connection], object]:
        rows = [row | {"seq": seq, "id": f"e{seq}"} for seq in numbers]
        return lambda connection: connection.execute(insert(stream_events), rows).rowcount

    def put_at_once(numbers: list[int]) -> Callable[[Connection], object]:
        rows = [row | {"seq": seq, "id": f"e{seq}"} for seq in numbers]
        return lambda connection: connection.execute(insert(stream_events).values(rows)).rowcount

    filled.write(put([2, 3, 4]))
    filled.write(put_at_once([5, 6, 7]))
    for form in (put, put_at_once):
        with pytest.raises(IntegrityError, match="without gaps"):
            filled.write(form([8, 10]))
    assert _count(filled, stream_events) == 7


def test_a_root_stands_over_what_is_there(filled: Database) -> None:
    for table in (stream_roots, audit_roots):
        with filled.reading() as connection:
            row = dict(connection.execute(select(table)).one()._mapping)
        with pytest.raises(IntegrityError, match="nothing at this sequence"):
            _do(filled, insert(table).values(row | {"seq": 2}))


def test_a_row_is_not_replaced_by_another(sqlite_backend: Backend) -> None:
    database = sqlite_backend.open()
    database.write(lambda connection: fill(connection, USER))
    with database.reading() as connection:
        row = dict(connection.execute(select(stream_events)).one()._mapping)
    for change in ({"seq": 2}, {"id": "other"}):
        with pytest.raises(IntegrityError, match=r"only grows|without gaps|UNIQUE"):
            _do(database, insert(stream_events).prefix_with("OR REPLACE").values(row | change))
    with database.reading() as connection:
        assert dict(connection.execute(select(stream_events)).one()._mapping) == row
    database.close()


def test_personal_parts_are_sealed_anew_and_emptied_and_nothing_else_is_changed(filled: Database) -> None:
    empty = dict.fromkeys(PERSONAL)
    run = _as_owner(filled)
    for change in (empty | {"action": "other"}, empty | {"user_id": None}, {"salt": b"other"}, {"data": b"other"}):
        with pytest.raises(Exception, match="only grows"):
            run(update(audit_logs).values(change))
    with filled.reading() as connection:
        before = dict(connection.execute(select(audit_logs)).one()._mapping)
    for change in ({"ip_address": "sealed anew"}, {"user_agent": "sealed anew"}, empty):
        assert _do(filled, update(audit_logs).values(change)) == 1
        before |= change
    with filled.reading() as connection:
        assert dict(connection.execute(select(audit_logs)).one()._mapping) == before
    for change in ({"ip_address": "back"}, {"user_agent": "back"}, {"salt": b"back"}):
        with pytest.raises(Exception, match="only grows"):
            run(update(audit_logs).values(change))


def test_tests_can_alter_all_the_same(filled: Database) -> None:
    assert tamper(filled, lambda connection: connection.execute(delete(stream_roots)).rowcount) == 1
    assert _count(filled, stream_roots) == 0
    with pytest.raises(IntegrityError):
        _do(filled, delete(stream_events))
