"""Values of American options in scenarios: from their tables, and the cells that are priced directly.

Few scenarios, rates that change sign and changes of dividends have no table (`american_jobs`): every cell is then
priced by `pricing.american`, each payment at its own date.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import american
from optionix_core.pricing._american_cases import NO_RATE
from optionix_core.pricing._american_series import has_any
from optionix_core.pricing.dividends import CashDividends, ProportionalDividends
from optionix_core.pricing.status import InputFault
from optionix_core.risk._exact_cells import BAD_VOLATILITY
from optionix_core.risk._kernels import KERNELS
from optionix_core.risk.american_jobs import Part, cut_options, free_tables, partition
from optionix_core.risk.american_tables import AmericanTables
from optionix_core.risk.cell_errors import CellTerms, cell_error, cell_terms
from optionix_core.risk.plan import SIGN, STRIKE, OptionGroups, UnderlyingPlan
from optionix_core.risk.scenario_columns import GroupColumns, of_group, of_scenarios

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.risk.scenarios import ScenarioSet

    FloatArray = NDArray[np.float64]

Payments = CashDividends | ProportionalDividends | None
"""What is still to be paid."""
AT_ONCE = 64
"""Options that are valued in one call, so that their values stay in the cache."""


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
