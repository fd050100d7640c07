"""Single, double and partial barriers: published values, quadrature over the killed density, parity and limits."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import barrier, black_scholes, digital

KINDS = ("down-in", "down-out", "up-in", "up-out")


@pytest.mark.parametrize(
    ("option_type", "kind", "strike", "level", "expected"),
    [
        # Haug (2007), standard barriers: spot 100, rebate 3, half a year, 8%, yield 4%, volatility 25%
        ("call", "down-out", 90, 95, 9.0246),
        ("call", "down-out", 100, 100, 3.0000),
        ("call", "up-out", 90, 105, 2.6789),
        ("call", "down-in", 90, 95, 7.7627),
        ("call", "up-in", 110, 105, 4.5910),
        ("put", "down-out", 90, 95, 2.2798),
        ("put", "up-out", 110, 105, 7.5187),
        ("put", "down-in", 100, 95, 6.5677),
        ("put", "up-in", 90, 105, 1.4653),
    ],
)
def test_published_single_barriers(option_type: str, kind: str, strike: float, level: float, expected: float) -> None:
    price = barrier.price(option_type, kind, 100, strike, level, 3, 0.5, 0.08, 0.04, 0.25)
    assert price == pytest.approx(expected, abs=1e-4)


def killed(spot: float, level: float, expiry: float, drift: float, vol: float) -> Callable[[mp.mpf], mp.mpf]:
    """Density of ln(S_T / S) over paths that do not touch the level, by reflection."""
    h, s = mp.log(mp.mpf(level) / spot), vol * mp.sqrt(mp.mpf(expiry))

    def density(y: mp.mpf) -> mp.mpf:
        image = mp.exp(2 * drift * h / vol**2) * mp.npdf(y - 2 * h, drift * expiry, s)
        return mp.npdf(y, drift * expiry, s) - image

    return density


@pytest.mark.parametrize("seed", range(16))
def test_out_prices_agree_with_quadrature_over_the_killed_density(seed: int) -> None:
    draw = random.Random(seed)
    spot, expiry, vol = 100.0, draw.uniform(0.05, 3), draw.uniform(0.08, 0.7)
    rate, dividend = draw.uniform(-0.05, 0.12), draw.uniform(-0.03, 0.1)
    strike = spot * math.exp(draw.uniform(-1, 1) * vol * math.sqrt(expiry))
    side = draw.choice([-1, 1])
    level = spot * math.exp(side * draw.uniform(0.1, 2) * vol * math.sqrt(expiry))
    for sign in (1, -1):
        with mp.workdps(25):
            drift = mp.mpf(rate) - dividend - mp.mpf(vol) ** 2 / 2
            density = killed(spot, level, expiry, drift, vol)
            s = vol * mp.sqrt(mp.mpf(expiry))
            wall, kink = mp.log(mp.mpf(level) / spot), mp.log(mp.mpf(strike) / spot)
            far = (drift * expiry + vol * s * mp.sqrt(expiry)) - side * 12 * s
            low, high = sorted((wall, far))
            kink = min(max(kink, low), high)
            begin, end = (kink, high) if sign > 0 else (low, kink)
            edges = [begin + (end - begin) * k / 12 for k in range(13)]
            value = mp.quad(lambda y: sign * (spot * mp.exp(y) - strike) * density(y), edges)  # noqa: B023 - used at once
            expected = float(mp.exp(-rate * expiry) * value)
        kind = "up-out" if side > 0 else "down-out"
        price = barrier.price(sign, kind, spot, strike, level, 0, expiry, rate, dividend, vol)
        assert price == pytest.approx(expected, abs=1e-11)


def sample(rows: int, seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    strike, level = 100 * np.exp(rng.normal(0, 0.3, (2, rows)))
    expiry = rng.uniform(0, 5, rows) * rng.integers(0, 2, rows) + 0.01
    return (
        strike,
        level,
        expiry,
        rng.uniform(-0.05, 0.1, rows),
        rng.uniform(-0.05, 0.1, rows),
        rng.uniform(0.0, 0.8, rows),
    )


@pytest.mark.parametrize("option_type", ["call", "put"])
@pytest.mark.parametrize("side", ["down", "up"])
def test_in_and_out_add_up_to_the_european_option(option_type: str, side: str) -> None:
    strike, level, *market = sample(2000, 1)
    prices = [barrier.price(option_type, f"{side}-{k}", 100.0, strike, level, 0.0, *market) for k in ("in", "out")]
    vanilla = black_scholes.price(option_type, 100.0, strike, *market)
    assert prices[0] + prices[1] == pytest.approx(vanilla, abs=1e-12)
    assert all(((price >= 0) & (price <= vanilla + 1e-12)).all() for price in prices)


def test_rebates_are_touches() -> None:
    strike, level, *market = sample(1000, 2)
    kinds = np.where(level > 100.0, "up-out", "down-out")
    ins = np.where(level > 100.0, "up-in", "down-in")
    free, paid = (barrier.price("call", kinds, 100.0, strike, level, rebate, *market) for rebate in (0.0, 2.0))
    assert paid - free == pytest.approx(digital.one_touch(100.0, level, *market, cash=2.0), abs=1e-12)
    free, paid = (barrier.price("put", ins, 100.0, strike, level, rebate, *market) for rebate in (0.0, 2.0))
    assert paid - free == pytest.approx(digital.no_touch(100.0, level, *market, cash=2.0), abs=1e-12)


def test_a_barrier_far_away_leaves_the_european_option() -> None:
    vanilla = black_scholes.price("call", 100, 105, 1, 0.05, 0.02, 0.2)
    assert barrier.price("call", "up-out", 100, 105, 1e6, 0, 1, 0.05, 0.02, 0.2) == pytest.approx(vanilla, abs=1e-13)
    assert barrier.price("call", "down-out", 100, 105, 1e-3, 0, 1, 0.05, 0.02, 0.2) == pytest.approx(vanilla, abs=1e-13)
    assert barrier.double_price("call", "knock-out", 100, 105, 1e-3, 1e6, 1, 0.05, 0.02, 0.2) == pytest.approx(
        vanilla, abs=1e-12
    )


def test_an_out_price_falls_as_the_barrier_comes_nearer() -> None:
    level = np.linspace(60, 100, 81)
    price = barrier.price("call", "down-out", 100.0, 100.0, level, 0.0, 1.0, 0.05, 0.02, 0.3)
    assert (np.diff(price) <= 1e-13).all()
    assert price[-1] == 0.0


def test_touched_expired_and_still_paths_are_limits() -> None:
    vanilla = black_scholes.price("call", 94, 90, 0.5, 0.08, 0.04, 0.25)
    assert barrier.price("call", "down-in", 94, 90, 95, 3, 0.5, 0.08, 0.04, 0.25) == pytest.approx(vanilla, abs=1e-13)
    assert barrier.price("call", "down-out", 94, 90, 95, 3, 0.5, 0.08, 0.04, 0.25) == 3.0
    assert barrier.price("call", "up-out", 100, 90, 120, 3, 0, 0.08, 0.04, 0.25) == 10.0
    assert barrier.price("call", "up-in", 100, 90, 120, 3, 0, 0.08, 0.04, 0.25) == 3.0
    # a path growing at 8% meets 102 at ln(1.02) / 0.08 and is paid the rebate then
    assert barrier.price("call", "up-out", 100, 90, 102, 3, 1, 0.08, 0, 0) == pytest.approx(3 / 1.02, rel=1e-15)
    assert barrier.price("call", "up-out", 100, 90, 110, 3, 1, 0.08, 0, 0) == pytest.approx(100 - 90 * math.exp(-0.08))
    assert barrier.double_price("call", "knock-out", 100, 90, 95, 110, 1, 0.08, 0, 0) == pytest.approx(
        100 - 90 * math.exp(-0.08)
    )
    assert barrier.double_price("call", "knock-out", 100, 90, 95, 105, 1, 0.08, 0, 0) == 0.0


def test_tiny_volatility_keeps_bounds_where_weights_overflow() -> None:
    for vol in (1e-4, 1e-3, 0.01):
        for rate in (-0.3, 0.0, 0.3):
            for level, side in ((99.5, "down"), (100.5, "up")):
                out = barrier.price("call", f"{side}-out", 100.0, 99.0, level, 0.0, 1.0, rate, 0.0, vol)
                vanilla = black_scholes.price("call", 100.0, 99.0, 1.0, rate, 0.0, vol)
                assert -1e-12 <= out <= vanilla + 1e-12
            for window in barrier.WINDOWS:
                out = barrier.partial_price("call", "down-out", window, 100.0, 99.0, 99.5, 0.4, 1.0, rate, 0.0, vol)
                assert 0 <= out <= vanilla


@pytest.mark.parametrize(
    ("option_type", "kind", "lower", "upper", "expiry", "vol", "expected"),
    [
        # Haug (2007), double barriers (Ikeda and Kunitomo): spot and strike 100, 10%, no yield
        ("call", "knock-out", 50, 150, 0.25, 0.15, 4.3515),
        ("call", "knock-out", 90, 110, 0.25, 0.25, 0.3098),
        ("call", "knock-out", 70, 130, 0.5, 0.35, 2.2563),
    ],
)
def test_published_double_barriers(
    option_type: str, kind: str, lower: float, upper: float, expiry: float, vol: float, expected: float
) -> None:
    price = barrier.double_price(option_type, kind, 100, 100, lower, upper, expiry, 0.1, 0, vol)
    assert price == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_double_barriers_agree_with_a_long_sine_series_of_many_digits(seed: int) -> None:
    draw = random.Random(seed)
    vol, expiry = draw.uniform(0.1, 0.8), draw.choice([0.05, 0.3, 1.0, 4.0])
    rate, dividend = draw.uniform(-0.05, 0.12), draw.uniform(-0.03, 0.1)
    lower, upper = 100 * math.exp(-draw.uniform(0.05, 0.7)), 100 * math.exp(draw.uniform(0.05, 0.7))
    strike = draw.uniform(0.9 * lower, 1.1 * upper)
    with mp.workdps(60):
        width, x = mp.log(mp.mpf(upper) / lower), mp.log(100 / mp.mpf(lower))
        mu = (mp.mpf(rate) - dividend) / mp.mpf(vol) ** 2 - mp.mpf(1) / 2
        variance = mp.mpf(vol) ** 2 * expiry
        at = min(max(mp.log(mp.mpf(strike) / lower), 0), width)

        def integral(growth: mp.mpf, omega: mp.mpf, begin: mp.mpf, end: mp.mpf) -> mp.mpf:
            def primitive(y: mp.mpf) -> mp.mpf:
                angle = omega * y
                return mp.exp(growth * y) * (growth * mp.sin(angle) - omega * mp.cos(angle)) / (growth**2 + omega**2)

            return primitive(end) - primitive(begin)

        for sign in (1, -1):
            begin, end = (at, width) if sign > 0 else (mp.mpf(0), at)
            total = mp.mpf(0)
            k = 1
            while k < 4000:
                omega = k * mp.pi / width
                size = mp.exp(-(omega**2) * variance / 2)
                if size < mp.mpf(10) ** -30:
                    break
                legs = lower * integral(mu + 1, omega, begin, end) - strike * integral(mu, omega, begin, end)
                total += size * mp.sin(omega * x) * sign * legs
                k += 1
            out = float(2 / width * mp.exp(-mu * x - mu**2 * variance / 2 - rate * expiry) * total)
            market = (expiry, rate, dividend, vol)
            assert barrier.double_price(sign, "knock-out", 100, strike, lower, upper, *market) == pytest.approx(
                out, abs=1e-12
            )
            vanilla = black_scholes.price(sign, 100, strike, *market)
            assert barrier.double_price(sign, "knock-in", 100, strike, lower, upper, *market) == pytest.approx(
                vanilla - out, abs=1e-12
            )


def test_a_double_barrier_is_worth_less_than_either_single_one() -> None:
    rng = np.random.default_rng(4)
    lower, upper = 100 * np.exp(-rng.uniform(0, 0.8, 800)), 100 * np.exp(rng.uniform(0, 0.8, 800))
    strike, _, *market = sample(800, 5)
    for sign in (1, -1):
        double = barrier.double_price(sign, "knock-out", 100.0, strike, lower, upper, *market)
        down = barrier.price(sign, "down-out", 100.0, strike, lower, 0.0, *market)
        up = barrier.price(sign, "up-out", 100.0, strike, upper, 0.0, *market)
        assert (double <= np.minimum(down, up) + 1e-11).all()
    alive = barrier.survival_probability(100.0, lower, upper, *market)
    assert ((alive >= 0) & (alive <= 1)).all()


def test_published_partial_barriers() -> None:
    # Haug (2007), partial-time single-asset barriers (type B1): barrier 100, a year, 10%, no yield, volatility 25%
    rows = [(95, 90, 1, 0.0393), (105, 90, 1, 9.8751), (95, 110, 90, 3.7352), (105, 110, 180, 11.6055)]
    for spot, strike, days, expected in rows:
        price = barrier.partial_price("call", "down-out", "end-b1", spot, strike, 100, days / 360, 1, 0.1, 0, 0.25)
        assert price == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("window", barrier.WINDOWS)
@pytest.mark.parametrize("side", ["down", "up"])
@pytest.mark.parametrize("option_type", ["call", "put"])
def test_partial_barriers_agree_with_quadrature_over_the_price_at_the_windows_edge(
    window: str, side: str, option_type: str
) -> None:
    draw = random.Random(f"{window}{side}{option_type}")
    nodes, weights = np.polynomial.legendre.leggauss(40)
    for _ in range(4):
        vol, rate, dividend = draw.uniform(0.1, 0.6), draw.uniform(-0.04, 0.1), draw.uniform(-0.02, 0.08)
        expiry = draw.uniform(0.2, 2)
        edge = expiry * draw.uniform(0.1, 0.9)
        strike, level = 100 * math.exp(draw.uniform(-0.3, 0.3)), 100 * math.exp(draw.uniform(-0.3, 0.3))
        if window == "start":
            level = 100 * math.exp(draw.uniform(0.02, 0.4) * (1 if side == "up" else -1))
        s, drift = vol * math.sqrt(edge), (rate - dividend - vol * vol / 2) * edge
        h = math.log(level / 100)
        centre, reach = drift, 9.5 * s + vol * s * math.sqrt(edge)
        grades = [x for p in (h, math.log(strike / 100)) for k in range(12) for x in (p - 0.5**k, p + 0.5**k)]
        edges = np.unique(
            np.clip([*np.linspace(centre - reach, centre + reach, 60), h, *grades], centre - reach, centre + reach)
        )
        half = 0.5 * np.diff(edges)[:, None]
        y = (edges[:-1, None] + half * (1 + nodes)).ravel()
        mass = (half * weights).ravel()
        density = np.exp(-0.5 * ((y - drift) / s) ** 2) / (s * math.sqrt(2 * math.pi))
        there, rest = 100 * np.exp(y), expiry - edge
        market = (rest, rate, dividend, vol)
        if window == "start":
            density = density - np.exp(2 * drift * h / s**2 - 0.5 * ((y - 2 * h - drift) / s) ** 2) / (
                s * math.sqrt(2 * math.pi)
            )
            later = black_scholes.price(option_type, there, strike, *market) * ((y > h) if side == "down" else (y < h))
        elif window == "end-b2":
            later = barrier.price(option_type, f"{side}-out", there, strike, level, 0.0, *market)
        else:
            kinds = np.where(y > h, "down-out", "up-out")
            later = barrier.price(option_type, kinds, there, strike, level, 0.0, *market)
        expected = math.exp(-rate * edge) * float(np.sum(mass * density * later))
        arguments = (100, strike, level, edge, expiry, rate, dividend, vol)
        out = barrier.partial_price(option_type, f"{side}-out", window, *arguments)
        assert out == pytest.approx(expected, abs=2e-11)
        vanilla = black_scholes.price(option_type, 100, strike, expiry, rate, dividend, vol)
        assert barrier.partial_price(option_type, f"{side}-in", window, *arguments) == pytest.approx(
            vanilla - out, abs=1e-13
        )


@pytest.mark.parametrize("option_type", ["call", "put"])
@pytest.mark.parametrize("side", ["down", "up"])
def test_a_window_that_is_the_whole_life_is_a_plain_barrier(option_type: str, side: str) -> None:
    level = 95.0 if side == "down" else 107.0
    market = (0.7, 0.05, 0.02, 0.25)
    plain = barrier.price(option_type, f"{side}-out", 100, 99, level, 0, *market)
    for window, edge in (("start", 0.7), ("end-b2", 0.0), ("end-b1", 0.0)):
        partial = barrier.partial_price(option_type, f"{side}-out", window, 100, 99, level, edge, *market)
        assert partial == pytest.approx(plain, abs=1e-13)
    for window, edge in (("start", 0.7), ("end-b2", 0.0), ("end-b1", 0.0)):
        near = edge + (1e-9 if edge == 0 else -1e-9)
        partial = barrier.partial_price(option_type, f"{side}-out", window, 100, 99, level, near, *market)
        assert partial == pytest.approx(plain, abs=1e-3)
    vanilla = black_scholes.price(option_type, 100, 99, *market)
    assert barrier.partial_price(option_type, f"{side}-out", "start", 100, 99, level, 0.0, *market) == pytest.approx(
        vanilla
    )
    ends = [
        barrier.partial_price(option_type, f"{side}-out", window, 100, 99, level, edge, *market)
        for window in ("end-b1", "end-b2")
        for edge in (0.7, 0.7 - 1e-10)
    ]
    assert ends[0] == pytest.approx(vanilla, abs=1e-12)
    assert ends[2] == pytest.approx(ends[3], abs=1e-3)


def test_a_bad_row_is_named() -> None:
    with pytest.raises(InvalidValueError, match=r"upper must be above lower \(got 90.0 at row 1\)"):
        barrier.double_price("call", "knock-out", 100, 100, 95, [110.0, 90.0], 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match=r"barrier_type must be one of .*'sideways' at row 1"):
        barrier.price("call", ["down-in", "sideways"], 100, 100, 95, 0, 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match=r"barrier_time must be zero or more years, at most expiry \(got 2.0\)"):
        barrier.partial_price("call", "down-in", "start", 100, 100, 95, 2, 1, 0, 0, 0.2)
