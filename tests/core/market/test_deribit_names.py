"""Deribit names go round, and nothing but an option is read as one."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.market import deribit_names
from optionix_core.market.deribit_names import DeribitKind
from optionix_core.market.option_type import OptionType


@given(
    st.sampled_from(["BTC", "ETH", "XRP_USDC", "BTC_USDC"]),
    st.dates(date(2016, 1, 1), date(2099, 12, 31)),
    st.sampled_from(OptionType),
    st.integers(1, 10**9).map(lambda digits: Decimal(digits).scaleb(-4)),
)
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_back(root: str, expiry: date, option_type: OptionType, strike: Decimal) -> None:
    name = deribit_names.format(root, expiry, option_type, strike)
    read = deribit_names.parse(name)
    assert read == (root, expiry, option_type, strike)
    assert read.key == name
    assert deribit_names.parse(name.lower()) == read


def test_inverse_and_linear_names_say_what_prices_are_in() -> None:
    inverse = deribit_names.parse("BTC-13FEB21-37500-C")
    assert (inverse.base, inverse.inverse, inverse.currency) == ("BTC", True, "BTC")
    linear = deribit_names.parse("XRP_USDC-30AUG24-0d625-C")  # example of the API documentation
    assert (linear.base, linear.inverse, linear.currency) == ("XRP", False, "USDC")
    assert linear.strike == Decimal("0.625")
    assert linear.key == "XRP_USDC-30AUG24-0d625-C"


def test_a_day_below_ten_has_one_digit() -> None:
    assert deribit_names.format("BTC", date(2021, 3, 5), "call", 57500) == "BTC-5MAR21-57500-C"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("BTC-27DEC24-100000-C", DeribitKind.OPTION),
        ("BTC-27DEC24", DeribitKind.FUTURE),
        ("BTC_USDC-27DEC24", DeribitKind.FUTURE),
        ("BTC-PERPETUAL", DeribitKind.PERPETUAL),
        ("ETH_USDC-PERPETUAL", DeribitKind.PERPETUAL),
        ("BTC_USDC", DeribitKind.SPOT),
        ("BTC-CS-19MAY26-70000_75000", DeribitKind.COMBINATION),
        ("BTC-STRD-29MAY26-77000", DeribitKind.COMBINATION),
        ("BTC-FS-25DEC26_PERP", DeribitKind.COMBINATION),
        ("BTC-COMBO-1", DeribitKind.COMBINATION),
        ("ORBIT 16JAN26 230 C", None),
        ("", None),
    ],
)
def test_names_are_told_apart_by_their_form(name: str, kind: DeribitKind | None) -> None:
    assert deribit_names.kind(name) == kind
    assert deribit_names.is_option(name) == (kind is DeribitKind.OPTION)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("BTC-27DEC24", "symbol"),
        ("BTC-27DEC24-100000-X", "symbol"),
        ("BTC-27XXX24-100000-C", "expiry"),
        ("BTC-31FEB24-100000-C", "expiry"),
        ("BTC-27DEC24-0-C", "strike"),
    ],
)
def test_a_malformed_name_names_its_wrong_part(name: str, field: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        deribit_names.parse(name)
    assert caught.value.field == field


def test_a_future_is_refused_by_what_it_is() -> None:
    with pytest.raises(InvalidValueError, match="a future"):
        deribit_names.parse("BTC-27DEC24")


def test_every_option_of_the_2021_files_goes_round(shared_data: Path) -> None:
    for path in sorted((shared_data / "chains" / "deribit_2021").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            names = [row["instrument_name"] for row in csv.DictReader(file)]
        assert names
        assert [deribit_names.parse(name).key for name in names] == names


def test_every_recorded_combination_is_recognised(shared_data: Path) -> None:
    payload = json.loads((shared_data / "payloads" / "deribit_nautilus" / "http_get_combos.json").read_text("utf-8"))
    kinds = {deribit_names.kind(combo["id"]) for combo in payload["result"]}
    assert kinds == {DeribitKind.COMBINATION}
