"""What it would cost and how long it would take to close a book at its quotes, and who owes it what.

Cost to close is what the touch takes from the mid: half the spread, the exogenous cost of liquidity (Bangia, Diebold,
Schuermann and Stroughair, Modeling Liquidity Risk, 1999). It is known for the displayed size alone; what lies beyond
counts at the same price, and is told. Days to close assume how often a displayed size comes back, which is the caller's
to state. Nothing is filled in: a position without a quote has no cost, and the total says how many lack one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.risk.book import RiskBook
    from optionix_core.risk.pnl_matrix import PnlMatrix

    FloatArray = NDArray[np.float64]


class ClosingQuote(NamedTuple):
    """The touch of one unit, in the position's currency; None where there is none."""

    bid: float | None
    ask: float | None
    bid_size: float | None
    """In the units of a position's quantity."""
    ask_size: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Closing one position."""

    id: str
    quantity: float
    price: float | None
    """That it would be closed at: the bid of what is long, the ask of what is short."""
    cost: float | None
    """Mid less price, times quantity, in the reporting currency: positive; None without a two-sided quote."""
    displayed: float | None
    """Share of the quantity that the touch shows; None without a size."""
    days: float | None
    """None without a size."""
    reason: str | None
    """Why there is no cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidity:
    """Closing a whole book."""

    positions: tuple[Closing, ...]
    cost: float
    """Of those that have a cost."""
    days: float | None
    """Of the slowest; None where none has a size."""
    without_cost: int
    """How many positions have no cost."""
    reporting_currency: str


def closing(
    book: RiskBook,
    quotes: Mapping[str, ClosingQuote],
    takes_per_day: float,
    spread_factor: float = 1.0,
) -> Liquidity:
    """Cost and days to close every position at its own quote, by id.

    `takes_per_day`: how often in a day a displayed size can be taken; `spread_factor`: what spreads are multiplied by
    about the mid, as a stress scenario has them. Raises InvalidValueError for either out of bounds.
    """
    if not 0.0 < takes_per_day < math.inf:
        raise InvalidValueError("takes_per_day", takes_per_day, "positive and finite")
    if not 1.0 <= spread_factor < math.inf:
        raise InvalidValueError("spread_factor", spread_factor, "at least 1 and finite")
    found = []
    for position in book.positions:
        rate = book.exchange_rate(book.currency(position.underlying))
        quote = quotes.get(position.id)
        closed = _closing(position.id, position.quantity, quote, takes_per_day)
        if closed.price is not None and quote is not None and quote.bid is not None and quote.ask is not None:
            half = 0.5 * (quote.ask - quote.bid) * spread_factor
            price = 0.5 * (quote.ask + quote.bid) - math.copysign(half, position.quantity)
            cost = half * abs(position.units) * rate
            closed = Closing(
                id=closed.id,
                quantity=closed.quantity,
                price=max(price, 0.0),
                cost=cost,
                displayed=closed.displayed,
                days=closed.days,
                reason=None,
            )
        found.append(closed)
    days = [one.days for one in found if one.days is not None]
    return Liquidity(
        positions=tuple(found),
        cost=math.fsum(one.cost for one in found if one.cost is not None),
        days=max(days, default=None),
        without_cost=sum(one.cost is None for one in found),
        reporting_currency=book.reporting_currency,
    )


def _closing(name: str, quantity: float, quote: ClosingQuote | None, takes_per_day: float) -> Closing:
    price = size = reason = None
    if quote is None:
        reason = "no quote"
    elif quote.bid is None or quote.ask is None:
        reason = "no two-sided quote"
    elif quote.bid > quote.ask:
        reason = "crossed quote"
    else:
        price = quote.bid if quantity > 0.0 else quote.ask
    if quote is not None:
        size = quote.bid_size if quantity > 0.0 else quote.ask_size
    shown = None if size is None or not size > 0.0 else size
    needed = abs(quantity)
    return Closing(
        id=name,
        quantity=quantity,
        price=price,
        cost=None,
        displayed=None if shown is None else (1.0 if needed <= shown else shown / needed),
        days=None if shown is None else needed / (shown * takes_per_day),
        reason=reason,
    )


class Exposure(NamedTuple):
    """What a counterparty could fail to pay, in the reporting currency; never below zero."""

    net: float
    """All that is held there, gains and debts set against each other."""
    gross: float
    """What it owes, nothing set against it."""
    worst: float
    """Net in the scenario that makes it largest."""
    scenario: str | None
    """That scenario; None where none makes it larger than it is."""


def counterparties(
    pnl: PnlMatrix, counterparty: Callable[[str], str | None], cash: Mapping[str, float] | None = None
) -> dict[str, Exposure]:
    """Exposure to each counterparty, by the names that `counterparty` gives to positions.

    `cash`: what is held with each beside the positions. A position whose counterparty is None raises MissingDataError.
    """
    held: dict[str, list[int]] = {name: [] for name in cash or {}}
    for place, row in enumerate(pnl.rows):
        name = counterparty(row.name)
        if name is None:
            raise MissingDataError(f"the counterparty of position {row.name} is not known")
        held.setdefault(name, []).append(place)
    found = {}
    for name, places in held.items():
        own = (cash or {}).get(name, 0.0)
        base = pnl.base[places]
        now = own + math.fsum(base.tolist())
        gross = max(own, 0.0) + math.fsum(value for value in base.tolist() if value > 0.0)
        moved = now + pnl.values[places].sum(axis=0) if len(pnl.scenarios) else np.array([now])
        place = int(np.argmax(moved))
        worst = max(float(moved[place]), now)
        larger = bool(len(pnl.scenarios)) and float(moved[place]) > now
        found[name] = Exposure(
            net=max(now, 0.0),
            gross=gross,
            worst=max(worst, 0.0),
            scenario=pnl.scenarios[place] if larger else None,
        )
    return found
