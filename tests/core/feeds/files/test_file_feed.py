"""A file as a feed: quotes that stand still and never trade."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.feeds.files import FileFeed, read
from optionix_core.market.option_type import OptionType
from optionix_core.market.protocols import FeedState, QuoteSource

AS_OF = datetime(2022, 6, 10, 20, 15, tzinfo=UTC)
LATER = AS_OF + timedelta(days=400)


@pytest.fixture
def feed(chain_files: Path) -> QuoteSource:
    return FileFeed(read(chain_files / "cboe_weekend.csv"), "weekend")


def test_it_says_what_it_is(feed: QuoteSource) -> None:
    assert (feed.name, feed.state, feed.is_open(AS_OF)) == ("file:weekend", FeedState.FILE, False)
    assert [info.symbol for info in feed.underlyings()] == ["SPX"]


def test_quotes_stand_still_and_keep_their_own_time(feed: QuoteSource) -> None:
    early, late = (feed.quote("SPX   220617C04000000", moment) for moment in (AS_OF, LATER))
    assert early == late
    assert (early.bid, early.ask, early.exchange_time) == (65.4, 66.8, AS_OF)
    assert feed.stale_after < LATER - AS_OF


def test_a_zero_bid_is_no_bid(feed: QuoteSource) -> None:
    quote = feed.quote("SPXW  220610P03900000", LATER)
    assert (quote.bid, quote.ask, quote.volume) == (None, 0.05, 1)


def test_nothing_is_known_of_an_earlier_moment(feed: QuoteSource) -> None:
    before = AS_OF - timedelta(seconds=1)
    for ask in (feed.chain, feed.spot, feed.expiries, feed.day_change):
        with pytest.raises(MissingDataError, match="none of 2022-06-10T20:14:59"):
            ask("SPX", before)
    with pytest.raises(MissingDataError):
        feed.quote("SPX   220617C04000000", before)


def test_the_spot_and_its_change_are_the_files(feed: QuoteSource) -> None:
    assert feed.spot("SPX", LATER).last == 4000.25
    assert feed.quote("SPX", LATER).last == 4000.25
    assert feed.day_change("SPX", LATER) == pytest.approx(-12.5 / 4012.75, rel=1e-15)


def test_one_expiry_alone_can_be_asked_for(feed: QuoteSource) -> None:
    assert len(feed.expiries("SPX", LATER)) == 3
    chain = feed.chain("SPX", LATER, date(2022, 6, 17), "SPXW")
    assert [part.root for part in chain.slices] == ["SPXW"]
    assert chain.as_of == AS_OF


def test_instruments_are_those_of_the_file(feed: QuoteSource) -> None:
    found = feed.instrument("SPX   220617P03900000")
    assert (found.root, found.underlying, found.option_type) == ("SPX", "SPX", OptionType.PUT)
    assert (found.strike, found.multiplier, found.settlement) == (Decimal(3900), Decimal(100), "AM")
    with pytest.raises(UnknownNameError):
        feed.instrument("SPX   220617P03901000")
    with pytest.raises(UnknownNameError, match="SPX"):
        feed.spot("NDX", LATER)


def test_there_is_no_history_and_no_spot_is_made_up(feed: QuoteSource, chain_files: Path) -> None:
    with pytest.raises(MissingDataError, match="no history"):
        feed.history("SPX", date(2022, 6, 10))
    silent = FileFeed(read(chain_files / "tradier.json"), "quiet")
    with pytest.raises(MissingDataError, match="does not tell the price of XYZ"):
        silent.spot("XYZ", datetime(2026, 1, 1, tzinfo=UTC))
