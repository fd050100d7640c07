"""Margin by every regime: 500 positions on 50 underlyings, as an account of named strategies holds them.

Verticals, condors, straddles, strangles, calendars, butterflies, covered calls, collars and single options at random
strikes and six expiries, one to ten units each; prices are at 35% volatility, so that volatilities are solved from
them. A second book holds the same number of options whose strikes, expiries and signs are all at random, which nobody
holds and which is hard to pair.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

from benchmarks.measure import Figure
from optionix_core.market.option_type import OptionType
from optionix_core.pricing import black_scholes
from optionix_core.risk.margin import MarginBook, MarginClass, MarginPosition, compare, strategy_based

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
EXPIRIES = tuple(NOW + timedelta(days=days) for days in (18, 46, 74, 109, 200, 320))
GOAL_MS = 200.0
SHAPES = {
    "vertical": [("call", 1, 1), ("call", 2, -1)],
    "credit": [("put", -1, -1), ("put", -2, 1)],
    "condor": [("put", -3, 1), ("put", -1, -1), ("call", 1, -1), ("call", 3, 1)],
    "straddle": [("put", 0, -1), ("call", 0, -1)],
    "strangle": [("put", -2, -1), ("call", 2, -1)],
    "butterfly": [("call", -1, 1), ("call", 0, -2), ("call", 1, 1)],
    "covered": [("stock", 0, 100), ("call", 1, -1)],
    "collar": [("stock", 0, 100), ("call", 2, -1), ("put", -2, 1)],
    "calendar": [("call", 0, -1), ("call later", 0, 1)],
    "long": [("put", -1, 1)],
}

Key = tuple[int, str, float, int]


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Milliseconds of CPU, medians."""
    held, mixed = strategies(500, 50, 3), at_random(500, 25, 3)
    compare(held)
    every, paired, hard = (
        _median(lambda: compare(held)),
        _median(lambda: strategy_based(held)),
        _median(lambda: strategy_based(mixed), 3),
    )
    exact = "exact" if strategy_based(held).exact else "bound told"
    other = "exact" if strategy_based(mixed).exact else "bound told"
    return [
        Figure("all regimes of 500 positions (CPU)", every, "ms", GOAL_MS, "50 underlyings"),
        Figure("their pairing alone", paired, "ms", None, exact),
        Figure("pairing of 500 options all at random", hard, "ms", None, f"25 underlyings, {other}"),
    ]


def strategies(count: int, underlyings: int, seed: int) -> MarginBook:
    """At least `count` positions in named strategies."""
    draw = random.Random(seed)
    spots = [round(draw.uniform(20, 400), 2) for _ in range(underlyings)]
    held: dict[Key, int] = {}
    while sum(1 for quantity in held.values() if quantity) < count:
        place = draw.randrange(underlyings)
        width = 2.5 if spots[place] < 100 else 5.0 if spots[place] < 250 else 10.0
        middle = round(spots[place] / width) * width
        units, (near, far) = draw.randint(1, 10), sorted(draw.sample(range(len(EXPIRIES)), 2))
        for kind, away, ratio in draw.choice(list(SHAPES.values())):
            stock = kind == "stock"
            strike, expiry = (0.0, 0) if stock else (middle + away * width, far if kind.endswith("later") else near)
            key = (place, kind.split()[0], strike, expiry)
            held[key] = held.get(key, 0) + ratio * units
    return _book(held, spots)


def at_random(count: int, underlyings: int, seed: int) -> MarginBook:
    """Options with nothing in common."""
    draw = random.Random(seed)
    spots = [round(draw.uniform(20, 400), 2) for _ in range(underlyings)]
    held: dict[Key, int] = {}
    while len(held) < count:
        place = draw.randrange(underlyings)
        strike = round(spots[place] * draw.uniform(0.7, 1.3) / 5 + 1) * 5.0
        key = (place, draw.choice(["call", "put"]), strike, draw.randrange(len(EXPIRIES)))
        held[key] = draw.choice([-1, 1]) * draw.randint(1, 10)
    return _book(held, spots)


def _book(held: dict[Key, int], spots: list[float]) -> MarginBook:
    positions = []
    for (place, kind, strike, expiry), quantity in held.items():
        if not quantity:
            continue
        option = kind != "stock"
        years = (EXPIRIES[expiry] - NOW).days / 365.0
        price = black_scholes.price(kind, spots[place], strike, years, 0.0, 0.0, 0.35) if option else None
        positions.append(
            MarginPosition(
                id=f"{place} {kind} {strike} {expiry}",
                underlying=f"U{place}",
                underlying_price=spots[place],
                quantity=quantity,
                option_type=OptionType.of(kind) if option else None,
                strike=strike if option else None,
                expiry=EXPIRIES[expiry] if option else None,
                multiplier=100.0 if option else 1.0,
                price=None if price is None else max(0.01, round(price, 2)),
                margin_class=MarginClass.EQUITY,
            )
        )
    return MarginBook(positions=tuple(positions), as_of=NOW)


def _median(run: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        run()
        taken.append(1e3 * (time.process_time() - start))
    return median(taken)
