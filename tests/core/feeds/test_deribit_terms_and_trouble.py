"""What the Deribit feed knows of options and history, and what it says where there is nothing to know."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, OptionixError, UnknownNameError, VenueError
from optionix_core.feeds import ReplayFeed
from optionix_core.feeds.deribit import DeribitFeed
from optionix_core.feeds.recording import record
from optionix_core.market import products
from optionix_core.market.clock import ManualClock
from optionix_core.market.products import Symbology, product
from tests.core.feeds.deribit_stage import AT_ONCE, bid, feed_of, follow, until
from tests.core.feeds.loopback import Reply
from tests.core.feeds.loopback_deribit import (
    INDEX,
    NAME,
    NAMES,
    NOW,
    LoopbackDeribit,
    envelope,
    instrument,
    summary,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def exchange() -> Iterator[LoopbackDeribit]:
    with LoopbackDeribit() as made:
        yield made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


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
        feed.quote(NAMES[7], NOW)
        feed.close()  # what has come stays, and no book comes between question and recording
        told = feed.quote(NAMES[7], NOW)
        record(feed, path, clock=clock, count=2, wait=lambda seconds: clock.advance(timedelta(seconds=seconds)))
    played = ReplayFeed(path).quote(NAMES[7], NOW + SECOND)
    assert (played.bid, played.ask, played.vendor_iv) == (told.bid, told.ask, told.vendor_iv)
    assert played.exchange_time == told.exchange_time


def test_every_error_of_the_feed_is_one_of_the_tree(exchange: LoopbackDeribit, clock: ManualClock) -> None:
    exchange.standing = {}
    with feed_of(exchange, clock) as feed, pytest.raises(OptionixError):
        feed.chain("BTC", clock.now())
