from __future__ import annotations

from datetime import UTC, datetime

from optionix_core.sync.event import Event
from optionix_core.sync.follower import Follower
from optionix_core.sync.memory import MemoryEventStore


def append(store: MemoryEventStore, *ids: str) -> None:
    with store.writing("test") as writer:
        writer.append([Event(name, "order.filled", datetime(2026, 1, 16, tzinfo=UTC), {}) for name in ids])


def test_a_follower_hands_out_each_event_once_in_order() -> None:
    store = MemoryEventStore()
    follower = Follower(store, after=0)
    assert follower.poll() == ()
    append(store, "a", "b", "c")
    assert [record.event.id for record in follower.poll(limit=2)] == ["a", "b"]
    assert [record.event.id for record in follower.poll()] == ["c"]
    assert follower.poll() == ()
    assert follower.seq == 3


def test_a_follower_begins_at_the_present_end_unless_told() -> None:
    store = MemoryEventStore()
    append(store, "a")
    follower = Follower(store)
    append(store, "b")
    assert [record.seq for record in follower.poll()] == [2]
