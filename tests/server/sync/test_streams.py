"""A user's stream keeps every promise of an event store, and shows what was altered."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, update

from optionix_core.errors import HomeLockedError, IntegrityError
from optionix_core.market.clock import ManualClock
from optionix_core.sync.canonical import encode
from optionix_core.sync.event import GENESIS, Event
from optionix_core.sync.masking import QUARANTINED, resolved_event
from server.store import tables
from server.store.database import Database
from server.store.stream_rows import Placed
from server.store.streams import StreamStore
from tests.core.storage.test_event_store_contract import TestEventStore as _Contract
from tests.server.sync.conftest import START, add_user, chain_key
from tests.server.tampering import tamper

NumberedEvent = Callable[[int], Event]
STREAM = UUID(int=77)


@pytest.fixture
def log(database: Database) -> StreamStore:
    user = add_user(database, 1)
    database.write(
        lambda connection: connection.execute(
            insert(tables.streams).values(id=STREAM, owner_id=user, desk_id=user, head_hash=GENESIS, created_at=START)
        )
    )
    return StreamStore(database, STREAM, chain_key, ManualClock(START))


class TestStreamStore(_Contract):
    """On each database."""


def _filled(log: StreamStore, numbered: NumberedEvent, count: int) -> None:
    with log.writing("filling") as writer:
        writer.append([numbered(number) for number in range(1, count + 1)])


class TestTampering:
    @pytest.mark.parametrize("seq", [1, 250, 499, 500])
    def test_an_altered_event_is_named(self, log: StreamStore, numbered: NumberedEvent, seq: int) -> None:
        _filled(log, numbered, 500)
        events = tables.stream_events
        other = encode(Event(f"e-{seq}", "order.filled", START, {"price": "1"}))
        tamper(log.database, lambda c: c.execute(update(events).where(events.c.seq == seq).values(data=other)))
        with pytest.raises(IntegrityError) as caught:
            log.verify()
        assert caught.value.seq == seq

    def test_a_cut_tail_and_a_hole_are_named(self, log: StreamStore, numbered: NumberedEvent) -> None:
        _filled(log, numbered, 20)
        events = tables.stream_events
        tamper(log.database, lambda c: c.execute(delete(events).where(events.c.seq == 20)))
        with pytest.raises(IntegrityError) as caught:
            log.verify()
        assert caught.value.seq == 20
        tamper(log.database, lambda c: c.execute(delete(events).where(events.c.seq == 5)))
        with pytest.raises(IntegrityError) as caught:
            log.verify()
        assert caught.value.seq == 5

    def test_who_knows_no_key_cannot_chain_anew(self, log: StreamStore, numbered: NumberedEvent) -> None:
        _filled(log, numbered, 3)
        forger = StreamStore(log.database, STREAM, lambda _: bytes(32), ManualClock(START))
        with pytest.raises(IntegrityError) as caught:
            forger.verify()
        assert caught.value.seq == 1


class TestMaskedEvents:
    def test_a_quarantined_fact_takes_effect_where_it_was_accepted(
        self, log: StreamStore, numbered: NumberedEvent
    ) -> None:
        fact = numbered(2)
        with log.writing("push") as writer:
            writer.append([numbered(1)])
            writer.put([Placed(fact, encode(fact), "quarantined", "the account is blocked", "device", 1)])
            assert [record.event.type for record in log.read()] == ["order.filled", QUARANTINED]
            assert writer.append([fact])[0].seq == 2
            resolution = resolved_event(fact, encode(fact), "accept", "owner", START)
            writer.append([numbered(3), resolution])
        seen = [record.event for record in log.read()]
        assert [event.type for event in seen] == ["order.filled", QUARANTINED, "order.filled", "order.filled"]
        assert seen[3] == fact
        assert seen[1].id == fact.id
        assert log.verify().events == 4

    def test_a_discarded_one_never_does(self, log: StreamStore, numbered: NumberedEvent) -> None:
        fact = numbered(1)
        with log.writing("push") as writer:
            writer.put([Placed(fact, encode(fact), "quarantined", "no right", "device", 1)])
            writer.append([resolved_event(fact, encode(fact), "discard", "owner", START)])
        assert [record.event.type for record in log.read()] == [QUARANTINED, "sync.resolved"]


class TestEpochs:
    def test_each_stretch_is_chained_under_the_key_of_its_time(self, log: StreamStore, numbered: NumberedEvent) -> None:
        _filled(log, numbered, 3)
        log.database.write(lambda c: c.execute(update(tables.streams).values(epoch=2)))
        with log.writing("new key") as writer:
            writer.append([numbered(4), numbered(5)])
        again = StreamStore(log.database, STREAM, chain_key, ManualClock(START))
        assert again.verify().events == 5
        assert [record.seq for record in again.read(after=2)] == [3, 4, 5]
        only_first = StreamStore(log.database, STREAM, lambda _: chain_key(1), ManualClock(START))
        with pytest.raises(IntegrityError) as caught:
            only_first.verify()
        assert caught.value.seq == 4


def test_a_writer_whose_stream_was_moved_appends_nothing(log: StreamStore, numbered: NumberedEvent) -> None:
    other = StreamStore(log.database, STREAM, chain_key, ManualClock(START))
    with log.writing("first") as writer:
        log.database.write(lambda c: c.execute(update(tables.streams).values(head_seq=7)))
        with pytest.raises(HomeLockedError, match="moved by another writer"):
            writer.append([numbered(1)])
    assert list(other.read()) == []
