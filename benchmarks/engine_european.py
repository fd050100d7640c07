"""European prices, Greeks and implied volatilities on one thread, beside the limit of C and other libraries.

Rates are rows per second of CPU, medians of runs that alternate between ours and the limit, so that both see the same
machine. Each of ours has its error beside it, against 40 digits on some rows.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np

from benchmarks import c_limit
from benchmarks.measure import Figure, cpu_of_call
from benchmarks.peers import european
from optionix_core.pricing import _threads, black_scholes
from optionix_core.pricing.implied_volatility import implied_volatility

COUNT = 1_000_000
CHECKED = 400
"""Rows that are computed at 40 digits too."""
PEER_COUNT = 200_000
RUNS = 7


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Ours, the limit, and the peers that are installed."""
    columns = _chain(COUNT)
    with mock.patch.object(_threads, "processors", return_value=1):
        rows = [*_ours(columns), *_peers(tuple(column[:PEER_COUNT] for column in columns))]
    return [*rows, _both_threads(columns)]


def _chain(count: int) -> tuple[Any, ...]:
    draw = np.random.default_rng(7).uniform
    return (
        np.where(draw(0, 1, count) < 0.5, 1.0, -1.0),
        draw(80, 120, count),
        draw(60, 160, count),
        draw(0.02, 3, count),
        draw(0, 0.06, count),
        draw(0, 0.04, count),
        draw(0.08, 0.9, count),
    )


def _ours(columns: tuple[Any, ...]) -> list[Figure]:
    out, table = np.empty(COUNT), np.empty((10, COUNT))
    market, names = columns[:-1], c_limit.GREEKS
    price = black_scholes.price(*columns)
    solvable = price > 1e-6
    quoted = tuple(column[solvable] for column in (columns[0], price, *market[1:]))
    true = columns[-1][solvable]
    with tempfile.TemporaryDirectory() as folder:
        limit = c_limit.compiled(Path(folder))
        jobs: dict[str, Callable[[], object]] = {
            "price, out=": lambda: black_scholes.price(*columns, out=out),
            "price, allocating": lambda: black_scholes.price(*columns),
            "price and 9 Greeks, out=": lambda: black_scholes.greeks(*columns, names=names, out=table),
            "price and 9 Greeks, allocating": lambda: black_scholes.greeks(*columns, names=names),
            "implied volatility": lambda: implied_volatility(*quoted),
        }
        if limit is not None:
            c_out, c_table = np.empty(COUNT), np.empty((10, COUNT))
            jobs["C price"] = lambda: limit[0](columns, c_out)
            jobs["C greeks"] = lambda: limit[1](columns, c_table)
        rates = _rates(jobs)
    rates["implied volatility"] *= true.size / COUNT
    error = f"error {_price_error(columns, price):.1e} of max(spot, strike)"
    greek_error = f"worst Greek {_greek_error(columns, table):.1e} of its own or typical size"
    ratio, greek_ratio = rates["price, out="], rates["price and 9 Greeks, out="]
    rows = [
        _figure("price, out=", rates, 45.0, error),
        _figure("price, allocating", rates, None, error),
        _figure("price and 9 Greeks, out=", rates, 24.0, greek_error),
        _figure("price and 9 Greeks, allocating", rates, None, greek_error),
        _figure("implied volatility", rates, 8.0, _volatility_error(quoted, true)),
    ]
    if limit is None:
        rows[0] = Figure(**{**vars(rows[0]), "note": rows[0].note + "; no C compiler with vector mathematics here"})
        return rows
    return [
        *rows,
        Figure("price, limit of C", rates["C price"], "M/s", note="same arrays, no argument checks"),
        Figure("price and 9 Greeks, limit of C", rates["C greeks"], "M/s", note="same arrays, no argument checks"),
        Figure("price, of the limit", ratio / rates["C price"], "x", 0.85, larger_is_better=True),
        Figure("price and 9 Greeks, of the limit", greek_ratio / rates["C greeks"], "x", 0.7, larger_is_better=True),
    ]


def _figure(name: str, rates: dict[str, float], budget: float | None, note: str) -> Figure:
    return Figure(name, rates[name], "M/s", budget, note, larger_is_better=True)


def _rates(jobs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Millions of rows a second of CPU for each job, all of them run in turn."""
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for run in range(RUNS + 1):
        for name, job in jobs.items():
            started = time.process_time()
            job()
            if run:
                taken[name].append(time.process_time() - started)
    return {name: COUNT / median(times) / 1e6 for name, times in taken.items()}


def _peers(columns: tuple[Any, ...]) -> list[Figure]:
    rows = []
    for peer in european():
        some = tuple(column[: peer.most] for column in columns)
        quoted = (some[0], black_scholes.price(*some), *some[1:-1])
        jobs = [("price", peer.price, some)]
        if peer.greeks is not None:
            jobs.append((f"price and {peer.greek_count} Greeks", peer.greeks, some))
        if peer.implied is not None:
            jobs.append(("implied volatility", peer.implied, quoted))
        for name, call, arguments in jobs:
            seconds = cpu_of_call(lambda call=call, arguments=arguments: call(*arguments), runs=3)  # type: ignore[misc]
            rows.append(Figure(f"{name}, {peer.name}", some[0].size / seconds / 1e6, "M/s"))
    return rows


def _both_threads(columns: tuple[Any, ...]) -> Figure:
    """Wall time, which needs a machine without other work."""
    out = np.empty(COUNT)
    walls: dict[int, list[float]] = {1: [], 2: []}
    black_scholes.price(*columns, out=out)
    for _ in range(3 * RUNS):
        for workers, taken in walls.items():
            with mock.patch.object(_threads, "processors", return_value=workers):
                started = time.perf_counter()
                black_scholes.price(*columns, out=out)
                taken.append(time.perf_counter() - started)
    gain = min(walls[1]) / min(walls[2])
    return Figure("price, two threads against one", gain, "x wall", 1.7, "best of many", larger_is_better=True)


def _some(count: int) -> Any:
    return np.random.default_rng(11).integers(0, count, CHECKED)


def _price_error(columns: tuple[Any, ...], price: Any) -> float:
    import mpmath as mp

    worst = 0.0
    with mp.workdps(40):
        for row in _some(price.size):
            w, s, k, t, r, q, v = (mp.mpf(float(column[row])) for column in columns)
            exact = _exact(w, s, k, t, r, q, v)["price"]
            worst = max(worst, float(abs(mp.mpf(float(price[row])) - exact) / max(s, k)))
    return worst


def _greek_error(columns: tuple[Any, ...], table: Any) -> float:
    import mpmath as mp

    rows = _some(table.shape[1])
    worst = 0.0
    with mp.workdps(40):
        exact = [_exact(*(mp.mpf(float(column[row])) for column in columns)) for row in rows]
        for place, name in enumerate(c_limit.GREEKS, start=1):
            typical = median(abs(one[name]) for one in exact)
            for row, one in zip(rows, exact, strict=True):
                miss = abs(mp.mpf(float(table[place, row])) - one[name]) / max(abs(one[name]), typical)
                worst = max(worst, float(miss))
    return worst


def _exact(w: Any, s: Any, k: Any, t: Any, r: Any, q: Any, v: Any) -> dict[str, Any]:
    import mpmath as mp

    root = mp.sqrt(t)
    d1 = (mp.log(s / k) + (r - q) * t) / (v * root) + v * root / 2
    d2 = d1 - v * root
    per_asset, asset, cash, bell = mp.exp(-q * t), s * mp.exp(-q * t), k * mp.exp(-r * t), mp.npdf(d1)
    in_asset, in_cash = w * mp.ncdf(w * d1), w * mp.ncdf(w * d2)
    return {
        "price": asset * in_asset - cash * in_cash,
        "delta": per_asset * in_asset,
        "gamma": per_asset * bell / (s * v * root),
        "vega": asset * bell * root,
        "theta": q * asset * in_asset - r * cash * in_cash - asset * bell * v / (2 * root),
        "rho": t * cash * in_cash,
        "epsilon": -t * asset * in_asset,
        "vanna": -per_asset * bell * d2 / v,
        "volga": asset * bell * root * d1 * d2 / v,
        "charm": q * per_asset * in_asset - per_asset * bell * ((r - q) / (v * root) - d2 / (2 * t)),
    }


def _volatility_error(quoted: tuple[Any, ...], true: Any) -> str:
    """Against what rounding of the price and of the forward leaves determined; prices rounded from 40 digits."""
    import mpmath as mp

    worst = 0.0
    rows = _some(true.size)
    with mp.workdps(40):
        market = [[float(quoted[0][row]), *(float(column[row]) for column in quoted[2:])] for row in rows]
        exact = [_exact(*map(mp.mpf, one), mp.mpf(float(v))) for one, v in zip(market, true[rows], strict=True)]
        prices = np.array([float(one["price"]) for one in exact])
        found = implied_volatility(quoted[0][rows], prices, *(column[rows] for column in quoted[2:]))
        for one, greeks, v, price, got in zip(market, exact, true[rows], prices, found, strict=True):
            forward = one[1] * math.exp((one[4] - one[5]) * one[3])
            by_price = math.ulp(price) / 2
            by_forward = math.exp(-one[4] * one[3]) * float(abs(greeks["delta"])) * math.ulp(forward) / 2
            attainable = max(float((by_price + by_forward) / greeks["vega"]) / v, 2.2e-16)
            worst = max(worst, abs(got / v - 1.0) / attainable)
    return f"error {worst:.1f} times what rounding of price and forward leaves (at most 4)"
