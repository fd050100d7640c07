"""Solved chains: the smile comes back, Greeks are derivatives, and units are those that are told."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.volatility.arbitrage import check_chain
from optionix_core.volatility.lint import row_texts
from optionix_core.volatility.solve import solve

STRIKES = np.arange(70.0, 131.0, 1.0)


@pytest.fixture(scope="module")
def one(known, slice_of, chain_of):
    truth = known(90.0, 101.0, 0.04)
    return truth, solve(chain_of(slice_of(truth, STRIKES), spot=100.0))


def test_the_smile_comes_back_on_both_sides(one, true_smile):
    truth, solved = one
    expected = np.array([true_smile(math.log(strike / truth.forward), truth.years) for strike in STRIKES])
    (item,) = solved.slices
    assert item.call.iv == pytest.approx(expected, abs=1e-8)
    assert item.put.iv == pytest.approx(expected, abs=1e-8)
    assert item.smile == pytest.approx(expected, abs=1e-8)


def test_bid_and_ask_volatilities_bracket_the_mid(one):
    (item,) = one[1].slices
    for side in (item.call, item.put):
        assert np.all(side.ask_iv > side.iv)
        inside = np.isfinite(side.bid_iv)
        assert np.all(side.bid_iv[inside] < side.iv[inside])


def test_call_and_put_deltas_differ_by_the_discounted_forward_over_spot(one):
    _, solved = one
    (item,) = solved.slices
    expected = item.discount_factor * item.forward / solved.spot
    assert item.call.delta - item.put.delta == pytest.approx(np.full(STRIKES.shape, expected), abs=1e-12)
    assert item.call.gamma == pytest.approx(item.put.gamma, rel=1e-6)
    assert item.call.vega == pytest.approx(item.put.vega, rel=1e-6)


def black_scholes(sign, spot, strike, years, rate, carry, volatility):
    """Price by the error function, for differences (Black & Scholes 1973 with carry, as Merton 1973)."""
    root = volatility * math.sqrt(years)
    upper = (math.log(spot / strike) + carry * years) / root + 0.5 * root

    def normal(x):
        return 0.5 * math.erfc(-x / math.sqrt(2.0))

    forward, discount = spot * math.exp(carry * years), math.exp(-rate * years)
    return discount * sign * (forward * normal(sign * upper) - strike * normal(sign * (upper - root)))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("strike", [85.0, 101.0, 120.0])
def test_greeks_are_the_derivatives_that_they_are_called(one, sign, strike):
    _, solved = one
    (item,) = solved.slices
    side = item.call if sign > 0 else item.put
    place = int(strike - STRIKES[0])
    rate, volatility, years = item.rate, side.iv[place], item.years
    carry = math.log(item.forward / 100.0) / years

    def price(spot=100.0, later=0.0, more=0.0):
        return black_scholes(sign, spot, strike, years - later, rate, carry, volatility + more)

    assert side.delta[place] == pytest.approx((price(100.01) - price(99.99)) / 0.02, abs=1e-7)
    assert side.gamma[place] == pytest.approx((price(100.1) - 2.0 * price() + price(99.9)) / 0.01, abs=1e-6)
    assert side.vega[place] == pytest.approx((price(more=1e-5) - price(more=-1e-5)) / 2e-5, abs=1e-5)
    assert side.theta[place] == pytest.approx((price(later=1e-6) - price(later=-1e-6)) / 2e-6, abs=1e-4)


def test_without_a_spot_greeks_refer_to_the_forward(known, slice_of, chain_of):
    truth = known(90.0, 101.0, 0.04)
    solved = solve(chain_of(slice_of(truth, STRIKES)))
    assert (solved.spot, solved.spot_source) == (None, None)
    (item,) = solved.slices
    assert item.call.delta - item.put.delta == pytest.approx(np.full(STRIKES.shape, item.discount_factor), abs=1e-12)


def test_inverse_options_give_the_volatility_of_their_cash_value(known, slice_of, chain_of, true_smile):
    truth = known(60.0, 101.0, 0.0)
    item = slice_of(truth, STRIKES, inverse=True, underlying_price=101.0)
    (solved,) = solve(chain_of(item)).slices
    expected = np.array([true_smile(math.log(strike / 101.0), truth.years) for strike in STRIKES])
    assert solved.call.iv == pytest.approx(expected, abs=1e-8)
    assert solved.call.mid == pytest.approx(0.5 * (item.call.bid + item.call.ask), rel=1e-15)


def test_at_the_money_volatility_lies_at_the_forward(one, true_smile):
    truth, solved = one
    (item,) = solved.slices
    assert item.at_the_money_volatility == pytest.approx(true_smile(0.0, truth.years), abs=1e-4)
    expected = truth.forward * item.at_the_money_volatility * math.sqrt(truth.years)
    assert item.expected_move == pytest.approx(expected, rel=1e-9)


def test_no_volatility_at_the_money_is_made_up_from_one_side(known, slice_of, chain_of):
    above = slice_of(known(90.0, 80.0, 0.04), np.arange(85.0, 100.0))
    (item,) = solve(chain_of(above)).slices
    assert item.forward is not None
    assert item.at_the_money_volatility is None
    assert item.expected_move is None


def test_days_are_counted_between_the_exchanges_dates(one):
    (item,) = one[1].slices
    assert item.days == 90  # 5 January to 5 April 2026, both 16:00 in New York in round numbers
    assert item.years == pytest.approx(90.0 / 365.0, rel=1e-15)


def test_an_empty_chain_solves_to_nothing(chain_of):
    solved = solve(chain_of(spot=100.0))
    assert (solved.slices, solved.solved_count, solved.rejections) == ((), 0, {})


def test_a_moment_without_zone_is_refused(known, slice_of, chain_of):
    chain = replace(chain_of(slice_of(known(9.0, 100.0, 0.0), STRIKES)), as_of=datetime(2026, 1, 5))  # noqa: DTZ001 - the point of the test
    with pytest.raises(InvalidValueError, match=r"chain\.as_of must be a moment with a time zone"):
        solve(chain)


def test_an_unknown_expiry_is_refused_with_those_that_exist(one):
    _, solved = one
    assert solved.slice(solved.slices[0].source.expiry, "ORBIT") is solved.slices[0]
    with pytest.raises(UnknownNameError, match="ORBIT 2026-04-05"):
        solved.slice(solved.slices[0].source.expiry, "SPX")


def test_all_expiries_solve_together_as_they_do_alone(known, slice_of, chain_of):
    truths = [known(days, 100.0 * math.exp(0.02 * days / 365.0), 0.04) for days in (120.0, 365.0)]
    slices = [slice_of(truth, STRIKES) for truth in truths]
    together = solve(chain_of(*slices, spot=100.0)).slices
    for item, joint in zip(slices, together, strict=True):
        (alone,) = solve(chain_of(item, spot=100.0)).slices
        np.testing.assert_allclose(alone.put.iv, joint.put.iv, rtol=1e-9)
        np.testing.assert_allclose(alone.put.theta, joint.put.theta, rtol=1e-6)


PRICES = st.one_of(
    st.floats(0.0, 60.0), st.sampled_from([0.0, 0.01, 0.05, 1e-9, 1e9, -1.0, float("nan"), float("inf"), -float("inf")])
)


@settings(max_examples=80, deadline=None)
@given(
    quotes=st.lists(st.tuples(PRICES, PRICES, PRICES, PRICES), min_size=1, max_size=14),
    days=st.floats(-1.0, 1000.0),
    inverse=st.booleans(),
    source=st.one_of(st.none(), st.floats(50.0, 150.0)),
    rate=st.one_of(st.none(), st.floats(-0.1, 0.5)),
)
def test_whatever_is_quoted_each_quote_is_either_solved_or_has_its_reason(
    known, slice_of, chain_of, quotes, days, inverse, source, rate
):
    strikes = 95.0 + np.arange(float(len(quotes)))
    item = slice_of(known(30.0, 100.0, 0.0), strikes, inverse=inverse, underlying_price=source)
    call_bid, call_ask, put_bid, put_ask = np.array(quotes).T
    item = replace(
        item,
        expires_at=item.expires_at + timedelta(days=days - 30.0),
        call=replace(item.call, bid=call_bid, ask=call_ask),
        put=replace(item.put, bid=put_bid, ask=put_ask),
    )
    solved = solve(chain_of(item, spot=100.0), rate)
    assert solved.solved_count + sum(solved.rejections.values()) == 2 * len(quotes)
    for side in (solved.slices[0].call, solved.slices[0].put):
        accepted = np.array([reason is None for reason in side.rejected])
        for column in (side.mid, side.iv, side.delta, side.gamma, side.vega, side.theta):
            np.testing.assert_array_equal(np.isfinite(column), accepted)
    assert len(row_texts(solved.slices[0], check_chain(solved))) == len(quotes)
