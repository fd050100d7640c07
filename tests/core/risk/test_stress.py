"""A book in named scenarios, on grids, and by the nearest move that breaks a limit."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.scenarios import STRESS_LIBRARY
from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.pricing import black_scholes
from optionix_core.risk import stress_library
from optionix_core.risk.reverse_stress import Factor, reverse_stress
from optionix_core.risk.scenarios import StickyRule
from optionix_core.risk.stress import by_group, scenario_set, stress, stress_grid
from optionix_core.risk.stress_library import ScenarioKind, StressScenario, VolatilityMove

from .books import NOON, Smile, book, market, option, share

LIBRARY = stress_library.read(STRESS_LIBRARY)
CRASH = next(one for one in LIBRARY if one.id == "crash-1987")


def scenario(**changes: object) -> StressScenario:
    terms: dict[str, object] = {"id": "x", "title": "x", "kind": ScenarioKind.USER, "source": "test", "spot": 0.0}
    return StressScenario(**(terms | changes))  # type: ignore[arg-type]


def test_shares_move_by_the_markets_move_times_beta() -> None:
    held = book(share(quantity=100.0), share("d", "DELTA", 10.0))
    found = stress(held, [CRASH], betas={"ORBIT": 1.0, "DELTA": 0.5})
    assert found.pnl.row("shares")[0] == pytest.approx(-0.205 * 100 * 100)
    assert found.pnl.row("d")[0] == pytest.approx(-0.1025 * 10 * 50 * 1.1)
    assert found.total()[0] == pytest.approx(-2050 - 56.375)
    with pytest.raises(MissingDataError, match="no beta is known for DELTA"):
        stress(held, [CRASH], betas={"ORBIT": 1.0})


def test_a_long_put_gains_and_a_short_put_loses_in_every_crash() -> None:
    falls = [one for one in LIBRARY if one.spot is not None and one.spot < 0]
    assert len(falls) == len(LIBRARY)
    assert (stress(book(option("p", quantity=1.0)), falls).total() > 0).all()
    assert (stress(book(option("p", quantity=-1.0)), falls).total() < 0).all()


def test_an_option_in_a_scenario_is_repriced_at_the_moved_smile() -> None:
    # By hand: spot 100 to 79.5; forward of 73 days times 1.02^0.2; the smile is read at K F0 / F1 and the change of
    # volatility at 73 days is 1.1382 (30 / 73)^0.38.
    held = book(option("p", quantity=1.0, multiplier=1.0))
    found = stress(held, [CRASH])
    assert found.sticky is StickyRule.DELTA
    years = 73 / 365
    payout = 0.03 - math.log(1.02)
    smile = Smile(100.0)
    start = float(smile.implied_volatility(95.0, years))
    end = float(smile.implied_volatility(95.0 / 0.795, years)) + 1.1382 * (30 / 73) ** 0.38
    before = black_scholes.price("put", 100.0, 95.0, years, 0.03, payout, start)
    after = black_scholes.price("put", 79.5, 95.0, years, 0.03, payout, end)
    assert found.total()[0] == pytest.approx(after - before, rel=2e-4)


def test_without_a_surface_volatilities_stay_with_their_strikes_and_the_result_says_so() -> None:
    held = book(option("p", volatility=0.2), market=market(surfaces={}))
    found = stress(held, [CRASH])
    assert found.sticky is StickyRule.STRIKE
    assert any("sticky strike" in words for words in found.assumptions)
    assert any("beta 1" in words for words in found.assumptions)
    assert any("skew" in words for words in found.assumptions)
    with pytest.raises(MissingDataError):
        stress(held, [CRASH], sticky=StickyRule.DELTA)


def test_a_scenario_that_says_nothing_of_an_underlying_is_refused() -> None:
    one = scenario(spot=None, spots={"ORBIT": -0.1})
    assert stress(book(share()), [one]).total()[0] == pytest.approx(-1000.0)
    with pytest.raises(MissingDataError, match="scenario 'x' says nothing about DELTA"):
        stress(book(share("d", "DELTA")), [one])


def test_a_name_that_is_not_held_is_told() -> None:
    one = scenario(spot=-0.1, spots={"ORBTI": -0.3})
    assert "scenario x names ORBTI, of which nothing is held" in stress(book(share()), [one]).assumptions


def test_volatility_at_a_tenor_is_that_of_the_scenario() -> None:
    one = scenario(volatility=(VolatilityMove(30.0, 0.2), VolatilityMove(365.0, 0.1)), decay=0.5)
    shocks = scenario_set(book(share()), [one]).shocks("ORBIT")
    found = dict(zip(np.round(shocks.tenors * 365, 6).tolist(), shocks.volatility_change[0].tolist(), strict=True))
    assert found[1.0] == found[30.0] == pytest.approx(0.2)
    assert found[365.0] == pytest.approx(0.1)
    assert found[1460.0] == pytest.approx(0.05)


def test_an_empty_book_loses_nothing() -> None:
    assert (stress(book(), LIBRARY).total() == 0).all()


def test_accounts_sum_to_the_total() -> None:
    held = book(option("a/p"), share("a/s"), share("b/s", quantity=-50.0))
    found = stress(held, LIBRARY)
    groups = by_group(found.pnl, {"a/p": "a", "a/s": "a", "b/s": "b"})
    assert sum(groups.values()) == pytest.approx(found.total(), rel=1e-12)
    with pytest.raises(MissingDataError, match="a/s belongs to no group"):
        by_group(found.pnl, {"a/p": "a", "b/s": "b"})


def test_a_grid_is_every_combination() -> None:
    held = book(option("p"), share())
    found = stress_grid(held, (-0.1, 0.0, 0.1), (0.0, 0.05), (0.0, 7.0))
    assert found.total.shape == (3, 2, 2)
    assert found.total[1, 0, 0] == pytest.approx(0.0, abs=1e-9)
    # A short put gains by time and loses by volatility.
    assert found.total[1, 0, 1] > 0 > found.total[1, 1, 0]
    only = stress(held, [scenario(spot=-0.1, days=7.0)], sticky=StickyRule.STRIKE)
    assert found.total[0, 0, 1] == pytest.approx(only.total()[0], rel=1e-9)


@given(st.floats(500.0, 4000.0), st.floats(0.005, 0.05))
@settings(max_examples=15, deadline=None)
def test_reverse_stress_of_shares_is_the_move_that_loses_the_limit(limit: float, deviation: float) -> None:
    held = book(share(quantity=100.0))
    found = reverse_stress(held, limit, [Factor(kind="spot", deviation=deviation)], reach=100.0)
    expected = -math.log1p(-limit / 10_000.0) / deviation
    assert found.found is (expected <= 100.0)
    if not found.found:
        assert found.loss < limit
        return
    assert found.distance == pytest.approx(expected, rel=1e-6)
    assert found.moves[0].move == pytest.approx(-limit / 10_000.0, rel=1e-6)
    assert found.loss >= limit > found.loss_just_inside


def test_of_two_factors_the_nearest_break_mixes_them_as_their_risks_do() -> None:
    # Two small positions: the loss is nearly linear, so that the nearest point is along covariance times weights.
    held = book(share(quantity=100.0), share("d", "DELTA", 100.0))
    factors = [Factor(kind="spot", name="ORBIT", deviation=0.001), Factor(kind="spot", name="DELTA", deviation=0.002)]
    correlation = np.array([[1.0, 0.3], [0.3, 1.0]])
    found = reverse_stress(held, 30.0, factors, correlation)
    weights = np.array([10_000.0, 5_500.0])
    covariance = np.outer([0.001, 0.002], [0.001, 0.002]) * correlation
    spread = float(np.sqrt(weights @ covariance @ weights))
    assert found.distance == pytest.approx(30.0 / spread, rel=2e-3)
    expected = -30.0 * covariance @ weights / spread**2
    assert [one.move for one in found.moves] == pytest.approx(expected.tolist(), rel=1e-2)


def test_a_short_straddle_breaks_on_the_nearer_side_and_the_proof_is_revalued() -> None:
    legs = [option(f"{kind}100", option_type=kind, strike=100.0, quantity=-1.0) for kind in ("call", "put")]
    held = book(*legs)
    factors = [Factor(kind="spot", deviation=0.05), Factor(kind="volatility", deviation=0.25)]
    found = reverse_stress(held, 600.0, factors)
    assert found.found
    assert found.loss >= 600.0 > found.loss_just_inside
    again = stress_grid(held, (found.moves[0].move,), (found.moves[1].move,), volatility="return")
    assert again.total[0, 0, 0] == pytest.approx(-found.loss, rel=1e-9)
    # No point of a fine grid within 0.97 of the distance breaks the limit.
    steps = np.linspace(-found.distance, found.distance, 61)
    grid = stress_grid(held, np.expm1(0.05 * steps).tolist(), np.expm1(0.25 * steps).tolist(), volatility="return")
    inside = np.hypot(steps[:, np.newaxis], steps) < 0.97 * found.distance
    assert (-grid.total[:, :, 0])[inside].max() < 600.0


def test_none_within_bounds_is_an_answer_with_the_worst_that_was_found() -> None:
    # A long put loses its premium at most.
    held = book(option("p", quantity=1.0, multiplier=1.0, expiry=NOON + timedelta(days=30)))
    found = reverse_stress(held, 50.0, [Factor(kind="spot", deviation=0.05)])
    assert not found.found
    assert found.distance is None
    assert 0.0 < found.loss < 50.0
    assert found.moves[0].move > 0.2


def test_reverse_stress_refuses_what_makes_no_sense() -> None:
    held = book(share(), share("d", "DELTA"))
    spot = Factor(kind="spot", deviation=0.01)
    with pytest.raises(InvalidValueError, match="limit must be positive"):
        reverse_stress(held, -1.0, [spot])
    with pytest.raises(InvalidValueError, match="factors must be at least one"):
        reverse_stress(held, 1.0, [])
    with pytest.raises(InvalidValueError, match="factors must be each given once"):
        reverse_stress(held, 1.0, [spot, spot])
    with pytest.raises(MissingDataError, match="no factor moves the spot of DELTA"):
        reverse_stress(held, 1.0, [Factor(kind="spot", name="ORBIT", deviation=0.01)])
    with pytest.raises(InvalidValueError, match="smallest eigenvalue"):
        reverse_stress(held, 1.0, [spot, Factor(kind="rate", deviation=0.01)], [[1.0, 1.0], [1.0, 1.0]])
    with pytest.raises(InvalidValueError, match="deviation of spot must be positive"):
        Factor(kind="spot", deviation=0.0)
