"""The simulated market cannot be arbitraged: neither its smile nor its quotes."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.feeds import SimulatedFeed
from optionix_core.feeds.simulated import SimulatedSmile
from optionix_core.feeds.simulated.path import moment_of
from optionix_core.feeds.simulated.underlyings import RATE, SYMBOLS, UNDERLYINGS
from optionix_core.market.chain import OptionChain
from optionix_core.market.protocols import VolatilityFunction
from optionix_core.volatility.arbitrage import check_chain
from optionix_core.volatility.smile_arbitrage import check_function
from optionix_core.volatility.solve import solve

EXPIRIES = np.array([1, 6, 24, 72, 168, 24 * 14, 24 * 30, 24 * 60, 24 * 120, 24 * 270, 24 * 365, 24 * 730, 24 * 1100])
"""Hours: from the last one to three years."""
YEARS = EXPIRIES / (24 * 365)
START = datetime(2021, 1, 1, tzinfo=UTC)
SPAN = 6 * 365 * 86400 * 4

feed = SimulatedFeed()


@given(symbol=st.sampled_from(SYMBOLS), tick=st.integers(0, SPAN))
@settings(max_examples=25, deadline=None)
def test_the_smile_is_free_of_butterfly_and_calendar_arbitrage_at_any_moment(symbol: str, tick: int) -> None:
    smile = feed.smile(symbol, START + tick * timedelta(milliseconds=250))
    assert isinstance(smile, VolatilityFunction)
    report = check_function(smile, YEARS, [smile.forward(years) for years in YEARS.tolist()], deviations=6.0)
    assert report.points == 401 * len(YEARS)
    assert not report.found
    assert report.minimum_g > 0.0


@given(
    spread=st.floats(1e-4, 3.0),
    skew=st.floats(-0.95, 0.95),
    share=st.floats(0.05, 1.0),
    decay=st.floats(0.05, 0.5),
)
@settings(max_examples=25, deadline=None)
def test_every_parameter_within_the_bounds_gives_an_arbitrage_free_surface(
    spread: float, skew: float, share: float, decay: float
) -> None:
    # Gatheral and Jacquier 2014, theorems 4.1 and 4.2: eta (1 + |rho|) <= 2 with gamma in (0, 1/2].
    smile = SimulatedSmile(100.0, spread, RATE, 0.0, 0.04, 3.0, 0.0, 1.0, skew, share * 2.0 / (1.0 + abs(skew)), decay)
    assert not check_function(smile, YEARS, [smile.forward(years) for years in YEARS.tolist()]).found


@pytest.mark.parametrize(("field", "value"), [("curvature", 1.5), ("decay", 0.6), ("skew", -1.0), ("variance", 0.0)])
def test_parameters_outside_the_bounds_are_refused(field: str, value: float) -> None:
    terms = {
        "spot": 100.0,
        "variance": 0.04,
        "rate": RATE,
        "dividend_yield": 0.0,
        "mean_variance": 0.04,
        "variance_speed": 3.0,
        "jump_variance": 0.0,
        "premium": 1.0,
        "skew": -0.5,
        "curvature": 1.0,
        "decay": 0.4,
    }
    SimulatedSmile(**terms)
    with pytest.raises(InvalidValueError, match=field):
        SimulatedSmile(**{**terms, field: value})


def test_total_variance_at_the_money_increases_with_expiry_whatever_the_variance() -> None:
    for underlying in UNDERLYINGS:
        for variance in (1e-4, underlying.mean_variance, 4.0):
            smile = SimulatedSmile.of(underlying, underlying.level, variance)
            theta = [smile.at_the_money_variance(years) for years in np.linspace(1e-6, 5.0, 2000).tolist()]
            assert (np.diff(theta) > 0).all()


def test_the_scalar_and_the_array_smile_agree() -> None:
    smile = feed.smile("QUASAR", datetime(2026, 3, 3, 17, 5, tzinfo=UTC))
    strikes = np.linspace(20.0, 160.0, 57)
    for years in YEARS.tolist():
        scalar = [smile.volatility(strike, years) for strike in strikes.tolist()]
        np.testing.assert_allclose(smile.implied_volatility(strikes, years), scalar, rtol=1e-12)


def test_a_strike_or_expiry_that_is_not_positive_is_refused() -> None:
    smile = feed.smile("ORBIT", START)
    with pytest.raises(InvalidValueError, match=r"strike must be positive \(got -1.0\)"):
        smile.implied_volatility([100.0, -1.0], 0.5)
    with pytest.raises(InvalidValueError, match=r"expiry must be positive \(got 0.0\)"):
        smile.implied_volatility(100.0, [0.5, 0.0])


def _moments(symbol: str) -> list[datetime]:
    path = feed.market(symbol).path
    jump = next(jump for number in range(100, 125) for jump in path.block(number).jumps)
    expiry = feed.market(symbol).listing.expiries(jump.tick)[1].expires_at
    return [
        moment_of(jump.tick),
        moment_of(jump.tick + 7),
        expiry - timedelta(minutes=1),
        datetime(2026, 11, 24, 16, 30, 0, 700000, tzinfo=UTC),
    ]


def _net_violations(chain: OptionChain, dividend_yield: float) -> list[tuple[str, str, float]]:
    """Verticals, butterflies of neighbours and parity, buying at asks and selling at bids; own and dense."""
    found: list[tuple[str, str, float]] = []
    assert chain.spot is not None
    for item in chain.slices:
        years = (item.expires_at - chain.as_of).total_seconds() / (365 * 86400)
        discount = math.exp(-RATE * years)
        forward = chain.spot * math.exp((RATE - dividend_yield) * years)
        for name, side, order in (("call", item.call, 1), ("put", item.put, -1)):
            bid, ask, strikes = np.nan_to_num(side.bid)[::order], side.ask[::order], item.strikes[::order]
            width = np.abs(np.diff(strikes))
            for kind, gain in (
                ("vertical", bid[1:] - ask[:-1]),
                ("vertical bound", bid[:-1] - ask[1:] - discount * width),
                ("butterfly", bid[1:-1] - 0.5 * (ask[:-2] + ask[2:])),
            ):
                if gain.max() > 1e-9:
                    found.append((f"{item.expiry} {name}", kind, float(gain.max())))
        together = np.nan_to_num(item.call.bid) - item.put.ask - discount * (forward - item.strikes)
        apart = discount * (forward - item.strikes) - (item.call.ask - np.nan_to_num(item.put.bid))
        worst = float(max(together.max(), apart.max()))
        if worst > 1e-9:
            found.append((str(item.expiry), "parity", worst))
    return found


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_quotes_admit_no_arbitrage_net_of_their_spread_even_around_jumps_and_expiry(symbol: str) -> None:
    dividend_yield = feed.market(symbol).underlying.dividend_yield
    for moment in _moments(symbol):
        assert _net_violations(feed.chain(symbol, moment), dividend_yield) == []


def test_the_arbitrage_report_on_a_solved_chain_is_empty() -> None:
    moment = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    solved = solve(feed.chain("ORBIT", moment))
    assert check_chain(solved) == ()


def test_solving_the_chain_gives_the_forwards_and_volatilities_that_made_it() -> None:
    moment = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    smile = feed.smile("TUNDRA", moment)
    solved = solve(feed.chain("TUNDRA", moment))
    for item in solved.slices:
        if item.days < 7:
            continue
        assert item.forward == pytest.approx(smile.forward(item.years), rel=5e-4)
        near = np.abs(item.source.strikes / smile.spot - 1.0) < 0.03
        np.testing.assert_allclose(item.call.iv[near], item.source.call.vendor_iv[near], atol=0.01)
