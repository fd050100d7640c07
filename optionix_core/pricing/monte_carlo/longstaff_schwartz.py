"""American options by simulation: a lower bound from an exercise policy fitted by least squares.

Source: F. Longstaff and E. Schwartz, "Valuing American Options by Simulation: A Simple Least-Squares Approach", Rev.
Financ. Stud. 14 (2001) 113. The policy is fitted on paths of its own and then followed on others, so that the mean of
what it receives lies below the option's value but for the stated standard error: no policy does better than the best
one. `in_sample=True` fits and averages on the same paths as the paper does, which sees the future a little and is
biased either way; its method says so.

The option is exercised at `exercise_dates` only. That Bermudan option is worth less than the American one; the
documents measure by how much. `dual_bound` bounds the same Bermudan option from above. Refuses several underlyings, and
models that `paths` does not simulate.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.contracts.vanilla import AmericanOption
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.monte_carlo import _lsm_states as states
from optionix_core.pricing.monte_carlo._lsm_controls import Controls
from optionix_core.pricing.monte_carlo._lsm_following import (
    CHUNK,
    Estimate,
    Meter,
    Progress,
    estimates,
    follow,
    taken,
)
from optionix_core.pricing.monte_carlo._regression import Basis, Policy, fit

NORMAL_95 = 1.959963984540054
FEWEST_PATHS, MOST_PATHS = 256, 1_000_000_000
MOST_DATES = 10_000
MOST_STATES = 250_000_000
"""Paths times dates that are held in memory at once, 2 GB of prices."""
LEAST_POLICY_PATHS, USUAL_POLICY_PATHS = 8192, 65_536
FITTED, FOLLOWED, OUTER, INNER = range(4)
"""Sets of paths under one seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerBound:
    """What an exercise policy is worth, in the currency of the underlying."""

    price: float
    standard_error: float
    interval: tuple[float, float]
    """Of 95%, from the normal distribution, around what the policy is worth, not around the option's value."""
    delta: float | None
    """In the spot, pathwise with the policy held fixed; None where paths do not move in proportion to the spot."""
    delta_standard_error: float | None
    holding: float
    """Worth of not exercising now and following the policy later."""
    holding_standard_error: float
    paths: int
    policy_paths: int
    """Paths that the policy was fitted on."""
    exercise_times: tuple[float, ...]
    """Years from now; exercise now is considered beside them."""
    policy: Policy | None
    """None at expiry."""
    exercised_now: bool
    in_sample: bool
    """Averaged over the paths that the policy was fitted on: no bound, though close."""
    method: str
    seconds: float
    """Wall time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongstaffSchwartz:
    """Raises InvalidValueError, naming field, value and bound, for settings outside their range."""

    paths: int = 100_000
    exercise_dates: int | tuple[float, ...] = 50
    """A number of equal steps up to expiry, or the times themselves in years, the last at expiry."""
    basis: str = "laguerre"
    """`"laguerre"`, or polynomials by any of their names, `"monomial"` say; see `_regression.Basis`."""
    degree: int = 3
    seed: int = 0
    antithetic: bool = True
    """Paths in mirrored pairs; their numbers must be even then."""
    control_variates: bool = True
    """Those of `_lsm_controls`."""
    policy_paths: int | None = None
    """Paths that the policy is fitted on; None: a quarter of `paths`, from 8,192 to 65,536."""
    in_sample: bool = False
    """Average over the fitting paths themselves, `paths` of them: biased, see the module."""
    workers: int | None = None
    """Threads, as many as processors by default; they change no result."""

    def __post_init__(self) -> None:
        for name in ("paths", "policy_paths"):
            value = getattr(self, name)
            if value is None:
                continue
            check_whole(name, value, FEWEST_PATHS, MOST_PATHS)
            if self.antithetic and value % 2:
                raise InvalidValueError(name, value, "even, with antithetic pairs")
        if self.policy_paths is not None and self.in_sample:
            raise InvalidValueError("policy_paths", self.policy_paths, "None where in_sample is true")
        check_whole("seed", self.seed, 0, 2**63 - 1)
        if self.workers is not None:
            check_whole("workers", self.workers, 1, 1024)
        if not isinstance(self.exercise_dates, tuple):
            check_whole("exercise_dates", self.exercise_dates, 1, MOST_DATES)
        Basis(self.basis, self.degree, second_state=False)

    def price(
        self,
        contract: AmericanOption,
        model: Any,
        market: FlatMarket,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> LowerBound:
        """The lower bound of an American option.

        `model` is a BlackScholesModel, HestonModel, BatesModel, MertonModel or a local volatility; Heston and Bates are
        regressed on price and variance. `progress` hears of each date and each few thousand paths, and `cancel` is
        looked at as often: InterruptedByUserError. At expiry zero it is the intrinsic value. Raises InvalidValueError
        naming field, value and bound.
        """
        started = time.perf_counter()
        check_contract(contract)
        states.check_model(model)
        states.check_market(market)
        sign, spot = float(contract.option_type), market.spots[0]
        intrinsic = max(sign * (spot - contract.strike), 0.0)
        if contract.expiry == 0.0:
            return _at_expiry(intrinsic, sign if intrinsic > 0.0 else 0.0, time.perf_counter() - started)
        times = self.times(contract.expiry)
        count = self._fitted_paths(len(times))
        meter = Meter(len(times) + (0 if self.in_sample else -(-self.paths // CHUNK)), progress, cancel)
        meter.check()
        spots, variances = states.simulate(
            model,
            market,
            np.array(times),
            count,
            (self.seed, FITTED),
            antithetic=self.antithetic,
            workers=self.workers,
            longest_step=states.longest_step(model, contract.expiry),
        )
        basis = Basis(self.basis, self.degree, second_state=variances is not None)
        policy = fit(basis, sign, contract.strike, times, market.rate, spots, variances, self.workers, meter.advance)
        controls = Controls(policy, model, market, wanted=self.control_variates)
        if self.in_sample:
            rows = taken(policy, market, controls, spots, variances)
        else:
            del spots, variances
            rows = follow(
                policy,
                model,
                market,
                controls,
                self.paths,
                (self.seed, FOLLOWED),
                antithetic=self.antithetic,
                workers=self.workers,
                meter=meter,
            )
        means = [float(mean[0]) for mean in controls.means(0.0, np.array([spot]))]
        worth, delta = estimates(rows, means, antithetic=self.antithetic)
        slope = delta if states.is_proportional(model, market) else None
        return self._bound(policy, worth, slope, intrinsic, count, controls.count, started)

    def times(self, expiry: float) -> tuple[float, ...]:
        """Exercise dates of a contract, years from now, the last at its expiry."""
        if not isinstance(self.exercise_dates, tuple):
            count = self.exercise_dates
            return (*(expiry * k / count for k in range(1, count)), expiry)
        last = 0.0
        for row, when in enumerate(self.exercise_dates):
            if not last < when <= expiry:
                raise InvalidValueError("exercise_dates", when, f"above {last} and at most the expiry, {expiry}", row)
            last = when
        if last != expiry:
            raise InvalidValueError("exercise_dates", last, f"the expiry, {expiry}, in the last place")
        return self.exercise_dates

    def _fitted_paths(self, dates: int) -> int:
        count = self.policy_paths
        if self.in_sample:
            count = self.paths
        elif count is None:
            count = min(max(self.paths // 8 * 2, LEAST_POLICY_PATHS), USUAL_POLICY_PATHS)
        if count * dates > MOST_STATES:
            bound = f"at most {MOST_STATES // dates} with {dates} exercise dates"
            raise InvalidValueError("paths" if self.in_sample else "policy_paths", count, bound)
        return count

    def _bound(
        self,
        policy: Policy,
        worth: Estimate,
        delta: Estimate | None,
        intrinsic: float,
        fitted: int,
        controls: int,
        started: float,
    ) -> LowerBound:
        # decided by the fitting paths, so that the paths that are averaged choose nothing
        now = intrinsic > 0.0 and intrinsic >= policy.value
        price, error = (intrinsic, 0.0) if now else worth
        if now:
            delta = Estimate(policy.sign, 0.0)
        kind = f"{policy.basis.name} of degree {policy.basis.degree}, {policy.basis.terms} regressors"
        sample = "in sample, biased by foresight" if self.in_sample else "out of sample, biased low"
        return LowerBound(
            price=price,
            standard_error=error,
            interval=(price - NORMAL_95 * error, price + NORMAL_95 * error),
            delta=None if delta is None else delta.mean,
            delta_standard_error=None if delta is None else delta.error,
            holding=worth.mean,
            holding_standard_error=worth.error,
            paths=self.paths,
            policy_paths=fitted,
            exercise_times=policy.times,
            policy=policy,
            exercised_now=now,
            in_sample=self.in_sample,
            method=f"Longstaff-Schwartz, {policy.dates} dates, {kind}, {controls} control variates; {sample}",
            seconds=time.perf_counter() - started,
        )


def check_contract(contract: object) -> None:
    """Raises InvalidValueError for what is no American option."""
    if not isinstance(contract, AmericanOption):
        raise InvalidValueError("contract", getattr(contract, "kind", type(contract).__name__), "an AmericanOption")


def check_whole(name: str, value: object, lowest: int, highest: int) -> None:
    """Raises InvalidValueError for what is no whole number from `lowest` to `highest`."""
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise InvalidValueError(name, value, f"a whole number from {lowest} to {highest}")


def _at_expiry(intrinsic: float, slope: float, seconds: float) -> LowerBound:
    return LowerBound(
        price=intrinsic,
        standard_error=0.0,
        interval=(intrinsic, intrinsic),
        delta=slope,
        delta_standard_error=0.0,
        holding=0.0,
        holding_standard_error=0.0,
        paths=0,
        policy_paths=0,
        exercise_times=(),
        policy=None,
        exercised_now=True,
        in_sample=False,
        method="intrinsic value at expiry",
        seconds=seconds,
    )
