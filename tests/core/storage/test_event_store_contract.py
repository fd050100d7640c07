"""What every event store promises, whatever it is made of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from optionix_core.errors import ConflictingEventError, HomeLockedError, InvalidValueError, RefusedError
from optionix_core.storage import open_store
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD, GENESIS, Event, EventStore, Head, Verification
from optionix_core.sync.memory import MemoryEventStore

NumberedEvent = Callable[[int], Event]


@pytest.fixture(params=["memory", "sqlite"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventStore]:
    opened: EventStore = MemoryEventStore() if request.param == "memory" else open_store(tmp_path / "data")
    yield opened
    opened.close()


def fill(log: EventStore, numbered: NumberedEvent, count: int) -> None:
    with log.writing("filling") as writer:
        writer.append([numbered(number) for number in range(1, count + 1)])


def fail_after(_appended: object) -> None:
    raise ZeroDivisionError


class TestEventStore:
    def test_a_fresh_log_is_empty_and_verified(self, log: EventStore) -> None:
        assert log.head() == EMPTY_HEAD == Head(0, GENESIS)
        assert list(log.read()) == []
        assert log.find("e-1") is None
        assert log.load_checkpoint("positions-1") is None
        assert log.verify() == Verification(EMPTY_HEAD, 0, 0)

    def test_appended_events_are_numbered_without_gaps_and_found(
        self, log: EventStore, numbered: NumberedEvent
    ) -> None:
        with log.writing("test") as writer:
            first = writer.append([numbered(1), numbered(2)])
            second = writer.append([numbered(3)])
            assert writer.head() == Head(3, second[0].hash)
            assert writer.find("e-2") == first[1]
            assert [record.seq for record in writer.read(after=1)] == [2, 3]
        assert [record.seq for record in first + second] == [1, 2, 3]
        assert tuple(log.read()) == first + second
        assert log.find("e-3") == second[0]
        assert log.find("e-4") is None
        assert log.head() == Head(3, second[0].hash)
        assert log.verify() == Verification(log.head(), 3, 0)

    def test_reading_takes_a_start_and_a_limit(self, log: EventStore, numbered: NumberedEvent) -> None:
        fill(log, numbered, 5)
        assert [record.seq for record in log.read(after=2, limit=2)] == [3, 4]
        assert [record.seq for record in log.read(limit=0)] == []
        assert [record.seq for record in log.read(after=-3, limit=1)] == [1]
        assert list(log.read(after=5)) == list(log.read(after=99)) == []
        assert [record.event for record in log.read(after=4)] == [numbered(5)]

    def test_a_log_of_several_pages_is_read_whole(self, log: EventStore, numbered: NumberedEvent) -> None:
        fill(log, numbered, 2_500)
        assert [record.seq for record in log.read()] == list(range(1, 2_501))
        assert [record.seq for record in log.read(after=700, limit=1_100)] == list(range(701, 1_801))
        assert log.verify().events == 2_500

    def test_the_same_event_again_is_answered_and_not_appended(self, log: EventStore, numbered: NumberedEvent) -> None:
        fill(log, numbered, 3)
        head = log.head()
        with log.writing("again") as writer:
            answers = writer.append([numbered(2), numbered(4), numbered(1), numbered(4)])
            assert [record.seq for record in answers] == [2, 4, 1, 4]
            assert writer.append([numbered(3)])[0].seq == 3
            assert writer.append([]) == ()
        assert log.head().seq == head.seq + 1

    def test_the_same_id_with_other_bytes_is_refused_whole(self, log: EventStore, numbered: NumberedEvent) -> None:
        fill(log, numbered, 3)
        other = replace(numbered(2), payload={"price": "9"})
        with log.writing("conflict") as writer:
            with pytest.raises(ConflictingEventError) as caught:
                writer.append([numbered(4), other])
            assert caught.value.seq == 2
            with pytest.raises(ConflictingEventError):
                writer.append([numbered(5), replace(numbered(5), type="order.cancelled")])
            assert writer.append([numbered(6)])[0].seq == 4
        assert log.find("e-4") is log.find("e-5") is None

    def test_one_event_without_canonical_form_stops_the_whole_batch(
        self, log: EventStore, numbered: NumberedEvent
    ) -> None:
        wrong = replace(numbered(2), payload={"price": 1.5})
        with log.writing("wrong") as writer, pytest.raises(InvalidValueError, match=r"payload\.price"):
            writer.append([numbered(1), wrong])
        assert log.head() == EMPTY_HEAD

    def test_an_exception_inside_a_write_gives_the_lock_back(self, log: EventStore, numbered: NumberedEvent) -> None:
        with pytest.raises(ZeroDivisionError), log.writing("broken") as writer:
            fail_after(writer.append([numbered(1)]))
        with log.writing("next", timeout=0.0) as writer:
            assert writer.append([numbered(2)])[0].seq == 2

    def test_a_writer_is_refused_once_its_lock_is_given_back(self, log: EventStore, numbered: NumberedEvent) -> None:
        with log.writing("short") as writer:
            pass
        for use in (
            lambda: writer.append([numbered(1)]),
            writer.head,
            lambda: list(writer.read()),
            lambda: writer.find("e-1"),
            lambda: writer.drop_checkpoint("positions-1"),
        ):
            with pytest.raises(RefusedError, match="home-lock"):
                use()
        assert log.head() == EMPTY_HEAD

    def test_a_write_inside_a_write_of_the_same_thread_is_refused(self, log: EventStore) -> None:
        with log.writing("outer"), pytest.raises(RefusedError, match="inside"), log.writing("inner"):
            pass

    def test_who_waits_too_long_is_told_for_what(self, log: EventStore) -> None:
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with log.writing("venue run"):
                held.set()
                done.wait(30)

        thread = threading.Thread(target=hold)
        thread.start()
        try:
            assert held.wait(30)
            with pytest.raises(HomeLockedError, match="venue run"), log.writing("buy", timeout=0.05):
                pass
        finally:
            done.set()
            thread.join()

    def test_threads_append_without_gaps(self, log: EventStore, numbered: NumberedEvent) -> None:
        def append(start: int) -> None:
            for number in range(start, start + 10):
                with log.writing("thread", timeout=30.0) as writer:
                    writer.append([numbered(number)])

        threads = [threading.Thread(target=append, args=(start,)) for start in (100, 200, 300)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert log.verify().events == 30
        assert {record.event.id for record in log.read()} == {f"e-{s + n}" for s in (100, 200, 300) for n in range(10)}

    def test_a_checkpoint_is_kept_replaced_and_dropped(self, log: EventStore, numbered: NumberedEvent) -> None:
        fill(log, numbered, 2)
        early = FoldCheckpoint("positions-1", log.head(), b'{"cash":"1"}')
        with log.writing("checkpoint") as writer:
            writer.save_checkpoint(early)
            assert writer.load_checkpoint("positions-1") == early
            writer.append([numbered(3)])
            late = FoldCheckpoint("positions-1", writer.head(), b'{"cash":"2"}')
            writer.save_checkpoint(late)
            writer.save_checkpoint(FoldCheckpoint("empty-1", EMPTY_HEAD, b"{}"))
        assert log.load_checkpoint("positions-1") == late
        assert log.load_checkpoint("empty-1") == FoldCheckpoint("empty-1", EMPTY_HEAD, b"{}")
        with log.writing("checkpoint") as writer:
            writer.drop_checkpoint("positions-1")
            writer.drop_checkpoint("positions-1")
        assert log.load_checkpoint("positions-1") is None

    @pytest.mark.parametrize("head", [Head(2, bytes(32)), Head(9, b"\x01" * 32), Head(0, b"\x01" * 32)])
    def test_a_checkpoint_that_is_not_of_this_log_is_refused(
        self, log: EventStore, numbered: NumberedEvent, head: Head
    ) -> None:
        fill(log, numbered, 2)
        with log.writing("checkpoint") as writer, pytest.raises(InvalidValueError, match="head of this log"):
            writer.save_checkpoint(FoldCheckpoint("positions-1", head, b"{}"))
