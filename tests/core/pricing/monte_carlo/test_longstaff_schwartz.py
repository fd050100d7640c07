"""Lower and dual bounds against the paper's table, other methods, and themselves."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InterruptedByUserError, InvalidValueError
from optionix_core.pricing.contracts import AmericanOption, EuropeanOption
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BatesModel, BlackScholesModel, HestonModel, MertonModel
from optionix_core.pricing.monte_carlo import paths
from optionix_core.pricing.monte_carlo._lsm_controls import Controls
from optionix_core.pricing.monte_carlo._lsm_following import Meter, estimates, follow
from optionix_core.pricing.monte_carlo._regression import NEVER, solve_normal
from optionix_core.pricing.monte_carlo.dual_bound import dual_upper_bound
from optionix_core.pricing.monte_carlo.longstaff_schwartz import LongstaffSchwartz

# F. Longstaff and E. Schwartz, Rev. Financ. Stud. 14 (2001) 113, table 1: strike 40, rate 6%, 50 exercise dates a year.
# Spot, volatility, expiry, finite differences for those dates, simulated, its standard error.
TABLE_1 = [
    (36, 0.20, 1, 4.478, 4.472, 0.010),
    (36, 0.20, 2, 4.840, 4.821, 0.012),
    (36, 0.40, 1, 7.101, 7.091, 0.020),
    (36, 0.40, 2, 8.508, 8.488, 0.024),
    (38, 0.20, 1, 3.250, 3.244, 0.009),
    (38, 0.20, 2, 3.745, 3.735, 0.011),
    (38, 0.40, 1, 6.148, 6.139, 0.019),
    (38, 0.40, 2, 7.670, 7.669, 0.022),
    (40, 0.20, 1, 2.314, 2.313, 0.009),
    (40, 0.20, 2, 2.885, 2.879, 0.010),
    (40, 0.40, 1, 5.312, 5.308, 0.018),
    (40, 0.40, 2, 6.920, 6.921, 0.022),
    (42, 0.20, 1, 1.617, 1.617, 0.007),
    (42, 0.20, 2, 2.212, 2.206, 0.010),
    (42, 0.40, 1, 4.582, 4.588, 0.017),
    (42, 0.40, 2, 6.248, 6.243, 0.021),
    (44, 0.20, 1, 1.110, 1.118, 0.007),
    (44, 0.20, 2, 1.690, 1.675, 0.009),
    (44, 0.40, 1, 3.948, 3.957, 0.017),
    (44, 0.40, 2, 5.647, 5.622, 0.021),
]
PUT = AmericanOption(option_type="put", strike=40.0, expiry=1.0)
MARKET = FlatMarket(spot=36.0, rate=0.06)
MODEL = BlackScholesModel(volatility=0.2)
SMALL = LongstaffSchwartz(paths=8192, exercise_dates=10, policy_paths=4096, seed=3)


def put(expiry: float, strike: float = 40.0) -> AmericanOption:
    return AmericanOption(option_type="put", strike=strike, expiry=expiry)


def bermudan(
    sign: int, spot: float, strike: float, expiry: float, rate: float, carry: float, vol: float, dates: int
) -> float:
    """Backward recursion on a fine grid of log prices, the conditional mean as a convolution by Fourier transform."""
    step, points = expiry / dates, 1 << 13
    half = 9.0 * vol * math.sqrt(expiry) + abs(carry) * expiry
    gap = 2.0 * half / points
    price = np.exp(math.log(spot) + gap * (np.arange(points) - points // 2))
    payoff = np.maximum(sign * (price - strike), 0.0)
    frequency = 2.0 * math.pi * np.fft.fftfreq(points, gap)
    factor = np.exp(1j * frequency * (carry - vol * vol / 2.0) * step - 0.5 * vol * vol * step * frequency**2)
    value = payoff
    for date in range(dates, 0, -1):
        value = math.exp(-rate * step) * np.fft.ifft(np.fft.fft(value) * factor).real
        value = np.maximum(value, payoff) if date > 1 else value
    return float(value[points // 2])


@pytest.mark.parametrize(("spot", "volatility", "expiry", "differences", "simulated", "error"), TABLE_1)
def test_the_table_of_the_paper_is_met_within_two_standard_errors(
    spot: int, volatility: float, expiry: int, differences: float, simulated: float, error: float
) -> None:
    method = LongstaffSchwartz(exercise_dates=50 * expiry, seed=1)
    lower = method.price(put(float(expiry)), BlackScholesModel(volatility=volatility), FlatMarket(spot=spot, rate=0.06))
    assert abs(lower.price - simulated) < 2.0 * math.hypot(error, lower.standard_error)
    exact = bermudan(-1, spot, 40.0, expiry, 0.06, 0.06, volatility, 50 * expiry)
    assert lower.price - 3.0 * lower.standard_error < exact
    assert lower.price > exact - 0.012
    assert differences == pytest.approx(exact, abs=0.0065)  # the last rows of the paper differ by as much
    assert lower.standard_error < 0.002


@pytest.mark.parametrize("row", [0, 6, 16])
def test_the_dual_bound_lies_above_the_true_value_of_the_paper_s_options(row: int) -> None:
    _check_bracket(*TABLE_1[row][:3], outer_paths=256)


@pytest.mark.soak
@pytest.mark.parametrize("row", range(20))
def test_the_dual_bound_lies_above_every_row_of_the_paper(row: int) -> None:
    _check_bracket(*TABLE_1[row][:3], outer_paths=1024)


def _check_bracket(spot: int, volatility: float, expiry: int, *, outer_paths: int) -> None:
    model, market = BlackScholesModel(volatility=volatility), FlatMarket(spot=float(spot), rate=0.06)
    contract = put(float(expiry))
    lower = LongstaffSchwartz(exercise_dates=50 * expiry, seed=1).price(contract, model, market)
    upper = dual_upper_bound(lower, contract, model, market, outer_paths=outer_paths)
    exact = bermudan(-1, spot, 40.0, expiry, 0.06, 0.06, volatility, 50 * expiry)
    assert upper.price + 2.0 * upper.standard_error > exact
    assert upper.bracket[0] < exact < upper.bracket[1]
    assert upper.price > lower.price
    assert upper.gap < 0.008 + 0.002 * exact
    assert upper.price - lower.price == pytest.approx(upper.gap)


def test_in_sample_it_is_the_paper_s_own_algorithm() -> None:
    method = LongstaffSchwartz(paths=4096, exercise_dates=12, in_sample=True, control_variates=False, seed=8)
    lower = method.price(PUT, MODEL, MARKET)
    prices = paths.simulate(MODEL, MARKET, method.times(1.0), 4096, 8, antithetic=True)
    cash = np.maximum(40.0 - prices[-1], 0.0)
    for row in prices[-2::-1]:
        cash *= math.exp(-0.06 / 12)
        inside = row < 40.0
        x = row[inside] / 40.0
        weight = np.exp(-x / 2.0)
        columns = np.stack([np.ones_like(x), weight, weight * (1.0 - x), weight * (1.0 - 2.0 * x + x * x / 2.0)])
        held = columns.T @ np.linalg.lstsq(columns.T, cash[inside], rcond=None)[0]
        cash[inside] = np.where(40.0 - row[inside] >= held, 40.0 - row[inside], cash[inside])
    cash *= math.exp(-0.06 / 12)
    assert lower.price == pytest.approx(cash.mean(), rel=1e-10)
    assert lower.standard_error == pytest.approx(paths.pair_means(cash).std(ddof=1) / math.sqrt(2048), rel=1e-9)
    assert "in sample" in lower.method


def test_names_of_polynomials_name_one_policy_and_laguerre_another() -> None:
    found = {
        name: LongstaffSchwartz(paths=1024, exercise_dates=5, basis=name).price(PUT, MODEL, MARKET).price
        for name in ("monomial", "hermite", "chebyshev", "legendre", "laguerre")
    }
    assert found["monomial"] == found["hermite"] == found["chebyshev"] == found["legendre"]
    assert found["laguerre"] != found["monomial"]
    assert found["laguerre"] == pytest.approx(found["monomial"], abs=0.02)


@pytest.mark.parametrize(
    ("option_type", "spot", "rate", "dividend_yield", "volatility", "expiry"),
    [
        ("put", 90.0, 0.08, 0.0, 0.35, 0.5),
        ("call", 105.0, 0.02, 0.07, 0.25, 1.5),
        ("call", 100.0, 0.03, 0.08, 0.15, 0.1),
        ("put", 120.0, -0.01, 0.02, 0.5, 2.0),
        ("call", 95.0, 0.0, 0.03, 0.6, 1.0),
    ],
)
def test_the_bracket_holds_the_value_of_the_bermudan_option(
    option_type: str, spot: float, rate: float, dividend_yield: float, volatility: float, expiry: float
) -> None:
    contract = AmericanOption(option_type=option_type, strike=100.0, expiry=expiry)  # type: ignore[arg-type]
    market = FlatMarket(spot=spot, rate=rate, dividend_yield=dividend_yield)
    model = BlackScholesModel(volatility=volatility)
    lower = LongstaffSchwartz(paths=20_000, exercise_dates=12, seed=4).price(contract, model, market)
    upper = dual_upper_bound(lower, contract, model, market, outer_paths=256)
    sign = 1 if option_type == "call" else -1
    exact = bermudan(sign, spot, 100.0, expiry, rate, rate - dividend_yield, volatility, 12)
    assert lower.price - 3.0 * lower.standard_error < exact
    assert upper.price + 3.0 * upper.standard_error > exact
    assert lower.price == pytest.approx(exact, rel=0.01)
    assert upper.gap < 0.01 * exact


@settings(derandomize=True, max_examples=8, deadline=None)
@given(
    sign=st.sampled_from([-1, 1]),
    spot=st.floats(70.0, 140.0),
    expiry=st.floats(0.05, 3.0),
    rate=st.floats(-0.02, 0.1),
    dividend_yield=st.floats(0.0, 0.1),
    volatility=st.floats(0.08, 0.8),
    basis=st.sampled_from(["laguerre", "monomial"]),
    degree=st.integers(2, 5),
)
def test_no_policy_is_worth_more_than_the_option_and_none_much_less(
    sign: int,
    spot: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    basis: str,
    degree: int,
) -> None:
    contract = AmericanOption(option_type="call" if sign == 1 else "put", strike=100.0, expiry=expiry)
    market = FlatMarket(spot=spot, rate=rate, dividend_yield=dividend_yield)
    method = LongstaffSchwartz(paths=8192, exercise_dates=8, basis=basis, degree=degree)
    lower = method.price(contract, BlackScholesModel(volatility=volatility), market)
    exact = max(bermudan(sign, spot, 100.0, expiry, rate, rate - dividend_yield, volatility, 8), sign * (spot - 100.0))
    assert lower.price - 4.0 * lower.standard_error < exact + 1e-4
    assert lower.price + 4.0 * lower.standard_error > 0.985 * exact - 0.01
    assert lower.price >= sign * (spot - 100.0) - 4.0 * lower.standard_error


# QuantLib 1.44, FdHestonVanillaEngine and FdBatesVanillaEngine with 200 x 400 x 100 points, 50 exercise dates.
@pytest.mark.parametrize(("intensity", "reference"), [(0.0, 5.7859), (0.5, 7.2380)])
def test_stochastic_volatility_agrees_with_finite_differences(intensity: float, reference: float) -> None:
    heston = {"v0": 0.04, "kappa": 2.0, "theta": 0.04, "sigma": 0.5, "rho": -0.7}
    model: HestonModel | BatesModel = HestonModel(**heston)
    if intensity:
        model = BatesModel(**heston, jump_intensity=intensity, jump_mean=-0.1, jump_volatility=0.15)
    market, contract = FlatMarket(spot=100.0, rate=0.05), put(1.0, 100.0)
    lower = LongstaffSchwartz(paths=60_000, policy_paths=30_000, seed=2).price(contract, model, market)
    assert lower.policy is not None
    assert lower.policy.basis.terms == 10
    assert lower.price == pytest.approx(reference, abs=3.0 * lower.standard_error + 0.03)
    assert lower.price - 3.0 * lower.standard_error < reference


@pytest.mark.soak
def test_the_dual_bound_of_heston_lies_above_finite_differences() -> None:
    model = HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.5, rho=-0.7)
    market, contract = FlatMarket(spot=100.0, rate=0.05), put(1.0, 100.0)
    lower = LongstaffSchwartz(paths=400_000, policy_paths=65_536, seed=2).price(contract, model, market)
    upper = dual_upper_bound(lower, contract, model, market)
    assert upper.bracket[0] < 5.7859 < upper.bracket[1]
    assert upper.gap < 0.08


def test_merton_without_jumps_and_flat_local_volatility_are_black_and_scholes() -> None:
    exact = bermudan(-1, 36.0, 40.0, 1.0, 0.06, 0.06, 0.2, 10)
    merton = MertonModel(volatility=0.2, jump_intensity=0.0, jump_mean=0.0, jump_volatility=0.0)
    for model in (merton, _Flat(0.2)):
        lower = SMALL.price(PUT, model, MARKET)
        assert lower.price == pytest.approx(exact, abs=4.0 * lower.standard_error + 0.01)


class _Flat:
    def __init__(self, volatility: float) -> None:
        self._volatility = volatility

    def local_volatility(self, spot: object, time: object) -> np.ndarray:
        return np.full(np.broadcast_shapes(np.shape(spot), np.shape(time)), self._volatility)


def test_nested_simulation_works_for_every_model() -> None:
    heston = {"v0": 0.04, "kappa": 2.0, "theta": 0.04, "sigma": 0.5, "rho": -0.7}
    jumps = {"jump_intensity": 0.5, "jump_mean": -0.1, "jump_volatility": 0.15}
    method = LongstaffSchwartz(paths=4096, exercise_dates=2, policy_paths=4096)
    for model in (
        HestonModel(**heston),
        BatesModel(**heston, **jumps),
        MertonModel(volatility=0.2, **jumps),
        HestonModel(v0=0.09, kappa=1.0, theta=0.04, sigma=0.0, rho=0.0),
        _Flat(0.2),
    ):
        lower = method.price(PUT, model, MARKET)
        upper = dual_upper_bound(lower, PUT, model, MARKET, outer_paths=256)
        assert upper.simulations > 50
        assert -3.0 * upper.gap_standard_error < upper.gap < 0.05 * lower.price


def test_results_do_not_depend_on_the_number_of_workers() -> None:
    one, three = (LongstaffSchwartz(paths=20_000, exercise_dates=8, workers=workers) for workers in (1, 3))
    lower, again = (method.price(PUT, MODEL, MARKET) for method in (one, three))
    assert lower.policy is not None
    assert again.policy is not None
    assert np.array_equal(lower.policy.rules, again.policy.rules)
    assert (lower.price, lower.standard_error, lower.delta) == (again.price, again.standard_error, again.delta)
    upper, other = (dual_upper_bound(lower, PUT, MODEL, MARKET, outer_paths=256, workers=workers) for workers in (1, 3))
    assert (upper.price, upper.standard_error) == (other.price, other.standard_error)


def test_standard_errors_are_the_spread_of_repeated_estimates() -> None:
    lower = SMALL.price(PUT, MODEL, MARKET)
    assert lower.policy is not None
    for wanted, antithetic in ((True, True), (False, False)):
        controls = Controls(lower.policy, MODEL, MARKET, wanted=wanted)
        means = [float(mean[0]) for mean in controls.means(0.0, np.array([36.0]))]
        found = [
            estimates(
                follow(
                    lower.policy,
                    MODEL,
                    MARKET,
                    controls,
                    1024,
                    (9, stream),
                    antithetic=antithetic,
                    workers=1,
                    meter=Meter(1, None, None),
                ),
                means,
                antithetic=antithetic,
            )[0]
            for stream in range(250)
        ]
        spread = np.std([estimate.mean for estimate in found], ddof=1)
        stated = math.sqrt(np.mean([estimate.error**2 for estimate in found]))
        # the standard deviation of 250 estimates is known to 4.5%
        assert spread == pytest.approx(stated, rel=0.14)


def test_delta_is_the_slope_of_the_price() -> None:
    lower = LongstaffSchwartz(paths=50_000, exercise_dates=20, seed=6).price(
        PUT, MODEL, FlatMarket(spot=40.0, rate=0.06)
    )
    up, down = (bermudan(-1, spot, 40.0, 1.0, 0.06, 0.06, 0.2, 20) for spot in (40.4, 39.6))
    assert lower.delta is not None
    assert lower.delta_standard_error is not None
    assert lower.delta == pytest.approx((up - down) / 0.8, abs=4.0 * lower.delta_standard_error + 0.002)
    assert 0.0 < lower.delta_standard_error < 0.002


def test_a_call_without_yield_is_held_to_expiry() -> None:
    contract = AmericanOption(option_type="call", strike=100.0, expiry=1.0)
    lower = SMALL.price(contract, MODEL, FlatMarket(spot=100.0, rate=0.05))
    assert lower.price == pytest.approx(10.450583572185565, abs=0.05)  # Black-Scholes; exercise early never pays
    assert lower.price < 10.450583572185565 + 3.0 * lower.standard_error + 1e-9


def test_a_deep_put_is_exercised_now() -> None:
    lower = SMALL.price(PUT, MODEL, FlatMarket(spot=20.0, rate=0.06))
    assert lower.exercised_now
    assert (lower.price, lower.standard_error, lower.delta) == (20.0, 0.0, -1.0)
    assert lower.holding < 20.0
    upper = dual_upper_bound(lower, PUT, MODEL, FlatMarket(spot=20.0, rate=0.06), outer_paths=256)
    assert 20.0 <= upper.price < 20.001


def test_limits_are_exact() -> None:
    now = SMALL.price(put(0.0), MODEL, MARKET)
    assert (now.price, now.standard_error, now.delta) == (4.0, 0.0, -1.0)
    assert dual_upper_bound(now, put(0.0), MODEL, MARKET).price == 4.0
    still = SMALL.price(PUT, BlackScholesModel(volatility=0.0), MARKET)
    assert still.price == pytest.approx(4.0, abs=1e-12)
    falling = SMALL.price(PUT, BlackScholesModel(volatility=0.0), FlatMarket(spot=36.0, rate=0.0, dividend_yield=0.1))
    assert falling.price == pytest.approx(40.0 - 36.0 * math.exp(-0.1), rel=1e-9)
    assert falling.standard_error == pytest.approx(0.0, abs=1e-9)


def test_chosen_dates_and_cash_dividends() -> None:
    from optionix_core.pricing.dividends import CashDividends

    paid = FlatMarket(spot=100.0, rate=0.03, dividends=CashDividends((0.5,), (8.0,)))
    contract = AmericanOption(option_type="call", strike=100.0, expiry=1.0)
    before = LongstaffSchwartz(paths=20_000, exercise_dates=(0.4999, 1.0)).price(contract, MODEL, paid)
    after = LongstaffSchwartz(paths=20_000, exercise_dates=(0.5001, 1.0)).price(contract, MODEL, paid)
    assert before.exercise_times == (0.4999, 1.0)
    assert before.price > after.price + 0.5
    assert before.delta is None
    upper = dual_upper_bound(before, contract, MODEL, paid, outer_paths=256)
    assert before.price - 3.0 * before.standard_error < upper.price < before.price * 1.02


def test_progress_is_told_and_cancelling_stops() -> None:
    heard: list[tuple[int, int]] = []
    SMALL.price(PUT, MODEL, MARKET, progress=lambda done, of: heard.append((done, of)))
    assert heard[-1] == (11, 11)
    assert [done for done, _ in heard] == sorted({done for done, _ in heard})
    cancel = threading.Event()

    def stop(done: int, _of: int) -> None:
        if done >= 3:
            cancel.set()

    with pytest.raises(InterruptedByUserError, match="stopped after 3 of 11 steps"):
        SMALL.price(PUT, MODEL, MARKET, progress=stop, cancel=cancel)
    lower = SMALL.price(PUT, MODEL, MARKET)
    with pytest.raises(InterruptedByUserError):
        dual_upper_bound(lower, PUT, MODEL, MARKET, cancel=cancel)


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"paths": 10}, "paths must be a whole number from 256 to 1000000000 \\(got 10\\)"),
        ({"paths": 1001}, "paths must be even, with antithetic pairs \\(got 1001\\)"),
        ({"policy_paths": 2.0e4}, "policy_paths must be a whole number"),
        ({"exercise_dates": 0}, "exercise_dates must be a whole number from 1 to 10000 \\(got 0\\)"),
        ({"basis": "wavelet"}, "basis must be one of \"laguerre\".* \\(got 'wavelet'\\)"),
        ({"degree": 11}, "degree must be a whole number from 1 to 10 \\(got 11\\)"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"workers": 0}, "workers must be a whole number from 1"),
        ({"in_sample": True, "policy_paths": 1024}, "policy_paths must be None where in_sample is true"),
    ],
)
def test_settings_outside_their_range_are_named(given_settings: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        LongstaffSchwartz(**given_settings)  # type: ignore[arg-type]


def test_arguments_outside_their_range_are_named() -> None:
    with pytest.raises(InvalidValueError, match=r"contract must be an AmericanOption \(got european\)"):
        SMALL.price(EuropeanOption(option_type="put", strike=40.0, expiry=1.0), MODEL, MARKET)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=r"model must be a BlackScholesModel.* \(got object\)"):
        SMALL.price(PUT, object(), MARKET)
    with pytest.raises(InvalidValueError, match=r"market.spot must be one price"):
        SMALL.price(PUT, MODEL, FlatMarket(spot=(36.0, 37.0), rate=0.06, dividend_yield=(0.0, 0.0)))
    with pytest.raises(InvalidValueError, match=r"exercise_dates must be above 0.6 and .* \(got 0.5 at row 1\)"):
        LongstaffSchwartz(exercise_dates=(0.6, 0.5, 1.0)).price(PUT, MODEL, MARKET)
    with pytest.raises(InvalidValueError, match=r"exercise_dates must be the expiry, 1.0, in the last place"):
        LongstaffSchwartz(exercise_dates=(0.6, 0.9)).price(PUT, MODEL, MARKET)
    with pytest.raises(InvalidValueError, match=r"policy_paths must be at most 25000 with 10000 exercise dates"):
        LongstaffSchwartz(exercise_dates=10_000, policy_paths=30_000).price(PUT, MODEL, MARKET)
    lower = SMALL.price(PUT, MODEL, MARKET)
    with pytest.raises(InvalidValueError, match=r"strike must be 40.0, as in the lower bound \(got 41.0\)"):
        dual_upper_bound(lower, put(1.0, 41.0), MODEL, MARKET)
    with pytest.raises(InvalidValueError, match=r"inner_paths must be a multiple of 256 \(got 300\)"):
        dual_upper_bound(lower, PUT, MODEL, MARKET, inner_paths=300)
    biased = LongstaffSchwartz(paths=1024, exercise_dates=4, in_sample=True).price(PUT, MODEL, MARKET)
    with pytest.raises(InvalidValueError, match=r"lower must be a lower bound out of sample"):
        dual_upper_bound(biased, PUT, MODEL, MARKET)


def test_normal_equations_leave_out_what_repeats() -> None:
    x = np.linspace(0.0, 1.0, 50)
    columns = np.stack([np.ones(50), x, x])
    target = 2.0 + 3.0 * x
    matrix = columns @ columns.T
    found = solve_normal(matrix[np.tril_indices(3)], columns @ target)
    assert found == pytest.approx([2.0, 1.5, 1.5], rel=1e-9)
    few = solve_normal(np.full(6, 1.0), np.ones(3))
    assert few[0] == NEVER
    assert not few[1:].any()


def test_the_policy_s_own_value_of_holding_is_the_kernel_s() -> None:
    lower = SMALL.price(PUT, HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.5, rho=-0.7), MARKET)
    assert lower.policy is not None
    model = HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.5, rho=-0.7)
    spots, variances = paths.simulate_with_variance(model, MARKET, lower.exercise_times, 512, 5)
    from optionix_core.pricing.monte_carlo._lsm_following import stop

    rows = stop(lower.policy, spots, variances, MARKET)
    stops = np.array([lower.policy.exercises(k, spots[k], variances[k]) for k in range(10)])
    first = np.where(stops.any(axis=0), stops.argmax(axis=0), 9)
    assert np.array_equal(rows[3], first)
    paid = np.where(stops.any(axis=0), 40.0 - spots[first, np.arange(512)], 0.0)
    assert rows[0] == pytest.approx(paid * np.exp(-0.06 * np.array(lower.exercise_times)[first]), rel=1e-12)
