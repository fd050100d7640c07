"""Scenario sets hold what they were given, name what is wrong, and say nothing about what they do not know."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.risk.scenario_builders import from_moves, grid, of_days, unchanged
from optionix_core.risk.scenarios import (
    EVERYTHING,
    RateShocks,
    ScenarioSet,
    StickyRule,
    UnderlyingShocks,
    at_tenor,
    sequence_names,
)


def one_underlying(**shocks: object) -> ScenarioSet:
    return ScenarioSet(names=("calm", "crash"), underlyings={"ORBIT": UnderlyingShocks(**shocks)})  # type: ignore[arg-type]


def test_shocks_that_are_not_named_are_zero() -> None:
    scenarios = one_underlying()
    assert np.array_equal(scenarios.spot_return("ORBIT"), [0.0, 0.0])
    assert np.array_equal(scenarios.rate_change("USD", 1.0), [0.0, 0.0])
    assert np.array_equal(scenarios.exchange_return("EUR"), [0.0, 0.0])
    assert np.array_equal(scenarios.days_passed(), [0.0, 0.0])


def test_an_underlying_without_shocks_is_an_error_unless_everything_moves() -> None:
    with pytest.raises(MissingDataError, match=r"say nothing about COMET \(they have: ORBIT"):
        one_underlying().shocks("COMET")
    moved = UnderlyingShocks(spot_return=np.array([-0.1]))
    assert ScenarioSet(names=("a",), underlyings={EVERYTHING: moved}).spot_return("COMET")[0] == -0.1


@pytest.mark.parametrize(
    ("shocks", "words"),
    [
        ({"spot_return": [0.0, -1.0]}, "spot_return of ORBIT in scenario 'crash' must be above -1 .got -1.0"),
        ({"spot_return": [np.nan, 0.0]}, "spot_return of ORBIT in scenario 'calm' must be finite"),
        ({"spot_return": [0.0]}, "shape of spot_return of ORBIT must be .2,. .got .1,."),
        ({"dividend_return": [0.0, -1.5]}, "dividend_return of ORBIT in scenario 'crash' must be at least -1"),
        ({"volatility_change": [[0.1], [0.2]]}, "shape of volatility_change of ORBIT"),
        ({"tenors": [0.5, 0.25]}, "tenors must be positive, finite and ascending"),
    ],
)
def test_an_impossible_shock_is_refused_by_the_scenario_s_name(shocks: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        one_underlying(**shocks)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"names": ()}, "scenarios must be at least one"),
        ({"names": ("a", "a")}, "name of a scenario must be unique .got a"),
        ({"days": [1.0, -1.0]}, "days in scenario 'b' must be at least 0"),
        ({"weights": [0.5, 0.4]}, "sum of weights must be 1"),
        ({"weights": [1.5, -0.5]}, "weights in scenario 'b' must be at least 0"),
        ({"exchange_rates": {"EUR": [0.0, -1.0]}}, "change of EUR in scenario 'b' must be above -1"),
        ({"rates": {"USD": RateShocks(change=np.zeros(3))}}, "shape of change of rates of USD"),
        ({"sources": ("one",)}, "sources must be 2"),
    ],
)
def test_a_faulty_set_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        ScenarioSet(**({"names": ("a", "b")} | changes))  # type: ignore[arg-type]


def test_shocks_by_tenor_are_linear_between_and_flat_outside() -> None:
    values = np.array([[1.0, 3.0], [10.0, 10.0]])
    tenors = np.array([0.5, 1.0])
    assert np.array_equal(at_tenor(values, tenors, 0.75, 2), [2.0, 10.0])
    assert np.array_equal(at_tenor(values, tenors, 0.1, 2), [1.0, 10.0])
    assert np.array_equal(at_tenor(values, tenors, [9.0, 0.6], 2), [3.0, 10.0])
    assert np.array_equal(at_tenor(values[:, :1], tenors[:1], 0.75, 2), [1.0, 10.0])


def test_arrays_are_copied_and_frozen() -> None:
    given = np.array([0.0, -0.2])
    scenarios = one_underlying(spot_return=given)
    given[0] = 5.0
    held = scenarios.shocks("ORBIT").spot_return
    assert held is not None
    assert held[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        held[0] = 1.0


def test_a_part_has_the_same_shocks_and_no_weights() -> None:
    scenarios = from_moves(
        ("a", "b", "c"),
        {"ORBIT": [0.1, 0.2, 0.3]},
        volatility_changes={"ORBIT": [[0.01, 0.02]] * 3},
        tenors=[0.25, 1.0],
        rate_changes={"USD": [0.001, 0.002, 0.003]},
        exchange_returns={"EUR": [0.01, 0.02, 0.03]},
        days=10.0,
        weights=[0.2, 0.3, 0.5],
        sources=("s1", "s2", "s3"),
        sticky=StickyRule.DELTA,
    )
    part = scenarios.part(1, 3)
    assert part.names == ("b", "c")
    assert part.sources == ("s2", "s3")
    assert part.sticky is StickyRule.DELTA
    assert np.array_equal(part.spot_return("ORBIT"), [0.2, 0.3])
    assert np.array_equal(part.rate_change("USD", 1.0), [0.002, 0.003])
    assert np.array_equal(part.exchange_return("EUR"), [0.02, 0.03])
    assert np.array_equal(part.days_passed(), [10.0, 10.0])
    changed = part.shocks("ORBIT").volatility_change
    assert changed is not None
    assert changed.shape == (2, 2)
    assert part.weights is None


def test_volatility_moves_of_an_underlying_without_spot_moves_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="underlying with volatility moves"):
        from_moves(("a",), {"ORBIT": [0.1]}, volatility_changes={"COMET": [0.1]})


def test_a_grid_has_spot_moves_outermost_and_days_innermost() -> None:
    scenarios = grid((-0.1, 0.0), (0.0, 0.05, 0.1), (0.0, 7.0))
    assert len(scenarios) == 12
    spots = scenarios.spot_return("ANY").reshape(2, 3, 2)
    assert np.array_equal(spots[:, 0, 0], [-0.1, 0.0])
    assert np.array_equal(scenarios.days_passed().reshape(2, 3, 2)[0, 0], [0.0, 7.0])
    assert scenarios.names[0] == "spot -0.1, volatility +0, 0 days"
    relative = grid((0.0,), (0.5,), volatility="return").shocks("ANY")
    assert relative.volatility_change is None
    assert relative.volatility_return is not None


@pytest.mark.parametrize(("axes", "words"), [(((),), "spot_returns must be at least"), (((0.1, 0.1),), "given once")])
def test_a_grid_without_moves_or_with_a_move_twice_is_refused(axes: tuple[object, ...], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        grid(*axes)  # type: ignore[arg-type]


def test_names_of_days_and_of_paths() -> None:
    assert of_days((date(2020, 3, 16),)) == ("2020-03-16",)
    assert of_days((date(2020, 3, 16),), 10) == ("2020-03-16 (10 days)",)
    assert sequence_names("path", 2) == ("path 1", "path 2")
    assert len(unchanged()) == 1
