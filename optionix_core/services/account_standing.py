"""The state of an account: what it may do, as an administrator sets it, and what that does to its working orders.

Setting a state is one hold of the lock: the venue is brought up to now first, so that a fill which came before stands,
then the state and the ends of the orders that it does not allow are one transaction. Blocking ends all orders of the
account, close-only those that could open something. What rests is asked again before every fill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError
from optionix_core.services.draft import Draft
from optionix_core.services.lifecycle import bring_up_to_date_where_free, update_under_lock
from optionix_core.services.working import Working
from optionix_core.trading.account_standing import AccountStatus, Standing, effective, standing_event
from optionix_core.trading.gate import LOCAL_SIM
from optionix_core.trading.orders import OrderState, Side
from optionix_core.trading.records import OrderEnd

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.portfolio.fold import BookFold
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.fold import OpenOrder, OrderFold

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


def end_disallowed(
    working: Working, account: str, status: AccountStatus, reason: str, now: datetime
) -> tuple[str, ...]:
    """End the orders of an account that its new state does not allow; their client order ids."""
    draft = working.draft
    if status is AccountStatus.ACTIVE:
        return ()
    names = (
        tuple(o.intent.client_order_id for o in draft.orders.orders() if o.intent.account == account)
        if status is AccountStatus.BLOCKED
        else opening_orders(draft.book, draft.orders, account)
    )
    return end_orders(working, names, f"account-state: {account} is {status}: {reason}", now)


def end_orders(working: Working, names: tuple[str, ...], reason: str, now: datetime) -> tuple[str, ...]:
    """End accepted orders, children before their parents."""
    ended = []
    for name in reversed(names):
        order = working.draft.orders.order(name)
        if order is not None and order.accepted_at is not None:
            working.end(name, OrderEnd(OrderState.CANCELLED, reason, ()), now)
            ended.append(name)
    return tuple(sorted(ended))


def opening_orders(book: BookFold, orders: OrderFold, account: str) -> tuple[str, ...]:
    """Orders of an account that could open something, the older ones having closed what they can."""
    found = book.account(account)
    left = {} if found is None else {item.symbol: item.quantity for item in found.positions}
    return tuple(
        order.intent.client_order_id
        for order in orders.orders()
        if order.intent.account == account and not _closes(order, left)
    )


def _closes(order: OpenOrder, left: dict[str, Decimal]) -> bool:
    """Whether an order closes alone; takes what it closes out of `left` (orders of one group close it once)."""
    intent = order.intent
    if intent.legs or intent.parent is not None:
        return False
    there = left.get(intent.symbol)
    if there is None or -intent.side.sign * there < order.remaining:
        return intent.reduce_only
    if intent.one_cancels is None:
        left[intent.symbol] = there - order.remaining if intent.side is Side.SELL else there + order.remaining
    return True


def _report(workspace: Workspace, now: datetime, ended: tuple[str, ...] = ()) -> StandingReport:
    account = workspace.account
    venue = workspace.desk.book.venue_of(account) or LOCAL_SIM
    standing = workspace.desk.orders.standings.get(account)
    status, why = effective(standing, venue, now)
    return StandingReport(account, venue, now, status, why, standing, ended)
