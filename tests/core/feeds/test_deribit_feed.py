"""The Deribit feed against an exchange on this machine that cuts, skips, stalls and comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from optionix_core.errors import MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.market.protocols import FeedState, QuoteSource
from optionix_core.portfolio.valuation import mark_of
from tests.core.feeds.deribit_stage import bid, feed_of, follow, until
from tests.core.feeds.loopback_deribit import (
    HEARTBEAT,
    INDEX,
    NAME,
    NAMES,
    NOW,
    TEST_REQUEST,
    LoopbackDeribit,
    change,
    index,
    snapshot,
    ticker,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def exchange() -> Iterator[LoopbackDeribit]:
    with LoopbackDeribit() as made:
        yield made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def test_quotes_come_from_the_summary_until_the_book_is_followed(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        source: QuoteSource = feed
        assert (source.name, source.state) == ("deribit:BTC", FeedState.LIVE)
        first = feed.quote(NAME, clock.now())
        assert (first.bid, first.ask, first.bid_size, first.last) == (0.02, 0.021, None, 0.0205)
        assert (first.vendor_iv, first.open_interest, first.volume) == (0.5125, 812, 17)
        assert first.exchange_time == NOW
        exchange.wait(lambda: exchange.follows(NAME))
        until(feed, lambda: feed.quote(NAME, clock.now()).bid_size is not None)
        followed = feed.quote(NAME, clock.now())
        assert (followed.bid, followed.ask, followed.bid_size, followed.ask_size) == (0.0195, 0.0215, 4, 4)
        assert feed.spot("BTC", clock.now()).last == INDEX


def test_changes_move_the_touch_and_the_ticker_the_figures(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        follow(exchange, feed, clock)
        last = exchange.change_id
        clock.advance(SECOND)
        made = clock.now()
        exchange.send(
            change(
                NAME,
                last + 7,
                last,
                made,
                bids=[["delete", 0.0195, 0.0], ["new", 0.0193, 2.5]],
                asks=[["change", 0.0215, 6.0]],
            )
        )
        exchange.send(ticker(NAME, made))
        until(feed, lambda: feed.quote(NAME, made).vendor_iv == 0.525)
        quote = feed.quote(NAME, made)
        assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (0.0193, 2, 0.0215, 6)
        assert (quote.last, quote.volume, quote.open_interest) == (0.0207, 21, 820)
        part = feed.chain("BTC", made, date(2026, 11, 20)).slices[0]
        assert part.call.bid_size[1] == 2.5
        assert part.call.vendor_delta[1] == 0.51
        assert part.underlying_price == 99_720.0


def test_a_moment_that_has_passed_keeps_its_answer(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        follow(exchange, feed, clock)
        before = clock.now()
        told = feed.quote(NAME, before), feed.spot("BTC", before)
        last = exchange.change_id
        clock.advance(SECOND)
        exchange.send(change(NAME, last + 1, last, clock.now(), bids=[["new", 0.0205, 1.0]]))
        exchange.send(index(99_600.0, clock.now()))
        until(feed, lambda: feed.spot("BTC", clock.now()).last == 99_600.0)
        assert bid(feed, clock) == 0.0205
        assert (feed.quote(NAME, before), feed.spot("BTC", before)) == told


def test_the_first_quotes_answer_for_the_moment_of_the_question_that_waited_for_them(
    exchange: LoopbackDeribit, clock: ManualClock
) -> None:
    named = clock.now()
    clock.advance(2 * SECOND)
    with feed_of(exchange, clock) as feed:
        quote = feed.quote(NAME, named)
        assert (quote.bid, quote.received_at) == (0.02, clock.now())
        assert feed.spot("BTC", named).last == INDEX
        assert feed.chain("BTC", named).row_count == 12
        first = feed.spot("BTC", clock.now())
        clock.advance(SECOND)
        until(feed, lambda: feed.status.connected)
        exchange.send(index(99_800.0, clock.now()))
        until(feed, lambda: feed.spot("BTC", clock.now()).last == 99_800.0)
        assert feed.spot("BTC", named) == first
        with pytest.raises(MissingDataError):
            feed.spot("BTC", named - timedelta(minutes=2))


def test_a_gap_takes_the_book_back_until_it_is_whole_again(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        follow(exchange, feed, clock)
        last = exchange.change_id
        exchange.snapshots = False
        clock.advance(SECOND)
        exchange.send(change(NAME, last + 5, last + 4, clock.now(), bids=[["new", 0.0212, 50.0]]))
        exchange.wait(lambda: len(exchange.asked("public/unsubscribe")) == 1)
        # What was missed is not known: no price of the skipped sequence is shown, and time stands still.
        exchange.send(change(NAME, last + 6, last + 5, clock.now(), bids=[["new", 0.0213, 50.0]]))
        exchange.send(index(99_400.0, clock.now()))
        until(feed, lambda: feed.spot("BTC", clock.now()).last == 99_400.0)
        held = feed.quote(NAME, clock.now())
        assert held.bid == 0.0195
        assert held.exchange_time == NOW
        exchange.wait(lambda: exchange.follows(NAME))
        exchange.send(snapshot(NAME, 9000, clock.now(), bid=0.0201))
        until(feed, lambda: bid(feed, clock) == 0.0201)
        assert feed.quote(NAME, clock.now()).exchange_time == clock.now()
        exchange.send(change(NAME, 9001, 9000, clock.now(), bids=[["delete", 0.0201, 0.0]]))
        until(feed, lambda: bid(feed, clock) == pytest.approx(0.0191))
        assert exchange.connections == 1


def test_a_crossed_book_is_asked_for_anew(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        follow(exchange, feed, clock)
        last = exchange.change_id
        exchange.bid = 0.0199
        exchange.send(change(NAME, last + 1, last, bids=[["new", 0.0215, 1.0]]))
        until(feed, lambda: bid(feed, clock) == 0.0199)
        assert len(exchange.asked("public/unsubscribe")) == 1


def test_a_whole_book_is_as_fresh_as_the_last_message_and_a_cut_ends_that(
    exchange: LoopbackDeribit, clock: ManualClock
) -> None:
    with feed_of(exchange, clock) as feed:
        follow(exchange, feed, clock)
        clock.advance(60 * SECOND)
        exchange.send(index(99_450.0, clock.now()))
        until(feed, lambda: feed.spot("BTC", clock.now()).last == 99_450.0)
        quiet = feed.quote(NAME, clock.now())
        assert quiet.exchange_time == clock.now()  # unchanged, and known to be
        assert mark_of(quiet, clock.now(), feed.stale_after, market_open=True).reason is None
        exchange.refuse_sockets = True
        exchange.cut()
        until(feed, lambda: not feed.status.connected)
        assert "deribit connection" in (feed.status.reason or "")
        lost_at = clock.now()
        clock.advance(31 * SECOND)
        lost = feed.quote(NAME, clock.now())
        assert lost.exchange_time == lost_at
        reason = mark_of(lost, clock.now(), feed.stale_after, market_open=feed.is_open(clock.now())).reason
        assert reason is not None
        assert reason.startswith("stale")


def test_a_new_connection_does_not_vouch_for_the_books_of_the_old_one(
    exchange: LoopbackDeribit, clock: ManualClock
) -> None:
    with feed_of(exchange, clock) as feed:
        follow(exchange, feed, clock)
        exchange.snapshots = False
        clock.advance(SECOND)
        exchange.cut()
        exchange.wait(lambda: exchange.connections == 2)
        until(feed, lambda: feed.status.connected)
        exchange.send(index(99_300.0, clock.now()))
        until(feed, lambda: feed.spot("BTC", clock.now()).last == 99_300.0)
        quote = feed.quote(NAME, clock.now())
        assert (quote.bid, quote.exchange_time) == (0.0195, NOW)


@pytest.mark.parametrize("how", ["cut", "in a message", "goodbye"])
def test_a_lost_connection_comes_back_with_whole_books(exchange: LoopbackDeribit, clock: ManualClock, how: str) -> None:
    with feed_of(exchange, clock) as feed:
        follow(exchange, feed, clock)
        exchange.bid = 0.0188
        last = exchange.change_id
        if how == "cut":
            exchange.cut()
        elif how == "goodbye":
            exchange.close_politely()
        else:
            exchange.cut_in_message(change(NAME, last + 1, last, bids=[["new", 0.0212, 50.0]]))
        exchange.wait(lambda: exchange.connections == 2)
        until(feed, lambda: bid(feed, clock) == 0.0188)
        assert feed.status.connected
        assert exchange.follows(NAME)


@pytest.mark.parametrize(
    "message",
    [
        '{"jsonrpc": "2.0", "method": "subscr',
        "[]",
        '{"jsonrpc": "2.0", "method": "shout", "params": {}}',
        change(NAME, 1, 0, bids=[["grow", 0.02, 1.0]]),
        change(NAME, 1, 0, bids=[["new", "0.02", 1.0]]),
        json.dumps(index(float("nan"))),
    ],
)
def test_what_is_not_understood_ends_the_connection_and_not_the_feed(
    exchange: LoopbackDeribit, clock: ManualClock, message: object
) -> None:
    with feed_of(exchange, clock) as feed:
        follow(exchange, feed, clock)
        exchange.bid = 0.0177
        exchange.send(message)
        exchange.wait(lambda: exchange.connections == 2)
        until(feed, lambda: bid(feed, clock) == 0.0177)


def test_test_requests_are_answered_and_heartbeats_are_not(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        feed.start()
        until(feed, lambda: feed.status.connected)
        assert exchange.asked("public/set_heartbeat") == [{"interval": 10}]
        exchange.send(HEARTBEAT)
        exchange.send(TEST_REQUEST)
        exchange.wait(lambda: len(exchange.asked("public/test")) == 1)
        exchange.send(TEST_REQUEST)
        exchange.wait(lambda: len(exchange.asked("public/test")) == 2)
        assert exchange.connections == 1


def test_a_silent_connection_is_given_up(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock, silence=0.05) as feed:
        feed.start()
        exchange.wait(lambda: exchange.connections >= 2)
        until(feed, lambda: "silent for 0.05 s" in (feed.status.reason or ""))


def test_a_subscription_that_is_not_answered_ends_the_connection(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    exchange.silent_to = {"public/subscribe"}
    with feed_of(exchange, clock, timeout=0.5) as feed:
        feed.start()
        until(feed, lambda: "public/subscribe was not answered" in (feed.status.reason or ""))
        exchange.silent_to = set()
        until(feed, lambda: feed.status.connected)


def test_no_more_channels_are_taken_than_allowed_and_the_latest_wishes_win(
    exchange: LoopbackDeribit, clock: ManualClock
) -> None:
    with feed_of(exchange, clock, channel_limit=7) as feed:
        for name in NAMES[:3]:
            follow(exchange, feed, clock, name)
        feed.quote(NAMES[5], clock.now())
        exchange.wait(lambda: exchange.follows(NAMES[5]) and not exchange.follows(NAMES[0]))
        assert exchange.follows(NAMES[2])
        assert exchange.most_subscribed <= 7


def test_an_expiry_that_is_looked_at_is_followed_from_the_money_outwards(
    exchange: LoopbackDeribit, clock: ManualClock
) -> None:
    with feed_of(exchange, clock, channel_limit=5) as feed:
        feed.chain("BTC", clock.now(), date(2026, 11, 27))
        exchange.wait(lambda: exchange.follows("BTC-27NOV26-100000-C") and exchange.follows("BTC-27NOV26-100000-P"))
        assert exchange.most_subscribed == 5


def test_a_channel_that_the_exchange_refuses_is_left_out(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    exchange.unknown = {f"book.{NAME}.100ms"}
    with feed_of(exchange, clock) as feed:
        feed.quote(NAME, clock.now())
        follow(exchange, feed, clock, NAMES[0])
        assert feed.quote(NAME, clock.now()).bid == 0.02
        assert exchange.connections == 1
