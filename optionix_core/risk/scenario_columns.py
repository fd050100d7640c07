"""What scenarios say of one underlying and its expiries, in the columns that kernels read.

Columns are padded to a multiple of `PAD` scenarios by repeating the last one, so that no cell's arithmetic depends on
how the scenarios were cut into parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.units import DAYS_PER_YEAR
from optionix_core.risk._loops import PAD
from optionix_core.risk.plan import STRIKE, VOLATILITY, OptionGroups, UnderlyingPlan
from optionix_core.risk.scenarios import ScenarioSet, StickyRule, at_tenor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.protocols import VolatilityFunction
    from optionix_core.pricing.dividends import DividendSchedule

    FloatArray = NDArray[np.float64]


class UnderlyingColumns(NamedTuple):
    """Of one underlying, padded scenarios along the last axis."""

    spot: FloatArray
    passed: FloatArray
    """Years that go by."""
    yield_change: FloatArray
    exchange: FloatArray
    """Worth of the currency in the reporting currency."""


class GroupColumns(NamedTuple):
    """Of the expiries of one style of options."""

    spot: FloatArray
    """Net of discrete dividends, shape (1 or groups, scenarios)."""
    scenarios: FloatArray
    """Years passed, change of yield, exchange rate: shape (3, scenarios)."""
    rate_change: FloatArray
    """Shape (1 or groups, scenarios)."""
    shocks: FloatArray
    """1 + relative change, change, skew and curvature of each group or of all: shape (4 or 4 groups, scenarios)."""
    smiles: FloatArray
    """Volatilities before the shocks, shape (options or 0, scenarios)."""
    undiminished: FloatArray
    """Spot with all dividends in it, shape (1, scenarios)."""


def underlying_columns(plan: UnderlyingPlan, scenarios: ScenarioSet) -> UnderlyingColumns:
    """Spots, times, yields and exchange rates. Raises MissingDataError where the scenarios do not speak of it."""
    shocks = scenarios.shocks(plan.underlying)
    return UnderlyingColumns(
        spot=_padded(plan.spot * (1.0 + scenarios.spot_return(plan.underlying))),
        passed=_padded(scenarios.days_passed() / DAYS_PER_YEAR),
        yield_change=_padded(_or_zero(shocks.dividend_yield_change, len(scenarios))),
        exchange=_padded(plan.exchange_rate * (1.0 + scenarios.exchange_return(plan.currency))),
    )


def group_columns(
    plan: UnderlyingPlan, options: OptionGroups, found: UnderlyingColumns, scenarios: ScenarioSet
) -> GroupColumns:
    """What differs by expiry, and by option where volatilities stay with K / F.

    Raises InvalidValueError where dividends leave no spot, MissingDataError where sticky deltas have no surface.
    """
    rate_change = _rate_changes(plan, options, found, scenarios)
    spot = found.spot[np.newaxis]
    if plan.schedule.times:
        spot = _net_spots(plan, options, found, scenarios, rate_change)
    smiles = np.empty((0, found.spot.size))
    if scenarios.sticky is StickyRule.DELTA:
        smiles = _moved_smiles(plan, options, found, spot, rate_change)
    return GroupColumns(
        spot=np.ascontiguousarray(spot),
        scenarios=np.stack((found.passed, found.yield_change, found.exchange)),
        rate_change=rate_change,
        shocks=_volatility_shocks(plan, options, found, scenarios),
        smiles=smiles,
        undiminished=found.spot[np.newaxis],
    )


def _left(years: float, found: UnderlyingColumns, count: int) -> FloatArray:
    """Years to expiry that remain, of the scenarios before padding."""
    left: FloatArray = np.maximum(years - found.passed[:count], 0.0)
    return left


def _rate_changes(
    plan: UnderlyingPlan, options: OptionGroups, found: UnderlyingColumns, scenarios: ScenarioSet
) -> FloatArray:
    count = len(scenarios)
    if not scenarios.moves_rates_by_tenor(plan.currency):
        return _padded(scenarios.rate_change(plan.currency, 0.0))[np.newaxis]
    return np.stack(
        [
            _padded(scenarios.rate_change(plan.currency, _left(years, found, count)))
            for years in options.groups[0].tolist()
        ]
    )


def _volatility_shocks(
    plan: UnderlyingPlan, options: OptionGroups, found: UnderlyingColumns, scenarios: ScenarioSet
) -> FloatArray:
    shocks = scenarios.shocks(plan.underlying)
    count = len(scenarios)
    parts = (shocks.volatility_return, shocks.volatility_change, shocks.skew_change, shocks.curvature_change)
    by_tenor = any(part is not None and part.ndim > 1 for part in parts)
    rows = []
    for years in options.groups[0].tolist() if by_tenor else (0.0,):
        left = _left(years, found, count)
        values = [np.zeros(count) if part is None else at_tenor(part, shocks.tenors, left, count) for part in parts]
        values[0] = 1.0 + values[0]
        rows += [_padded(value) for value in values]
    return np.stack(rows)


def _net_spots(
    plan: UnderlyingPlan,
    options: OptionGroups,
    found: UnderlyingColumns,
    scenarios: ScenarioSet,
    rate_change: FloatArray,
) -> FloatArray:
    """Spots less the dividends from the scenario's moment to expiry, as `pricing._formulas.escrow` takes them."""
    change = scenarios.shocks(plan.underlying).dividend_return
    grown = 1.0 + _padded(_or_zero(change, len(scenarios)))
    rows = []
    for group, (years, rate, dividend_yield) in enumerate(options.groups.T.tolist()):
        carry = (dividend_yield + found.yield_change) - (rate + rate_change[min(group, len(rate_change) - 1)])
        net = _net(plan.schedule, years, found.spot, found.passed, carry, grown)
        bad = np.flatnonzero(~(net > 0.0))
        if bad.size:
            name = scenarios.names[min(int(bad[0]), len(scenarios) - 1)]
            field = f"spot of {plan.underlying} net of dividends to {years:.4g} years in scenario {name!r}"
            raise InvalidValueError(field, float(net[bad[0]]), "positive")
        rows.append(net)
    return np.stack(rows)


def _net(
    paid: DividendSchedule, years: float, spot: FloatArray, passed: FloatArray, carry: FloatArray, grown: FloatArray
) -> FloatArray:
    factor, worth = np.ones(spot.size), np.zeros(spot.size)
    for time, amount in zip(paid.times, paid.amounts, strict=True):
        due = (time > passed) & (time <= years)
        if paid.proportional:
            factor *= np.where(due, 1.0 - amount * grown, 1.0)
        else:
            worth += np.where(due, amount * grown * np.exp(carry * (time - passed)), 0.0)
    return factor * spot - worth


def _moved_smiles(
    plan: UnderlyingPlan, options: OptionGroups, found: UnderlyingColumns, spot: FloatArray, rate_change: FloatArray
) -> FloatArray:
    """Volatility of each option at its new K / F, on today's smile of its expiry: shape (options, scenarios).

    Where nothing moves an option's own volatility is kept to the bit.
    """
    surface = plan.surface
    if surface is None:
        raise MissingDataError(f"{plan.underlying} has no volatility surface to keep volatilities by K / F")
    smiles = np.empty((options.options.shape[1], found.spot.size))
    for group, (years, rate, dividend_yield) in enumerate(options.groups.T.tolist()):
        some = slice(int(options.edges[group]), int(options.edges[group + 1]))
        own = options.options[VOLATILITY, some, np.newaxis]
        one = np.ones(1)
        today = _net(plan.schedule, years, plan.spot * one, 0.0 * one, (dividend_yield - rate) * one, one)
        left = np.maximum(years - found.passed, 0.0)
        change = rate_change[min(group, len(rate_change) - 1)] - found.yield_change
        moved = spot[min(group, len(spot) - 1)] / today
        moved = moved * np.exp((rate - dividend_yield) * (left - years) + change * left)
        distinct, back = np.unique(moved, return_inverse=True)
        strikes = options.options[STRIKE, some, np.newaxis]
        differences = _volatilities(surface, strikes / distinct, years) - _volatilities(surface, strikes, years)
        differences[:, distinct == 1.0] = 0.0
        smiles[some] = (own + differences)[:, back]
    return smiles


def _volatilities(surface: VolatilityFunction, strikes: FloatArray, years: float) -> FloatArray:
    return np.asarray(surface.implied_volatility(strikes, years), dtype=np.float64)


def _or_zero(values: FloatArray | None, count: int) -> FloatArray:
    return np.zeros(count) if values is None else values


def _padded(values: FloatArray) -> FloatArray:
    room = -(-values.size // PAD) * PAD
    padded = np.empty(room)
    padded[: values.size] = values
    padded[values.size :] = values[-1]
    return padded


def of_group(columns: GroupColumns, options: OptionGroups, group: int) -> GroupColumns:
    """The columns of one expiry alone."""
    first, last = int(options.edges[group]), int(options.edges[group + 1])
    row = slice(group, group + 1)
    return columns._replace(
        spot=columns.spot[row] if len(columns.spot) > 1 else columns.spot,
        rate_change=columns.rate_change[row] if len(columns.rate_change) > 1 else columns.rate_change,
        shocks=columns.shocks[4 * group : 4 * group + 4] if len(columns.shocks) > 4 else columns.shocks,
        smiles=columns.smiles[first:last],
    )


def of_scenarios(columns: GroupColumns, here: NDArray[np.int64]) -> GroupColumns:
    """Some scenarios, padded by repeating the last of them."""
    room = np.append(here, np.full(-here.size % PAD, here[-1]))
    return GroupColumns(*(np.ascontiguousarray(column[:, room]) for column in columns))
