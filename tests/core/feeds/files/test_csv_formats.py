"""Recorded Deribit books, end-of-day records, generic CSV and Parquet."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from optionix_core.errors import ConfigurationError, MalformedFileError, MissingDataError, UsageError
from optionix_core.feeds.files import eod, read, stored, write_csv, write_parquet

MAPPING = {
    "expiry": "expiration",
    "option_type": "kind",
    "strike": "k",
    "bid": "bid_px",
    "ask": "ask_px",
    "vendor_iv": "implied",
    "root": "=XYZ",
    "as_of": "=2024-03-15T20:00:00Z",
    "spot": "=51.25",
}


def test_a_recording_keeps_the_latest_quote_of_each_option(chain_files: Path) -> None:
    chain = read(chain_files / "deribit_recording.csv")
    assert chain.as_of == datetime.fromtimestamp(1613069054.1, UTC)
    assert (chain.spot, chain.currency, chain.row_count) == (47760.25, "BTC", 2)
    (part,) = chain.slices
    assert part.underlying_price == 48190.0
    assert (part.call.bid[1], part.call.bid_size[1], part.call.quoted_at[1]) == (0.0305, 3.0, 1613069054.0)
    assert part.call.vendor_iv[1] == pytest.approx(0.812, rel=1e-15)  # mark_iv 81.2 %
    assert part.call.vendor_delta[1] == 0.48402


def test_a_price_of_zero_in_a_recording_is_none(chain_files: Path) -> None:
    (part,) = read(chain_files / "deribit_recording.csv").slices
    assert np.isnan([part.put.bid[0], part.put.bid_size[0], part.put.last[0]]).all()
    assert part.put.ask[0] == 0.024


@pytest.mark.parametrize("coin", ["btc", "eth"])
def test_real_recordings_are_read_whole(shared_data: Path, coin: str) -> None:
    path = shared_data / "chains" / "deribit_2021" / f"{coin}_option_data.csv"
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    chain = read(path)
    assert chain.row_count == len({row["instrument_name"] for row in rows})
    assert chain.as_of.timestamp() * 1000 == pytest.approx(max(int(row["timestamp"]) for row in rows), abs=0.01)
    forwards = {row["instrument_name"].split("-")[1] for row in rows}
    assert len(chain.slices) == len(forwards)
    assert all(part.inverse and part.underlying_price for part in chain.slices)


def test_one_day_of_an_end_of_day_file_is_a_chain_of_its_close(chain_files: Path) -> None:
    chain = read(chain_files / "eod.csv", on=date(2017, 1, 4))
    assert chain.as_of == datetime(2017, 1, 4, 21, 15, tzinfo=UTC)
    assert (chain.underlying, chain.spot) == ("SPX", 2270.75)
    (part,) = chain.slices
    assert (part.call.bid[0], part.put.ask[0]) == (55.6, 37.4)
    assert np.isnan(part.put.vendor_iv[0])
    assert part.put.vendor_delta[0] == -0.41


def test_a_file_of_several_days_is_never_chosen_from_silently(chain_files: Path) -> None:
    with pytest.raises(UsageError, match="2 days, 2017-01-03 to 2017-01-04"):
        read(chain_files / "eod.csv")
    with pytest.raises(MissingDataError, match="no quotes of 2017-01-05"):
        read(chain_files / "eod.csv", on=date(2017, 1, 5))
    assert eod.days(chain_files / "eod.csv") == (date(2017, 1, 3), date(2017, 1, 4))


@pytest.mark.parametrize("name", ["lambdaclass_options_data.csv", "lambdaclass_test_data_options.csv"])
def test_every_day_of_the_real_end_of_day_files_is_read(shared_data: Path, name: str) -> None:
    path = shared_data / "chains" / "spx_eod" / name
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    held = eod.days(path)
    assert len(held) == len({row["quotedate"] for row in rows})
    assert sum(eod.read(path, day).row_count for day in held) == len(rows)


def test_a_mapping_reads_columns_of_other_names_and_constants(chain_files: Path) -> None:
    chain = read(chain_files / "generic.csv", mapping=MAPPING)
    assert (chain.underlying, chain.spot, chain.currency) == ("XYZ", 51.25, "USD")
    assert chain.as_of == datetime(2024, 3, 15, 20, 0, tzinfo=UTC)
    (part,) = chain.slices
    assert (part.settlement, part.exercise, part.multiplier) == ("PM", "american", 100.0)
    assert part.strikes.tolist() == [50.0, 55.0]
    assert part.call.symbols == ("XYZ   240419C00050000", "XYZ   240419C00055000")
    assert part.put.symbols == ("XYZ   240419P00050000", None)
    assert np.isnan([part.call.bid[1], part.call.vendor_iv[1]]).all()


@pytest.mark.parametrize("name", ["cboe_weekend.csv", "cboe_delayed.json", "deribit_summaries.json", "tradier.json"])
def test_what_is_written_is_read_back_to_the_same_bits(chain_files: Path, tmp_path: Path, name: str) -> None:
    chain = read(chain_files / name)
    text = io.StringIO(newline="")
    write_csv(chain, text)
    as_csv, as_parquet, as_json = tmp_path / "chain.csv", tmp_path / "chain.parquet", tmp_path / "chain.jsonl"
    as_csv.write_text(text.getvalue(), encoding="utf-8", newline="")
    write_parquet(chain, as_parquet)
    as_json.write_bytes(stored.encode(chain))
    for path in (as_csv, as_parquet, as_json):
        assert stored.encode(read(path)) == stored.encode(chain)


def test_a_mapping_renames_columns_when_writing_and_reads_them_back(chain_files: Path, tmp_path: Path) -> None:
    chain = read(chain_files / "cboe_weekend.csv")
    renamed = {"bid": "best bid", "as_of": "moment"}
    text = io.StringIO(newline="")
    write_csv(chain, text, renamed)
    path = tmp_path / "renamed.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    assert {"best bid", "moment"} <= set(text.getvalue().splitlines()[0].split(","))
    assert stored.encode(read(path, mapping=renamed)) == stored.encode(chain)


def test_a_mapping_that_names_no_field_is_refused(chain_files: Path) -> None:
    with pytest.raises(ConfigurationError, match="'price', which is no field"):
        read(chain_files / "generic.csv", mapping={**MAPPING, "price": "bid_px"})


def test_a_mapping_for_a_format_of_its_own_is_refused(chain_files: Path) -> None:
    with pytest.raises(UsageError, match="is cboe-table"):
        read(chain_files / "cboe_weekend.csv", format="cboe-table", mapping={"bid": "Bid"})


def test_parquet_without_its_library_names_the_extra(chain_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = read(chain_files / "cboe_older.csv")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match=r"optionix\[parquet\]"):
        write_parquet(chain, io.BytesIO())


def test_a_cut_parquet_file_is_malformed(chain_files: Path, tmp_path: Path) -> None:
    path = tmp_path / "chain.parquet"
    write_parquet(read(chain_files / "cboe_older.csv"), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(MalformedFileError, match="is not Parquet"):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "reason"),
    [
        ("1.2,1.35", "1.2", 3, "implied", "the row has 5 columns"),
        ("1.2,1.35", "x,1.35", 3, "bid_px", "must be a number"),
        ("2024-04-19,C,55", "2024-04-31,C,55", 4, "expiration", "expiry"),
        ("2024-04-19,C,55", "2024-04-19,X,55", 4, "kind", '"call" or "put"'),
        ("2024-04-19,C,55", "2024-04-19,C,-5", 4, "k", "positive"),
        ("2024-04-19,C,55", "2024-04-19,C,50", 4, "Strike", "given twice"),
        ("bid_px", "bid", 1, "bid_px", "no column 'bid_px' for bid"),
        ("ask_px", "bid_px", 1, "5", "two columns called 'bid_px'"),
    ],
)
def test_a_malformed_generic_file_is_an_error_with_line_and_column(
    edited: Callable[..., Path], old: str, new: str, line: int, column: str, reason: str
) -> None:
    with pytest.raises(MalformedFileError) as caught:
        read(edited("generic.csv", old, new), mapping=MAPPING)
    assert reason in caught.value.reason
    assert (caught.value.line, str(caught.value.column)) == (line, column)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "reason"),
    [
        ("0.0305,3.0,0.0315", "0.0305,3.0,offer", 4, "best_ask_price", "must be a number"),
        ("1613069054100", "1613068626100", 5, "instrument_name", "given twice at one time: at line 3"),
        ("1613069054100", "", 5, "timestamp", "is empty"),
        ("index_price,bids", "index,bids", 1, "index_price", "has no column"),
    ],
)
def test_a_malformed_recording_is_an_error_with_line_and_column(
    edited: Callable[..., Path], old: str, new: str, line: int, column: str, reason: str
) -> None:
    with pytest.raises(MalformedFileError) as caught:
        read(edited("deribit_recording.csv", old, new))
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "reason"),
    [
        ("SPX,2270.75,*,SPX170317P", "SPX,2271.75,*,SPX170317P", 5, "underlying_last", "differs from 2270.75"),
        ("put,2017-03-17,2017-01-04", "call,2017-03-17,2017-01-04", 5, "type", "is not the symbol's put"),
        ("put,2017-03-17,2017-01-04", "put,2017-03-18,2017-01-04", 5, "expiration", "is not the expiry of"),
        ("2017-01-04,2250,36.9", "2017-01-04,2255,36.9", 5, "strike", "is not the strike of"),
        ("2017-01-04,2250,36.9", "4 Jan,2250,36.9", 5, "quotedate", "must be a date"),
    ],
)
def test_a_malformed_end_of_day_file_is_an_error_with_line_and_column(
    edited: Callable[..., Path], old: str, new: str, line: int, column: str, reason: str
) -> None:
    with pytest.raises(MalformedFileError) as caught:
        read(edited("eod.csv", old, new), on=date(2017, 1, 4))
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == (line, column)


def test_an_end_of_day_file_of_a_holiday_is_refused(edited: Callable[..., Path], chain_files: Path) -> None:
    # 16 January 2017: Martin Luther King Day.
    path = edited("eod.csv", "put,2017-03-17,2017-01-03", "put,2017-03-17,2017-01-16")
    with pytest.raises(MalformedFileError, match="no session was held on 2017-01-16"):
        read(path, on=date(2017, 1, 16))


@pytest.mark.parametrize("folder", ["7_8_2001", "10_8_2001"])
def test_grids_of_volatilities_are_no_chains(shared_data: Path, folder: str) -> None:
    for path in (shared_data / "chains" / "dax_2001" / folder).glob("*.csv"):
        with pytest.raises(MalformedFileError, match="fits none of the formats"):
            read(path)
