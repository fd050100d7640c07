"""A home that is bound to a server keeps every promise of an event store, with and without what was pulled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from optionix_core.errors import ConflictingEventError, InvalidValueError, RefusedError
from optionix_core.market.clock import ManualClock
from optionix_core.storage import open_store
from optionix_core.storage.binding import bind, release, unbind
from optionix_core.storage.connections import driver_of
from optionix_core.storage.merged_store import MergedEventStore
from optionix_core.storage.sqlite_store import BOUND_MARK, SqliteEventStore
from optionix_core.sync import chain
from optionix_core.sync.canonical import decode, encode
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD, Event, EventStore, Head, Record
from optionix_core.sync.masking import QUARANTINED, effective, resolved_event
from optionix_core.sync.replica import Step
from optionix_core.sync.wire import PulledEvent
from tests.core.storage.conftest import START
from tests.core.storage.test_event_store_contract import TestEventStore as _Contract

NumberedEvent = Callable[[int], Event]


def bound(folder: Path) -> MergedEventStore:
    plain = SqliteEventStore(folder, ManualClock(START))
    bind(plain, folder, "https://server", "user")
    plain.close()
    opened = open_store(folder, ManualClock(START))
    assert isinstance(opened, MergedEventStore)
    return opened


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventStore]:
    opened = bound(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def merged(tmp_path: Path) -> Iterator[MergedEventStore]:
    opened = bound(tmp_path / "data")
    yield opened
    opened.close()


def pull(store: MergedEventStore, *events: PulledEvent, masked: dict[int, str] | None = None) -> None:
    """Keep a page as a device's client does."""
    with store.syncing("pull") as writer:
        state = writer.state()
        head, records, here = state.remote, [], {}
        for one in events:
            event = decode(one.data)
            here[event.id] = (event, one.data)
            seen = effective(event, one.data, one.status, one.reason, lambda n: here.get(n) or writer.original(n))
            data = encode(seen)
            head = Head(head.seq + 1, chain.link(head.seq + 1, head.hash, data))
            records.append(Record(head.seq, seen, data, head.hash))
        own = [one.device_seq for one in events if one.device_id == state.binding.device and one.device_seq]
        after = replace(state, remote=head, own_back=max([state.own_back, *own]))
        writer.keep(Step(events, records, after, masked or {}))


def pulled(
    seq: int, event: Event, device: str = "other", device_seq: int = 1, reason: str | None = None
) -> PulledEvent:
    status = "accepted" if reason is None else "quarantined"
    return PulledEvent(seq, event.id, encode(event), status, reason, device, device_seq)  # type: ignore[arg-type]


class TestMergedStore(_Contract):
    """With nothing pulled."""


class TestMerging:
    def test_own_events_come_after_what_was_pulled(self, merged: MergedEventStore, numbered: NumberedEvent) -> None:
        with merged.writing("own") as writer:
            writer.append([numbered(1), numbered(2)])
        pull(merged, pulled(1, numbered(7)), pulled(2, numbered(8)))
        assert [record.event.id for record in merged.read()] == ["e-7", "e-8", "e-1", "e-2"]
        assert [record.seq for record in merged.read(after=1, limit=2)] == [2, 3]
        assert [record.event.id for record in merged.read(after=3)] == ["e-2"]
        found = merged.find("e-1")
        assert found is not None
        assert (found.seq, merged.head().seq) == (3, 4)
        with merged.writing("own") as writer:
            assert [record.seq for record in writer.append([numbered(3), numbered(7)])] == [5, 1]
            with pytest.raises(ConflictingEventError):
                writer.append([Event("e-8", "order.filled", START, {})])
        assert merged.verify().events == 5
        assert merged.waiting() == 3

    def test_a_hold_of_the_lock_reads_again_what_it_changed_and_nothing_else(
        self, merged: MergedEventStore, numbered: NumberedEvent
    ) -> None:
        with merged.syncing("own") as writer:
            asked: list[str] = []
            driver_of(writer._own.connection).set_trace_callback(asked.append)
            writer.head()
            once = len(asked)
            assert (writer.head(), writer.state().acknowledged, list(writer.remote(0))) == (EMPTY_HEAD, 0, [])
            assert len(asked) == once > 0
            writer.append([numbered(1)])
            assert writer.head().seq == 1
            writer.note(replace(writer.state(), acknowledged=1))
            assert writer.state().acknowledged == 1

    def test_where_the_server_took_the_log_as_it_stands_nothing_moves(
        self, merged: MergedEventStore, numbered: NumberedEvent
    ) -> None:
        with merged.writing("own") as writer:
            before = writer.append([numbered(1), numbered(2), numbered(3)])
        device = merged.sync_state().binding.device
        pull(merged, pulled(1, numbered(1), device, 1), pulled(2, numbered(2), device, 2))
        assert tuple(merged.read()) == before
        plain = SqliteEventStore(merged.database.parent, ManualClock(START))
        assert plain.head() == merged.head()
        plain.close()

    def test_a_judgement_changes_the_hash_of_its_place(self, merged: MergedEventStore, numbered: NumberedEvent) -> None:
        with merged.writing("own") as writer:
            before = writer.append([numbered(1), numbered(2)])
        device = merged.sync_state().binding.device
        pull(merged, pulled(1, numbered(1), device, 1, reason="blocked"))
        first, second = merged.read()
        assert (first.event.id, first.event.type) == ("e-1", QUARANTINED)
        assert first.hash != before[0].hash
        assert (second.event, second.hash != before[1].hash) == (numbered(2), True)
        with merged.writing("again") as writer, pytest.raises(RefusedError, match="resolve it first"):
            writer.append([Event("e-1", "order.filled", START, {})])

    def test_an_accepted_fact_takes_effect_where_it_was_resolved(
        self, merged: MergedEventStore, numbered: NumberedEvent
    ) -> None:
        fact = numbered(1)
        resolution = resolved_event(fact, encode(fact), "accept", "owner", START)
        pull(merged, pulled(1, fact, reason="blocked"), pulled(2, numbered(2)), pulled(3, resolution))
        assert [record.event.type for record in merged.read()] == [QUARANTINED, "order.filled", "order.filled"]
        found = merged.find(fact.id)
        assert found is not None
        assert (found.seq, found.event) == (3, fact)

    def test_own_facts_that_the_book_refuses_are_masked_until_they_are_judged(
        self, merged: MergedEventStore, numbered: NumberedEvent
    ) -> None:
        with merged.writing("own") as writer:
            writer.append([numbered(1), numbered(2)])
        pull(merged, pulled(1, numbered(7)), masked={1: "no such order"})
        assert [record.event.type for record in merged.read()] == ["order.filled", QUARANTINED, "order.filled"]
        with merged.syncing("send") as writer:
            assert [(item.device_seq, item.event) for item in writer.outbox(10)] == [(1, numbered(1)), (2, numbered(2))]
        device = merged.sync_state().binding.device
        pull(merged, pulled(2, numbered(1), device, 1), pulled(3, numbered(2), device, 2))
        assert [record.event.id for record in merged.read()] == ["e-7", "e-1", "e-2"]

    def test_an_id_that_another_fact_took_is_sent_as_contested(
        self, merged: MergedEventStore, numbered: NumberedEvent
    ) -> None:
        with merged.writing("own") as writer:
            writer.append([numbered(1)])
        pull(merged, pulled(1, Event("e-1", "order.filled", START, {"price": "9"})))
        first, second = merged.read()
        assert (first.event.payload, second.event.type) == ({"price": "9"}, QUARANTINED)
        with merged.syncing("send") as writer:
            (item,) = writer.outbox(10)
        assert (item.device_seq, item.event.type) == (1, "sync.contested")
        pull(merged, pulled(2, item.event, merged.sync_state().binding.device, 1, reason="taken"))
        assert merged.waiting() == 0
        assert [record.event.id for record in merged.read()] == ["e-1", item.event.id]

    def test_checkpoints_fit_the_merged_log_alone(self, merged: MergedEventStore, numbered: NumberedEvent) -> None:
        with merged.writing("own") as writer:
            writer.append([numbered(1)])
            writer.save_checkpoint(FoldCheckpoint("book-1", writer.head(), b"{}"))
        assert merged.load_checkpoint("book-1") is not None
        pull(merged, pulled(1, numbered(7)))
        assert merged.load_checkpoint("book-1") is None
        with merged.writing("own") as writer:
            writer.save_checkpoint(FoldCheckpoint("book-1", writer.head(), b"{}"))
        assert merged.load_checkpoint("book-1") is not None


class TestBinding:
    def test_a_home_follows_one_user_of_one_server(self, tmp_path: Path, numbered: NumberedEvent) -> None:
        folder = tmp_path / "data"
        store = bound(folder)
        bind(store, folder, "https://server", "user")
        for server, user in (("https://other", "user"), ("https://server", "somebody")):
            with pytest.raises(InvalidValueError, match="bound to as user"):
                bind(store, folder, server, user)
        with store.writing("own") as writer:
            own = writer.append([numbered(1)])
        pull(store, pulled(1, numbered(7)))
        with store.syncing("stop") as writer:
            writer.note(replace(writer.state(), stopped_why="an alarm"))
        release(store)
        assert store.sync_state().stopped_why is None
        unbind(store, folder)
        store.close()
        assert not (folder / BOUND_MARK).exists()
        plain = open_store(folder, ManualClock(START))
        assert not isinstance(plain, MergedEventStore)
        assert tuple(plain.read()) == own
        plain.verify()
        plain.close()

    def test_an_unbound_home_has_the_plain_store(self, tmp_path: Path) -> None:
        assert type(open_store(tmp_path / "data")) is SqliteEventStore
