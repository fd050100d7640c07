"""The Deribit feed against an exchange on this machine that cuts, skips, stalls and comes back."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, OptionixError, UnknownNameError, VenueError
from optionix_core.feeds import ReplayFeed
from optionix_core.feeds.deribit import DeribitFeed
from optionix_core.feeds.network.pace import RetryPolicy
from optionix_core.feeds.recording import record
from optionix_core.market import products
from optionix_core.market.clock import ManualClock
from optionix_core.market.products import Symbology, product
from optionix_core.market.protocols import FeedState, QuoteSource
from optionix_core.portfolio.valuation import mark_of
from tests.core.feeds.loopback import PATIENCE, Reply
from tests.core.feeds.loopback_deribit import (
    HEARTBEAT,
    INDEX,
    NAME,
    NAMES,
    NOW,
    TEST_REQUEST,
    LoopbackDeribit,
    change,
    envelope,
    index,
    instrument,
    snapshot,
    summary,
    ticker,
)

AT_ONCE = RetryPolicy(first=0.01, longest=0.02)
SECOND = timedelta(seconds=1)


@pytest.fixture
def exchange() -> Iterator[LoopbackDeribit]:
    with LoopbackDeribit() as made:
        yield made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@contextmanager
def feed_of(exchange: LoopbackDeribit, clock: ManualClock, **settings: Any) -> Iterator[DeribitFeed]:
    feed = DeribitFeed("BTC", exchange.settings(**settings), clock, requests=AT_ONCE, reconnects=AT_ONCE)
    try:
        yield feed
    finally:
        feed.close()


def until(feed: DeribitFeed, told: Callable[[], bool]) -> None:
    assert feed.memory.wait_for(told, PATIENCE)


def follow(exchange: LoopbackDeribit, feed: DeribitFeed, clock: ManualClock, name: str = NAME) -> None:
    """Have the feed follow an option's book, and wait for the first."""
    feed.quote(name, clock.now())
    exchange.wait(lambda: exchange.follows(name))
    until(feed, lambda: feed.quote(name, clock.now()).bid_size is not None)


def bid(feed: DeribitFeed, clock: ManualClock, name: str = NAME) -> float | None:
    return feed.quote(name, clock.now()).bid


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


def test_the_chain_holds_every_expiry_that_has_not_settled(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        chain = feed.chain("BTC", clock.now())
        assert [(item.expiry, item.root) for item in chain.slices] == [
            (date(2026, 11, 20), "BTC"),
            (date(2026, 11, 27), "BTC"),
        ]
        assert (chain.currency, chain.spot, chain.row_count, chain.as_of) == ("BTC", INDEX, 12, NOW)
        part = chain.slices[0]
        assert (part.inverse, part.multiplier, part.exercise) == (True, 1.0, "european")
        assert part.expires_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
        assert part.strikes.tolist() == [90000.0, 100000.0, 110000.0]
        clock.advance(timedelta(hours=16))
        assert feed.expiries("BTC", clock.now()) == ((date(2026, 11, 27), "BTC"),)


def test_an_instrument_has_the_terms_that_the_exchange_gives(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        found = feed.instrument(NAME)
        assert (found.symbol, found.underlying, found.currency, found.inverse) == (NAME, "BTC", "BTC", True)
        assert (found.strike, found.multiplier, found.tick) == (Decimal(100000), Decimal(1), Decimal("0.0001"))
        assert found.expires_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_a_linear_root_takes_its_terms_from_the_exchange(
    exchange: LoopbackDeribit, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "_registered", {})
    name = "PAXG_USDC-27NOV26-4200-C"
    terms = {"contract_size": 10.0, "price_index": "paxg_usdc", "quote_currency": "USDC", "tick_size": 0.2}
    exchange.standing["get_instruments"] = lambda query: Reply(
        envelope(
            [instrument(name, tick_size_steps=[], **terms), instrument(NAME)] if query["currency"] == "USDC" else []
        )
    )
    exchange.standing["get_book_summary_by_currency"] = lambda _: Reply(envelope([summary(name, volume=30.0)]))
    feed = DeribitFeed("PAXG_USDC", exchange.settings(), clock, requests=AT_ONCE, reconnects=AT_ONCE)
    try:
        (part,) = feed.chain("PAXG", clock.now()).slices
        assert (part.multiplier, part.inverse, part.call.volume.tolist()) == (10.0, False, [3.0])
        found = product("PAXG_USDC", Symbology.DERIBIT)
        assert (found.underlying, found.currency, found.multiplier) == ("PAXG", "USDC", Decimal(10))
        assert found.tick.at(Decimal(50)) == Decimal("0.2")
        assert feed.instrument(name).multiplier == Decimal(10)
    finally:
        feed.close()


def test_new_options_are_found_and_old_ones_go(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock, poll_every=0.01, polls_per_second=1000.0) as feed:
        follow(exchange, feed, clock)
        fresh = "BTC-25DEC26-120000-C"
        clock.advance(SECOND)
        exchange.now = clock.now()
        exchange.names = [*NAMES[6:], fresh]
        until(
            feed, lambda: len(feed.expiries("BTC", clock.now())) == 2 and fresh in feed.memory.newest_listing().options
        )
        assert feed.expiries("BTC", clock.now())[-1] == (date(2026, 12, 25), "BTC")
        with pytest.raises(UnknownNameError):
            feed.quote(NAME, clock.now())


def test_history_is_of_days_that_are_over(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        feed.start()
        until(feed, lambda: bool(feed.memory.realised()))
        history = feed.history("BTC", NOW.date())
        assert history.days == (date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18))
        assert history.close.tolist() == [98_500.0, 99_000.0, 99_100.0]
        assert history.implied_volatility[1:].tolist() == [0.51, 0.51]
        assert history.source == "deribit:BTC BTC-PERPETUAL"
        assert feed.history("BTC", date(2026, 11, 16)).days == (date(2026, 11, 16),)
        with pytest.raises(MissingDataError, match="daily history"):
            feed.history("BTC", date(2026, 11, 15))
        assert feed.realised_volatility() == ((NOW - timedelta(hours=1), 0.445),)


def test_a_limit_is_waited_out_and_what_the_exchange_refuses_is_told(
    exchange: LoopbackDeribit, clock: ManualClock
) -> None:
    too_many = {"jsonrpc": "2.0", "error": {"code": 10028, "message": "too_many_requests", "data": None}}
    exchange.once["get_instruments"].extend([Reply({}, 429, {"Retry-After": "0"}), Reply(too_many, 400)])
    cut = Reply(envelope([summary(NAME, bid_price=1.0)]), headers={"Content-Length": "100000"})
    exchange.once["get_book_summary_by_currency"].extend([Reply({}, 503), cut])
    with feed_of(exchange, clock) as feed:
        assert bid(feed, clock) == 0.02
        assert exchange.count("get_instruments") == 3
        assert exchange.count("get_book_summary_by_currency") == 3


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply({}, 429, {"Retry-After": "3600"}), "to ask again in 3600 s"),
        (Reply({}, 429, {"Retry-After": "Thu, 19 Nov 2026 17:00:02 GMT"}), "to ask again in 3600 s"),
        (Reply(b"<html>", 200), "is not JSON"),
        (Reply({"error": {"code": 11029, "message": "invalid_arguments"}}, 400), "error 11029, invalid_arguments"),
        (Reply(envelope([])), "no option of BTC is listed"),
        (Reply(envelope([instrument(NAME, contract_size="1")])), r"result\[0\]\.contract_size must be a number"),
        (Reply({"result": [], "usOut": None}), "usOut must be a whole number"),
    ],
)
def test_without_any_quotes_the_answer_is_why(
    exchange: LoopbackDeribit, clock: ManualClock, reply: Reply, told: str
) -> None:
    exchange.once["get_instruments"].append(reply)
    with feed_of(exchange, clock) as feed, pytest.raises(VenueError, match=told) as caught:
        feed.quote(NAME, clock.now())
    assert caught.value.exit_code == 3


def test_an_exchange_that_does_not_answer_is_no_reason_to_hang(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    exchange.once["get_instruments"].extend(Reply({}, hold=True) for _ in range(AT_ONCE.attempts))
    with feed_of(exchange, clock, timeout=0.05) as feed:
        with pytest.raises(VenueError, match=r"did not answer within 0.05 s \(3 tries\)"):
            feed.spot("BTC", clock.now())
        exchange.release()


def test_an_exchange_that_cannot_be_reached_is_told_with_its_exit_code(clock: ManualClock) -> None:
    with LoopbackDeribit() as gone:
        settings = gone.settings()
    feed = DeribitFeed("BTC", settings, clock, requests=AT_ONCE, reconnects=AT_ONCE)
    try:
        with pytest.raises(VenueError, match="cannot be reached") as caught:
            feed.chain("BTC", clock.now())
        assert caught.value.exit_code == 3
    finally:
        feed.close()


def test_polls_that_fail_later_leave_what_was_known_to_grow_old(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock, poll_every=0.01, polls_per_second=1000.0) as feed:
        assert feed.quote(NAMES[8], clock.now()).bid == 0.02
        exchange.standing["get_book_summary_by_currency"] = lambda _: Reply(envelope([summary(NAME, bid_price="high")]))
        until(feed, lambda: "bid_price must be a number" in (feed.status.reason or ""))
        clock.advance(45 * SECOND)
        quote = feed.quote(NAMES[11], clock.now())
        assert (quote.bid, quote.exchange_time) == (0.02, NOW)
        exchange.now = clock.now()
        exchange.standing["get_book_summary_by_currency"] = lambda _: Reply(
            envelope([summary(name, clock.now(), bid_price=0.0187) for name in NAMES], clock.now())
        )
        until(feed, lambda: feed.quote(NAMES[11], clock.now()).bid == 0.0187 or feed.status.reason is None)
        until(feed, lambda: feed.memory.poll_reason is None)


def test_unknown_names_and_moments_before_the_beginning(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    with feed_of(exchange, clock) as feed:
        with pytest.raises(UnknownNameError):
            feed.quote("BTC-20NOV26-95000-C", clock.now())
        with pytest.raises(UnknownNameError):
            feed.spot("ETH", clock.now())
        with pytest.raises(MissingDataError):
            feed.spot("BTC", NOW - timedelta(days=1))
    with pytest.raises(InvalidValueError, match="root"):
        DeribitFeed("BTC-PERPETUAL")


def test_a_closed_feed_answers_from_what_it_had_and_its_thread_is_gone(
    exchange: LoopbackDeribit, clock: ManualClock
) -> None:
    with feed_of(exchange, clock) as feed:
        follow(exchange, feed, clock)
        feed.close()
        feed.close()
        clock.advance(SECOND)
        quote = feed.quote(NAME, clock.now())
        assert (quote.bid, quote.exchange_time) == (0.0195, NOW)
        assert not feed.running


def test_a_feed_that_is_dropped_ends_its_connection(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    feed = DeribitFeed("BTC", exchange.settings(), clock, requests=AT_ONCE, reconnects=AT_ONCE)
    assert bid(feed, clock) == 0.02
    background = feed._background
    del feed
    gc.collect()
    assert not background.running
    assert background.failure is None


def test_what_was_live_can_be_recorded_and_played(
    exchange: LoopbackDeribit, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "coins.recording.gz"
    with feed_of(exchange, clock) as feed:
        told = feed.quote(NAMES[7], NOW)
        record(feed, path, clock=clock, count=2, wait=lambda seconds: clock.advance(timedelta(seconds=seconds)))
    played = ReplayFeed(path).quote(NAMES[7], NOW + SECOND)
    assert (played.bid, played.ask, played.vendor_iv) == (told.bid, told.ask, told.vendor_iv)
    assert played.exchange_time == told.exchange_time


def test_every_error_of_the_feed_is_one_of_the_tree(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    exchange.standing = {}
    with feed_of(exchange, clock) as feed, pytest.raises(OptionixError):
        feed.chain("BTC", clock.now())
