"""What Deribit says, read strictly: real answers where they are at hand, and every contradiction by its field."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from optionix_core.errors import VenueError
from optionix_core.feeds.deribit import messages
from optionix_core.feeds.deribit.book import OrderBook
from optionix_core.feeds.deribit.rest import error_of
from optionix_core.feeds.network.wire import Wire, parse
from tests.core.feeds.loopback_deribit import NAME, change, instrument, snapshot, summary, ticker


def wire(value: object) -> Wire:
    return Wire("test", "", value)


def listed(*names: str) -> dict[str, messages.ListedOption]:
    return {item.name: item for item in messages.listed_options(wire([instrument(name) for name in names]), "BTC")}


def payload(message: dict[str, Any]) -> Wire:
    return parse("test", json.dumps(message["params"]["data"]))


class TestRealAnswers:
    """Payloads recorded from the exchange's documentation and test network."""

    @pytest.fixture
    def folder(self, shared_data: Path) -> Path:
        return shared_data / "payloads"

    def read(self, folder: Path, name: str) -> Wire:
        return parse(name, (folder / name).read_bytes())

    def test_instruments_give_the_option_and_pass_over_the_rest(self, folder: Path) -> None:
        result = self.read(folder, "deribit_nautilus/http_get_instruments.json").get("result")
        (found,) = messages.listed_options(result, "BTC")
        assert found.name == "BTC-27DEC24-100000-C"
        assert found.expires_at == datetime(2024, 12, 27, 12, tzinfo=UTC)  # as recorded; the exchange's hour is 8
        assert (found.contract_size, found.tick, found.price_index) == (Decimal(1), Decimal("0.0005"), "btc_usd")

    def test_a_snapshot_and_its_change_make_a_book(self, folder: Path) -> None:
        book = OrderBook()
        for name in ("ws_book_snapshot", "ws_book_delta"):
            params = self.read(folder, f"deribit_nautilus/{name}.json").get("params")
            assert book.take(messages.book_change(params.get("data")))
        touch = book.touch()
        assert touch is not None
        # 42501 is deleted by the change, 42500 and 42501.5 are given new amounts.
        assert (touch.bid, touch.bid_amount, touch.ask, touch.ask_amount) == (42500.0, 950.0, 42501.5, 700.0)
        assert touch.made_at == datetime(2023, 11, 14, 22, 13, 19, 500000, tzinfo=UTC)

    def test_a_ticker_of_an_option(self, folder: Path) -> None:
        name = "BTC-3MAY19-5000-P"
        found = messages.ticker(self.read(folder, "deribit_xchange/example-ticker.json"), listed(name))
        assert found is not None
        assert found.mark_volatility == pytest.approx(0.6848, rel=1e-15)
        assert (found.delta, found.forward) == (-0.19998, 5433.06)
        assert (found.last, found.open_interest, found.volume) == (0.0075, 0.5, 0.5)

    def test_a_ticker_of_what_is_not_listed_is_nothing(self, folder: Path) -> None:
        params = self.read(folder, "deribit_nautilus/ws_ticker.json").get("params")
        assert messages.ticker(params.get("data"), {}) is None

    def test_a_summary_row(self, folder: Path) -> None:
        row = json.loads((folder / "deribit_xchange/example-summary.json").read_text("utf-8"))
        known = {
            item.name: item
            for item in messages.listed_options(wire([instrument("ETH-22FEB19-140-P", price_index="eth_usd")]), "ETH")
        }
        rows, unlisted = messages.summaries(wire([row]), known)
        assert not unlisted
        assert (rows[0].bid, rows[0].ask, rows[0].last) == (0.1488, 0.34, 0.34)
        assert (rows[0].forward, rows[0].mark_volatility) == (121.38, None)

    def test_an_error_has_its_code_and_words(self, folder: Path) -> None:
        assert error_of(self.read(folder, "deribit_nautilus/ws_error.json")) == (10028, "too_many_requests")

    def test_a_chart_is_a_day_for_each_day(self, folder: Path) -> None:
        found = messages.candles(
            self.read(folder, "deribit_nautilus/http_get_tradingview_chart_data.json").get("result")
        )
        assert [item.day for item in found] == [date(2025, 12, 23)]  # five minutes of one day: the last stands
        assert found[0].close == 87456.0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"strike": 95000.0}, "strike"),
        ({"strike": -1.0}, "strike"),
        ({"option_type": "put"}, "option_type"),
        ({"expiration_timestamp": 1_795_852_800_000}, "expiration_timestamp"),
        ({"contract_size": 0}, "contract_size"),
        ({"tick_size": None}, "tick_size"),
        ({"kind": 3}, "kind"),
        ({"tick_size_steps": {}}, "tick_size_steps"),
    ],
)
def test_an_option_that_contradicts_its_name_is_refused_by_its_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(VenueError, match=rf"\[0\]\.{field}"):
        messages.listed_options(wire([instrument(NAME, **changed)]), "BTC")


def test_options_that_cannot_be_traded_and_other_roots_are_passed_over() -> None:
    rows = [
        instrument(NAME),
        instrument("BTC-20NOV26-90000-C", is_active=False),
        instrument("BTC_USDC-20NOV26-90000-C"),
        {"instrument_name": "BTC-PERPETUAL", "kind": "future"},
    ]
    assert [item.name for item in messages.listed_options(wire(rows), "BTC")] == [NAME]
    linear = messages.listed_options(wire(rows), "BTC_USDC")
    assert [(item.option.currency, item.option.inverse) for item in linear] == [("USDC", False)]
    with pytest.raises(VenueError, match="given twice"):
        messages.listed_options(wire([instrument(NAME)] * 2), "BTC")


def test_amounts_become_contracts_and_percent_fractions() -> None:
    known = {NAME: listed(NAME)[NAME]._replace(contract_size=Decimal(10))}
    (row,), unlisted = messages.summaries(wire([summary(NAME), summary("BTC-4DEC26-90000-C")]), known)
    assert unlisted
    assert (row.volume, row.open_interest, row.mark_volatility) == (1.7, 81.2, 0.5125)
    found = messages.ticker(payload(ticker(NAME, mark_iv=0.0, last_price=None)), known)
    assert found is not None
    assert (found.volume, found.open_interest, found.mark_volatility, found.last) == (2.1, 82.0, None, None)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (change(NAME, 2, 1, bids=[["new", 0.0, 1.0]]), r"bids\[0\]\[1\] must be positive"),
        (change(NAME, 2, 1, bids=[["new", 0.01, 0.0]]), r"bids\[0\]\[2\] must be positive"),
        (change(NAME, 2, 1, asks=[["new", 0.01]]), r"asks\[0\] must be action, price and amount"),
        (change(NAME, -2, 1), "change_id must be a whole number"),
        (change(NAME, 2, None), "prev_change_id must be a whole number"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_its_field(message: dict[str, Any], told: str) -> None:
    with pytest.raises(VenueError, match=told):
        messages.book_change(payload(message))


def test_a_book_of_another_kind_is_refused() -> None:
    message = snapshot(NAME, 1)
    message["params"]["data"]["type"] = "partial"
    with pytest.raises(VenueError, match="type must be snapshot or change"):
        messages.book_change(payload(message))


def test_realised_volatility_comes_in_pairs_or_objects() -> None:
    good = messages.historical_volatility(wire([[1549720800000, 14.5], {"timestamp": 1549717200000, "value": 15.0}]))
    assert [value for _, value in good] == [0.15, 0.145]
    with pytest.raises(VenueError, match=r"\[0\] must be a time and a volatility"):
        messages.historical_volatility(wire([[1549720800000]]))
    with pytest.raises(VenueError, match=r"\[0\]\.value must be a number"):
        messages.historical_volatility(wire([{"timestamp": 1549720800000, "value": "14"}]))


def test_candles_of_unequal_columns_are_refused() -> None:
    columns: dict[str, list[float]] = {field: [1.0] for field in ("open", "high", "low", "close", "volume")}
    with pytest.raises(VenueError, match="columns of one length"):
        messages.candles(wire({"ticks": [1, 2], **columns}))
    with pytest.raises(VenueError, match="rows of a time and four levels"):
        messages.candles(wire({"data": [[1, 2.0, 3.0]]}))
