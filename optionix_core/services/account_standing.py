"""The state of an account: what it may do, as an administrator sets it, and what that does to its working orders.

Setting a state is one hold of the lock: the venue is brought up to now first, so that a fill which came before stands,
then the state and the ends of the orders that it does not allow are one transaction. Blocking ends all orders of the
account, close-only those that could open something. What rests is asked again before every fill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError
from optionix_core.services.disallowed import end_disallowed
from optionix_core.services.draft import Draft
from optionix_core.services.leases import status_now
from optionix_core.services.lifecycle import bring_up_to_date_where_free, update_under_lock
from optionix_core.services.working import Working
from optionix_core.trading.account_standing import AccountStatus, Standing, standing_event

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.workspace import Workspace

LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class StandingReport:
    """What an account may do now."""

    account: str
    venue: str
    moment: datetime
    status: AccountStatus
    """With its lease taken into account."""
    reason: str | None
    """Why; None where nobody set anything."""
    standing: Standing | None
    """As it was set last."""
    ended: tuple[str, ...] = ()
    """Client order ids that ended with it now."""


def state(workspace: Workspace) -> StandingReport:
    """The state of the workspace's account."""
    bring_up_to_date_where_free(workspace)
    desk = workspace.desk
    desk.follow(workspace.store)
    with desk.lock:
        return _report(workspace, workspace.clock.now())


def set_state(
    workspace: Workspace,
    status: AccountStatus,
    *,
    by: str,
    reason: str,
    lease_until: datetime | None = None,
) -> StandingReport:
    """Make the workspace's account active, close-only or blocked; past `lease_until` it is close-only by itself.

    It may be set before the account's first order opens it. Raises InvalidValueError for a malformed name or reason and
    for a lease that is not ahead or is given to an account that is not made active.
    """
    for field, text, longest in (("by", by, 64), ("reason", reason, LONGEST_REASON)):
        if not 1 <= len(text) <= longest or not text.isprintable() or text != text.strip():
            raise InvalidValueError(field, repr(text), f"1 to {longest} printable characters")
    if lease_until is not None and status is not AccountStatus.ACTIVE:
        raise InvalidValueError("lease_until", lease_until, f"absent: the account is to be {status}")
    desk, account = workspace.desk, workspace.account
    with workspace.store.writing(f"make {account} {status}", workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        update_under_lock(log, desk, workspace.venue_feed, now, told=True)
        draft = Draft(desk)
        before = desk.orders.standings.get(account)
        number = 1 if before is None else before.number + 1
        draft.add(standing_event(Standing(account, status, now, by, reason, number, lease_until)))
        ended = end_disallowed(Working(draft, workspace.venue_feed), account, status, reason, now)
        draft.write(log)
        desk.keep(log)
        return _report(workspace, now, ended)


def _report(workspace: Workspace, now: datetime, ended: tuple[str, ...] = ()) -> StandingReport:
    account = workspace.account
    status, why = status_now(workspace, account, now)
    desk = workspace.desk
    return StandingReport(account, desk.venue_for(account), now, status, why, desk.orders.standings.get(account), ended)
