"""Roots mean what their exchanges say, and registering one never changes another."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market import products
from optionix_core.market.products import Product, Symbology


@pytest.mark.parametrize("root", ["SPX", "NDX", "RUT", "VIX", "VIXW", "DJX"])
def test_am_settled_index_roots(root: str) -> None:
    item = products.product(root)
    assert (item.settlement, item.exercise, item.cash_settled, item.multiplier) == ("AM", "european", True, 100)


@pytest.mark.parametrize("root", ["SPXW", "NDXP", "RUTW", "XSP", "XEO", "NQX"])
def test_pm_settled_index_roots(root: str) -> None:
    item = products.product(root)
    assert (item.settlement, item.exercise, item.cash_settled) == ("PM", "european", True)


def test_two_roots_share_an_underlying() -> None:
    assert products.roots_of("SPX") == ("SPX", "SPXW")
    assert products.roots_of("NOVEL") == ("NOVEL",)
    assert products.product("OEX").exercise == "american"


def test_an_unknown_root_is_an_ordinary_equity_option() -> None:
    item = products.product("aapl")
    assert item == Product("AAPL", "AAPL")
    assert (item.exercise, item.settlement, item.multiplier, item.calendar) == ("american", "PM", 100, "XNYS")
    assert not item.cash_settled


def test_an_adjusted_root_says_so() -> None:
    item = products.product("AAPL1")
    assert item.adjusted
    assert item.underlying == "AAPL"
    assert not products.product("AAPL").adjusted


def test_deribit_coins_settle_at_eight_in_coins() -> None:
    coin = products.product("BTC")
    assert (coin.inverse, coin.currency, coin.settles_utc, coin.calendar) == (True, "BTC", time(8), "24/7")
    linear = products.product("XRP_USDC")
    # Deribit, launch of altcoin options, March 2024: multiplier 1,000.
    assert (linear.inverse, linear.currency, linear.multiplier) == (False, "USDC", 1000)


def test_the_fund_named_btc_is_not_the_coin() -> None:
    fund = products.product("BTC", Symbology.OSI)
    assert (fund.inverse, fund.currency, fund.calendar) == (False, "USD", "XNYS")
    assert products.product("BTC", Symbology.DERIBIT).inverse


def test_an_unknown_contract_size_is_never_guessed() -> None:
    with pytest.raises(MissingDataError, match="DOGE_USDC"):
        products.product("DOGE_USDC")
    with pytest.raises(MissingDataError, match="DOGE"):
        products.product("DOGE", Symbology.DERIBIT)


def test_registering_twice_changes_nothing_and_otherwise_is_refused() -> None:
    item = Product("ZQTEST", "ZQTEST", exercise="european")
    products.register(item)
    products.register(item)
    assert products.product("zqtest") is item
    with pytest.raises(InvalidValueError, match="ZQTEST"):
        products.register(replace(item, multiplier=Decimal(10)))
    with pytest.raises(InvalidValueError, match="SPX"):
        products.register(Product("SPX", "SPX"))


def test_ticks_follow_the_price() -> None:
    spx = products.product("SPX").tick
    assert spx.at(Decimal("2.95")) == Decimal("0.05")
    assert spx.at(Decimal("3.00")) == Decimal("0.10")
    coin = products.product("BTC").tick
    assert coin.at(Decimal("0.0049")) == Decimal("0.0001")
    assert coin.at(Decimal("0.005")) == Decimal("0.0005")


def test_a_malformed_root_is_named() -> None:
    with pytest.raises(InvalidValueError, match="root"):
        products.product("TOO LONG")
