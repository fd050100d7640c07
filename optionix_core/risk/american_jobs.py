"""Which tables of American options a book needs in a set of scenarios, and the work that builds them.

Scenarios share tables where the same days pass and rates move within one bin: those of `american_tables`, or of
`dividend_tables` where there are discrete dividends. Where few share one, a table would cost more than direct prices.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.risk._exact_cells import BAD_VOLATILITY
from optionix_core.risk.american_tables import DIRECT, FREE, AmericanTables, Reach, build_tables, joined
from optionix_core.risk.cell_errors import CellTerms, cell_error, cell_terms
from optionix_core.risk.dividend_tables import DividendTable, Terms, build_dividend_table, still_to_pay
from optionix_core.risk.plan import LOG_STRIKE, SIGN, STRIKE, VOLATILITY, OptionGroups, UnderlyingPlan
from optionix_core.risk.scenario_columns import group_columns, underlying_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.risk.scenarios import ScenarioSet

    FloatArray = NDArray[np.float64]

TOGETHER = 32
"""Options whose tables are built in one call."""
RATE_BIN = 0.01
"""Width of the changes of rates that share tables, one bin centred on no change."""
FEWEST, FEWEST_PAYING = 128, 3
"""Scenarios of a part below which direct prices cost less than tables, without and with discrete dividends."""


class Part(NamedTuple):
    """Scenarios that share tables."""

    days: float
    """That pass in all of them."""
    rates: int
    """Number of the bin of the change of the rate for one year."""


TODAY = Part(0.0, 0)
"""Where today's state belongs."""


class TableJob(NamedTuple):
    """Options of one expiry in scenarios that share tables."""

    underlying: int
    """Place in the plan."""
    first: int
    last: int
    """Of the options."""
    part: Part


def partition(plan: UnderlyingPlan, scenarios: ScenarioSet) -> list[tuple[Part, NDArray[np.int64]]]:
    """Scenarios that share tables, as their places, in a fixed order; which ones a scenario's shocks alone decide."""
    days, bins = _keys(plan, scenarios)
    first = Part(float(days[0]), int(bins[0]))
    if np.all(days == first.days) and np.all(bins == first.rates):
        return [(first, np.arange(days.size))]
    parts = sorted({Part(passed, int(rates)) for passed, rates in zip(days.tolist(), bins.tolist(), strict=True)})
    return [(part, np.flatnonzero((days == part.days) & (bins == part.rates))) for part in parts]


def _keys(plan: UnderlyingPlan, scenarios: ScenarioSet) -> tuple[FloatArray, FloatArray]:
    """Days and bin of each scenario."""
    bins: FloatArray = np.floor(scenarios.rate_change(plan.currency, 1.0) / RATE_BIN + 0.5)
    return scenarios.days_passed(), bins


def table_jobs(plans: tuple[UnderlyingPlan, ...], scenarios: ScenarioSet) -> list[TableJob]:
    """All tables that a book needs, in a fixed order: by underlying, part of the scenarios, and option."""
    return [
        TableJob(place, start, min(start + together, end), part)
        for place, plan in enumerate(plans)
        if plan.american.names
        for together in (1 if plan.schedule.times else TOGETHER,)
        for part in _parts_with_tables(plan, scenarios)
        for begin, end in pairwise(plan.american.edges.tolist())
        for start in range(begin, end, together)
    ]


def _parts_with_tables(plan: UnderlyingPlan, scenarios: ScenarioSet) -> list[Part]:
    fewest = FEWEST_PAYING if plan.schedule.times else FEWEST
    parts = {part for part, places in partition(plan, scenarios) if places.size >= fewest}
    if parts and plan.schedule.times:
        parts.add(TODAY)  # a difference of two prices is then one of two tables
    return sorted(parts)


def run_table_job(plan: UnderlyingPlan, scenarios: ScenarioSet, job: TableJob) -> AmericanTables:
    """The tables of a job, over what its scenarios reach."""
    some = cut_options(plan.american, job.first, job.last)
    years = float(some.groups[0, 0]) - job.part.days / 365.0
    count = job.last - job.first
    change = scenarios.shocks(plan.underlying).dividend_return
    if years <= 0.0 or (plan.schedule.times and change is not None and change.any()):
        return direct_tables(count)
    found = underlying_columns(plan, scenarios)
    columns = group_columns(plan, some, found, scenarios)
    days, bins = _keys(plan, scenarios)
    here = np.flatnonzero((days == job.part.days) & (bins == job.part.rates))
    terms = cell_terms(plan, some, columns, 0)
    volatility = terms.volatility[:, here]
    if not np.all(volatility > 0.0):
        option, scenario = (int(one) for one in np.argwhere(~(volatility > 0.0))[0])
        raise cell_error(plan, some, columns, scenarios, option, int(here[scenario]), BAD_VOLATILITY)
    reach = _reach(some, years, terms, np.log(found.spot / plan.spot), here, job.part)
    if not plan.schedule.times:
        return build_tables(some.options[SIGN], some.options[LOG_STRIKE], reach)
    paid = still_to_pay(plan.schedule, job.part.days / 365.0, years)
    found_tables = tuple(
        build_dividend_table(Terms(sign, strike, years, plan.spot, paid), reach, place)
        for place, (sign, strike) in enumerate(some.options[[SIGN, STRIKE]].T.tolist())
    )
    return replace(
        direct_tables(count, found_tables),
        errors=np.array([0.0 if table is None else table.error for table in found_tables]),
    )


def _reach(
    options: OptionGroups, years: float, terms: CellTerms, log_spot: FloatArray, places: NDArray[np.int64], part: Part
) -> Reach:
    """What some scenarios reach, and today's state where it belongs to them."""
    _, rate, dividend_yield = options.groups[:, 0].tolist()
    own = options.options[VOLATILITY]
    here = slice(0, places.size) if places.size and places.size == places[-1] + 1 else places
    columns = (terms.rate[here], terms.dividend_yield[here], log_spot[here], terms.volatility[:, here])
    lows = [column.min(axis=-1, initial=np.inf) for column in columns]
    highs = [column.max(axis=-1, initial=-np.inf) for column in columns]
    if part == TODAY:
        now = (rate, dividend_yield, 0.0, own)
        lows = [np.minimum(low, one) for low, one in zip(lows, now, strict=True)]
        highs = [np.maximum(high, one) for high, one in zip(highs, now, strict=True)]
    return Reach(
        years=years,
        rate=(float(lows[0]), float(highs[0])),
        dividend_yield=(float(lows[1]), float(highs[1])),
        log_spot=(float(lows[2]), float(highs[2])),
        volatility=np.stack((lows[3], highs[3])),
    )


def direct_tables(count: int, dividends: tuple[DividendTable | None, ...] | None = None) -> AmericanTables:
    """No tables, or such as are added to European prices; without one, each cell by the pricing function."""
    added = (None,) * count if dividends is None else dividends
    shapes = np.zeros((count, 6), dtype=np.int64)
    shapes[:, 0] = [DIRECT if table is None else FREE for table in added]
    return AmericanTables(shapes, np.zeros((7, count)), np.empty(0), np.zeros(count), added)


def free_tables(count: int) -> AmericanTables:
    """European prices, whatever exercise is worth."""
    tables = direct_tables(count)
    tables.shapes[:, 0] = FREE
    return tables


def by_part(jobs: list[TableJob], answers: list[AmericanTables], underlying: int) -> dict[Part, AmericanTables]:
    """Tables of one underlying, by part of the scenarios, in the order of its options."""
    parts: dict[Part, list[AmericanTables]] = {}
    for job, answer in zip(jobs, answers, strict=True):
        if job.underlying == underlying:
            parts.setdefault(job.part, []).append(answer)
    return {part: joined(some) for part, some in parts.items()}


def cut_options(options: OptionGroups, first: int, last: int) -> OptionGroups:
    """Some options of one expiry."""
    group = int(np.searchsorted(options.edges, first, side="right")) - 1
    return replace(
        options,
        names=options.names[first:last],
        options=np.ascontiguousarray(options.options[:, first:last]),
        rows=options.rows[first:last],
        edges=np.array([0, last - first]),
        groups=np.ascontiguousarray(options.groups[:, group : group + 1]),
    )
