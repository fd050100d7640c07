"""The Cboe feed: late and saying so, asking politely, and never taking in what does not fit."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Semaphore
from typing import Any

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError, VenueError
from optionix_core.feeds.cboe import CboeFeed, CboeSettings
from optionix_core.feeds.cboe.polling import read
from optionix_core.feeds.network.pace import RetryPolicy
from optionix_core.market.clock import ManualClock
from optionix_core.market.protocols import FeedState
from optionix_core.portfolio.valuation import mark_of
from tests.core.feeds.loopback import PATIENCE, Reply
from tests.core.feeds.loopback_cboe import AS_OF, CALL, DAY, NOW, STAMPED, LoopbackCboe, payload, row

AT_ONCE = RetryPolicy(first=0.01, longest=0.02)


@pytest.fixture
def cboe() -> Iterator[LoopbackCboe]:
    with LoopbackCboe() as made:
        yield made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


class Turns:
    """Lets polls go one by one: what the poll waits by, instead of time."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._allowed = Semaphore(0)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        while not self._allowed.acquire(blocking=False):  # noqa: ASYNC110 - released from another thread
            await asyncio.sleep(0.002)

    def one(self) -> None:
        self._allowed.release()


@contextmanager
def feed_of(cboe: LoopbackCboe, clock: ManualClock, turns: Turns | None = None, **settings: Any) -> Iterator[CboeFeed]:
    turns = Turns() if turns is None else turns
    feed = CboeFeed("SPX", cboe.settings(**settings), clock, policy=AT_ONCE, sleep=turns.sleep)
    try:
        yield feed
    finally:
        feed.close()


def until(feed: CboeFeed, told: Callable[[], bool]) -> None:
    with feed.chains.changed:
        assert feed.chains.changed.wait_for(told, PATIENCE)


def test_quotes_are_late_and_say_so(cboe: LoopbackCboe, clock: ManualClock) -> None:
    with feed_of(cboe, clock) as feed:
        assert (feed.name, feed.state, feed.delay) == ("cboe:SPX", FeedState.DELAYED, timedelta(minutes=15))
        assert feed.underlyings()[0].description == "Cboe, 15 minutes late"
        quote = feed.quote(CALL, clock.now())
        assert (quote.bid, quote.ask, quote.bid_size, quote.last, quote.vendor_iv) == (100.5, 101.5, 12, 101.0, 0.1825)
        assert (quote.exchange_time, quote.received_at, quote.source) == (AS_OF, NOW, "cboe:SPX")
        assert mark_of(quote, clock.now(), feed.stale_after, market_open=feed.is_open(clock.now())).reason is None
        spot = feed.spot("SPX", clock.now())
        assert (spot.last, spot.exchange_time) == (6512.25, AS_OF)
        assert feed.day_change("SPX", clock.now()) == pytest.approx(12.25 / 6500.0)


def test_the_first_chain_answers_for_the_moment_of_the_question_that_waited_for_it(
    cboe: LoopbackCboe, clock: ManualClock
) -> None:
    named = clock.now()
    clock.advance(timedelta(seconds=3))
    with feed_of(cboe, clock) as feed:
        quote = feed.quote(CALL, named)
        assert (quote.bid, quote.received_at, quote.exchange_time) == (100.5, clock.now(), AS_OF)
        with pytest.raises(MissingDataError):
            feed.quote(CALL, named - timedelta(minutes=2))


def test_roots_that_share_a_date_stay_apart(cboe: LoopbackCboe, clock: ManualClock) -> None:
    with feed_of(cboe, clock) as feed:
        assert feed.expiries("SPX", clock.now()) == ((DAY, "SPX"), (DAY, "SPXW"), (date(2026, 11, 27), "SPXW"))
        am, pm = feed.chain("SPX", clock.now(), DAY).slices
        assert (am.root, am.settlement, pm.root, pm.settlement) == ("SPX", "AM", "SPXW", "PM")
        assert am.expires_at < pm.expires_at
        assert feed.instrument(CALL).root == "SPXW"


def test_what_has_not_changed_is_not_sent_again_and_what_has_is_taken(cboe: LoopbackCboe, clock: ManualClock) -> None:
    turns = Turns()
    with feed_of(cboe, clock, turns) as feed:
        first = feed.chain("SPX", clock.now())
        clock.advance(timedelta(minutes=1))
        turns.one()
        until(feed, lambda: feed.status.since == clock.now())
        assert cboe.marks() == [None, '"first"']
        assert cboe.gets[1][2]["if-modified-since"] == "Thu, 19 Nov 2026 16:00:00 GMT"
        assert feed.chain("SPX", clock.now()) is first
        before = clock.now()
        clock.advance(timedelta(minutes=1))
        rows = [row(CALL, bid=99.0)]
        cboe.publish(payload(STAMPED + timedelta(minutes=2), rows), '"second"')
        turns.one()
        until(feed, lambda: feed.status.since == clock.now())
        assert feed.quote(CALL, clock.now()).bid == 99.0
        assert feed.quote(CALL, clock.now()).exchange_time == AS_OF + timedelta(minutes=2)
        assert feed.quote(CALL, before).bid == 100.5
        assert all(60.0 <= wait <= 66.0 for wait in turns.waits)


def test_an_older_copy_out_of_a_cache_changes_nothing(cboe: LoopbackCboe, clock: ManualClock) -> None:
    turns = Turns()
    with feed_of(cboe, clock, turns) as feed:
        assert feed.quote(CALL, clock.now()).bid == 100.5
        clock.advance(timedelta(minutes=1))
        cboe.publish(payload(STAMPED - timedelta(minutes=1), [row(CALL, bid=98.0)]), '"older"')
        turns.one()
        until(feed, lambda: feed.status.since == clock.now())
        quote = feed.quote(CALL, clock.now())
        assert (quote.bid, quote.exchange_time) == (100.5, AS_OF)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (payload(rows=[row(CALL, bid="100")]), r"data\.options\[0\]\.bid: must be a number"),
        (payload(rows=[row(CALL, ask=-1.0)]), r"data\.options\[0\]\.ask: must not be negative"),
        (payload(rows=[row("SPXW261120X06500000")]), r"data\.options\[0\]\.option"),
        (payload(rows=[row(CALL), row(CALL)]), "given twice"),
        (payload(rows=[]), "holds no options"),
        (payload(current_price="high"), r"data\.current_price: must be a number"),
        ({**payload(), "timestamp": "noon"}, "timestamp: must be a date and time"),
        ({"data": {"symbol": "^SPX"}}, r"data\.options: must hold the options"),
        (b'{"timestamp": "2026-11-19 16:0', "is not JSON"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_payload_that_does_not_fit_is_told_by_its_field_and_leaves_what_was_there(
    cboe: LoopbackCboe, clock: ManualClock, document: Any, told: str
) -> None:
    turns = Turns()
    with feed_of(cboe, clock, turns) as feed:
        assert feed.quote(CALL, clock.now()).bid == 100.5
        clock.advance(timedelta(minutes=6))
        cboe.publish(document, '"bad"')
        turns.one()
        until(feed, lambda: not feed.status.connected)
        assert re.search(told, feed.status.reason or ""), feed.status.reason
        quote = feed.quote(CALL, clock.now())
        assert (quote.bid, quote.exchange_time) == (100.5, AS_OF)
        reason = mark_of(quote, clock.now(), feed.stale_after, market_open=feed.is_open(clock.now())).reason
        assert reason == "stale: 1262.5 s old"  # 15 minutes, 6 minutes and 2.5 s
        cboe.publish(payload(STAMPED + timedelta(minutes=6)), '"mended"')
        turns.one()
        until(feed, lambda: feed.status.connected)
        assert cboe.marks()[-1] == '"first"'  # what was not read is not claimed
        assert feed.quote(CALL, clock.now()).exchange_time == AS_OF + timedelta(minutes=6)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(b"", 403), "no delayed quotes under this name"),
        (Reply(b"", 404), "no delayed quotes under this name"),
        (Reply(b"", 429, {"Retry-After": "900"}), "to ask again in 900 s"),
        (Reply(b"", 304), "answered 304"),
        (Reply(b"", 418), "answered 418"),
        (Reply({"data": {"options": []}}), "timestamp: must be a text|holds no options|data.symbol"),
    ],
)
def test_without_any_chain_the_answer_is_why(cboe: LoopbackCboe, clock: ManualClock, reply: Reply, told: str) -> None:
    cboe.once["_SPX.json"].append(reply)
    with feed_of(cboe, clock) as feed, pytest.raises(VenueError, match=told) as caught:
        feed.chain("SPX", clock.now())
    assert caught.value.exit_code == 3


def test_a_limit_and_a_failing_server_are_waited_out(cboe: LoopbackCboe, clock: ManualClock) -> None:
    cboe.once["_SPX.json"].extend([Reply(b"", 429, {"Retry-After": "7"}), Reply(b"", 502)])
    turns = Turns()
    turns.one()
    turns.one()
    with feed_of(cboe, clock, turns) as feed:
        assert feed.quote(CALL, clock.now()).bid == 100.5
        until(feed, lambda: feed.status.connected)
        assert turns.waits[0] == 7.0
        assert turns.waits[1] < 0.1


def test_an_answer_that_is_cut_in_the_middle_is_asked_for_again_and_never_read(
    cboe: LoopbackCboe, clock: ManualClock
) -> None:
    cut = Reply(payload(rows=[row(CALL, bid=1.0)]), headers={"Content-Length": "100000"})
    cboe.once["_SPX.json"].extend([cut, cut])
    turns = Turns()
    turns.one()
    turns.one()
    with feed_of(cboe, clock, turns) as feed:
        assert feed.quote(CALL, clock.now()).bid == 100.5
        assert len(cboe.gets) == 3
    cboe.once["_SPX.json"].extend([cut] * 3)
    turns = Turns()
    turns.one()
    turns.one()
    with feed_of(cboe, clock, turns) as feed, pytest.raises(VenueError, match=r"cannot be reached.*\(3 tries\)"):
        feed.chain("SPX", clock.now())


def test_asking_while_nothing_comes_ends_in_time(cboe: LoopbackCboe, clock: ManualClock) -> None:
    cboe.once["_SPX.json"].append(Reply({}, hold=True))
    with feed_of(cboe, clock, first_wait=0.05) as feed:
        with pytest.raises(MissingDataError, match="cboe:SPX has not got a chain"):
            feed.chain("SPX", clock.now())
        cboe.release()


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (datetime(2026, 11, 19, 14, 29, tzinfo=UTC), False),  # 09:29 in New York
        (datetime(2026, 11, 19, 14, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 19, 21, 14, tzinfo=UTC), True),  # 16:14: options on the index still trade
        (datetime(2026, 11, 19, 21, 15, tzinfo=UTC), False),
        (datetime(2026, 11, 21, 16, 0, tzinfo=UTC), False),  # a Saturday
    ],
)
def test_the_market_is_open_as_long_as_the_options_trade(cboe: LoopbackCboe, moment: datetime, is_open: bool) -> None:
    with feed_of(cboe, ManualClock(NOW)) as feed:
        assert feed.is_open(moment) is is_open


def test_roots_and_unknown_names_are_refused(cboe: LoopbackCboe, clock: ManualClock) -> None:
    with pytest.raises(UnknownNameError, match="known: SPX"):
        CboeFeed("SPXW")
    with pytest.raises(InvalidValueError):
        CboeFeed("no symbol")
    with pytest.raises(InvalidValueError, match="poll_every"):
        CboeSettings(poll_every=1.0)
    with feed_of(cboe, clock) as feed:
        with pytest.raises(UnknownNameError):
            feed.spot("AAPL", clock.now())
        with pytest.raises(MissingDataError):
            feed.history("SPX", NOW.date())


def test_stocks_and_indices_have_their_own_file_names(clock: ManualClock, cboe: LoopbackCboe) -> None:
    cboe.standing["AAPL.json"] = cboe.standing["_SPX.json"]
    feed = CboeFeed("AAPL", cboe.settings(), clock, policy=AT_ONCE)
    try:
        with pytest.raises(VenueError, match="is of SPX"):
            feed.chain("AAPL", clock.now())
        assert cboe.count("AAPL.json") == 1
    finally:
        feed.close()


def test_a_real_payload_is_read(shared_data: Path) -> None:
    name = "delayed_quotes_options_AAPL_2026-08-07_trim.json"
    content = (shared_data / "payloads" / "cboe_json" / name).read_bytes()
    chain = read("cboe AAPL.json", "AAPL.json", content)
    assert (chain.underlying, chain.spot, chain.row_count) == ("AAPL", 312.0335, 4)
    # Stamped 18:58:23 UTC, quotes of fifteen minutes before.
    assert chain.as_of == datetime(2026, 8, 7, 18, 43, 23, tzinfo=UTC)


def test_a_closed_feed_asks_no_more(cboe: LoopbackCboe, clock: ManualClock) -> None:
    with feed_of(cboe, clock) as feed:
        assert feed.quote(CALL, clock.now()).bid == 100.5
        feed.close()
        assert not feed.running
        assert feed.quote(CALL, clock.now()).bid == 100.5
        assert len(cboe.gets) == 1
