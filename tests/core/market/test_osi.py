"""OSI symbols go round without loss and refuse what they cannot hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.market import osi
from optionix_core.market.option_type import OptionType

roots = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=6)
expiries = st.dates(date(2000, 1, 1), date(2099, 12, 31))
strikes = st.integers(1, 99_999_999).map(lambda thousandths: Decimal(thousandths).scaleb(-3))


@given(roots, expiries, st.sampled_from(OptionType), strikes)
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_back(root: str, expiry: date, option_type: OptionType, strike: Decimal) -> None:
    symbol = osi.format(root, expiry, option_type, strike)
    assert len(symbol) == 21
    read = osi.parse(symbol)
    assert read == (root, expiry, option_type, strike)
    assert read.key == symbol
    assert osi.parse(symbol.replace(" ", "")) == read


def test_the_published_example_reads_as_published() -> None:
    # Encyclopaedic example of the OCC symbology: a put on SPX, 22 November 2014, strike 19.50.
    read = osi.parse("SPX   141122P00019500")
    assert read == ("SPX", date(2014, 11, 22), OptionType.PUT, Decimal("19.5"))
    # Same source: a call on LAMR, 17 January 2015, strike 52.50.
    assert osi.format("LAMR", date(2015, 1, 17), "call", 52.5) == "LAMR  150117C00052500"


def test_strikes_are_plain_decimals() -> None:
    assert str(osi.parse("SPX   230317C04000000").strike) == "4000"
    assert str(osi.parse("SPY   230317C00037500").strike) == "37.5"
    assert str(osi.parse("ABC1  230317C00000125").strike) == "0.125"


def test_roots_of_one_underlying_stay_apart() -> None:
    day = date(2023, 3, 17)
    assert osi.format("SPX", day, "C", 4000) != osi.format("SPXW", day, "C", 4000)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "symbol"),
        ("SPX", "symbol"),
        ("230317C04000000", "symbol"),
        ("SPX  230317C04000000", "symbol"),
        ("SPX   230317X04000000", "symbol"),
        ("SPX   230317C0400000", "symbol"),
        ("TOOLONG230317C04000000", "symbol"),
        ("SP X  230317C04000000", "root"),
        ("SPX   230231C04000000", "expiry"),
        ("SPX   231317C04000000", "expiry"),
        ("SPX   230317C00000000", "strike"),
        ("SPX   000000C04000000", "expiry"),
        ("SPX   230229C04000000", "expiry"),
        ("SPX   230317C-4000000", "symbol"),
        ("SPX   230317C0400000 ", "symbol"),
        ("SPX   230317 04000000", "symbol"),
        ("BRK.B 230317C00400000", "root"),
        ("      230317C04000000", "symbol"),
        # Letters and digits of other scripts, some of which are ours in capitals.
        ("\u017fPX   230317C04000000", "symbol"),
        ("SP\u0131   230317C04000000", "symbol"),
        ("SPX   230317C0400000\uff10", "symbol"),
        ("\u00df260116C00230000", "symbol"),
    ],
)
def test_a_malformed_symbol_names_its_wrong_part(text: str, field: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        osi.parse(text)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("root", "expiry", "strike", "field"),
    [
        ("", date(2026, 1, 16), 230, "root"),
        ("SEVENCH", date(2026, 1, 16), 230, "root"),
        ("BRK.B", date(2026, 1, 16), 230, "root"),
        ("\u017fPX", date(2026, 1, 16), 230, "root"),
        ("ORBIT", date(1999, 12, 31), 230, "expiry"),
        ("ORBIT", date(2100, 1, 1), 230, "expiry"),
        ("ORBIT", date(2026, 1, 16), 100_000, "strike"),
        ("ORBIT", date(2026, 1, 16), Decimal("0.0005"), "strike"),
        ("ORBIT", date(2026, 1, 16), Decimal("230.0001"), "strike"),
        ("ORBIT", date(2026, 1, 16), 0, "strike"),
        ("ORBIT", date(2026, 1, 16), -5.0, "strike"),
        ("ORBIT", date(2026, 1, 16), float("nan"), "strike"),
        ("ORBIT", date(2026, 1, 16), "many", "strike"),
    ],
)
def test_nothing_is_rounded_into_a_symbol(root: str, expiry: date, strike: Decimal | float | str, field: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        osi.format(root, expiry, "call", strike)
    assert caught.value.field == field


@given(st.one_of(st.text(max_size=24), st.text("SPXW0123456789CP ", min_size=14, max_size=23)))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_symbol_that_goes_round_or_an_error_with_a_field(text: str) -> None:
    fields = {"symbol", "root", "expiry", "strike"}
    try:
        read = osi.parse(text)
    except InvalidValueError as refusal:
        found = refusal.field
    else:
        found = "symbol"
        assert read.key.replace(" ", "") == text.strip().upper().replace(" ", "")
        assert osi.parse(read.key) == read
    assert found in fields


def test_a_leap_day_is_a_date() -> None:
    assert osi.parse("SPX   240229C04000000").expiry == date(2024, 2, 29)
