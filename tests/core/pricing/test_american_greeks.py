"""Greeks and implied volatilities of American options, and prices with dividends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import UnknownNameError
from optionix_core.pricing import CashDividends, ProportionalDividends, american, black_scholes

PAR = (100.0, 100.0, 1.0, 0.05, 0.05, 0.25)
SPOT, STRIKE, EXPIRY, RATE, YIELD, VOLATILITY = range(1, 7)
WORST = {"delta": 1e-7, "dual_delta": 1e-7, "theta": 1e-6, "vega": 2e-5, "rho": 3e-4, "epsilon": 3e-4}
"""Of first Greeks, relative to one and the Greek; those in rates are differences across a kink at rates of zero."""
WORST_SECOND = {"gamma": 1e-8, "dual_gamma": 1e-8, "charm": 1e-6, "vanna": 5e-5, "volga": 5e-5}
PLACES = {"delta": SPOT, "dual_delta": STRIKE, "theta": EXPIRY, "rho": RATE, "epsilon": YIELD, "vega": VOLATILITY}


def contracts(seed: int, rows: int) -> list[Any]:
    """Random rows in columns, of moderate length and volatility, so that differences are not mostly rounding."""
    draw = np.random.default_rng(seed)
    return [
        np.where(draw.random(rows) < 0.5, 1.0, -1.0),
        np.full(rows, 100.0),
        draw.uniform(75, 135, rows),
        draw.uniform(0.25, 3.0, rows),
        draw.uniform(0.0, 0.08, rows),
        draw.uniform(0.0, 0.08, rows),
        draw.uniform(0.15, 0.6, rows),
    ]


def held(rows: list[Any]) -> Any:
    """Rows not to be exercised at once, nor nearly so."""
    value = american.price(*rows)
    return value > np.maximum(rows[0] * (rows[1] - rows[2]), 0.0) + 0.05


def moved(rows: list[Any], place: int, size: Any) -> list[Any]:
    there = list(rows)
    there[place] = rows[place] + size
    return there


def slope(rows: list[Any], place: int, name: str) -> Any:
    """Sixth-order differences of price or of a Greek, with other steps than those of the Greeks."""
    step = 0.012 * rows[place] if place in {SPOT, STRIKE, EXPIRY, VOLATILITY} else np.full(len(rows[0]), 1.3e-3)

    def at(multiple: float) -> Any:
        there = moved(rows, place, multiple * step)
        if name == "price":
            return american.price(*there, accuracy="high")
        return getattr(american.greeks(*there, accuracy="high", names=(name,)), name)

    near, middle, far = (at(k) - at(-k) for k in (1.0, 2.0, 3.0))
    return (45.0 * near - 9.0 * middle + far) / (60.0 * step)


def test_first_greeks_are_the_differences_of_prices_over_random_rows() -> None:
    rows = contracts(1, 120)
    keep = held(rows)
    found = american.greeks(*rows, accuracy="high")
    for name, place in PLACES.items():
        expected = slope(rows, place, "price") * (-1.0 if name == "theta" else 1.0)
        error = np.abs(getattr(found, name) - expected)[keep]
        assert np.max(error / (1.0 + np.abs(expected[keep]))) < WORST[name], name


def test_second_greeks_are_the_differences_of_first_ones_over_random_rows() -> None:
    rows = contracts(2, 80)
    keep = held(rows)
    found = american.greeks(*rows, accuracy="high")
    for name, first, place, sign in (
        ("gamma", "delta", SPOT, 1.0),
        ("vanna", "delta", VOLATILITY, 1.0),
        ("charm", "delta", EXPIRY, -1.0),
        ("volga", "vega", VOLATILITY, 1.0),
        ("dual_gamma", "dual_delta", STRIKE, 1.0),
    ):
        expected = sign * slope(rows, place, first)
        error = np.abs(getattr(found, name) - expected)[keep]
        assert np.max(error / (1.0 + np.abs(expected[keep]))) < WORST_SECOND[name], name


def test_standard_greeks_are_those_of_high_accuracy() -> None:
    rows = contracts(3, 200)
    keep = held(rows)
    standard, high = american.greeks(*rows), american.greeks(*rows, accuracy="high")
    for name in ("delta", "gamma", "vega", "theta", "rho", "epsilon"):
        error = np.abs(getattr(standard, name) - getattr(high, name))[keep]
        assert np.max(error / (1.0 + np.abs(getattr(high, name)[keep]))) < 2e-4, name


def test_implied_volatility_inverts_the_price_in_every_accuracy() -> None:
    rows = contracts(4, 300)
    for accuracy in ("fast", "standard", "high"):
        value = american.price(*rows, accuracy=accuracy)
        found = american.implied_volatility(rows[0], value, *rows[1:-1], accuracy=accuracy)
        keep = held(rows)
        assert keep.sum() > 150
        assert np.max(np.abs(found - rows[-1])[keep]) < 1e-7, accuracy
    at_once = value == np.maximum(rows[0] * (rows[1] - rows[2]), 0.0)
    assert np.isnan(found[at_once]).all()


def test_implied_volatility_inverts_prices_with_dividends() -> None:
    paid = CashDividends([0.3], [2.0])
    value = american.price("put", 100.0, [95.0, 105.0], 0.8, 0.04, 0.0, 0.3, accuracy="fast", dividends=paid)
    found = american.implied_volatility("put", value, 100.0, [95.0, 105.0], 0.8, 0.04, 0.0, "fast", paid)
    np.testing.assert_allclose(found, 0.3, atol=1e-8)


def test_dividends_of_nothing_and_after_expiry_change_nothing() -> None:
    row = ("put", 100.0, 105.0, 1.0, 0.05, 0.0, 0.25)
    plain = american.price(*row, accuracy="high")
    for paid in (CashDividends([0.4], [0.0]), ProportionalDividends([0.4], [0.0]), CashDividends([1.4], [5.0])):
        assert american.price(*row, accuracy="high", dividends=paid) == pytest.approx(plain, abs=1e-6)


def test_cash_dividends_agree_with_the_spot_model_of_quantlib() -> None:
    ql = pytest.importorskip("QuantLib", reason="the peer is an optional dependency")
    today = ql.Date(2, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    day = [ql.Date(2, 1, 2025) + 120, ql.Date(2, 1, 2025) + 300]

    def flat(level: float) -> Any:
        return ql.YieldTermStructureHandle(ql.FlatForward(today, level, count))

    smile = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.25, count))
    market = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(100.0)), flat(0.0), flat(0.05), smile)
    paid = CashDividends([120 / 365, 300 / 365], [2.0, 2.0])
    for kind, name, strike in ((ql.Option.Put, "put", 105.0), (ql.Option.Call, "call", 95.0)):
        option = ql.VanillaOption(ql.PlainVanillaPayoff(kind, strike), ql.AmericanExercise(today, today + 365))
        dividends = ql.DividendVector(day, [2.0, 2.0])
        option.setPricingEngine(ql.FdBlackScholesVanillaEngine(market, dividends, 800, 800))
        ours = american.price(name, 100.0, strike, 1.0, 0.05, 0.0, 0.25, accuracy="high", dividends=paid)
        assert ours == pytest.approx(option.NPV(), abs=2e-3)  # the peer's own grid error at 800 by 800


def test_grid_errors_are_within_their_estimates() -> None:
    paid = CashDividends([0.3, 0.8], [2.0, 2.0])
    for row in (("put", 100.0, 105.0, 1.0, 0.05, 0.0, 0.25), ("call", 100.0, 95.0, 1.0, 0.03, 0.0, 0.3)):
        high = american.price_with_error(*row, accuracy="high", dividends=paid)
        standard = american.price_with_error(*row, dividends=paid)
        assert high.method is american.Method.GRID
        assert abs(standard.price - high.price) <= standard.error + high.error
        assert standard.error < 1e-2


def test_gamma_at_the_boundary_is_the_one_of_the_pricing_equation() -> None:
    edge = american.exercise_boundary("put", 100.0, 1.0, 0.05, 0.02, 0.25, times=[1.0], accuracy="high").upper[0]
    gamma = american.greeks("put", edge * (1 + 1e-5), *(100.0, 1.0, 0.05, 0.02, 0.25), accuracy="high").gamma
    assert gamma == pytest.approx(2 * (0.05 * 100 - 0.02 * edge) / (0.25 * edge) ** 2, rel=1e-3)


def test_greeks_come_in_the_order_asked_and_unknown_ones_are_refused() -> None:
    some = american.greeks("put", *PAR, names=("vega", "delta"))
    assert some._fields == ("price", "vega", "delta")
    with pytest.raises(UnknownNameError):
        american.greeks("put", *PAR, names=("ultima",))
    with pytest.raises(UnknownNameError):
        american.price("put", *PAR, accuracy="best")  # type: ignore[arg-type]


def test_impossible_prices_have_no_implied_volatility() -> None:
    assert math.isnan(american.implied_volatility("put", 5.0, 90.0, 100.0, 1.0, 0.05, 0.0))
    assert math.isnan(american.implied_volatility("put", 10.0, 90.0, 100.0, 1.0, 0.05, 0.0))
    assert math.isnan(american.implied_volatility("put", 101.0, 90.0, 100.0, 1.0, 0.05, 0.0))
    assert math.isnan(american.implied_volatility("put", math.nan, 90.0, 100.0, 1.0, 0.05, 0.0))


@pytest.mark.parametrize(
    ("accuracy", "bound"), [("standard", 5e-4), pytest.param("high", 5e-5, marks=pytest.mark.soak)]
)
def test_a_call_is_exercised_just_before_a_large_dividend_or_held_to_expiry(accuracy: Any, bound: float) -> None:
    # With zero rate the only exercise that can pay is at the dividend: max over two dates by quadrature over the spot.
    spot, strike, expiry, volatility, amount, when = 100.0, 95.0, 1.0, 0.3, 8.0, 0.5
    points, weights = np.polynomial.legendre.leggauss(4000)
    x = 8.0 * points
    there = spot * np.exp(-0.5 * volatility**2 * when + volatility * math.sqrt(when) * x)
    after = np.maximum(there - amount, 1e-8)
    held = black_scholes.price("call", after, strike, expiry - when, 0.0, 0.0, volatility)
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    expected = float(np.sum(8.0 * weights * density * np.maximum(there - strike, held)))
    paid = CashDividends([when], [amount])
    found = american.price("call", spot, strike, expiry, 0.0, 0.0, volatility, accuracy=accuracy, dividends=paid)
    assert found == pytest.approx(expected, abs=bound)
