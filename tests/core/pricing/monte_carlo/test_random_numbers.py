"""Bits, uniforms and normals by counter."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BlackScholesModel
from optionix_core.pricing.monte_carlo import _layout as at
from optionix_core.pricing.monte_carlo import simulate
from optionix_core.pricing.monte_carlo._philox import (
    fill_normals,
    fill_uniforms,
    philox,
    quarter_cosine,
    quarter_sine,
)
from optionix_core.pricing.monte_carlo._quantile import quantile

MARKET = FlatMarket(spot=1.0, rate=0.0)
UNIT = BlackScholesModel(volatility=1.0)
MANY = 400_000


def normals(seed: int, steps: int, paths: int = MANY, **more: object) -> np.ndarray:
    """Standard normals of each step, from the compiled kernel: log increments of a unit volatility."""
    times = np.arange(1, steps + 1, dtype=float)
    prices = simulate(UNIT, MARKET, tuple(times), paths, seed, **more)  # type: ignore[arg-type]
    logs = np.log(prices)
    return np.diff(logs, axis=0, prepend=0.0) + 0.5


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers_of_its_authors(
    counter: tuple[int, ...], key: tuple[int, ...], words: tuple[int, ...]
) -> None:
    # Random123, tests/kat_vectors, philox4x32 with 10 rounds.
    assert philox(*counter, *key) == words


def test_a_uniform_is_the_leading_bits_of_the_counter_it_belongs_to() -> None:
    lanes = np.empty(8)
    fill_uniforms(11, 22, 33, 44, 55, 0, 4, lanes)
    for lane in range(4):
        words = philox(lane, 33, 44, 55, 11, 22)
        assert lanes[lane] == (((words[0] << 20) | (words[1] >> 12)) + 0.5) * 2.0**-52
        assert lanes[4 + lane] == (((words[2] << 20) | (words[3] >> 12)) + 0.5) * 2.0**-52


def test_the_compiled_kernel_draws_the_normals_of_the_interpreted_text() -> None:
    drawn = normals(seed=5 + (7 << 32), steps=3, paths=512)
    lanes = np.empty(256)
    for block in range(2):
        for step in range(3):
            fill_normals(5, 7, block, step, at.DIFFUSION, 0, 128, lanes)
            np.testing.assert_allclose(drawn[step, 256 * block : 256 * block + 256], lanes, rtol=0, atol=2e-14)


def test_sine_and_cosine_of_a_quarter_turn_are_exact_to_rounding() -> None:
    for f in np.linspace(-0.5, 0.5, 101):
        assert abs(quarter_sine(f) - math.sin(0.5 * math.pi * f)) < 3e-16
        assert abs(quarter_cosine(f) - math.cos(0.5 * math.pi * f)) < 3e-16


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_normals_follow_their_distribution(seed: int) -> None:
    z = normals(seed, steps=1)[0]
    assert stats.kstest(z, "norm").pvalue > 1e-3
    for power, moment, variance in ((1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)):
        assert abs(np.mean(z**power) - moment) < 4.0 * math.sqrt(variance / MANY)


def test_lanes_blocks_steps_and_seeds_are_independent_of_each_other() -> None:
    z = normals(3, steps=3)
    bound = 4.5 / math.sqrt(MANY)
    for shift in (1, 2, 64, 128, 256, 257):
        assert abs(np.mean(z[0, shift:] * z[0, :-shift])) < bound
        assert abs(np.mean(z[0, shift:] ** 2 * z[0, :-shift] ** 2) - 1.0) < 3.0 * bound
    for one, other in ((z[0], z[1]), (z[1], z[2]), (z[0], normals(4, steps=1)[0])):
        assert abs(np.mean(one * other)) < bound
        assert abs(np.mean(one**2 * other**2) - 1.0) < 3.0 * bound
    again = normals(3, steps=1, randomisation=1)[0]
    assert abs(np.mean(z[0] * again)) < bound


def test_the_quantile_is_that_of_the_standard_library() -> None:
    normal = NormalDist()
    for u in (0.5, 0.074, 0.075, 0.926, 0.3, 1e-3, 0.999, 1e-10, 1.5e-11, 1.3e-11, 1e-13, 2.0**-53, 1.0 - 2.0**-53):
        assert quantile(u) == pytest.approx(normal.inv_cdf(u), rel=2e-15, abs=1e-16)
