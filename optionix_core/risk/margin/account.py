"""What an account's equity makes of a requirement: health, margin calls, the price at which it ends, room for orders.

Every regime says what the net liquidation value must reach (`against_equity`); here it is held against cash and the
value of the positions. Prices of options at another price of their underlying come from the model at the volatility
that they have now; time, rates and the other underlyings stand still.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.risk.margin.book import MarginBook, MarginPosition
from optionix_core.risk.margin.comparison import Regime, RegimeMargin, requirement
from optionix_core.risk.margin.parameters import MarginParameters
from optionix_core.risk.margin.revalued import Rows, rows_of
from optionix_core.risk.margin.rules import classified

MINIMUM_EQUITY = 2_000.0
"""Dollars that a margin account must hold at least: FINRA Rule 4210(b)(4)."""
LOWEST, HIGHEST, STEPS = 0.02, 5.0, 60
"""Of the price now: where an end is looked for, and on how many prices to each side before it is closed in on."""
MOST_UNITS = 100_000
"""Units of an order up to which room is looked for."""


@dataclass(frozen=True, slots=True)
class Health:
    """Of an account under one regime; money in the book's currency."""

    regime: str
    net_liquidation_value: float
    """Cash and the signed value of all positions."""
    needed: float
    """What it must reach; not below the least equity that was asked for."""

    @property
    def excess(self) -> float:
        """What is there beyond what is needed; negative where something is missing."""
        return self.net_liquidation_value - self.needed

    @property
    def ratio(self) -> float | None:
        """Equity over what is needed; below 1 something is missing. None where nothing is needed."""
        return None if self.needed <= 0.0 else self.net_liquidation_value / self.needed

    @property
    def margin_call(self) -> float:
        """What must be paid in; zero where nothing is missing."""
        return max(0.0, -self.excess)


@dataclass(frozen=True, slots=True)
class LiquidationPrices:
    """Prices of one underlying at which the account no longer reaches what it needs."""

    underlying: str
    price: float
    """Now."""
    excess: float
    """Now; below zero the account is at its end already and both prices are the price now."""
    below: float | None
    """The nearest below; None where there is none down to 2% of the price."""
    above: float | None
    """The nearest above; None where there is none up to five times the price."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A requirement before an order and once it is filled."""

    before: RegimeMargin
    after: RegimeMargin

    @property
    def change(self) -> float:
        """Of `requirement`; negative where the order lowers it."""
        return self.after.requirement - self.before.requirement

    @property
    def equity_change(self) -> float:
        """Of what the net liquidation value must reach."""
        return self.after.against_equity - self.before.against_equity


@dataclass(frozen=True, slots=True)
class Room:
    """How many units of an order fit."""

    units: int
    bounded: bool
    """False where even `MOST_UNITS` fit."""


def health(answer: RegimeMargin, book: MarginBook, cash: float, minimum_equity: float = 0.0) -> Health:
    """Of a book with `cash` beside it: proceeds of what was sold in it, what was paid taken off.

    `minimum_equity` is asked for where anything is held (`MINIMUM_EQUITY` for US margin accounts).
    """
    least = minimum_equity if book.positions else 0.0
    return Health(answer.regime, cash + value_of(book), max(least, answer.against_equity))


def value_of(book: MarginBook) -> float:
    """Signed value of all positions in the book's currency; inverse options at the price of their coin."""
    return sum(one.market_value * (one.underlying_price if one.inverse else 1.0) for one in book.positions)


def liquidation_prices(
    book: MarginBook,
    underlying: str,
    cash: float,
    regime: Regime,
    *,
    maintenance: bool = True,
    parameters: MarginParameters | None = None,
) -> LiquidationPrices:
    """The nearest ends to both sides, by search on `STEPS` prices each and bisection to 1e-6 of the price.

    Two ends that lie closer together than a step may be passed over. UnknownNameError where nothing is held on the
    underlying; else what the regime raises.
    """
    if underlying not in book.underlyings:
        raise UnknownNameError("underlying of the book", underlying, book.underlyings)
    rows = rows_of(book, classified(book).classes)
    now = next(one.underlying_price for one in book.positions if one.underlying == underlying)

    def excess(spot: float) -> float:
        there = moved(book, rows, underlying, spot)
        answer = requirement(there, regime, maintenance=maintenance, parameters=parameters)
        return health(answer, there, cash).excess

    here = excess(now)
    if here < 0.0:
        return LiquidationPrices(underlying, now, here, now, now)
    sides = [_end(excess, now * np.geomspace(1.0, edge, STEPS + 1)) for edge in (LOWEST, HIGHEST)]
    return LiquidationPrices(underlying, now, here, *sides)


def moved(book: MarginBook, rows: Rows, underlying: str, spot: float, later: float = 0.0) -> MarginBook:
    """The book with one underlying at another price, `later` years on.

    Options keep their volatilities, and what their price differs from the model's.
    """
    spots = np.array([spot if one.underlying == underlying else one.underlying_price for one in rows.positions])
    worth = rows.worth(spots[np.newaxis, :], rows.volatility[np.newaxis, :], later)[0]
    base = rows.base
    changed: dict[str, MarginPosition] = {}
    for at, one in enumerate(rows.positions):
        beside = 0.0 if one.price is None else one.price - float(base[at])
        changed[one.id] = replace(
            one,
            underlying_price=float(spots[at]),
            price=max(0.0, float(worth[at]) + beside),
            implied_volatility=float(rows.volatility[at]),
        )
    for share in rows.shares:
        changed[share.id] = replace(share, underlying_price=spot) if share.underlying == underlying else share
    return replace(book, positions=tuple(changed[one.id] for one in book.positions))


def what_if(
    book: MarginBook,
    order: Sequence[MarginPosition],
    regime: Regime,
    *,
    maintenance: bool = False,
    parameters: MarginParameters | None = None,
) -> WhatIf:
    """What an order filled at the prices of its legs would do to the requirement."""
    after = book.with_more(order)
    return WhatIf(
        requirement(book, regime, maintenance=maintenance, parameters=parameters),
        requirement(after, regime, maintenance=maintenance, parameters=parameters),
    )


def room(
    book: MarginBook,
    unit: Sequence[MarginPosition],
    cash: float,
    regime: Regime,
    *,
    maintenance: bool = False,
    parameters: MarginParameters | None = None,
) -> Room:
    """The most units of an order that the account can carry, filled at the prices of its legs, fees aside.

    Twice as many are tried as long as they fit, then the bound is closed in on; a larger number that fits again beyond
    one that does not is not looked for. Zero where one unit does not fit.
    """
    if not unit:
        raise InvalidValueError("unit", "nothing", "at least one leg")
    equity = cash + value_of(book)

    def fits(units: int) -> bool:
        legs = [replace(one, quantity=one.quantity * units) for one in unit]
        after = requirement(book.with_more(legs), regime, maintenance=maintenance, parameters=parameters)
        return after.against_equity <= equity

    low, high = 0, 1
    while high <= MOST_UNITS and fits(high):
        low, high = high, 2 * high
    if high > MOST_UNITS:
        return Room(low, bounded=False)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return Room(low, bounded=True)


def _end(excess: Callable[[float], float], prices: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
    """Where excess first falls below zero along `prices`, whose first has none missing."""
    inside = float(prices[0])
    for price in map(float, prices[1:]):
        if excess(price) < 0.0:
            outside = price
            while abs(outside - inside) > 1e-6 * float(prices[0]):
                middle = 0.5 * (inside + outside)
                inside, outside = (inside, middle) if excess(middle) < 0.0 else (middle, outside)
            return 0.5 * (inside + outside)
        inside = price
    return None
