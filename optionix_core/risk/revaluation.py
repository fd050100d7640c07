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

from optionix_core.risk._kernels import KERNELS
from optionix_core.risk.american_jobs import Part, TableJob, by_part, run_table_job, table_jobs
from optionix_core.risk.american_tables import AmericanTables
from optionix_core.risk.american_values import american_blocks
from optionix_core.risk.cell_errors import cell_error
from optionix_core.risk.executors import Cancel, Executor, Progress, ThreadExecutor, map_chunks
from optionix_core.risk.exotic_values import ExoticJob, exotic_jobs, exotic_values
from optionix_core.risk.plan import BASE, UNITS, BookPlan, OptionGroups, UnderlyingPlan, plan_book
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
FEW_CELLS = 100_000
"""Below this many, threads cost more than they save."""


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
    few = len(book.positions) * len(scenarios) <= FEW_CELLS and executor is None
    with (executor or ThreadExecutor(1 if few else None)).session() as where:
        return _revalued(plan_book(book, chosen), scenarios, where, progress, cancel)


def _revalued(
    plan: BookPlan, scenarios: ScenarioSet, where: Executor, progress: Progress | None, cancel: Cancel | None
) -> PnlMatrix:
    size = SHORT_RUN if len(scenarios) <= FEW else RUN
    runs = [(first, min(first + size, len(scenarios))) for first in range(0, len(scenarios), size)]
    jobs = table_jobs(plan.underlyings, scenarios)
    pieces = exotic_jobs(len(plan.exotics), len(scenarios))
    steps = _Steps(len(jobs) + len(runs) + len(pieces), progress)
    answers = map_chunks(where, TableWork(plan, scenarios), jobs, steps.hear, cancel)
    steps.go_on()
    tables = tuple(by_part(jobs, answers, place) for place in range(len(plan.underlyings)))
    plan = with_base_values(plan, scenarios, tables)
    values = np.zeros((len(plan.rows), len(scenarios)))

    def receive(place: int, answer: FloatArray | None) -> None:
        if answer is not None:
            values[:, slice(*runs[place])] = answer

    work = RunWork(plan, scenarios, tables, values if where.is_local else None)
    where.run(work, runs, receive, steps.hear, cancel)
    steps.go_on()
    base = base_values(plan)
    found = map_chunks(where, ExoticWork(plan, scenarios), pieces, steps.hear, cancel)
    for exotic in plan.exotics:
        today = float(exotic_values(plan.book, exotic.position, _still(scenarios))[0])
        base[exotic.row] += exotic.position.units * today
        for piece, worth in zip(pieces, found, strict=True):
            if plan.exotics[piece.exotic] is exotic:
                values[exotic.row, piece.first : piece.last] += exotic.position.units * (worth - today)
    return PnlMatrix(
        values=values,
        base=base,
        rows=plan.rows,
        kept=plan.kept,
        scenarios=scenarios.names,
        reporting_currency=plan.reporting_currency,
        weights=scenarios.weights,
        grid_error=max((float(answer.errors.max(initial=0.0)) for answer in answers), default=0.0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class TableWork:
    """Builds tables of American options. Can be pickled."""

    plan: BookPlan
    scenarios: ScenarioSet

    def __call__(self, job: TableJob) -> AmericanTables:
        """The tables of a job."""
        return run_table_job(self.plan.underlyings[job.underlying], self.scenarios, job)


@dataclass(frozen=True, slots=True, eq=False)
class ExoticWork:
    """Values exotics. Can be pickled."""

    plan: BookPlan
    scenarios: ScenarioSet

    def __call__(self, job: ExoticJob) -> FloatArray:
        """Worth of one unit in the reporting currency, shape (scenarios of the job,)."""
        position = self.plan.exotics[job.exotic].position
        return exotic_values(self.plan.book, position, self.scenarios.part(job.first, job.last))


@dataclass(frozen=True, slots=True, eq=False)
class RunWork:
    """Revalues a plan in a run of scenarios. Can be pickled where `out` is absent."""

    plan: BookPlan
    scenarios: ScenarioSet
    tables: tuple[dict[Part, AmericanTables], ...]
    """Of each underlying, by part of the scenarios."""
    out: FloatArray | None
    """Shape (rows, scenarios): where gains are added in this process; None: an array of the run is returned."""

    def __call__(self, run: tuple[int, int]) -> FloatArray | None:
        """P&L of shape (rows, scenarios of the run), or None where it is in `out`."""
        first, last = run
        part = self.scenarios.part(first, last)
        if self.out is not None:
            self._revalue(part, self.out, first)
            return None
        out = np.zeros((len(self.plan.rows), last - first))
        self._revalue(part, out, 0)
        return out

    def _revalue(self, scenarios: ScenarioSet, out: FloatArray, first: int) -> None:
        """Add gains to the columns of `out` from `first` on."""
        count = len(scenarios)
        there = slice(first, first + count)
        for plan, tables in zip(self.plan.underlyings, self.tables, strict=True):
            found = underlying_columns(plan, scenarios)
            exchange = found.exchange[:count]
            move = found.spot[:count] * exchange - plan.spot * plan.exchange_rate
            for units, row in zip(plan.units.tolist(), plan.rows.tolist(), strict=True):
                out[row, there] += units * move
            if plan.european.names:
                columns = group_columns(plan, plan.european, found, scenarios)
                _european(plan, plan.european, columns, scenarios, out, first)
            if plan.american.names:
                columns = group_columns(plan, plan.american, found, scenarios)
                for option, values in american_blocks(plan, columns, scenarios, tables):
                    _add_gains(plan.american, option, values * exchange, out[:, there])


class _Steps:
    """Progress through two lists of chunks as one."""

    def __init__(self, count: int, progress: Progress | None) -> None:
        self._count = count
        self._progress = progress
        self._before = 0
        self._here = 0

    def hear(self, done: int, _: int) -> None:
        """Of the list that is running."""
        self._here = done
        if self._progress is not None:
            self._progress(self._before + done, self._count)

    def go_on(self) -> None:
        """The next list begins."""
        self._before += self._here


def with_base_values(
    plan: BookPlan, scenarios: ScenarioSet, tables: tuple[dict[Part, AmericanTables], ...]
) -> BookPlan:
    """The plan with the value of one unit of each option in the reporting currency, by the arithmetic of scenarios.

    American options without a table for today are priced directly.
    """
    still = _still(scenarios)
    return replace(
        plan,
        underlyings=tuple(_with_bases(one, still, own) for one, own in zip(plan.underlyings, tables, strict=True)),
    )


def _still(scenarios: ScenarioSet) -> ScenarioSet:
    """Nothing happens, by the same rule for volatilities."""
    return replace(unchanged(), sticky=scenarios.sticky)


def base_values(plan: BookPlan) -> FloatArray:
    """Value of each row in the reporting currency, exotics left out."""
    base = np.zeros(len(plan.rows))
    for one in plan.underlyings:
        np.add.at(base, one.rows, one.units * (one.spot * one.exchange_rate))
        for options in (one.european, one.american):
            np.add.at(base, options.rows, options.options[UNITS] * options.options[BASE])
    return base


def _with_bases(plan: UnderlyingPlan, still: ScenarioSet, tables: dict[Part, AmericanTables]) -> UnderlyingPlan:
    found = underlying_columns(plan, still)
    european, american = plan.european, plan.american
    if european.names:
        options = european.options.copy()
        options[UNITS], options[BASE] = 1.0, 0.0
        alone = replace(european, options=options, rows=np.arange(options.shape[1]))
        worth = np.zeros((options.shape[1], 1))
        _european(plan, alone, group_columns(plan, alone, found, still), still, worth, 0)
        european = _based(european, worth[:, 0])
    if american.names:
        columns = group_columns(plan, american, found, still)
        blocks = [values[:, 0] for _, values in american_blocks(plan, columns, still, tables)]
        american = _based(american, np.concatenate(blocks) * found.exchange[0])
    return replace(plan, european=european, american=american)


def _based(options: OptionGroups, base: FloatArray) -> OptionGroups:
    filled = options.options.copy()
    filled[BASE] = base
    return replace(options, options=filled)


def _add_gains(options: OptionGroups, first: int, worth: FloatArray, out: FloatArray) -> None:
    """Of options from `first` on, `worth` of one unit in the reporting currency, to their rows, in order."""
    places = slice(first, first + len(worth))
    gains = options.options[UNITS, places, np.newaxis] * (worth - options.options[BASE, places, np.newaxis])
    for gain, row in zip(gains, options.rows[places].tolist(), strict=True):
        out[row] += gain


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
