"""Heston's variance under a leverage, which meets a local volatility's vanillas and keeps some of the smile's motion.

    dx = L(t, x) sqrt(v) dW - L^2 v / 2 dt,   dv = kappa (theta - v) dt + mixing sigma sqrt(v) dZ,   d<W, Z> = rho dt

x = ln(S / F(t)). With `mixing` zero it is the local volatility in other words, with one all of Heston's volatility of
variance is kept. Priced by `MonteCarloSimulator` and by `PricingEngine`, every contract that simulation along paths
knows, in any market: as log-moneyness it sees no carry. Refuses times beyond the horizon up to which it was made.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.leverage import LeverageGrid
from optionix_core.volatility.local.model import LocalVolatilityModel
from optionix_core.volatility.stochastic_local.calibration import Flag, Notes, calibrate

PARTICLES = 1 << 18
STEPS = 200
NODES = 201
LONGEST = 100.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StochasticLocalVolatilityModel:
    """A `pricing.models.leverage.LeveragedVariance`. Raises InvalidValueError, naming field, value and bound."""

    heston: HestonModel
    """Of the variance, without mixing."""
    mixing: float
    """What the volatility of variance is multiplied by, 0 to 1."""
    leverage: LeverageGrid
    notes: Notes
    """How the leverage came about."""

    def __post_init__(self) -> None:
        _check(self.heston, self.mixing)

    @classmethod
    def calibrate(
        cls,
        heston: HestonModel,
        local: LocalVolatilityModel,
        horizon: float,
        *,
        mixing: float = 1.0,
        particles: int = PARTICLES,
        steps: int = STEPS,
        nodes: int = NODES,
        seed: int = 1,
        workers: int | None = None,
        progress: Callable[[float], None] | None = None,
        cancel: Flag | Callable[[], bool] | None = None,
    ) -> StochasticLocalVolatilityModel:
        """The leverage that meets `local` up to `horizon` years, by the particle method.

        `particles` is a multiple of 256, `steps` the least number of steps, even in the root of time, with one more end
        wherever `local` jumps, `nodes` those of the leverage at each. The same for a seed on any number of `workers`.
        `progress` hears the fraction done. Raises InvalidValueError for bad arguments, InterruptedByUserError once
        `cancel` is set, or returns true.
        """
        _check(heston, mixing)
        if not 0.0 < horizon <= LONGEST:
            raise InvalidValueError("horizon", horizon, f"above zero, at most {LONGEST:g} years")
        for name, value, least, most in (
            ("particles", particles, 1 << 10, 1 << 26),
            ("steps", steps, 4, 100_000),
            ("nodes", nodes, 11, 2001),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise InvalidValueError(name, value, f"a whole number from {least:,} to {most:,}")
        grid, notes = calibrate(
            replace(heston, sigma=mixing * heston.sigma),
            local,
            horizon,
            particles=particles,
            steps=steps,
            nodes=nodes,
            seed=seed,
            workers=workers,
            progress=progress,
            cancel=cancel,
        )
        return cls(heston=heston, mixing=mixing, leverage=grid, notes=notes)

    @property
    def variance(self) -> HestonModel:
        """Of v, with the volatility of variance mixed."""
        return replace(self.heston, sigma=self.mixing * self.heston.sigma)

    @property
    def horizon(self) -> float:
        """Years up to which it prices."""
        return self.leverage.horizon


def _check(heston: HestonModel, mixing: float) -> None:
    if not isinstance(heston, HestonModel):
        raise InvalidValueError("heston", type(heston).__name__, "a HestonModel")
    if not (0.0 <= mixing <= 1.0 and math.isfinite(mixing)):
        raise InvalidValueError("mixing", mixing, "from 0 to 1")
    if not heston.v0 > 0.0:
        raise InvalidValueError("v0", heston.v0, "positive under a leverage")
