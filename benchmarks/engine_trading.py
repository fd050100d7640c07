"""The whole path of an order: gate, match, ledger and events, in memory and on disk.

The feed answers at once from two numbers, so that none of its work is in the figures: sixteen options, quoted anew each
millisecond, with more displayed than is ever taken. Orders go one at a time through `services.trading.place`, as every
face sends them: a market order to buy one contract, then one to sell it, so that the book stays small; or a limit order
far from the market, which rests and is cancelled by the next act. An immediate order that is filled is two records (its
intent, and its end with fill and trade) in two transactions. The same orders a hundred at a time, through
`services.batches.place_many`, are one record and one transaction. Each stretch is run three times on a log of its own.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.measure import Figure
from optionix_core.errors import MissingDataError
from optionix_core.market import products, symbols
from optionix_core.market.clock import ManualClock
from optionix_core.market.instruments import Instrument
from optionix_core.market.products import NICKEL_DIME, Product
from optionix_core.market.protocols import FeedState, Matters, UnderlyingInfo, everything
from optionix_core.market.quote import Quote
from optionix_core.services import batches, orders, trading
from optionix_core.services.batches import Ordered
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.storage import open_store
from optionix_core.sync.event import EventStore
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading.batch_records import MAXIMUM_ORDERS
from optionix_core.trading.orders import TimeInForce

START = datetime(2026, 3, 10, 15, tzinfo=UTC)
EXPIRES_AT = datetime(2026, 6, 19, 20, tzinfo=UTC)
SYMBOLS = tuple(f"BENCHX260619C{100_000 + 1000 * number:08d}" for number in range(16))
MEMORY_GOAL, BATCH_GOAL, DURABLE_GOAL, MEDIAN_GOAL = 10_000.0, 25_000.0, 5_000.0, 150.0
ORDERS, DURABLE, BATCH = 2_000, 100, 100


class TwoNumbers:
    """A feed whose every option is offered at 1.05 and bid at 1.00."""

    name, state, stale_after = "benchmark", FeedState.SIMULATED, timedelta(seconds=5)

    def __init__(self) -> None:
        products.register(
            Product(
                "BENCHX", "BENCHX", exercise="european", multiplier=Decimal(100), tick=NICKEL_DIME, cash_settled=True
            )
        )
        self._instruments = {symbol: _instrument(symbol) for symbol in SYMBOLS}

    def underlyings(self) -> tuple[UnderlyingInfo, ...]:
        """One."""
        return (UnderlyingInfo("BENCHX", "Benchmark", "USD", "for benchmarks"),)

    def is_open(self, _moment: datetime) -> bool:
        """Always."""
        return True

    def spot(self, underlying: str, moment: datetime) -> Quote:
        """Stands still."""
        return Quote(underlying, self.name, moment, moment, last=100.0)

    def instrument(self, symbol: str) -> Instrument:
        """One of the sixteen."""
        return self._instruments[symbol]

    def quote(self, symbol: str, moment: datetime) -> Quote:
        """Made at the moment."""
        return Quote(symbol, self.name, moment, moment, bid=1.0, ask=1.05, bid_size=1000, ask_size=1000)

    def quotes_between(
        self, _symbol: str, _after: datetime, _until: datetime, _matters: Matters = everything
    ) -> Iterator[Quote]:
        """None that matters: what rests here is far from the market."""
        return iter(())

    def session_close(self, moment: datetime) -> datetime:
        """The end of the day."""
        return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)

    def day_change(self, _underlying: str, _moment: datetime) -> float | None:
        """Unknown."""
        return None

    def expiries(self, _underlying: str, _moment: datetime) -> tuple[tuple[date, str], ...]:
        """One."""
        return ((EXPIRES_AT.date(), "BENCHX"),)

    def chain(self, *_asked: object) -> Any:
        """None."""
        raise MissingDataError("the benchmark has no chains")

    def history(self, *_asked: object) -> Any:
        """None."""
        raise MissingDataError("the benchmark has no history")


class _Run(NamedTuple):
    rate: float
    """Orders a second."""
    median_us: float
    p99_us: float


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Orders a second, and how long one waits for its answer."""
    taken, rested, batched = _in_memory(_take), _in_memory(_rest), _in_memory(_take_many(BATCH), BATCH)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = open_store(Path(folder) / "single")
        durable = _run(store, DURABLE, _take, time.perf_counter)
        store.close()
        grouped, largest = (_on_disk(Path(folder), size) for size in (BATCH, MAXIMUM_ORDERS))
    note = f"p99 {taken.p99_us:,.0f} us"
    of_batch = f"{BATCH} orders a record, median {batched.median_us / 1e3:,.1f} ms"
    return [
        Figure(
            "orders filled, one at a time, in memory (CPU)",
            taken.rate,
            "orders/s",
            MEMORY_GOAL,
            note,
            larger_is_better=True,
        ),
        Figure("their acknowledgement, median", taken.median_us, "us", MEDIAN_GOAL, note),
        Figure(
            "orders rested or cancelled, in memory (CPU)", rested.rate, "orders/s", None, f"p99 {rested.p99_us:,.0f} us"
        ),
        Figure(
            "orders filled, by batches of 100, in memory (CPU)",
            batched.rate,
            "orders/s",
            BATCH_GOAL,
            of_batch,
            larger_is_better=True,
        ),
        Figure(
            "orders filled, one at a time, durable",
            durable.rate,
            "orders/s",
            None,
            f"median {durable.median_us:,.0f} us",
        ),
        Figure(
            "orders filled, by batches of 100, durable",
            grouped.rate,
            "orders/s",
            None,
            f"{BATCH} orders a commit, median {grouped.median_us / 1e3:,.1f} ms",
        ),
        Figure(
            "orders filled, by the largest batches, durable",
            largest.rate,
            "orders/s",
            DURABLE_GOAL,
            f"{MAXIMUM_ORDERS:,} orders a commit, median {largest.median_us / 1e3:,.1f} ms",
            larger_is_better=True,
        ),
    ]


def _instrument(symbol: str) -> Instrument:
    terms = symbols.terms(symbol)
    return Instrument(
        symbol=symbol,
        root=terms.root,
        underlying=terms.root,
        expiry=terms.expiry,
        expires_at=EXPIRES_AT,
        option_type=terms.option_type,
        strike=terms.strike,
        multiplier=Decimal(100),
        currency="USD",
        exercise="european",
        settlement="PM",
        tick=Decimal("0.05"),
    )


def _take(workspace: Workspace, number: int) -> None:
    side = "sell" if number % 2 else "buy"
    trading.place(workspace, OrderTerms(side, 1, SYMBOLS[number // 2 % len(SYMBOLS)]), f"o{number}")


def _rest(workspace: Workspace, number: int) -> None:
    if number % 2:
        orders.cancel(workspace, f"o{number - 1}")
    else:
        terms = OrderTerms("buy", 1, SYMBOLS[number // 2 % len(SYMBOLS)], Decimal("0.05"), TimeInForce.GTC)
        trading.place(workspace, terms, f"o{number}")


def _take_many(size: int) -> Callable[[Workspace, int], None]:
    def act(workspace: Workspace, number: int) -> None:
        first = number * size
        wanted = [
            Ordered(OrderTerms("sell" if each % 2 else "buy", 1, SYMBOLS[each // 2 % len(SYMBOLS)]), f"o{each}")
            for each in range(first, first + size)
        ]
        batches.place_many(workspace, wanted, f"b{number}")

    return act


def _in_memory(act: Callable[[Workspace, int], None], orders_an_act: int = 1) -> _Run:
    count = ORDERS // orders_an_act
    _run(MemoryEventStore(), max(2, count // 10), act, time.process_time)
    return sorted(_run(MemoryEventStore(), count, act, time.process_time, orders_an_act) for _ in range(3))[1]


def _on_disk(folder: Path, size: int) -> _Run:
    def once(turn: int) -> _Run:
        store = open_store(folder / f"{size}-{turn}")
        found = _run(store, 2 * ORDERS // size, _take_many(size), time.perf_counter, size)
        store.close()
        return found

    return sorted(map(once, range(3)))[1]


def _run(
    store: EventStore,
    count: int,
    act: Callable[[Workspace, int], None],
    timer: Callable[[], float],
    orders_an_act: int = 1,
) -> _Run:
    clock, waits = ManualClock(START), []
    workspace = Workspace(HomeFolders.of(Path("unused")), store=store, feed=TwoNumbers(), clock=clock)
    started = timer()
    for number in range(count):
        clock.moment = START + number * orders_an_act * timedelta(milliseconds=1)
        asked = time.perf_counter()
        act(workspace, number)
        waits.append(time.perf_counter() - asked)
    rate = count * orders_an_act / (timer() - started)
    waits.sort()
    return _Run(rate, median(waits) * 1e6, waits[count * 99 // 100] * 1e6)
