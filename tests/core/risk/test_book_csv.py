"""Books written as CSV: what a row says is kept, what it lacks is named, what is wrong is told by line and column."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MalformedFileError, MissingDataError
from optionix_core.market.option_type import OptionType
from optionix_core.pricing import american, black_scholes
from optionix_core.risk.book import PositionKind
from optionix_core.risk.book_csv import parse_book
from optionix_core.risk.book_rows import margin_book, risk_book
from optionix_core.risk.margin.book import MarginClass

HEADER = "underlying,underlying_price,type,strike,expiry,quantity,price,multiplier"
WHOLE = f"{HEADER},rate,dividend_yield,implied_volatility\nORBIT,10,call,11,2026-03-20,1,,,0.02,0,0.2\n"
NOON = datetime(2026, 1, 5, 17, tzinfo=UTC)
BOOK = f"""{HEADER}
ORBIT,231.40,call,240,2026-03-20,-5,4.10,100
orbit,,stock,,,500,,
SPX,6900,put,6500,2026-02-20,2,80.5,
"""


@pytest.fixture(autouse=True)
def no_feed_was_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a feed of an earlier test made known of ORBIT is not known here."""
    monkeypatch.setattr("optionix_core.market.products._registered", {})


def test_rows_are_kept_as_they_stand() -> None:
    call, stock, put = parse_book(BOOK)
    assert (call.id, call.line, call.quantity, call.price) == ("ORBIT 2026-03-20 240 call", 2, -5.0, 4.1)
    assert (call.option_type, call.strike, call.multiplier, call.style) == (OptionType.CALL, 240.0, 100.0, "american")
    # an option on a share settles on the close of New York, in daylight saving time at 20:00 UTC
    assert call.expiry == datetime(2026, 3, 20, 20, tzinfo=UTC)
    assert (stock.id, stock.option_type, stock.multiplier, stock.style) == ("ORBIT", None, 1.0, None)
    assert stock.underlying_price == 231.4
    # SPX settles on the open: 09:30 in New York
    assert put.expiry == datetime(2026, 2, 20, 14, 30, tzinfo=UTC)
    assert (put.style, put.multiplier, put.currency) == ("european", 100.0, "USD")


def test_symbols_stand_for_their_terms() -> None:
    rows = ("ORBIT260320C00240000,-5,4.10,231.40", "ORBIT,100,,", "SPXW  260220P06500000,1,80,6900")
    text = "\n".join(("symbol,quantity,price,underlying_price", *rows))
    call, stock, put = parse_book(text)
    assert (call.underlying, call.strike, call.option_type) == ("ORBIT", 240.0, OptionType.CALL)
    assert (stock.underlying, stock.option_type, stock.underlying_price) == ("ORBIT", None, 231.4)
    assert (put.underlying, put.style) == ("SPX", "european")
    assert put.expiry == datetime(2026, 2, 20, 21, tzinfo=UTC)


def test_a_moment_with_its_zone_is_an_expiry_too() -> None:
    row = parse_book(f"{HEADER}\nBOND,100,call,100,2026-02-01T12:00:00+01:00,1,2,1\n")[0]
    assert row.expiry == datetime(2026, 2, 1, 11, tzinfo=UTC)


def test_the_same_instrument_twice_keeps_both_rows_apart() -> None:
    rows = parse_book(f"{HEADER}\nORBIT,10,stock,,,1,,\nORBIT,10,stock,,,2,,\n")
    assert [row.id for row in rows] == ["ORBIT", "ORBIT (line 3)"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            "ORBIT,231.4,call,-240,2026-03-20,1,4,100",
            r"line 2, column strike: strike must be a number above 0 \(got '-240'",
        ),
        ("ORBIT,231.4,cal,240,2026-03-20,1,4,100", r"column type: type must be one of call, put, stock \(got 'cal'"),
        ("ORBIT,231.4,call,240,2026-13-20,1,4,100", r"column expiry: expiry must be a day such as"),
        ("ORBIT,231.4,call,240,2026-03-20T10:00,1,4,100", r"column expiry: expiry must be a day such as"),
        ("ORBIT,231.4,call,240,,1,4,100", r"column expiry"),
        ("ORBIT,231.4,call,240,2026-03-20,0,4,100", r"column quantity: quantity must be a number other than zero"),
        ("ORBIT,231.4,call,240,2026-03-20,x,4,100", r"column quantity: quantity must be a number \(got 'x'"),
        ("ORBIT,231.4,call,240,2026-03-20,1,-4,100", r"column price: price must be a number of at least 0"),
        ("ORBIT,231.4,call,240,2026-03-20,1,4,0", r"column multiplier: multiplier must be a number above 0"),
        ("ORBIT,nan,call,240,2026-03-20,1,4,100", r"column underlying_price"),
        ("ORBIT,,call,240,2026-03-20,1,4,100", r"column underlying_price: no row has a price of ORBIT"),
        ("ORBIT,231.4,stock,240,,1,,", r"column strike: strike must be empty for a stock"),
        (",231.4,stock,,,1,,", r"column underlying: underlying must be a name"),
        ("ORBIT,231.4,call,240,2026-03-20,1,4", r"line 2: 8 cells are needed \(got 7\)"),
        (
            "AAPL1,231.4,call,240,2026-03-20,1,4,",
            r"column multiplier: multiplier must be given: the contract was adjusted",
        ),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(row: str, words: str) -> None:
    with pytest.raises(MalformedFileError, match=words):
        parse_book(f"{HEADER}\n{row}\n", "book.csv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a first line with the columns is needed"),
        ("underlying,type,quantity\n", "the column strike is missing"),
        ("symbol,price\n", "the column quantity is missing"),
        (f"{HEADER},colour\n", "the column 'colour' must be one of"),
        (f"{HEADER},price\n", "the column 'price' must be one of .*, once"),
        ('symbol,quantity\n"ORBIT,1\n', "no CSV"),
        ("symbol,quantity\nOR BIT!,1\n", "line 2, column symbol: symbol must be an option or a share"),
    ],
)
def test_a_file_that_is_no_book_says_why(text: str, words: str) -> None:
    with pytest.raises(MalformedFileError, match=words):
        parse_book(text, "stdin")


def test_rows_of_one_underlying_have_one_price() -> None:
    with pytest.raises(
        MalformedFileError, match="line 3, column underlying_price: underlying_price of ORBIT must be that of"
    ):
        parse_book(f"{HEADER}\nORBIT,10,stock,,,1,,\nORBIT,11,call,12,2026-03-20,1,1,\n")


def test_prices_become_implied_volatilities_by_style() -> None:
    held = risk_book(parse_book(BOOK), NOON, rate=0.04, dividend_yield=0.01)
    call, stock, put = held.positions
    assert (call.kind, stock.kind, put.kind) == (PositionKind.AMERICAN, PositionKind.UNDERLYING, PositionKind.EUROPEAN)
    again = american.price("call", 231.4, 240.0, held.years(call), 0.04, 0.01, call.volatility)
    assert float(again) == pytest.approx(4.10, abs=1e-7)
    european = black_scholes.price("put", 6900.0, 6500.0, held.years(put), 0.04, 0.01, put.volatility)
    assert float(european) == pytest.approx(80.5, abs=1e-9)
    assert held.rate("SPX", held.years(put)) == pytest.approx(0.04, abs=1e-15)


def test_rows_may_say_volatility_rate_and_yield_themselves() -> None:
    text = f"{HEADER},implied_volatility,rate,dividend_yield\nORBIT,10,call,11,2026-03-20,1,,,0.3,0.02,0.0\n"
    held = risk_book(parse_book(text), NOON)
    assert held.positions[0].volatility == 0.3
    assert held.rate("ORBIT", 0.2) == pytest.approx(0.02, abs=1e-15)
    assert held.dividend_yield("ORBIT", 0.2) == 0.0


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (BOOK, MissingDataError, "line 2: ORBIT 2026-03-20 240 call has no rate, and none is given for all"),
        (
            f"{HEADER},rate,dividend_yield\nORBIT,10,call,11,2026-03-20,1,,,0.02,0\n",
            MissingDataError,
            "line 2: .* has neither a price nor an implied_volatility",
        ),
        (
            f"{HEADER},rate,dividend_yield\nORBIT,10,call,11,2026-03-20,1,10.5,,0.02,0\n",
            InvalidValueError,
            "price in line 2 .* must be a price that a volatility gives",
        ),
        (
            f"{WHOLE}ORBIT,10,put,11,2026-03-20,1,,,0.03,0,0.2\n",
            InvalidValueError,
            "rate in line 3 must be that of line 2, 0.02",
        ),
        (
            f"{WHOLE}ORBIT,10,put,11,2026-03-20,1,,,0.02,0.01,0.2\n",
            InvalidValueError,
            "dividend_yield in line 3 must be that of line 2, 0",
        ),
        (
            f"{HEADER},rate,dividend_yield\nORBIT,10,call,11,2026-01-02,1,1,,0.02,0\n",
            InvalidValueError,
            "expiry in line 2 must be after 2026-01-05",
        ),
    ],
)
def test_what_a_book_lacks_or_contradicts_is_named(text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        risk_book(parse_book(text), NOON)


def test_margin_takes_the_rows_with_what_they_say() -> None:
    rows = ("SPX,6900,put,6500,2026-02-20,2,80.5,100,broad_index", "SPX,,call,7500,2026-02-20,-1,3,,")
    text = "\n".join((f"{HEADER},margin_class", *rows))
    held = margin_book(parse_book(text), NOON)
    assert [one.margin_class for one in held.positions] == [MarginClass.BROAD_INDEX, None]
    assert held.net_value == pytest.approx(2 * 80.5 * 100 - 300.0)
    assert np.isfinite(held.positions[0].years(NOON))
