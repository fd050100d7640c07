"""Forwards and discount factors from put-call parity, with clean and with bad quotes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.forwards import chain_forwards, synchronous_spot
from optionix_core.volatility.parity import ParityRules, implied_forward
from optionix_core.volatility.solve import solve

STRIKES = np.arange(60.0, 141.0, 1.0)


def fit_of(item, years, rules=None):
    every = np.ones(item.strikes.shape, dtype=bool)
    return implied_forward(item, years, every, every, rules)


@settings(max_examples=40, deadline=None)
@given(
    forward=st.floats(80.0, 120.0), rate=st.floats(-0.02, 0.15), days=st.floats(2.0, 900.0), spread=st.floats(0.0, 0.2)
)
def test_clean_quotes_give_the_forward_back(known, slice_of, forward, rate, days, spread):
    truth = known(days, forward, rate)
    fit = fit_of(slice_of(truth, STRIKES, spread), truth.years)
    assert fit.forward() == pytest.approx(forward, rel=1e-9)
    assert fit.discount_factor == pytest.approx(truth.discount_factor, rel=1e-9)


@pytest.mark.parametrize("days", [1.0, 7.0, 30.0, 180.0, 720.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_fifth_of_the_quotes_being_wrong_does_not_move_the_forward(known, slice_of, chain_of, days, seed):
    truth = known(days, 103.7, 0.043)
    item = slice_of(truth, STRIKES)
    generator = np.random.default_rng(seed)
    for side in (item.call, item.put):
        wrong = generator.choice(STRIKES.size, STRIKES.size // 5, replace=False)
        factor = generator.uniform(1.3, 3.0, wrong.size)
        side.bid[wrong] *= factor
        side.ask[wrong] *= factor
    (solved,) = solve(chain_of(item)).slices
    # a wrong quote that errs by less than a tenth of its spread cannot be told from a right one
    assert solved.forward == pytest.approx(truth.forward, rel=1e-5)


def test_clean_chains_give_every_forward_back_within_a_millionth(known, slice_of, chain_of):
    truths = [known(days, 100.0 * np.exp(0.03 * days / 365.0), 0.045) for days in (0.8, 2, 5, 9, 30, 61, 180, 365, 720)]
    solved = solve(chain_of(*(slice_of(truth, STRIKES) for truth in truths), spot=100.0))
    for truth, item in zip(truths, solved.slices, strict=True):
        assert item.forward == pytest.approx(truth.forward, rel=1e-6)
        assert item.rate == pytest.approx(0.045, abs=2e-4)


def test_an_inverse_chain_gives_forward_and_coin_discount_back(known, slice_of):
    truth = known(90.0, 103.0, 0.02)
    fit = fit_of(slice_of(truth, STRIKES, inverse=True), truth.years)
    assert fit.forward() == pytest.approx(103.0, rel=1e-9)
    assert fit.discount_factor == pytest.approx(truth.discount_factor, rel=1e-9)


def test_an_inverse_slice_takes_the_sources_forward_and_a_discount_of_one(known, slice_of):
    truth = known(90.0, 103.0, 0.0)
    item = slice_of(truth, STRIKES, inverse=True, underlying_price=103.25)
    (found,) = chain_forwards([item], [truth.years], [None])
    assert (found.forward, found.discount_factor) == (103.25, 1.0)
    assert (found.forward_source, found.discount_source) == ("source", "unit")


def test_too_few_pairs_give_no_forward_even_with_a_rate(known, slice_of, chain_of):
    item = slice_of(known(30.0, 100.0, 0.04), np.array([95.0, 105.0]))
    (solved,) = solve(chain_of(item, spot=100.0), rate=0.04).slices
    assert solved.forward is None
    assert set(solved.call.rejected) == {"no forward"}


def test_strikes_that_repeat_do_not_disturb_the_line(known, slice_of, chain_of):
    truth = known(60.0, 100.0, 0.04)
    clean = fit_of(slice_of(truth, STRIKES), truth.years)
    twice = fit_of(slice_of(truth, np.repeat(STRIKES, 2)), truth.years)
    assert twice.forward(truth.discount_factor) == pytest.approx(clean.forward(truth.discount_factor), rel=1e-8)
    assert twice.discount_factor == pytest.approx(truth.discount_factor, rel=1e-6)
    (solved,) = solve(chain_of(slice_of(truth, np.repeat(STRIKES, 2)), spot=100.0)).slices
    assert solved.forward == pytest.approx(100.0, rel=1e-7)
    one = slice_of(truth, np.full(6, 100.0))
    assert implied_forward(one, truth.years, np.ones(6, bool), np.ones(6, bool)) is None


def test_a_given_rate_replaces_the_discount_factor_of_the_quotes(known, slice_of, chain_of):
    truth = known(365.0, 100.0, 0.04)
    (solved,) = solve(chain_of(slice_of(truth, STRIKES)), rate=0.06).slices
    assert solved.carried.discount_source == "given"
    assert solved.discount_factor == pytest.approx(np.exp(-0.06))


def test_a_short_expiry_borrows_its_rate_from_longer_ones(known, slice_of, chain_of):
    generator = np.random.default_rng(3)
    short, long = known(2.0, 100.0, 0.05), known(200.0, 102.0, 0.05)
    item = slice_of(short, STRIKES)
    noise = generator.normal(0.0, 0.02, STRIKES.size)
    item = replace(item, call=replace(item.call, bid=item.call.bid + noise, ask=item.call.ask + noise))
    near, _ = solve(chain_of(item, slice_of(long, STRIKES))).slices
    assert near.carried.discount_source == "pooled"
    assert near.rate == pytest.approx(0.05, abs=1e-3)


def test_a_short_expiry_alone_stays_within_the_believable_rates(known, slice_of, chain_of):
    truth = known(1.0, 100.0, 0.05)
    item = slice_of(truth, STRIKES)
    tilt = 0.01 * (STRIKES - 100.0)
    item = replace(item, call=replace(item.call, bid=item.call.bid + tilt, ask=item.call.ask + tilt))
    (found,) = solve(chain_of(item), parity=ParityRules(lowest_rate=-0.01, highest_rate=0.10)).slices
    assert -0.0100001 <= found.rate <= 0.1000001


def test_american_options_use_a_narrower_window_and_are_marked(known, slice_of, chain_of):
    truth = known(60.0, 100.0, 0.04)
    european, american = slice_of(truth, STRIKES), slice_of(truth, STRIKES, exercise="american")
    assert fit_of(american, truth.years).pairs < fit_of(european, truth.years).pairs
    (solved,) = solve(chain_of(american)).slices
    assert solved.american_approximation


def test_a_spot_of_another_moment_is_replaced_by_the_implied_one():
    years = np.array([7.0, 14.0, 30.0, 60.0]) / 365.0
    forwards = 4155.0 * np.exp(0.03 * years)
    assert synchronous_spot(4164.0, years, forwards) == (pytest.approx(4155.0, rel=1e-12), "implied")
    assert synchronous_spot(4156.0, years, forwards) == (4156.0, "source")
    assert synchronous_spot(4164.0, years[:2], forwards[:2]) == (4164.0, "source")
    assert synchronous_spot(None, years[:2], forwards[:2]) == (None, None)


def test_rules_outside_their_bounds_are_refused():
    with pytest.raises(InvalidValueError, match="minimum_pairs must be at least 2"):
        ParityRules(minimum_pairs=1)
    with pytest.raises(InvalidValueError, match="lowest_rate"):
        ParityRules(lowest_rate=0.3)
