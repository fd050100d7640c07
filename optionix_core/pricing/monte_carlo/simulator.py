"""Prices of contracts by simulation, each with its standard error and a 95% interval.

A contract says what is paid, a model how the price moves, the market where it stands. `_model_steps` names the scheme
of each model, `_contract_watch` what each contract looks at. Refuses American exercise, which `longstaff_schwartz`
prices, and every other pair that it does not know, naming both. Nothing depends on the number of workers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from optionix_core.errors import InterruptedByUserError, InvalidValueError
from optionix_core.pricing.contracts import Contract
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.monte_carlo import _layout as at
from optionix_core.pricing.monte_carlo._estimation import Moments, interval
from optionix_core.pricing.monte_carlo._plan import (
    LARGEST_SEED,
    MOST_PATHS,
    MOST_RANDOMISATIONS,
    MOST_STEPS,
    check_sampler,
    whole,
)
from optionix_core.pricing.monte_carlo._setup import Settings
from optionix_core.pricing.monte_carlo._sources import Source, source_of
from optionix_core.pricing.monte_carlo.result import GreekEstimate, MonteCarloResult

MONITORING = ("bridge", "shifted")
PIECE = 1 << 22
"""Path-steps between two looks at `cancel`."""
LONGEST_PIECE = 1 << 18
"""Paths between them."""


class Flag(Protocol):
    """Something like threading.Event."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MonteCarloSimulator:
    """How to simulate. Raises InvalidValueError, naming field, value and bound."""

    paths: int = 100_000
    """In all, at least 2; with `sampler="sobol"` each randomisation takes the largest power of two that fits."""
    steps: int = 100
    """Fewest up to expiry where a scheme or continuous watching needs small ones; exact schemes take the contract's
    own dates alone."""
    seed: int = 1
    sampler: str = "random"
    """`"random"`: Philox and Box-Muller; `"sobol"`: scrambled Sobol points along a Brownian bridge."""
    antithetic: bool = False
    """Half of the paths mirror the other half."""
    control_variate: bool = False
    """Whether to correct by something whose mean is known: see `method` of the result."""
    randomisations: int = 32
    """Independent scramblings with `sampler="sobol"`, from whose spread the error is taken; with few of them the
    interval is too short where a single one's error is skewed."""
    workers: int | None = None
    """Threads; None is one for each processor. The result is the same."""
    monitoring: str = "bridge"
    """How barriers are watched continuously: `"bridge"`, or `"shifted"`, at the steps alone with the barrier moved."""

    def __post_init__(self) -> None:
        whole("paths", self.paths, 2, MOST_PATHS)
        whole("steps", self.steps, 1, MOST_STEPS)
        whole("seed", self.seed, 0, LARGEST_SEED)
        whole("randomisations", self.randomisations, 2, MOST_RANDOMISATIONS)
        check_sampler(self.sampler, antithetic=self.antithetic)
        if self.workers is not None:
            whole("workers", self.workers, 1, 1024)
        if self.monitoring not in MONITORING:
            raise InvalidValueError("monitoring", repr(self.monitoring), '"bridge" or "shifted"')
        if self.antithetic and (self.paths % 2 or self.paths < 4):
            raise InvalidValueError("paths", self.paths, "even and at least 4 with antithetic pairs")
        if self.sampler == "sobol" and self.paths < self.randomisations:
            raise InvalidValueError("paths", self.paths, f"at least randomisations, {self.randomisations}")

    def price(
        self,
        contract: Contract,
        model: object,
        market: FlatMarket,
        greeks: tuple[str, ...] = (),
        progress: Callable[[float], None] | None = None,
        cancel: Flag | Callable[[], bool] | None = None,
    ) -> MonteCarloResult:
        """Present value of `contract`, long.

        `greeks` names any of delta, gamma, vega, rho and epsilon (the derivative in the yield) that the model offers.
        `progress` hears the fraction done, up to 1. Raises InvalidValueError for a pair that is not simulated, and
        InterruptedByUserError once `cancel` is set, or returns true.
        """
        started = time.perf_counter()
        settings = Settings(
            steps=self.steps,
            seed=self.seed,
            sampler=self.sampler,
            antithetic=self.antithetic,
            shifted=self.monitoring == "shifted",
        )
        source = source_of(
            contract, model, market, settings, tuple(greeks), control=self.control_variate, workers=self.workers
        )
        _stop_if(cancel)
        units, paths = self._units(source, progress, cancel)
        error = units.errors()
        mean = np.asarray(units.mean)
        freedom = units.count - 1
        return MonteCarloResult(
            price=float(mean[0]),
            standard_error=float(error[0]),
            interval_95=interval(float(mean[0]), float(error[0]), freedom),
            degrees_of_freedom=freedom,
            paths=paths,
            steps=source.steps,
            seconds=time.perf_counter() - started,
            method=self._method(source),
            bias=source.bias,
            greeks=tuple(
                GreekEstimate(name, float(mean[row]), float(error[row]), method)
                for row, (name, method) in enumerate(source.greeks, 1)
            ),
        )

    def _units(
        self,
        source: Source,
        progress: Callable[[float], None] | None,
        cancel: Flag | Callable[[], bool] | None,
    ) -> tuple[Moments, int]:
        """Moments of the independent units: paths, pairs or randomisations; and the paths used."""
        sets, size = 1, self.paths
        if self.sampler == "sobol":
            sets, size = self.randomisations, 1 << ((self.paths // self.randomisations).bit_length() - 1)
        whole_run = Moments()
        done = 0
        for randomisation in range(sets):
            one = whole_run if sets == 1 else Moments()
            for first, count in _pieces(size, source.steps):
                one.add(source.values(randomisation, first, count))
                done += count
                if progress is not None:
                    progress(done / (sets * size))
                if done < sets * size:
                    _stop_if(cancel)
            if sets > 1:
                whole_run.add(np.asarray(one.mean)[:, None])
        return whole_run, sets * size

    def _method(self, source: Source) -> str:
        parts = [source.text]
        if self.sampler == "sobol":
            parts.append(f"Sobol points along a Brownian bridge, {self.randomisations} scramblings")
        if self.antithetic:
            parts.append("antithetic pairs")
        if source.control:
            parts.append(f"{source.control} as control variate, coefficient from a pilot")
        return "; ".join(parts)


def _pieces(paths: int, steps: int) -> Iterator[tuple[int, int]]:
    """First block and number of paths of each piece."""
    size = min(max(PIECE // max(steps, 1), at.BLOCK), LONGEST_PIECE) // at.BLOCK * at.BLOCK
    for first in range(0, paths, size):
        yield first // at.BLOCK, min(size, paths - first)


def _stop_if(cancel: Flag | Callable[[], bool] | None) -> None:
    if cancel is None:
        return
    if cancel() if callable(cancel) else cancel.is_set():
        raise InterruptedByUserError("simulation stopped; nothing was kept")


__all__ = ["MonteCarloResult", "MonteCarloSimulator"]
