"""Playing a recording as a stream: every moment once, at its pace, absent numbers as null."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.feeds.replay import ReplayFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import feed_play, feeds
from optionix_core.services.home import HomeFolders

START = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
STEP = timedelta(seconds=1)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three moments, a second apart, of two underlyings."""
    home = HomeFolders.of(tmp_path_factory.mktemp("home"))
    source = feeds.open_feed("sim")
    names = ["ORBIT", "TUNDRA"]
    return feeds.record(
        source, home, "short", ManualClock(START), underlyings=names, count=3, expiries=1, start=START
    ).path


def test_every_moment_of_every_underlying_comes_once_in_order(recording: Path) -> None:
    waits: list[float] = []
    played = list(feed_play.play(ReplayFeed(recording, speed=2.0), None, STEP, waits.append))
    assert [(item.recorded_at, item.chain.underlying) for item in played] == [
        (START + number * STEP, name) for number in range(3) for name in ("ORBIT", "TUNDRA")
    ]
    assert waits == [0.5, 0.5]


def test_without_a_wait_it_plays_at_once_and_one_underlying_can_be_asked_for(recording: Path) -> None:
    played = list(feed_play.play(ReplayFeed(recording), "TUNDRA", 2 * STEP, None))
    assert [item.recorded_at for item in played] == [START, START + 2 * STEP]
    assert {item.chain.underlying for item in played} == {"TUNDRA"}


def test_it_stops_when_asked(recording: Path) -> None:
    answers = iter([False, True])
    played = feed_play.play(ReplayFeed(recording), "ORBIT", STEP, None, cancelled=lambda: next(answers))
    assert len(list(played)) == 1


def test_wrong_questions_are_refused(recording: Path) -> None:
    with pytest.raises(InvalidValueError, match="step must be above 0 seconds"):
        next(feed_play.play(ReplayFeed(recording), None, timedelta(), None))
    with pytest.raises(UnknownNameError, match="NOPE"):
        next(feed_play.play(ReplayFeed(recording), "NOPE", STEP, None))


def test_quotes_are_the_recorded_ones_with_null_where_there_is_none(recording: Path) -> None:
    (first, *_) = feed_play.play(ReplayFeed(recording), "ORBIT", STEP, None)
    lines = [json.loads(json.dumps(line, allow_nan=False)) for line in feed_play.quotes_to_json(first)]
    told = feed_play.moment_to_json(first)
    assert len(lines) == told["quotes"]
    assert sum(line["bid"] is not None and line["ask"] is not None for line in lines) == told["two_sided"]
    assert any(line["bid"] is None for line in lines)
    source = feeds.open_feed("sim")
    for line in lines[:10]:
        quote = source.quote(line["symbol"], START)
        assert (line["bid"], line["ask"], line["bid_size"]) == (quote.bid, quote.ask, quote.bid_size)
    assert told["time"] == "2026-11-19T16:00:00Z"
