"""What a kernel reads of one cell, by numpy: for ranges, for cells that are priced elsewhere, and for errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.status import fault_error
from optionix_core.risk._exact_cells import BAD_VOLATILITY
from optionix_core.risk.plan import LOG_STRIKE, STRIKE, VOLATILITY, OptionGroups, UnderlyingPlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.risk.scenario_columns import GroupColumns
    from optionix_core.risk.scenarios import ScenarioSet

    FloatArray = NDArray[np.float64]


class CellTerms(NamedTuple):
    """Of the options of one expiry, padded scenarios along the last axis."""

    spot: FloatArray
    """Net of dividends; of underlyings without, the spot itself."""
    left: FloatArray
    """Years to expiry that remain, not negative."""
    rate: FloatArray
    dividend_yield: FloatArray
    volatility: FloatArray
    """Shape (options, scenarios)."""


def cell_terms(plan: UnderlyingPlan, options: OptionGroups, columns: GroupColumns, group: int) -> CellTerms:
    """The market of each cell of a group."""
    first, last = int(options.edges[group]), int(options.edges[group + 1])
    years, rate_now, yield_now = options.groups[:, group].tolist()
    spot = columns.spot[min(group, len(columns.spot) - 1)]
    left = np.maximum(years - columns.scenarios[0], 0.0)
    rate = rate_now + columns.rate_change[min(group, len(columns.rate_change) - 1)]
    dividend_yield = yield_now + columns.scenarios[1]
    level, change, skew, curvature = columns.shocks[4 * group :][:4] if len(columns.shocks) > 4 else columns.shocks
    own = columns.smiles[first:last] if len(columns.smiles) else options.options[VOLATILITY, first:last, np.newaxis]
    volatility = own * level + change
    if skew.any() or curvature.any():
        forward = np.log(spot / plan.spot) + (rate - dividend_yield) * left
        k = options.options[LOG_STRIKE, first:last, np.newaxis] - forward
        volatility = volatility + (skew + curvature * k) * k
    return CellTerms(spot, left, rate, dividend_yield, volatility)


def cell_error(
    plan: UnderlyingPlan,
    options: OptionGroups,
    columns: GroupColumns,
    scenarios: ScenarioSet,
    option: int,
    scenario: int,
    code: int,
) -> InvalidValueError:
    """What is wrong with one option in one scenario."""
    group = int(np.searchsorted(options.edges, option, side="right")) - 1
    terms = cell_terms(plan, options, columns, group)
    name = f"position {options.names[option]} in scenario {scenarios.names[scenario]!r}"
    volatility = float(terms.volatility[option - int(options.edges[group]), scenario])
    if code == BAD_VOLATILITY:
        return InvalidValueError(f"volatility of {name}", volatility, "above 0")
    market = (float(column[scenario]) for column in (terms.left, terms.rate, terms.dividend_yield))
    values = (0, 0, float(terms.spot[scenario]), float(options.options[STRIKE, option]), *market, volatility)
    found = fault_error(code, values[min(code, 7)], None)
    return InvalidValueError(f"{found.field} of {name}", found.value, found.bound)
