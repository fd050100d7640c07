"""What one contract would be worth elsewhere: inputs that move, curves, the grid, densities, methods."""

from __future__ import annotations

import math
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import DomainError, InterruptedByUserError, InvalidValueError
from optionix_core.services import contract_pricing, price_words, what_if, what_if_inputs, what_if_json, what_if_methods
from optionix_core.services import what_if_scenarios as scenarios
from optionix_core.services.price_options import PriceOptions

CALL = price_words.parse(
    "--type call --spot 100 --strike 105 --expiry 0.5 --rate 0.04 --dividend-yield 0.01 --volatility 0.25"
)
HESTON = price_words.parse(
    "--type put --spot 100 --strike 95 --expiry 0.5 --rate 0.04 --dividend-yield 0.01 "
    "--model heston --v0 0.04 --kappa 1.5 --theta 0.05 --sigma 0.4 --rho -0.6"
)
BERMUDA = HESTON._replace(style="american")
"""No method prices it at many spots at once."""
ASIAN = CALL._replace(contract="asian", terms={"fixing_times": "0.2,0.5"})


def price_of(options: PriceOptions) -> float:
    return contract_pricing.price(what_if.request(options)).price


@pytest.mark.parametrize("options", [CALL, CALL._replace(style="american"), HESTON])
def test_every_number_of_a_view_is_a_price_of_the_moved_contract(options: PriceOptions) -> None:
    view = what_if.contract_view(options)
    assert view.result.price == pytest.approx(price_of(options), rel=1e-12)
    middle = len(view.picture.spots) // 3
    for curve in view.picture.curves[:-1]:
        moved = what_if_inputs.put(options, "spot", float(view.picture.spots[middle]))
        moved = what_if_inputs.put(moved, "expiry", 0.5 - curve.elapsed)
        assert curve.values[middle] == pytest.approx(price_of(moved), rel=1e-7, abs=1e-9)
    last = view.picture.curves[-1]
    sign = 1.0 if options.type == "call" else -1.0
    assert last.elapsed == 0.5
    np.testing.assert_allclose(last.values, np.maximum(sign * (view.picture.spots - (options.strike or 0.0)), 0.0))


@pytest.mark.parametrize("by", ["volatility", "days"])
def test_the_grid_is_priced_and_nothing_moves_in_its_middle(by: what_if.GridBy) -> None:
    grid = what_if.contract_view(CALL, by=by).grid
    assert grid is not None
    assert grid.changes[grid.lines.index(0.0)][grid.spot_moves.index(0.0)] == pytest.approx(0.0, abs=1e-12)
    line = grid.lines[-2]
    moved = what_if_inputs.put(CALL, "spot", 100.0 * (1.0 + grid.spot_moves[-1]))
    moved = (
        what_if_inputs.put(moved, "volatility", 0.25 + line)
        if by == "volatility"
        else what_if_inputs.put(moved, "expiry", 0.5 - line)
    )
    assert grid.changes[-2][-1] == pytest.approx(price_of(moved) - price_of(CALL), abs=1e-9)


def test_a_model_without_one_volatility_has_no_lines_to_move() -> None:
    grid = what_if.contract_view(HESTON).grid
    assert grid is not None
    assert grid.lines == (0.0,)
    assert "no one volatility" in grid.note


def test_what_is_priced_one_by_one_tells_how_far_it_is_and_can_be_cancelled() -> None:
    assert not what_if.is_prompt(BERMUDA)
    told: list[tuple[int, int]] = []
    view = what_if.contract_view(BERMUDA, dates=(), by=None, progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] == 2 * len(view.picture.spots)
    assert view.picture.curves[0].values[0] > view.picture.curves[0].values[-1]
    with pytest.raises(InterruptedByUserError):
        what_if.contract_view(BERMUDA, cancel=lambda: True)


def test_later_values_that_depend_on_the_path_are_not_made_up() -> None:
    view = what_if.contract_view(ASIAN)
    assert [one.elapsed for one in view.picture.curves] == [0.0]
    assert "path" in view.picture.note
    touched = CALL._replace(contract="one-touch", type=None, strike=None, terms={"barrier": "120"})
    assert what_if.contract_view(touched).picture.condition == "no barrier met before"


def test_dates_must_lie_before_expiry() -> None:
    with pytest.raises(InvalidValueError, match=r"between now and expiry, 182\.5 days"):
        what_if.contract_view(CALL, dates=(0.7,))


@pytest.mark.parametrize("options", [CALL, HESTON])
def test_a_density_holds_all_probability_and_the_forward(options: PriceOptions) -> None:
    found = what_if.model_density(what_if.request(options))
    assert not isinstance(found, str)
    assert np.trapezoid(found.values, found.levels) == pytest.approx(1.0, abs=4e-3)
    mean = np.trapezoid(found.values * found.levels, found.levels)
    assert mean == pytest.approx(100.0 * math.exp(0.03 * 0.5), rel=3e-3)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (CALL._replace(volatility=0.0), "certain"),
        (CALL._replace(expiry=0.0), "ends now"),
        (CALL._replace(dividends=("0.1:1.0",)), "discrete dividends"),
    ],
)
def test_without_a_density_it_says_why(options: PriceOptions, why: str) -> None:
    found = what_if.model_density(what_if.request(options))
    assert isinstance(found, str)
    assert why in found


def test_methods_stand_side_by_side_with_error_and_time() -> None:
    ticks = count()
    rows = what_if_methods.methods(CALL._replace(paths=2_000), lambda: float(next(ticks)))
    found = {row.id: row for row in rows}
    assert list(found) == ["closed-form", "fourier", "finite-difference", "monte-carlo"]
    for row in rows:
        assert row.price == pytest.approx(price_of(CALL), abs=0.5 if row.simulated else 1e-3)
        assert row.seconds == 1.0
        assert row.error is not None
    assert [row.id for row in rows if row.simulated] == ["monte-carlo"]
    with pytest.raises(InterruptedByUserError):
        what_if_methods.methods(CALL, lambda: 0.0, cancel=lambda: True)


def test_a_pair_that_nothing_prices_is_refused_by_name() -> None:
    with pytest.raises(DomainError, match="no method prices"):
        what_if.contract_view(HESTON._replace(contract="chooser", type=None, strike=None, terms={
            **HESTON.terms, "choice_time": "0.2", "call_strike": "100", "put_strike": "100",
            "call_expiry": "0.5", "put_expiry": "0.5"}))  # fmt: skip


# Inputs


def test_inputs_are_the_markets_and_the_models() -> None:
    assert [item.name for item in what_if_inputs.inputs(CALL)] == [
        *("spot", "volatility", "expiry", "rate", "dividend_yield"),
    ]
    names = [item.name for item in what_if_inputs.inputs(HESTON)]
    assert names == ["spot", "v0", "expiry", "rate", "dividend_yield", "kappa", "theta", "sigma", "rho"]


@given(st.floats(0.01, 2.0), st.integers(-30, 30))
@settings(max_examples=100, deadline=None)
def test_steps_keep_to_the_reach_of_the_slider(volatility: float, steps: int) -> None:
    item = what_if_inputs.Input("volatility", "vol", "volatility", volatility)
    at = what_if_inputs.reach(item, None)
    moved = what_if_inputs.stepped(item, at, steps)
    assert min(volatility, at.low) <= moved <= max(volatility, at.high)
    assert moved >= volatility if steps > 0 else moved <= volatility


def test_moving_the_days_moves_every_date_with_them() -> None:
    paid = ASIAN._replace(dividends=("0.05:1.0", "0.3:2.0"))
    moved = what_if_inputs.put(paid, "expiry", 0.4)
    times = [float(one) for one in moved.terms["fixing_times"].split(",")]
    assert times == pytest.approx([0.1, 0.4])
    assert [float(one.partition(":")[0]) for one in moved.dividends] == pytest.approx([0.2])
    with pytest.raises(InvalidValueError, match="fixing_times must be not before now"):
        what_if_inputs.put(ASIAN, "expiry", 0.1)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("spot", -1.0, "spot must be positive (got -1.0)"),
        ("volatility", -0.01, "vol must be 0 or more (got -1)"),
        ("expiry", -0.1, "days must be 0 or more (got -36.5)"),
        ("rate", math.inf, "rate must be a finite number (got inf)"),
    ],
)
def test_what_an_input_cannot_be_is_named(name: str, value: float, words: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        what_if_inputs.put(CALL, name, value)
    assert str(caught.value) == words


def test_what_is_lacking_is_told_as_it_is_typed() -> None:
    assert what_if_inputs.lacking(CALL) == ()
    bare = PriceOptions(contract="barrier", model="black-scholes")
    assert what_if_inputs.lacking(bare) == (
        *("--type", "--strike", "--expiry", "--spot", "--rate", "--dividend-yield", "--volatility"),
        *("--barrier-type", "--barrier"),
    )
    assert "--dividend-yield" not in what_if_inputs.lacking(bare, strict=False)


def test_what_another_contract_does_not_have_is_left_out() -> None:
    touch = what_if_inputs.fitting(CALL._replace(contract="one-touch", terms={"barrier": "120", "v0": "0.04"}))
    assert (touch.type, touch.strike, dict(touch.terms)) == (None, None, {"barrier": "120"})
    assert what_if_inputs.fitting(HESTON._replace(volatility=0.2)).volatility is None


# Scenarios


def test_scenarios_are_prices_of_the_moved_contract() -> None:
    found = scenarios.of_contract(CALL, (-0.05, 0.0), (0.0, 0.02), (0.0, 30.0))
    assert len(found.rows) == 8
    assert found.value == pytest.approx(price_of(CALL))
    for row in found.rows:
        moved = what_if_inputs.put(CALL, "spot", 100.0 * (1.0 + row.spot_move))
        moved = what_if_inputs.put(moved, "volatility", 0.25 + row.volatility_move)
        moved = what_if_inputs.put(moved, "expiry", 0.5 - row.days / 365.0)
        assert row.value == pytest.approx(price_of(moved), abs=1e-9)
        assert row.change == pytest.approx(row.value - found.value)


@pytest.mark.parametrize(
    ("options", "moves", "words"),
    [
        (CALL, {"spot_moves": (-1.0,)}, "spot move must be above -1"),
        (CALL, {"volatility_moves": (-0.3,)}, "vol move must be above -0.25"),
        (HESTON, {"volatility_moves": (0.1,)}, "vol move must be 0: the model has no one volatility"),
        (CALL, {"days": (200.0,)}, "days must be from 0 to 182.5"),
        (ASIAN, {"days": (1.0,)}, "days must be from 0 to 0: later values of a asian need its path"),
    ],
)
def test_a_move_that_cannot_be_made_is_named(options: PriceOptions, moves: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        scenarios.of_contract(options, **moves)  # type: ignore[arg-type] # of the parameters above
    assert words in str(caught.value)


# JSON


def test_the_json_carries_price_curves_grid_density_and_methods() -> None:
    view = what_if.contract_view(CALL)
    document = what_if_json.contract(view, what_if_methods.methods(CALL._replace(paths=500), lambda: 0.0))
    assert document["price"] == view.result.price
    assert document["units"]["vega"] == "per volatility point"
    assert [len(one["values"]) for one in document["curves"]] == [len(document["spots"])] * 4
    assert document["density"]["source"] == "lognormal, vol 25"
    assert document["grid"]["volatility_moves"] == list(what_if.VOLATILITY_MOVES)
    assert {row["method_id"] for row in document["methods"]} >= {"closed-form", "monte-carlo"}
    assert what_if_json.dumps(document).startswith("{")


def test_the_csv_has_a_row_for_each_price_of_the_underlying() -> None:
    view = what_if.contract_view(CALL, dates=(10.0 / 365.0,))
    lines = what_if_json.csv_text(what_if_json.picture_rows(view.picture, view.density)).splitlines()
    assert lines[0] == "underlying,value_now,value_10d,value_182.5d,density"
    assert len(lines) == 1 + len(view.picture.spots)
