"""Boxes: forwards sold at one strike and bought at another, found where they are planted and nowhere else."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.boxes import boxes
from optionix_core.volatility.solve import solve

STRIKES = np.arange(80.0, 121.0, 5.0)


@pytest.fixture(scope="module")
def solved_of(known, slice_of, chain_of):
    def made(shift=0.0, place=4, spread=0.02, **changes):
        item = slice_of(known(60.0, 101.0, 0.03), STRIKES, spread, **changes)
        bid, ask = item.call.bid.copy(), item.call.ask.copy()
        bid[place] += shift
        ask[place] += shift
        item = replace(item, call=replace(item.call, bid=bid, ask=ask))
        return solve(chain_of(item, spot=100.5), 0.03)

    return made


def by_hand(item):
    """Every ordered pair of strikes, leg by leg: what is received now less what is paid for good at expiry."""
    call, put, D = item.source.call, item.source.put, item.discount_factor
    best = {}
    for i, j in itertools.permutations(range(STRIKES.size), 2):
        received = call.bid[i] - put.ask[i] - call.ask[j] + put.bid[j]
        paid = D * (STRIKES[j] - STRIKES[i])
        best[STRIKES[i]] = max(best.get(STRIKES[i], -np.inf), received - paid)
    return {strike: profit for strike, profit in best.items() if profit > 1e-9}


def test_quotes_around_one_forward_have_no_box(solved_of):
    assert boxes(solved_of().slices) == ()


@given(shift=st.floats(-1.5, 1.5), place=st.integers(0, STRIKES.size - 1))
@settings(max_examples=40, deadline=None)
def test_boxes_are_those_of_all_pairs_taken_by_hand(solved_of, shift, place):
    item = solved_of(shift, place).slices[0]
    if not np.all(item.call.usable & item.put.usable):
        return
    told = {one.strike: one.severity for one in boxes([item])}
    expected = by_hand(item)
    assert told.keys() == expected.keys()
    for strike, profit in expected.items():
        assert told[strike] == pytest.approx(profit, abs=1e-12)


def test_a_call_bid_too_high_is_sold_against_the_cheapest_forward(solved_of):
    found = boxes(solved_of(1.0).slices)
    assert found[0].strike == STRIKES[4]
    assert found[0].other != STRIKES[4]
    assert [one.severity for one in found] == sorted((one.severity for one in found), reverse=True)


def test_a_profit_within_the_tolerance_is_left_out(solved_of):
    worst = boxes(solved_of(1.0).slices)[0].severity
    assert boxes(solved_of(1.0).slices, worst * 1.001) == ()


def test_a_rejected_quote_takes_part_in_no_box(solved_of):
    solved = solved_of(1.0)
    item = solved.slices[0]
    iv = item.call.iv.copy()
    iv[4] = np.nan
    assert boxes([replace(item, call=replace(item.call, iv=iv))]) == ()


def test_american_options_have_no_boxes(solved_of):
    assert boxes(solved_of(1.0, exercise="american").slices) == ()


def test_a_negative_tolerance_is_refused(solved_of):
    with pytest.raises(InvalidValueError, match="tolerance must be zero or more"):
        boxes(solved_of().slices, -1.0)
