"""The simulated venue's smile is free of static arbitrage, and so are its quotes net of the spread."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.volatility.arbitrage import check_chain
from optionix_core.volatility.smile_arbitrage import check_function
from optionix_core.volatility.solve import solve

MOMENT = datetime(2026, 1, 7, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("spot_variance", [0.005, 0.04, 0.3])
def test_the_simulated_smile_has_no_arbitrage_in_any_state(spot_variance):
    from optionix_core.feeds.simulated.smile import SimulatedSmile
    from optionix_core.feeds.simulated.underlyings import UNDERLYINGS

    for underlying in UNDERLYINGS:
        smile = SimulatedSmile.of(underlying, 100.0, spot_variance)
        expiries = np.array([1.0, 7.0, 30.0, 90.0, 365.0, 730.0]) / 365.0
        report = check_function(smile, expiries, [smile.forward(float(one)) for one in expiries])
        assert not report.found
        assert report.minimum_g > 0.0


def test_simulated_quotes_have_no_arbitrage_net_of_the_spread():
    feed = SimulatedFeed(seed=7, session="continuous")
    for info in feed.underlyings():
        solved = solve(feed.chain(info.symbol, MOMENT))
        assert solved.solved_count > 0
        assert check_chain(solved, tolerance=0.01) == ()
