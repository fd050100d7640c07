"""The reference price of Limit Up-Limit Down, kept as trades come in.

It starts as the opening print and is then the arithmetic mean of the eligible trades of the last five
minutes (each trade once, whatever its size), but it moves only when that mean is 1% or more away and at
most every thirty seconds. With no trade in five minutes it stays. Refuses times that run backwards. The
keeper is a value: each step answers a new one, and asking with a later moment is how the clock moves it.

Not its business: in a limit state the processor publishes no new reference, so whoever steps the state
machine does not step the keeper until the limit state ends.

Source: LULD Plan, section V(A) and (B).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.portfolio.exact_input import Number, positive
from optionix_core.trading.eastern import aware

WINDOW: Final = timedelta(minutes=5)
LEAST_MOVE_PERCENT: Final = 1
LEAST_LIFE: Final = timedelta(seconds=30)
PLACES: Final = Decimal("1e-10")
"""Where a mean that does not end is cut, half to even."""

_ROUNDING: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Print(NamedTuple):
    """An eligible trade."""

    at: datetime
    price: Decimal


@dataclass(frozen=True, slots=True)
class ReferencePrice:
    """The reference of one stock on one day. Start from `ReferencePrice()`, then `opened`."""

    price: Decimal | None = None
    """None before the first print."""
    since: datetime | None = None
    """When this reference took effect."""
    as_of: datetime | None = None
    """The last moment told."""
    prints: tuple[Print, ...] = ()
    """Those of the last five minutes, oldest first."""
    total: Decimal = Decimal(0)
    """Sum of their prices."""

    @property
    def known(self) -> Decimal:
        """The reference. Raises MissingDataError before the first print."""
        if self.price is None:
            raise MissingDataError("no opening price yet, so there is no reference price")
        return self.price

    @property
    def mean(self) -> Decimal | None:
        """Mean of the prints in the window; None where there is none."""
        if not self.prints:
            return None
        return _ROUNDING.quantize(_ROUNDING.divide(self.total, len(self.prints)), PLACES)


def opened(price: Number, at: datetime) -> ReferencePrice:
    """The reference at an opening or reopening print: that print, and a window which starts with it."""
    first = Print(aware(at, "at"), positive(price, "price"))
    return ReferencePrice(first.price, at, at, (first,), first.price)


def with_trade(kept: ReferencePrice, price: Number, at: datetime) -> ReferencePrice:
    """After an eligible trade. The first of a day without an opening print becomes the reference."""
    trade = Print(aware(at, "at"), positive(price, "price"))
    if kept.price is None:
        return opened(price, at)
    moved = _expire(kept, at)
    with exact_arithmetic():
        total = moved.total + trade.price
    return _judge(replace(moved, prints=(*moved.prints, trade), total=total), at)


def at_time(kept: ReferencePrice, at: datetime) -> ReferencePrice:
    """As the clock alone moves it: trades leave the window, and thirty seconds pass."""
    moved = _expire(kept, aware(at, "at"))
    return moved if moved.price is None else _judge(moved, at)


def _expire(kept: ReferencePrice, at: datetime) -> ReferencePrice:
    if kept.as_of is not None and at < kept.as_of:
        raise InvalidValueError("at", at, f"not before {kept.as_of}, the last moment told")
    gone = 0
    while gone < len(kept.prints) and kept.prints[gone].at <= at - WINDOW:
        gone += 1
    with exact_arithmetic():
        total = kept.total - sum((item.price for item in kept.prints[:gone]), Decimal(0))
    return replace(kept, prints=kept.prints[gone:], total=total, as_of=at)


def _judge(kept: ReferencePrice, at: datetime) -> ReferencePrice:
    """The mean takes over where it is far enough from the reference and the reference old enough."""
    price, since, count = kept.price, kept.since, len(kept.prints)
    if price is None or since is None or count == 0 or at < since + LEAST_LIFE:
        return kept
    with exact_arithmetic():
        far = 100 * abs(kept.total - price * count) >= LEAST_MOVE_PERCENT * price * count
    return replace(kept, price=kept.mean, since=at) if far else kept
