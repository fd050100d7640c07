"""Scenarios, deviations and betas out of a feed's histories, and what is refused where they lack something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.protocols import PriceHistory
from optionix_core.risk.reverse_stress import FactorKind
from optionix_core.services.feeds import open_feed
from optionix_core.services.risk_factors import history_betas, history_factors
from optionix_core.services.risk_history import history_scenarios

UNTIL = date(2026, 11, 20)
CLOSED = datetime(2026, 11, 20, 21, tzinfo=UTC)
"""The close of that day in New York."""


class Past:
    """A feed that tells histories alone."""

    def __init__(self, **histories: PriceHistory) -> None:
        self._histories = histories

    def history(self, underlying: str, until: date) -> PriceHistory:
        assert until == UNTIL
        if underlying not in self._histories:
            raise UnknownNameError("underlying", underlying, tuple(self._histories))
        return self._histories[underlying]


def history(
    name: str, closes: np.ndarray, volatilities: np.ndarray | None = None, gap: int | None = None
) -> PriceHistory:
    first = datetime(2025, 1, 1, tzinfo=UTC).date()
    places = [place for place in range(closes.size) if place != gap]
    days = tuple(first + timedelta(days=place) for place in places)
    kept = closes[places]
    told = np.full(kept.size, np.nan) if volatilities is None else volatilities[places]
    return PriceHistory(name, "test", days, kept, kept, kept, kept, kept, told)


def walk(seed: int, count: int = 300, size: float = 0.01) -> np.ndarray:
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(size=count) * size))


def test_each_day_is_the_move_of_its_closes() -> None:
    closes, volatilities = walk(1), 0.2 * walk(2) / 100.0
    found = history_scenarios(Past(A=history("A", closes, volatilities)), ["A"], CLOSED, days=260)
    shocks = found.scenarios.shocks("A")
    assert len(found.scenarios) == 260
    assert shocks.spot_return == pytest.approx(closes[-260:] / closes[-261:-1] - 1.0)
    assert shocks.volatility_return == pytest.approx(volatilities[-260:] / volatilities[-261:-1] - 1.0)
    assert found.scenarios.names[-1] == "2025-10-27"
    assert found.notes == ()


def test_without_volatilities_they_stay_and_a_note_says_so() -> None:
    found = history_scenarios(Past(A=history("A", walk(1))), ["A"], CLOSED)
    assert found.scenarios.shocks("A").volatility_return is None
    assert "volatilities stay" in found.notes[0]


def test_a_day_that_one_underlying_lacks_is_named() -> None:
    feed = Past(A=history("A", walk(1)), B=history("B", walk(2), gap=200))
    with pytest.raises(MissingDataError, match="spot B lacks 1 of 299 dates: 2025-07-20"):
        history_scenarios(feed, ["A", "B"], CLOSED)


def test_too_few_days_and_unknown_underlyings_are_refused() -> None:
    with pytest.raises(MissingDataError, match="250 daily moves are needed and 99 are there: A has 100 closes"):
        history_scenarios(Past(A=history("A", walk(1, 100))), ["A"], CLOSED)
    with pytest.raises(UnknownNameError):
        history_scenarios(Past(), ["A"], CLOSED)
    with pytest.raises(InvalidValueError, match="underlyings must be at least one"):
        history_scenarios(Past(), [], CLOSED)


def test_factors_have_the_deviations_and_correlations_of_their_moves() -> None:
    one, noise = walk(1), walk(3)
    feed = Past(A=history("A", one), B=history("B", np.sqrt(one * noise)))
    found = history_factors(feed, ["A", "B"], CLOSED, horizon_days=4, days=250)
    moves = np.diff(np.log(np.stack([one, np.sqrt(one * noise)])), axis=1)[:, -250:]
    sizes = np.sqrt(np.mean(moves**2, axis=1))
    assert [factor.deviation for factor in found.factors] == pytest.approx((2.0 * sizes).tolist(), rel=1e-9)
    assert [factor.kind for factor in found.factors] == [FactorKind.SPOT, FactorKind.SPOT]
    expected = float(np.mean(moves[0] * moves[1]) / sizes[0] / sizes[1])
    assert found.correlations[0, 1] == pytest.approx(expected, rel=1e-9)
    assert 0.5 < expected < 0.9
    still = Past(A=history("A", np.full(300, 5.0)))
    with pytest.raises(MissingDataError, match="A did not move in 250 days"):
        history_factors(still, ["A"], CLOSED)
    with pytest.raises(InvalidValueError, match="horizon_days"):
        history_factors(feed, ["A"], CLOSED, horizon_days=0)


def test_betas_are_of_the_feeds_own_histories() -> None:
    index = walk(1)
    feed = Past(I=history("I", index), A=history("A", index**1.5))
    assert history_betas(feed, ["A"], "I", CLOSED)["A"].beta == pytest.approx(1.5, rel=1e-9)


def test_the_simulated_venue_has_two_years_of_moves() -> None:
    feed = open_feed("sim", seed=7, session="continuous")
    found = history_scenarios(feed, ["ORBIT", "TUNDRA"], CLOSED)
    assert len(found.scenarios) == 500
    assert found.notes == ()
    assert replace(found, notes=("x",)).scenarios is found.scenarios
