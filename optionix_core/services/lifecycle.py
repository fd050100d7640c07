"""Bringing the paper venue up to now: what time alone does to orders and book, whoever takes the lock first.

Open orders meet the quotes that were made meanwhile, end where their time is over, and positions whose settlement
moment has passed are settled at the feed's price of that very moment, all in order of time and in one transaction.
Intents that a killed process left without an answer are ended as expired. What cannot be settled stays in the book and
is told, never guessed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.errors import HomeLockedError
from optionix_core.services.draft import Draft
from optionix_core.services.passage import Passage, overdue
from optionix_core.services.settling import Unsettled, due, expired, latest_due
from optionix_core.services.venue_halts import open_ended
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import FILLED, OrderEnd

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.services.desk import Desk
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogReader, LogWriter
    from optionix_core.trading.gate import GateLimits

__all__ = [
    "INTERRUPTED",
    "Unsettled",
    "VenueUpdate",
    "bring_up_to_date",
    "bring_up_to_date_where_free",
    "due",
    "update_under_lock",
]

READING_PATIENCE: Final = 1.0
"""Seconds that whoever only reads waits for the lock."""
INTERRUPTED: Final = "interrupted"
"""Reason of an order whose process died between its intent and its answer."""


@dataclass(frozen=True, slots=True)
class VenueUpdate:
    """What bringing the venue up to now did."""

    settled: tuple[tuple[str, str, Decimal], ...] = ()
    """Account, symbol and signed cash that came in."""
    interrupted: tuple[str, ...] = ()
    """Client order ids that were ended as expired."""
    unsettled: tuple[Unsettled, ...] = ()
    filled: tuple[str, ...] = ()
    """Ids of the fills of resting orders, in order of time."""
    unseen: tuple[str, ...] = ()
    """Instruments of open orders whose quotes the feed cannot tell: nothing was filled on them."""


def bring_up_to_date(workspace: Workspace, lock_timeout: float | None = None) -> VenueUpdate:
    """Take the lock and bring the venue up to the clock's now; takes no lock where nothing is due.

    Waits `lock_timeout` seconds for the lock (None: as long as the workspace says), then raises HomeLockedError.
    Algorithms then send what has come due, and alerts are looked at; where another process holds the lock by then,
    they wait for the next look. A home opened for reading alone is left as it stands.
    """
    from optionix_core.services import alerts, algorithms, limit_watch

    if workspace.home.read_only:
        workspace.desk.follow(workspace.store)
        return VenueUpdate()
    update = _brought_up_to_date(workspace, lock_timeout)
    with suppress(HomeLockedError):
        algorithms.advance(workspace, lock_timeout)
        alerts.look(workspace, lock_timeout)
    with suppress(HomeLockedError):
        limit_watch.look(workspace, lock_timeout)
    return update


def _brought_up_to_date(workspace: Workspace, lock_timeout: float | None) -> VenueUpdate:
    desk, feed = workspace.desk, workspace.venue_feed
    desk.follow(workspace.store)
    now = workspace.clock.now()
    with desk.lock:
        idle = not overdue(desk, now) and not (
            due(desk.book, now, desk.venue) and expired(desk.book, feed, now, desk.venue)
        )
        if idle and (desk.orders.open_orders() or open_ended(desk.orders, desk.venue) or _accounts_are_judged(desk)):
            idle = not _drafted(workspace.store, desk, feed, now, None, None)[0].events
    if idle:
        return VenueUpdate()
    timeout = workspace.lock_timeout if lock_timeout is None else lock_timeout
    with workspace.store.writing("bring the paper venue up to date", timeout) as log, desk.lock:
        desk.follow(log)
        update = update_under_lock(log, desk, feed, workspace.clock.now())
        desk.keep(log)
        return update


def bring_up_to_date_where_free(workspace: Workspace) -> bool:
    """As `bring_up_to_date`, for whoever only reads: where another process holds the lock it is not waited for long.

    Answers whether the venue is up to now.
    """
    if workspace.home.read_only:
        return False
    try:
        bring_up_to_date(workspace, min(workspace.lock_timeout, READING_PATIENCE))
    except HomeLockedError:
        return False
    return True


def update_under_lock(
    log: LogWriter,
    desk: Desk,
    feed: QuoteSource,
    now: datetime,
    going_on: str | None = None,
    limits: GateLimits | None = None,
    *,
    told: bool = False,
) -> VenueUpdate:
    """As `bring_up_to_date`, by whoever holds the lock. An intent `going_on` that has no answer yet is left open.

    `feed` is the venue's own. With `told` the log says up to when quotes were looked at, even where nothing came of it.
    """
    if _nothing_waits(desk, now, going_on):
        desk.looked = {}
        return VenueUpdate()
    told = told or _accounts_are_judged(desk)  # what comes next may change the book that they are judged by
    draft, update = _drafted(log, desk, feed, now, going_on, limits, told=told)
    draft.write(log)
    return update


def _nothing_waits(desk: Desk, now: datetime, going_on: str | None) -> bool:
    """Whether no order is open but the one going on, no halt has to be ended, and no option is near its expiry."""
    for order in desk.orders.orders():
        if desk.venue_for(order.intent.account) != desk.venue:
            continue
        if order.accepted_at is not None or order.intent.client_order_id != going_on:
            return False
    if open_ended(desk.orders, desk.venue) or _accounts_are_judged(desk):
        return False
    first = desk.book.first_expiry(desk.venue)
    return first is None or first > latest_due(now)


def _accounts_are_judged(desk: Desk) -> bool:
    """Whether a breaker of an account is set, and something is held that it could trip by."""
    return bool(desk.rules.halts.account_breakers) and any(account.positions for account in desk.book.accounts())


def _drafted(
    log: LogReader,
    desk: Desk,
    feed: QuoteSource,
    now: datetime,
    going_on: str | None,
    limits: GateLimits | None,
    *,
    told: bool = False,
) -> tuple[Draft, VenueUpdate]:
    draft = Draft(desk)
    passage = Passage(draft, log, feed, now, limits, desk.looked)
    unanswered = (
        order.intent.client_order_id
        for order in draft.orders.orders()
        if order.accepted_at is None and draft.here(order.intent.account)
    )
    interrupted = tuple(sorted(name for name in unanswered if name != going_on))
    for name in interrupted:
        passage.working.end(name, OrderEnd(OrderState.EXPIRED, INTERRUPTED, ()), now)
    passage.run(told=told)
    desk.looked = {} if draft.events else passage.looked()
    update = VenueUpdate(
        settled=tuple(passage.settling.settled),
        interrupted=interrupted,
        unsettled=tuple(passage.settling.unsettled),
        filled=tuple(event.id for event in draft.events if event.type == FILLED),
        unseen=passage.unseen,
    )
    return draft, update
