"""The functions made for vector instructions, compiled as kernels compile them, against mpmath at forty digits."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from optionix_core.pricing import _lanes
from optionix_core.pricing._compile import FAST

FloatArray = NDArray[np.float64]
GENERATOR = np.random.default_rng(20)
COUNT = 700


def _spread(*ranges: tuple[float, float]) -> FloatArray:
    return np.concatenate([GENERATOR.uniform(low, high, COUNT) for low, high in ranges])


def _bell(x: Any) -> Any:
    return mpmath.exp(-x * x / 2)


def _tail_ratio(x: Any) -> Any:
    return mpmath.ncdf(-x) / _bell(x)


CASES: dict[str, tuple[FloatArray, Callable[[Any], Any], float]] = {
    "lane_exponential": (_spread((-708, 708), (-2, 2), (-1e-3, 1e-3)), mpmath.exp, 2.3e-16),
    "lane_logarithm": (
        np.concatenate([np.exp(_spread((-700, 700), (-1e-3, 1e-3))), [1.0, 2.0, 0.5, 0.7071067811865476]]),
        mpmath.log,
        2.3e-16,
    ),
    "lane_bell": (_spread((-37.6, 37.6), (-3, 3)), _bell, 3e-16),
    "lane_tail_ratio": (_spread((0, 4), (0, 38)), _tail_ratio, 7e-16),
    "lane_scaled_erfc": (_spread((0, 4), (0, 26)), lambda x: mpmath.erfc(x) * mpmath.exp(x * x), 7e-16),
    "cdf": (_spread((-37.5, 8), (-3, 3)), mpmath.ncdf, 8e-16),
}


@pytest.fixture(scope="module")
def compiled() -> dict[str, Any]:
    """Every lane as the kernels compile it, and a loop of each over an array."""
    import numba

    lane = numba.njit(error_model="numpy", fastmath=set(FAST))
    namespace = dict(vars(_lanes))
    for name, value in vars(_lanes).items():
        if isinstance(value, FunctionType) and value.__module__ == _lanes.__name__:
            namespace[name] = lane(FunctionType(value.__code__, namespace, name))
    lane_cdf, lane_bell = namespace["lane_cdf"], namespace["lane_bell"]

    @lane
    def cdf(x: float) -> Any:
        return lane_cdf(x, lane_bell(x))

    namespace["cdf"] = cdf
    return namespace


def _loop(lane: Any) -> Any:
    import numba

    @numba.njit(error_model="numpy")
    def loop(x: FloatArray, out: FloatArray) -> None:
        for i in range(x.size):
            out[i] = lane(x[i])

    return loop


@pytest.mark.parametrize("name", CASES)
def test_a_lane_is_as_exact_as_its_docstring_says(name: str, compiled: dict[str, Any]) -> None:
    points, reference, bound = CASES[name]
    found = np.empty_like(points)
    loop = _loop(compiled[name])
    loop(points, found)
    with mpmath.workdps(40):
        exact = [reference(mpmath.mpf(float(x))) for x in points]
        errors = [abs(mpmath.mpf(float(y)) - e) / abs(e) if e else abs(y) for y, e in zip(found, exact, strict=True)]
    assert float(max(errors)) <= bound
    if name != "cdf":
        assert _vectorised(loop)


def _vectorised(loop: Any) -> bool:
    """Whether packed arithmetic on doubles is in the machine code; on another processor than x86, taken as so."""
    import platform

    text = next(iter(loop.inspect_asm().values()))
    return platform.machine() not in {"x86_64", "AMD64"} or "mulpd" in text or "vfmadd213pd" in text


def test_exponentials_keep_a_low_part_and_saturate_below(compiled: dict[str, Any]) -> None:
    with mpmath.workdps(40):
        exact = float(mpmath.exp(mpmath.mpf(-300.125) + mpmath.mpf(3.7e-15)))
    assert compiled["lane_exponential_of_sum"](-300.125, 3.7e-15) == pytest.approx(exact, rel=2.3e-16)
    assert 0.0 < compiled["lane_exponential"](-1e300) < 4e-308
    assert compiled["lane_bell"](1e5) < 4e-308


def test_the_far_tail_follows_its_asymptote(compiled: dict[str, Any]) -> None:
    for x in (1e3, 1e8, 1e15):
        asymptote = (1.0 - 1.0 / x**2 + 3.0 / x**4) / (x * np.sqrt(2.0 * np.pi))
        assert compiled["lane_tail_ratio"](x) == pytest.approx(asymptote, rel=7e-16)


@pytest.mark.parametrize("name", [name for name in CASES if name != "cdf"])
def test_the_interpreter_runs_the_same_text(name: str, compiled: dict[str, Any]) -> None:
    for x in CASES[name][0][:20]:
        assert getattr(_lanes, name)(float(x)) == pytest.approx(compiled[name](float(x)), rel=1e-15)
