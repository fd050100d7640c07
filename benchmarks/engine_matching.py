"""The kernel of the books on a stream of messages: CPU time of its calls, everything checked beforehand.

The mix: of 100 messages 60 are new limit orders that rest within 40 ticks of the touch (as many of either side, most
near it), 30 are cancels, 10 are aggressive orders, half of them limits through the touch, half market orders, for 1 to
40 lots against orders of 1 to 20. Each stream meets about 100,000 working orders. Cancels fall on young orders (age
geometric, 2,000 orders in the mean), as most do; a row where they fall on any of the 100,000 shows what a cold memory
costs. One row has a single instrument with prices up to 2^30 ticks apart, so that nearly every order has its own level.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import numpy as np

from benchmarks.measure import Figure
from optionix_core.trading.matching import messages as m
from optionix_core.trading.matching import state as states
from optionix_core.trading.matching._book_kernels import KERNELS
from optionix_core.trading.matching.books import Books
from optionix_core.trading.matching.layout import EVENT_ROW, EVENTS, FILL, NEEDS_ROWS, STOP, Phase

MESSAGES = 500_000
GOAL = 5.0
MIDDLE = 5_000


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Millions of messages a second, and the price of one message alone."""
    rows: list[Figure] = []
    for name, books, spread, young, goal in (
        ("64 books", 64, 40, True, GOAL),
        ("64 books, cancels of any age", 64, 40, False, None),
        ("one book, prices to 2^30 apart", 1, 2**30, True, None),
    ):
        rate, note = _rate(books, spread, young=young)
        rows.append(Figure(name, rate, "M msg/s CPU", goal, note, larger_is_better=True))
    rows.append(Figure("one message through Books.submit", _alone(), "us CPU"))
    return rows


def stream(books: int, spread: int, working: int, count: int, seed: int, *, young: bool) -> Any:
    """Rows: `working` orders to begin with, then `count` messages of the mix."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((working + count, 12), dtype=np.int64)
    kind = np.append(np.zeros(working, dtype=np.int64), rng.choice(3, count, p=[0.6, 0.3, 0.1]))
    size = len(rows)
    side = rng.choice([-1, 1], size)
    away = 1 + np.floor(spread * rng.random(size) ** 2).astype(np.int64)
    rows[:, 1] = np.arange(size)
    rows[:, 2] = rng.integers(0, books, size)
    rows[:, 3] = np.arange(1, size + 1)
    rows[:, 4] = side
    rows[:, 5] = MIDDLE - side * away
    rows[:, 6] = rng.integers(1, 21, size)
    rows[:, 0] = m.LIMIT
    taking = np.flatnonzero(kind == 2)
    half = taking[::2]
    rows[taking, 6] = rng.integers(1, 41, taking.size)
    rows[half, 5] = MIDDLE + side[half] * 2
    rows[taking[1::2], 0] = m.MARKET
    rows[taking[1::2], 5] = 0
    alive = list(np.flatnonzero(kind[:working] == 0))
    for i in range(working, size):
        if kind[i] == 0:
            alive.append(i)
        elif kind[i] == 1:
            age = int(rng.geometric(1 / 2000)) if young else int(rng.integers(1, len(alive)))
            one = alive.pop(-min(age, len(alive)))
            rows[i] = m.cancel(int(rows[one, 2]), int(rows[one, 3]), i)
    return rows


def _rate(books: int, spread: int, *, young: bool) -> tuple[float, str]:
    """The kernel's calls alone; between them events are let go, and rows made where the books want more."""
    working = 100_000
    rows = stream(books, spread, working, MESSAGES, seed=7, young=young)
    begun = Books(books)
    begun.submit([m.phase(book, Phase.OPEN, 0) for book in range(books)])
    begun.submit(rows[:working])
    kernel, flat, rates = KERNELS.load("submit"), rows.reshape(-1), []
    events = np.zeros((4 * working // books + 4096) * EVENT_ROW, dtype=np.int64)
    for _ in range(3):
        state, done, taken, filled = begun.copy()._state, working, 0.0, 0  # noqa: SLF001 - the kernel alone is measured
        while done < len(rows):
            started = time.process_time()
            done = kernel(flat, done, len(rows), state, events)
            taken += time.process_time() - started
            told = events.reshape(-1, EVENT_ROW)[: int(state[EVENTS])]
            filled += int((told[:, 0] == FILL).sum())
            state[EVENTS] = 0
            if state[STOP] == NEEDS_ROWS:
                state = states.grown(state)
        rates.append(MESSAGES / taken / 1e6)
    return median(rates), f"{filled} fills, {len(states.working_orders(state))} orders left working"


def _alone() -> float:
    books = Books(1)
    books.submit([m.phase(0, Phase.OPEN, 0)])
    started = time.process_time()
    for number in range(1, 10_001):
        books.submit([m.limit(0, number, 1, 100 - number % 7, 1, number)])
    return (time.process_time() - started) / 10_000 * 1e6
