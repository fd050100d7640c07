"""Tables of quotes over time, CSV and Parquet, as tapes."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from optionix_core.errors import MalformedFileError, MissingDataError, UnknownNameError
from optionix_core.feeds import ReplayFeed, SimulatedFeed
from optionix_core.market.protocols import FeedState

HEAD = "as_of,symbol,bid,ask,bid_size,ask_size,last,volume,open_interest,vendor_iv,spot\n"
CALL, PUT = "AAPL  260320C00200000", "AAPL  260320P00200000"
# Monday 2 March 2026, 10:00 in New York: XNYS is open.
T0 = datetime(2026, 3, 2, 15, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def write(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(
        tmp_path / "quotes.csv",
        f"2026-03-02T15:00:10Z,{CALL},5.10,5.30,12,9,5.20,102,3000,0.251,201.50",
        f"2026-03-02T15:00:00Z,{CALL},5.00,5.20,10,11,,100,3000,0.25,201.00",
        f"2026-03-02T10:00:00-05:00,{PUT},3.90,4.10,7,8,4.00,50,1000,,201.00",
        f"2026-03-02T15:00:20Z,{PUT},,4.05,,8,4.00,50,1000,,",
    )


def test_each_option_stands_until_its_next_row(table: Path) -> None:
    feed = ReplayFeed(table)
    assert feed.state is FeedState.REPLAY
    assert [item.symbol for item in feed.underlyings()] == ["AAPL"]
    assert (feed.quote(CALL, at(9.9)).bid, feed.quote(CALL, at(10)).bid) == (5.00, 5.10)
    assert (feed.quote(PUT, at(15)).bid, feed.quote(PUT, at(20)).bid) == (3.90, None)
    assert feed.quote(CALL, at(25)).exchange_time == at(10)
    assert feed.quote(PUT, at(25)).exchange_time == at(20)
    chain = feed.chain("AAPL", at(12))
    assert chain.as_of == at(10)
    assert (chain.slices[0].call.bid.tolist(), chain.slices[0].put.bid.tolist()) == ([5.10], [3.90])


def test_absent_cells_are_absent_and_never_zero(table: Path) -> None:
    feed = ReplayFeed(table)
    assert feed.quote(CALL, at(0)).last is None
    assert feed.quote(PUT, at(0)).vendor_iv is None
    late = feed.chain("AAPL", at(30)).slices[0].put
    assert math.isnan(late.bid[0])
    assert math.isnan(late.bid_size[0])


def test_the_spot_stands_until_the_next_one_is_told(table: Path) -> None:
    feed = ReplayFeed(table)
    assert [feed.spot("AAPL", at(seconds)).last for seconds in (0, 9, 10, 60)] == [201.0, 201.0, 201.5, 201.5]


def test_options_without_terms_take_those_of_their_product(table: Path) -> None:
    item = ReplayFeed(table).instrument(CALL)
    assert (item.underlying, item.exercise, item.settlement) == ("AAPL", "american", "PM")
    assert (item.expiry, float(item.strike), float(item.multiplier)) == (date(2026, 3, 20), 200.0, 100.0)


def test_it_is_open_while_its_exchange_is_and_rows_last(table: Path) -> None:
    feed = ReplayFeed(table)
    assert feed.is_open(at(5))
    assert not feed.is_open(at(-1))
    assert not feed.is_open(at(21))


def test_before_the_first_row_there_is_nothing(table: Path) -> None:
    feed = ReplayFeed(table)
    with pytest.raises(MissingDataError, match="begin at 2026-03-02T15:00:00"):
        feed.quote(CALL, at(-1))
    with pytest.raises(UnknownNameError):
        feed.quote("AAPL  260320C00300000", at(0))
    with pytest.raises(MissingDataError, match="no daily history"):
        feed.history("AAPL", T0.date())


@pytest.mark.parametrize(
    ("row", "line", "column", "reason"),
    [
        (f"2026-03-02T15:00:00,{CALL},5,6,1,1,,,,,", 2, "as_of", "time zone"),
        (f"yesterday,{CALL},5,6,1,1,,,,,", 2, "as_of", "yesterday"),
        ("2026-03-02T15:00:00Z,AAPL tomorrow,5,6,1,1,,,,,", 2, "symbol", "AAPL tomorrow"),
    ],
)
def test_a_row_that_cannot_be_placed_is_named(tmp_path: Path, row: str, line: int, column: str, reason: str) -> None:
    with pytest.raises(MalformedFileError, match=reason) as caught:
        ReplayFeed(write(tmp_path / "bad.csv", row))
    assert (caught.value.line, caught.value.column) == (line, column)


def test_two_rows_of_one_option_at_one_moment_contradict_each_other(tmp_path: Path) -> None:
    row = f"2026-03-02T15:00:00Z,{CALL},5,6,1,1,,,,,"
    with pytest.raises(MalformedFileError, match="a second row") as caught:
        ReplayFeed(write(tmp_path / "twice.csv", row, row))
    assert caught.value.line == 3


def test_a_table_without_moments_or_options_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedFileError, match="no column for as_of"):
        ReplayFeed(write(tmp_path / "a.csv", f"{CALL},5,6", head="symbol,bid,ask\n"))
    with pytest.raises(MalformedFileError, match="no column for expiry"):
        ReplayFeed(write(tmp_path / "b.csv", "2026-03-02T15:00:00Z,5,6", head="as_of,bid,ask\n"))


def test_options_may_be_given_by_their_parts(tmp_path: Path) -> None:
    head = "as_of,root,expiry,strike,option_type,bid,ask,spot\n"
    feed = ReplayFeed(write(tmp_path / "parts.csv", "2026-03-02T15:00:00Z,AAPL,2026-03-20,200,call,5,6,201", head=head))
    assert feed.quote(CALL, at(0)).bid == 5.0


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the parquet extra is not installed")
    from optionix_core.feeds.files import write_csv, write_parquet

    simulated = SimulatedFeed()
    chain = simulated.chain("QUASAR", T0, simulated.expiries("QUASAR", T0)[1][0])
    write_parquet(chain, tmp_path / "q.parquet")
    with (tmp_path / "q.csv").open("w", encoding="utf-8", newline="") as stream:
        write_csv(chain, stream)
    one, two = ReplayFeed(tmp_path / "q.parquet"), ReplayFeed(tmp_path / "q.csv")
    symbol = str(chain.slices[0].put.symbols[12])
    told = [(feed.quote(symbol, at(1)).bid, feed.quote(symbol, at(1)).exchange_time) for feed in (one, two)]
    assert told[0] == told[1]
    assert told[0][0] == simulated.quote(symbol, T0).bid
