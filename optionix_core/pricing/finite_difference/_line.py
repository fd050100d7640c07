"""A claim on one price whose variance is a function of price and time, carried back from expiry on one grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing.finite_difference import _events, _local, _mesh
from optionix_core.pricing.finite_difference._claims import Claim
from optionix_core.pricing.finite_difference._kernels import LINE
from optionix_core.pricing.finite_difference._schedule import Stretch, step_sizes, stretches
from optionix_core.pricing.finite_difference._settings import Settings, Underlying, Watcher
from optionix_core.pricing.finite_difference._volatility import DEVIATIONS, Volatility

FloatArray = NDArray[np.float64]

CHUNK = 1 << 20
"""Nodes times steps that one call of the kernel, and one table of variances, may hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Now."""

    spots: FloatArray
    values: FloatArray
    greeks: tuple[float, float, float, float]
    """Price, delta, gamma and theta at the spot."""


def price_range(claim: Claim, market: Underlying, deviation: float) -> tuple[float, float]:
    """Logarithms of lowest and highest price on the grid: likely prices, up to levels that are always watched."""
    carry = market.drift * claim.expiry
    low = math.log(market.lowest(claim.expiry)) + min(carry, 0.0) - DEVIATIONS * deviation
    high = math.log(market.spot) + max(carry, 0.0) + DEVIATIONS * deviation
    if claim.watched is None:
        if claim.lower is not None:
            low = max(low, math.log(claim.lower.price))
        if claim.upper is not None:
            high = min(high, math.log(claim.upper.price))
    return low, high


def price_mesh(claim: Claim, market: Underlying, deviation: float, settings: Settings) -> _mesh.Mesh:
    """Of the logarithm of the price, dense around strike and levels, which are nodes, as is the spot."""
    low, high = price_range(claim, market, deviation)
    levels = [math.log(level.price) for level in (claim.lower, claim.upper) if level is not None]
    kinks = [math.log(claim.payoff.strike)] if claim.payoff.bends else []
    spot = math.log(market.spot)
    centres = tuple(place for place in (*kinks, *levels) if low <= place <= high) or (spot,)
    # a layer that drifts further than it spreads needs nodes all along its way
    width = max(settings.concentration * (high - low), 0.5 * abs(market.drift) * claim.expiry)
    return _mesh.build(low, high, centres, width, (*kinks, *levels, spot), settings.intervals)


def price_nodes(mesh: _mesh.Mesh, claim: Claim, market: Underlying, intervals: int) -> FloatArray:
    """Prices at the nodes, those of strike, levels and spot without rounding."""
    spots: FloatArray = np.exp(mesh.nodes(intervals))
    exact = [claim.payoff.strike, market.spot]
    exact += [level.price for level in (claim.lower, claim.upper) if level is not None]
    for place in exact:
        near = int(np.argmin(np.abs(spots - place)))
        if abs(spots[near] / place - 1.0) < 1e-9:
            spots[near] = place
    return spots


def solve(
    claim: Claim,
    market: Underlying,
    volatility: Volatility,
    mesh: _mesh.Mesh,
    settings: Settings,
    refinement: tuple[int, int],
    watcher: Watcher,
) -> Solution:
    """Values on the grid that is `refinement` times the settings' in space and time."""
    spots = price_nodes(mesh, claim, market, settings.intervals * refinement[0])
    payoff = claim.payoff.at(spots)
    ends = _events.edges(claim, spots)
    values = at_expiry(claim, spots, payoff, ends)
    policy = np.zeros(len(spots), dtype=np.int8)
    first, parts = stretches(claim.expiry, market.dividends, claim.watched, settings.steps)
    for event in first:
        _events.apply(event, claim, spots, payoff, ends, values)
    march = _March(claim, market, volatility, spots, payoff, ends, policy, values)
    for part in parts:
        march.carry(part, settings, refinement[1], watcher)
        if part.end is not None:
            _events.apply(part.end, claim, spots, payoff, ends, values)
    last = parts[-1]
    greeks = _greeks(claim, market, volatility, spots, payoff, values, 0.5 * last.length / max(last.steps, 1))
    return Solution(spots, values, greeks)


def at_expiry(claim: Claim, spots: FloatArray, payoff: FloatArray, ends: FloatArray) -> FloatArray:
    """What is paid at expiry, on the nodes; on the edges what they hold."""
    values = payoff.copy() if claim.american else _events.laid(claim.payoff, spots)
    values[0] = ends[0] + ends[1] * spots[0]
    values[-1] = ends[3] + ends[4] * spots[-1]
    return values


@dataclass(frozen=True, slots=True, eq=False)
class _March:
    claim: Claim
    market: Underlying
    volatility: Volatility
    spots: FloatArray
    payoff: FloatArray
    ends: FloatArray
    policy: NDArray[np.int8]
    values: FloatArray

    def carry(self, part: Stretch, settings: Settings, refinement: int, watcher: Watcher) -> None:
        """Over one stretch."""
        kernel = LINE.load("march_line")
        soon = part.end is None and len(self.volatility.breaks) > 0
        sizes, weights = step_sizes(part, refinement, settings.theta, settings.rannacher_steps, soon=soon)
        middles = part.start + np.cumsum(sizes) - 0.5 * sizes
        table = self.volatility.variance(self.spots, middles[:1]) if self.volatility.steady and len(sizes) else None
        chunk = max(CHUNK // len(self.spots), 1)
        market = self.market
        for first in range(0, len(sizes), chunk):
            some = slice(first, first + chunk)
            variance = table
            if variance is None:
                times = self.claim.expiry - middles[some]
                variance = self.volatility.over_steps(self.spots, times, sizes[some])
            kernel(
                self.spots,
                sizes[some],
                weights[some],
                variance,
                market.rate,
                market.dividend_yield,
                int(self.claim.american),
                self.payoff,
                self.ends,
                self.policy,
                self.values,
            )
            watcher.advance(float(len(self.spots) * len(sizes[some])))


def _greeks(
    claim: Claim,
    market: Underlying,
    volatility: Volatility,
    spots: FloatArray,
    payoff: FloatArray,
    values: FloatArray,
    soon: float,
) -> tuple[float, float, float, float]:
    """At the spot; those of the payoff where exercise is due at once.

    Theta is what the pricing equation says, with the variance extrapolated to now from two times soon after.
    """
    first, last = 0, len(spots)
    if claim.american:
        exercised = exercise_now(claim, market, spots, payoff, values)
        if exercised is not None:
            return exercised
        first, last = smooth_part(held(spots, payoff, values), int(np.argmin(np.abs(spots - market.spot))))
    price, delta, gamma = _local.derivatives(spots[first:last], values[first:last], market.spot)
    theta = market.rate * price - market.drift * market.spot * delta
    soon = min([soon, *(0.4 * volatility.breaks[:1]).tolist()])
    times = np.array([soon, 2.0 * soon])
    variance = volatility.variance(np.array([market.spot]), times)[:, 0]
    now = float(max(2.0 * variance[0] - variance[-1], 0.0)) if len(variance) > 1 else float(variance[0])
    return price, delta, gamma, theta - 0.5 * now * market.spot**2 * gamma


def held(spots: FloatArray, payoff: FloatArray, values: FloatArray) -> NDArray[np.bool_]:
    """Where the claim is worth more than exercise pays."""
    more: NDArray[np.bool_] = values > payoff + 1e-12 * (np.abs(payoff) + spots)
    return more


def exercise_now(
    claim: Claim, market: Underlying, spots: FloatArray, payoff: FloatArray, values: FloatArray
) -> tuple[float, float, float, float] | None:
    """Price and Greeks where exercise is due at the spot, else None."""
    near = int(np.argmin(np.abs(spots - market.spot)))
    around = held(spots, payoff, values)[max(near - 1, 0) : near + 2]
    if around.all() or (around.any() and (spots[near] != market.spot or around[len(around) // 2])):
        return None
    here = float(claim.payoff.at(np.array([market.spot]))[0])
    straight = claim.payoff.below if market.spot < claim.payoff.strike else claim.payoff.above
    return here, straight[1], 0.0, 0.0


def smooth_part(keeps: NDArray[np.bool_], near: int) -> tuple[int, int]:
    """First and last node (exclusive) of the part around `near` in which the claim is held.

    One exercised node more on either side; the whole grid where that is too small for a polynomial.
    """
    first, last = near, near + 1
    while first > 0 and keeps[first - 1]:
        first -= 1
    while last < len(keeps) and keeps[last]:
        last += 1
    first, last = max(first - 1, 0), min(last + 1, len(keeps))
    return (first, last) if last - first >= 4 else (0, len(keeps))
