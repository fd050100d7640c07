"""A key becomes an instrument with its product's terms."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.instrument_master import instrument


def test_an_index_option_carries_its_roots_terms() -> None:
    am = instrument("SPX 17MAR23 4000 P")
    assert am.symbol == "SPX   230317P04000000"
    assert (am.underlying, am.exercise, am.settlement, am.multiplier) == ("SPX", "european", "AM", 100)
    assert am.expires_at == datetime(2023, 3, 17, 13, 30, tzinfo=UTC)
    pm = instrument("SPXW  230317P04000000")
    assert (pm.underlying, pm.settlement) == ("SPX", "PM")
    assert pm.expires_at == datetime(2023, 3, 17, 20, 0, tzinfo=UTC)
    assert am.symbol != pm.symbol
    assert am.label == "SPX 17MAR23 4000 P"


def test_a_coin_option_is_inverse_and_in_coins() -> None:
    found = instrument("btc-27dec24-100000-c")
    assert (found.symbol, found.inverse, found.currency, found.multiplier) == ("BTC-27DEC24-100000-C", True, "BTC", 1)
    assert found.strike == Decimal(100000)
    assert found.expires_at == datetime(2024, 12, 27, 8, tzinfo=UTC)


def test_the_fund_option_of_the_coins_name_is_an_equity_option() -> None:
    found = instrument("BTC   241227C00040000")
    assert (found.inverse, found.currency, found.multiplier) == (False, "USD", 100)


def test_what_is_not_known_is_not_made_up() -> None:
    with pytest.raises(InvalidValueError, match="symbol"):
        instrument("SPX")
    with pytest.raises(MissingDataError, match="DOGE_USDC"):
        instrument("DOGE_USDC-27DEC24-0d4-C")
