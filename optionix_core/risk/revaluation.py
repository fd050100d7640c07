"""The whole book in every scenario: one matrix of profit and loss.

European options are priced by closed form in one kernel, American ones from tables of their values (`american_tables`),
exotics by the pricing engine, underlyings by their move. Nothing is expanded in Greeks. A position that expires inside
a scenario's horizon is worth its payoff at that scenario's spot. Scenarios are cut into runs of a fixed size; each cell
has the same arithmetic wherever it runs, and sums of a row run over its positions in one order, so that the matrix has
the same bits for any executor and any number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.status import fault_error
from optionix_core.risk._exact_cells import BAD_VOLATILITY
from optionix_core.risk._kernels import KERNELS
from optionix_core.risk.executors import Cancel, Executor, Progress, ThreadExecutor
from optionix_core.risk.plan import BASE, VOLATILITY, BookPlan, OptionGroups, UnderlyingPlan, plan_book
from optionix_core.risk.pnl_matrix import Kept, PnlMatrix
from optionix_core.risk.scenario_builders import unchanged
from optionix_core.risk.scenario_columns import GroupColumns, group_columns, underlying_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.risk.book import RiskBook
    from optionix_core.risk.scenarios import ScenarioSet

    FloatArray = NDArray[np.float64]

LARGEST_MATRIX = 200_000_000
"""Bytes of a matrix by position; a larger one is kept by underlying and expiry."""
RUN, SHORT_RUN = 1024, 256
"""Scenarios of a run, and of one where there are few in all."""
FEW = 4096


def revalue(
    book: RiskBook,
    scenarios: ScenarioSet,
    executor: Executor | None = None,
    *,
    kept: Kept | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> PnlMatrix:
    """P&L of every position in every scenario, in the reporting currency.

    `kept`: rows are positions, or sums by underlying and expiry; by default positions where the matrix takes at most
    `LARGEST_MATRIX` bytes. `executor`: threads of this process by default. `progress` hears of runs done.

    Raises MissingDataError where the scenarios say nothing of an underlying that is held or the market lacks what a
    position needs, InvalidValueError naming position, scenario, value and bound where a scenario leaves no spot or no
    volatility, and InterruptedByUserError where cancelled.
    """
    chosen = kept or ("position" if len(book.positions) * len(scenarios) * 8 <= LARGEST_MATRIX else "group")
    plan = with_base_values(plan_book(book, chosen), scenarios)
    values = np.zeros((len(plan.rows), len(scenarios)))
    where = executor or ThreadExecutor()
    size = SHORT_RUN if len(scenarios) <= FEW else RUN
    runs = [(first, min(first + size, len(scenarios))) for first in range(0, len(scenarios), size)]

    def receive(place: int, answer: FloatArray | None) -> None:
        if answer is not None:
            values[:, slice(*runs[place])] = answer

    where.run(RunWork(plan, scenarios, values if where.is_local else None), runs, receive, progress, cancel)
    return PnlMatrix(
        values=values,
        base=base_values(plan),
        rows=plan.rows,
        kept=chosen,
        scenarios=scenarios.names,
        reporting_currency=book.reporting_currency,
        weights=scenarios.weights,
    )


@dataclass(frozen=True, slots=True, eq=False)
class RunWork:
    """Revalues a plan in a run of scenarios. Can be pickled where `out` is absent."""

    plan: BookPlan
    scenarios: ScenarioSet
    out: FloatArray | None
    """Shape (rows, scenarios): where gains are added in this process; None: an array of the run is returned."""

    def __call__(self, run: tuple[int, int]) -> FloatArray | None:
        """P&L of shape (rows, scenarios of the run), or None where it is in `out`."""
        first, last = run
        part = self.scenarios.part(first, last)
        if self.out is not None:
            _revalue_run(self.plan, part, self.out, first)
            return None
        out = np.zeros((len(self.plan.rows), last - first))
        _revalue_run(self.plan, part, out, 0)
        return out


def with_base_values(plan: BookPlan, scenarios: ScenarioSet) -> BookPlan:
    """The plan with the value of one unit of each option in the reporting currency, by the arithmetic of scenarios."""
    still = replace(unchanged(), sticky=scenarios.sticky)
    return replace(plan, underlyings=tuple(_with_bases(one, still) for one in plan.underlyings))


def base_values(plan: BookPlan) -> FloatArray:
    """Value of each row in the reporting currency."""
    base = np.zeros(len(plan.rows))
    for one in plan.underlyings:
        np.add.at(base, one.rows, one.units * (one.spot * one.exchange_rate))
        np.add.at(base, one.european.rows, one.european.options[4] * one.european.options[BASE])
    return base


def _with_bases(plan: UnderlyingPlan, still: ScenarioSet) -> UnderlyingPlan:
    if not plan.european.names:
        return plan
    options = plan.european.options.copy()
    options[4], options[BASE] = 1.0, 0.0
    alone = replace(plan.european, options=options, rows=np.arange(options.shape[1]))
    found = underlying_columns(plan, still)
    worth = np.zeros((options.shape[1], 1))
    _european(plan, alone, group_columns(plan, alone, found, still), still, worth, 0)
    options[4], options[BASE] = plan.european.options[4], worth[:, 0]
    return replace(plan, european=replace(plan.european, options=options))


def _revalue_run(plan: BookPlan, scenarios: ScenarioSet, out: FloatArray, first: int) -> None:
    """Add gains to the columns of `out` from `first` on."""
    count = len(scenarios)
    for one in plan.underlyings:
        found = underlying_columns(one, scenarios)
        worth = found.spot[:count] * found.exchange[:count]
        move = worth - one.spot * one.exchange_rate
        for units, row in zip(one.units.tolist(), one.rows.tolist(), strict=True):
            out[row, first : first + count] += units * move
        if one.european.names:
            columns = group_columns(one, one.european, found, scenarios)
            _european(one, one.european, columns, scenarios, out, first)


def _european(
    plan: UnderlyingPlan,
    options: OptionGroups,
    columns: GroupColumns,
    scenarios: ScenarioSet,
    out: FloatArray,
    first: int,
) -> None:
    fault = np.zeros(3, dtype=np.int64)
    failed = KERNELS.load("european_gains")(
        options.options,
        options.rows,
        options.edges,
        options.groups,
        plan.spot,
        columns.spot,
        columns.scenarios,
        columns.rate_change,
        columns.shocks,
        columns.smiles,
        len(scenarios),
        first,
        out,
        fault,
    )
    if failed:
        raise cell_error(plan, options, columns, scenarios, int(fault[0]), int(fault[1]) - first, int(fault[2]))


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
    name = f"position {options.names[option]} in scenario {scenarios.names[scenario]!r}"
    years, rate, dividend_yield = options.groups[:, group].tolist()
    spot = float(columns.spot[min(group, len(columns.spot) - 1), scenario])
    left = years - float(columns.scenarios[0, scenario])
    rate += float(columns.rate_change[min(group, len(columns.rate_change) - 1), scenario])
    dividend_yield += float(columns.scenarios[1, scenario])
    own = columns.smiles[option, scenario] if len(columns.smiles) else options.options[VOLATILITY, option]
    shocks = columns.shocks[4 * group :] if len(columns.shocks) > 4 else columns.shocks
    k = float(options.options[2, option]) - (np.log(spot / plan.spot) + (rate - dividend_yield) * left)
    level, change, skew, curvature = shocks[:4, scenario]
    volatility = float(own * level + change + (skew + curvature * k) * k)
    if code == BAD_VOLATILITY:
        return InvalidValueError(f"volatility of {name}", volatility, "above 0")
    value = (0.0, 0.0, spot, float(options.options[1, option]), left, rate, dividend_yield, volatility)[min(code, 7)]
    found = fault_error(code, value, None)
    return InvalidValueError(f"{found.field} of {name}", found.value, found.bound)
