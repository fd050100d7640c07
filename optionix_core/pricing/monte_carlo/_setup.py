"""One simulation prepared: contract and model on one grid of steps, the control's mean, and what is said of them.

Refuses a pair that is not simulated, naming both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import black_scholes
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing.contracts import CliquetOption, Contract, DoubleBarrierOption, ForwardStartOption
from optionix_core.pricing.dividends import schedule
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.diffusions import VasicekModel
from optionix_core.pricing.monte_carlo import _layout as at
from optionix_core.pricing.monte_carlo._contract_watch import Watch, observation_rows, watch_of
from optionix_core.pricing.monte_carlo._model_steps import (
    Model,
    ModelSteps,
    breaks,
    longest_step,
    model_steps,
    needs_fine_steps,
)
from optionix_core.pricing.monte_carlo._plan import Plan, check_reach, plan_of, refined

SHIFT_FACTOR = 0.5825971579390106
"""-zeta(1/2) / sqrt(2 pi)."""
SAME_TIME = 1e-9
"""Years between a date of the contract and a jump of the volatility that are none."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a simulator asks of a preparation."""

    steps: int
    seed: int
    sampler: str
    antithetic: bool
    shifted: bool
    """Whether a continuous barrier is watched at the steps alone, moved towards the price."""


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """One simulation, ready to run."""

    contract: Contract
    model: Model
    market: FlatMarket
    settings: Settings
    ends: tuple[float, ...]
    moved: ModelSteps
    watch: Watch
    first_weight: float
    """Of the price now in a continuous average."""

    def plan(self, randomisation: int, *, control: int = 0, scores: bool = False, sampler: str | None = None) -> Plan:
        """Arguments of the kernel."""
        sampler = self.settings.sampler if sampler is None else sampler
        discount = math.exp(-self.market.rate * self.contract.expiry)
        numbers = {**dict(self.watch.numbers), at.FINAL_DISCOUNT: discount}
        if self.watch.average:
            state = self.moved.numbers[at.START_X]
            level = state if self.moved.plain else math.exp(state)
            numbers[at.START_A0], numbers[at.START_A1] = self.first_weight * level, self.first_weight * state
        return plan_of(
            self.moved,
            self.ends,
            seed=self.settings.seed,
            sampler=sampler if self.ends else "random",
            antithetic=self.settings.antithetic,
            randomisation=randomisation,
            codes={
                at.OBSERVER: self.watch.observer,
                at.TERMINAL: self.watch.terminal,
                at.CONTROL: control,
                at.SCORES: int(scores),
                **dict(self.watch.codes),
            },
            numbers=numbers,
        )

    def moved_spot(self, spot: float) -> Setup:
        """The same with another price now, on the same grids."""
        market = replace(self.market, spot=spot)
        watch = _watched(self.contract, self.model, market, self.settings, self.moved, self.ends)
        start = spot if self.moved.plain else math.log(spot)
        numbers = {**self.moved.numbers, at.START_X: start}
        if self.moved.scheme == at.SQUARE_ROOT:
            numbers[at.START_V] = start
        return replace(self, market=market, watch=watch, moved=replace(self.moved, numbers=numbers))

    def moved_to(self, model: Model, market: FlatMarket) -> Setup:
        """The same with another model or market, on the same steps."""
        return _built(self.contract, model, market, self.settings, self.ends)


def setup_of(contract: Contract, model: Model, market: FlatMarket, settings: Settings) -> Setup:
    """Raises InvalidValueError for what is not simulated."""
    check_reach("expiry", contract.expiry)
    probe = model_steps(model, market, ())
    watch = _watched(contract, model, market, settings, probe, ())
    expiry = contract.expiry
    longest = longest_step(model)
    if _needs_steps(contract, model, market, watch, settings):
        longest = min(longest, expiry / settings.steps)
    paid = [time for time in schedule(market.dividends).times if time <= expiry]
    marks = {time for time in (*watch.times, *paid, expiry) if 0.0 < time <= expiry}
    if watch.window is not None:
        marks |= {time for time in watch.window if 0.0 < time <= expiry}
    marks |= {time for time in breaks(model, expiry) if all(abs(time - mark) > SAME_TIME for mark in marks)}
    ends = refined(sorted(marks), longest) if marks else ()
    return _built(contract, model, market, settings, ends)


def _built(contract: Contract, model: Model, market: FlatMarket, settings: Settings, ends: tuple[float, ...]) -> Setup:
    moved = model_steps(model, market, ends)
    watch = _watched(contract, model, market, settings, moved, ends)
    weights, watched, first = observation_rows(watch, ends, contract.expiry)
    table = moved.table
    shifted = settings.shifted and watch.window is not None
    table[at.WATCH] = 0.0 if shifted else watched
    drops = (table[at.CASH] > 0.0) | (table[at.PROPORTION] != 0.0) | shifted
    table[at.WEIGHT] = np.where((np.array(watched) > 0.0) & drops, 1.0, weights)
    stops = np.array(ends)
    table[at.DISCOUNT] = np.exp(-market.rate * stops)
    table[at.MIDDLE_DISCOUNT] = np.exp(-market.rate * (stops - 0.5 * table[at.TIME]))
    return Setup(contract, model, market, settings, ends, moved, watch, first)


def _watched(
    contract: Contract,
    model: Model,
    market: FlatMarket,
    settings: Settings,
    moved: ModelSteps,
    ends: tuple[float, ...],
) -> Watch:
    watch = watch_of(contract, market.spots[0], plain=moved.plain)
    refused = isinstance(model, VasicekModel) and isinstance(contract, CliquetOption | ForwardStartOption)
    if watch is None or refused:
        raise InvalidValueError(
            "contract", f"{contract.kind} under {type(model).__name__}", "one that is simulated on one underlying"
        )
    if settings.shifted and watch.window is not None:
        if watch.observer != at.BARRIER or not isinstance(model, BlackScholesModel):
            pair = f'"shifted" for {contract.kind} under {type(model).__name__}'
            raise InvalidValueError("monitoring", pair, '"bridge" but for barriers under BlackScholesModel')
        watch = _shifted(watch, model.volatility, ends)
    return watch


def _shifted(watch: Watch, volatility: float, ends: tuple[float, ...]) -> Watch:
    """M. Broadie, P. Glasserman and S. Kou, Math. Finance 7 (1997) 325, theorem 1.1, from discrete to continuous."""
    longest = max((end - start for start, end in pairwise((0.0, *ends))), default=0.0)
    move = SHIFT_FACTOR * volatility * math.sqrt(longest)
    numbers = dict(watch.numbers)
    for place, side in ((at.LOWER, 1.0), (at.UPPER, -1.0)):
        if abs(numbers[place]) < at.FAR:
            numbers[place] += side * move
    return replace(watch, numbers=tuple(numbers.items()), smooth=False)


def _needs_steps(contract: Contract, model: Model, market: FlatMarket, watch: Watch, settings: Settings) -> bool:
    """Whether more steps than the contract's own dates bring the result nearer to the truth."""
    if needs_fine_steps(model) or watch.average or watch.window is None:
        return needs_fine_steps(model) or watch.average
    one_sided = watch.observer == at.EXTREME or not isinstance(contract, DoubleBarrierOption)
    exact = isinstance(model, BlackScholesModel) and one_sided and not (watch.late_hit and market.rate != 0.0)
    return settings.shifted or not exact


def bias_of(setup: Setup) -> str | None:
    """What more paths do not remove."""
    watch, parts = setup.watch, [] if setup.moved.bias is None else [setup.moved.bias]
    if not setup.ends:
        return None
    if watch.average:
        parts.append("trapezoidal average, second order in the step")
    if watch.window is not None:
        if setup.settings.shifted:
            parts.append("barrier moved for the steps between, error below the root of the step")
        elif _needs_steps(setup.contract, setup.model, setup.market, watch, setup.settings):
            parts.append("bridge between steps with the variance of each step, first order in the step")
        if watch.late_hit:
            parts.append("a hit is paid at the middle of its step")
    return "; ".join(parts) or None


def control_of(setup: Setup) -> tuple[int, FloatArray, str]:
    """The control's code, its exact mean and its name.

    Raises InvalidValueError where the scheme keeps no mean exactly.
    """
    moved, watch = setup.moved, setup.watch
    discount = math.exp(-setup.market.rate * setup.contract.expiry)
    lognormal = isinstance(setup.model, BlackScholesModel) and moved.mean is not None and bool(setup.ends)
    if lognormal and watch.terminal == at.AVERAGE_PRICE and watch.strike is not None:
        mean, variance = _geometric_moments(setup)
        sign, strike = watch.strike
        value = _black(sign, math.exp(mean + 0.5 * variance), strike, variance)
        return at.GEOMETRIC_AVERAGE, np.array([discount * value]), "the geometric average"
    if lognormal and watch.strike is not None and watch.observer == at.BARRIER and moved.mean is not None:
        sign, strike = watch.strike
        value = _black(sign, moved.mean, strike, float(np.sum(moved.table[at.STEP_VARIANCE])))
        return at.LAST_VANILLA, np.array([discount * value]), "the European option"
    if moved.mean is None:
        raise InvalidValueError(
            "control_variate", "True", f"False for {moved.text}, which keeps the mean of no control exactly"
        )
    return at.LAST_PRICE, np.array([discount * moved.mean]), "the discounted last price"


def _geometric_moments(setup: Setup) -> tuple[float, float]:
    """Mean and variance of the weighted sum of log prices, exact under lognormal steps."""
    table = setup.moved.table
    moves = table[at.SHIFT] + table[at.PROPORTION]
    weights = table[at.WEIGHT]
    later = np.cumsum(weights[::-1])[::-1]
    now = dict(setup.watch.numbers).get(at.START_A1, 0.0)
    start = setup.moved.numbers[at.START_X]
    if setup.watch.average:
        now = setup.first_weight * start
    mean = now + float(np.sum(weights)) * start + float(later @ moves)
    return mean, float((later * later) @ table[at.STEP_VARIANCE])


def _black(sign: float, forward: float, strike: float, variance: float) -> float:
    """Undiscounted."""
    return float(black_scholes.price(sign, forward, strike, 1.0, 0.0, 0.0, math.sqrt(variance)))
