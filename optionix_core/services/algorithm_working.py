"""Algorithms brought up to now: what the log says of each, what the planner wants, and the orders that follow.

That a slice is wanted is written under the lock before its order is sent, under an id that follows from the algorithm's
and the slice's number. A process that dies in between leaves a slice that the next one sends, or one that it voids
where its time is over. On a feed that the paper venue does not trade, nothing is sent. A kill ends them all.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakKeyDictionary

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.services import algorithm_story, orders, trading
from optionix_core.services.judging import quote_of
from optionix_core.services.lifecycle import update_under_lock
from optionix_core.trading.algorithms import records
from optionix_core.trading.algorithms.planner import Cancel, End, MarketFacts, Send, plan
from optionix_core.trading.algorithms.volume_curve import MOST_SLICES, increment
from optionix_core.trading.kill_switch import fired_id
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import OrderEnd, end_event, intent_event
from optionix_core.trading.terms import OrderTerms, intent_of_terms

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.desk import Desk
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event, EventStore, LogReader
    from optionix_core.trading.algorithms.parent import ParentOrder
    from optionix_core.trading.algorithms.planner import Act
    from optionix_core.trading.algorithms.records import Sighting, Sliced

NOT_SENT: Final = "not sent in time"
"""Reason of a slice whose process died before it sent it, and whose time was over when the next one came."""
_MOST_TURNS: Final = 4 * MOST_SLICES
"""Acts in a row on one algorithm before something must be wrong."""
_ROLLS: Final[MutableMapping[EventStore, algorithm_story.Roll]] = WeakKeyDictionary()
"""By log; each can be thrown away at any time."""


@dataclass(frozen=True, slots=True)
class AlgoUpdate:
    """What bringing the algorithms up to now did."""

    sent: tuple[str, ...] = ()
    """Client order ids of the slices."""
    cancelled: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    """Ids of the algorithms that ended by themselves."""


class _Decision(NamedTuple):
    void: tuple[Sliced, ...]
    send: Sliced | None
    """A slice that is written and still to be sent."""
    acts: tuple[Act, ...]
    seen: Sighting
    killed: bool = False

    @property
    def idle(self) -> bool:
        return (
            not self.void and self.send is None and not any(isinstance(act, Send | Cancel | End) for act in self.acts)
        )


def advance(workspace: Workspace, lock_timeout: float | None = None) -> AlgoUpdate:
    """Bring every algorithm of the home up to the clock's now. Takes the lock only where something is due.

    Waits `lock_timeout` seconds for it (None: as long as the workspace says), then raises HomeLockedError; what was
    not sent by then is due the next time.
    """
    store, desk = workspace.store, workspace.desk
    desk.follow(store)
    with desk.lock:
        numbers = _ROLLS.setdefault(store, algorithm_story.Roll()).unfinished(store, desk)
    if not numbers or not trades_here(workspace) or workspace.home.read_only:
        return AlgoUpdate()
    sent: list[str] = []
    cancelled: list[str] = []
    ended: list[str] = []
    if lock_timeout is not None:
        workspace = copy(workspace)
        workspace.lock_timeout = lock_timeout
    for number in numbers:
        for _ in range(_MOST_TURNS):
            if not _step(workspace, number, sent, cancelled, ended):
                break
        else:
            raise IntegrityError(f"the home's algorithm {number} never comes to rest")
    return AlgoUpdate(tuple(sent), tuple(cancelled), tuple(ended))


def trades_here(workspace: Workspace) -> bool:
    """Whether the feed looked at is the one on which the paper venue trades."""
    return workspace.feed is workspace.venue_feed


def _step(workspace: Workspace, number: int, sent: list[str], cancelled: list[str], ended: list[str]) -> bool:
    """One round: decide, write, act. False where nothing is due."""
    desk = workspace.desk
    if _is_quiet(workspace, number):
        return False
    with workspace.store.writing("work an algorithm", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        now = workspace.clock.now()
        update_under_lock(log, desk, workspace.venue_feed, now)
        story, decision = _decide(workspace, log, number, now)
        parent, send = story.parent, decision.send
        events: list[Event] = [event for item in decision.void for event in void(parent, item, now)]
        for act in decision.acts:
            if isinstance(act, Send):
                send = records.Sliced(act, story.schedule.times[act.number - 1], now, decision.seen)
                events.append(records.sliced_event(number, parent, send))
            elif isinstance(act, End):
                ended.append(parent.algo_id)
                end = records.AlgoEnd(cancelled=decision.killed, reason=act.reason, unfilled=act.unfilled, at=now)
                events.append(records.end_event(number, parent, end))
        desk.append(log, events)
        desk.keep(log)
    own = workspace if workspace.account == parent.account else _for_account(workspace, parent.account)
    for act in decision.acts:
        if isinstance(act, Cancel):
            _take_back(own, parent.slice_id(act.number))
            cancelled.append(parent.slice_id(act.number))
    if send is not None:
        order = parent.slice_id(send.send.number)
        trading.place(own, _terms(parent, send), order)
        sent.append(order)
    return bool(events or decision.acts) and story.end is None


def _is_quiet(workspace: Workspace, number: int) -> bool:
    """Whether nothing is due; what the log alone decides is not decided again before the log or the time moves on."""
    store, desk, now = workspace.store, workspace.desk, workspace.clock.now()
    quiet = _ROLLS.setdefault(store, algorithm_story.Roll()).quiet
    head = store.head()
    known = quiet.get(number)
    if known is not None and known[0] == head and now < known[1]:
        return True
    desk.follow(store)
    with desk.lock:
        story, decision = _decide(workspace, store, number, now)
    due = story.schedule.due(now)
    if decision.idle and (story.paused or any(item.sliced.send.number == due for item in story.slices)):
        later = (time for time in story.schedule.times if time > now and not story.paused)
        quiet[number] = (head, next(later, story.parent.until))
    return decision.idle


def _decide(workspace: Workspace, log: LogReader, number: int, now: datetime) -> tuple[AlgoStory, _Decision]:
    """What should be done now, from the log alone and the market of this moment."""
    story = algorithm_story.read(log, workspace.desk, number)
    seen = _look(workspace, story, now)
    if story.end is not None:
        left = tuple(Cancel(item.number) for item in story.progress if item.working)
        return story, _Decision(story.pending, None, left, seen)
    kill_id = _killed_by(log, workspace.desk, story)
    if kill_id is not None:
        end = End(f"kill {kill_id}", story.parent.quantity - story.filled)
        return story, _Decision(story.pending, None, (end,), seen, killed=True)
    over = story.paused or now >= story.parent.until
    due = story.schedule.due(now)
    stale = tuple(item for item in story.pending if over or item.send.number < due)
    fresh = next((item for item in story.pending if item not in stale), None)
    if stale or fresh is not None:
        return story, _Decision(stale, fresh, (), seen)
    quote = seen.quote
    facts = MarketFacts(
        open=workspace.venue_feed.is_open(now),
        bid=None if quote is None else records.exact(quote.bid),
        ask=None if quote is None else records.exact(quote.ask),
        volume_seen=seen.volume_seen,
    )
    acts = plan(story.parent, story.schedule, now, facts, story.progress, paused=story.paused)
    return story, _Decision((), None, acts, seen)


def _killed_by(log: LogReader, desk: Desk, story: AlgoStory) -> str | None:
    """Id of a kill that was fired after it was started, whether or not orders pass again by now."""
    kill_id = desk.orders.kill.kill_id
    fired = None if kill_id is None else log.find(fired_id(kill_id))
    return kill_id if fired is not None and fired.seq > story.seq else None


def _look(workspace: Workspace, story: AlgoStory, now: datetime) -> Sighting:
    quote = quote_of(workspace.venue_feed, story.parent.symbol, now)
    volume, mark = None if quote is None else quote.volume, story.last_seen
    if volume is None or mark.volume is None or mark.volume_seen is None:
        return records.Sighting(quote, volume, None)
    return records.Sighting(quote, volume, mark.volume_seen + increment(mark.volume, volume))


def _terms(parent: ParentOrder, sliced: Sliced) -> OrderTerms:
    send = sliced.send
    return OrderTerms(
        side=parent.side,
        quantity=send.quantity,
        symbol=parent.symbol,
        limit_price=send.limit_price,
        time_in_force=send.time_in_force,
        good_until=send.good_until,
        tag=parent.algo_id,
    )


def void(parent: ParentOrder, sliced: Sliced, now: datetime) -> tuple[Event, Event]:
    """A slice that will never be sent, as an order that ended: whoever still holds it finds that answer."""
    intent = intent_of_terms(_terms(parent, sliced), parent.account, parent.slice_id(sliced.send.number), now)
    return intent_event(intent), end_event(intent, OrderEnd(OrderState.EXPIRED, NOT_SENT, ()), now)


def _take_back(workspace: Workspace, order: str) -> None:
    try:
        orders.cancel(workspace, order)
    except InvalidValueError:
        # It ended meanwhile, filled or by its own time: that end stands, and the next look at the log finds it.
        workspace.desk.follow(workspace.store)
        if workspace.desk.orders.order(order) is not None:
            raise


def _for_account(workspace: Workspace, account: str) -> Workspace:
    """The same handles for another account of the home."""
    other = copy(workspace)
    other.account = account
    return other
