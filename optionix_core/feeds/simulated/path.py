"""Spot and variance of one simulated underlying, at any tick and in any order.

Time is cut into ticks of 250 ms since 2019-01-01 UTC and into blocks of 2^23 ticks (24.3 days). The
state steps from block to block by exact transitions; inside a block it is refined by a dyadic
bridge down to one tick, so that a state costs one step a block and 23 halvings, and neighbouring
moments share their halvings. Time is calendar time: weekends count, as in the options' time to expiry.

Log variance is an Ornstein-Uhlenbeck process (Scott, JFQA 22, 1987), log spot one with that variance,
a slow pull and correlated noise; both bridges use the process's conditional law at the midpoint
of an interval d: mean (l + r) / (2 cosh(kappa d / 2)), variance sigma^2 tanh(kappa d / 2) / (2 kappa).
Jumps come at random times as shot noise, `size * exp(-kappa (t - t_i))`, which is the exact answer of
the linear equation to them; a jump lifts the variance too. There is nothing before 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cosh, exp, sqrt, tanh
from typing import NamedTuple

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.feeds.simulated.noise import bits, key, normal, uniform
from optionix_core.feeds.simulated.underlyings import Underlying

EPOCH = datetime(2019, 1, 1, tzinfo=UTC)
TICK = timedelta(milliseconds=250)
TICKS_PER_DAY = 86400 * 4
YEAR_TICKS = 365 * TICKS_PER_DAY
"""A year of time to expiry: 365 days."""
LEVELS = 23
BLOCK = 1 << LEVELS
VARIANCE_LEVELS = 17
"""Below this many halvings (64 ticks, 16 s) log variance runs straight."""
_SHARED_LEVELS = 15
_MEMO_LIMIT = 50_000
_MAX_JUMPS = 16


def tick_of(moment: datetime) -> int:
    """Number of the last tick at or before `moment` (aware). MissingDataError before 2019."""
    if moment.tzinfo is None:
        raise InvalidValueError("moment", moment.isoformat(), "an aware datetime")
    tick = (moment - EPOCH) // TICK
    if tick < 0:
        raise MissingDataError(f"the simulated venue begins at {EPOCH.isoformat()} (asked for {moment.isoformat()})")
    return tick


def moment_of(tick: int) -> datetime:
    """The moment of a tick, in UTC."""
    return EPOCH + tick * TICK


class State(NamedTuple):
    """The market of one underlying at one tick."""

    tick: int
    spot: float
    """Price in USD, whole cents: what is displayed is what options are priced from."""
    variance: float
    """Instantaneous variance of the diffusion, per year, to 1e-10."""


class Jump(NamedTuple):
    """A jump: its tick, and what it adds to log spot and to log variance."""

    tick: int
    spot: float
    variance: float


@dataclass(frozen=True, slots=True)
class Block:
    """State at the start of a block, and the block's jumps."""

    log_variance: float
    log_spot: float
    variance_shot: float
    """What is left at the start of earlier jumps of log variance."""
    spot_shot: float
    jumps: tuple[Jump, ...]


@dataclass(frozen=True, slots=True)
class Bridge:
    """Factors of one halving: the mean's share of either end, and the noise's scale."""

    variance_share: float
    variance_scale: float
    spot_share: float
    spot_scale: float


class SpotPath:
    """The path of one underlying under one seed. Memory is kept of what was asked, never needed."""

    def __init__(self, seed: int, underlying: Underlying) -> None:
        self.underlying = underlying
        self.spot_key = key(seed, underlying.symbol, "spot")
        self.variance_key = key(seed, underlying.symbol, "variance")
        self._jump_key = key(seed, underlying.symbol, "jump")
        self.variance_mean = underlying.log_variance_mean
        self.spot_mean = underlying.log_spot_mean
        self.correlation = underlying.leverage
        self.complement = sqrt(1.0 - underlying.leverage**2)
        self.bridges = tuple(self._bridge(level) for level in range(LEVELS))
        self._counts = _poisson(underlying.jump_rate * BLOCK / YEAR_TICKS)
        self._blocks: tuple[Block, ...] = (
            Block(
                self.variance_mean + underlying.variance_spread * normal(self.variance_key, 0),
                self.spot_mean,
                0.0,
                0.0,
                self._jumps_in(0),
            ),
        )
        self._shared: dict[int, tuple[float, float, float, float]] = {}
        self._states: dict[int, State] = {}

    def state(self, tick: int) -> State:
        """Spot and variance at a tick."""
        found = self._states.get(tick)
        if found is None:
            if len(self._states) >= _MEMO_LIMIT:
                self._states = {}
            log_variance, log_spot = self._refined(tick)
            found = State(tick, round(exp(log_spot), 2), round(exp(log_variance), 10))
            self._states[tick] = found
        return found

    def last_jump(self, tick: int) -> int:
        """Tick of the last jump at or before `tick` in its block and the one before; -1 if there is none."""
        number = tick >> LEVELS
        for index in (number, number - 1):
            if index >= 0:
                before = [jump.tick for jump in self.block(index).jumps if jump.tick <= tick]
                if before:
                    return before[-1]
        return -1

    def block(self, number: int) -> Block:
        """A block's start; steps there from the last block known."""
        known = self._blocks
        if number >= len(known):
            grown = list(known)
            while number >= len(grown):
                grown.append(self._next(len(grown), grown[-1]))
            known = tuple(grown)
            if len(known) > len(self._blocks):
                self._blocks = known
        return known[number]

    def shots(self, block: Block, tick: int) -> tuple[float, float]:
        """What jumps add at `tick` of the block that starts as `block`: (log variance, log spot)."""
        start = tick >> LEVELS << LEVELS
        slow, fast = self.underlying.spot_speed, self.underlying.variance_speed
        age = (tick - start) / YEAR_TICKS
        variance = block.variance_shot * exp(-fast * age)
        spot = block.spot_shot * exp(-slow * age)
        for jump in block.jumps:
            if jump.tick > tick:
                break
            age = (tick - jump.tick) / YEAR_TICKS
            variance += jump.variance * exp(-fast * age)
            spot += jump.spot * exp(-slow * age)
        return variance, spot

    def _refined(self, tick: int) -> tuple[float, float]:
        number = tick >> LEVELS
        block = self.block(number)
        mean_v, mean_s = self.variance_mean, self.spot_mean
        low, level = number << LEVELS, 0
        size = BLOCK
        stem = tick >> (LEVELS - _SHARED_LEVELS)
        ends = self._shared.get(stem)
        if ends is not None:
            level = _SHARED_LEVELS
            size = BLOCK >> level
            low = stem << (LEVELS - level)
            v_low, s_low, v_high, s_high = ends
        else:
            after = self.block(number + 1)
            v_low, s_low = block.log_variance - mean_v, block.log_spot - mean_s
            v_high, s_high = after.log_variance - mean_v, after.log_spot - mean_s
        while low != tick:
            if level == _SHARED_LEVELS:
                if len(self._shared) >= _MEMO_LIMIT:
                    self._shared = {}
                self._shared[stem] = (v_low, s_low, v_high, s_high)
            size >>= 1
            middle = low + size
            bridge = self.bridges[level]
            noise = normal(self.spot_key, middle)
            v_middle = (v_low + v_high) * bridge.variance_share
            if level < VARIANCE_LEVELS:
                shock = normal(self.variance_key, middle)
                v_middle += bridge.variance_scale * shock
                noise = self.correlation * shock + self.complement * noise
            volatility = exp(0.5 * (v_middle + mean_v + self.shots(block, middle)[0]))
            s_middle = (s_low + s_high) * bridge.spot_share + bridge.spot_scale * volatility * noise
            level += 1
            if tick >= middle:
                low, v_low, s_low = middle, v_middle, s_middle
            else:
                v_high, s_high = v_middle, s_middle
        shot_v, shot_s = self.shots(block, tick)
        return v_low + mean_v + shot_v, s_low + mean_s + shot_s

    def _next(self, number: int, block: Block) -> Block:
        own = self.underlying
        span = BLOCK / YEAR_TICKS
        tick = number << LEVELS
        shock = normal(self.variance_key, tick)
        keep = exp(-own.variance_speed * span)
        log_variance = self.variance_mean + (block.log_variance - self.variance_mean) * keep
        log_variance += own.variance_spread * sqrt(1.0 - keep * keep) * shock
        variance_shot, spot_shot = block.variance_shot * keep, block.spot_shot * exp(-own.spot_speed * span)
        for jump in block.jumps:
            age = (tick - jump.tick) / YEAR_TICKS
            variance_shot += jump.variance * exp(-own.variance_speed * age)
            spot_shot += jump.spot * exp(-own.spot_speed * age)
        variance = 0.5 * (exp(block.log_variance + block.variance_shot) + exp(log_variance + variance_shot))
        pull = exp(-own.spot_speed * span)
        scale = sqrt(variance * (1.0 - pull * pull) / (2.0 * own.spot_speed))
        noise = self.correlation * shock + self.complement * normal(self.spot_key, tick)
        log_spot = self.spot_mean + (block.log_spot - self.spot_mean) * pull + scale * noise
        return Block(log_variance, log_spot, variance_shot, spot_shot, self._jumps_in(number))

    def _jumps_in(self, number: int) -> tuple[Jump, ...]:
        base = number * (1 + 2 * _MAX_JUMPS)
        draw = uniform(self._jump_key, base)
        count = next(index for index, limit in enumerate(self._counts) if draw < limit)
        jumps = []
        for index in range(count):
            tick = (number << LEVELS) + (bits(self._jump_key, base + 1 + 2 * index) >> (64 - LEVELS))
            size = self.underlying.jump_mean + self.underlying.jump_spread * normal(
                self._jump_key, base + 2 + 2 * index
            )
            jumps.append(Jump(tick, size, self.underlying.variance_kick * abs(size)))
        return tuple(sorted(jumps))

    def _bridge(self, level: int) -> Bridge:
        span = (BLOCK >> level) / YEAR_TICKS
        slow, fast = self.underlying.spot_speed, self.underlying.variance_speed
        spread = self.underlying.variance_spread
        return Bridge(
            variance_share=0.5 / cosh(0.5 * fast * span) if level < VARIANCE_LEVELS else 0.5,
            variance_scale=spread * sqrt(tanh(0.5 * fast * span)),
            spot_share=0.5 / cosh(0.5 * slow * span),
            spot_scale=sqrt(tanh(0.5 * slow * span) / (2.0 * slow)),
        )


def _poisson(mean: float) -> tuple[float, ...]:
    """Distribution function of the number of jumps in a block, ended at `_MAX_JUMPS`."""
    weight = exp(-mean)
    total, limits = weight, [weight]
    for count in range(1, _MAX_JUMPS):
        weight *= mean / count
        total += weight
        limits.append(total)
    return (*limits, 1.0)
