"""Margin books out of CSV rows."""

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.risk.book_csv import parse_book
from optionix_core.risk.book_rows import risk_book
from optionix_core.risk.margin import MarginClass, from_risk_book, requirement
from optionix_core.risk.margin.from_rows import from_rows

from .margin_books import NOW

HEADER = "underlying,underlying_price,type,strike,expiry,quantity,price,multiplier"


def read(text):
    return from_rows(parse_book(text), NOW)


def test_lots_of_stock_are_shares():
    found = read(f"{HEADER}\nXYZ,45,stock,,,2,,100\n").book.positions[0]
    assert (found.quantity, found.multiplier, found.market_value) == (200.0, 1.0, 9000.0)


def test_symbols_of_a_coin_exchange_are_inverse():
    rows = "symbol,underlying_price,quantity,price\nBTC-26JUN26-60000-C,60000,-1,0.05\n"
    found = read(rows).book
    assert found.positions[0].inverse
    assert found.currency == "USD"


def test_rows_of_one_instrument_are_added_up():
    rows = f"{HEADER}\nXYZ,45,put,43,2026-06-19,-3,1.20,100\nXYZ,45,put,43,2026-06-19,2,1.20,100\n"
    found = read(rows)
    assert [one.quantity for one in found.book.positions] == [-1.0]
    assert "added up" in found.notes[0]
    with pytest.raises(InvalidValueError, match="price of position"):
        read(rows.replace("2,1.20", "2,1.30"))
    assert read(rows.replace("2,1.20", "3,1.20")).book.positions == ()


def test_classes_and_multiples_come_through():
    (found,) = read(f"{HEADER},margin_class,leverage\nXYZ,45,stock,,,1,,1,leveraged,3\n").book.positions
    assert (found.margin_class, found.leverage) == ("leveraged", 3.0)


def test_stock_is_worth_its_underlying():
    assert read(f"{HEADER}\nXYZ,45,stock,,,1,44,1\n").notes == ("XYZ: valued at underlying_price, 45",)


def test_one_currency_a_book():
    with pytest.raises(InvalidValueError, match="EUR, USD"):
        read(f"{HEADER},currency\nXYZ,45,stock,,,1,,1,USD\nDAX,45,stock,,,1,,1,EUR\n")


def test_a_risk_book_says_the_same():
    rows = f"""{HEADER},margin_class,implied_volatility,rate,dividend_yield
XYZ,45,put,43,2026-06-19,-3,1.20,100,equity,0.4,0.03,0
XYZ,45,call,48,2026-06-19,2,1.10,100,equity,0.35,0.03,0
XYZ,45,stock,,,-100,,1,equity,,,
"""
    parsed = parse_book(rows)
    other = from_risk_book(risk_book(parsed, NOW), {"XYZ": MarginClass.EQUITY})
    direct = from_rows(parsed, NOW).book
    for regime in ("strategy", "portfolio", "span"):
        one, two = requirement(direct, regime), requirement(other, regime)
        assert two.requirement == pytest.approx(one.requirement, rel=1e-9)
        assert two.against_equity == pytest.approx(one.against_equity, rel=1e-9)
