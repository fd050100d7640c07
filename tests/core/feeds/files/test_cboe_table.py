"""Cboe's quote table: what it says, and what is wrong with a file that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from optionix_core.errors import MalformedFileError, UnknownNameError
from optionix_core.feeds.files import detect, read
from optionix_core.market.chain import ChainSlice, OptionChain

REAL = (
    "NDX_2022-02-05_lucacastelli.csv",
    "SPX_2022-02-05_lucacastelli.csv",
    "SPX_2022-06-11_phammings.csv",
    "SPX_2023-02-07_abasuray.csv",
)


def slice_of(chain: OptionChain, root: str, expiry: date) -> ChainSlice:
    (found,) = (part for part in chain.slices if (part.root, part.expiry) == (root, expiry))
    return found


def test_the_header_gives_underlying_spot_change_and_moments(chain_files: Path) -> None:
    chain = read(chain_files / "cboe_weekend.csv")
    assert (chain.underlying, chain.spot, chain.spot_change, chain.currency) == ("SPX", 4000.25, -12.5, "USD")
    assert chain.source == "cboe_weekend.csv"
    assert chain.received_at == datetime(2022, 6, 12, 0, 47, tzinfo=UTC)


def test_a_file_saved_at_a_weekend_is_of_the_last_close_of_index_options(chain_files: Path) -> None:
    # Saturday 11 June 2022; on Friday index options traded until 16:15 in New York, 20:15 UTC.
    assert read(chain_files / "cboe_weekend.csv").as_of == datetime(2022, 6, 10, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "as_of"),
    [
        ("February 7, 2023 at 5:34 PM EST", datetime(2023, 2, 7, 21, 15, tzinfo=UTC)),
        ("February 5 2022, 8:26 PM EST", datetime(2022, 2, 4, 21, 15, tzinfo=UTC)),
        ("June 10, 2022, 11:30 AM EDT", datetime(2022, 6, 10, 15, 30, tzinfo=UTC)),
        ("June 10, 2022, 4:07 PM EDT", datetime(2022, 6, 10, 20, 7, tzinfo=UTC)),
        ("June 10, 2022, 9:29 AM EDT", datetime(2022, 6, 9, 20, 15, tzinfo=UTC)),
        ("9 June 2022 at 12:00 GMT-4", datetime(2022, 6, 9, 16, 0, tzinfo=UTC)),
        ("2022年6月9日 GMT-4 12:00", datetime(2022, 6, 9, 16, 0, tzinfo=UTC)),
        # 25 November 2022, the day after Thanksgiving: stocks until 13:00, index options until 13:15.
        ("November 26, 2022, 10:00 AM EST", datetime(2022, 11, 25, 18, 15, tzinfo=UTC)),
    ],
)
def test_every_spelling_of_the_date_is_read(edited: Callable[..., Path], written: str, as_of: datetime) -> None:
    assert read(edited("cboe_weekend.csv", "June 11, 2022, 8:47 PM EDT", written)).as_of == as_of


def test_two_roots_of_one_date_are_two_slices_in_order_of_settlement(chain_files: Path) -> None:
    chain = read(chain_files / "cboe_weekend.csv")
    assert [(part.root, part.expiry, part.settlement) for part in chain.slices] == [
        ("SPXW", date(2022, 6, 10), "PM"),
        ("SPX", date(2022, 6, 17), "AM"),
        ("SPXW", date(2022, 6, 17), "PM"),
    ]
    morning, afternoon = chain.slices[1:]
    assert morning.expires_at == datetime(2022, 6, 17, 13, 30, tzinfo=UTC)
    assert afternoon.expires_at == datetime(2022, 6, 17, 20, 0, tzinfo=UTC)
    assert (morning.exercise, morning.multiplier, morning.inverse) == ("european", 100.0, False)


def test_numbers_stand_where_the_table_has_them(chain_files: Path) -> None:
    part = slice_of(read(chain_files / "cboe_weekend.csv"), "SPX", date(2022, 6, 17))
    assert part.strikes.tolist() == [3900.0, 4000.0]
    assert part.call.symbols == ("SPX   220617C03900000", "SPX   220617C04000000")
    assert part.call.bid.tolist() == [131.2, 65.4]
    assert part.put.ask.tolist() == [29.3, 63.2]
    assert part.put.last.tolist() == [29.4, 62.5]
    assert part.put.volume.tolist() == [400.0, 280.0]
    assert part.call.open_interest.tolist() == [900.0, 2100.0]
    assert part.call.vendor_iv.tolist() == [0.2812, 0.2605]
    assert part.put.vendor_delta.tolist() == [-0.2589, -0.4898]
    assert np.isnan(part.call.bid_size).all()
    assert np.isnan(part.call.quoted_at).all()


def test_zeros_that_mean_nothing_are_absent_and_a_zero_bid_stays(chain_files: Path) -> None:
    chain = read(chain_files / "cboe_weekend.csv")
    expired = slice_of(chain, "SPXW", date(2022, 6, 10))
    assert np.isnan([expired.call.vendor_iv[0], expired.call.vendor_delta[0], expired.put.last[0]]).all()
    assert (expired.put.bid[0], expired.put.ask[0], expired.put.open_interest[0]) == (0.0, 0.05, 18.0)
    unquoted = slice_of(chain, "SPXW", date(2022, 6, 17)).put
    assert unquoted.bid[1] == 0.0
    assert np.isnan(unquoted.ask[1])


def test_expired_rows_are_kept(chain_files: Path) -> None:
    chain = read(chain_files / "cboe_weekend.csv")
    assert chain.row_count == 10
    assert chain.slices[0].expires_at < chain.as_of


def test_any_line_ending_gives_the_same_chain(chain_files: Path, tmp_path: Path) -> None:
    from optionix_core.feeds.files import stored

    copy = tmp_path / "cboe_weekend.csv"
    copy.write_bytes(b"\xef\xbb\xbf" + (chain_files / "cboe_weekend.csv").read_bytes().replace(b"\n", b"\r\n"))
    assert stored.encode(read(copy)) == stored.encode(read(chain_files / "cboe_weekend.csv"))


def test_the_older_header_of_two_lines_is_read(chain_files: Path) -> None:
    chain = read(chain_files / "cboe_older.csv")
    assert (chain.underlying, chain.spot, chain.spot_change) == ("SPX", 2747.71, 4.56)
    assert chain.as_of == datetime(2018, 2, 16, 19, 42, tzinfo=UTC)
    (part,) = chain.slices
    assert (part.expiry, part.call.volume.tolist()) == (date(2018, 3, 16), [120.0, 75.0])
    assert part.put.open_interest.tolist() == [8700.0, 5100.0]


def test_columns_are_found_by_their_names(chain_files: Path, tmp_path: Path) -> None:
    moved = []
    for line in (chain_files / "cboe_weekend.csv").read_text(encoding="utf-8").splitlines():
        cells = line.split(",")
        if len(cells) == 22:
            cells[4], cells[5] = cells[5], cells[4]
            cells.insert(0, cells.pop(11))
        moved.append(",".join(cells))
    copy = tmp_path / "moved.csv"
    copy.write_text("\n".join(moved), encoding="utf-8")
    part = slice_of(read(copy), "SPX", date(2022, 6, 17))
    assert part.call.bid.tolist() == [131.2, 65.4]
    assert part.call.ask.tolist() == [133.6, 66.8]


def test_an_unknown_name_leaves_the_underlying_to_the_roots(edited: Callable[..., Path]) -> None:
    assert read(edited("cboe_weekend.csv", "Standard & Poors 500 Index", "Grosser Index")).underlying == "SPX"


CALL, PUT, WRITTEN = "SPX220617C04000000", "SPX220617P04000000", "June 11, 2022, 8:47 PM EDT"
MALFORMED = {
    "a row that breaks off": ("0.2815,-0.2589,0.0015,1200", "0.2815", 6, "Delta", "the header has 22"),
    "a row that is too long": ("0.0021,1900", "0.0021,1900,7", 7, "23", "the row has 23 columns"),
    "a word for a number": ("65.4,66.8", "sixty,66.8", 7, "Bid (calls)", "must be a number (got 'sixty')"),
    "a number with an underscore": ("65.4,66.8", "6_5.4,66.8", 7, "Bid (calls)", "'6_5.4'"),
    "an infinity": ("61.9,63.2", "61.9,inf", 7, "Ask (puts)", "'inf'"),
    "a negative price": ("61.9,63.2", "-61.9,63.2", 7, "Bid (puts)", "must not be negative"),
    "a missing column": ("Open Interest,Strike", "Open Interest,Level", 4, "Strike", "has no column"),
    "a bad symbol": (PUT, "SPX2206XXP04000000", 7, "Puts", "an OSI symbol"),
    "an expiry that is no date": (PUT, "SPX220631P04000000", 7, "Puts", "a calendar date"),
    "a put among the calls": (CALL, PUT, 7, "Calls", "is not among calls"),
    "a symbol of another strike": (CALL, "SPX220617C04100000", 7, "Calls", "has another strike than its row"),
    "a symbol of another date": (CALL, "SPX220624C04000000", 7, "Expiration Date", "is not the expiry of"),
    "an option on something else": (PUT, "NDX220617P04000000", 7, "Puts", "an option on NDX, not on SPX"),
    "a spot that is no number": ("Last: 4000.25", "Last: n/a", 2, "2", "Last must be a number"),
    "a date without a time": (WRITTEN, "June 11, 2022", 3, "1", "must hold a time"),
    "a date without a zone": ("8:47 PM EDT", "8:47 PM", 3, "1", "must name its time zone"),
    "an impossible date": ("June 11, 2022", "June 31, 2022", 3, "1", "day"),
    "an open quotation": (f'"Date: {WRITTEN}"', f'"Date: {WRITTEN}', 9, "1", "is not CSV"),
}


@pytest.mark.parametrize(("old", "new", "line", "column", "reason"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_table_is_an_error_with_line_and_column(
    edited: Callable[..., Path], old: str, new: str, line: int, column: str, reason: str
) -> None:
    path = edited("cboe_weekend.csv", old, new)
    with pytest.raises(MalformedFileError) as caught:
        read(path)
    assert (caught.value.path, caught.value.line, str(caught.value.column)) == (str(path), line, column)
    assert reason in caught.value.reason
    assert f"{path}, line {line}, column {column}: " in str(caught.value)


def test_a_strike_given_twice_is_an_error_that_names_both_lines(chain_files: Path, tmp_path: Path) -> None:
    lines = (chain_files / "cboe_weekend.csv").read_text(encoding="utf-8").splitlines()
    copy = tmp_path / "twice.csv"
    copy.write_text("\n".join([*lines, lines[5]]), encoding="utf-8")
    with pytest.raises(MalformedFileError, match="strike 3900 stands at line 6 already") as caught:
        read(copy)
    assert (caught.value.line, caught.value.column) == (10, "Strike")


@pytest.mark.parametrize(
    ("content", "line", "column", "reason"),
    [
        (b"", 1, 1, "empty"),
        (b"\r\n \n", 1, 1, "empty"),
        (b"\nStandard & Poors\n\x00\x01\x02", 3, 1, "binary"),
        ("\nStandard & Poors".encode("utf-16"), 1, 1, "UTF-16"),
        (b"\nStandard \xe9 Poors", 2, 10, "not UTF-8: byte 0xe9"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", 3, 1, "binary"),
        (b"strike,vol\n100,0.2\n", 1, 1, "fits none of the formats"),
    ],
)
def test_what_is_no_table_at_all_is_an_error_with_line_and_column(
    tmp_path: Path, content: bytes, line: int, column: int, reason: str
) -> None:
    path = tmp_path / "chain.csv"
    path.write_bytes(content)
    with pytest.raises(MalformedFileError, match=reason) as caught:
        read(path)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_a_header_without_rows_is_an_error(chain_files: Path, tmp_path: Path) -> None:
    copy = tmp_path / "head.csv"
    copy.write_text("\n".join((chain_files / "cboe_weekend.csv").read_text(encoding="utf-8").splitlines()[:4]))
    with pytest.raises(MalformedFileError, match="no rows under its header") as caught:
        read(copy)
    assert caught.value.line == 4


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"nowhere\.csv"):
        read(tmp_path / "nowhere.csv")


def test_an_unknown_format_is_named_with_those_that_there_are(chain_files: Path) -> None:
    with pytest.raises(UnknownNameError, match="cboe-table"):
        read(chain_files / "cboe_weekend.csv", format="excel")


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_whole(shared_data: Path, name: str) -> None:
    path = shared_data / "chains" / name
    body = [line for line in path.read_text(encoding="utf-8").splitlines()[4:] if line.strip()]
    assert detect(path) == "cboe-table"
    chain = read(path)
    assert chain.row_count == 2 * len(body)
    assert sum(len(part.strikes) for part in chain.slices) == len(body)
    dates = {line.split(",")[0] for line in body}
    assert len(chain.expiries) == len(dates)
    roots = {(line.split(",")[0], line.split(",")[1][:-15]) for line in body}
    assert len(chain.slices) == len(roots)


@pytest.mark.parametrize("name", REAL)
def test_real_quotes_are_those_of_the_file(shared_data: Path, name: str) -> None:
    path = shared_data / "chains" / name
    chain = read(path)
    bids = {
        symbol: (bid, ask)
        for part in chain.slices
        for side in (part.call, part.put)
        for symbol, bid, ask in zip(side.symbols, side.bid.tolist(), side.ask.tolist(), strict=True)
    }
    for line in path.read_text(encoding="utf-8").splitlines()[4::97]:
        cells = line.split(",")
        for symbol, bid, ask in ((cells[1], cells[4], cells[5]), (cells[12], cells[15], cells[16])):
            found = bids[f"{symbol[:-15]:<6}{symbol[-15:]}"]
            assert found[0] == float(bid)
            assert found[1] == float(ask) or (np.isnan(found[1]) and float(ask) == 0.0)
