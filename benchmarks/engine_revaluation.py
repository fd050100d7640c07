"""A book revalued in 10,000 scenarios, with errors against direct prices, peak memory, and a book on two Dask workers.

1,000 options on two underlyings, one week to two years, strikes 60% to 150% of the spot; spots and volatilities move
(daily deviations of 2% and 8%), and rates where the name says so. Wall budgets are those of two idle cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.market.curves import DiscountCurve
from optionix_core.market.snapshot import Market
from optionix_core.pricing import american, black_scholes
from optionix_core.pricing.dividends import CashDividends
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.pnl_matrix import PnlMatrix
from optionix_core.risk.revaluation import revalue
from optionix_core.risk.scenario_builders import from_moves
from optionix_core.risk.scenarios import ScenarioSet

NOON = datetime(2026, 1, 5, 17, tzinfo=UTC)
MARKET = Market(
    as_of=NOON,
    spots={"ORBIT": 100.0, "COMET": 50.0},
    discount_curves={"USD": DiscountCurve(np.array([0.25, 2.0]), np.exp([-0.0075, -0.08]))},
)
YIELDS = {"ORBIT": 0.01, "COMET": 0.03}
DIVIDENDS = CashDividends(tuple(0.08 + 0.25 * place for place in range(8)), (0.5,) * 8)
POSITIONS, SCENARIOS, CHECKED = 1_000, 10_000, 2_000
PAYING = 100
MANY, FEWER = 100_000, 1_000

RUNS = 5
PEAK = """
import json, sys
from benchmarks.engine_revaluation import book_of, moves, peak_of_process
from optionix_core.risk.revaluation import revalue
before = peak_of_process()
matrix = revalue(book_of(sys.argv[1], {positions}), moves({scenarios}))
assert matrix.values.shape == ({positions}, {scenarios})
print(json.dumps([before, peak_of_process()]))
"""


def peak_of_process() -> float:
    """Largest resident size since the process began, MB; nan where the system does not tell it by /proc."""
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return float("nan")
    return next(float(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:"))


def book_of(kind: str, count: int, seed: int = 3) -> RiskBook:
    """Options of one style."""
    draw = np.random.default_rng(seed)
    names = draw.choice(["ORBIT", "COMET"], count).tolist()
    ratios, volatilities = draw.uniform(0.6, 1.5, count), draw.uniform(0.12, 0.6, count).tolist()
    days = draw.choice([7.0, 30.0, 60.0, 91.0, 182.0, 365.0, 730.0], count).tolist()
    strikes = np.round(ratios * [MARKET.spots[name] for name in names], 1).tolist()
    units = draw.integers(-20, 21, count).tolist()
    positions = tuple(
        Position(
            id=f"P{row}",
            underlying=names[row],
            quantity=float(units[row] or 1),
            multiplier=100.0,
            kind=PositionKind(kind),
            option_type="call" if row % 2 else "put",  # type: ignore[arg-type]
            strike=strikes[row],
            expiry=NOON + timedelta(days=days[row]),
            volatility=volatilities[row],
        )
        for row in range(count)
    )
    currencies = dict.fromkeys(MARKET.spots, "USD")
    return RiskBook(
        positions=positions, market=MARKET, currencies=currencies, reporting_currency="USD", dividend_yields=YIELDS
    )


def moves(count: int, *, rates: bool = False) -> ScenarioSet:
    """Lognormal moves of a day, fixed seed."""
    draw = np.random.default_rng(7)
    return from_moves(
        [f"move {row}" for row in range(count)],
        {name: np.expm1(0.02 * draw.standard_normal(count)) for name in MARKET.spots},
        volatility_returns={name: np.expm1(0.08 * draw.standard_normal(count)) for name in MARKET.spots},
        rate_changes={"USD": 0.0005 * draw.standard_normal(count)} if rates else None,
    )


def figures(environment: dict[str, str]) -> list[Figure]:
    """The book by style, the trade alone, memory, and Dask where it is installed."""
    european, early, scenarios = book_of("european", POSITIONS), book_of("american", POSITIONS), moves(SCENARIOS)
    moved = moves(SCENARIOS, rates=True)
    size = f"{POSITIONS:,} x {SCENARIOS:,}"
    rows = _timed(f"European, {size}", lambda: revalue(european, scenarios), _errors(european, scenarios), 0.3)
    rows += _priced_one_by_one(european, scenarios)
    rows += _timed(f"European, rates too, {size}", lambda: revalue(european, moved), _errors(european, moved))
    rows += _timed(f"American, {size}", lambda: revalue(early, scenarios), _errors(early, scenarios), 2.0)
    rows += _timed(f"American, rates too, {size}", lambda: revalue(early, moved), _errors(early, moved))
    paying = replace(book_of("american", PAYING), dividends=dict.fromkeys(MARKET.spots, DIVIDENDS))
    name = f"American with dividends, {PAYING} x {SCENARIOS:,}"
    error = f"tables {revalue(paying, scenarios).grid_error:.1e} of the strike"
    rows.append(Figure(name, cpu_of_call(lambda: revalue(paying, scenarios), 3), "s CPU", note=error))
    for name, held in (("European", european), ("American", early)):
        alone = held.with_positions(held.positions[4:5])
        rows.append(_what_if(name, alone, scenarios))
    for kind in ("european", "american"):
        rows.append(_peak(kind, environment))
    return rows + _on_dask()


def _timed(name: str, job: Callable[[], object], note: str, budget: float | None = None) -> list[Figure]:
    cpu, walls = cpu_of_call(job, RUNS), []
    for _ in range(RUNS):
        started = time.perf_counter()
        job()
        walls.append(time.perf_counter() - started)
    return [Figure(name, min(walls), "s wall", budget, note), Figure(f"{name}, all threads", cpu, "s CPU")]


def _what_if(name: str, alone: RiskBook, scenarios: ScenarioSet) -> Figure:
    seconds = cpu_of_call(lambda: revalue(alone, scenarios), RUNS)
    return Figure(f"one {name} trade more or less, its row", seconds * 1e3, "ms CPU", 10.0)


def _market_of_cells(book: RiskBook, scenarios: ScenarioSet, rows: Any, columns: Any) -> list[Any]:
    """Arguments of the pricing functions for cells (rows, columns)."""
    held = [book.positions[row] for row in rows]
    years = np.array([book.years(one) for one in held])
    spots, volatilities = np.empty(len(held)), np.empty(len(held))
    for name in MARKET.spots:
        here = np.flatnonzero([one.underlying == name for one in held])
        spots[here] = MARKET.spots[name] * (1.0 + scenarios.spot_return(name)[columns[here]])
        moved = scenarios.shocks(name).volatility_return
        volatilities[here] = np.array([held[place].volatility for place in here]) * (1.0 + moved[columns[here]])
    rates = np.array([book.rate(one.underlying, left) for one, left in zip(held, years.tolist(), strict=True)])
    return [
        np.array([int(one.option_type or 0) for one in held]),
        spots,
        np.array([one.strike for one in held]),
        years,
        rates + scenarios.rate_change("USD", 0.0)[columns],
        np.array([YIELDS[one.underlying] for one in held]),
        volatilities,
    ]


def _errors(book: RiskBook, scenarios: ScenarioSet) -> str:
    """Of prices over the larger of strike and spot, in random cells."""
    draw = np.random.default_rng(1)
    rows, columns = draw.integers(0, POSITIONS, CHECKED), draw.integers(0, SCENARIOS, CHECKED)
    matrix = revalue(book, scenarios)
    cells = _market_of_cells(book, scenarios, rows, columns)
    direct = (
        american.price(*cells, accuracy="high")
        if book.positions[0].kind is PositionKind.AMERICAN
        else black_scholes.price(*cells)
    )
    units = np.array([book.positions[row].units for row in rows])
    found = (matrix.values[rows, columns] + matrix.base[rows]) / units
    errors = np.abs(found - direct) / np.maximum(cells[1], cells[2])
    table = f", tables {matrix.grid_error:.1e}" if matrix.grid_error else ""
    return f"error over strike: rmse {np.sqrt(np.mean(errors**2)):.1e}, worst {errors.max():.1e}{table}"


def _priced_one_by_one(book: RiskBook, scenarios: ScenarioSet) -> list[Figure]:
    """The same number of prices from arrays of every argument, made before the clock starts."""
    columns = np.arange(SCENARIOS)
    cells = [_market_of_cells(book, scenarios, np.full(SCENARIOS, row), columns) for row in range(POSITIONS // 10)]
    whole = [np.concatenate(column) for column in zip(*cells, strict=True)]
    out = np.empty(len(whole[0]))
    seconds = cpu_of_call(lambda: black_scholes.price(*whole, out=out), RUNS)
    return [Figure("the same prices by black_scholes.price", 10.0 * seconds, "s CPU", note="a tenth of them, times 10")]


def _peak(kind: str, environment: dict[str, str]) -> Figure:
    """Of a fresh process that imports, plans and revalues."""
    code = PEAK.format(positions=POSITIONS, scenarios=SCENARIOS)
    done = subprocess.run(
        [sys.executable, "-c", code, kind], env=environment, capture_output=True, check=True, text=True
    )
    before, peak = json.loads(done.stdout)
    note = f"{before:.0f} MB of them before, {8 * POSITIONS * SCENARIOS / 1e6:.0f} MB the matrix"
    return Figure(f"{kind.capitalize()}, peak memory of a process", peak, "MB", 300.0, note)


def _on_dask() -> list[Figure]:
    """100,000 positions x 1,000 scenarios on two workers of a cluster of this machine, beside threads."""
    try:
        import distributed
    except ImportError:
        return []
    from optionix_core.risk.dask_executor import DaskExecutor

    book, scenarios = book_of("european", MANY), moves(FEWER)
    name = f"{MANY:,} x {FEWER:,}"
    started = time.perf_counter()
    here: PnlMatrix = revalue(book, scenarios)
    threads = time.perf_counter() - started
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit="1GB",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = DaskExecutor(cluster.scheduler_address)
        started = time.perf_counter()
        there = revalue(book, scenarios, executor)
        seconds = time.perf_counter() - started
        peak = max(client.run(peak_of_process).values())
    same = "the same bits" if np.array_equal(here.values, there.values) else "OTHER BITS"
    rows = f"{len(here.rows)} rows by underlying and expiry"
    return [
        Figure(f"{name}, threads", threads, "s wall", note=rows),
        Figure(f"{name}, two Dask workers", seconds, "s wall", note=same),
        Figure("peak memory of a worker", peak, "MB", 1000.0, "two workers limited to 1 GB each"),
    ]
