"""Greeks by interpolation: against analytic ones, 50 digits, at edges, without time or volatility, and at kinks."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.pricing import barrier, black_scholes, chooser, digital, lookback
from optionix_core.pricing._lognormal import european
from optionix_core.pricing.differences import FiniteGreeks, derivatives, finite_greeks


def vanilla(sign: float, strike: float, **market: Any) -> Any:
    return european(np.float64(sign), strike=strike, **market)  # type: ignore[arg-type]


def moments(rows: int, seed: int) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    return {
        "spot": draw.uniform(60, 160, rows),
        "expiry": np.exp(draw.uniform(math.log(1 / 365), math.log(10), rows)),
        "rate": draw.uniform(-0.05, 0.1, rows),
        "dividend_yield": draw.uniform(-0.05, 0.1, rows),
        "volatility": np.exp(draw.uniform(math.log(0.03), 0.0, rows)),
    }


def units(m: dict[str, Any]) -> FiniteGreeks:
    """The size that each Greek has where it matters."""
    root = np.sqrt(m["expiry"])
    width, vol = m["spot"] * m["volatility"] * root, m["volatility"]
    vega, rho = m["spot"] * root, m["spot"] * m["expiry"]
    return FiniteGreeks(m["spot"], 1, 1 / width, vega, m["spot"] * vol / root, rho, rho, 1 / vol, vega / vol)


def test_greeks_of_european_options_agree_with_the_analytic_ones_within_their_stated_error() -> None:
    market = moments(400, 1)
    with np.errstate(all="ignore"):
        greeks, errors = finite_greeks(partial(vanilla, 1.0, 100.0), **market)
    exact = black_scholes.greeks("call", strike=100.0, names=FiniteGreeks._fields[1:], **market)
    for name, unit in zip(FiniteGreeks._fields[1:], units(market)[1:], strict=True):
        off = np.abs(getattr(greeks, name) - getattr(exact, name))
        assert (off <= getattr(errors, name) + 1e-13 * unit).all(), name
        assert (off / unit).max() < (3e-10 if name in {"gamma", "vanna", "volga"} else 1e-11), name
        assert (getattr(errors, name) / unit).max() < 1e-8, name


@pytest.mark.parametrize("spot", [95.0, 95.0001, 95.5, 97.0, 104.0])
def test_greeks_beside_a_barrier_are_those_of_its_own_side_to_50_digits(spot: float) -> None:
    strike, level, expiry, rate, dividend, vol = 100.0, 95.0, 0.5, 0.04, 0.01, 0.25

    def exact(s: mp.mpf, t: mp.mpf, r: mp.mpf, q: mp.mpf, v: mp.mpf) -> mp.mpf:
        """Down-and-out call with the strike above the barrier: the call less its image (Merton 1973, eq. 55)."""

        def call(x: mp.mpf) -> mp.mpf:
            width = v * mp.sqrt(t)
            d1 = (mp.log(x / strike) + (r - q) * t) / width + width / 2
            return x * mp.exp(-q * t) * mp.ncdf(d1) - strike * mp.exp(-r * t) * mp.ncdf(d1 - width)

        power = 2 * (r - q) / v**2 - 1
        return call(s) - (level / s) ** power * call(mp.mpf(level) ** 2 / s)

    def price(**m: Any) -> Any:
        return barrier.price("call", "down-out", strike=strike, barrier=level, rebate=0.0, **m)

    greeks, errors = finite_greeks(
        price, spot=np.float64(spot), expiry=expiry, rate=rate, dividend_yield=dividend, volatility=vol,
        edges={"spot": (np.nextafter(level, 200.0), math.inf)} if spot > level else {"spot": (level, math.inf)},
    )  # fmt: skip
    point = tuple(mp.mpf(x) for x in (spot, expiry, rate, dividend, vol))
    orders = {
        "delta": (1, 0, 0, 0, 0), "gamma": (2, 0, 0, 0, 0), "vega": (0, 0, 0, 0, 1), "theta": (0, 1, 0, 0, 0),
        "rho": (0, 0, 1, 0, 0), "epsilon": (0, 0, 0, 1, 0), "vanna": (1, 0, 0, 0, 1), "volga": (0, 0, 0, 0, 2),
    }  # fmt: skip
    for name, order in orders.items():
        value = float(mp.diff(exact, point, order)) * (-1 if name == "theta" else 1)
        assert getattr(greeks, name) == pytest.approx(value, abs=max(getattr(errors, name), 1e-12)), name
        assert getattr(errors, name) < 1e-5, name
    assert greeks.delta == pytest.approx(float(mp.diff(exact, point, orders["delta"])), abs=1e-9)


def test_greeks_of_a_lookback_at_its_extreme_are_one_sided() -> None:
    def price(**m: Any) -> Any:
        return lookback.floating_price("put", running_extreme=100.0, **m)

    market: dict[str, Any] = {"expiry": 0.5, "rate": 0.04, "dividend_yield": 0.01, "volatility": 0.25}
    at, errors = finite_greeks(price, spot=100.0, edges={"spot": (0.0, 100.0)}, **market)
    near, _ = finite_greeks(price, spot=99.9999, edges={"spot": (0.0, 100.0)}, **market)
    assert at.delta == pytest.approx(near.delta, abs=1e-5)
    assert at.gamma == pytest.approx(near.gamma, abs=1e-5)
    assert errors.delta < 1e-10
    # the payment does not depend on an extreme that is being renewed at once: homogeneity of the first degree
    scaled = lookback.floating_price("put", 101.0, 101.0, *market.values())
    assert scaled == pytest.approx(1.01 * at.price, rel=1e-14)


def test_no_time_and_no_volatility_give_the_limits() -> None:
    greeks, _ = finite_greeks(
        partial(vanilla, 1.0, 100.0), spot=110.0, expiry=0.0, rate=0.05, dividend_yield=0.02, volatility=0.2
    )
    assert greeks.delta == pytest.approx(1.0, abs=1e-9)
    assert greeks.gamma == pytest.approx(0.0, abs=1e-6)
    # the forward's theta: q S - r K
    assert greeks.theta == pytest.approx(0.02 * 110 - 0.05 * 100, abs=1e-6)
    assert [greeks.rho, greeks.vega] == pytest.approx([0.0, 0.0], abs=1e-11)
    greeks, _ = finite_greeks(
        partial(vanilla, 1.0, 100.0), spot=110.0, expiry=1.0, rate=0.05, dividend_yield=0.02, volatility=0.0
    )
    assert greeks.delta == pytest.approx(math.exp(-0.02), abs=1e-9)
    assert greeks.rho == pytest.approx(100 * math.exp(-0.05), rel=1e-9)
    assert greeks.vega == pytest.approx(0.0, abs=1e-8)


def test_a_kink_is_told_by_the_error() -> None:
    greeks, errors = finite_greeks(
        partial(vanilla, 1.0, 100.0), spot=100.0, expiry=0.0, rate=0.0, dividend_yield=0.0, volatility=0.2,
        names=("delta", "gamma"),
    )  # fmt: skip
    assert errors.delta > 0.01
    assert errors.gamma > 0.1 * abs(greeks.gamma) > 1.0
    assert greeks.vega is None


def test_dates_move_together() -> None:
    """Theta of a chooser is minus the change of the price per year of life when both dates are later by as much."""

    def price(expiry: Any, **m: Any) -> Any:
        return chooser.simple_price(strike=100.0, choice_time=0.25 + (expiry - 1.0), expiry=expiry, **m)

    market: dict[str, Any] = {"spot": 100.0, "rate": 0.04, "dividend_yield": 0.01, "volatility": 0.25}
    greeks, errors = finite_greeks(price, expiry=1.0, edges={"expiry": (0.75, math.inf)}, **market)
    step = 1e-4
    change = price(expiry=1.0 + step, **market) - price(expiry=1.0 - step, **market)
    assert greeks.theta == pytest.approx(-change / (2 * step), rel=1e-6)
    assert errors.theta < 1e-9


def test_what_is_asked_for_is_answered_with_floats() -> None:
    greeks, _ = finite_greeks(
        partial(digital.cash_or_nothing, "call", strike=100.0), spot=100.0, expiry=1.0, rate=0.02,
        dividend_yield=0.0, volatility=0.2, names=("delta",),
    )  # fmt: skip
    assert isinstance(greeks.delta, float)
    assert greeks.price is None
    with pytest.raises(UnknownNameError, match="unknown Greek 'speed'"):
        finite_greeks(vanilla, spot=1.0, expiry=1.0, rate=0.0, dividend_yield=0.0, volatility=0.1, names=("speed",))
    with pytest.raises(UnknownNameError, match="unknown argument 'strike'"):
        finite_greeks(
            vanilla, spot=1.0, expiry=1.0, rate=0.0, dividend_yield=0.0, volatility=0.1, edges={"strike": (0, 1)}
        )


def test_an_interval_without_length_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"interval must be positive, around or beside zero .* at row 1"):
        derivatives(np.sin, [1.0, 1.0], [-1.0, 0.0], [1.0, 0.0])
    sine = derivatives(np.sin, 1.0)
    assert [sine.first, sine.second] == pytest.approx([1.0, 0.0], abs=1e-13)
