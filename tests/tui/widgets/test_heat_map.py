from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.heat_map import columns_that_fit, lines_that_fit


@given(st.integers(1, 25).filter(lambda count: count % 2), st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_the_middle_column_always_stays_and_the_rest_stand_evenly(count: int, room: int) -> None:
    chosen = columns_that_fit(count, room)
    assert 1 <= len(chosen) <= room
    assert count // 2 in chosen
    assert len({after - before for before, after in pairwise(chosen)}) <= 1


@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 59))
@settings(max_examples=150, deadline=None)
def test_the_chosen_line_always_stays_and_the_ends_where_there_is_room(count: int, room: int, kept: int) -> None:
    kept = min(kept, count - 1)
    chosen = lines_that_fit(count, room, kept)
    assert len(chosen) == min(count, room)
    assert list(chosen) == sorted(set(chosen))
    assert kept in chosen
    if room > 2:
        assert {0, count - 1} <= set(chosen)


def test_no_room_shows_nothing() -> None:
    assert columns_that_fit(13, 0) == ()
    assert lines_that_fit(13, 0, 4) == ()


@given(
    st.integers(3, 25).filter(lambda count: count % 2),
    st.integers(3, 30),
    st.lists(st.integers(0, 24), max_size=2, unique=True),
)
@settings(max_examples=150, deadline=None)
def test_columns_that_must_be_seen_are_seen_beside_the_middle_one(count: int, room: int, kept: list[int]) -> None:
    kept = [place for place in kept if place < count]
    chosen = columns_that_fit(count, room, kept)
    assert len(chosen) <= room
    assert list(chosen) == sorted(set(chosen))
    assert count // 2 in chosen
    if len(chosen) > len(kept):
        assert set(kept) <= set(chosen)


def test_lines_that_must_be_seen_are_seen_beside_the_ends_and_the_chosen_one() -> None:
    chosen = lines_that_fit(40, 6, 20, (33,))
    assert {0, 20, 33, 39} <= set(chosen)
    assert len(chosen) == 6
