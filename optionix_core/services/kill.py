"""The kill switch of a home: arm it, fire it, arm it again with a second confirmation, or pause it.

Firing is one hold of the lock. The venue is brought up to now, so that a fill which came before wins; then the kill and
the end of every working order of every account are written in one transaction: a process that dies leaves all of it or
nothing. Where the book is to be closed, market orders that only reduce follow, each tagged with the kill's id; firing
again goes on with what is still held and ends nothing twice. By itself it never fires on an empty book (`empty`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio import fields
from optionix_core.portfolio.deliverables import kind_of
from optionix_core.services import answers, trading
from optionix_core.services.draft import Draft
from optionix_core.services.lifecycle import bring_up_to_date_where_free, update_under_lock
from optionix_core.services.overseen import asked_before
from optionix_core.services.working import Working
from optionix_core.trading.gate import GateLimits
from optionix_core.trading.kill_switch import (
    KillPhase,
    KillSwitch,
    armed_event,
    disarmed_event,
    fired_event,
    fired_id,
    rearmed_event,
)
from optionix_core.trading.orders import OrderIntent, OrderResult, OrderState, Side
from optionix_core.trading.records import OrderEnd, check_client_order_id, intent_event, intent_id

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.desk import Desk
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogReader, LogWriter

LONGEST_ID: Final = 40
"""Characters of a kill's id, which its orders' ids begin with."""
LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class Exposure:
    """A position of the home, and why it is not to be closed here (None where it is)."""

    account: str
    symbol: str
    quantity: Decimal
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class KillReport:
    """The switch, and what a kill did or would do."""

    switch: KillSwitch
    moment: datetime
    cancelled: tuple[str, ...] = ()
    """Client order ids that the kill ended; of a dry run those that it would end."""
    orders: tuple[OrderResult, ...] = ()
    """Sent now to close positions."""
    held: tuple[Exposure, ...] = ()
    """Positions that are open now."""
    replayed: bool = False
    """True where the switch stood so before, and nothing but closing was done now."""


def status(workspace: Workspace) -> KillReport:
    """The switch as it stands, the orders that work and the positions that are open."""
    bring_up_to_date_where_free(workspace)
    return standing(workspace)


def standing(workspace: Workspace) -> KillReport:
    """As `status`, of the venue as the log has it: takes no lock and writes nothing."""
    desk = workspace.desk
    desk.follow(workspace.store)
    with desk.lock:
        return KillReport(desk.orders.kill, workspace.clock.now(), desk.orders.open_orders(), held=_held(desk))


def arm(workspace: Workspace, by: str, reason: str) -> KillReport:
    """Make ready to fire. One that is armed stays as it is; InvalidValueError where it has fired."""
    return _move(workspace, KillPhase.ARMED, by, reason)


def disarm(workspace: Workspace, by: str, reason: str) -> KillReport:
    """Pause it: it cannot be fired until it is armed. InvalidValueError where it has fired."""
    return _move(workspace, KillPhase.DISARMED, by, reason)


def rearm(workspace: Workspace, by: str, reason: str, confirmation: str) -> KillReport:
    """Let orders pass again, with the switch armed. `confirmation` must be `KillSwitch.confirmation`, word by word.

    Raises InvalidValueError for another text and where no kill is in force.
    """
    _check_words(by, reason)
    desk, ask = workspace.desk, asked_before(workspace)
    with workspace.store.writing("arm the kill switch again", workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        switch = desk.orders.kill
        kill_id, wanted = switch.in_force, switch.confirmation
        if kill_id is None or wanted is None:
            raise InvalidValueError("kill switch", str(switch.phase), f"{KillPhase.FIRED}, to arm it again")
        if confirmation != wanted:
            raise InvalidValueError("confirmation", repr(confirmation), repr(wanted))
        event = rearmed_event(kill_id, by, reason, confirmation, now)
        ask(log, event)
        update_under_lock(log, desk, workspace.venue_feed, now)
        desk.append(log, (event,))
        desk.keep(log)
        return KillReport(desk.orders.kill, now, held=_held(desk))


def fire(
    workspace: Workspace,
    by: str,
    reason: str,
    *,
    flatten: bool = False,
    kill_id: str | None = None,
    dry_run: bool = False,
) -> KillReport:
    """End every working order of the home, and where `flatten` sell or buy back every position that can be.

    Where a kill is in force it is that one again: nothing is ended twice, and closing goes on with what is still held.
    `dry_run` answers what would be ended and closed, and writes nothing. Raises InvalidValueError where the switch is
    not armed, and for an id that is malformed or was used before.
    """
    _check_words(by, reason)
    name = f"kill-{workspace.new_order_id()[:8]}" if kill_id is None else kill_id
    check_client_order_id(name)
    if len(name) > LONGEST_ID:
        raise InvalidValueError("kill_id", repr(name), f"at most {LONGEST_ID} characters")
    desk = workspace.desk
    if dry_run:
        told = status(workspace)
        if told.switch.in_force is None:
            told.switch.expect(KillPhase.ARMED, "fire")
        return told
    with workspace.store.writing("fire the kill switch", workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        switch = desk.orders.kill
        running = switch.in_force
        if running is None:
            switch.expect(KillPhase.ARMED, "fire")
            if log.find(fired_id(name)) is not None:
                raise InvalidValueError("kill_id", repr(name), "unused")
        elif kill_id not in (None, running):
            raise InvalidValueError("kill_id", repr(kill_id), f"{running}, which is in force")
        update_under_lock(log, desk, workspace.venue_feed, now)
        if running is None:
            _end_all(workspace, log, name, by, reason, flatten=flatten, now=now)
        killed = name if running is None else running
        closing = flatten or desk.orders.kill.flatten
        wanted = [item for item in _held(desk) if closing and item.reason is None]
        wanted.sort(key=lambda item: item.quantity > 0)  # what was sold first: what was bought may stand behind it
        sent = tuple(_close(workspace, log, killed, item, now) for item in wanted)
        desk.keep(log)
        return KillReport(
            desk.orders.kill, now, _ended_by(log, killed), sent, _held(desk), replayed=running is not None
        )


def empty(desk: Desk) -> bool:
    """Whether there is nothing that a kill could end or close."""
    return not desk.orders.open_orders() and not _held(desk)


def _move(workspace: Workspace, to: KillPhase, by: str, reason: str) -> KillReport:
    _check_words(by, reason)
    desk, ask = workspace.desk, asked_before(workspace)
    act, event = ("arm", armed_event) if to is KillPhase.ARMED else ("disarm", disarmed_event)
    before = KillPhase.DISARMED if to is KillPhase.ARMED else KillPhase.ARMED
    with workspace.store.writing(f"{act} the kill switch", workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        switch = desk.orders.kill
        if switch.phase is to:
            return KillReport(switch, now, held=_held(desk), replayed=True)
        switch.expect(before, act)
        moved = event(switch, by, reason, now)
        ask(log, moved)
        desk.append(log, (moved,))
        desk.keep(log)
        return KillReport(desk.orders.kill, now, held=_held(desk))


def _end_all(
    workspace: Workspace, log: LogWriter, kill_id: str, by: str, reason: str, *, flatten: bool, now: datetime
) -> None:
    draft = Draft(workspace.desk)
    names = tuple(order.intent.client_order_id for order in draft.orders.orders() if draft.here(order.intent.account))
    draft.add(fired_event(kill_id, by, reason, names, flatten=flatten, time=now))
    working = Working(draft, workspace.venue_feed)
    for name in reversed(names):  # children come after their parents, and need not be made smaller first
        if draft.orders.order(name) is not None:
            working.end(name, OrderEnd(OrderState.CANCELLED, f"kill {kill_id}: {reason}", ()), now)
    draft.write(log)


def _close(workspace: Workspace, log: LogWriter, kill_id: str, item: Exposure, now: datetime) -> OrderResult:
    number = 1
    while log.find(intent_id(f"{kill_id}-{number}")) is not None:
        number += 1
    intent = OrderIntent(
        client_order_id=f"{kill_id}-{number}",
        account=item.account,
        side=Side.SELL if item.quantity > 0 else Side.BUY,
        quantity=int(abs(item.quantity)),
        symbol=item.symbol,
        limit_price=None,
        created_at=now,
        reduce_only=True,
        tag=kill_id,
    )
    workspace.desk.append(log, (intent_event(intent),))
    draft = Draft(workspace.desk)
    checks = trading.decide(draft, log, workspace.venue_feed, intent, now, GateLimits())
    result = answers.of_draft(draft, intent, checks)
    draft.write(log)
    return result


def _held(desk: Desk) -> tuple[Exposure, ...]:
    return tuple(
        Exposure(account.account, item.symbol, item.quantity, _why_not(desk, account.venue, item.symbol, item.quantity))
        for account in desk.book.accounts()
        for item in account.positions
    )


def _why_not(desk: Desk, venue: str, symbol: str, quantity: Decimal) -> str | None:
    if venue != desk.venue:
        return f"its venue is {venue}"
    if kind_of(symbol) == "claim":
        return "cash in lieu, which nobody trades"
    return None if quantity == int(quantity) else "not a whole number"


def _ended_by(log: LogReader, kill_id: str) -> tuple[str, ...]:
    record = log.find(fired_id(kill_id))
    return () if record is None else fields.texts(record.event.payload, "orders")


def _check_words(by: str, reason: str) -> None:
    for field, text, longest in (("by", by, 64), ("reason", reason, LONGEST_REASON)):
        if not 1 <= len(text) <= longest or not text.isprintable() or text != text.strip():
            raise InvalidValueError(field, repr(text), f"1 to {longest} printable characters")
