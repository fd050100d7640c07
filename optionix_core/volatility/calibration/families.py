"""The models that are calibrated by their characteristic functions: names, bounds, coordinates.

A parameter that is positive by nature is sought by its logarithm, so that a step of one in any coordinate is a change
worth the name; correlation and mean jump are sought as they are. The bounds keep descents within what markets have
shown; a parameter that ends at one is reported to be there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.double_heston import DoubleHestonModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.merton import MertonModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

LOGARITHM, ITSELF = "logarithm", "itself"
Bounds = tuple[float, float, str]

VARIANCE: tuple[Bounds, ...] = (
    (1e-5, 9.0, LOGARITHM),
    (1e-3, 50.0, LOGARITHM),
    (1e-5, 9.0, LOGARITHM),
    (1e-3, 20.0, LOGARITHM),
    (-0.999, 0.999, ITSELF),
)
"""v0, kappa, theta, sigma, rho."""
JUMPS: tuple[Bounds, ...] = ((1e-3, 30.0, LOGARITHM), (-1.5, 1.0, ITSELF), (0.01, 1.5, LOGARITHM))
"""Intensity, mean, volatility."""
CONSTANT: Bounds = (1e-3, 5.0, LOGARITHM)


@dataclass(frozen=True)
class Family:
    """A model whose parameters are sought."""

    name: str
    parameters: tuple[str, ...]
    places: tuple[int, ...]
    """Where they stand in the kernels' row (`pricing.models._parameters`)."""
    mask: int
    bounds: tuple[Bounds, ...]
    make: Callable[..., Any]
    """The model from the parameters in their order."""

    @cached_property
    def least(self) -> FloatArray:
        """Lower bounds of the parameters."""
        return np.array([low for low, _, _ in self.bounds])

    @cached_property
    def most(self) -> FloatArray:
        """Upper bounds of the parameters."""
        return np.array([high for _, high, _ in self.bounds])

    @cached_property
    def logarithmic(self) -> NDArray[np.bool_]:
        """Which parameters are sought by their logarithm."""
        return np.array([kind == LOGARITHM for _, _, kind in self.bounds])

    @cached_property
    def low(self) -> FloatArray:
        """Lower bounds of the coordinates."""
        return self.coordinates(self.least)

    @cached_property
    def high(self) -> FloatArray:
        """Upper bounds of the coordinates."""
        return self.coordinates(self.most)

    def coordinates(self, values: FloatArray) -> FloatArray:
        """From parameters."""
        chosen = self.logarithmic
        return np.where(chosen, np.log(np.where(chosen, values, 1.0)), values)

    def clipped(self, values: FloatArray) -> FloatArray:
        """Parameters within the bounds."""
        found: FloatArray = np.minimum(np.maximum(values, self.least), self.most)
        return found

    def values(self, coordinates: FloatArray) -> FloatArray:
        """Parameters from coordinates, never beyond the bounds by a rounding."""
        return self.clipped(np.where(self.logarithmic, np.exp(coordinates), coordinates))


def _heston(*values: float) -> HestonModel:
    return HestonModel(**dict(zip(("v0", "kappa", "theta", "sigma", "rho"), values, strict=True)))


def _bates(*values: float) -> BatesModel:
    v0, kappa, theta, sigma, rho, intensity, mean, volatility = values
    return BatesModel(
        v0=v0,
        kappa=kappa,
        theta=theta,
        sigma=sigma,
        rho=rho,
        jump_intensity=intensity,
        jump_mean=mean,
        jump_volatility=volatility,
    )


def _merton(*values: float) -> MertonModel:
    level, intensity, mean, volatility = values
    return MertonModel(volatility=level, jump_intensity=intensity, jump_mean=mean, jump_volatility=volatility)


def _double_heston(*values: float) -> DoubleHestonModel:
    return DoubleHestonModel(first=_heston(*values[:5]), second=_heston(*values[5:]))


_VARIANCE_NAMES = ("v0", "kappa", "theta", "sigma", "rho")
_JUMP_NAMES = ("jump_intensity", "jump_mean", "jump_volatility")

HESTON = Family("heston", _VARIANCE_NAMES, (0, 1, 2, 3, 4), 1, VARIANCE, _heston)
BATES = Family("bates", (*_VARIANCE_NAMES, *_JUMP_NAMES), (0, 1, 2, 3, 4, 10, 11, 12), 5, (*VARIANCE, *JUMPS), _bates)
MERTON = Family("merton", ("volatility", *_JUMP_NAMES), (13, 10, 11, 12), 12, (CONSTANT, *JUMPS), _merton)
DOUBLE_HESTON = Family(
    "double-heston",
    tuple(f"{factor}.{name}" for factor in ("first", "second") for name in _VARIANCE_NAMES),
    tuple(range(10)),
    3,
    (*VARIANCE, *VARIANCE),
    _double_heston,
)
FAMILIES = {family.name: family for family in (HESTON, BATES, MERTON, DOUBLE_HESTON)}
