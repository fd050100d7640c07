"""Feeds by name: opened, listed, recorded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from optionix_core.errors import InvalidValueError, MalformedFileError, UnknownNameError, UsageError
from optionix_core.feeds import CboeFeed, DeribitFeed, FileFeed, ReplayFeed, SimulatedFeed
from optionix_core.feeds.files import stored
from optionix_core.market.clock import ManualClock
from optionix_core.market.protocols import FeedState
from optionix_core.services import feeds
from optionix_core.services.home import HomeFolders

START = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> HomeFolders:
    return HomeFolders.of(tmp_path / "home")


def _record(home: HomeFolders, name: str = "morning") -> None:
    feeds.record(
        SimulatedFeed(), home, name, ManualClock(START), underlyings=["ORBIT"], count=3, expiries=1, start=START
    )


def test_the_simulated_feed_takes_seed_and_session() -> None:
    feed = feeds.open_feed("sim", seed=7, session="exchange")
    assert isinstance(feed, SimulatedFeed)
    assert (feed.seed, feed.session, feed.name) == (7, "exchange", "sim")
    with pytest.raises(InvalidValueError, match="session"):
        feeds.open_feed("sim", session="lunch")


@pytest.mark.parametrize("name", ["SIMULATED", "replay", "replay:", "file:", "", "deribit", "cboe:"])
def test_a_feed_that_there_is_not_is_unknown_and_the_forms_are_named(home: HomeFolders, name: str) -> None:
    with pytest.raises(UnknownNameError, match="replay:FILE"):
        feeds.open_feed(name, home)


def test_a_feed_over_the_network_is_opened_by_its_name_and_begins_to_connect(
    home: HomeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    for kind in (DeribitFeed, CboeFeed):
        monkeypatch.setattr(kind, "start", lambda feed: started.append(feed.name))
    coin = feeds.open_feed("deribit:eth", home)
    index = feeds.open_feed("cboe:SPX", home)
    assert started == ["deribit:ETH", "cboe:SPX"]
    assert (coin.state, index.state) == (FeedState.LIVE, FeedState.DELAYED)
    assert [item.symbol for item in (*coin.underlyings(), *index.underlyings())] == ["ETH", "SPX"]
    with pytest.raises(InvalidValueError, match="root"):
        feeds.open_feed("deribit:BTC-PERPETUAL", home)
    with pytest.raises(UnknownNameError, match="known: SPX"):
        feeds.open_feed("cboe:SPXW", home)


def test_a_recording_is_a_feed_by_its_name_or_its_path(home: HomeFolders) -> None:
    _record(home)
    now = datetime(2027, 1, 5, 12, tzinfo=UTC)
    by_name = feeds.open_feed("replay:morning", home, clock=ManualClock(now))
    assert isinstance(by_name, ReplayFeed)
    assert by_name.started_at == now
    assert by_name.chain("ORBIT", now).as_of == START
    path = feeds.recordings_folder(home) / "morning.recording.gz"
    by_path = feeds.open_feed(f"replay:{path}", None, started_at=START, speed=2.0)
    assert by_path.chain("ORBIT", START + timedelta(seconds=1)).as_of == START + timedelta(seconds=2)
    with pytest.raises(UnknownNameError, match="known: morning"):
        feeds.open_feed("replay:evening", home)


def test_an_imported_chain_is_a_feed(home: HomeFolders, tmp_path: Path) -> None:
    chain = SimulatedFeed().chain("ORBIT", START)
    path = tmp_path / "kept.chain.jsonl"
    path.write_bytes(stored.encode(chain))
    for feed in (feeds.open_feed(f"file:{path}", home), feeds.open_feed(f"file:{path}")):
        assert isinstance(feed, FileFeed)
        assert feed.spot("ORBIT", START).last == chain.spot


def test_the_list_names_feeds_that_can_be_opened(home: HomeFolders) -> None:
    folder = home.data / "chains"
    folder.mkdir(parents=True)
    (folder / "monday.chain.jsonl").write_bytes(stored.encode(SimulatedFeed().chain("QUASAR", START)))
    _record(home)
    found = feeds.listing(home)
    assert [item.name for item in found] == ["sim", "file:monday", "replay:morning"]
    for item in found:
        opened = feeds.open_feed(item.name, home)
        assert opened.name == item.name
        assert opened.state is item.state
        assert [info.symbol for info in opened.underlyings()] == [info.symbol for info in item.underlyings]
    assert json.loads(json.dumps(feeds.to_json(found))) == {
        "schema_version": 1,
        "feeds": [
            {"name": "sim", "state": "SIM", "underlyings": ["ORBIT", "TUNDRA", "QUASAR"]},
            {"name": "file:monday", "state": "file", "underlyings": ["QUASAR"]},
            {"name": "replay:morning", "state": "replay", "underlyings": ["ORBIT"]},
        ],
    }


def test_without_a_home_only_the_simulated_feed_is_listed() -> None:
    assert [item.name for item in feeds.listing()] == ["sim"]


def test_a_damaged_recording_is_listed_with_what_is_wrong(home: HomeFolders) -> None:
    folder = feeds.recordings_folder(home)
    folder.mkdir(parents=True)
    (folder / "broken.recording.gz").write_bytes(b"not a recording")
    entry = feeds.listing(home)[-1]
    assert (entry.name, entry.underlyings) == ("replay:broken", ())
    assert entry.note is not None
    assert "is no recording" in entry.note
    assert feeds.to_json([entry])["feeds"] == [
        {"name": "replay:broken", "state": "replay", "underlyings": [], "note": entry.note}
    ]
    with pytest.raises(MalformedFileError):
        feeds.open_feed("replay:broken", home)


def test_recording_waits_by_the_clock_and_reports_as_json(home: HomeFolders) -> None:
    clock = ManualClock(START)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(timedelta(seconds=seconds))

    report = feeds.record(
        SimulatedFeed(),
        home,
        "live",
        clock,
        underlyings=["ORBIT"],
        duration=timedelta(seconds=2),
        expiries=1,
        wait=wait,
    )
    assert max(waits) <= 0.2
    assert sum(waits) == pytest.approx(2.0)
    told = feeds.report_to_json(report)
    assert (told["snapshots"], told["ending"], told["underlyings"]) == (3, "complete", ["ORBIT"])
    assert told["ended_at"] == "2026-11-19T16:00:02Z"


def test_a_past_stretch_can_only_be_recorded_from_the_simulated_feed(home: HomeFolders) -> None:
    _record(home)
    replay = feeds.open_feed("replay:morning", home)
    with pytest.raises(InvalidValueError, match="start"):
        feeds.record(replay, home, "again", ManualClock(START), count=1, start=START)


def test_names_that_no_platform_should_store_and_names_that_are_taken_are_refused(home: HomeFolders) -> None:
    with pytest.raises(InvalidValueError, match="name"):
        feeds.record(SimulatedFeed(), home, "../elsewhere", ManualClock(START), count=1)
    _record(home)
    with pytest.raises(UsageError, match="exists already"):
        _record(home)
