"""Planted violations are found with their profit, and clean or merely wide quotes give none."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.volatility.arbitrage import ViolationKind, check_chain, check_slice
from optionix_core.volatility.lint import richness, row_texts
from optionix_core.volatility.solve import solve

STRIKES = np.arange(80.0, 121.0, 2.0)


def place_of(strike):
    return int(np.searchsorted(STRIKES, strike))


def requoted(item, side, strike, bid, ask):
    columns = getattr(item, side)
    bids, asks = columns.bid.copy(), columns.ask.copy()
    bids[place_of(strike)], asks[place_of(strike)] = bid, ask
    return replace(item, **{side: replace(columns, bid=bids, ask=asks)})


def mid(item, side, strike):
    columns = getattr(item, side)
    return 0.5 * float(columns.bid[place_of(strike)] + columns.ask[place_of(strike)])


def solved_of(chain_of, *slices):
    return solve(chain_of(*slices, spot=100.0))


@settings(max_examples=25, deadline=None)
@given(days=st.floats(10.0, 700.0), forward=st.floats(90.0, 110.0), spread=st.floats(0.0, 0.1))
def test_a_smile_without_arbitrage_gives_quotes_without_arbitrage(known, slice_of, chain_of, days, forward, spread):
    slices = [slice_of(known(days * factor, forward, 0.03), STRIKES, spread) for factor in (1.0, 1.5)]
    assert check_chain(solved_of(chain_of, *slices), tolerance=1e-7) == ()


def test_a_dear_body_is_a_butterfly_and_its_profit_is_that_of_the_best_wings(known, slice_of, chain_of):
    item = slice_of(known(60.0, 100.0, 0.04), STRIKES, 0.0)
    body = mid(item, "call", 108.0) + 0.30
    item = requoted(item, "call", 108.0, body, body)
    found = [one for one in check_slice(solved_of(chain_of, item).slices[0]) if one.kind is ViolationKind.BUTTERFLY]
    (worst,) = [one for one in found if one.strike == 108.0]
    asks = dict(zip(STRIKES.tolist(), item.call.ask.tolist(), strict=True))
    every = [
        body - (right - 108.0) / (right - left) * asks[left] - (108.0 - left) / (right - left) * asks[right]
        for left, right in combinations(STRIKES.tolist(), 2)
        if left < 108.0 < right
    ]
    assert worst.severity == pytest.approx(max(every), abs=1e-12)
    assert worst.option_type == "call"
    assert worst.legs == (106.0, 110.0)


def test_a_body_inside_its_spread_is_no_butterfly(known, slice_of, chain_of):
    item = slice_of(known(60.0, 100.0, 0.04), STRIKES, 0.0)
    dear = mid(item, "call", 108.0) + 0.30
    item = requoted(item, "call", 108.0, dear - 0.31, dear + 0.31)
    assert check_slice(solved_of(chain_of, item).slices[0], tolerance=1e-7) == ()


@pytest.mark.parametrize(("side", "strike", "leg", "better"), [("call", 104.0, 102.0, 0.05), ("put", 96.0, 98.0, 0.05)])
def test_an_option_bid_above_a_better_one_is_a_vertical(known, slice_of, chain_of, side, strike, leg, better):
    item = slice_of(known(60.0, 100.0, 0.04), STRIKES, 0.01)
    ask = float(getattr(item, side).ask[place_of(leg)])
    item = requoted(item, side, strike, ask + better, ask + better + 0.02)
    found = [one for one in check_slice(solved_of(chain_of, item).slices[0]) if one.kind is ViolationKind.VERTICAL]
    worst = found[0]
    assert (worst.strike, worst.legs, worst.option_type) == (strike, (leg,), side)
    assert worst.severity == pytest.approx(better, abs=1e-12)


def test_a_spread_that_costs_more_than_its_greatest_payoff_is_a_vertical(known, slice_of, chain_of):
    item = slice_of(known(60.0, 100.0, 0.04), STRIKES, 0.0)
    discount = known(60.0, 100.0, 0.04).discount_factor
    cheap = mid(item, "call", 90.0) - 2.0 * discount - 0.10
    item = requoted(item, "call", 92.0, cheap, cheap)
    solved = solve(chain_of(item, spot=100.0), rate=0.04).slices[0]
    found = [one for one in check_slice(solved) if one.kind is ViolationKind.VERTICAL and one.strike == 90.0]
    assert found[0].legs == (92.0,)
    assert found[0].severity == pytest.approx(0.10, abs=1e-9)


@pytest.mark.parametrize("dear", ["call", "put"])
def test_a_pair_off_its_parity_is_found_whichever_side_is_dear(known, slice_of, chain_of, dear):
    truth = known(60.0, 100.0, 0.04)
    item = slice_of(truth, STRIKES, 0.01)
    bid = mid(item, dear, 100.0) + 0.5
    item = requoted(item, dear, 100.0, bid, bid + 0.02)
    (found,) = [one for one in check_slice(solved_of(chain_of, item).slices[0]) if one.kind is ViolationKind.PARITY]
    other = "put" if dear == "call" else "call"
    cost = float(getattr(item, other).ask[place_of(100.0)])
    assert found.strike == 100.0
    assert found.severity == pytest.approx(bid - cost, abs=1e-6)  # forward equals the strike: both are worth the same


def test_a_near_option_dearer_than_the_far_one_is_a_calendar(known, slice_of, chain_of):
    near, far = (slice_of(known(days, 100.0, 0.0), STRIKES, 0.01) for days in (60.0, 70.0))
    ask = float(far.put.ask[place_of(94.0)])
    near = requoted(near, "put", 94.0, ask + 0.07, ask + 0.10)
    found = [one for one in check_chain(solved_of(chain_of, near, far)) if one.kind is ViolationKind.CALENDAR]
    worst = found[0]
    assert (worst.strike, worst.option_type, worst.expiry) == (94.0, "put", near.expiry)
    assert 94.0 in worst.legs
    assert worst.severity == pytest.approx(0.07, rel=1e-3)


def test_american_options_are_not_held_to_parity_or_calendar(known, slice_of, chain_of):
    item = slice_of(known(60.0, 100.0, 0.04), STRIKES, 0.01, exercise="american")
    bid = mid(item, "call", 100.0) + 0.5
    item = requoted(item, "call", 100.0, bid, bid + 0.02)
    kinds = {one.kind for one in check_chain(solved_of(chain_of, item))}
    assert ViolationKind.PARITY not in kinds
    assert ViolationKind.BUTTERFLY in kinds


def test_an_expiry_without_forward_has_nothing_to_say(known, slice_of, chain_of):
    item = slice_of(known(60.0, 100.0, 0.04), np.array([95.0, 105.0]))
    solved = solve(chain_of(item)).slices[0]
    assert check_slice(solved) == ()
    assert row_texts(solved) == ("", "")
    assert np.isnan(richness(solved)).all()


def test_a_row_tells_its_worst_violation_in_price(known, slice_of, chain_of):
    item = slice_of(known(60.0, 100.0, 0.04), STRIKES, 0.0)
    body = mid(item, "call", 108.0) + 0.30
    item = requoted(item, "call", 108.0, body, body)
    solved = solved_of(chain_of, item)
    texts = row_texts(solved.slices[0], check_chain(solved))
    assert texts[place_of(108.0)] == "parity .30"
    assert texts[place_of(84.0)] == ""


def test_a_row_is_rich_by_what_its_bid_exceeds_the_fair_price(known, slice_of, chain_of):
    item = slice_of(known(60.0, 100.0, 0.04), STRIKES, 0.01)
    fair = mid(item, "call", 110.0)
    rich = solved_of(chain_of, requoted(item, "call", 110.0, fair + 0.06, fair + 0.09)).slices[0]
    cheap = solved_of(chain_of, requoted(item, "call", 110.0, fair - 0.09, fair - 0.06)).slices[0]
    assert richness(rich)[place_of(110.0)] == pytest.approx(0.06, abs=1e-3)
    assert row_texts(rich)[place_of(110.0)] == "rich .06"
    assert row_texts(cheap)[place_of(110.0)] == "cheap .06"


def test_quotes_around_a_given_smile_are_neither_rich_nor_cheap(known, slice_of, chain_of, true_smile):
    class Smile:
        def implied_volatility(self, strike, expiry):
            return np.array([true_smile(float(np.log(one / 100.0)), float(expiry)) for one in strike])

    solved = solved_of(chain_of, slice_of(known(60.0, 100.0, 0.04), STRIKES, 0.01)).slices[0]
    assert row_texts(solved, gap=richness(solved, Smile())) == ("",) * STRIKES.size
