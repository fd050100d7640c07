"""Limits on books as use cases: set and removed, accounts put under users and desks, breaches acknowledged.

Setting a limit is one hold of the lock; what its book breaks already is told at once, as a breach. A hard limit then
refuses the orders that would break it (`judging`), `limit_watch` looks at all of them after fills and as the market
moves. A home that follows a server undoes nothing that another set there: RefusedError (`overseen`).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.services import limit_watch
from optionix_core.services.lifecycle import bring_up_to_date_where_free
from optionix_core.services.overseen import asked_before
from optionix_core.trading.limit_board import Groups, LimitKey, LimitLevel, SetLimit, check_note
from optionix_core.trading.limit_records import (
    ACKNOWLEDGED,
    BREACHED,
    CLEARED,
    acknowledged_event,
    cleared_event,
    grouped_event,
    removed_event,
    set_event,
)
from optionix_core.trading.limits import LimitKind

if TYPE_CHECKING:
    from optionix_core.services.limit_watch import LimitReport
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Record
    from optionix_core.trading.limit_board import Breach

HISTORY = frozenset({BREACHED, CLEARED, ACKNOWLEDGED})


def report(workspace: Workspace) -> LimitReport:
    """Every limit in force with its figure now, and the breaches that are not over."""
    bring_up_to_date_where_free(workspace)
    return limit_watch.check(workspace)


def set_limit(workspace: Workspace, key: LimitKey, bound: Decimal, by: str) -> SetLimit:
    """Set a limit, or give it another bound. InvalidValueError for a bound, name or setter that is none."""
    _check_by(by)
    desk, ask = workspace.desk, asked_before(workspace)
    with workspace.store.writing(f"set {key.text}", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        number = desk.orders.limits.next_number(key)
        limit = SetLimit(key=key, bound=bound, by=by, since=workspace.clock.now(), number=number)
        event = set_event(limit)
        ask(log, event)
        desk.append(log, (event,))
        desk.keep(log)
    limit_watch.check(workspace)
    return limit


def remove_limit(workspace: Workspace, key: LimitKey, by: str) -> SetLimit:
    """Take a limit away; UnknownNameError where there is none. A breach of it is cleared by that."""
    _check_by(by)
    desk, ask = workspace.desk, asked_before(workspace)
    with workspace.store.writing(f"remove {key.text}", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        board = desk.orders.limits
        known = board.limits.get(key)
        if known is None:
            raise UnknownNameError("limit", key.text, tuple(one.text for one in board.limits))
        now = workspace.clock.now()
        standing = board.standing(key)
        cleared = () if standing is None else (cleared_event(standing, standing.figure, now),)
        event = removed_event(key, board.next_number(key), by, now)
        ask(log, event)
        desk.append(log, (*cleared, event))
        desk.keep(log)
    return known


def group(workspace: Workspace, account: str, by: str, user: str | None, desk_name: str | None) -> Groups:
    """Say which user and which desk an account belongs to; None: to none."""
    _check_by(by)
    desk, ask = workspace.desk, asked_before(workspace)
    with workspace.store.writing(f"group {account}", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        known = desk.orders.limits.groups.get(account)
        groups = Groups(user, desk_name, 1 if known is None else known.number + 1)
        event = grouped_event(account, groups, by, workspace.clock.now())
        ask(log, event)
        desk.append(log, (event,))
        desk.keep(log)
    limit_watch.check(workspace)
    return groups


def acknowledge(workspace: Workspace, breach_id: str, by: str, note: str) -> Breach:
    """Say that a breach was seen; as it stands then.

    UnknownNameError for one that does not stand, InvalidValueError for one that was seen before.
    """
    _check_by(by)
    check_note(note)
    desk, ask = workspace.desk, asked_before(workspace)
    with workspace.store.writing(f"acknowledge {breach_id}", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        board = desk.orders.limits
        breach = board.breach(breach_id)
        if breach is None:
            raise UnknownNameError("breach", breach_id, tuple(one.id for one in board.breaches))
        if breach.acknowledged_at is not None:
            raise InvalidValueError("breach", breach_id, f"not acknowledged yet: {breach.by} has")
        now = workspace.clock.now()
        event = acknowledged_event(breach, by, note, now)
        ask(log, event)
        desk.append(log, (event,))
        desk.keep(log)
    return replace(breach, acknowledged_at=now, by=by, note=note)


def history(workspace: Workspace) -> tuple[Record, ...]:
    """Every event of a breach that the log holds, in order."""
    return tuple(record for record in workspace.store.read() if record.event.type in HISTORY)


def loss_to_break(workspace: Workspace) -> tuple[Decimal, SetLimit]:
    """The smallest loss from now on that breaks a limit of the account: its day's loss so far counts.

    Of stress losses and daily losses that bind the account alone. MissingDataError where none is set, or none can be
    told.
    """
    return nearest_loss(report(workspace), workspace.account)


def nearest_loss(told: LimitReport, account: str) -> tuple[Decimal, SetLimit]:
    """The same out of a report that is at hand."""
    found: list[tuple[Decimal, SetLimit]] = []
    reasons = []
    for one in told.limits:
        key = one.limit.key
        if (key.level, key.name) != (LimitLevel.ACCOUNT, account):
            continue
        if key.kind is LimitKind.STRESS_LOSS:
            found.append((one.limit.bound, one.limit))
        elif key.kind is LimitKind.DAILY_LOSS and one.figure is None:
            reasons.append(one.reason)
        elif key.kind is LimitKind.DAILY_LOSS and one.figure is not None:
            with exact_arithmetic():
                found.append((one.limit.bound - one.figure, one.limit))
    if not found:
        why = "; ".join(str(reason) for reason in reasons)
        raise MissingDataError(why or f"no limit on a loss of {account} is set: give the loss")
    return min(found, key=lambda pair: pair[0])


def _check_by(by: str) -> None:
    if not 1 <= len(by) <= 64 or not by.isprintable() or by != by.strip():
        raise InvalidValueError("by", repr(by), "1 to 64 printable characters")
