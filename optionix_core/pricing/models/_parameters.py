"""Model parameters as the compiled kernels take them.

Layout: two square-root variances (v0, kappa, theta, sigma, rho), jumps (intensity, mean, volatility), a constant
volatility, Variance Gamma (volatility, nu, theta). A part with nothing in it is all zeros. A model's level, which vega
is the derivative in, is the root of its variances now (0), the constant volatility (1) or Variance Gamma's (2).
"""

from __future__ import annotations

from dataclasses import dataclass

from optionix_core.pricing._arrays import FloatArray, constants

ROOT_OF_VARIANCE, CONSTANT_VOLATILITY, CLOCKED_VOLATILITY = 0, 1, 2
SQUARE_ROOT = ("v0", "kappa", "theta", "sigma", "rho")
PARAMETERS = (
    *SQUARE_ROOT,
    *SQUARE_ROOT,
    "jump_intensity",
    "jump_mean",
    "jump_volatility",
    "volatility",
    "volatility",
    "nu",
    "theta",
)
"""What the models call what stands in each place."""
Variance = tuple[float, float, float, float, float]
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Parts:
    """What X = ln(S_T / F) is the sum of: independent, so that the log characteristic functions add."""

    first: Variance = (0.0, 0.0, 0.0, 0.0, 0.0)
    second: Variance = (0.0, 0.0, 0.0, 0.0, 0.0)
    jumps: Triple = (0.0, 0.0, 0.0)
    volatility: float = 0.0
    gamma: Triple = (0.0, 0.0, 0.0)

    @property
    def row(self) -> FloatArray:
        """All of them, in the kernels' order, read-only."""
        return constants((*self.first, *self.second, *self.jumps, self.volatility, *self.gamma))
