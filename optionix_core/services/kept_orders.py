"""Orders for a venue that could not be reached: kept in the home's log until somebody sends them again, or they expire.

    intent/ID/kept       intent.kept       the order as it was wanted, until when it may be sent, and why it was not
    intent/ID/dropped    intent.dropped    it is not to be sent any more

Nothing sends them by itself: the market that they were meant for is over. One that has become an order, whoever sent
it, is told as sent; one whose end has passed is told as expired and is never sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, runtime_checkable

from optionix_core.errors import InvalidValueError, RefusedError, UnknownNameError
from optionix_core.portfolio import fields
from optionix_core.services import leases
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event
from optionix_core.trading.records import INTENT, intent_id, intent_of, intent_payload, same_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Json, LogReader, Record
    from optionix_core.trading.account_standing import AccountStatus
    from optionix_core.trading.orders import OrderIntent

KEPT: Final = "intent.kept"
DROPPED: Final = "intent.dropped"
LONGEST_REASON: Final = 500


class KeptState(StrEnum):
    """What became of a kept order."""

    KEPT = "kept"
    SENT = "sent"
    DROPPED = "dropped"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class KeptOrder:
    """An order that did not reach its venue."""

    intent: OrderIntent
    """`created_at`: when it was wanted."""
    expires_at: datetime
    """From then on it is not sent any more."""
    reason: str
    """Why it was kept."""
    state: KeptState = KeptState.KEPT

    @property
    def order_id(self) -> str:
        """The client order id, under which it is sent again."""
        return self.intent.client_order_id


class KeptStanding(NamedTuple):
    """A kept order, and what its account may do now."""

    order: KeptOrder
    status: AccountStatus
    why: str | None
    """Why the account may do no more; None where nobody set anything."""


@runtime_checkable
class _FindsBeginnings(Protocol):
    """A log that finds ids by how they begin."""

    def ids_beginning(self, text: str) -> Sequence[str]: ...


def keep(workspace: Workspace, intent: OrderIntent, expires_at: datetime, reason: str) -> KeptOrder:
    """Keep an order; the same id with the same terms is kept once, and until the end that was first given.

    Raises InvalidValueError for an end that is not ahead, and for an id that was used for another order or that was
    dropped or has expired.
    """
    now = workspace.clock.now()
    if expires_at <= now:
        raise InvalidValueError("expires", time_text(expires_at), f"after {time_text(now)}")
    workspace.home.check_writable("keep an order")
    with workspace.store.writing(f"keep {intent.client_order_id}", workspace.lock_timeout) as log:
        earlier = log.find(kept_id(intent.client_order_id))
        if earlier is None:
            wanted = KeptOrder(replace(intent, created_at=now), expires_at, reason[:LONGEST_REASON])
            log.append([_kept_event(wanted)])
            return wanted
        known = _told(log.find, earlier, now)
        if not same_order(known.intent, intent) or known.state is not KeptState.KEPT:
            bound = f"unused: it is of an order that was {known.state}"
            raise InvalidValueError("client_order_id", repr(intent.client_order_id), bound)
        return known


def drop(workspace: Workspace, order_id: str) -> KeptOrder:
    """Say that a kept order is not to be sent any more; again: nothing happens.

    Raises UnknownNameError for an unknown one, InvalidValueError for one that was sent.
    """
    workspace.home.check_writable("drop an order")
    with workspace.store.writing(f"drop {order_id}", workspace.lock_timeout) as log:
        now = workspace.clock.now()
        known = _found(workspace, log, order_id, now)
        if known.state is KeptState.SENT:
            raise InvalidValueError("intent", f"{order_id}: sent", "one that was not sent: cancel the order")
        if known.state is not KeptState.DROPPED:
            account = known.intent.account
            payload: dict[str, Json] = {"account": account, "client_order_id": order_id}
            log.append([Event(dropped_id(order_id), DROPPED, now, payload)])
        return replace(known, state=KeptState.DROPPED)


def find(workspace: Workspace, order_id: str) -> KeptOrder:
    """A kept order as it stands. UnknownNameError where there is none."""
    return _found(workspace, workspace.store, order_id, workspace.clock.now())


def sendable(workspace: Workspace, order_id: str) -> KeptOrder:
    """A kept order that may be sent now, or was. RefusedError for one that has expired or was dropped."""
    known = find(workspace, order_id)
    if known.state is KeptState.EXPIRED:
        raise RefusedError("expired-intent", f"{order_id} expired {time_text(known.expires_at)}; it was not sent")
    if known.state is KeptState.DROPPED:
        raise RefusedError("dropped-intent", f"{order_id} was dropped; it was not sent")
    return known


def listing(workspace: Workspace, *, every: bool = False) -> tuple[KeptOrder, ...]:
    """Orders that are kept or have expired unsent, the oldest first; with `every` those sent and dropped too."""
    store, now = workspace.store, workspace.clock.now()
    names = _names(workspace)
    log = store.find_many([made(name) for name in names for made in (kept_id, intent_id, dropped_id)])
    records = sorted((log[kept_id(name)] for name in names), key=lambda record: record.seq)
    found = [_told(log.get, record, now) for record in records if record.event.type == KEPT]
    ended = (KeptState.SENT, KeptState.DROPPED)
    return tuple(one for one in found if every or one.state not in ended)


def expired(workspace: Workspace) -> tuple[KeptOrder, ...]:
    """Orders whose end passed unsent, and which nobody has dropped yet; the oldest first."""
    return tuple(one for one in listing(workspace) if one.state is KeptState.EXPIRED)


def standing(workspace: Workspace) -> tuple[KeptStanding, ...]:
    """As `listing`, each with what its account may do now."""
    desk, found = workspace.desk, listing(workspace)
    desk.follow(workspace.store)
    now = workspace.clock.now()
    with desk.lock:
        may = {account: leases.status_now(workspace, account, now) for account in {one.intent.account for one in found}}
    return tuple(KeptStanding(one, *may[one.intent.account]) for one in found)


def kept_id(order_id: str) -> str:
    """Id of the event that keeps an order."""
    return f"intent/{order_id}/kept"


def dropped_id(order_id: str) -> str:
    """Id of the event that drops a kept order."""
    return f"intent/{order_id}/dropped"


def _names(workspace: Workspace) -> list[str]:
    """Client order ids of all orders that were ever kept in the home."""
    store = workspace.store
    if not isinstance(store, _FindsBeginnings):
        raise RefusedError("intents", "only a home on disk keeps orders")
    told = (name.split("/") for name in store.ids_beginning("intent/"))
    return [parts[1] for parts in told if parts[2:] == ["kept"]]


def _found(workspace: Workspace, log: LogReader, order_id: str, now: datetime) -> KeptOrder:
    record = log.find(kept_id(order_id))
    if record is None:
        raise UnknownNameError("intent", order_id, tuple(_names(workspace)[-5:]))
    return _told(log.find, record, now)


def _told(find: Callable[[str], Record | None], record: Record, now: datetime) -> KeptOrder:
    """As it stands at `now`, by records that `find` gives by their ids. IntegrityError where the event is malformed."""
    payload = record.event.payload
    order = Event(record.event.id, INTENT, record.event.time, fields.mapping(payload, "order"))
    kept = KeptOrder(intent_of(order), fields.moment(payload, "expires_at"), fields.text(payload, "reason"))
    if find(intent_id(kept.order_id)) is not None:
        return replace(kept, state=KeptState.SENT)
    if find(dropped_id(kept.order_id)) is not None:
        return replace(kept, state=KeptState.DROPPED)
    return replace(kept, state=KeptState.EXPIRED) if now >= kept.expires_at else kept


def _kept_event(kept: KeptOrder) -> Event:
    intent = kept.intent
    payload: dict[str, Json] = {
        "account": intent.account,
        "client_order_id": intent.client_order_id,
        "expires_at": time_text(kept.expires_at),
        "order": intent_payload(intent),
        "reason": kept.reason,
    }
    return Event(kept_id(intent.client_order_id), KEPT, intent.created_at, payload)
