"""A whole database passes, and what is wrong with another is named."""

from __future__ import annotations

import sqlite3
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from optionix_core.errors import IntegrityError
from server.store.database import Database
from server.store.integrity import check_integrity
from server.store.opening import FILE
from server.store.tables import audit_logs, stream_events, streams
from tests.server.conftest import Backend
from tests.server.store.filling import fill
from tests.server.tampering import tamper


@pytest.fixture
def filled(database: Database) -> Database:
    database.write(lambda connection: fill(connection, UUID(int=1)))
    return database


def test_a_whole_database_passes(database: Database) -> None:
    check_integrity(database)
    database.write(lambda connection: fill(connection, UUID(int=1)))
    check_integrity(database)


def test_a_head_that_is_not_what_it_heads_is_named(filled: Database) -> None:
    filled.write(lambda connection: connection.execute(update(streams).values(head_seq=2)).rowcount)
    with pytest.raises(IntegrityError, match="has 1 events and its head says 2"):
        check_integrity(filled)


def test_an_event_that_is_gone_is_named(filled: Database) -> None:
    tamper(filled, lambda connection: connection.execute(delete(stream_events)).rowcount)
    with pytest.raises(IntegrityError, match="has 0 events and its head says 1"):
        check_integrity(filled)


def test_a_hole_in_the_audit_log_is_named(filled: Database) -> None:
    tamper(filled, lambda connection: connection.execute(update(audit_logs).values(seq=3)).rowcount)
    with pytest.raises(IntegrityError, match="has 1 entries and its last is numbered 3"):
        check_integrity(filled)


def test_a_reference_to_nothing_and_a_damaged_page_are_named(sqlite_backend: Backend) -> None:
    database = sqlite_backend.open()
    database.write(lambda connection: fill(connection, UUID(int=1)))
    database.close()
    path = sqlite_backend.folder / FILE
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM users")
    raw.close()
    database = sqlite_backend.open()
    with pytest.raises(IntegrityError, match="refers to one of users that is not there"):
        check_integrity(database)
    database.close()
