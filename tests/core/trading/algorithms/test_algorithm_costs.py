"""Costs by hand: which sign, which price, and no number where a price is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.market.quote import Quote
from optionix_core.trading.algorithms.costs import costs_of, interval_vwap
from optionix_core.trading.orders import Fill, Side

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
HUNDRED = Decimal(100)


def quote(bid, ask, volume=None, last=None):
    return Quote("X", "test", NOW, NOW, bid=bid, ask=ask, bid_size=10, ask_size=10, volume=volume, last=last)


def fill(quantity, price, at, fee="0.65"):
    return Fill("f", "o", quantity, Decimal(price), Decimal(fee) * quantity, "touch-displayed-size", NOW, at)


def test_a_buy_that_paid_up_and_missed_a_rise_costs_both():
    # Arrival 5.00; 3 at 5.10 and 1 at 5.30; 6 of 10 never filled while the mid went to 5.40.
    fills = [fill(3, "5.10", quote(4.9, 5.1)), fill(1, "5.30", quote(5.1, 5.3))]
    found = costs_of(Side.BUY, 10, fills, HUNDRED, quote(4.9, 5.1), quote(5.3, 5.5), Decimal("5.2"))
    assert (found.arrival, found.average, found.slippage) == (Decimal("5.00"), Decimal("5.15"), Decimal("0.15"))
    assert found.slippage_bp == 300
    assert found.slippage_cost == 60  # 0.15 x 4 x 100
    assert found.spread_cost == 40  # 0.10 x 4 x 100
    assert found.opportunity_cost == 240  # 0.40 x 6 x 100
    assert found.fees == Decimal("2.60")
    assert found.shortfall == Decimal("302.60")
    assert found.vwap_slippage == Decimal("-0.05")
    assert found.fill_rate == 0.4


def test_a_sale_has_the_same_signs_the_other_way_round():
    found = costs_of(Side.SELL, 2, [fill(1, "4.90", quote(4.9, 5.1))], HUNDRED, quote(4.9, 5.1), quote(5.1, 5.3))
    assert (found.slippage, found.slippage_cost, found.spread_cost) == (Decimal("0.1"), 10, 10)
    assert found.opportunity_cost == -20


def test_resting_earns_the_half_spread():
    found = costs_of(Side.BUY, 1, [fill(1, "4.9", quote(4.9, 5.1))], HUNDRED, quote(4.9, 5.1), None)
    assert found.spread_cost == -10
    assert found.opportunity_cost == 0
    assert found.shortfall == Decimal("-9.35")


def test_what_has_no_price_is_no_data_and_never_zero():
    one_sided, crossed = quote(None, 5.1), quote(5.2, 5.1)
    for arrival in (None, one_sided, crossed):
        found = costs_of(Side.BUY, 2, [fill(1, "5.1", quote(4.9, 5.1))], HUNDRED, arrival, quote(4.9, 5.1))
        assert (found.arrival, found.slippage, found.slippage_cost, found.shortfall) == (None, None, None, None)
        assert found.spread_cost == 10
    found = costs_of(Side.BUY, 2, [fill(1, "5.1", one_sided)], HUNDRED, quote(4.9, 5.1), one_sided)
    assert (found.spread_cost, found.end_price, found.opportunity_cost, found.shortfall) == (None, None, None, None)
    nothing = costs_of(Side.BUY, 2, [], HUNDRED, quote(4.9, 5.1), quote(4.9, 5.1))
    assert (nothing.average, nothing.slippage, nothing.slippage_cost, nothing.shortfall) == (None, None, 0, 0)


def test_the_interval_price_is_each_rise_of_the_counter_at_its_last():
    quotes = [quote(1, 2, 110, 1.5), quote(1, 2, 110, 1.9), quote(1, 2, 140, 1.1)]
    assert interval_vwap(100, quotes) == Decimal("1.2")  # (10 x 1.5 + 30 x 1.1) / 40
    assert interval_vwap(100, [quote(1, 2, 5, 1.5)]) == Decimal("1.5")  # the counter began anew
    assert interval_vwap(None, quotes) is None
    assert interval_vwap(140, quotes[2:]) is None
    assert interval_vwap(100, [quote(1, 2, 110, None)]) is None
    assert interval_vwap(100, [quote(1, 2, None, 1.5)]) is None


@given(
    st.sampled_from(Side),
    st.lists(st.tuples(st.integers(1, 50), st.decimals("0.01", "20", places=2)), min_size=1, max_size=8),
    st.integers(0, 50),
)
def test_the_shortfall_is_what_paper_would_have_made_less_what_was_made(side, trades, unfilled):
    """Perold's identity: the paper portfolio bought all at arrival, both are marked at the end."""
    fills = [fill(quantity, price, quote(4.9, 5.1)) for quantity, price in trades]
    filled = sum(quantity for quantity, _ in trades)
    found = costs_of(side, filled + unfilled, fills, HUNDRED, quote(4.9, 5.1), quote(6.0, 6.2))
    paper = side.sign * (filled + unfilled) * (Decimal("6.1") - Decimal("5.0")) * HUNDRED
    made = sum(side.sign * quantity * (Decimal("6.1") - price) * HUNDRED for quantity, price in trades)
    assert found.shortfall == paper - (made - found.fees)
    assert found.average == pytest.approx(Decimal(sum(q * p for q, p in trades)) / filled)
