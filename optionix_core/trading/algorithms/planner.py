"""What an algorithm should do next: a pure function of parent, schedule, market and what its slices have done.

It never looks at a clock of its own and never at the future. One slice is sent for each number at most; numbers that
nobody was there to send are passed over, and what they would have traded follows the catch-up rule, at the time at
which it is sent, never an earlier one. What works and what is filled never exceed the parent's quantity: a slice that
still works is cancelled, and its fate known, before the next is sized.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from optionix_core.errors import IntegrityError
from optionix_core.trading.algorithms.parent import AlgoKind, CatchUp, ParentOrder, Style
from optionix_core.trading.algorithms.schedule import Schedule
from optionix_core.trading.orders import Side, TimeInForce


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What is known of the market at the moment of a decision."""

    open: bool
    bid: Decimal | None
    ask: Decimal | None
    volume_seen: int | None
    """Contracts traded by all since the start, as far as quotes told; None where they tell no volume."""


@dataclass(frozen=True, slots=True)
class SliceProgress:
    """How a slice that was sent stands."""

    number: int
    quantity: int
    filled: int
    working: bool
    """Whether it may still be filled."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this slice."""

    number: int
    quantity: int
    limit_price: Decimal | None
    time_in_force: TimeInForce
    good_until: datetime | None
    passed_over: int
    """Slices between the one sent last and this one."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take this slice from the market."""

    number: int


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to do."""

    reason: str
    unfilled: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now, and why."""

    reason: str


Act = Send | Cancel | End | Wait


def plan(
    parent: ParentOrder,
    schedule: Schedule,
    now: datetime,
    facts: MarketFacts,
    sent: tuple[SliceProgress, ...],
    *,
    paused: bool = False,
) -> tuple[Act, ...]:
    """The next acts, in order; after doing them, ask again until it says to wait or to end."""
    filled = sum(item.filled for item in sent)
    if filled + sum(item.quantity - item.filled for item in sent if item.working) > parent.quantity:
        raise IntegrityError(f"slices of {parent.algo_id} exceed its {parent.quantity} contracts")
    if filled == parent.quantity:
        return (End("filled", 0),)
    last = max((item.number for item in sent), default=0)
    number = schedule.due(now)
    over = now >= parent.until
    stale = tuple(Cancel(item.number) for item in sent if item.working and (over or paused or item.number < number))
    if stale:
        return stale
    if over:
        return (End("end time reached", parent.quantity - filled),)
    if paused:
        return (Wait("paused"),)
    if number == last:
        return (Wait("the next slice is not due yet"),)
    return (_next(parent, schedule, facts, number, last, filled),)


def _next(
    parent: ParentOrder, schedule: Schedule, facts: MarketFacts, number: int, last: int, filled: int
) -> Send | Wait:
    if not facts.open:
        return Wait("the market is closed")
    if parent.kind is AlgoKind.POV and facts.volume_seen is None:
        return Wait("no data: the quotes tell no volume")
    quantity = wanted(parent, schedule, facts, number, filled)
    if quantity < 1:
        return Wait("on target")
    if parent.style is Style.TAKE:
        return Send(number, quantity, parent.limit_price, TimeInForce.IOC, None, number - last - 1)
    limit = _near(parent, facts)
    if limit is None:
        return Wait(f"no data: no {'bid' if parent.side is Side.BUY else 'ask'} to rest at")
    following = schedule.times[number] if number < len(schedule.times) else parent.until
    return Send(number, quantity, limit, TimeInForce.GTD, following, number - last - 1)


def wanted(parent: ParentOrder, schedule: Schedule, facts: MarketFacts, number: int, filled: int) -> int:
    """Contracts that slice `number` should carry, by the catch-up rule; never more than are left."""
    left = parent.quantity - filled
    if parent.kind is AlgoKind.POV:
        if parent.participation is None or facts.volume_seen is None:
            raise IntegrityError(f"algorithm {parent.algo_id} has no participation or no volume")
        return max(0, min(left, int(parent.participation * facts.volume_seen) - filled))
    behind = schedule.target(number) - filled
    if parent.catch_up is CatchUp.SPREAD:
        own = schedule.target(number) - schedule.target(number - 1)
        undone = behind - own
        slices_left = len(schedule.times) - number + 1
        behind = own + (-(-undone // slices_left) if undone > 0 else undone)
    return max(0, min(left, behind))


def _near(parent: ParentOrder, facts: MarketFacts) -> Decimal | None:
    """The touch on the parent's own side, no worse than its limit; the limit alone where there is no touch."""
    near, limit = (facts.bid, min) if parent.side is Side.BUY else (facts.ask, max)
    if near is None or parent.limit_price is None:
        return parent.limit_price if near is None else near
    return limit(near, parent.limit_price)
