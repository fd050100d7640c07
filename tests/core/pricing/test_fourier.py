"""The method itself: any characteristic function, its errors, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from optionix_core.errors import DomainError
from optionix_core.pricing import _fourier_lanes, _fourier_loops, black_scholes, fourier
from optionix_core.pricing._compile import KINDS
from optionix_core.pricing._fourier_kernels import KERNELS, surface_kernel
from optionix_core.pricing.models._parameters import Parts
from optionix_core.pricing.models.heston import HestonModel

STRIKES = np.linspace(60.0, 160.0, 21)
Complex = NDArray[np.complex128]


def test_any_characteristic_function_can_be_priced() -> None:
    model = HestonModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7)

    def logarithm(u: Complex, expiry: float) -> Complex:
        b = 1.5 + 0.7 * 0.6j * u
        d = np.sqrt(b * b + 0.36 * (u * u + 1j * u))
        g, e = (b - d) / (b + d), np.exp(-d * expiry)
        log = np.log((1 - g * e) / (1 - g))
        return 0.04 * (b - d) / 0.36 * (1 - e) / (1 - g * e) + 1.5 * 0.05 / 0.36 * ((b - d) * expiry - 2 * log)

    expiries = np.array([[0.05], [1.0], [4.0]])
    ours = model.price("put", 100.0, STRIKES, expiries, 0.03, 0.01)
    general = fourier.CharacteristicFunction(log_characteristic=logarithm)
    priced = fourier.price_with_error(general, "put", 100.0, STRIKES, expiries, 0.03, 0.01)
    np.testing.assert_allclose(priced.value, ours, rtol=0, atol=1e-10)
    assert np.all(priced.error < 1e-10)


def test_the_estimated_error_covers_the_true_one() -> None:
    model = HestonModel(v0=0.04, kappa=1.0, theta=0.04, sigma=0.0, rho=0.0)
    priced = fourier.price_with_error(model, "call", 100.0, STRIKES, 0.5, 0.0, 0.0)
    true = np.abs(priced.value - black_scholes.price("call", 100.0, STRIKES, 0.5, 0.0, 0.0, 0.2))
    assert np.all(true <= priced.error + 1e-13)
    assert priced.error.max() < 1e-10


def test_a_function_too_rough_to_integrate_is_refused() -> None:
    def noise(u: Complex, _: float) -> Complex:
        return 3j * np.sin(1e5 * u.real)

    with pytest.raises(DomainError, match="does not determine"):
        fourier.price(fourier.CharacteristicFunction(log_characteristic=noise), "call", 100.0, 103.0, 1.0, 0.0, 0.0)


def test_surfaces_keep_the_callers_shape_and_scalars_stay_scalars() -> None:
    model = HestonModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.6, rho=-0.7)
    assert isinstance(model.price("call", 100, 100, 1, 0.0, 0.0), float)
    assert np.shape(model.price(["call", "put"], 100.0, np.ones((3, 1)), 1.0, 0.0, 0.0)) == (3, 2)
    assert np.shape(model.price("call", 100.0, np.empty(0), 1.0, 0.0, 0.0)) == (0,)


def test_no_time_and_no_variance_are_limits() -> None:
    still = HestonModel(v0=0.0, kappa=1.0, theta=0.0, sigma=0.5, rho=-0.5)
    expected = np.maximum(100.0 - STRIKES * np.exp(-0.05), 0.0)
    np.testing.assert_allclose(still.price("call", 100.0, STRIKES, 1.0, 0.05, 0.0), expected, rtol=0, atol=1e-13)


def test_lanes_of_complex_arithmetic_agree_with_the_library() -> None:
    angles = np.concatenate((np.linspace(-300.0, 300.0, 2001), [0.0, 1e-300]))
    sines, cosines = np.array([_fourier_lanes.lane_sine_cosine(float(v)) for v in angles]).T
    np.testing.assert_allclose(sines, np.sin(angles), rtol=0, atol=1e-15)
    np.testing.assert_allclose(cosines, np.cos(angles), rtol=0, atol=1e-15)
    turn = np.linspace(-np.pi, np.pi, 1001)
    size = np.geomspace(1e-12, 1e12, 1001)
    own = [
        _fourier_lanes.lane_angle(float(y), float(x))
        for y, x in zip(size * np.sin(turn), size * np.cos(turn), strict=True)
    ]
    np.testing.assert_allclose(own, np.arctan2(size * np.sin(turn), size * np.cos(turn)), rtol=5e-16, atol=5e-16)
    small = np.concatenate((-np.geomspace(1e-300, 0.99, 300), np.geomspace(1e-300, 600.0, 300)))
    np.testing.assert_allclose([_fourier_lanes.lane_growth(float(v)) for v in small], np.expm1(small), rtol=1e-15)
    logs = [_fourier_lanes.lane_logarithm_beyond(float(v)) for v in small]
    np.testing.assert_allclose(logs, np.log1p(small), rtol=1e-15)


def test_every_argument_of_a_loop_has_a_compiled_type() -> None:
    for name in ("exponent_nodes", "strike_sums", "weighted_values"):
        assert set(getattr(_fourier_loops, name).__annotations__.values()) <= set(KINDS), name


def test_variants_are_kernels_in_place_of_their_loop() -> None:
    names = ("exponent_nodes", "strike_sums", "variance_values", "variance_weights", "clock_values", "clock_weights")
    assert KERNELS.names == names


def test_a_gamma_clock_beside_a_square_root_variance_is_refused() -> None:
    both = Parts(first=(0.04, 1.0, 0.04, 0.5, -0.5), gamma=(0.2, 0.3, -0.1))
    with pytest.raises(DomainError, match="both square-root variances and a gamma clock"):
        surface_kernel(both.row)
