from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.services import log
from optionix_core.sync.event import Event
from optionix_core.sync.memory import MemoryEventStore

MOMENT = datetime(2026, 1, 16, 14, 30, tzinfo=UTC)


@pytest.fixture
def store() -> MemoryEventStore:
    opened = MemoryEventStore()
    types = ("account.opened", "order.intended", "order.filled", "orders.closed", "order.filled")
    with opened.writing("test") as writer:
        writer.append([Event(f"e-{n}", name, MOMENT, {"price": f"{n}.25"}) for n, name in enumerate(types, 1)])
    return opened


def test_a_fresh_log_is_empty_and_verified() -> None:
    report = log.verify(MemoryEventStore())
    assert report.sentence == "empty, verified"
    assert log.to_json(report) == {
        "schema_version": 1,
        "verified": True,
        "events": 0,
        "unacknowledged": 0,
        "head": {"seq": 0, "hash": "0" * 64},
        "message": "empty, verified",
    }


def test_a_verified_log_says_how_many_events(store: MemoryEventStore) -> None:
    assert log.verify(store).sentence == "5 events, verified"


def test_the_tail_is_the_last_events_oldest_first(store: MemoryEventStore) -> None:
    assert [row.seq for row in log.tail(store, 2).rows] == [4, 5]
    assert [row.seq for row in log.tail(store, 50).rows] == [1, 2, 3, 4, 5]
    assert log.tail(store, 0).rows == log.tail(MemoryEventStore()).rows == ()


def test_a_stretch_is_chosen_by_sequence_and_type(store: MemoryEventStore) -> None:
    assert [row.seq for row in log.show(store, after=1, limit=2).rows] == [2, 3]
    assert [row.seq for row in log.show(store, event_type="order").rows] == [2, 3, 5]
    assert [row.seq for row in log.show(store, event_type="order.filled", limit=1).rows] == [3]
    assert log.show(store, event_type="order", limit=0).rows == ()


def test_rows_become_json_with_decimals_as_strings(store: MemoryEventStore) -> None:
    page = log.tail(store, 1)
    written = json.loads(json.dumps(log.to_json(page)))
    assert written == {
        "schema_version": 1,
        "events": [
            {
                "seq": 5,
                "time": "2026-01-16T14:30:00.000000Z",
                "type": "order.filled",
                "id": "e-5",
                "payload": {"price": "5.25"},
                "hash": store.head().hash.hex(),
            }
        ],
        "head": {"seq": 5, "hash": store.head().hash.hex()},
    }


@pytest.mark.parametrize("field", ["count", "after", "limit"])
def test_negative_counts_are_refused(store: MemoryEventStore, field: str) -> None:
    with pytest.raises(InvalidValueError, match=f"^{field} must be 0 or more"):
        log.tail(store, -1) if field == "count" else log.show(store, **{field: -1})  # type: ignore[arg-type]
