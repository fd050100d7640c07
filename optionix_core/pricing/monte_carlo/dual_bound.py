"""Upper bounds of American options by duality: what a holder who knows the future gains over a martingale.

For any martingale M, the option is worth at most M_0 + E max_k (h_k - M_k), h_k the payoff at date k seen from now (L.
Rogers, Math. Finance 12 (2002) 271; M. Haugh and L. Kogan, Oper. Res. 52 (2004) 258). M is that of the exercise policy
found by Longstaff and Schwartz's method, by nested simulation: L. Andersen and M. Broadie, "Primal-Dual Simulation
Algorithm for Pricing Multidimensional American Options", Manage. Sci. 50 (2004) 1222, section 3.2. With L_k what the
policy is worth at date k and c_k = E_k[L_(k+1)] - L_k at dates where it exercises, M_k = L_k less the c_j before k.

The inner means are without bias, also with their control variates (the price where the inner path stops and, under
Black and Scholes, the European option there), since the coefficients that each half of the inner paths uses come from
the other half. Their noise therefore only raises the bound, whose mean lies above the value of the Bermudan option with
the same dates. Dates at which exercise cannot pay (no payoff, or one below the European price) are left out: M. Broadie
and M. Cao, Quant. Finance 8 (2008) 845, section 4. Refuses a policy that was averaged in sample: its worth is not known
without bias.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing._threads import processors, spread
from optionix_core.pricing.contracts.vanilla import AmericanOption
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.monte_carlo import _lsm_states as states
from optionix_core.pricing.monte_carlo._lsm_controls import Controls
from optionix_core.pricing.monte_carlo._lsm_following import Meter, Progress, stop
from optionix_core.pricing.monte_carlo._regression import Policy
from optionix_core.pricing.monte_carlo.longstaff_schwartz import (
    INNER,
    NORMAL_95,
    OUTER,
    LowerBound,
    check_contract,
    check_whole,
)
from optionix_core.pricing.monte_carlo.paths import pair_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

FEWEST, MOST_OUTER, MOST_INNER = 256, 1_000_000, 65_536
JOB = 16_384
"""Inner paths that one thread simulates at a time where states can share a simulation."""
MOST_SLOPE = 2.0
"""Of a control: the policy's receipts move less than twice as much as any of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpperBound:
    """The dual bound of an American option with the exercise dates of a policy, in the underlying's currency."""

    price: float
    standard_error: float
    """Of the bound, that of what the policy is worth included."""
    interval: tuple[float, float]
    """Of 95%, around the mean of the bound, which lies above the option's value."""
    gap: float
    """Bound less what the policy is worth: the option's value lies between the two."""
    gap_standard_error: float
    bracket: tuple[float, float]
    """From the lower end of the lower bound's interval to the upper end of this one's."""
    outer_paths: int
    inner_paths: int
    """For each date and outer path at which exercise may pay."""
    simulations: int
    """Such dates and paths."""
    exercise_times: tuple[float, ...]
    method: str
    seconds: float
    """Wall time."""


def dual_upper_bound(
    lower: LowerBound,
    contract: AmericanOption,
    model: Any,
    market: FlatMarket,
    *,
    outer_paths: int = 512,
    inner_paths: int = 256,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> UpperBound:
    """The bound from the policy of `lower`, the result of `LongstaffSchwartz.price` for the same arguments.

    `outer_paths` and `inner_paths` are multiples of 256; no path is one of the lower bound's, whatever `seed` is.
    Raises InvalidValueError naming field, value and bound, InterruptedByUserError where `cancel` is set.
    """
    started = time.perf_counter()
    check_contract(contract)
    states.check_model(model)
    states.check_market(market)
    for name, value, most in (("outer_paths", outer_paths, MOST_OUTER), ("inner_paths", inner_paths, MOST_INNER)):
        check_whole(name, value, FEWEST, most)
        if value % states.PATH_BLOCK:
            raise InvalidValueError(name, value, f"a multiple of {states.PATH_BLOCK}")
    check_whole("seed", seed, 0, 2**63 - 1)
    policy = lower.policy
    if lower.in_sample:
        raise InvalidValueError("lower", lower.method, "a lower bound out of sample")
    if policy is None:
        return _result(lower, np.zeros(2), outer_paths, 0, 0, "intrinsic value at expiry", started)
    _check_same(policy, contract)
    outer, variances = states.simulate(
        model,
        market,
        np.array(policy.times),
        outer_paths,
        (seed, OUTER),
        antithetic=True,
        workers=workers,
        longest_step=states.longest_step(model, contract.expiry),
    )
    dates = range(policy.dates)
    nested = _Nested(policy, model, market, inner_paths, (seed, INNER), workers)
    stops = np.array([policy.exercises(k, outer[k], None if variances is None else variances[k]) for k in dates])
    chosen = nested.worth_asking(outer, stops)
    worth = nested.holding(outer, variances, chosen, Meter(int(chosen.sum()), progress, cancel))
    excess = _excess(policy, market, lower, outer, stops, chosen, worth)
    method = f"Andersen-Broadie, nested simulation, {policy.dates} dates: biased high"
    return _result(lower, excess, outer_paths, inner_paths, int(chosen.sum()), method, started)


class _Nested:
    """Means of what the policy receives after a date, for many states, by simulation from each."""

    def __init__(
        self,
        policy: Policy,
        model: Any,
        market: FlatMarket,
        inner_paths: int,
        stream: tuple[int, int],
        workers: int | None,
    ) -> None:
        self._policy = policy
        self._model = model
        self._market = market
        self._inner = inner_paths
        self._stream = stream
        self._workers = workers
        self._times = np.array(policy.times)
        self._step = states.longest_step(model, policy.times[-1])
        self._shared = (
            states.is_proportional(model, market) and market.dividends is None and not states.has_variance(model)
        )
        self._controls = Controls(policy, model, market)

    def worth_asking(self, outer: FloatArray, stops: Mask) -> Mask:
        """At which dates before the last, and on which paths, exercise may pay or the policy exercises."""
        payoff = self._policy.sign * (outer - self._policy.strike)
        chosen: Mask = payoff > 0.0
        if self._controls.has_european:
            for date in range(len(outer) - 1):
                european = self._controls.european(outer[date], self._times[-1] - self._times[date])
                chosen[date] &= stops[date] | (payoff[date] >= european)
        chosen[-1] = False
        return chosen

    def holding(self, outer: FloatArray, variances: FloatArray | None, chosen: Mask, meter: Meter) -> FloatArray:
        """What the policy receives after each chosen date and state, seen from now; zero elsewhere."""
        result = np.zeros(outer.shape)
        jobs: list[tuple[int, Any, int]] = []
        numbered = 0
        size = max(JOB // self._inner, 1)
        for date in range(outer.shape[0] - 1):
            places = np.flatnonzero(chosen[date])
            for start in range(0, len(places), size):
                part = places[start : start + size]
                jobs.append((date, part, numbered))
                numbered += len(part) * self._inner

        def run(begin: int, first: int, last: int) -> None:
            for date, places, first_path in jobs[begin + first : begin + last]:
                after = None if variances is None else variances[date, places]
                result[date, places] = self._means(date, outer[date, places], after, first_path)

        group = 4 * (processors() if self._workers is None else self._workers)
        for begin in range(0, len(jobs), group):
            some = jobs[begin : begin + group]
            spread(partial(run, begin), len(some), 1, 1, self._workers)
            meter.advance(sum(len(places) for _, places, _ in some))
        return result

    def _means(self, date: int, spots: FloatArray, variances: FloatArray | None, first_path: int) -> FloatArray:
        """From states at date number `date`: means of the policy's receipts after it, seen from now."""
        if self._shared:
            inner, _ = self._simulate(date, 1.0, None, len(spots) * self._inner, first_path)
            inner = (inner.reshape(len(inner), len(spots), self._inner) * spots[:, None]).reshape(len(inner), -1)
            rows = [self._received(date, inner, None)]
        else:
            rows = []
            for k, spot in enumerate(spots):
                variance = None if variances is None else float(variances[k])
                number = first_path + k * self._inner
                rows.append(self._received(date, *self._simulate(date, float(spot), variance, self._inner, number)))
        samples = np.concatenate(rows, axis=1).reshape(-1, len(spots), self._inner)
        means = self._controls.means(float(self._times[date]), spots)
        for k, mean in enumerate(means):
            samples[1 + k] -= mean[:, None]
        return _controlled(samples)

    def _received(self, date: int, spots: FloatArray, variances: FloatArray | None) -> FloatArray:
        rows = stop(self._policy, spots, variances, self._market, date + 1)
        return np.stack([rows[0], *self._controls.values(rows, spots[-1])])

    def _simulate(
        self, date: int, spot: float, variance: float | None, count: int, first_path: int
    ) -> tuple[FloatArray, FloatArray | None]:
        now = float(self._times[date])
        model, market = states.from_state(self._model, self._market, now, spot, variance)
        return states.simulate(
            model,
            market,
            self._times[date + 1 :] - now,
            count,
            self._stream,
            antithetic=True,
            first_path=first_path,
            longest_step=self._step,
        )


def _controlled(samples: FloatArray) -> FloatArray:
    """Means of the first row along the last axis, less the other rows, controls of mean zero.

    Each half of the pairs takes the slopes of the other half, within `MOST_SLOPE`, so that the mean keeps no bias.
    """
    pairs = pair_means(samples)
    if len(samples) == 1:
        return np.asarray(pairs[0].mean(axis=-1))
    halves = pairs[..., 0::2], pairs[..., 1::2]
    means = [half.mean(axis=-1) for half in halves]
    slopes = []
    for half, mean in zip(halves, means, strict=True):
        centred = half - mean[..., None]
        matrix = np.einsum("aip,bip->iab", centred[1:], centred[1:])
        products = np.einsum("aip,ip->ia", centred[1:], centred[0])
        solved = np.einsum("iab,ib->ia", np.linalg.pinv(matrix, rcond=1e-8, hermitian=True), products)
        slopes.append(np.clip(solved, -MOST_SLOPE, MOST_SLOPE))
    found = [mean[0] - np.einsum("ia,ai->i", slope, mean[1:]) for mean, slope in zip(means, slopes[::-1], strict=True)]
    return np.asarray(0.5 * (found[0] + found[1]))


def _excess(
    policy: Policy,
    market: FlatMarket,
    lower: LowerBound,
    outer: FloatArray,
    stops: Mask,
    chosen: Mask,
    worth: FloatArray,
) -> FloatArray:
    """max_k (h_k - M_k) of each outer path."""
    spot = market.spots[0]
    now = max(policy.sign * (spot - policy.strike), 0.0)
    corrections = np.full(outer.shape[1], lower.holding - now if lower.exercised_now else 0.0)
    best = np.full(outer.shape[1], 0.0 if lower.exercised_now else now - lower.holding)
    for date in range(policy.dates - 1):
        payoff = policy.sign * (outer[date] - policy.strike) * math.exp(-market.rate * policy.times[date])
        exercised = chosen[date] & stops[date]
        held = chosen[date] & ~stops[date]
        best = np.where(exercised, np.maximum(best, corrections), best)
        best = np.where(held, np.maximum(best, payoff - worth[date] + corrections), best)
        corrections += np.where(exercised, worth[date] - payoff, 0.0)
    highest: FloatArray = np.maximum(best, corrections)
    return highest


def _check_same(policy: Policy, contract: AmericanOption) -> None:
    given = (float(contract.option_type), contract.strike, contract.expiry)
    known = (policy.sign, policy.strike, policy.times[-1])
    for name, value, bound in zip(("option_type", "strike", "expiry"), given, known, strict=True):
        if value != bound:
            raise InvalidValueError(name, value, f"{bound}, as in the lower bound")


def _result(
    lower: LowerBound, excess: FloatArray, outer: int, inner: int, simulations: int, method: str, started: float
) -> UpperBound:
    means = pair_means(excess)
    gap_error = float(means.std(ddof=1)) / math.sqrt(len(means)) if simulations else 0.0
    gap = float(excess.mean())
    error = math.hypot(gap_error, lower.holding_standard_error)
    price = lower.price + gap if lower.exercised_now else lower.holding + gap
    return UpperBound(
        price=price,
        standard_error=error,
        interval=(price - NORMAL_95 * error, price + NORMAL_95 * error),
        gap=gap,
        gap_standard_error=gap_error,
        bracket=(lower.interval[0], price + NORMAL_95 * error),
        outer_paths=outer,
        inner_paths=inner,
        simulations=simulations,
        exercise_times=() if lower.policy is None else lower.policy.times,
        method=method,
        seconds=time.perf_counter() - started,
    )
