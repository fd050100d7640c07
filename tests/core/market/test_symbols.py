"""Whatever a trader types ends at one key, or at an error that shows what would do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.market import osi, symbols
from optionix_core.market.option_type import OptionType
from optionix_core.market.products import Symbology

KEY = "ORBIT 260116C00230000"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        "ORBIT260116C00230000",
        "orbit260116c00230000",
        "ORBIT 16JAN26 230 C",
        "orbit 16jan26 230c",
        "ORBIT 16JAN26 C230",
        "ORBIT 16JAN26 230.00 call",
        "ORBIT  16 Jan 26  230 C",
        "ORBIT 16-Jan-2026 230 C",
        "ORBIT 2026-01-16 230 C",
        "ORBIT 2026-01-16 230C",
    ],
)
def test_every_way_of_writing_it_gives_one_key(text: str) -> None:
    assert symbols.resolve(text) == KEY
    assert symbols.is_option(text)


def test_deribit_names_are_their_own_keys() -> None:
    assert symbols.resolve("btc-27dec24-100000-c") == "BTC-27DEC24-100000-C"
    assert symbols.resolve("XRP_USDC-30AUG24-0D625-C") == "XRP_USDC-30AUG24-0d625-C"
    assert symbols.terms("BTC-27DEC24-100000-C").symbology is Symbology.DERIBIT


def test_a_label_is_read_back_as_the_same_option() -> None:
    for key in (KEY, "SPXW  230217P04092500", "BTC-5MAR21-57500-C"):
        assert symbols.resolve(symbols.terms(key).label) == key


@given(
    st.sampled_from(["A", "ORBIT", "SPXW", "AAPL1"]),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(OptionType),
    st.integers(1, 99_999_999).map(lambda thousandths: Decimal(thousandths).scaleb(-3)),
)
@settings(max_examples=100, deadline=None)
def test_typed_and_padded_forms_agree(root: str, expiry: date, option_type: OptionType, strike: Decimal) -> None:
    key = osi.format(root, expiry, option_type, strike)
    assert symbols.resolve(symbols.terms(key).label) == key
    assert symbols.resolve(f"{root} {expiry.isoformat()} {strike:f}{option_type.letter}") == key


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "symbol"),
        ("ORBIT", "symbol"),
        ("ORBIT 16JAN 230 C", "symbol"),
        ("ORBIT 16JAN26 230", "symbol"),
        ("ORBIT 16JAN26 -230 C", "symbol"),
        ("ORBIT 16JXN26 230 C", "month"),
        ("ORBIT 31FEB26 230 C", "expiry"),
        ("ORBIT 2026-13-01 230 C", "expiry"),
        ("ORBIT 16JAN26 230.0005 C", "strike"),
        ("BTC-PERPETUAL", "symbol"),
    ],
)
def test_what_cannot_be_read_names_the_part(text: str, field: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        symbols.resolve(text)
    assert caught.value.field == field
    assert not symbols.is_option(text)
