"""Execution algorithms: started, paused, resumed and cancelled by their user, worked by whoever comes by.

An algorithm is nobody's process: `advance` does what is due at this moment. Slices that were missed while nothing ran
are sent late by the catch-up rule, at the market of the moment at which they are sent: the past is never traded. On a
feed that the paper venue does not trade, nothing is sent. A kill ends them all, and arming the switch again does not
bring them back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, MissingDataError, RefusedError, UnknownNameError
from optionix_core.market import symbols
from optionix_core.services import algorithm_story
from optionix_core.services.algorithm_working import NOT_SENT, AlgoUpdate, advance, trades_here, void
from optionix_core.services.judging import quote_of, security_of
from optionix_core.services.lifecycle import bring_up_to_date, update_under_lock
from optionix_core.trading.algorithms import records
from optionix_core.trading.algorithms.parent import AlgoKind
from optionix_core.trading.algorithms.schedule import Schedule, schedule_of

if TYPE_CHECKING:
    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogReader
    from optionix_core.trading.algorithms.parent import ParentOrder
    from optionix_core.trading.algorithms.records import Sighting

__all__ = [
    "NOT_SENT",
    "AlgoUpdate",
    "Preview",
    "advance",
    "cancel",
    "listing",
    "pause",
    "preview",
    "resume",
    "show",
    "start",
    "trades_here",
]

CANCELLED: Final = "cancelled on request"
"""Reason of an end that its user wanted."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an algorithm would do: nothing is written."""

    parent: ParentOrder
    schedule: Schedule
    seen: Sighting


def start(workspace: Workspace, parent: ParentOrder) -> AlgoStory:
    """Start an algorithm and send what is due at once.

    The same id with the same terms is one algorithm, whenever the second came; with other terms InvalidValueError.
    Raises UnknownNameError for a symbol that the venue does not know, RefusedError on a feed that it does not trade
    and while a kill is in force,
    MissingDataError for POV where quotes tell no volume, and InvalidValueError for an end past the instrument's expiry.
    """
    _check_feed(workspace)
    desk = workspace.desk
    with workspace.store.writing(f"start {parent.algo_id}", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        desk.expect_here(workspace.account)
        earlier = algorithm_story.find(log, desk, parent.algo_id)
        if earlier is None:
            _check_kill(workspace)
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
    """The schedule that `start` would write; raises as it does, but for a kill."""
    _check_feed(workspace)
    feed = workspace.venue_feed
    parent = replace(parent, symbol=symbols.security(parent.symbol))
    instrument = security_of(feed, parent.symbol)
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
            events = [event for item in story.pending for event in void(story.parent, item, now)]
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


def _check_kill(workspace: Workspace) -> None:
    kill_id = workspace.desk.orders.kill.in_force
    if kill_id is not None:
        raise RefusedError("kill-switch", f"{kill_id} is in force: nothing is started until it is armed again")


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
    key = symbols.security(wanted.symbol)
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
