"""American options in scenarios: which tables they need, and the cells that are priced directly.

Scenarios share tables where the same days pass and rates move within one bin: those of `american_tables`, or of
`dividend_tables` where there are discrete dividends. Few scenarios, rates that change sign and changes of dividends
have no table: every cell is then priced by `pricing.american`, each payment at its own date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import american
from optionix_core.pricing._american_cases import NO_RATE
from optionix_core.pricing._american_series import has_any
from optionix_core.pricing.dividends import CashDividends, ProportionalDividends
from optionix_core.pricing.status import InputFault
from optionix_core.risk._exact_cells import BAD_VOLATILITY
from optionix_core.risk._kernels import KERNELS
from optionix_core.risk.american_tables import DIRECT, FREE, AmericanTables, Reach, build_tables, joined
from optionix_core.risk.cell_errors import CellTerms, cell_error, cell_terms
from optionix_core.risk.dividend_tables import DividendTable, Terms, build_dividend_table, still_to_pay
from optionix_core.risk.plan import LOG_STRIKE, SIGN, STRIKE, VOLATILITY, OptionGroups, UnderlyingPlan
from optionix_core.risk.scenario_columns import (
    GroupColumns,
    group_columns,
    of_group,
    of_scenarios,
    underlying_columns,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.risk.scenarios import ScenarioSet

    FloatArray = NDArray[np.float64]

Payments = CashDividends | ProportionalDividends | None
"""What is still to be paid."""
TOGETHER = 32
"""Options whose tables are built in one call."""
AT_ONCE = 64
"""Options that are valued in one call, so that their values stay in the cache."""


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


def american_blocks(
    plan: UnderlyingPlan, columns: GroupColumns, scenarios: ScenarioSet, tables: dict[Part, AmericanTables]
) -> Iterator[tuple[int, FloatArray]]:
    """First option and values of one unit of it and those that follow, in their currency: (options, scenarios).

    Raises InvalidValueError naming position and scenario where no volatility is left.
    """
    edges = plan.american.edges.tolist()
    parts = partition(plan, scenarios)
    for group, (begin, end) in enumerate(pairwise(edges)):
        here = of_group(columns, plan.american, group)
        for first in range(begin, end, AT_ONCE):
            last = min(first + AT_ONCE, end)
            some = cut_options(plan.american, first, last)
            block = here._replace(smiles=here.smiles[first - begin : last - begin])
            own = {part: table.cut(first, last) for part, table in tables.items()}
            yield first, _block_values(plan, some, block, scenarios, parts, own)


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


def _block_values(
    plan: UnderlyingPlan,
    options: OptionGroups,
    columns: GroupColumns,
    scenarios: ScenarioSet,
    parts: list[tuple[Part, NDArray[np.int64]]],
    tables: dict[Part, AmericanTables],
) -> FloatArray:
    count = len(scenarios)
    if len(parts) == 1 and parts[0][0] in tables:
        values = _tabled(plan, options, columns, tables[parts[0][0]])[:, :count]
    else:
        values = np.full((len(options.names), count), np.nan)
        for part, here in parts:
            if part in tables:
                found = _tabled(plan, options, of_scenarios(columns, here), tables[part])
                values[:, here] = found[:, : here.size]
    if np.isnan(values).any():
        _fill_in(plan, options, columns, scenarios, values)
    return values


def _tabled(plan: UnderlyingPlan, options: OptionGroups, columns: GroupColumns, tables: AmericanTables) -> FloatArray:
    out = np.empty((len(options.names), columns.spot.shape[1]))
    products = int(np.prod(tables.shapes[:, 2:5], axis=1).max(initial=0))
    KERNELS.load("american_values")(
        options.options,
        options.edges,
        options.groups,
        plan.spot,
        columns.spot,
        columns.scenarios,
        columns.rate_change,
        columns.shocks,
        columns.smiles,
        tables.shapes.reshape(-1),
        tables.numbers,
        tables.coefficients,
        products + 3,
        out,
    )
    if any(table is not None for table in tables.dividends):
        _add_dividend_tables(plan, options, columns, tables, out)
    return out


def _add_dividend_tables(
    plan: UnderlyingPlan, options: OptionGroups, columns: GroupColumns, tables: AmericanTables, out: FloatArray
) -> None:
    """Turn European prices of options that have not expired into American values; nan outside a table."""
    terms = cell_terms(plan, options, columns, 0)
    spot = columns.undiminished[0]
    alive = terms.left > 0.0
    for option, table in enumerate(tables.dividends):
        if table is None:
            continue
        added = table.values(np.log(spot / plan.spot), terms.dividend_yield, terms.rate, terms.volatility[option])
        intrinsic = np.maximum(options.options[SIGN, option] * (spot - options.options[STRIKE, option]), 0.0)
        american_value = np.maximum(out[option] + added, intrinsic)
        out[option] = np.where(alive, np.where(np.isnan(added), np.nan, american_value), intrinsic)


def _fill_in(
    plan: UnderlyingPlan, options: OptionGroups, columns: GroupColumns, scenarios: ScenarioSet, values: FloatArray
) -> None:
    """Cells that are nan: by the kernel where exercise never pays, else by the pricing function."""
    terms = cell_terms(plan, options, columns, 0)
    if not plan.schedule.times:
        _fill_in_free(plan, options, columns, terms, values)
    lacking = np.isnan(values)
    for option in np.flatnonzero(lacking.any(axis=1)).tolist():
        here = np.flatnonzero(lacking[option])
        left = terms.left[here]
        volatility = np.where(left > 0.0, terms.volatility[option, here], 1.0)
        bad = np.flatnonzero(~(volatility > 0.0))
        if bad.size:
            raise cell_error(plan, options, columns, scenarios, option, int(here[bad[0]]), BAD_VOLATILITY)
        spot = columns.undiminished[0, here]
        market = np.stack((spot, left, terms.rate[here], terms.dividend_yield[here], volatility))
        found = _direct(options.options[:, option], market, payments(plan, scenarios, here))
        bad = np.flatnonzero(np.isnan(found))
        if bad.size:
            name = f"position {options.names[option]} in scenario {scenarios.names[here[bad[0]]]!r}"
            words = "spot, years, rate, yield and volatility"
            raise InvalidValueError(f"{words} of {name}", tuple(market[:, bad[0]].tolist()), "those of a price")
        values[option, here] = found


def _fill_in_free(
    plan: UnderlyingPlan, options: OptionGroups, columns: GroupColumns, terms: CellTerms, values: FloatArray
) -> None:
    """European prices, by the arithmetic of all other cells, where a rate and yield leave no boundary."""
    count = values.shape[1]
    european: FloatArray | None = None
    for option, sign in enumerate(options.options[SIGN].tolist()):
        cash, asset = (terms.rate, terms.dividend_yield) if sign < 0.0 else (terms.dividend_yield, terms.rate)
        cash, asset = (np.where(np.abs(one * terms.left) < NO_RATE, 0.0, one)[:count] for one in (cash, asset))
        free = np.isnan(values[option]) & ~has_any(cash, asset)
        if free.any():
            if european is None:
                european = _tabled(plan, options, columns, free_tables(len(options.names)))
            values[option, free] = european[option, :count][free]


def payments(
    plan: UnderlyingPlan, scenarios: ScenarioSet, here: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], Payments]]:
    """Scenarios, as places in `here`, that share the dividends still to come, and these."""
    paid = plan.schedule
    if not paid.times:
        return [(np.arange(here.size), None)]
    change = scenarios.shocks(plan.underlying).dividend_return
    grown = np.ones(here.size) if change is None else 1.0 + change[here]
    passed = scenarios.days_passed()[here] / 365.0
    distinct, back = np.unique(np.stack((passed, grown)), axis=1, return_inverse=True)
    shared: list[tuple[NDArray[np.int64], Payments]] = []
    for place, (gone, factor) in enumerate(distinct.T.tolist()):
        due = [
            (time - gone, amount * factor)
            for time, amount in zip(paid.times, paid.amounts, strict=True)
            if time > gone and amount * factor > 0.0
        ]
        kind = ProportionalDividends if paid.proportional else CashDividends
        coming = kind(tuple(time for time, _ in due), tuple(amount for _, amount in due)) if due else None
        shared.append((np.flatnonzero(back.reshape(-1) == place), coming))
    return shared


def _direct(
    option: FloatArray,
    market: FloatArray,
    due: list[tuple[NDArray[np.int64], Payments]],
) -> FloatArray:
    """Prices; nan where the pricing function finds a fault."""
    found = np.empty(market.shape[1])
    for rows, coming in due:
        spot, left, rate, dividend_yield, volatility = market[:, rows]
        prices, faults = american.price(
            option[SIGN], spot, option[STRIKE], left, rate, dividend_yield, volatility, dividends=coming, errors="nan"
        )
        found[rows] = np.where(faults == InputFault.NONE, prices, np.nan)
    return found
