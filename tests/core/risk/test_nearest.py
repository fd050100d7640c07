"""The nearest break of a bound, where it is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.risk._nearest import nearest


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6), st.floats(0.1, 5))
@settings(max_examples=30, deadline=None)
def test_of_a_plane_it_is_its_distance_from_the_origin(slopes: list[float], distance: float) -> None:
    slope = np.array(slopes)
    size = float(np.linalg.norm(slope))
    if size < 0.1:
        return
    found = nearest(lambda points: points @ slope, distance * size, slope.size, 8.0)
    assert found.point is not None
    assert np.linalg.norm(found.point) == pytest.approx(distance, rel=1e-6)
    assert float(found.point @ slope) >= distance * size
    assert float(found.inside @ slope) < distance * size


def test_of_an_ellipsoid_it_is_the_short_axis() -> None:
    # (x / 2)^2 + y^2 + (z / 3)^2 >= 1 is nearest on the y axis, at 1.
    scales = np.array([2.0, 1.0, 3.0])
    found = nearest(lambda points: ((points / scales) ** 2).sum(axis=1), 1.0, 3, 8.0)
    assert np.linalg.norm(found.point) == pytest.approx(1.0, rel=1e-6)
    assert abs(found.point[1]) == pytest.approx(1.0, rel=1e-4)


def test_the_first_of_several_crossings_counts() -> None:
    # A loss between 1 and 2 alone, and again beyond 5: the near one is found.
    def losses(points: np.ndarray) -> np.ndarray:
        x = points[:, 0]
        return np.where(((x > 1.0) & (x < 2.0)) | (x > 5.0), 1.0, 0.0)

    assert np.linalg.norm(nearest(losses, 0.5, 1, 8.0).point) == pytest.approx(1.0, rel=1e-5)


def test_none_within_reach_is_an_answer_with_the_worst_that_was_seen() -> None:
    found = nearest(lambda points: points[:, 0], 9.0, 2, 8.0)
    assert found.point is None
    assert found.inside is None
    assert found.worst[0] == pytest.approx(8.0, abs=0.01)


def test_a_bound_that_is_reached_at_once_is_at_distance_zero() -> None:
    found = nearest(lambda points: np.full(len(points), 2.0), 1.0, 3, 8.0)
    assert np.linalg.norm(found.point) == 0.0


def test_the_same_question_has_the_same_answer() -> None:
    def losses(points: np.ndarray) -> np.ndarray:
        return np.sin(points[:, 0]) + points[:, 1] ** 2 * 0.3

    first, second = (nearest(losses, 1.5, 2, 8.0) for _ in range(2))
    assert np.array_equal(first.point, second.point)
