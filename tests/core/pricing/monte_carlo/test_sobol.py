"""Sobol points, their scrambling and Brownian bridges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BlackScholesModel
from optionix_core.pricing.monte_carlo import simulate
from optionix_core.pricing.monte_carlo._sobol import DIGITS, ROW_OF_DIRECTIONS, fill_points
from optionix_core.pricing.monte_carlo.bridge import bridge
from optionix_core.pricing.monte_carlo.directions import directions, plain_directions

RUNS = 250


def coordinates(dimensions: int, blocks: int, seed: int = 1, randomisation: int = 0) -> np.ndarray:
    """Points of the first blocks, as whole numbers of 52 digits: shape (dimensions, points)."""
    rows = directions(dimensions, seed, randomisation)
    words = np.empty(256, np.int64)
    result = np.empty((dimensions, 256 * blocks), np.int64)
    for dimension in range(dimensions):
        for block in range(blocks):
            with np.errstate(over="ignore"):
                fill_points(block, dimension, rows, words)
            result[dimension, 256 * block : 256 * block + 256] = words
    return result


def test_directions_are_those_of_joe_and_kuo() -> None:
    # scipy's Sobol engine, unscrambled, reads the same table; its points come in the order of Gray's code.
    dimensions, count = 60, 256
    expected = (qmc.Sobol(dimensions, scramble=False, bits=32).random(count) * 2.0**32).astype(np.int64)
    plain = plain_directions()[:dimensions]
    for n in range(count):
        gray = n ^ (n >> 1)
        point = np.zeros(dimensions, np.int64)
        for digit in range(8):
            if (gray >> digit) & 1:
                point ^= plain[:, digit]
        np.testing.assert_array_equal(point, expected[n])


def test_the_far_dimensions_are_joe_and_kuos_too() -> None:
    expected = (qmc.Sobol(2048, scramble=False, bits=32).random(16) * 2.0**32).astype(np.int64)
    plain = plain_directions()
    np.testing.assert_array_equal(plain[:, 0], expected[1])
    np.testing.assert_array_equal(plain[:, 0] ^ plain[:, 1], expected[2])
    np.testing.assert_array_equal(plain[:, 2] ^ plain[:, 1], expected[4])


def test_without_scrambling_words_the_points_are_the_plain_ones() -> None:
    rows = directions(5, 1, 0).copy().reshape(5, ROW_OF_DIRECTIONS)
    rows[:, DIGITS:] = [0, 0, 1, 0, 0, 1, 0]
    words = np.empty(256, np.int64)
    for dimension in range(5):
        fill_points(1, dimension, rows.reshape(-1), words)
        for lane in (0, 1, 77, 255):
            index, point = 256 + lane, 0
            for digit in range(9):
                if (index >> digit) & 1:
                    point ^= int(plain_directions()[dimension, digit])
            assert int(words[lane]) >> 20 == point


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_scrambled_dimension_has_one_point_in_every_cell(seed: int) -> None:
    points = coordinates(12, 2, seed)
    for dimension in range(12):
        cells = np.sort(points[dimension] >> (52 - 9))
        np.testing.assert_array_equal(cells, np.arange(512))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_first_two_dimensions_stay_a_net(seed: int) -> None:
    # A (0, m, 2)-net: one point in every elementary rectangle of area 2^-8.
    points = coordinates(2, 1, seed)
    for digits in range(9):
        cells = ((points[0] >> (52 - digits)) << (8 - digits)) | (points[1] >> (52 - (8 - digits)))
        np.testing.assert_array_equal(np.sort(cells), np.arange(256))


def test_scrambled_points_are_uniform_over_randomisations() -> None:
    # The mean of any one point over many scramblings, and of a product of two digits that plain points fix.
    first = np.array([coordinates(2, 1, 9, randomisation)[:, [0, 1, 200]] for randomisation in range(RUNS)])
    uniform = (first + 0.5) / 2.0**52
    assert np.max(np.abs(uniform.mean(axis=0) - 0.5)) < 4.0 / np.sqrt(12 * RUNS)
    # Points 0 and 1 lie in different halves; the next digits are then independent of each other.
    digit = (first >> 50) & 1
    both = digit[:, :, 0] ^ digit[:, :, 1]
    assert np.max(np.abs(both.mean(axis=0) - 0.5)) < 4.0 * 0.5 / np.sqrt(RUNS)


def test_a_bridge_has_the_covariance_of_brownian_motion() -> None:
    times = (0.1, 0.25, 0.3, 0.7, 1.0, 1.5, 1.6)
    order, weights = bridge(times)
    motion = np.zeros((len(times), len(times)))
    for step, (node, left, right) in enumerate(order.reshape(-1, 3)):
        row = np.zeros(len(times))
        row[node] = weights[2, step]
        if left >= 0:
            row += weights[0, step] * motion[left]
        if right >= 0:
            row += weights[1, step] * motion[right]
        motion[node] = row
    assert sorted(order.reshape(-1, 3)[:, 0]) == list(range(len(times)))
    np.testing.assert_allclose(motion @ motion.T, np.minimum.outer(times, times), atol=1e-15)


def test_sobol_paths_have_the_law_of_the_model() -> None:
    times = (0.25, 0.5, 1.0)
    model, market = BlackScholesModel(volatility=0.3), FlatMarket(spot=1.0, rate=0.0)
    logs = np.log(simulate(model, market, times, 1 << 14, 3, sampler="sobol"))
    np.testing.assert_allclose(logs.mean(axis=1), [-0.045 * time for time in times], atol=2e-4)
    np.testing.assert_allclose(np.cov(logs), 0.09 * np.minimum.outer(times, times), rtol=0.01)


def test_too_many_dimensions_are_refused_by_name() -> None:
    with pytest.raises(InvalidValueError, match=r"sampler .*2048.*2049 dimensions"):
        directions(2049, 1, 0)
