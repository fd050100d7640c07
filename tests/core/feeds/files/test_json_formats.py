"""Cboe's delayed quotes, Tradier's chains and Deribit's answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import MalformedFileError
from optionix_core.feeds.files import detect, read


def test_a_delayed_chain_is_of_a_quarter_of_an_hour_before_its_utc_stamp(chain_files: Path) -> None:
    chain = read(chain_files / "cboe_delayed.json")
    assert chain.received_at == datetime(2026, 8, 7, 18, 58, 23, tzinfo=UTC)
    assert chain.as_of == datetime(2026, 8, 7, 18, 43, 23, tzinfo=UTC)
    assert (chain.underlying, chain.spot, chain.spot_change) == ("XSP", 634.5, -1.25)


def test_the_real_delayed_payload_agrees_with_its_own_last_trade(shared_data: Path) -> None:
    path = next((shared_data / "payloads" / "cboe_json").glob("*.json"))
    payload = json.loads(path.read_text(encoding="utf-8"))
    chain = read(path)
    # The stock traded a second before, in New York's summer time (UTC-4), which is why the stamp is UTC.
    traded = datetime.fromisoformat(payload["data"]["last_trade_time"] + "-04:00")
    assert 0 <= (chain.as_of - traded).total_seconds() < 5
    assert chain.row_count == len(payload["data"]["options"])
    assert chain.spot == payload["data"]["current_price"]
    assert all(part.exercise == "american" for part in chain.slices)


def test_delayed_quotes_keep_sizes_and_drop_zeros_that_mean_nothing(chain_files: Path) -> None:
    (part,) = read(chain_files / "cboe_delayed.json").slices
    assert (part.call.bid[0], part.call.bid_size[0], part.call.ask_size[0]) == (11.2, 40.0, 25.0)
    assert (part.call.vendor_iv[0], part.call.vendor_delta[0], part.call.last[0]) == (0.1431, 0.6102, 11.3)
    assert part.put.bid[0] == 0.0
    assert np.isnan([part.put.ask[0], part.put.vendor_iv[0], part.put.vendor_delta[0], part.put.last[0]]).all()


def test_an_evening_download_is_of_the_close(edited: Callable[..., Path]) -> None:
    path = edited("cboe_delayed.json", "2026-08-07 18:58:23", "2026-08-08 01:00:00")
    assert read(path).as_of == datetime(2026, 8, 7, 20, 15, tzinfo=UTC)


def test_a_tradier_chain_is_of_its_latest_quote_and_has_no_spot(chain_files: Path) -> None:
    chain = read(chain_files / "tradier.json")
    assert (chain.underlying, chain.spot) == ("XYZ", None)
    assert chain.as_of == datetime.fromtimestamp(1719589843, UTC)
    (part,) = chain.slices
    assert part.call.quoted_at[0] == 1719589763.0
    assert (part.call.vendor_iv[0], part.call.vendor_delta[0]) == (0.51, 0.62)
    assert np.isnan(part.put.vendor_iv[0])


def test_the_real_tradier_payload_is_read(shared_data: Path) -> None:
    chain = read(next((shared_data / "payloads" / "tradier").glob("chain_*.json")))
    assert (chain.underlying, chain.row_count) == ("PLTR", 2)


def test_deribit_summaries_are_inverse_options_in_coins(chain_files: Path) -> None:
    chain = read(chain_files / "deribit_summaries.json")
    assert (chain.underlying, chain.currency, chain.spot) == ("BTC", "BTC", 61840.25)
    assert chain.as_of == datetime(2024, 6, 28, 8, 0, 0, 250_000, tzinfo=UTC)
    (part,) = chain.slices
    assert (part.inverse, part.exercise, part.multiplier, part.underlying_price) == (True, "european", 1.0, 66210.5)
    assert part.expires_at == datetime(2024, 12, 27, 8, 0, tzinfo=UTC)
    assert part.strikes.tolist() == [40_000.0, 100_000.0]
    assert part.call.symbols == (None, "BTC-27DEC24-100000-C")
    assert (part.call.bid[1], part.call.ask[1]) == (0.0195, 0.02)
    assert part.call.vendor_iv[1] == pytest.approx(0.5231, rel=1e-15)  # mark_iv 52.31 %
    assert np.isnan(part.put.bid[0])
    assert part.put.quoted_at[0] == 1719561600.1


def both(chain_files: Path) -> dict[str, Any]:
    summaries = json.loads((chain_files / "deribit_summaries.json").read_text(encoding="utf-8"))
    instruments = [
        {
            "instrument_name": f"BTC-27DEC24-{strike}-{letter}",
            "kind": "option",
            "strike": float(strike),
            "option_type": "call" if letter == "C" else "put",
            "contract_size": 1.0,
            "instrument_type": "reversed",
            "expiration_timestamp": 1735286400000,
            "creation_timestamp": 1719388800000,
        }
        for strike, letter in ((100_000, "C"), (40_000, "P"), (50_000, "P"))
    ]
    future = {"instrument_name": "BTC-27DEC24", "kind": "future", "contract_size": 10.0}
    return {"instruments": {"jsonrpc": "2.0", "result": [*instruments, future]}, "book_summaries": summaries}


def test_deribit_instruments_add_the_options_that_nobody_quotes(chain_files: Path, tmp_path: Path) -> None:
    path = tmp_path / "both.json"
    path.write_text(json.dumps(both(chain_files)), encoding="utf-8")
    chain = read(path)
    assert (detect(path), chain.row_count) == ("deribit", 3)
    (part,) = chain.slices
    assert part.strikes.tolist() == [40_000.0, 50_000.0, 100_000.0]
    assert np.isnan([part.put.bid[1], part.put.ask[1], part.put.quoted_at[1]]).all()


def test_linear_deribit_options_are_in_their_quote_currency(chain_files: Path, tmp_path: Path) -> None:
    text = json.dumps(both(chain_files)).replace("BTC-27DEC24-", "XRP_USDC-27DEC24-").replace("-40000-", "-0d425-")
    path = tmp_path / "linear.json"
    path.write_text(text.replace('"contract_size": 1.0', '"contract_size": 1000.0'), encoding="utf-8")
    chain = read(path)
    (part,) = chain.slices
    assert (chain.underlying, chain.currency, part.inverse, part.multiplier) == ("XRP", "USDC", False, 1000.0)
    assert part.strikes[0] == 0.425


def test_deribit_instruments_alone_are_no_chain(chain_files: Path, tmp_path: Path) -> None:
    path = tmp_path / "instruments.json"
    path.write_text(json.dumps(both(chain_files)["instruments"]), encoding="utf-8")
    with pytest.raises(MalformedFileError, match="fits none"):
        read(path)
    with pytest.raises(MalformedFileError, match="a book summary has it"):
        read(path, format="deribit")


DELAYED, TRADIER, DERIBIT = "cboe_delayed.json", "tradier.json", "deribit_summaries.json"
XSP_PUT, XYZ_PUT, BTC_PUT = '"XSP260821P00630000"', '"XYZ260618P00020000", "underlying": ', '"BTC-27DEC24-40000-P"'
BTC_MADE = '"creation_timestamp": 1719561600100'
MALFORMED = [
    (DELAYED, '"ask": 11.5', '"ask": "dear"', 6, "data.options[0].ask", "must be a number"),
    (DELAYED, '"ask": 11.5', '"ask": -11.5', 6, "data.options[0].ask", "must not be negative"),
    (DELAYED, XSP_PUT, '"XSP260821Q00630000"', 8, "data.options[1].option", "an OSI symbol"),
    (DELAYED, XSP_PUT, '"XSP260821C00630000"', 8, "Strike", "is given twice"),
    (DELAYED, '"2026-08-07 18:58:23"', '"last Friday"', 1, "timestamp", "must be a date and time"),
    (DELAYED, '"symbol": "^XSP", ', "", 1, "data.symbol", "must be a text"),
    (DELAYED, '"ask": 11.5', '"ask": NaN', 6, "78", "is not JSON: NaN"),
    (DELAYED, '"symbol": "_XSP"\n}', '"symbol": "_XSP"', 13, "1", "is not JSON"),
    (TRADIER, '"mid_iv": 0.51', '"mid_iv": true', 2, "options.option[0].greeks.mid_iv", "must be a number"),
    (TRADIER, f'{XYZ_PUT}"XYZ"', f'{XYZ_PUT}"ABC"', 1, "options.option", "options on ABC, XYZ"),
    (DERIBIT, BTC_PUT, '"BTC-99DEC24-40000-P"', 9, "instrument_name", "a calendar date"),
    (DERIBIT, BTC_PUT, '"ETH-27DEC24-40000-P"', 9, "instrument_name", "more than one chain"),
    (DERIBIT, BTC_MADE, '"creation_timestamp": null', 9, "result[1].creation_timestamp", "is absent"),
    (DERIBIT, BTC_PUT, '"BTC-27DEC24-100000-C"', 4, "result[1].instrument_name", "is given twice"),
]


@pytest.mark.parametrize(("name", "old", "new", "line", "column", "reason"), MALFORMED)
def test_a_malformed_document_is_an_error_with_line_and_place(
    edited: Callable[..., Path], name: str, old: str, new: str, line: int, column: str, reason: str
) -> None:
    with pytest.raises(MalformedFileError) as caught:
        read(edited(name, old, new))
    assert reason in caught.value.reason
    assert (caught.value.line, str(caught.value.column)) == (line, column)


def test_the_expiry_of_a_deribit_option_is_in_its_name(chain_files: Path) -> None:
    assert read(chain_files / "deribit_summaries.json").expiries == (date(2024, 12, 27),)
