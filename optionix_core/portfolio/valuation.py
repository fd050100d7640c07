"""What the book is worth now: marks, unrealised and day P&L, and what cannot be told.

A position is marked at the mid of a two-sided quote that is fresh, or, while its market is closed, at
the last quote of the session. Everything else is "no mark" with its reason: a net liquidation value
names what it leaves out and never fills it in. All numbers are exact decimals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from optionix_core.market.instruments import Instrument
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import decimal_of_float, exact_arithmetic
from optionix_core.portfolio.flows import Flow
from optionix_core.portfolio.values import Position

_HALF: Final = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Mark:
    """A price at which a position is valued, or why there is none."""

    price: Decimal | None
    """Per unit of the underlying; None where there is no mark."""
    reason: str | None = None
    """Why there is no mark."""
    quote: Quote | None = None
    """The quote that it was judged by."""
    age: timedelta | None = None
    """Of the quote when it was judged."""


@dataclass(frozen=True, slots=True)
class PositionValue:
    """A position with its mark. Money in the position's currency; None is "cannot be told"."""

    position: Position
    instrument: Instrument | None
    """None where the position's own feed does not know it, and for shares."""
    mark: Mark
    market_value: Decimal | None
    """Signed: what selling (or buying back) at the mark would bring."""
    unrealised_pnl: Decimal | None
    """Market value less cost, fees excluded."""
    day_pnl: Decimal | None
    """Since the last close, fees of the day deducted."""
    day_reason: str | None = None
    """Why there is no day P&L."""


def no_mark(reason: str) -> Mark:
    """A mark that says why it has no price."""
    return Mark(None, reason)


def mark_of(quote: Quote, now: datetime, stale_after: timedelta, *, market_open: bool) -> Mark:
    """Judge a quote as a mark at `now`.

    While the market is open it may be at most `stale_after` old; while it is closed the last quote
    stands. A zero bid under an ask is a quote: the mid of 0 and 0.05 is 0.025.
    """
    made = quote.received_at if quote.exchange_time is None else quote.exchange_time
    age = max(now - made, timedelta(0))
    if quote.bid is None or quote.ask is None:
        side = "bid" if quote.bid is None else "ask"
        return Mark(None, f"no {side}", quote, age)
    if not (math.isfinite(quote.bid) and math.isfinite(quote.ask)) or quote.bid < 0 or quote.ask <= 0:
        return Mark(None, "no two-sided quote", quote, age)
    if quote.bid > quote.ask:
        return Mark(None, "crossed quote", quote, age)
    if market_open and age > stale_after:
        return Mark(None, f"stale: {age.total_seconds():.1f} s old", quote, age)
    with exact_arithmetic():
        mid = (decimal_of_float(quote.bid, "bid") + decimal_of_float(quote.ask, "ask")) * _HALF
    return Mark(mid, None, quote, age)


def market_value(quantity: Decimal, multiplier: Decimal, mark: Mark) -> Decimal | None:
    """Signed value of `quantity` contracts at a mark; None where there is no mark."""
    if mark.price is None:
        return None
    with exact_arithmetic():
        return quantity * multiplier * mark.price


def day_pnl(
    quantity: Decimal, multiplier: Decimal, value: Decimal | None, flow: Flow, close: Mark | None
) -> tuple[Decimal | None, str | None]:
    """P&L since the last close of one instrument, fees of the day deducted, or None and why.

    `quantity` is held now and worth `value`; `flow` is what was traded since the close; `close` is the
    mark at the close, needed only where something was held then.
    """
    if value is None:
        return None, "no mark now"
    with exact_arithmetic():
        held_at_close = quantity - flow.quantity
        if not held_at_close:
            return value - flow.cash - flow.fees, None
        if close is None or close.price is None:
            return None, f"no mark at the last close: {'none asked for' if close is None else close.reason}"
        return value - held_at_close * multiplier * close.price - flow.cash - flow.fees, None


def value_position(
    position: Position, instrument: Instrument | None, mark: Mark, flow: Flow, close: Mark | None
) -> PositionValue:
    """Put a mark on a position."""
    if instrument is None:
        return PositionValue(position, None, mark, None, None, None, mark.reason)
    value = market_value(position.quantity, instrument.multiplier, mark)
    with exact_arithmetic():
        unrealised = None if value is None else value - position.cost
    day, reason = day_pnl(position.quantity, instrument.multiplier, value, flow, close)
    return PositionValue(position, instrument, mark, value, unrealised, day, reason)


def value_share(position: Position, mark: Mark, flow: Flow, close: Mark | None) -> PositionValue:
    """Put a mark on a position in shares, whose unit is one share; it has no instrument."""
    one = Decimal(1)
    value = market_value(position.quantity, one, mark)
    with exact_arithmetic():
        unrealised = None if value is None else value - position.cost
    day, reason = day_pnl(position.quantity, one, value, flow, close)
    return PositionValue(position, None, mark, value, unrealised, day, reason)
