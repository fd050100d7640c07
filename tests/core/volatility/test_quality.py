"""Every bad quote is rejected for its reason, and for the most basic one where there are several."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.quality import QuoteRules, Rejection
from optionix_core.volatility.solve import solve

STRIKES = np.arange(80.0, 121.0, 1.0)
AT = {strike: place for place, strike in enumerate(STRIKES.tolist())}


def planted(known, slice_of, chain_of, strike, **quotes):
    """The chain with the call at `strike` changed."""
    item = slice_of(known(60.0, 100.0, 0.04), STRIKES)
    call = item.call
    for name, value in quotes.items():
        column = getattr(call, name).copy()
        column[AT[strike]] = value
        call = replace(call, **{name: column})
    return chain_of(replace(item, call=call), spot=100.0)


@pytest.mark.parametrize(
    ("quotes", "reason"),
    [
        ({"bid": 0.0}, "no bid"),
        ({"bid": np.nan}, "no bid"),
        ({"bid": 0.0, "ask": 0.0}, "no bid"),
        ({"ask": 0.0}, "no ask"),
        ({"ask": np.inf}, "no ask"),
        ({"bid": 2.0, "ask": 1.9}, "crossed"),
        ({"bid": 0.5, "ask": 1.6}, "too wide"),
        ({"bid": 100.5, "ask": 101.0}, "above maximum"),
    ],
)
def test_a_bad_quote_keeps_its_reason_and_gets_no_numbers(known, slice_of, chain_of, quotes, reason):
    (solved,) = solve(planted(known, slice_of, chain_of, 105.0, **quotes)).slices
    place = AT[105.0]
    assert solved.call.rejected[place] == reason
    for column in ("mid", "iv", "bid_iv", "ask_iv", "delta", "gamma", "vega", "theta"):
        assert np.isnan(getattr(solved.call, column)[place])
    assert solved.put.rejected[place] is None
    assert sum(one is not None for one in solved.call.rejected) == 1


def test_a_mid_under_intrinsic_value_is_rejected(known, slice_of, chain_of):
    (solved,) = solve(planted(known, slice_of, chain_of, 85.0, bid=14.0, ask=14.2)).slices
    assert solved.call.rejected[AT[85.0]] is Rejection.BELOW_INTRINSIC


def test_a_locked_market_is_a_market(known, slice_of, chain_of):
    (solved,) = solve(planted(known, slice_of, chain_of, 105.0, bid=1.5, ask=1.5)).slices
    place = AT[105.0]
    assert solved.call.rejected[place] is None
    assert solved.call.bid_iv[place] == solved.call.ask_iv[place] == solved.call.iv[place]


def test_an_expired_slice_is_rejected_whole(known, slice_of, chain_of):
    (solved,) = solve(
        chain_of(slice_of(known(0.1, 100.0, 0.0), STRIKES, expires_at=datetime(2026, 1, 5, tzinfo=UTC)))
    ).slices
    assert set(solved.call.rejected) == set(solved.put.rejected) == {"expired"}
    assert solved.forward is None
    assert solved.rate is None


def test_a_side_without_instrument_says_so(known, slice_of, chain_of):
    item = slice_of(known(60.0, 100.0, 0.04), STRIKES)
    names = (None, *item.call.symbols[1:])
    solved = solve(chain_of(replace(item, call=replace(item.call, symbols=names))))
    assert solved.slices[0].call.rejected[0] == "no instrument"
    assert solved.rejections == {}


def test_an_old_quote_is_stale_only_where_a_limit_and_a_time_are_given(known, slice_of, chain_of):
    now = datetime(2026, 1, 5, 21, 0, tzinfo=UTC)
    chain = planted(known, slice_of, chain_of, 105.0, quoted_at=(now - timedelta(seconds=61)).timestamp())
    assert solve(chain).rejections == {}
    assert solve(chain, stale_after=timedelta(seconds=60)).rejections == {Rejection.STALE: 1}
    assert solve(chain, stale_after=timedelta(seconds=62)).rejections == {}
    late = solve(chain, stale_after=timedelta(seconds=62), now=now + timedelta(seconds=2))
    assert late.rejections == {Rejection.STALE: 1}


def test_limits_that_mean_nothing_are_refused():
    with pytest.raises(InvalidValueError, match="maximum_relative_spread must be positive"):
        QuoteRules(maximum_relative_spread=0.0)
    with pytest.raises(InvalidValueError, match="stale_after must be positive"):
        QuoteRules(stale_after=timedelta(0))
