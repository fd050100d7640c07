"""What was recorded comes back as it was, at the right time; what was cut off is found."""

from __future__ import annotations

import gzip
import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import (
    InterruptedByUserError,
    InvalidValueError,
    MalformedFileError,
    MissingDataError,
    UnknownNameError,
    UsageError,
)
from optionix_core.feeds import FileFeed, ReplayFeed, SimulatedFeed
from optionix_core.feeds.recording import RecordingReport, record
from optionix_core.feeds.tape import Recording, read_head
from optionix_core.market.clock import ManualClock

START = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
STEP = timedelta(seconds=2)
COUNT = 6
feed = SimulatedFeed()


def make(path: Path, **choices: object) -> RecordingReport:
    clock = ManualClock(START)
    terms: dict[str, object] = {"underlyings": ("ORBIT",), "count": COUNT, "expiries": 2, "interval": STEP, **choices}
    return record(
        feed,
        path,
        clock=clock,
        wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
        **terms,  # type: ignore[arg-type] # the tests below name parameters of record
    )


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "day.recording.gz"
    make(path)
    return path


def test_a_recording_reports_what_it_holds(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    report = make(
        tmp_path / "a.recording.gz", underlyings=None, progress=lambda done, of: steps.append((done, of)), count=2
    )
    assert report.underlyings == ("ORBIT", "TUNDRA", "QUASAR")
    assert (report.snapshots, report.ending) == (6, "complete")
    assert (report.started_at, report.ended_at) == (START, START + STEP)
    assert report.size == report.path.stat().st_size
    assert steps == [(1, 2), (2, 2)]
    tape = Recording(report.path)
    assert (tape.complete, tape.note, tape.snapshot_count) == (True, None, 6)
    assert tape.last == START + STEP


def test_the_same_recording_has_the_same_bytes(tmp_path: Path) -> None:
    one, two = make(tmp_path / "1", count=2), make(tmp_path / "2", count=2)
    assert one.path.read_bytes() == two.path.read_bytes()


@given(elapsed=st.floats(0.0, 30.0))
@settings(max_examples=30, deadline=None)
def test_a_replay_answers_with_what_stood_at_the_moment(recording: Path, elapsed: float) -> None:
    moment = START + timedelta(seconds=elapsed)
    stood = START + min(int((moment - START) / STEP), COUNT - 1) * STEP
    replay = ReplayFeed(recording)
    assert replay.chain("ORBIT", moment).as_of == stood
    then, now = feed.spot("ORBIT", stood), replay.spot("ORBIT", moment)
    assert (now.bid, now.ask, now.last, now.volume) == (then.bid, then.ask, then.last, then.volume)
    assert now.exchange_time == then.exchange_time


def test_a_replayed_chain_is_the_recorded_one_to_the_bit(recording: Path) -> None:
    replayed = ReplayFeed(recording).chain("ORBIT", START + 2 * STEP)
    original = feed.chain("ORBIT", START + 2 * STEP)
    assert len(replayed.slices) == 2
    for one, two in zip(replayed.slices, original.slices, strict=False):
        assert (one.expiry, one.expires_at, one.multiplier, one.exercise) == (
            two.expiry,
            two.expires_at,
            two.multiplier,
            two.exercise,
        )
        for field in ("bid", "ask", "bid_size", "last", "vendor_iv", "vendor_delta", "quoted_at"):
            np.testing.assert_array_equal(getattr(one.call, field), getattr(two.call, field))
            np.testing.assert_array_equal(getattr(one.put, field), getattr(two.put, field))


def test_a_moved_replay_keeps_ages_and_moves_time(recording: Path) -> None:
    begin = datetime(2027, 3, 1, 9, tzinfo=UTC)
    replay = ReplayFeed(recording, speed=4.0, started_at=begin, name="day")
    # 2.1 seconds at four times the speed are 8.4 recorded seconds: the snapshot of second 8.
    moment = begin + timedelta(seconds=2.1)
    assert replay.recorded(moment) == START + timedelta(seconds=8.4)
    chain = replay.chain("ORBIT", moment)
    assert chain.as_of == START + timedelta(seconds=8)
    assert chain.received_at == begin + timedelta(seconds=2)
    symbol = str(chain.slices[0].put.symbols[20])
    then, now = feed.quote(symbol, START + timedelta(seconds=8)), replay.quote(symbol, moment)
    assert (now.bid, now.ask, now.source) == (then.bid, then.ask, "replay:day")
    assert then.exchange_time is not None
    assert now.exchange_time == begin + (then.exchange_time - START) / 4.0
    assert chain.slices[0].put.quoted_at[20] == pytest.approx(now.exchange_time.timestamp(), abs=1e-5)
    assert replay.ends_at == begin + timedelta(seconds=2.5)


def test_past_its_end_a_replay_is_closed_and_grows_stale(recording: Path) -> None:
    replay = ReplayFeed(recording)
    end = START + (COUNT - 1) * STEP
    assert replay.is_open(START)
    assert replay.is_open(end)
    assert not replay.is_open(end + timedelta(seconds=1))
    assert not replay.is_open(START - timedelta(seconds=1))
    late = end + timedelta(minutes=5)
    quote = replay.spot("ORBIT", late)
    assert quote == replay.spot("ORBIT", end)
    assert quote.exchange_time is not None
    assert late - quote.exchange_time > replay.stale_after


def test_before_its_beginning_a_replay_has_nothing(recording: Path) -> None:
    with pytest.raises(MissingDataError, match="begins at 2026-11-19T16:00:00"):
        ReplayFeed(recording).chain("ORBIT", START - timedelta(microseconds=1))


def test_recorded_history_ends_before_the_recording_and_where_asked(recording: Path) -> None:
    replay = ReplayFeed(recording)
    history = replay.history("ORBIT", date(2026, 12, 31))
    assert history.days[-1] == date(2026, 11, 18)
    original = feed.history("ORBIT", date(2026, 11, 18))
    np.testing.assert_array_equal(history.close, original.close)
    np.testing.assert_array_equal(history.implied_volatility, original.implied_volatility)
    assert replay.history("ORBIT", date(2026, 6, 1)).days[-1] == date(2026, 6, 1)
    with pytest.raises(MissingDataError, match="no daily history"):
        replay.history("ORBIT", date(2010, 1, 1))


def test_a_file_that_cannot_tell_the_spot_is_not_recorded_half(tmp_path: Path) -> None:
    from dataclasses import replace

    blind = FileFeed(replace(feed.chain("ORBIT", START), spot=None), "blind")
    with pytest.raises(MissingDataError, match="does not tell the price"):
        record(blind, tmp_path / "blind.recording.gz", clock=ManualClock(START), count=1)
    assert not (tmp_path / "blind.recording.gz").exists()


def test_a_recording_that_is_cancelled_keeps_what_it_has(tmp_path: Path) -> None:
    done: list[int] = []
    report = make(
        tmp_path / "c.recording.gz",
        progress=lambda count, _of: done.append(count),
        cancelled=lambda: len(done) == 3,
    )
    assert (report.ending, report.snapshots) == ("cancelled", 3)
    assert Recording(report.path).complete


def test_a_recording_that_is_cancelled_before_its_first_moment_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InterruptedByUserError, match="nothing was recorded"):
        make(tmp_path / "c.recording.gz", cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_a_duration_bounds_a_recording_with_both_its_ends(tmp_path: Path) -> None:
    report = make(tmp_path / "d.recording.gz", count=None, duration=timedelta(seconds=5))
    assert report.snapshots == 3
    assert report.ended_at == START + timedelta(seconds=4)


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"count": None}, "count and duration"),
        ({"count": 0}, "count"),
        ({"duration": timedelta(0)}, "duration"),
        ({"interval": timedelta(0)}, "interval"),
        ({"expiries": 0}, "expiries"),
        ({"underlyings": ()}, "underlyings"),
    ],
)
def test_a_recording_without_sensible_bounds_is_refused(tmp_path: Path, choices: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValueError, match=f"^{field} must be"):
        make(tmp_path / "e", **choices)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_underlying_is_refused_before_anything_is_recorded(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="NOBODY"):
        make(tmp_path / "f", underlyings=("NOBODY",))
    assert list(tmp_path.iterdir()) == []


def test_a_recording_never_overwrites_another_or_its_remains(tmp_path: Path) -> None:
    for taken in ("g", "g.part"):
        (tmp_path / taken).write_bytes(b"mine")
        with pytest.raises(UsageError, match="exists already"):
            make(tmp_path / "g")
        assert (tmp_path / taken).read_bytes() == b"mine"
        (tmp_path / taken).unlink()


def test_a_recording_whose_source_fails_leaves_its_part_to_be_replayed(tmp_path: Path) -> None:
    def stop(done: int, _of: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "h", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["h.part"]
    tape = Recording(tmp_path / "h.part")
    assert not tape.complete
    assert tape.note == "it has no end: the recording was cut off"
    assert tape.snapshot_count == 2


def test_a_cut_tail_is_reported_and_what_stands_before_it_is_played(recording: Path, tmp_path: Path) -> None:
    content = recording.read_bytes()
    whole = Recording(recording).snapshot_count
    seen = set()
    for share in (0.55, 0.7, 0.9, 0.999):
        part = tmp_path / "cut.gz"
        part.write_bytes(content[: int(len(content) * share)])
        tape = Recording(part)
        assert not tape.complete
        assert tape.note is not None
        assert "cut off" in tape.note
        assert 1 <= tape.snapshot_count <= whole
        seen.add(tape.snapshot_count)
        assert ReplayFeed(part).chain("ORBIT", START).as_of == START
    assert len(seen) > 1


def test_damage_inside_is_never_played(recording: Path, tmp_path: Path) -> None:
    content = recording.read_bytes()
    damaged = tmp_path / "damaged.gz"
    refused = 0
    for place in range(200, len(content) - 40, len(content) // 12):
        spoilt = bytearray(content)
        spoilt[place] ^= 0xFF
        damaged.write_bytes(bytes(spoilt))
        try:
            tape = Recording(damaged)
        except MalformedFileError as error:
            assert "member" in str(error)  # noqa: PT017 - a part that seems cut off is the other right answer
            refused += 1
        else:
            assert not tape.complete
    assert refused > 3


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.gz"
    other.write_bytes(gzip.compress(b'{"kind": "holiday pictures"}\n'))
    for read in (Recording, read_head, ReplayFeed):
        with pytest.raises(MalformedFileError, match="is no recording"):
            read(other)
    with pytest.raises(UnknownNameError, match=r"nowhere\.gz"):
        ReplayFeed(tmp_path / "nowhere.gz")


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan, math.inf])
def test_a_speed_that_is_not_positive_is_refused(recording: Path, speed: float) -> None:
    with pytest.raises(InvalidValueError, match="speed"):
        ReplayFeed(recording, speed=speed)
