"""What a request writes with an append of a service, and the one look that it has at where a stream ends."""

from __future__ import annotations

import contextvars
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import event as sql
from sqlalchemy import insert, select

from optionix_core.errors import StorageError
from optionix_core.market.clock import ManualClock
from optionix_core.sync.event import Event
from server.store.beside import beside, one_look
from server.store.streams import StreamStore
from server.store.tables import settings
from tests.server.sync.conftest import START, add_user, chain_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from server.store.database import Database
    from tests.server.conftest import Backend

STREAM_OWNER = UUID(int=1)


@pytest.fixture
def database(backend: Backend) -> Iterator[Database]:
    opened = backend.open()
    add_user(opened, 1)
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database, tmp_path: Path) -> StreamStore:
    from server.books import ServerBooks
    from tests.server.sync.simulated import SignedBy

    keys: Any = SignedBy()
    books = ServerBooks(database, keys, ManualClock(START), tmp_path, lambda: None)  # type: ignore[arg-type,return-value] # no feed is asked for
    return StreamStore(database, books.own_stream(STREAM_OWNER), chain_key, ManualClock(START))


def note(number: int) -> Event:
    return Event(f"note/{number}", "journal.noted", START, {"text": str(number)})


def append(store: StreamStore, *numbers: int) -> None:
    with store.writing("note") as writer:
        for number in numbers:
            writer.append([note(number)])


def keep(connection: Connection) -> None:
    connection.execute(insert(settings).values(name="beside", value="written"))


def kept(database: Database) -> list[str]:
    with database.reading(fresh=True) as connection:
        return list(connection.execute(select(settings.c.value).where(settings.c.name == "beside")).scalars())


class TestBeside:
    def test_it_is_written_once_with_its_event(self, database: Database, store: StreamStore) -> None:
        with beside("note/2", keep):
            append(store, 1)
            assert kept(database) == []
            append(store, 2, 3)
        assert kept(database) == ["written"]
        append(store, 4)
        assert store.head().seq == 4

    def test_an_event_that_is_there_already_writes_nothing(self, database: Database, store: StreamStore) -> None:
        append(store, 1)
        with beside("note/1", keep):
            append(store, 1)
        assert kept(database) == []

    def test_what_cannot_be_written_undoes_the_event(self, database: Database, store: StreamStore) -> None:
        def broken(_: Connection) -> None:
            raise StorageError("full")

        with pytest.raises(StorageError), beside("note/1", broken):
            append(store, 1)
        assert store.head().seq == 0
        assert kept(database) == []


class TestOneLook:
    def test_the_end_is_asked_once_and_the_next_request_asks_anew(self, database: Database, store: StreamStore) -> None:
        append(store, 1)
        asked: list[str] = []

        def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            asked.extend([statement] if "head_seq" in statement else [])

        for engine in database.engines:
            sql.listen(engine, "before_cursor_execute", heard)
        with one_look():
            heads = {store.head() for _ in range(5)}
        assert (len(heads), len(asked)) == (1, 1)
        with one_look():
            store.head()
        store.head()
        assert len(asked) == 3

    def test_what_was_acknowledged_before_a_request_began_is_seen_by_it(self, store: StreamStore) -> None:
        for number in range(1, 4):
            append(store, number)
            with one_look():
                assert store.head().seq == number

    def test_a_request_sees_what_it_wrote(self, store: StreamStore) -> None:
        with one_look():
            assert store.head().seq == 0
            append(store, 1)
            assert store.head().seq == 1

    def test_an_end_never_lies_before_what_was_read(self, store: StreamStore) -> None:
        outside = contextvars.copy_context()
        with one_look():
            assert store.head().seq == 0
            outside.run(append, store, 1, 2)
            assert store.head().seq == 0  # as it saw the stream first
            assert [record.seq for record in store.read()] == [1, 2]
            head = store.head()
        assert head == store.head()

    def test_a_part_that_was_read_is_no_end(self, store: StreamStore) -> None:
        append(store, 1, 2)
        with one_look():
            assert [record.seq for record in store.read(0, 1)] == [1]
            assert store.head().seq == 2

    def test_what_outlives_a_request_looks_for_itself(self, store: StreamStore) -> None:
        with one_look():
            store.head()
            later = contextvars.copy_context()
        append(store, 1)
        assert later.run(store.head).seq == 1
