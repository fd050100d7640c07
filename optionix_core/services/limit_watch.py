"""Limits looked at again: after every fill, in the transaction that tells of it, and as the market moves.

A breach and its end are events of the log. What moves a book is judged by the figures that the book then has, before
it is written, so that no fill stands in the log without the breach that it made. Market moves are looked at whenever
the venue is brought up to now, at most every five seconds (RTS 6, article 16: alerts within five seconds). Where a
figure cannot be told a breach neither begins nor ends; `check` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from optionix_core.services.limit_answers import State, standing_answers
from optionix_core.trading.limit_board import Breach
from optionix_core.trading.limit_records import breached_event, cleared_event
from optionix_core.trading.limits import SIGNED, LimitFigure, Untold

if TYPE_CHECKING:
    from optionix_core.services.desk import Desk
    from optionix_core.services.draft import Draft
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event
    from optionix_core.trading.gate_facts import GateLimits, SetAnswer
    from optionix_core.trading.limit_board import LimitBoard, SetLimit

EVERY: Final = timedelta(seconds=5)
"""How often market moves are looked at."""
FILL: Final = "fill"
MARKET: Final = "market"


@dataclass(frozen=True, slots=True)
class Standing:
    """One limit as its book stands."""

    limit: SetLimit
    figure: Decimal | None
    reason: str | None
    """Why there is no figure."""
    breach: Breach | None
    """The one that is not cleared."""

    @property
    def use(self) -> float | None:
        """Share of the bound that the figure takes."""
        return None if self.figure is None else float(_size(self.limit, self.figure) / self.limit.bound)

    @property
    def beyond(self) -> bool:
        """Whether the figure lies beyond the bound."""
        return self.figure is not None and _size(self.limit, self.figure) > self.limit.bound


@dataclass(frozen=True, slots=True)
class LimitReport:
    """Every limit in force at a moment, and the breaches that are not over."""

    moment: datetime
    limits: tuple[Standing, ...]
    breaches: tuple[Breach, ...]


def watch_on(workspace: Workspace) -> Callable[[Draft], tuple[Event, ...]]:
    """What a desk asks before it writes a draft that moves a book."""

    def watch(draft: Draft) -> tuple[Event, ...]:
        if not _any_limits(draft.limits_set, draft.rules.limits):
            return ()
        now = max((workspace.clock.now(), *(event.time for event in draft.events)))
        state = State(draft.book, draft.orders, draft.engine, workspace.venue_feed, now)
        return changes(state, standing_answers(state, draft.rules.limits), FILL)

    return watch


def look(workspace: Workspace, lock_timeout: float | None = None) -> tuple[Event, ...]:
    """Look at every limit, and write breaches that began or ended by what the market did; nothing else is written.

    Looked at no more often than `EVERY`. Raises HomeLockedError where there is something to write and the lock cannot
    be had.
    """
    desk, now = workspace.desk, workspace.clock.now()
    if desk.engine is None or not _any_limits(desk.orders.limits, desk.rules.limits):
        return ()
    last = _looked.get(desk)
    if last is not None and timedelta(0) <= now - last < EVERY:
        return ()
    _looked[desk] = now
    with desk.lock:
        if not _changes(workspace, now):
            return ()
    timeout = workspace.lock_timeout if lock_timeout is None else lock_timeout
    with workspace.store.writing("note what limits were broken", timeout) as log, desk.lock:
        desk.follow(log)
        events = _changes(workspace, workspace.clock.now())
        desk.append(log, events)
        desk.keep(log)
        return events


def check(workspace: Workspace) -> LimitReport:
    """Every limit as its book stands now, breaches that this tells written down."""
    desk, now = workspace.desk, workspace.clock.now()
    with desk.lock:
        desk.follow(workspace.store)
        found = _found(workspace, now)
        events = changes(_state(workspace, now), found, MARKET)
    if events and not workspace.home.read_only:
        with workspace.store.writing("note what limits were broken", workspace.lock_timeout) as log, desk.lock:
            desk.follow(log)
            now = workspace.clock.now()
            found = _found(workspace, now)
            desk.append(log, changes(_state(workspace, now), found, MARKET))
            desk.keep(log)
    _looked[desk] = now
    with desk.lock:
        board = desk.orders.limits
        return LimitReport(now, tuple(_standing(one, board) for one in found), board.breaches)


def standing(workspace: Workspace) -> LimitReport:
    """As `check`, and nothing is written: a breach that nobody has noted yet is seen by its figure alone."""
    desk, now = workspace.desk, workspace.clock.now()
    with desk.lock:
        desk.follow(workspace.store)
        board = desk.orders.limits
        return LimitReport(now, tuple(_standing(one, board) for one in _found(workspace, now)), board.breaches)


def changes(state: State, found: Iterable[SetAnswer], cause: str) -> tuple[Event, ...]:
    """Breaches that begin or end by figures of standing books, as events."""
    board = state.orders.limits
    events = []
    for one in found:
        standing = _standing(one, board)
        if standing.figure is None:
            continue
        if standing.beyond and standing.breach is None:
            number = board.next_number(one.limit.key, breach=True)
            events.append(
                breached_event(
                    Breach(
                        key=one.limit.key,
                        number=number,
                        figure=standing.figure,
                        bound=one.limit.bound,
                        since=state.now,
                        cause=cause,
                    )
                )
            )
        elif standing.breach is not None and not standing.beyond:
            events.append(cleared_event(standing.breach, standing.figure, state.now))
    return tuple(events)


_looked: WeakKeyDictionary[Desk, datetime] = WeakKeyDictionary()
"""When a process last looked at market moves."""


def _state(workspace: Workspace, now: datetime) -> State:
    desk = workspace.desk
    return State(desk.book, desk.orders, desk.engine, workspace.venue_feed, now)


def _found(workspace: Workspace, now: datetime) -> tuple[SetAnswer, ...]:
    return standing_answers(_state(workspace, now), workspace.desk.rules.limits)


def _changes(workspace: Workspace, now: datetime) -> tuple[Event, ...]:
    return changes(_state(workspace, now), _found(workspace, now), MARKET)


def _any_limits(board: LimitBoard, configured: GateLimits) -> bool:
    return bool(board.limits or configured.book_limits)


def _standing(one: SetAnswer, board: LimitBoard) -> Standing:
    breach = board.standing(one.limit.key)
    if isinstance(one.answer, LimitFigure):
        return Standing(one.limit, one.answer.after, None, breach)
    reason = one.answer.reason if isinstance(one.answer, Untold) else "no engine to judge it"
    return Standing(one.limit, None, reason, breach)


def _size(limit: SetLimit, figure: Decimal) -> Decimal:
    return abs(figure) if limit.key.kind in SIGNED else figure
