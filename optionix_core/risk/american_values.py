"""American options in scenarios: which tables they need, and the cells that are priced directly.

Scenarios that let the same days pass share tables: those of `american_tables`, or of `dividend_tables` where there are
discrete dividends. Where rates change sign, and where scenarios change dividends, no table holds and every cell is
priced by `pricing.american`, each payment at its own date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import american
from optionix_core.pricing.dividends import CashDividends, ProportionalDividends
from optionix_core.pricing.status import InputFault
from optionix_core.risk._exact_cells import BAD_VOLATILITY
from optionix_core.risk._kernels import KERNELS
from optionix_core.risk.american_tables import DIRECT, FREE, AmericanTables, Reach, build_tables, joined
from optionix_core.risk.cell_errors import cell_error, cell_terms
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


class TableJob(NamedTuple):
    """Options of one expiry and scenarios that let the same days pass."""

    underlying: int
    """Place in the plan."""
    first: int
    last: int
    """Of the options."""
    days: float


def table_jobs(plans: tuple[UnderlyingPlan, ...], scenarios: ScenarioSet) -> list[TableJob]:
    """All tables that a book needs, in a fixed order: by underlying, days, and option."""
    days = set(np.unique(scenarios.days_passed()).tolist())
    return [
        TableJob(place, start, min(start + together, end), passed)
        for place, plan in enumerate(plans)
        for together in (1 if plan.schedule.times else TOGETHER,)
        # with dividends today's value is tabled too: a difference of two prices is then one of two tables
        for passed in sorted(days | {0.0} if plan.schedule.times else days)
        for begin, end in pairwise(plan.american.edges.tolist())
        for start in range(begin, end, together)
    ]


def run_table_job(plan: UnderlyingPlan, scenarios: ScenarioSet, job: TableJob) -> AmericanTables:
    """The tables of a job, over what its scenarios reach."""
    some = cut_options(plan.american, job.first, job.last)
    years = float(some.groups[0, 0]) - job.days / 365.0
    count = job.last - job.first
    change = scenarios.shocks(plan.underlying).dividend_return
    if years <= 0.0 or (plan.schedule.times and change is not None and change.any()):
        return direct_tables(count)
    found = underlying_columns(plan, scenarios)
    columns = group_columns(plan, some, found, scenarios)
    here = np.flatnonzero(scenarios.days_passed() == job.days)
    terms = cell_terms(plan, some, columns, 0)
    volatility = terms.volatility[:, here]
    if not np.all(volatility > 0.0):
        option, scenario = (int(one) for one in np.argwhere(~(volatility > 0.0))[0])
        raise cell_error(plan, some, columns, scenarios, option, int(here[scenario]), BAD_VOLATILITY)
    _, rate_now, yield_now = some.groups[:, 0].tolist()
    today = some.options[VOLATILITY]
    lowest, highest = volatility.min(axis=1, initial=np.inf), volatility.max(axis=1, initial=0.0)
    reach = Reach(
        years=years,
        rate=_range(terms.rate[here], rate_now),
        dividend_yield=_range(terms.dividend_yield[here], yield_now),
        log_spot=_range(np.log(found.spot[here] / plan.spot), 0.0),
        volatility=np.stack((np.minimum(lowest, today), np.maximum(highest, today))),
    )
    if not plan.schedule.times:
        return build_tables(some.options[SIGN], some.options[LOG_STRIKE], reach)
    paid = still_to_pay(plan.schedule, job.days / 365.0, years)
    found_tables = tuple(
        build_dividend_table(Terms(sign, strike, years, plan.spot, paid), reach, place)
        for place, (sign, strike) in enumerate(some.options[[SIGN, STRIKE]].T.tolist())
    )
    return replace(
        direct_tables(count, found_tables),
        errors=np.array([0.0 if table is None else table.error for table in found_tables]),
    )


def direct_tables(count: int, dividends: tuple[DividendTable | None, ...] | None = None) -> AmericanTables:
    """No tables, or such as are added to European prices; without one, each cell by the pricing function."""
    added = (None,) * count if dividends is None else dividends
    shapes = np.zeros((count, 6), dtype=np.int64)
    shapes[:, 0] = [DIRECT if table is None else FREE for table in added]
    return AmericanTables(shapes, np.zeros((7, count)), np.empty(0), np.zeros(count), added)


def by_days(jobs: list[TableJob], answers: list[AmericanTables], underlying: int) -> dict[float, AmericanTables]:
    """Tables of one underlying, by days passed, in the order of its options."""
    parts: dict[float, list[AmericanTables]] = {}
    for job, answer in zip(jobs, answers, strict=True):
        if job.underlying == underlying:
            parts.setdefault(job.days, []).append(answer)
    return {days: joined(some) for days, some in parts.items()}


def american_blocks(
    plan: UnderlyingPlan, columns: GroupColumns, scenarios: ScenarioSet, tables: dict[float, AmericanTables]
) -> Iterator[tuple[int, FloatArray]]:
    """First option and values of one unit of it and those that follow, in their currency: (options, scenarios).

    Raises InvalidValueError naming position and scenario where no volatility is left.
    """
    edges = plan.american.edges.tolist()
    for group, (begin, end) in enumerate(pairwise(edges)):
        here = of_group(columns, plan.american, group)
        for first in range(begin, end, AT_ONCE):
            last = min(first + AT_ONCE, end)
            some = cut_options(plan.american, first, last)
            block = here._replace(smiles=here.smiles[first - begin : last - begin])
            by_day = {days: table.cut(first, last) for days, table in tables.items()}
            yield first, _block_values(plan, some, block, scenarios, by_day)


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
    tables: dict[float, AmericanTables],
) -> FloatArray:
    count = len(scenarios)
    passed = scenarios.days_passed()
    distinct = np.unique(passed).tolist()
    if len(distinct) == 1:
        values = _tabled(plan, options, columns, tables[distinct[0]])[:, :count]
    else:
        values = np.empty((len(options.names), count))
        for days in distinct:
            here = np.flatnonzero(passed == days)
            values[:, here] = _tabled(plan, options, of_scenarios(columns, here), tables[days])[:, : here.size]
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
    """Cells that are nan, by the pricing function."""
    lacking = np.isnan(values)
    terms = cell_terms(plan, options, columns, 0)
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


def _range(values: FloatArray, today: float) -> tuple[float, float]:
    """Smallest and largest, what is today among them."""
    return float(values.min(initial=today)), float(values.max(initial=today))
