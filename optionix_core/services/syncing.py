"""A home and its server: bind, bring both together, look at conflicts and decide them.

The network is a `sync.wire.Transport`, which a face brings along. A home that is bound to no server pays nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from optionix_core.errors import RefusedError
from optionix_core.services import kept_orders
from optionix_core.services.rebasing import Rebasing
from optionix_core.sync.canonical import time_text
from optionix_core.sync.wire import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from optionix_core.services.kept_orders import KeptOrder
    from optionix_core.services.workspace import Workspace
    from optionix_core.storage.merged_store import MergedEventStore
    from optionix_core.sync.client import Random
    from optionix_core.sync.masking import Resolution
    from optionix_core.sync.replica import Binding
    from optionix_core.sync.wire import Transport

EXPIRED: Final = "expired-intent"
"""The kind of conflict that an order is which was kept and whose end passed unsent. The home tells it, no server."""

SyncWord = Literal["unbound", "stopped", "conflicts", "pending", "synced"]
"""The worst that is true. Whether the server is in reach, or a run goes on, is known to whoever runs."""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """How far a home and its server are, from what the home knows; asks nobody."""

    word: SyncWord
    binding: Binding | None
    pending: int = 0
    """Own events that the server has not acknowledged."""
    conflicts: int = 0
    """Open ones: of the server as they were counted last, and kept orders whose end has passed."""
    cursor: int = 0
    """The last sequence that was pulled."""
    contact: datetime | None = None
    """When the server answered last."""
    stopped_why: str | None = None
    lease_hours: float | None = None
    """How long from `contact` on orders for the server's venue may open anything; None where it was not told."""

    @property
    def lease_until(self) -> datetime | None:
        """When that ends; None before any contact."""
        if self.contact is None or self.lease_hours is None:
            return None
        return self.contact + timedelta(hours=self.lease_hours)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one run did."""

    pulled: int
    pushed: int
    quarantined: int
    """Of those that were pushed now."""
    status: SyncStatus


def status(workspace: Workspace) -> SyncStatus:
    """How far the home and its server are."""
    store = _store(workspace)
    if store is None:
        return SyncStatus("unbound", None)
    state, pending = store.sync_state(), store.waiting()
    open_conflicts = state.conflicts + len(kept_orders.expired(workspace))
    word: SyncWord = "synced"
    if state.stopped_why is not None:
        word = "stopped"
    elif open_conflicts:
        word = "conflicts"
    elif pending:
        word = "pending"
    return SyncStatus(
        word,
        state.binding,
        pending,
        open_conflicts,
        state.remote.seq,
        state.contact,
        state.stopped_why,
        state.lease_hours,
    )


def followed_user(workspace: Workspace) -> str | None:
    """Whose stream the home follows, by id; None where it follows none."""
    store = _store(workspace)
    return None if store is None else store.sync_state().binding.user


def bind(workspace: Workspace, server: str, user: str) -> Binding:
    """Let the home follow the stream of `user` (an id) on `server` (an address); again: nothing happens.

    Raises InvalidValueError where it follows another one.
    """
    from optionix_core.storage.binding import bind as bind_store
    from optionix_core.storage.sqlite_store import SqliteEventStore

    workspace.home.check_writable(f"bind to {server}")
    store = workspace.store
    if not isinstance(store, SqliteEventStore):
        raise RefusedError("sync", "only a home on disk is bound to a server")
    binding = bind_store(store, workspace.home.data, server, user)
    workspace.reopen_store()
    return binding


def leave(workspace: Workspace) -> bool:
    """Follow no server any more; whether the home did. Its own log stays, what was pulled is forgotten."""
    from optionix_core.storage.binding import unbind

    store = _store(workspace)
    if store is None:
        return False
    unbind(store, workspace.home.data)
    workspace.reopen_store()
    return True


def go_on(workspace: Workspace) -> None:
    """Send again after an alarm, once somebody has looked why the device was stopped."""
    from optionix_core.storage.binding import release

    release(_bound(workspace))


def sync_now(
    workspace: Workspace,
    transport: Transport,
    *,
    random: Random,
    wait: Callable[[float], None],
    rebasing: Rebasing | None = None,
) -> SyncReport:
    """Pull everything, push everything, count conflicts.

    `rebasing` keeps folds from one run to the next of a long-lived face. Raises VenueError or DeadlineError where the
    server is out of reach, RefusedError (`clock-drift` ...) where it says no for now, IntegrityError where the device
    is stopped.
    """
    from optionix_core.sync.client import DeviceClient

    store = _bound(workspace)
    keeping = Rebasing() if rebasing is None else rebasing
    client = DeviceClient(store, transport, keeping, workspace.clock, random=random, wait=wait)
    done = client.run()
    if done.quarantined or done.pulled or done.state.conflicts:
        _count(store, transport)
    here = replace(status(workspace), contact=workspace.clock.now())  # a home that says nothing new is not written
    return SyncReport(done.pulled, done.pushed, done.quarantined, here)


def pull_now(
    workspace: Workspace,
    transport: Transport,
    *,
    random: Random,
    wait: Callable[[float], None],
    rebasing: Rebasing | None = None,
) -> int:
    """Pull everything and push nothing; how many events came. Raises as `sync_now`."""
    from optionix_core.sync.client import DeviceClient

    keeping = Rebasing() if rebasing is None else rebasing
    client = DeviceClient(_bound(workspace), transport, keeping, workspace.clock, random=random, wait=wait)
    return client.pull()


def conflicts(workspace: Workspace, transport: Transport) -> Sequence[Conflict]:
    """Open conflicts of the bound user, then orders of this home whose end passed unsent; each the oldest first."""
    found = _count(_bound(workspace), transport)
    return [*found, *(_conflict(workspace, one) for one in kept_orders.expired(workspace))]


def resolve(
    workspace: Workspace,
    transport: Transport,
    event_id: str,
    resolution: Resolution,
    *,
    random: Random,
    wait: Callable[[float], None],
    rebasing: Rebasing | None = None,
) -> Conflict:
    """Decide a conflict and pull what came of it.

    An order whose end has passed can only be discarded, which asks no server: RefusedError `expired-intent` otherwise.
    """
    _bound(workspace)
    for one in kept_orders.expired(workspace):
        if kept_orders.kept_id(one.order_id) == event_id:
            return _decide(workspace, one, resolution)
    decided = transport.resolve(event_id, resolution)
    sync_now(workspace, transport, random=random, wait=wait, rebasing=rebasing)
    return decided


def _conflict(workspace: Workspace, order: KeptOrder) -> Conflict:
    record = workspace.store.find(kept_orders.kept_id(order.order_id))
    assert record is not None  # noqa: S101 - it was listed by this record
    reason = f"expired {time_text(order.expires_at)} and was never sent: {order.reason}"
    event = record.event
    return Conflict(event.id, EXPIRED, record.seq, reason, order.expires_at, event.type, payload=event.payload)


def _decide(workspace: Workspace, order: KeptOrder, resolution: Resolution) -> Conflict:
    if resolution != "discard":
        words = f"{order.order_id} expired {time_text(order.expires_at)}: it is never sent, discard it"
        raise RefusedError(EXPIRED, words)
    found = _conflict(workspace, order)
    kept_orders.drop(workspace, order.order_id)
    return replace(found, resolution=resolution, resolved_at=workspace.clock.now())


def _count(store: MergedEventStore, transport: Transport) -> Sequence[Conflict]:
    found = transport.conflicts()
    if store.sync_state().conflicts != len(found):
        with store.syncing("count conflicts") as writer:
            writer.note(replace(writer.state(), conflicts=len(found)))
    return found


def _bound(workspace: Workspace) -> MergedEventStore:
    store = _store(workspace)
    if store is None:
        raise RefusedError("sync", "this home follows no server: sign in first")
    return store


def _store(workspace: Workspace) -> MergedEventStore | None:
    from optionix_core.storage.sqlite_store import BOUND_MARK

    if not (workspace.home.data / BOUND_MARK).exists():
        return None
    from optionix_core.storage.merged_store import MergedEventStore

    if not isinstance(workspace.store, MergedEventStore):
        workspace.reopen_store()  # another process bound the home meanwhile
    store = workspace.store
    return store if isinstance(store, MergedEventStore) else None
