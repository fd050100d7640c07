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

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optionix_core.errors import InterruptedByUserError, InvalidValueError
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing._threads import processors, spread
from optionix_core.pricing.contracts.vanilla import AmericanOption
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.monte_carlo import _lsm_states as states
from optionix_core.pricing.monte_carlo._lsm_kernels import KERNELS
from optionix_core.pricing.monte_carlo._regression import WEIGHTS, Basis, Policy, fit

Progress = Callable[[int, int], None]
"""Hears how many steps are done, of how many."""

NORMAL_95 = 1.959963984540054
FEWEST_PATHS, MOST_PATHS = 256, 1_000_000_000
MOST_DATES = 10_000
MOST_STATES = 250_000_000
"""Paths times dates that are held in memory at once, 2 GB of prices."""
CHUNK = 4096
"""Paths simulated and stopped at a time by one thread."""
LEAST_POLICY_PATHS, USUAL_POLICY_PATHS = 8192, 65_536


@dataclass(frozen=True, slots=True)
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
    """Paths that the policy was fitted on; those of `paths` themselves where `method` says in sample."""
    exercise_times: tuple[float, ...]
    """Years from now; exercise now is considered beside them."""
    policy: Policy | None
    """None at expiry."""
    exercised_now: bool
    method: str
    seconds: float
    """Wall time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongstaffSchwartz:
    """Raises InvalidValueError, naming field, value and bound, for settings outside their range."""

    paths: int = 100_000
    exercise_dates: int | tuple[float, ...] = 50
    """A number of equal steps up to expiry, or the times themselves in years."""
    basis: str = "laguerre"
    """`"laguerre"`, or polynomials by any of their names, `"monomial"` say; see `_regression.Basis`."""
    degree: int = 3
    seed: int = 0
    antithetic: bool = True
    policy_paths: int | None = None
    """Paths that the policy is fitted on; None: a quarter of `paths`, from 8,192 to 65,536."""
    in_sample: bool = False
    """Average over the fitting paths themselves: biased, see the module."""
    workers: int | None = None
    """Threads, as many as processors by default; they change no result."""

    def __post_init__(self) -> None:
        _check_whole("paths", self.paths, FEWEST_PATHS, MOST_PATHS)
        if self.policy_paths is not None:
            _check_whole("policy_paths", self.policy_paths, FEWEST_PATHS, MOST_PATHS)
            if self.in_sample:
                raise InvalidValueError("policy_paths", self.policy_paths, "None where in_sample is true")
        _check_whole("seed", self.seed, 0, 2**63 - 1)
        if self.workers is not None:
            _check_whole("workers", self.workers, 1, 1024)
        if not isinstance(self.exercise_dates, tuple):
            _check_whole("exercise_dates", self.exercise_dates, 1, MOST_DATES)
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

        `model` is a BlackScholesModel, HestonModel, BatesModel, MertonModel or a local volatility. `cancel` is looked
        at between dates and between some ten thousand paths: InterruptedByUserError. Limits are exact: intrinsic value
        at expiry zero. Raises InvalidValueError naming field, value and bound.
        """
        started = time.perf_counter()
        check_contract(contract)
        states.check_model(model)
        states.check_market(market)
        sign, spot, rate = float(contract.option_type), market.spots[0], market.rate
        intrinsic = max(sign * (spot - contract.strike), 0.0)
        if contract.expiry == 0.0:
            slope = sign if intrinsic > 0.0 else 0.0
            return _at_expiry(intrinsic, slope, time.perf_counter() - started)
        times = self.times(contract.expiry)
        fitted_paths = self._policy_paths()
        if fitted_paths * len(times) > MOST_STATES:
            bound = f"at most {MOST_STATES} with the number of exercise dates multiplied"
            raise InvalidValueError("paths" if self.in_sample else "policy_paths", fitted_paths, bound)
        meter = Meter(len(times) + (0 if self.in_sample else -(-self.paths // CHUNK)), progress, cancel)
        grid = np.array(times)
        basis = Basis(self.basis, self.degree, second_state=states.has_variance(model))
        meter.check()
        spots, seconds_state = states.simulate(
            model, market, grid, fitted_paths, self.seed, antithetic=self.antithetic, first_path=0, workers=self.workers
        )
        policy, received = fit(
            basis, sign, contract.strike, times, rate, spots, seconds_state, self.workers, meter.advance
        )
        if self.in_sample:
            taken = np.stack([received, self._delta_terms(policy, market, spots, seconds_state, spot)])
        else:
            del spots, seconds_state
            taken = self._follow(policy, model, market, fitted_paths, meter)
        return self._bound(policy, taken, intrinsic, model, market, fitted_paths, started)

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

    def _policy_paths(self) -> int:
        if self.in_sample:
            return self.paths
        if self.policy_paths is not None:
            return self.policy_paths
        return min(max(self.paths // 4, LEAST_POLICY_PATHS), USUAL_POLICY_PATHS)

    def _follow(self, policy: Policy, model: Any, market: FlatMarket, skipped: int, meter: Meter) -> FloatArray:
        """Payoff seen from now and pathwise delta of `paths` paths, numbered after those that were fitted on."""
        grid = np.array(policy.times)
        taken = np.empty((2, self.paths))
        first_path = -(-skipped // states.PATH_BLOCK) * states.PATH_BLOCK
        spot = market.spots[0]

        def job(first: int, last: int) -> None:
            for start in range(first, last, CHUNK):
                count = min(CHUNK, last - start)
                simulated = states.simulate(
                    model,
                    market,
                    grid,
                    count,
                    self.seed,
                    antithetic=self.antithetic,
                    first_path=first_path + start,
                    workers=1,
                )
                rows = stop(policy, *simulated, market)
                taken[0, start : start + count] = rows[0]
                taken[1, start : start + count] = rows[2] * (policy.sign / spot)

        group = 4 * CHUNK * (processors() if self.workers is None else self.workers)
        for begin in range(0, self.paths, group):
            size = min(group, self.paths - begin)
            spread(lambda first, last, begin=begin: job(begin + first, begin + last), size, CHUNK, CHUNK, self.workers)
            meter.advance(-(-size // CHUNK))
        return taken

    def _bound(
        self,
        policy: Policy,
        taken: FloatArray,
        intrinsic: float,
        model: Any,
        market: FlatMarket,
        fitted_paths: int,
        started: float,
    ) -> LowerBound:
        means = states.pair_means(taken) if self.antithetic else taken
        mean, delta = (float(value) for value in taken.mean(axis=1))
        error, delta_error = (float(e) / math.sqrt(means.shape[1]) for e in means.std(axis=1, ddof=1))
        now = intrinsic > 0.0 and intrinsic >= policy.value
        price, price_error = (intrinsic, 0.0) if now else (mean, error)
        slopes: tuple[float | None, float | None] = (delta, delta_error)
        if now:
            slopes = policy.sign, 0.0
        elif not states.is_proportional(model, market):
            slopes = None, None
        kind = f"{policy.basis.name} {policy.basis.degree}, {policy.basis.terms} terms"
        sample = "in sample: biased by foresight" if self.in_sample else "out of sample: biased low"
        return LowerBound(
            price=price,
            standard_error=price_error,
            interval=(price - NORMAL_95 * price_error, price + NORMAL_95 * price_error),
            delta=slopes[0],
            delta_standard_error=slopes[1],
            holding=mean,
            holding_standard_error=error,
            paths=self.paths,
            policy_paths=fitted_paths,
            exercise_times=policy.times,
            policy=policy,
            exercised_now=now,
            method=f"Longstaff-Schwartz ({kind}), {sample}, {policy.dates} dates",
            seconds=time.perf_counter() - started,
        )

    @staticmethod
    def _delta_terms(
        policy: Policy, market: FlatMarket, spots: FloatArray, seconds: FloatArray | None, spot: float
    ) -> FloatArray:
        terms: FloatArray = stop(policy, spots, seconds, market)[2] * (policy.sign / spot)
        return terms


class Meter:
    """Counts steps for `progress` and raises where `cancel` is set."""

    def __init__(self, steps: int, progress: Progress | None, cancel: threading.Event | None) -> None:
        self._steps = steps
        self._progress = progress
        self._cancel = cancel
        self._done = 0

    def check(self) -> None:
        """InterruptedByUserError where the user has cancelled."""
        if self._cancel is not None and self._cancel.is_set():
            raise InterruptedByUserError(f"stopped after {self._done} of {self._steps} steps")

    def advance(self, steps: int = 1) -> None:
        """`steps` more are done."""
        self.check()
        self._done += steps
        if self._progress is not None:
            self._progress(self._done, self._steps)


def stop(
    policy: Policy, spots: FloatArray, seconds: FloatArray | None, market: FlatMarket, first_date: int = 0
) -> FloatArray:
    """What paths receive under the policy from date number `first_date` on, seen from now.

    `spots` and `seconds`, shape (dates from `first_date`, paths). Rows: payoff; exp((q - r) t) times the price where
    the path stops; exp(-r t) times that price where it is exercised, else zero; number of the date at which it stops.
    """
    times = np.array(policy.times[first_date:])
    out = np.empty((4, spots.shape[1]))
    carry = market.rate - market.yields[0]
    KERNELS.load("stop_rows")(
        policy.sign,
        policy.strike,
        spots,
        np.empty((0, 0)) if seconds is None else seconds,
        policy.rules[first_date:],
        np.exp(-market.rate * times),
        np.exp(-carry * times),
        policy.basis.degree,
        WEIGHTS[policy.basis.name],
        policy.basis.sources,
        out,
        0,
        spots.shape[1],
    )
    out[:3] *= policy.strike
    out[3] += first_date
    return out


def check_contract(contract: object) -> None:
    """Raises InvalidValueError for what is no American option."""
    if not isinstance(contract, AmericanOption):
        raise InvalidValueError("contract", getattr(contract, "kind", type(contract).__name__), "an AmericanOption")


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
        method="intrinsic value at expiry",
        seconds=seconds,
    )


def _check_whole(name: str, value: object, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise InvalidValueError(name, value, f"a whole number from {lowest} to {highest}")
