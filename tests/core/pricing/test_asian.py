"""Asian options: exact geometric averages, exact moments, the conditioned bound against quadrature, and limits."""

from __future__ import annotations

import itertools
import math
import random

import mpmath as mp
import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import _average_density, asian, black_scholes
from optionix_core.pricing._average import _continuous_moments, _fixed_moments

TABLE = [
    # J. Vecer, "A new PDE approach for pricing arithmetic average Asian options", J. Comp. Finance 4 (2001), table 1:
    # spot, rate, volatility, expiry, price at strike 2 without yield
    (2.0, 0.02, 0.10, 1, 0.055986),
    (2.0, 0.18, 0.30, 1, 0.218388),
    (2.0, 0.0125, 0.25, 2, 0.172269),
    (1.9, 0.05, 0.50, 1, 0.193174),
    (2.0, 0.05, 0.50, 1, 0.246416),
    (2.1, 0.05, 0.50, 1, 0.306220),
    (2.0, 0.05, 0.50, 2, 0.350095),
]


@pytest.mark.parametrize(("spot", "rate", "vol", "expiry", "exact"), TABLE)
def test_the_conditioned_price_is_a_close_lower_bound_of_published_prices(
    spot: float, rate: float, vol: float, expiry: float, exact: float
) -> None:
    price = asian.arithmetic_price("call", spot, 2.0, expiry, rate, 0.0, vol, method="curran")
    assert exact - 4e-4 < price < exact + 1e-6


def test_published_geometric_prices() -> None:
    # Haug (2007), geometric average rate: put, spot 80, strike 85, a quarter, 5%, yield -3%, volatility 20%
    assert asian.geometric_price("put", 80, 85, 0.25, 0.05, -0.03, 0.2) == pytest.approx(4.6922, abs=1e-4)
    # L. Clewlow and C. Strickland, Implementing Derivatives Models (1998), p. 118: ten fixings over a year
    times = [k / 10 for k in range(1, 11)]
    assert asian.geometric_price("call", 100, 100, 1, 0.06, 0.03, 0.2, times) == pytest.approx(5.3425606635, abs=1e-9)


def test_one_fixing_at_expiry_is_the_european_option() -> None:
    vanilla = black_scholes.price("call", 100, 95, 0.7, 0.05, 0.02, 0.3)
    for price in (
        asian.geometric_price("call", 100, 95, 0.7, 0.05, 0.02, 0.3, [0.7]),
        asian.arithmetic_price("call", 100, 95, 0.7, 0.05, 0.02, 0.3, [0.7]),
        asian.arithmetic_price("call", 100, 95, 0.7, 0.05, 0.02, 0.3, [0.7], method="curran"),
    ):
        assert price == pytest.approx(vanilla, abs=1e-12)


def test_geometric_fixings_have_the_variance_of_the_double_sum_and_tend_to_the_continuous_average() -> None:
    times = np.array([0.1, 0.25, 0.3, 0.8, 1.1])
    vol, rate, dividend = 0.35, 0.04, 0.01
    variance = vol**2 * np.minimum.outer(times, times).mean()
    mean = (rate - dividend - vol**2 / 2) * times.mean()
    forward = 100 * math.exp(mean + variance / 2)
    expected = black_scholes.price("put", forward, 97, 1.0, 0.0, 0.0, math.sqrt(variance)) * math.exp(-rate * 1.2)
    price = asian.geometric_price("put", 100, 97, 1.2, rate, dividend, vol, times)
    assert price == pytest.approx(expected, abs=1e-12)
    many = [(k + 0.5) / 20000 for k in range(20000)]
    dense = asian.geometric_price("call", 100, 97, 1.0, rate, dividend, vol, many)
    assert dense == pytest.approx(asian.geometric_price("call", 100, 97, 1.0, rate, dividend, vol), abs=1e-6)


@pytest.mark.parametrize(
    ("growth", "variance"), [(0.05, 0.04), (0.0, 0.25), (-0.04, 0.04), (1e-9, 1e-6), (8.0, 30.0), (-3.0, 25.0)]
)
def test_the_first_two_moments_of_the_continuous_average_are_exact(growth: float, variance: float) -> None:
    with mp.workdps(40):
        g, v = mp.mpf(growth), mp.mpf(variance)
        mean = mp.expm1(g) / g if g else mp.mpf(1)
        rest = lambda u: mp.expm1(g * (1 - u)) / g if g else 1 - u  # noqa: E731
        inner = lambda u: 2 * mp.exp(g * u) * mp.expm1(v * u) * mp.exp(g * u) * rest(u)  # noqa: E731
        with mp.workdps(25):
            excess = mp.quad(inner, [0, 1])
    got = _continuous_moments(np.array([growth]), np.array([variance]))
    assert got[0][0] == pytest.approx(float(mean), rel=1e-14)
    assert got[1][0] == pytest.approx(float(excess), rel=1e-12)


def test_the_first_two_moments_of_fixings_are_exact() -> None:
    times, carry, vol2 = np.array([0.0, 0.2, 0.5, 1.3]), 0.07, 0.09
    forwards = np.exp(carry * times)
    excess = np.mean(np.outer(forwards, forwards) * np.expm1(vol2 * np.minimum.outer(times, times)))
    got = _fixed_moments(times, np.array([carry]), np.array([vol2]))
    assert got[0][0] == pytest.approx(forwards.mean(), rel=1e-15)
    assert got[1][0] == pytest.approx(excess, rel=1e-15)


@pytest.mark.parametrize("seed", range(6))
def test_the_conditioned_price_is_the_integral_over_the_geometric_average(seed: int) -> None:
    draw = random.Random(seed)
    times = np.array(sorted(draw.uniform(0.05, 2) for _ in range(draw.randint(2, 9))))
    rate, dividend, vol = draw.uniform(-0.02, 0.1), draw.uniform(-0.02, 0.1), draw.uniform(0.1, 0.7)
    strike, expiry = draw.uniform(80, 120), float(times[-1])
    covariance = vol**2 * np.minimum.outer(times, times)
    loadings = covariance.mean(axis=0) / math.sqrt(covariance.mean())
    nodes, weights = np.polynomial.legendre.leggauss(60)
    forwards = 100 * np.exp((rate - dividend) * times)

    def conditional(z: np.ndarray) -> np.ndarray:
        return np.mean(forwards * np.exp(np.multiply.outer(z, loadings) - loadings**2 / 2), axis=-1)

    low, high = -10.0, 13.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if conditional(np.array(middle)) < strike else (low, middle)
    for sign, (begin, end) in ((1, (low, 13.0)), (-1, (-10.0, low))):
        total = 0.0
        for left, right in itertools.pairwise(np.linspace(begin, end, 16)):
            z = left + 0.5 * (right - left) * (1 + nodes)
            density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
            total += float(0.5 * (right - left) * np.sum(weights * density * sign * (conditional(z) - strike)))
        price = asian.arithmetic_price(sign, 100, strike, expiry, rate, dividend, vol, times, method="curran")
        assert price == pytest.approx(math.exp(-rate * expiry) * total, abs=1e-11)


def two_fixings(strike: float, times: tuple[float, float], rate: float, vol: float) -> float:
    """A call on the average of two fixings, exactly: Black's formula for the second given the first."""
    first, rest = times[0], times[1] - times[0]
    edges = np.linspace(-10, 10, 201)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    half = 0.5 * np.diff(edges)[:, None]
    z = (edges[:-1, None] + half * (1 + nodes)).ravel()
    mass = (half * weights).ravel() * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    there = 100 * np.exp((rate - vol**2 / 2) * first + vol * math.sqrt(first) * z)
    left = 2 * strike - there
    sure = 0.5 * (there * math.exp(rate * rest) - left) * math.exp(-rate * rest)
    option = 0.5 * black_scholes.price("call", there, np.where(left > 0, left, 1.0), rest, rate, 0.0, vol)
    return float(math.exp(-rate * first) * np.sum(mass * np.where(left > 0, option, sure)))


@pytest.mark.parametrize(("strike", "vol"), [(95, 0.2), (100, 0.3), (110, 0.3), (120, 0.5)])
def test_the_exact_method_is_the_integral_over_two_fixings(strike: float, vol: float) -> None:
    exact = two_fixings(strike, (0.5, 1.0), 0.05, vol)
    price = asian.arithmetic_price("call", 100, strike, 1.0, 0.05, 0.0, vol, [0.5, 1.0], method="exact")
    assert price == pytest.approx(exact, abs=1e-13 * 100)


@pytest.mark.parametrize(
    ("spot", "rate", "vol", "expiry", "published"),
    [
        # V. Linetsky, "Spectral expansions for Asian (average price) options", Operations Research 52 (2004) 856-867,
        # table 3: strike 2, no yield, ten decimals
        (2.0, 0.02, 0.10, 1, 0.0559860415),
        (2.0, 0.18, 0.30, 1, 0.2183875466),
        (2.0, 0.0125, 0.25, 2, 0.1722687410),
        (1.9, 0.05, 0.50, 1, 0.1931737903),
        (2.0, 0.05, 0.50, 1, 0.2464156905),
        (2.1, 0.05, 0.50, 1, 0.3062203648),
        (2.0, 0.05, 0.50, 2, 0.3500952190),
    ],
)
def test_the_exact_continuous_price_has_all_published_digits(
    spot: float, rate: float, vol: float, expiry: float, published: float
) -> None:
    price = asian.arithmetic_price("call", spot, 2.0, expiry, rate, 0.0, vol, method="exact")
    assert price == pytest.approx(published, abs=0.51e-10)


def test_exact_prices_are_their_own_at_twice_as_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(3)
    cases = []
    for _ in range(12):
        times = np.sort(draw.uniform(0.0, 2.0, draw.integers(2, 14)))
        times[0] *= draw.integers(0, 2)
        market = (times[-1] + 0.1, *draw.uniform(-0.05, 0.1, 2), draw.choice([0.02, 0.3, 1.0, 2.5]))
        cases.append((draw.choice([1, -1]), 100.0, draw.uniform(60, 150), *market, times))
    prices = [asian.arithmetic_price(*case, method="exact") for case in cases]
    for name, value in (("SPACING", 0.36), ("WIDEST", 0.25), ("REACH", 10.0)):
        monkeypatch.setattr(_average_density, name, value)
    finer = [asian.arithmetic_price(*case, method="exact") for case in cases]
    scale = np.array([max(100.0, price) for price in finer])
    assert np.abs(np.subtract(prices, finer)).max() <= (2e-13 * scale).max()


def test_the_other_methods_keep_their_side_of_the_exact_price() -> None:
    draw = np.random.default_rng(4)
    strike = draw.uniform(80, 120, 40)
    market = (1.0, 0.04, 0.01, 0.3)
    times = np.arange(1, 13) / 12
    for sign in (1, -1):
        exact = asian.arithmetic_price(sign, 100.0, strike, *market, times, "exact")
        bound = asian.arithmetic_price(sign, 100.0, strike, *market, times, "curran")
        matched = asian.arithmetic_price(sign, 100.0, strike, *market, times, "levy")
        assert ((bound <= exact + 1e-11) & (bound >= exact - 5e-3)).all()
        assert matched == pytest.approx(exact, abs=0.1)
        assert (matched == asian.arithmetic_price(sign, 100.0, strike, *market, times, "turnbull-wakeman")).all()


def test_published_approximations_of_levy() -> None:
    # Haug (2007), 4.20.2: put, spot 6.80, strike 6.90, half a year, rate 7%, foreign rate 9%, volatility 14%
    price = asian.arithmetic_price("put", 6.8, 6.9, 0.5, 0.07, 0.09, 0.14, method="levy")
    assert price == pytest.approx(0.2237, abs=5e-5)
    # the same, table of Levy's approximation: spot 100, rate 10%, yield 5%, three quarters, volatility 15%
    for strike, printed in ((95, 7.0544), (100, 3.7845)):
        price = asian.arithmetic_price("call", 100, strike, 0.75, 0.1, 0.05, 0.15, method="levy")
        assert price == pytest.approx(printed, abs=5e-5), strike


def test_quantlib_agrees_on_levy_with_a_part_of_the_average_known() -> None:
    ql = pytest.importorskip("QuantLib", reason="QuantLib is a development dependency")
    today, count = ql.Date(1, 1, 2025), ql.Actual360()
    ql.Settings.instance().evaluationDate = today
    for elapsed, average in ((0, 100.0), (90, 97.0), (30, 104.0)):
        left = 270 - elapsed
        flat = [ql.YieldTermStructureHandle(ql.FlatForward(today, rate, count)) for rate in (0.05, 0.1)]
        vol = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.35, count))
        process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(100.0)), *flat, vol)
        option = ql.ContinuousAveragingAsianOption(
            ql.Average.Arithmetic, ql.PlainVanillaPayoff(ql.Option.Call, 101.0), ql.EuropeanExercise(today + left)
        )
        current = ql.QuoteHandle(ql.SimpleQuote(average))
        option.setPricingEngine(ql.ContinuousArithmeticAsianLevyEngine(process, current, today - elapsed))
        ours = asian.arithmetic_price(
            "call", 100, 101, left / 360, 0.1, 0.05, 0.35, method="levy", past_average=average, past_share=elapsed / 270
        )
        assert ours == pytest.approx(option.NPV(), abs=1e-9)


@pytest.mark.parametrize("method", ["turnbull-wakeman", "curran", "exact"])
def test_a_known_part_of_the_average_moves_strike_and_number(method: asian.Method) -> None:
    market = (1.0, 0.05, 0.01, 0.3)
    times = [0.25, 0.5, 0.75, 1.0]
    some = asian.arithmetic_price("call", 100, 101, *market, times, method, past_average=97.0, past_share=0.5)
    plain = asian.arithmetic_price("call", 100, 2 * 101 - 97, *market, times, method)
    assert some == pytest.approx(0.5 * plain, rel=1e-14)
    # known beyond the strike: only the forward is left, and no put
    mean = float(np.mean([100 * math.exp(0.04 * time) for time in times]))
    sure = asian.arithmetic_price("call", 100, 60, *market, times, method, past_average=130.0, past_share=0.5)
    assert sure == pytest.approx(math.exp(-0.05) * (0.5 * 130 + 0.5 * mean - 60), rel=1e-13)
    assert asian.arithmetic_price("put", 100, 60, *market, times, method, past_average=130.0, past_share=0.5) == 0.0
    all_known = asian.arithmetic_price("put", 100, 60, *market, times, method, past_average=50.0, past_share=1.0)
    assert all_known == pytest.approx(10 * math.exp(-0.05), rel=1e-15)


def test_a_known_part_of_a_geometric_average_is_a_power_of_it() -> None:
    market = (1.0, 0.05, 0.01, 0.3)
    times = np.array([0.3, 1.0])
    price = asian.geometric_price("call", 100, 101, *market, times, past_average=97.0, past_share=1 / 3)
    # the same three fixings, the known one as a fixing of zero variance: weights of one third each
    variance = 0.3**2 * (0.3 + 0.3 + 0.3 + 1.0) / 9
    mean = (math.log(97) + 2 * math.log(100) + (0.04 - 0.045) * 1.3) / 3
    forward = math.exp(mean + variance / 2)
    expected = math.exp(-0.05) * black_scholes.price("call", forward, 101, 1.0, 0.0, 0.0, math.sqrt(variance))
    assert price == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("strike", "vol"), [(95, 0.2), (100, 0.3), (110, 0.3), (120, 0.5)])
def test_both_approximations_are_near_the_exact_price_of_two_fixings(strike: float, vol: float) -> None:
    exact = two_fixings(strike, (0.5, 1.0), 0.05, vol)
    arguments = ("call", 100, strike, 1.0, 0.05, 0.0, vol, [0.5, 1.0])
    assert exact - 0.02 < asian.arithmetic_price(*arguments, method="curran") < exact + 1e-10
    assert asian.arithmetic_price(*arguments) == pytest.approx(exact, abs=0.15)


def test_geometric_calls_are_cheapest_and_parity_holds() -> None:
    rng = np.random.default_rng(9)
    n = 500
    strike = rng.uniform(70, 130, n)
    market = (rng.uniform(0.5, 3, n), rng.uniform(-0.03, 0.1, n), rng.uniform(-0.03, 0.1, n), rng.uniform(0.0, 0.6, n))
    for times in (None, [0.1, 0.3, 0.5]):
        geometric = asian.geometric_price("call", 100.0, strike, *market, times)
        prices = {}
        for method in ("turnbull-wakeman", "curran"):
            call, put = (asian.arithmetic_price(k, 100.0, strike, *market, times, method) for k in ("call", "put"))
            carry = market[1] - market[2]
            mean = np.expm1(carry * market[0]) / (carry * market[0])
            if times is not None:
                mean = np.mean([np.exp(carry * t) for t in times], axis=0)
            forward = np.exp(-market[1] * market[0]) * (100.0 * mean - strike)
            assert call - put == pytest.approx(forward, abs=1e-11)
            prices[method] = call
        assert (geometric <= prices["curran"] + 1e-11).all()


def test_no_time_and_no_volatility_are_limits() -> None:
    assert asian.geometric_price("call", 100, 95, 0, 0.05, 0, 0.2) == 5.0
    for method in ("turnbull-wakeman", "curran"):
        assert asian.arithmetic_price("call", 100, 95, 0, 0.05, 0, 0.2, method=method) == 5.0
        still = asian.arithmetic_price("call", 100, 95, 1, 0.05, 0, 0, method=method)
        assert still == pytest.approx(math.exp(-0.05) * (100 * math.expm1(0.05) / 0.05 - 95), rel=1e-13)
        assert asian.arithmetic_price("put", 100, 105, 1, 0, 0, 0.2, [0.0], method=method) == 5.0


def test_simulation_with_a_control_is_near_the_exact_price() -> None:
    market = (1.0, 0.04, 0.01, 0.3)
    for times in ([0.0, 0.5, 1.0], [0.25, 0.5, 0.75, 1.0]):
        for sign in (1, -1):
            exact = asian.arithmetic_price(sign, 100.0, 102.0, *market, times, "exact")
            paths = asian.arithmetic_price(sign, 100.0, 102.0, *market, times, "monte-carlo")
            assert paths == pytest.approx(exact, abs=2e-3)
            assert paths != exact
    known = asian.arithmetic_price("call", 100.0, 60.0, *market, [0.5, 1.0], "monte-carlo", 130.0, 0.5)
    assert known == asian.arithmetic_price("call", 100.0, 60.0, *market, [0.5, 1.0], "levy", 130.0, 0.5)


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidValueError, match=r"fixing_times must be .*increasing \(got 0.5 at row 1\)"):
        asian.geometric_price("call", 100, 95, 1, 0.05, 0, 0.2, [0.5, 0.5])
    with pytest.raises(InvalidValueError, match=r"expiry must be at least the last fixing time 2.0 \(got 1.0\)"):
        asian.geometric_price("call", 100, 95, 1, 0.05, 0, 0.2, [0.5, 2])
    with pytest.raises(InvalidValueError, match=r"past_share must be zero where no past_average .* \(got 0.5\)"):
        asian.geometric_price("call", 100, 95, 1, 0.05, 0, 0.2, past_share=0.5)
    with pytest.raises(InvalidValueError, match=r"past_share must be .* at most 1 \(got 1.5 at row 1\)"):
        asian.arithmetic_price("call", 100, 95, 1, 0.05, 0, 0.2, past_average=90, past_share=[0.5, 1.5])
    with pytest.raises(InvalidValueError, match=r"volatility must be at most 5 once .*got 6.0"):
        asian.arithmetic_price("call", 100, 95, 1, 0.05, 0, 6.0, method="exact")
    with pytest.raises(InvalidValueError, match=r"fixing_times must be at least 1e-06 of the last .* at row 2"):
        asian.arithmetic_price("call", 100, 95, 1, 0.05, 0, 0.2, [0.5, 0.9, 0.9 + 1e-9], method="exact")
    with pytest.raises(InvalidValueError, match='method must be one of "turnbull-wakeman"'):
        asian.arithmetic_price("call", 100, 95, 1, 0.05, 0, 0.2, method="guess")  # type: ignore[arg-type]
