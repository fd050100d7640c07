"""A replay that is held, stepped, sped up and sought through: times and ages stay right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, StorageError
from optionix_core.feeds import ReplayFeed, SimulatedFeed
from optionix_core.feeds.recording import record
from optionix_core.market.clock import ManualClock

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
STEP = timedelta(seconds=10)
COUNT = 7


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clock = ManualClock(START)
    path = tmp_path_factory.mktemp("tapes") / "day.recording.gz"
    record(
        SimulatedFeed(),
        path,
        clock=clock,
        underlyings=("ORBIT", "TUNDRA"),
        interval=STEP,
        count=COUNT,
        expiries=1,
        wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
    )
    return path


@pytest.fixture
def replay(tape: Path) -> ReplayFeed:
    return ReplayFeed(tape, 2.0, NOW, "day")


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_a_moment_of_all_underlyings_is_one_step(replay: ReplayFeed) -> None:
    assert replay.tape.moments() == tuple(START + number * STEP for number in range(COUNT))


def test_what_is_held_stands_still_and_does_not_grow_old(replay: ReplayFeed) -> None:
    replay.hold(NOW + seconds(7))  # 14 s into the recording: what was recorded at 10 s is shown, 2 s old at this speed
    later = NOW + seconds(1000)
    state = replay.standing(later)
    assert (state.recorded, state.held, state.ended) == (START + seconds(14), True, False)
    quote = replay.spot("ORBIT", later)
    assert later - quote.received_at == seconds(2)
    chain = replay.chain("ORBIT", later)
    assert chain.as_of == START + STEP
    assert later - chain.received_at == seconds(2)
    assert replay.is_open(later)
    replay.go_on(later)
    assert replay.standing(later + seconds(3)).recorded == START + seconds(20)


def test_steps_hold_at_recorded_moments_and_stay_at_the_ends(replay: ReplayFeed) -> None:
    seen = []
    for count in (1, 1, -1, 3, 9, -2, -99):
        replay.step(count, NOW + seconds(2))
        seen.append((replay.standing(NOW + seconds(50)).recorded - START).total_seconds())
    assert seen == [10, 20, 10, 40, 60, 40, 0]
    assert replay.standing(NOW).held
    assert replay.chain("TUNDRA", NOW + seconds(9)).as_of == START


def test_another_speed_goes_on_from_where_it_is(replay: ReplayFeed) -> None:
    replay.play_at(10.0, NOW + seconds(5))  # at 10 s
    assert replay.standing(NOW + seconds(5)).recorded == START + seconds(10)
    assert replay.standing(NOW + seconds(8)).recorded == START + seconds(40)
    assert replay.speed == 10.0
    for speed in (0.0, -1.0, 2e6, float("nan")):
        with pytest.raises(InvalidValueError, match="speed must be above 0 and at most"):
            replay.play_at(speed, NOW)


def test_seeking_plays_on_from_there_and_not_outside(replay: ReplayFeed) -> None:
    replay.seek(START + seconds(50), NOW)
    assert replay.standing(NOW + seconds(2)).recorded == START + seconds(54)
    assert replay.chain("ORBIT", NOW + seconds(2)).as_of == START + seconds(50)
    replay.seek(START, NOW + seconds(9))
    assert replay.chain("ORBIT", NOW + seconds(9)).as_of == START
    with pytest.raises(InvalidValueError, match="recorded moment must be from"):
        replay.seek(START - seconds(1), NOW)


def test_past_the_end_it_stays_there(replay: ReplayFeed) -> None:
    state = replay.standing(NOW + seconds(500))
    assert (state.ended, state.share) == (True, 1.0)
    assert not replay.is_open(NOW + seconds(500))


@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(("hold", "go_on", "faster", "seek", "step")), st.floats(0.1, 30.0), st.integers(-3, 3)
        ),
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_pressed_the_recorded_moment_lies_inside_and_quotes_are_never_of_the_future(
    tape: Path, acts: list[tuple[str, float, int]]
) -> None:
    replay, moment = ReplayFeed(tape, 1.0, NOW), NOW
    for act, wait, number in acts:
        moment += seconds(wait)
        if act == "hold":
            replay.hold(moment)
        elif act == "go_on":
            replay.go_on(moment)
        elif act == "faster":
            replay.play_at(2.0**number, moment)
        elif act == "seek":
            replay.seek(replay.tape.first + abs(number) * STEP, moment)
        else:
            replay.step(number or 1, moment)
        state = replay.standing(moment)
        assert state.first <= state.recorded <= state.last
        assert 0.0 <= state.share <= 1.0
        assert replay.spot("ORBIT", moment).received_at <= moment + seconds(1e-5)


def test_a_disk_that_is_full_ends_the_recording_and_keeps_what_stands_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(START)
    path = tmp_path / "day.recording.gz"
    from optionix_core.feeds import recording

    written = 0
    write = recording.write_member

    def until_full(stream: object, head: dict[str, object], body: bytes = b"") -> None:
        nonlocal written
        written += 1
        if written > 5:
            raise OSError(28, "No space left on device")
        write(stream, head, body)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(recording, "write_member", until_full)
    with pytest.raises(
        StorageError, match=r"No space left on device; 3 moments before it can be replayed from .*\.part"
    ):
        record(
            SimulatedFeed(),
            path,
            clock=clock,
            underlyings=("ORBIT",),
            interval=STEP,
            count=9,
            expiries=1,
            wait=lambda waited: clock.advance(seconds(waited)),
        )
    assert not path.exists()
    assert ReplayFeed(path.with_name(f"{path.name}.part")).tape.last == START + 2 * STEP
