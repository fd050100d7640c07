from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError
from optionix_core.sync import chain
from optionix_core.sync.canonical import encode
from optionix_core.sync.chain import Row
from optionix_core.sync.event import EMPTY_HEAD, GENESIS, Event, Head

START = datetime(2026, 1, 16, 14, 30, tzinfo=UTC)


def log_of(count: int, salt: str = "") -> list[Row]:
    rows: list[Row] = []
    previous = GENESIS
    for seq in range(1, count + 1):
        event = Event(f"e-{salt}{seq}", "order.filled", START + timedelta(seconds=seq), {"price": f"{seq}.25"})
        data = encode(event)
        previous = chain.link(seq, previous, data)
        rows.append(Row(seq, event.id, data, previous))
    return rows


WHOLE = log_of(40)
places = st.integers(1, len(WHOLE))


def first_bad(rows: list[Row], outside: Head | None = None) -> int | None:
    end = outside or Head(WHOLE[-1].seq, WHOLE[-1].hash)
    with pytest.raises(IntegrityError) as caught:
        chain.unacknowledged(end, chain.verify(rows), lambda seq: rows[seq - 1].hash)
    return caught.value.seq


def renumbered(rows: list[Row]) -> list[Row]:
    return [row._replace(seq=seq) for seq, row in enumerate(rows, 1)]


def test_a_whole_log_leads_to_its_head() -> None:
    assert chain.verify(WHOLE) == Head(40, WHOLE[-1].hash)
    assert chain.verify([]) == EMPTY_HEAD
    assert chain.verify(WHOLE[10:], Head(10, WHOLE[9].hash)) == Head(40, WHOLE[-1].hash)


def test_the_link_is_the_published_formula() -> None:
    data = WHOLE[0].data
    expected = sha256(b"\0\0\0\0\0\0\0\x01" + bytes(32) + sha256(data).digest()).digest()
    assert WHOLE[0].hash == expected


@settings(max_examples=150, deadline=None)
@given(seq=places, bit=st.integers(0, 10_000), column=st.sampled_from(["data", "hash", "id"]))
def test_any_altered_bit_is_found_at_its_event(seq: int, bit: int, column: str) -> None:
    rows = list(WHOLE)
    row = rows[seq - 1]
    if column == "id":
        spot = bit % len(row.id)
        altered = row._replace(id=row.id[:spot] + chr(ord(row.id[spot]) ^ 1) + row.id[spot + 1 :])
    else:
        raw = bytearray(getattr(row, column))
        raw[bit // 8 % len(raw)] ^= 1 << bit % 8
        altered = row._replace(**{column: bytes(raw)})
    rows[seq - 1] = altered
    assert first_bad(rows) == seq


@settings(max_examples=80, deadline=None)
@given(seq=places, numbered=st.booleans())
def test_a_removed_event_is_found_at_its_place(seq: int, numbered: bool) -> None:
    rows = WHOLE[: seq - 1] + WHOLE[seq:]
    assert first_bad(renumbered(rows) if numbered else rows) == seq


@settings(max_examples=80, deadline=None)
@given(pair=st.lists(places, min_size=2, max_size=2, unique=True))
def test_exchanged_events_are_found_at_the_first_of_them(pair: list[int]) -> None:
    rows = list(WHOLE)
    a, b = pair[0] - 1, pair[1] - 1
    rows[a], rows[b] = rows[b], rows[a]
    assert first_bad(rows) == min(pair)
    assert first_bad(renumbered(rows)) == min(pair)


@settings(max_examples=80, deadline=None)
@given(seq=places)
def test_an_inserted_event_is_found_at_its_place(seq: int) -> None:
    stranger = log_of(41, "other-")[seq]
    rows = [*WHOLE[: seq - 1], stranger, *WHOLE[seq - 1 :]]
    assert first_bad(renumbered(rows)) == seq


@settings(max_examples=80, deadline=None)
@given(seq=places)
def test_an_event_inserted_with_a_fitting_link_is_found_at_the_next(seq: int) -> None:
    before = WHOLE[seq - 2].hash if seq > 1 else GENESIS
    data = encode(Event("stranger", "order.filled", START, {}))
    forged = Row(seq, "stranger", data, chain.link(seq, before, data))
    rows = renumbered([*WHOLE[: seq - 1], forged, *WHOLE[seq - 1 :]])
    assert first_bad(rows) == seq + 1


@settings(max_examples=40, deadline=None)
@given(kept=st.integers(0, len(WHOLE) - 1))
def test_a_cut_tail_is_found_by_the_head_outside(kept: int) -> None:
    assert first_bad(WHOLE[:kept]) == kept + 1


def test_a_log_written_anew_is_found_by_the_head_outside() -> None:
    assert first_bad(log_of(40, "other-")) == 40


def test_a_log_past_its_head_outside_counts_what_was_not_acknowledged() -> None:
    outside = Head(37, WHOLE[36].hash)
    assert chain.unacknowledged(outside, chain.verify(WHOLE), lambda seq: WHOLE[seq - 1].hash) == 3
    assert chain.unacknowledged(EMPTY_HEAD, chain.verify(WHOLE), lambda seq: WHOLE[seq - 1].hash) == 40


def test_a_head_outside_with_another_hash_is_refused_at_its_sequence() -> None:
    assert first_bad(WHOLE, Head(37, bytes(32))) == 37
    assert first_bad(WHOLE, Head(0, b"\x01" * 32)) == 0


def test_values_of_another_type_are_refused() -> None:
    rows = list(WHOLE)
    rows[4] = rows[4]._replace(data=rows[4].data.decode())  # type: ignore[arg-type]
    assert first_bad(rows) == 5
