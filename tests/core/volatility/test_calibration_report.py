"""What a calibration says of itself: errors, bounds, weak directions, starts; what it refuses; its document."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MalformedFileError
from optionix_core.pricing import black_scholes
from optionix_core.volatility import CalibrationEngine, HestonModel, SabrModel, VolatilitySurface
from optionix_core.volatility.calibration import document
from optionix_core.volatility.calibration.least_squares import Stop, descend
from optionix_core.volatility.calibration.quotes import of_prices, of_slices, of_surface
from optionix_core.volatility.surface.quotes import SliceQuotes

EXPIRIES = np.array([0.1, 0.25, 0.5, 1.0, 2.0])[:, None]
STRIKES = 100.0 * np.exp(0.2 * np.sqrt(EXPIRIES) * np.linspace(-2.0, 1.5, 8))
SIDES = np.where(STRIKES >= 100.0, 1, -1)
MODEL = HestonModel(v0=0.04, kappa=1.5, theta=0.06, sigma=0.6, rho=-0.7)


def quotes_of(volatility):
    prices = black_scholes.price(SIDES, 100.0, STRIKES, EXPIRIES, 0.02, 0.01, volatility)
    return 100.0, STRIKES, EXPIRIES, SIDES, prices, 0.02, 0.01


@pytest.fixture(scope="module")
def noisy():
    volatility = MODEL.implied_volatility(100.0, STRIKES, EXPIRIES, 0.02, 0.01)
    return quotes_of(volatility + 0.002 * np.random.default_rng(7).standard_normal(volatility.shape))


def test_errors_of_quotes_are_those_of_the_model(noisy):
    result = CalibrationEngine().heston(*noisy)
    found = result.model.implied_volatility(100.0, STRIKES, EXPIRIES, 0.02, 0.01)
    assert result.quotes.model_volatility == pytest.approx(found.ravel(), abs=1e-7)
    error = result.quotes.error
    assert result.rmse_volatility == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-12)
    assert result.weighted_rmse == pytest.approx(result.rmse_volatility, rel=1e-12)
    assert result.max_error == np.abs(error).max()
    assert 0.0015 < result.rmse_volatility < 0.0022


def test_standard_errors_cover_the_truth_as_often_as_they_should():
    volatility = MODEL.implied_volatility(100.0, STRIKES, EXPIRIES, 0.02, 0.01)
    known = np.array([MODEL.v0, MODEL.kappa, MODEL.theta, MODEL.sigma, MODEL.rho])
    random = np.random.default_rng(11)
    engine = CalibrationEngine(starts=1)
    scores = []
    for _ in range(60):
        result = engine.heston(*quotes_of(volatility + 0.001 * random.standard_normal(volatility.shape)))
        values = np.array([one.value for one in result.parameters])
        errors = np.array([one.standard_error for one in result.parameters])
        assert errors == pytest.approx(np.sqrt(np.diagonal(result.covariance)))
        scores.append((values - known) / errors)
    inside = np.mean(np.abs(scores) < 1.0)
    assert 0.61 < inside < 0.75  # 68.3% of a normal law, 300 draws: two deviations are 5%


def test_no_other_parameters_fit_better(noisy):
    result = CalibrationEngine().heston(*noisy)
    best = sum((result.quotes.error) ** 2)
    for one in result.parameters:
        for factor in (0.999, 1.001):
            values = {other.name: other.value for other in result.parameters} | {one.name: one.value * factor}
            moved = HestonModel(**values).implied_volatility(100.0, STRIKES, EXPIRIES, 0.02, 0.01)
            assert np.sum((moved.ravel() - result.quotes.market_volatility) ** 2) > best


def test_descents_are_reported_one_by_one(noisy):
    result = CalibrationEngine().heston(*noisy)
    assert len(result.starts) == 3
    assert result.one_optimum
    assert len({start.start for start in result.starts}) == 3
    for start in result.starts:
        assert start.converged
        assert start.rmse == pytest.approx(result.weighted_rmse, rel=0.02)
        assert start.end == pytest.approx([one.value for one in result.parameters], rel=0.3)
    assert result.iterations >= sum(start.iterations for start in result.starts)


def test_a_parameter_at_its_bound_has_no_standard_error_and_is_named():
    spot, _, _, _, _, rate, dividend_yield = quotes_of(0.2)
    falling = 0.25 - 0.4 * np.log(STRIKES / 100.0) + 0.0 * EXPIRIES  # a straight line: more skew than Heston has
    prices = black_scholes.price(SIDES, spot, STRIKES, EXPIRIES, rate, dividend_yield, falling)
    result = CalibrationEngine().heston(spot, STRIKES, EXPIRIES, SIDES, prices, rate, dividend_yield)
    stuck = [one for one in result.parameters if one.at_bound]
    assert stuck
    for one in stuck:
        assert np.isnan(one.standard_error)
        assert f"{one.name} is at the {one.at_bound} bound of its search" in result.notes
    assert all(one.standard_error > 0.0 for one in result.parameters if not one.at_bound)


def test_one_expiry_leaves_directions_of_heston_undetermined():
    prices = MODEL.price(SIDES[2], 100.0, STRIKES[2], 0.5, 0.02, 0.01)
    result = CalibrationEngine().heston(100.0, STRIKES[2], 0.5, SIDES[2], prices, 0.02, 0.01)
    whole = CalibrationEngine().heston(100.0, STRIKES, EXPIRIES, SIDES, MODEL.price(
        SIDES, 100.0, STRIKES, EXPIRIES, 0.02, 0.01), 0.02, 0.01)  # fmt: skip
    assert result.rmse_volatility < 1e-4
    assert result.condition_number > 20.0 * whole.condition_number
    assert whole.weak_directions == ()
    weak = result.weak_directions[0]
    assert weak.volatility < 1e-4
    assert {name for name, _ in weak.change} & {"kappa", "theta", "v0"}
    assert any(note.startswith("the quotes do not determine") for note in result.notes)


GOOD = {
    "spot": 100.0, "strikes": STRIKES[2], "expiries": 0.5, "option_types": SIDES[2],
    "prices": MODEL.price(SIDES[2], 100.0, STRIKES[2], 0.5, 0.02, 0.01), "rate": 0.02, "dividend_yield": 0.01,
}  # fmt: skip


def _with(name, place, value):
    column = np.array(np.broadcast_to(GOOD[name], 8), dtype=float)
    column[place] = value
    return {name: column}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_with("prices", 3, np.nan), r"prices must be zero or more and finite \(got nan at row 3\)"),
        (_with("prices", 3, -1.0), r"prices must be zero or more and finite \(got -1.0 at row 3\)"),
        (_with("strikes", 1, -5.0), r"strikes must be positive and finite \(got -5.0 at row 1\)"),
        (_with("spot", 0, -100.0), r"spot must be positive and finite \(got -100.0 at row 0\)"),
        (_with("spot", 0, np.inf), r"spot must be positive and finite \(got inf at row 0\)"),
        (_with("expiries", 2, 0.0), r"expiries must be positive, at most 1e6 years \(got 0.0 at row 2\)"),
        (_with("rate", 2, np.nan), r"rate must be a finite number from -1000 to 1000 \(got nan at row 2\)"),
        (_with("rate", 2, 900.0), r"rate must be within 300 in size once multiplied by expiry \(got 900.0 at row 2\)"),
        (_with("option_types", 4, 2.0), r'option_types must be "call" \(\+1\) or "put" \(-1\) \(got 2.0 at row 4\)'),
        ({"option_types": ["call"] * 7 + ["fly"]}, 'option_types must be "call" or "put" .got .fly. at row 7'),
        ({"prices": GOOD["prices"][:7]}, r"shapes must be the same, or broadcastable .*strikes \(8,\).*prices \(7,\)"),
        ({"prices": "cheap"}, "prices must be numbers"),
        ({"weights": _with("rate", 1, -1.0)["rate"]}, r"weights must be zero or more and finite \(got -1.0 at row 1\)"),
        ({"weights": np.zeros(8)}, r"weights must be positive in sum \(got 0.0\)"),
        ({"weights": [1.0] * 4 + [0.0] * 4}, "quotes must be at least 5, one a parameter .got 4 with a weight"),
        ({"strikes": 100.0, "option_types": 1, "prices": 5.0}, "quotes must be arrays of several .got a single one"),
    ],
)  # fmt: skip
def test_bad_input_names_argument_value_bound_and_row(change, message):
    with pytest.raises(InvalidValueError, match=message):
        CalibrationEngine().heston(**{**GOOD, **change})


def test_a_price_beyond_its_bounds_names_them():
    for place, value, bound in (
        (0, 200.0, "below"), (7, 99.6, "below"), (0, 0.0, "above 0, the intrinsic value"),
    ):  # fmt: skip
        with pytest.raises(InvalidValueError, match=bound) as raised:
            CalibrationEngine().heston(**{**GOOD, **_with("prices", place, value)})
        assert (raised.value.field, raised.value.value, raised.value.row) == ("prices", value, place)
    deep = {**GOOD, "option_types": 1, "prices": GOOD["prices"] * 0.0 + 1e-13}
    with pytest.raises(InvalidValueError, match="the intrinsic value, by a time value") as raised:
        CalibrationEngine().heston(**deep)
    assert raised.value.row == 0


def test_a_time_value_of_rounding_is_refused():
    change = _with("strikes", 7, 300.0) | _with("prices", 7, 1e-14)
    with pytest.raises(InvalidValueError, match="by at least 1e-12 of the forward") as raised:
        CalibrationEngine().heston(**{**GOOD, **change})
    assert raised.value.row == 7


def slice_of(years, forward=100.0):
    k = np.linspace(-0.3, 0.2, 9)
    volatility = np.asarray(MODEL.implied_volatility(1.0, np.exp(k), years, 0.0, 0.0))
    half = 0.001 + 0.01 * np.abs(k)
    bid, ask = ((volatility + side * half) ** 2 * years for side in (-1.0, 1.0))
    return SliceQuotes("X", date(2027, 1, 15), years, forward, 0.99, k, bid, ask, volatility**2 * years)


def test_quotes_of_a_chain_weigh_by_the_inverse_square_of_their_spread():
    quotes = of_slices([slice_of(0.25), slice_of(1.0, 101.0)])
    assert quotes.count == quotes.used == 18
    half = np.tile(0.001 + 0.01 * np.abs(np.linspace(-0.3, 0.2, 9)), 2)
    assert quotes.weight == pytest.approx(half**-2.0 / np.mean(half**-2.0), rel=1e-6)
    assert quotes.weight.mean() == pytest.approx(1.0)
    assert quotes.strike == pytest.approx(quotes.forward * np.exp(quotes.log_moneyness))
    result = CalibrationEngine().fit("heston", quotes)
    assert result.model.kappa == pytest.approx(1.5, abs=1e-6)
    with pytest.raises(InvalidValueError, match="slices must be at least one expiry"):
        of_slices([])
    with pytest.raises(InvalidValueError, match=r"forward must be positive and finite \(got -1.0 at row 1\)"):
        of_slices([slice_of(0.25), slice_of(0.5, -1.0)])


def test_a_surface_is_calibrated_to_by_its_smiles(known, slice_of, chain_of):
    strikes = np.arange(60.0, 141.0, 2.5)
    chain = chain_of(*(slice_of(known(days, 100.0, 0.03), strikes) for days in (30.0, 90.0, 180.0)), spot=100.0)
    surface = VolatilitySurface.fit(chain, "svi")
    quotes = of_surface(surface, 11)
    assert quotes.count == quotes.used == 33
    assert quotes.volatility == pytest.approx(surface.implied_volatility(quotes.strike, quotes.years), rel=1e-9)
    assert CalibrationEngine().fit("heston", quotes).rmse_volatility < 0.02
    with pytest.raises(InvalidValueError, match="points must be at least 2"):
        of_surface(surface, 1)
    with pytest.raises(InvalidValueError, match="reach must be ascending"):
        of_surface(surface, 5, (1.0, -1.0))


def test_a_document_read_again_is_the_same(noisy):
    steep = quotes_of(0.25 - 0.3 * np.log(STRIKES / 100.0))
    sabr = SabrModel(alpha=0.2, beta=0.9, rho=-0.4, nu=0.7)
    smile = (100.0, STRIKES[2], 0.5, SIDES[2], sabr.price(SIDES[2], 100.0, STRIKES[2], 0.5, 0.0, 0.0), 0.0, 0.0)
    engine = CalibrationEngine()
    for result in (
        engine.heston(*noisy), engine.heston(*steep), engine.bates(*noisy), engine.merton(*noisy),
        engine.double_heston(*noisy), engine.sabr(*smile, beta=0.9),
    ):  # fmt: skip
        text = document.dumps(result)
        again = document.loads(text)
        assert document.dumps(again) == text
        assert again.model == result.model
        assert again.quotes.model_volatility.tobytes() == result.quotes.model_volatility.tobytes()
        assert again.notes == result.notes
        assert again.one_optimum == result.one_optimum


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "format must be optionix.calibration"),
        ({"version": 2}, "version must be 1, the one that this program reads"),
        ({"family": "cev"}, "family must be one of heston, bates"),
        ({"parameters": []}, "parameters must be v0, kappa, theta, sigma, rho"),
        ({"rmse_volatility": "small"}, "rmse_volatility must be a finite number"),
        ({"converged": 1}, "converged must be true or false"),
        ({"covariance": [[1.0]]}, "covariance must be 5 rows of 5 numbers or nulls"),
        ({"quotes": {}}, "quotes.years must be given"),
        ({"notes": [1]}, "notes must be a list of texts"),
        ({"starts": [{}]}, r"starts\[0\].start must be given"),
    ],
)
def test_a_wrong_document_is_refused_by_name(change, message, noisy):
    good = json.loads(document.dumps(CalibrationEngine().heston(*noisy)))
    with pytest.raises(MalformedFileError, match=message):
        document.loads(json.dumps({**good, **change}), "kept")
    with pytest.raises(MalformedFileError, match="kept: not JSON"):
        document.loads("{", "kept")


def test_a_descent_keeps_to_its_bounds_and_says_where_it_cannot_go():
    target = np.array([3.0, -2.0, 0.5])

    def residuals(point):
        return None if point[2] > 0.4 else (point - target, np.eye(3))

    low, high = np.full(3, -1.0), np.full(3, 1.0)
    found = descend(residuals, np.zeros(3), low, high, Stop(1e-20, 1e-12, 1e-12, 50))
    assert found.point[:2] == pytest.approx([1.0, -1.0])
    assert 0.35 < found.point[2] <= 0.4
    assert descend(lambda _: None, np.zeros(3), low, high, Stop(1e-20, 1e-12, 1e-12, 50)) is None


def test_prices_of_either_side_mean_the_same():
    calls = of_prices(
        100.0, STRIKES[2], 0.5, "call", MODEL.price("call", 100.0, STRIKES[2], 0.5, 0.02, 0.01), 0.02, 0.01
    )
    puts = of_prices(100.0, STRIKES[2], 0.5, "put", MODEL.price("put", 100.0, STRIKES[2], 0.5, 0.02, 0.01), 0.02, 0.01)
    assert calls.volatility == pytest.approx(puts.volatility, rel=1e-9)
