"""The pricing equation on a grid: any contract on one price with a payoff, levels, exercise and dividends.

Under Black-Scholes, local volatility and CEV one dimension, under Heston two. Every price is computed on two grids, the
finer with half the steps of the other, which gives an error estimate and, by extrapolation, a better price. Discrete
dividends lower the spot itself, so that a European price with cash dividends here is that of a price that jumps, not of
the escrowed-dividend method of `black_scholes`. Refuses contracts on averages, extremes and several prices.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.contracts import Contract
from optionix_core.pricing.finite_difference import _grids
from optionix_core.pricing.finite_difference._plane import SCHEMES
from optionix_core.pricing.finite_difference._settings import Settings, Watcher, underlying
from optionix_core.pricing.finite_difference.result import FiniteDifferenceResult
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.heston import HestonModel

LEAST_POINTS, MOST_POINTS = 16, 20_000
LEAST_STEPS, MOST_STEPS = 8, 1_000_000
MOST_WORK = 4e9
"""Nodes times steps of one grid: about a minute."""
MOST_REFINED_WORK = 4e8
"""To which a tolerance refines."""
MOST_NODES = 4_000_000
"""Of one grid of price and variance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiniteDifferenceSolver:
    """Sizes are those of the finer of the two grids, rounded up.

    The coarser has half the intervals, and half the steps in time or, where the error is of first order in time
    (exercise in two dimensions, theta above 0.5), a quarter.

    Raises InvalidValueError naming field, value and bound.
    """

    space_points: int = 200
    """Intervals in the price, 16 to 20,000."""
    time_steps: int = 100
    """Steps over the whole life, 8 to 1,000,000; at least sixteen between two events."""
    variance_points: int = 64
    """Intervals in the variance under a model that has one, 16 to 20,000."""
    theta: float = 0.5
    """Weight of the new level, 0.5 (second order in time) to 1, in one dimension."""
    rannacher_steps: int = 2
    """First steps after expiry and after each event that are split in two implicit halves, 0 to 100."""
    grid_concentration: float = 0.1
    """Width of the dense part around strike and levels over that of the grid in ln S, 0.001 (dense) to 100 (even).

    Half of it in two dimensions, and with exercise.
    """
    scheme: str = "modified-craig-sneyd"
    """Of two dimensions: `"craig-sneyd"`, `"modified-craig-sneyd"` or `"hundsdorfer-verwer"`."""
    extrapolate: bool = True
    """Whether price and Greeks are extrapolated from both grids; otherwise they are the finer's."""
    tolerance: float | None = None
    """Where given, both grids are refined until the error estimate is at most this."""

    def __post_init__(self) -> None:
        for name, least, most in (
            ("space_points", LEAST_POINTS, MOST_POINTS),
            ("time_steps", LEAST_STEPS, MOST_STEPS),
            ("variance_points", LEAST_POINTS, MOST_POINTS),
            ("rannacher_steps", 0, 100),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise InvalidValueError(name, repr(value), f"a whole number from {least:,} to {most:,}")
        for name, low, high in (("theta", 0.5, 1.0), ("grid_concentration", 1e-3, 100.0)):
            number = getattr(self, name)
            if not isinstance(number, int | float) or not low <= number <= high:
                raise InvalidValueError(name, repr(number), f"a number from {low:g} to {high:g}")
        if self.scheme not in SCHEMES:
            raise InvalidValueError("scheme", repr(self.scheme), "one of " + ", ".join(f'"{name}"' for name in SCHEMES))
        if self.tolerance is not None and not 0.0 < self.tolerance < math.inf:
            raise InvalidValueError("tolerance", self.tolerance, "positive and finite, or None")

    def price(
        self,
        contract: Contract,
        model: object,
        market: FlatMarket,
        progress: Callable[[float], None] | None = None,
        cancel: Callable[[], bool] | None = None,
        *,
        keep_slice: bool = False,
    ) -> FiniteDifferenceResult:
        """Price and Greeks of a long position of one.

        `model` is a BlackScholesModel, CevModel or HestonModel, or anything with `local_volatility(spot, time)`.
        `progress` hears the fraction done, `cancel` is asked between pieces of work and stops it with
        InterruptedByUserError. Raises InvalidValueError for a contract or model that is not known here (both named), a
        grid that is too large, or a tolerance that the largest grid does not reach.
        """
        started = time.perf_counter()
        place = underlying(market)
        claims, known = _grids.checked(contract, model, place)
        planar = isinstance(known, HestonModel) and known.sigma > 0.0
        american = any(claim.american for _, claim in claims)
        refinement = 1
        while True:
            settings = self._settings(refinement, planar=planar, american=american)
            watcher = Watcher(progress, cancel, self._work(settings, planar=planar) * 1.25 * len(claims))
            answer = _grids.answer(claims, known, place, settings, watcher, keep_slice=keep_slice)
            coarse, fine = answer.greeks
            error = abs(float(fine[0] - coarse[0])) / 3.0
            if self.tolerance is None or error <= self.tolerance:
                break
            refinement *= 2
            if not self._fits(
                self._settings(refinement, planar=planar, american=american), planar=planar, most=MOST_REFINED_WORK
            ):
                raise InvalidValueError(
                    "tolerance", self.tolerance, f"at least {error:.1e}, which the largest grid has"
                )
        best = fine + (fine - coarse) / 3.0 if self.extrapolate and answer.on_grid else fine
        watcher.finish()
        return FiniteDifferenceResult(
            price=float(best[0]),
            delta=float(best[1]),
            gamma=float(best[2]),
            theta=float(best[3]),
            error=error,
            space_points=2 * settings.intervals if answer.on_grid else 0,
            variance_points=2 * settings.variance_intervals if answer.on_grid else 0,
            time_steps=settings.time_refinement * settings.steps if answer.on_grid else 0,
            seconds=time.perf_counter() - started,
            method=answer.method + (", extrapolated" if self.extrapolate and answer.on_grid else ""),
            slice=answer.slice,
        )

    def _settings(self, refinement: int, *, planar: bool, american: bool) -> Settings:
        slower = 4 if self.theta != 0.5 or (planar and american) else 2
        settings = Settings(
            intervals=-(-self.space_points // 2) * refinement,
            variance_intervals=-(-self.variance_points // 2) * refinement if planar else 0,
            steps=-(-self.time_steps // slower) * (refinement if slower == 2 else refinement**2),
            theta=self.theta,
            rannacher_steps=self.rannacher_steps,
            concentration=self.grid_concentration * (0.5 if planar or american else 1.0),
            scheme=self.scheme,
            time_refinement=slower,
        )
        if refinement == 1 and not self._fits(settings, planar=planar):
            grid = f"{self.space_points:,} x {self.variance_points:,} x " if planar else f"{self.space_points:,} x "
            bound = f"at most {MOST_WORK:g} nodes times steps, and {MOST_NODES:,} nodes"
            raise InvalidValueError("space_points, variance_points, time_steps", grid + f"{self.time_steps:,}", bound)
        return settings

    @staticmethod
    def _work(settings: Settings, *, planar: bool) -> float:
        """Nodes times steps of the finer grid."""
        nodes = 2.0 * settings.intervals * (2.0 * settings.variance_intervals if planar else 1.0)
        return nodes * settings.time_refinement * settings.steps

    def _fits(self, settings: Settings, *, planar: bool, most: float = MOST_WORK) -> bool:
        work = self._work(settings, planar=planar)
        nodes = work / (settings.time_refinement * settings.steps)
        return work <= most and nodes <= MOST_NODES
