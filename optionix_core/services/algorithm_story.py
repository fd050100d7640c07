"""What the log says of an algorithm: its terms, its slices and their orders, its pauses and its end.

Read by the ids of events, which follow from the algorithm's number in its home: no stretch of the log is searched.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from optionix_core.errors import UnknownNameError
from optionix_core.portfolio.trades import fill_id
from optionix_core.trading import facts
from optionix_core.trading.algorithms import records
from optionix_core.trading.algorithms.planner import SliceProgress
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import end_id as order_end_id
from optionix_core.trading.records import end_of, fill_of, intent_id

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.desk import Desk
    from optionix_core.sync.event import Head, LogReader
    from optionix_core.trading.algorithms.parent import ParentOrder
    from optionix_core.trading.algorithms.records import AlgoEnd, Sighting, Sliced, Started
    from optionix_core.trading.algorithms.schedule import Schedule
    from optionix_core.trading.orders import Fill


class AlgoState(StrEnum):
    """Where an algorithm stands."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    """All of it filled."""
    EXPIRED = "expired"
    """Its end time came first."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SliceStory:
    """A slice, and its order as it stands."""

    sliced: Sliced
    order: str
    """Client order id."""
    state: OrderState | None
    """None where it is wanted and was not sent yet."""
    reason: str | None
    fills: tuple[Fill, ...]
    ended_at: datetime | None

    @property
    def filled(self) -> int:
        """Contracts."""
        return sum(fill.quantity for fill in self.fills)


@dataclass(frozen=True, slots=True)
class AlgoStory:
    """An algorithm as it stands."""

    number: int
    """Its place among the home's algorithms, from 1."""
    seq: int
    """Of its beginning in the log."""
    started: Started
    slices: tuple[SliceStory, ...]
    pauses: int
    paused: bool
    end: AlgoEnd | None

    @property
    def parent(self) -> ParentOrder:
        """What was wanted."""
        return self.started.parent

    @property
    def schedule(self) -> Schedule:
        """As it was written at the start."""
        return self.started.schedule

    @property
    def state(self) -> AlgoState:
        """Where it stands."""
        if self.end is None:
            return AlgoState.PAUSED if self.paused else AlgoState.RUNNING
        if self.end.cancelled:
            return AlgoState.CANCELLED
        return AlgoState.EXPIRED if self.end.unfilled else AlgoState.COMPLETED

    @property
    def filled(self) -> int:
        """Contracts, over all slices."""
        return sum(item.filled for item in self.slices)

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Of all slices."""
        return tuple(fill for item in self.slices for fill in item.fills)

    @property
    def working(self) -> int:
        """Contracts of slices that may still be filled."""
        return sum(item.quantity - item.filled for item in self.progress if item.working)

    @property
    def pending(self) -> tuple[Sliced, ...]:
        """Slices that are wanted and were not sent."""
        return tuple(item.sliced for item in self.slices if item.state is None)

    @property
    def progress(self) -> tuple[SliceProgress, ...]:
        """As the planner wants it. A slice that was not sent yet may still be."""
        return tuple(
            SliceProgress(
                number=item.sliced.send.number,
                quantity=item.sliced.send.quantity,
                filled=item.filled,
                working=item.ended_at is None,
            )
            for item in self.slices
        )

    @property
    def last_seen(self) -> Sighting:
        """The market as it was when something was decided last."""
        return self.slices[-1].sliced.seen if self.slices else self.started.seen


def count(log: LogReader) -> int:
    """How many algorithms the home has had."""
    number = 0
    while log.find(records.started_id(number + 1)) is not None:
        number += 1
    return number


class Roll:
    """The home's algorithms as far as this process has seen their log, so that those that ended are not read again."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._running: list[int] = []
        self.quiet: dict[int, tuple[Head, datetime]] = {}
        """By number: with the log as it is, nothing is due before that moment."""
        self._told: tuple[Head, tuple[int, ...]] | None = None

    def unfinished(self, log: LogReader, desk: Desk) -> tuple[int, ...]:
        """Numbers of those that have no end, or whose slices outlived it, in order.

        `desk` has followed `log`; where it stands as before the log is not asked again.
        """
        head = desk.book.head
        if self._told is not None and self._told[0] == head:
            return self._told[1]
        while (name := _name(log, len(self._numbers) + 1)) is not None:
            self._running.append(len(self._numbers) + 1)
            self._numbers[name] = len(self._numbers) + 1
        self._running = [number for number in self._running if log.find(records.end_id(number)) is None]
        tags = {order.intent.tag for order in desk.orders.orders()}
        outlived = {self._numbers[tag] for tag in tags if tag is not None and tag in self._numbers}
        numbers = tuple(sorted({*self._running, *outlived}))
        self._told = head, numbers
        return numbers


def every(log: LogReader, desk: Desk) -> tuple[AlgoStory, ...]:
    """All of them, in the order in which they were started."""
    return tuple(read(log, desk, number) for number in range(1, count(log) + 1))


def find(log: LogReader, desk: Desk, algo_id: str) -> AlgoStory | None:
    """The one of that id."""
    for number in range(1, count(log) + 1):
        if _name(log, number) == algo_id:
            return read(log, desk, number)
    return None


def read(log: LogReader, desk: Desk, number: int) -> AlgoStory:
    """One by its number. Raises UnknownNameError where there is none."""
    record = log.find(records.started_id(number))
    if record is None:
        raise UnknownNameError("algorithm", str(number))
    started = records.started_of(record.event)
    parent = started.parent
    slices = []
    for slice_number in range(1, parent.slices + 1):
        found = log.find(records.slice_event_id(number, slice_number))
        if found is not None:
            sliced = records.sliced_of(found.event, parent.symbol)
            slices.append(_slice(log, desk, sliced, parent.slice_id(slice_number)))
    pauses = 0
    while log.find(records.turn_id(number, pauses + 1, resumed=False)) is not None:
        pauses += 1
    ended = log.find(records.end_id(number))
    return AlgoStory(
        number=number,
        seq=record.seq,
        started=started,
        slices=tuple(slices),
        pauses=pauses,
        paused=pauses > 0 and log.find(records.turn_id(number, pauses, resumed=True)) is None,
        end=None if ended is None else records.end_of(ended.event),
    )


def _slice(log: LogReader, desk: Desk, sliced: Sliced, order: str) -> SliceStory:
    if log.find(intent_id(order)) is None:
        return SliceStory(sliced, order, None, None, (), None)
    fills: list[Fill] = []
    while (told := facts.find(log, fill_id(order, len(fills) + 1))) is not None:
        fills.append(fill_of(told.event))
    ended = facts.find(log, order_end_id(order))
    if ended is not None:
        end = end_of(ended.event)
        return SliceStory(sliced, order, end.state, end.reason, tuple(fills), ended.event.time)
    still = desk.orders.order(order)
    return SliceStory(sliced, order, OrderState.INTENT if still is None else still.state, None, tuple(fills), None)


def _name(log: LogReader, number: int) -> str | None:
    record = log.find(records.started_id(number))
    name = None if record is None else record.event.payload.get("algo_id")
    return name if isinstance(name, str) else None
