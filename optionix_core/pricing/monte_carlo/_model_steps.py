"""How each model moves over given steps: the coefficients that kernels take, and what is said of the scheme.

Dispatches on the class of the model. Dividends of the market: proportional ones for every traded price, cash ones with
the lognormal model alone, where the price falls by the amount at its time, to no less than zero (the spot model, not
the escrowed one of `black_scholes`). A yield or dividends with a level that is not traded are refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.market.protocols import LocalVolatilityFunction
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing.dividends import schedule
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.diffusions import CirModel, MeanRevertingModel, VasicekModel, decayed
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.leverage import LeveragedVariance
from optionix_core.pricing.models.merton import MertonModel
from optionix_core.pricing.monte_carlo import _layout as at

Model = object
NO_SURFACE = np.zeros((1, 1))
SMALLEST_SIGMA = 1e-7
"""Volatility of variance below which the variance is taken as its mean."""
MOST_JUMPS = 16.0
"""Expected in one step."""
NODES = 512
"""Of the grid of local volatilities, at each time."""
MOST_DISPERSION = 1000.0
"""Of a square-root level: beyond, almost all paths end at zero."""
MOST_GROWTH = 600.0
"""Of the logarithm of a price or discount up to the last time."""
WIDEST = 5.0
"""Deviations of the log price at the last time: beyond, the mean lies in a tail that no paths reach."""
GRID_REACH = 8.0
"""Deviations to each side that the grid covers."""


@dataclass(frozen=True, slots=True, eq=False)
class ModelSteps:
    """One model over given steps."""

    scheme: int
    plain: bool
    """Whether the state is the level itself, not its logarithm."""
    factors: int
    """Normals in a step."""
    table: FloatArray
    """(FIELDS, steps); rows of contracts are still zero."""
    numbers: dict[int, float]
    """Entries of the kernels' numbers."""
    text: str
    """Name of the scheme."""
    bias: str | None = None
    """What is not exact about it."""
    surface: FloatArray = field(default_factory=lambda: NO_SURFACE)
    mean: float | None = None
    """Of the price at the last time; None where the scheme does not keep it exactly."""


def needs_fine_steps(model: Model) -> bool:
    """Whether the scheme is exact only in the limit of small steps."""
    stochastic = isinstance(model, HestonModel | BatesModel) and model.sigma >= SMALLEST_SIGMA
    return stochastic or isinstance(model, CirModel) or is_local(model)


def is_local(model: Model) -> bool:
    """Whether the model is a local volatility."""
    return isinstance(model, LocalVolatilityFunction)


def is_traded(model: Model) -> bool:
    """Whether the model is one of a traded price, whose mean is the forward."""
    return not isinstance(model, CirModel | VasicekModel | MeanRevertingModel)


def breaks(model: Model, last: float) -> tuple[float, ...]:
    """Times before `last` at which steps end: jumps of a local volatility, edges of a leverage."""
    times = getattr(model, "breaks", ()) if is_local(model) else ()
    if isinstance(model, LeveragedVariance):
        times = model.leverage.edges.tolist()
    return tuple(time for time in times if 0.0 < time < last)


def longest_step(model: Model) -> float:
    """Beyond which a step would expect too many jumps."""
    intensity = model.jump_intensity if isinstance(model, BatesModel | MertonModel) else 0.0
    return MOST_JUMPS / intensity if intensity > 0.0 else math.inf


def model_steps(model: Model, market: FlatMarket, ends: Sequence[float]) -> ModelSteps:
    """Coefficients for the steps that end at `ends`, increasing and above zero.

    Raises InvalidValueError for a model that is not simulated, or a market that does not fit it.
    """
    if len(market.spots) != 1:
        raise InvalidValueError("spot", market.spot, "one number for a model of one underlying")
    table = np.zeros((at.FIELDS, len(ends)))
    table[at.TIME] = np.diff(np.asarray(ends, dtype=np.float64), prepend=0.0)
    table[at.ROOT_TIME] = np.sqrt(table[at.TIME])
    table[at.DECAY] = 1.0
    check_growth(market.rate, market.yields[0], ends[-1] if ends else 0.0)
    if is_traded(model):
        _add_dividends(model, market, ends, table)
        table[at.SHIFT] = (market.rate - market.yields[0]) * table[at.TIME]
    elif market.yields[0] != 0.0 or market.dividends is not None:
        raise InvalidValueError(
            "dividend_yield", market.dividend_yield, f"zero, without dividends, for {type(model).__name__}"
        )
    if isinstance(model, BlackScholesModel):
        check_width("volatility", model.volatility, model.volatility**2 * float(np.sum(table[at.TIME])))
        return _lognormal(model.volatility**2 * table[at.TIME], market, table, "exact lognormal steps")
    if isinstance(model, MertonModel):
        check_width("volatility", model.volatility, model.volatility**2 * float(np.sum(table[at.TIME])))
        steps = _lognormal(model.volatility**2 * table[at.TIME], market, table, "exact lognormal steps with jumps")
        return _with_jumps(model, steps, at.AFFINE_JUMPS)
    if isinstance(model, HestonModel | BatesModel):
        return _heston(model, market, table)
    if isinstance(model, CirModel | VasicekModel | MeanRevertingModel):
        return _square_root(model, market, table) if isinstance(model, CirModel) else _reverting(model, market, table)
    if isinstance(model, LocalVolatilityFunction):
        return _local(model, market, ends, table)
    if isinstance(model, LeveragedVariance):
        return _leveraged(model, market, ends, table)
    raise InvalidValueError(
        "model",
        type(model).__name__,
        "BlackScholesModel, MertonModel, HestonModel, BatesModel, CirModel, VasicekModel, MeanRevertingModel, a local "
        "volatility or a leveraged variance",
    )


def check_growth(rate: float, carry: float, last: float) -> None:
    """Refuse a rate or yield whose discount factor at the `last` time is not a number."""
    bound = f"at most {MOST_GROWTH:g} in size times the last time, {last:g}"
    for name, value in (("rate", rate), ("dividend_yield", carry)):
        if not abs(value) * last <= MOST_GROWTH:
            raise InvalidValueError(name, value, bound)


def check_width(name: str, value: float, variance: float, row: int | None = None) -> None:
    """Refuse a `variance` of the log price whose mean no paths reach."""
    if not variance <= WIDEST * WIDEST:
        bound = f"low enough for a log price of deviation {WIDEST:g} at the last time (here {math.sqrt(variance):.4g})"
        raise InvalidValueError(name, value, bound, row)


def _add_dividends(model: Model, market: FlatMarket, ends: Sequence[float], table: FloatArray) -> None:
    plan = schedule(market.dividends)
    if plan.times and not plan.proportional and not isinstance(model, BlackScholesModel):
        raise InvalidValueError("dividends", "cash dividends", f"proportional for {type(model).__name__}")
    for time, amount in zip(plan.times, plan.amounts, strict=True):
        if ends and time <= ends[-1]:
            step = int(np.searchsorted(ends, time - 1e-12))
            if plan.proportional:
                table[at.PROPORTION, step] += math.log1p(-amount)
            else:
                table[at.CASH, step] += amount


def _forward(market: FlatMarket, table: FloatArray) -> float | None:
    if table[at.CASH].any():
        return None
    return market.spots[0] * math.exp(float(np.sum(table[at.SHIFT]) + np.sum(table[at.PROPORTION])))


def _lognormal(variances: FloatArray, market: FlatMarket, table: FloatArray, text: str) -> ModelSteps:
    mean = _forward(market, table)
    table[at.SHIFT] -= 0.5 * variances
    table[at.STEP_VARIANCE] = variances
    table[at.SPREAD_OF_Z] = np.sqrt(variances)
    numbers = {at.START_X: math.log(market.spots[0])}
    if table[at.CASH].any():
        text += ", cash dividends taken off the price at their times"
    return ModelSteps(scheme=at.AFFINE, plain=False, factors=1, table=table, numbers=numbers, text=text, mean=mean)


def _with_jumps(model: BatesModel | MertonModel, steps: ModelSteps, scheme: int) -> ModelSteps:
    table = steps.table
    expected = model.jump_intensity * float(np.sum(table[at.TIME]))
    spread = model.jump_mean**2 + model.jump_volatility**2
    check_width("jump_intensity", model.jump_intensity, expected * spread)
    growth = math.expm1(model.jump_mean + 0.5 * model.jump_volatility**2)
    table[at.SHIFT] -= model.jump_intensity * growth * table[at.TIME]
    table[at.JUMPS] = model.jump_intensity * table[at.TIME]
    numbers = {**steps.numbers, at.JUMP_MEAN: model.jump_mean, at.JUMP_VARIANCE: model.jump_volatility**2}
    return replace(steps, scheme=scheme, numbers=numbers)


def _variance_rows(kappa: float, theta: float, sigma: float, table: FloatArray) -> None:
    time = table[at.TIME]
    decay = np.exp(-kappa * time)
    kept = np.array([decayed(kappa, float(dt)) for dt in time])
    table[at.MEAN_DECAY] = decay
    table[at.MEAN_BASE] = theta * kappa * kept
    table[at.VARIANCE_SLOPE] = sigma * sigma * decay * kept
    table[at.VARIANCE_BASE] = 0.5 * theta * sigma * sigma * kappa * kept * kept


def _heston(model: HestonModel | BatesModel, market: FlatMarket, table: FloatArray) -> ModelSteps:
    time, mean = table[at.TIME], _forward(market, table)
    last = float(np.sum(time))
    kept = decayed(model.kappa, last)
    check_width("v0", model.v0, model.v0 * kept)
    check_width("theta", model.theta, model.theta * (last - kept))
    if model.sigma < SMALLEST_SIGMA:
        ends = np.cumsum(time)
        total = np.array(
            [model.theta * t + (model.v0 - model.theta) * decayed(model.kappa, float(t)) for t in [0.0, *ends]]
        )
        steps = _lognormal(np.maximum(np.diff(total), 0.0), market, table, "exact steps with the variance's mean")
        return _with_jumps(model, steps, at.AFFINE_JUMPS) if isinstance(model, BatesModel) else steps
    _variance_rows(model.kappa, model.theta, model.sigma, table)
    slope = model.rho / model.sigma
    half = 0.5 * time * (model.kappa * slope - 0.5)
    table[at.K0] = -slope * model.kappa * model.theta * time
    table[at.K1], table[at.K2] = half - slope, half + slope
    table[at.K3] = table[at.K4] = 0.5 * time * (1.0 - model.rho**2)
    table[at.STEP_VARIANCE] = time
    numbers = {at.START_X: math.log(market.spots[0]), at.START_V: model.v0}
    text = "quadratic-exponential steps with martingale correction (Andersen 2008)"
    bias = "weak error of the quadratic-exponential scheme, about first order in the step"
    steps = ModelSteps(
        scheme=at.QUADRATIC, plain=False, factors=2, table=table, numbers=numbers, text=text, bias=bias, mean=mean
    )
    return _with_jumps(model, steps, at.QUADRATIC_JUMPS) if isinstance(model, BatesModel) else steps


def _square_root(model: CirModel, market: FlatMarket, table: FloatArray) -> ModelSteps:
    _variance_rows(model.kappa, model.theta, model.sigma, table)
    table[at.STEP_VARIANCE] = model.sigma**2 * table[at.TIME]
    level, total = market.spots[0], float(np.sum(table[at.TIME]))
    mean = model.theta + (level - model.theta) * math.exp(-model.kappa * total)
    kept = decayed(model.kappa, total)
    variance = model.sigma**2 * kept * (level * math.exp(-model.kappa * total) + 0.5 * model.theta * model.kappa * kept)
    if not variance <= MOST_DISPERSION * mean * mean:
        place = f"low enough for a variance of {MOST_DISPERSION:g} squared means at the last time"
        raise InvalidValueError("sigma", model.sigma, f"{place} (here {variance / mean**2:.4g})")
    return ModelSteps(
        scheme=at.SQUARE_ROOT,
        plain=True,
        factors=1,
        table=table,
        numbers={at.START_X: level, at.START_V: level},
        text="quadratic-exponential steps (Andersen 2008)",
        bias="law of the step matched in its first two moments",
        mean=mean,
    )


def _reverting(model: VasicekModel | MeanRevertingModel, market: FlatMarket, table: FloatArray) -> ModelSteps:
    plain = isinstance(model, VasicekModel)
    level, total = market.spots[0], float(np.sum(table[at.TIME]))
    theta = model.theta if isinstance(model, VasicekModel) else model.log_mean
    table[at.DECAY] = np.exp(-model.kappa * table[at.TIME])
    table[at.SHIFT] = -theta * np.expm1(-model.kappa * table[at.TIME])
    table[at.STEP_VARIANCE] = [model.sigma**2 * decayed(2.0 * model.kappa, float(dt)) for dt in table[at.TIME]]
    table[at.SPREAD_OF_Z] = np.sqrt(table[at.STEP_VARIANCE])
    if isinstance(model, VasicekModel):
        mean = model.moments(level, total)[0]
    else:
        centre, variance = model.log_moments(level, total)
        check_width("sigma", model.sigma, variance)
        mean = math.exp(centre + 0.5 * variance)
    numbers = {at.START_X: level if plain else math.log(level)}
    text = "exact Ornstein-Uhlenbeck steps"
    return ModelSteps(scheme=at.AFFINE, plain=plain, factors=1, table=table, numbers=numbers, text=text, mean=mean)


def _local(model: LocalVolatilityFunction, market: FlatMarket, ends: Sequence[float], table: FloatArray) -> ModelSteps:
    start = math.log(market.spots[0])
    if not ends:
        numbers = {at.START_X: start}
        return ModelSteps(scheme=at.LOCAL, plain=False, factors=1, table=table, numbers=numbers, text="no steps")
    drift = float(np.sum(table[at.SHIFT]))
    times = np.array([0.0, *ends])
    forwards = market.spots[0] * np.exp(np.array([0.0, *np.cumsum(table[at.SHIFT])]))
    typical = float(np.max(model.local_volatility(forwards, times)))
    if not 0.0 <= typical < 1e3:
        raise InvalidValueError("local_volatility", typical, "finite and not negative along the forward")
    reach = GRID_REACH * max(typical, 1e-3) * math.sqrt(ends[-1]) + abs(drift)
    nodes = np.linspace(start - reach, start + reach, NODES)
    if len(getattr(model, "breaks", ())):
        # at both ends of a step, from within it
        inwards = 1e-9 * np.diff(times)
        times = np.stack([times[:-1] + inwards, times[1:] - inwards], axis=1).reshape(-1)
    surface = np.ascontiguousarray(
        np.broadcast_to(model.local_volatility(np.exp(nodes)[None, :], times[:, None]), (len(times), NODES)),
        dtype=np.float64,
    )
    if len(times) == len(ends) + 1:
        surface = surface[np.repeat(np.arange(len(times)), 2)[1:-1]]
        times = np.repeat(times, 2)[1:-1]
    if not np.all((surface >= 0.0) & (surface < 1e3)):
        row, node = np.argwhere(~((surface >= 0.0) & (surface < 1e3)))[0]
        place = f"finite and not negative (spot {math.exp(nodes[node]):g}, time {times[row]:g})"
        raise InvalidValueError("local_volatility", surface[row, node], place)
    numbers = {
        at.START_X: start,
        at.GRID_START: float(nodes[0]),
        at.GRID_SCALE: (NODES - 1) / (2.0 * reach),
        at.GRID_LAST: NODES - 1 - 1e-9,
    }
    return ModelSteps(
        scheme=at.LOCAL,
        plain=False,
        factors=1,
        table=table,
        numbers=numbers,
        text=f"explicit steps of weak order two (Platen), volatilities on a grid of {NODES} prices",
        bias="weak error of second order in the step, and of linear interpolation between the grid's prices",
        surface=surface,
    )


def variance_terms(model: HestonModel, table: FloatArray) -> None:
    """Rows of `table`, whose times are filled, that a step of LEVERAGED takes of its variance."""
    time = table[at.TIME]
    certain = model.sigma < SMALLEST_SIGMA
    _variance_rows(model.kappa, model.theta, model.sigma, table)
    rho, slope = (0.0, 0.0) if certain else (model.rho, model.rho / model.sigma)
    half = 0.5 * time * model.kappa * slope
    table[at.K0] = -slope * model.kappa * model.theta * time
    table[at.K1], table[at.K2] = half - slope, half + slope
    table[at.K3] = 0.5 * time * (1.0 - rho**2)
    table[at.STEP_VARIANCE] = time


def _leveraged(model: LeveragedVariance, market: FlatMarket, ends: Sequence[float], table: FloatArray) -> ModelSteps:
    grid, variance = model.leverage, model.variance
    if ends and ends[-1] > grid.horizon * (1.0 + 1e-12):
        raise InvalidValueError("expiry", ends[-1], f"at most {grid.horizon:g} years, up to which there is a leverage")
    variance_terms(variance, table)
    moves = table[at.SHIFT] + table[at.PROPORTION]
    starts = np.cumsum(table[at.TIME]) - table[at.TIME]
    rows = grid.rows(np.minimum(starts + 0.5 * table[at.TIME], grid.horizon))
    log_forwards = math.log(market.spots[0]) + np.cumsum(moves) - moves
    table[at.LEVER_START] = grid.starts[rows] + log_forwards
    table[at.LEVER_SCALE] = 1.0 / grid.spacings[rows]
    last = grid.values.shape[1] - 1
    return ModelSteps(
        scheme=at.LEVERAGED,
        plain=False,
        factors=2,
        table=table,
        numbers={at.START_X: math.log(market.spots[0]), at.START_V: variance.v0, at.GRID_LAST: last - 1e-9},
        text="quadratic-exponential steps of the variance (Andersen 2008), explicit ones of the price (Platen)",
        bias="weak error of about first order in the step, and of linear interpolation between the leverage's nodes",
        surface=np.ascontiguousarray(grid.values[rows]) if ends else NO_SURFACE,
    )
