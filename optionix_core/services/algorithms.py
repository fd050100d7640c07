"""Execution algorithms: started, paused, resumed and cancelled by their user, worked by whoever comes by.

An algorithm is nobody's process. `advance` looks at what the log says of each, asks the planner what should be done at
this moment, writes that a slice is wanted and then sends its order under an id that follows from both: a process that
dies in between leaves a slice that the next one sends, or one that it voids where its time is over. Slices that were
missed while nothing ran are sent late by the catch-up rule, at the market of the moment at which they are sent: the
past is never traded. On a feed that the paper venue does not trade, nothing is sent.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import InvalidValueError, MissingDataError, RefusedError, UnknownNameError
from optionix_core.market import symbols
from optionix_core.services import algorithm_story, orders, trading
from optionix_core.services.judging import quote_of
from optionix_core.services.lifecycle import bring_up_to_date, update_under_lock
from optionix_core.trading.algorithms import records
from optionix_core.trading.algorithms.parent import AlgoKind
from optionix_core.trading.algorithms.planner import Cancel, End, MarketFacts, Send, plan
from optionix_core.trading.algorithms.schedule import Schedule, schedule_of
from optionix_core.trading.algorithms.volume_curve import increment
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import OrderEnd, end_event, intent_event
from optionix_core.trading.terms import OrderTerms, intent_of_terms

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event, LogReader
    from optionix_core.trading.algorithms.parent import ParentOrder
    from optionix_core.trading.algorithms.planner import Act
    from optionix_core.trading.algorithms.records import Sighting, Sliced

CANCELLED: Final = "cancelled on request"
NOT_SENT: Final = "not sent in time"
"""Reason of a slice whose process died before it sent it, and whose time was over when the next one came."""
_MOST_TURNS: Final = 4 * 1000
"""Acts in a row on one algorithm before something must be wrong."""


@dataclass(frozen=True, slots=True)
class AlgoUpdate:
    """What bringing the algorithms up to now did."""

    sent: tuple[str, ...] = ()
    """Client order ids of the slices."""
    cancelled: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    """Ids of the algorithms that ended by themselves."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an algorithm would do: nothing is written."""

    parent: ParentOrder
    schedule: Schedule
    seen: Sighting


class _Decision(NamedTuple):
    void: tuple[Sliced, ...]
    send: Sliced | None
    """A slice that is written and still to be sent."""
    acts: tuple[Act, ...]
    seen: Sighting

    @property
    def idle(self) -> bool:
        return (
            not self.void and self.send is None and not any(isinstance(act, Send | Cancel | End) for act in self.acts)
        )


def start(workspace: Workspace, parent: ParentOrder) -> AlgoStory:
    """Start an algorithm and send what is due at once.

    The same id with the same terms is one algorithm, whenever the second came; with other terms InvalidValueError.
    Raises UnknownNameError for a symbol that the venue does not know, RefusedError on a feed that it does not trade,
    MissingDataError for POV where quotes tell no volume, and InvalidValueError for an end past the instrument's expiry.
    """
    _check_feed(workspace)
    desk = workspace.desk
    with workspace.store.writing(f"start {parent.algo_id}", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        earlier = algorithm_story.find(log, desk, parent.algo_id)
        if earlier is None:
            ready = preview(workspace, parent)
            number = algorithm_story.count(log) + 1
            started = records.Started(ready.parent, ready.schedule, ready.seen)
            desk.append(log, (records.started_event(number, started),))
        elif not _same(earlier.parent, parent):
            bound = f"unused, or repeat its terms: {earlier.parent.kind} {earlier.parent.quantity}"
            raise InvalidValueError("algo_id", repr(parent.algo_id), bound)
    advance(workspace)
    return show(workspace, parent.algo_id)


def preview(workspace: Workspace, parent: ParentOrder) -> Preview:
    """The schedule that `start` would write; raises as it does."""
    _check_feed(workspace)
    feed = workspace.venue_feed
    parent = replace(parent, symbol=symbols.resolve(parent.symbol))
    instrument = feed.instrument(parent.symbol)
    if instrument.expires_at is not None and parent.until > instrument.expires_at:
        bound = f"at or before {parent.symbol} expires, {instrument.expires_at.isoformat()}"
        raise InvalidValueError("until", parent.until.isoformat(), bound)
    quote = quote_of(feed, parent.symbol, parent.start)
    volume = None if quote is None else quote.volume
    if parent.kind is AlgoKind.POV and volume is None:
        raise MissingDataError(f"quotes of {parent.symbol} on {feed.name} tell no volume to take part in")
    return Preview(parent, schedule_of(parent), records.Sighting(quote, volume, None if volume is None else 0))


def pause(workspace: Workspace, algo_id: str, *, dry_run: bool = False) -> AlgoStory:
    """Send nothing more and take what works from the market, until it is resumed; its end does not move."""
    return _turn(workspace, algo_id, resume=False, dry_run=dry_run)


def resume(workspace: Workspace, algo_id: str, *, dry_run: bool = False) -> AlgoStory:
    """Go on; what was missed follows the catch-up rule."""
    return _turn(workspace, algo_id, resume=True, dry_run=dry_run)


def cancel(workspace: Workspace, algo_id: str, *, dry_run: bool = False) -> AlgoStory:
    """End it and take what works from the market. What is filled stays. Cancelled twice, it is answered as it stands.

    Raises UnknownNameError for an unknown id and InvalidValueError where it ended otherwise.
    """
    advance(workspace)
    if dry_run:
        return _running(show(workspace, algo_id))
    desk = workspace.desk
    with workspace.store.writing(f"cancel {algo_id}", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        now = workspace.clock.now()
        update_under_lock(log, desk, workspace.venue_feed, now)
        story = _mine(workspace, log, algo_id)
        if story.end is None:
            events = [event for item in story.pending for event in _void(story.parent, item, now)]
            end = records.AlgoEnd(
                cancelled=True, reason=CANCELLED, unfilled=story.parent.quantity - story.filled, at=now
            )
            desk.append(log, (*events, records.end_event(story.number, story.parent, end)))
        elif not story.end.cancelled:
            _running(story)
    advance(workspace)
    return show(workspace, algo_id)


def listing(workspace: Workspace, *, all_accounts: bool = False, ended: bool = False) -> tuple[AlgoStory, ...]:
    """Those that run, in the order in which they were started; with `ended` all that ever were."""
    bring_up_to_date(workspace)
    advance(workspace)
    workspace.desk.follow(workspace.store)
    with workspace.desk.lock:
        every = algorithm_story.every(workspace.store, workspace.desk)
    return tuple(
        story
        for story in every
        if (all_accounts or story.parent.account == workspace.account) and (ended or story.end is None)
    )


def show(workspace: Workspace, algo_id: str) -> AlgoStory:
    """One of them. Raises UnknownNameError for an unknown id."""
    bring_up_to_date(workspace)
    advance(workspace)
    workspace.desk.follow(workspace.store)
    with workspace.desk.lock:
        return _mine(workspace, workspace.store, algo_id)


def advance(workspace: Workspace, lock_timeout: float | None = None) -> AlgoUpdate:
    """Bring every algorithm of the home up to the clock's now. Takes the lock only where something is due.

    Waits `lock_timeout` seconds for it (None: as long as the workspace says), then raises HomeLockedError; what was
    not sent by then is due the next time.
    """
    store, desk = workspace.store, workspace.desk
    if algorithm_story.count(store) == 0 or not trades_here(workspace):
        return AlgoUpdate()
    sent: list[str] = []
    cancelled: list[str] = []
    ended: list[str] = []
    if lock_timeout is not None:
        workspace = copy(workspace)
        workspace.lock_timeout = lock_timeout
    desk.follow(store)
    with desk.lock:
        numbers = algorithm_story.unfinished(store, desk)
    for number in numbers:
        for _ in range(_MOST_TURNS):
            if not _step(workspace, number, sent, cancelled, ended):
                break
    return AlgoUpdate(tuple(sent), tuple(cancelled), tuple(ended))


def trades_here(workspace: Workspace) -> bool:
    """Whether the feed looked at is the one on which the paper venue trades."""
    return workspace.feed is workspace.venue_feed


def _step(workspace: Workspace, number: int, sent: list[str], cancelled: list[str], ended: list[str]) -> bool:
    """One round: decide, write, act. False where nothing is due."""
    store, desk = workspace.store, workspace.desk
    desk.follow(store)
    with desk.lock:
        if _decide(workspace, store, number, workspace.clock.now())[1].idle:
            return False
    with workspace.store.writing("work an algorithm", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        now = workspace.clock.now()
        update_under_lock(log, desk, workspace.venue_feed, now)
        story, decision = _decide(workspace, log, number, now)
        parent, send = story.parent, decision.send
        events: list[Event] = [event for item in decision.void for event in _void(parent, item, now)]
        for act in decision.acts:
            if isinstance(act, Send):
                send = records.Sliced(act, story.schedule.times[act.number - 1], now, decision.seen)
                events.append(records.sliced_event(number, parent, send))
            elif isinstance(act, End):
                ended.append(parent.algo_id)
                end = records.AlgoEnd(cancelled=False, reason=act.reason, unfilled=act.unfilled, at=now)
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


def _decide(workspace: Workspace, log: LogReader, number: int, now: datetime) -> tuple[AlgoStory, _Decision]:
    """What should be done now, from the log alone and the market of this moment."""
    story = algorithm_story.read(log, workspace.desk, number)
    seen = _look(workspace, story, now)
    if story.end is not None:
        left = tuple(Cancel(item.number) for item in story.progress if item.working)
        return story, _Decision(story.pending, None, left, seen)
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


def _void(parent: ParentOrder, sliced: Sliced, now: datetime) -> tuple[Event, Event]:
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


def _turn(workspace: Workspace, algo_id: str, *, resume: bool, dry_run: bool) -> AlgoStory:
    advance(workspace)
    if dry_run:
        return _running(show(workspace, algo_id))
    desk = workspace.desk
    purpose = f"{'resume' if resume else 'pause'} {algo_id}"
    with workspace.store.writing(purpose, workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        story = _running(_mine(workspace, log, algo_id))
        if story.paused is resume:
            now, turn = workspace.clock.now(), story.pauses + (0 if resume else 1)
            desk.append(log, (records.turn_event(story.number, story.parent, turn, now, resumed=resume),))
    advance(workspace)
    return show(workspace, algo_id)


def _running(story: AlgoStory) -> AlgoStory:
    if story.end is not None:
        raise InvalidValueError("algo", f"{story.parent.algo_id}: {story.state}", "running or paused")
    return story


def _mine(workspace: Workspace, log: LogReader, algo_id: str) -> AlgoStory:
    story = algorithm_story.find(log, workspace.desk, algo_id)
    if story is None:
        known = tuple(
            item.parent.algo_id
            for item in algorithm_story.every(log, workspace.desk)
            if item.parent.account == workspace.account
        )
        raise UnknownNameError("algorithm", algo_id, known[-5:])
    if story.parent.account != workspace.account:
        bound = f"{story.parent.account}, which algorithm {algo_id} belongs to"
        raise InvalidValueError("account", workspace.account, bound)
    return story


def _same(earlier: ParentOrder, wanted: ParentOrder) -> bool:
    """Whether two parents ask for the same; when they were asked does not matter, nor an end that follows from it."""
    key = symbols.resolve(wanted.symbol)
    length = wanted.until - wanted.start
    if earlier.until not in (wanted.until, earlier.start + length):
        return False
    # A curve of the past is measured anew each time; where it came from is what was asked.
    curve = earlier.curve if earlier.curve_source == wanted.curve_source else wanted.curve
    return replace(wanted, symbol=key, start=earlier.start, until=earlier.until, curve=curve) == earlier


def _check_feed(workspace: Workspace) -> None:
    if not trades_here(workspace):
        state = workspace.feed.state
        raise RefusedError("account-venue", f"the paper venue trades the simulated feed, not the {state} one")


def _for_account(workspace: Workspace, account: str) -> Workspace:
    """The same handles for another account of the home."""
    other = copy(workspace)
    other.account = account
    return other
