"""Between which prices an option's touch stays for a stretch of time, without making its quotes.

A resting order must not miss a quote, and a week of one option has some hundred thousand. Here a stretch is bounded
from what is known of its two ends, and cut in half where the bounds do not answer: the halving of the path itself.

The noise of a halving is bounded (a uniform of 53 bits has a normal quantile below 8.3), so spot and variance inside a
stretch lie between bounds that hold for certain. The smile is free of arbitrage, so a call's middle price
A c(B / A, theta), with A = S exp(-q T) and B = K exp(-r T), rises in A and falls in B (both by at most one for one)
and rises in theta: its extremes lie in the corners (a put's by parity). The spread around it is bounded by its parts.
All bounds are widened by what rounding can do. Nothing here is a quote: whoever needs one asks for it.
"""

from __future__ import annotations

from math import ceil, erfc, exp, floor, inf, log, pi, sqrt
from typing import NamedTuple

from optionix_core.feeds.simulated.noise import normal
from optionix_core.feeds.simulated.path import BLOCK, LEVELS, VARIANCE_LEVELS, YEAR_TICKS, Block, SpotPath
from optionix_core.feeds.simulated.quoting import REQUOTE_YEARS, Contract
from optionix_core.feeds.simulated.underlyings import RATE, Underlying
from optionix_core.market.protocols import TouchRange

NOISE_BOUND = 8.3
"""No normal of `noise` is further from zero."""
WIDE_LEVEL = 12
"""Stretches of 2048 ticks (8.5 min): bounds of some percent, for little work."""
TIGHT_LEVEL = 15
"""Stretches of 256 ticks (64 s)."""
Range = tuple[float, float]
_ROUNDING = 1e-5
"""Relative: what rounding of spot, variance and volatility can do to a price, generously."""


class Node(NamedTuple):
    """A stretch of 2^(23 - level) ticks from `low` on, and the path's bridge at its two ends, means and jumps apart."""

    level: int
    low: int
    variance_low: float
    spot_low: float
    variance_high: float
    spot_high: float

    @property
    def size(self) -> int:
        """Ticks."""
        return BLOCK >> self.level


class Box(NamedTuple):
    """Bounds of spot (USD) and variance (per year) over a stretch."""

    spot_low: float
    spot_high: float
    variance_low: float
    variance_high: float


class Stretches:
    """Bounds of one underlying's path."""

    def __init__(self, path: SpotPath) -> None:
        self._path = path
        bridges = path.bridges
        both = (abs(path.correlation) + path.complement) * NOISE_BOUND
        self._variance_reach = [0.0] * (LEVELS + 1)
        self._spot_reach = [0.0] * (LEVELS + 1)
        self._shrink = [0.0] * (LEVELS + 1)
        for level in reversed(range(LEVELS)):
            bridge, refined = bridges[level], level < VARIANCE_LEVELS
            shock = bridge.variance_scale * NOISE_BOUND if refined else 0.0
            self._variance_reach[level] = self._variance_reach[level + 1] + shock
            noise = both if refined else NOISE_BOUND
            self._spot_reach[level] = self._spot_reach[level + 1] + bridge.spot_scale * noise
            lost = 1.0 - 2.0 * min(bridge.variance_share, bridge.spot_share)
            self._shrink[level] = self._shrink[level + 1] + lost

    def root(self, number: int) -> Node:
        """The block of that number as one stretch."""
        path = self._path
        block, after = path.block(number), path.block(number + 1)
        return Node(
            0,
            number << LEVELS,
            block.log_variance - path.variance_mean,
            block.log_spot - path.spot_mean,
            after.log_variance - path.variance_mean,
            after.log_spot - path.spot_mean,
        )

    def halves(self, node: Node) -> tuple[Node, Node]:
        """The two halves, as the path refines them."""
        path = self._path
        level, middle = node.level, node.low + (node.size >> 1)
        bridge = path.bridges[level]
        noise = normal(path.spot_key, middle)
        variance = (node.variance_low + node.variance_high) * bridge.variance_share
        if level < VARIANCE_LEVELS:
            shock = normal(path.variance_key, middle)
            variance += bridge.variance_scale * shock
            noise = path.correlation * shock + path.complement * noise
        block = path.block(node.low >> LEVELS)
        volatility = exp(0.5 * (variance + path.variance_mean + path.shots(block, middle)[0]))
        spot = (node.spot_low + node.spot_high) * bridge.spot_share + bridge.spot_scale * volatility * noise
        return (
            Node(level + 1, node.low, node.variance_low, node.spot_low, variance, spot),
            Node(level + 1, middle, variance, spot, node.variance_high, node.spot_high),
        )

    def spot_range(self, first: int, last: int, level: int) -> Range:
        """Between which prices the spot stays from tick `first` to `last`, by stretches of a level."""
        low, high = inf, 0.0
        for number in range(first >> LEVELS, (last >> LEVELS) + 1):
            pending = [self.root(number)]
            while pending:
                node = pending.pop()
                if node.low > last or node.low + node.size <= first:
                    continue
                if node.level < level:
                    pending += self.halves(node)
                    continue
                box = self.box(node)
                low, high = min(low, box.spot_low), max(high, box.spot_high)
        return low, high

    def box(self, node: Node) -> Box:
        """Between which spot and variance stay at every tick of the stretch."""
        path, level = self._path, node.level
        block = path.block(node.low >> LEVELS)
        shot_variance, shot_spot = _shot_ranges(path, block, node.low, node.low + node.size)
        reach = self._variance_reach[level]
        shrink = self._shrink[level] * (abs(node.variance_low) + abs(node.variance_high) + reach)
        low = min(node.variance_low, node.variance_high) - reach - shrink + shot_variance[0] + path.variance_mean
        high = max(node.variance_low, node.variance_high) + reach + shrink + shot_variance[1] + path.variance_mean
        swing = self._spot_reach[level] * exp(0.5 * high)
        swing += self._shrink[level] * (abs(node.spot_low) + abs(node.spot_high) + swing)
        bottom = min(node.spot_low, node.spot_high) - swing + shot_spot[0] + path.spot_mean
        top = max(node.spot_low, node.spot_high) + swing + shot_spot[1] + path.spot_mean
        return Box(
            max(0.005, exp(bottom) - 0.006), exp(top) + 0.006, exp(low) * (1 - 1e-6), exp(high) * (1 + 1e-6) + 1e-10
        )


def touch_range(path: SpotPath, contract: Contract, box: Box, first: int, last: int) -> TouchRange:
    """Between which prices the contract's touch is in every quote made from tick `first` to `last`, in USD.

    A bid may be absent besides; where it must be, both its bounds are zero.
    """
    own = path.underlying
    longest = (contract.expires_tick - first) / YEAR_TICKS
    shortest = max(1, contract.expires_tick - last) / YEAR_TICKS
    carry = own.dividend_yield
    forward_low, forward_high = box.spot_low * exp(-carry * longest), box.spot_high * exp(-carry * shortest)
    strike_low, strike_high = contract.strike * exp(-RATE * longest), contract.strike * exp(-RATE * shortest)
    theta_low, theta_high = _theta(own, box.variance_low, shortest), _theta(own, box.variance_high, longest)
    call = contract.sign > 0
    cheap = (forward_low, strike_high) if call else (forward_high, strike_low)
    dear = (forward_high, strike_low) if call else (forward_low, strike_high)
    slack = _ROUNDING * box.spot_high
    low = max(0.0, _price(path, contract.sign, *cheap, theta_low) - slack)
    high = _price(path, contract.sign, *dear, theta_high) + slack
    below = 0.01 * float(own.tick.below * 100)
    vega = box.spot_high * _closeness(
        path, (forward_low, forward_high), (strike_low, strike_high), theta_low, theta_high
    )
    fear = sqrt(box.variance_high * REQUOTE_YEARS) * box.spot_high
    narrow = 0.8 * (0.5 * below + 0.002 * low)
    wide = 1.2 * (0.5 * below + own.width * vega * sqrt(longest / (2.0 * pi)) + fear + 0.002 * high)
    return TouchRange(
        max(0.0, _down(path, low - wide)),
        max(0.0, _down(path, high - narrow)),
        _up(path, low + narrow),
        _up(path, high + wide),
    )


def _theta(own: Underlying, variance: float, years: float) -> float:
    """As SimulatedSmile.at_the_money_variance."""
    speed = own.variance_speed
    decayed = (1.0 - exp(-speed * years)) / speed
    expected = own.mean_variance * years + (variance - own.mean_variance) * decayed
    return own.premium * (expected + own.jump_variance * years)


def _price(path: SpotPath, sign: int, forward: float, strike: float, theta: float) -> float:
    """Present value where `forward` and `strike` are discounted."""
    deviation = sqrt(_total_variance(path, log(strike / forward), theta))
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    return sign * (forward * 0.5 * erfc(-sign * d1 / _ROOT_2) - strike * 0.5 * erfc(-sign * d2 / _ROOT_2))


def _total_variance(path: SpotPath, k: float, theta: float) -> float:
    own = path.underlying
    shifted = own.curvature / (theta**own.decay * (1.0 + theta) ** (1.0 - own.decay)) * k
    return 0.5 * theta * _shape(own.skew, shifted)


def _shape(rho: float, z: float) -> float:
    """The smile's factor: convex in z, least at z = -2 rho."""
    return 1.0 + rho * z + sqrt((z + rho) ** 2 + 1.0 - rho * rho)


def _closeness(path: SpotPath, forwards: Range, strikes: Range, theta_low: float, theta_high: float) -> float:
    """At most exp(-d1^2 / 2) over all of the box."""
    own = path.underlying
    ends = (log(strikes[0] / forwards[1]), log(strikes[1] / forwards[0]))
    if ends[0] <= 0.0 <= ends[1]:
        return 1.0
    phis = [own.curvature / (t**own.decay * (1.0 + t) ** (1.0 - own.decay)) for t in (theta_low, theta_high)]
    corners = [phi * k for phi in phis for k in ends]
    shapes = [_shape(own.skew, z) for z in corners]
    least = 2.0 - 2.0 * own.skew**2 if min(corners) <= -2.0 * own.skew <= max(corners) else min(shapes)
    thin, thick = sqrt(0.5 * theta_low * least), sqrt(0.5 * theta_high * max(shapes))
    d1 = [-k / deviation + 0.5 * other for k in ends for deviation in (thin, thick) for other in (thin, thick)]
    if min(d1) <= 0.0 <= max(d1):
        return 1.0
    nearest = min(map(abs, d1))
    return exp(-0.5 * nearest * nearest)


def _down(path: SpotPath, price: float) -> float:
    step = float(path.underlying.tick.below)
    return (
        floor(price / step - 1e-6) * step if price < float(path.underlying.tick.threshold) else _coarse(path, price, -1)
    )


def _up(path: SpotPath, price: float) -> float:
    step = float(path.underlying.tick.below)
    whole = max(1.0, ceil(price / step - 1e-6)) * step
    return whole if price <= float(path.underlying.tick.threshold) else _coarse(path, price, 1)


def _coarse(path: SpotPath, price: float, way: int) -> float:
    step = float(path.underlying.tick.above)
    return (ceil(price / step - 1e-6) if way > 0 else floor(price / step + 1e-6)) * step


def _shot_ranges(
    path: SpotPath, block: Block, start: int, stop: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Bounds of what jumps add to log variance and to log spot from tick `start` up to `stop`."""
    own = path.underlying
    begin = start >> LEVELS << LEVELS
    variance = spot = (0.0, 0.0)
    terms = [
        (begin, block.spot_shot, block.variance_shot),
        *((jump.tick, jump.spot, jump.variance) for jump in block.jumps),
    ]
    for tick, of_spot, of_variance in terms:
        if tick >= stop:
            continue
        variance = _widened(variance, of_variance, own.variance_speed, tick, start, stop)
        spot = _widened(spot, of_spot, own.spot_speed, tick, start, stop)
    return variance, spot


def _widened(known: Range, size: float, speed: float, tick: int, start: int, stop: int) -> Range:
    if not size:
        return known
    last = size * exp(-speed * (stop - tick) / YEAR_TICKS)
    first = 0.0 if tick > start else size * exp(-speed * (start - tick) / YEAR_TICKS)
    ends = (first, last, size) if tick > start else (first, last)
    return known[0] + min(ends), known[1] + max(ends)


_ROOT_2 = sqrt(2.0)
