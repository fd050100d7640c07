"""Paths as arrays: laws of every scheme, and independence of workers and pieces."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import CashDividends, ProportionalDividends
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BatesModel, BlackScholesModel, CevModel, HestonModel, MertonModel
from optionix_core.pricing.models.diffusions import CirModel, MeanRevertingModel, VasicekModel
from optionix_core.pricing.monte_carlo import simulate, simulate_with_variance
from optionix_core.pricing.monte_carlo.paths import pair_means

MARKET = FlatMarket(spot=100.0, rate=0.05, dividend_yield=0.02)
UNTRADED = FlatMarket(spot=100.0, rate=0.05)
BLACK = BlackScholesModel(volatility=0.2)
HESTON = HestonModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7)
JUMPS = {"jump_intensity": 0.8, "jump_mean": -0.1, "jump_volatility": 0.15}
MERTON = MertonModel(volatility=0.2, **JUMPS)
BATES = BatesModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7, **JUMPS)
CIR = CirModel(kappa=1.0, theta=80.0, sigma=3.0)
PATHS = 100_000
PAYING = FlatMarket(spot=1.0, rate=0.0, dividends=CashDividends((0.5,), (0.1,)))


class LocalVolatility:
    def local_volatility(self, spot: object, time: object) -> np.ndarray:
        return 0.2 * np.sqrt(100.0 / np.asarray(spot)) + 0.0 * np.asarray(time)


@pytest.mark.parametrize(
    "model", [BLACK, MERTON, HESTON, BATES, CIR, LocalVolatility()], ids=lambda model: type(model).__name__
)
@pytest.mark.parametrize("antithetic", [False, True])
def test_any_number_of_workers_gives_the_same_bits(model: object, antithetic: bool) -> None:
    market = UNTRADED if model is CIR else MARKET
    alone = simulate(model, market, (0.5, 1.0), 9000, 7, antithetic=antithetic, workers=1, steps=4)
    for workers in (2, 3):
        again = simulate(model, market, (0.5, 1.0), 9000, 7, antithetic=antithetic, workers=workers, steps=4)
        assert again.tobytes() == alone.tobytes()


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_a_path_is_the_same_in_whatever_piece_it_is_asked_for(sampler: str) -> None:
    whole = simulate(HESTON, MARKET, (0.5, 1.0), 1500, 3, sampler=sampler, steps=4)
    piece = simulate(HESTON, MARKET, (0.5, 1.0), 700, 3, sampler=sampler, steps=4, first_path=512)
    np.testing.assert_array_equal(piece, whole[:, 512:1212])


@pytest.mark.parametrize("paths", [1024, 1000, 6])
def test_antithetic_pairs_mirror_each_other(paths: int) -> None:
    logs = np.log(simulate(BLACK, MARKET, (0.5, 1.0), paths, 3, antithetic=True) / 100.0)
    means = pair_means(logs)
    assert means.shape == (2, paths // 2)
    np.testing.assert_allclose(means, np.array([[0.005], [0.01]]) * np.ones(paths // 2), atol=1e-14)
    assert np.std(logs[1]) > 0.1


def test_a_time_of_zero_is_now() -> None:
    prices, variances = simulate_with_variance(HESTON, MARKET, (0.0, 0.5), 300, 3, steps=4)
    assert np.all(prices[0] == 100.0)
    assert np.all(variances[0] == 0.04)
    np.testing.assert_array_equal(prices, simulate(HESTON, MARKET, (0.0, 0.5), 300, 3, steps=4))


@pytest.mark.parametrize("model", [BLACK, MERTON, HESTON, BATES], ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_a_traded_price_has_the_forward_as_its_mean(model: object, sampler: str) -> None:
    market = FlatMarket(spot=100.0, rate=0.05, dividend_yield=0.02, dividends=ProportionalDividends((0.3,), (0.04,)))
    last = simulate(model, market, (0.2, 1.0), 1 << 16, 5, sampler=sampler, steps=8)[-1]
    forward = 96.0 * math.exp(0.03)
    error = np.std(last) / math.sqrt(last.size)
    helped = sampler == "sobol" and model in (BLACK, HESTON)
    assert abs(np.mean(last) - forward) < (0.25 * error if helped else 4.0 * error)


def test_variances_of_heston_have_their_exact_first_two_moments() -> None:
    # Cox, Ingersoll and Ross (1985), (19).
    _, variances = simulate_with_variance(HESTON, MARKET, (1.0,), PATHS, 11, steps=4)
    decay = math.exp(-1.5)
    mean = 0.05 + (0.04 - 0.05) * decay
    variance = 0.04 * 0.36 / 1.5 * (decay - decay**2) + 0.05 * 0.36 / 3.0 * (1.0 - decay) ** 2
    assert abs(np.mean(variances) - mean) < 4.0 * math.sqrt(variance / PATHS)
    assert np.var(variances) == pytest.approx(variance, rel=0.05)
    assert np.all(variances >= 0.0)


def test_the_square_root_level_has_its_exact_first_two_moments() -> None:
    levels = simulate(CIR, UNTRADED, (1.0,), PATHS, 11, steps=4)[0]
    decay = math.exp(-1.0)
    variance = 100.0 * 9.0 * (decay - decay**2) + 80.0 * 4.5 * (1.0 - decay) ** 2
    assert abs(np.mean(levels) - (80.0 + 20.0 * decay)) < 4.0 * math.sqrt(variance / PATHS)
    assert np.var(levels) == pytest.approx(variance, rel=0.02)


def test_ornstein_uhlenbeck_levels_have_their_exact_moments() -> None:
    vasicek = VasicekModel(kappa=2.0, theta=-3.0, sigma=4.0)
    market = FlatMarket(spot=5.0, rate=0.05)
    levels = simulate(vasicek, market, (0.3, 1.0), PATHS, 11)
    for row, time in enumerate((0.3, 1.0)):
        mean, variance = vasicek.moments(5.0, time)
        assert mean == pytest.approx(-3.0 + 8.0 * math.exp(-2.0 * time))
        assert variance == pytest.approx(4.0 * (1.0 - math.exp(-4.0 * time)))
        assert abs(np.mean(levels[row]) - mean) < 4.0 * math.sqrt(variance / PATHS)
        assert np.var(levels[row]) == pytest.approx(variance, rel=0.02)
    reverting = MeanRevertingModel(kappa=2.0, log_mean=1.0, sigma=0.4)
    logs = np.log(simulate(reverting, market, (1.0,), PATHS, 12)[0])
    mean, variance = reverting.log_moments(5.0, 1.0)
    assert abs(np.mean(logs) - mean) < 4.0 * math.sqrt(variance / PATHS)
    assert np.var(logs) == pytest.approx(variance, rel=0.02)


def test_jumps_come_at_their_rate_and_size() -> None:
    logs = np.log(simulate(MERTON, MARKET, (1.0,), PATHS, 13)[0] / 100.0)
    variance = 0.04 + 0.8 * (0.1**2 + 0.15**2)
    third = 0.8 * (-(0.1**3) - 3.0 * 0.1 * 0.15**2)
    centred = logs - np.mean(logs)
    assert np.var(logs) == pytest.approx(variance, rel=0.03)
    assert np.mean(centred**3) == pytest.approx(third, rel=0.15)


def test_cash_dividends_are_taken_off_the_price() -> None:
    market = FlatMarket(spot=100.0, rate=0.05, dividends=CashDividends((0.5,), (10.0,)))
    prices = simulate(BLACK, market, (0.4, 1.0), PATHS, 13)
    np.testing.assert_array_equal(
        prices[0], simulate(BLACK, FlatMarket(spot=100.0, rate=0.05), (0.4, 0.5, 1.0), PATHS, 13)[0]
    )
    mean = 100.0 * math.exp(0.05) - 10.0 * math.exp(0.025)
    assert abs(np.mean(prices[1]) - mean) < 4.0 * np.std(prices[1]) / math.sqrt(PATHS)
    ruined = simulate(BLACK, FlatMarket(spot=1.0, rate=0.05, dividends=CashDividends((0.5,), (10.0,))), (1.0,), 300, 1)
    assert np.all((ruined >= 0.0) & (ruined < 1e-200))


def test_without_volatility_a_price_is_its_forward() -> None:
    prices = simulate(BlackScholesModel(volatility=0.0), MARKET, (1.0,), 300, 1)
    np.testing.assert_allclose(prices, 100.0 * math.exp(0.03), rtol=1e-15)
    still = HestonModel(v0=0.04, kappa=1.0, theta=0.04, sigma=0.0, rho=-0.5)
    np.testing.assert_allclose(
        simulate(still, MARKET, (1.0,), 300, 1, steps=4), simulate(BLACK, MARKET, (0.25, 0.5, 0.75, 1.0), 300, 1)[-1:]
    )
    nearly = HestonModel(v0=0.04, kappa=1.0, theta=0.04, sigma=2e-7, rho=-0.5)
    np.testing.assert_allclose(
        simulate(nearly, MARKET, (1.0,), 300, 1, steps=4)[0].std(),
        simulate(BLACK, MARKET, (1.0,), 300, 1)[0].std(),
        rtol=0.2,
    )


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("paths", {"paths": 0}),
        ("paths", {"paths": 3_000_000_000}),
        ("paths", {"paths": 3, "antithetic": True}),
        ("seed", {"seed": -1}),
        ("times", {"times": ()}),
        ("times", {"times": (1.0, 0.5)}),
        ("times", {"times": (-1.0,)}),
        ("times", {"times": (math.nan,)}),
        ("first_path", {"first_path": 5}),
        ("sampler", {"sampler": "halton"}),
        ("antithetic", {"sampler": "sobol", "antithetic": True}),
        ("steps", {"steps": 0}),
        ("model", {"model": CevModel(delta=2.0, beta=0.5)}),
        (
            "dividends",
            {"model": HESTON, "market": FlatMarket(spot=1.0, rate=0.0, dividends=CashDividends((0.5,), (0.1,)))},
        ),
        ("dividend_yield", {"model": CIR}),
        ("spot", {"market": FlatMarket(spot=(1.0, 2.0), rate=0.0, dividend_yield=(0.0, 0.0))}),
    ],
)
def test_bad_input_is_refused_by_name(field: str, more: dict[str, object]) -> None:
    arguments = {"model": BLACK, "market": MARKET, "times": (1.0,), "paths": 256, "seed": 1, **more}
    with pytest.raises(InvalidValueError) as caught:
        simulate(**arguments)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_parameters_of_the_levels_are_checked() -> None:
    with pytest.raises(InvalidValueError, match="sigma"):
        CirModel(kappa=1.0, theta=1.0, sigma=-1.0)
    with pytest.raises(InvalidValueError, match="theta"):
        VasicekModel(kappa=1.0, theta=math.nan, sigma=1.0)
    with pytest.raises(InvalidValueError, match="log_mean"):
        MeanRevertingModel(kappa=1.0, log_mean=1e9, sigma=1.0)
    assert not CirModel(kappa=1.0, theta=1.0, sigma=2.0).feller
    assert CirModel(kappa=1.0, theta=1.0, sigma=1.0).feller
