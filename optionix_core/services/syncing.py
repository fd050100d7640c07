"""A home and its server: bind, bring both together, look at conflicts and decide them.

The network is a `sync.wire.Transport`, which a face brings along. A home that is bound to no server pays nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from optionix_core.errors import RefusedError
from optionix_core.services.rebasing import Rebasing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from optionix_core.services.workspace import Workspace
    from optionix_core.storage.merged_store import MergedEventStore
    from optionix_core.sync.client import Random
    from optionix_core.sync.masking import Resolution
    from optionix_core.sync.replica import Binding
    from optionix_core.sync.wire import Conflict, Transport

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
    """Open ones, as they were counted last."""
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
    word: SyncWord = "synced"
    if state.stopped_why is not None:
        word = "stopped"
    elif state.conflicts:
        word = "conflicts"
    elif pending:
        word = "pending"
    return SyncStatus(
        word,
        state.binding,
        pending,
        state.conflicts,
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
    """Open conflicts of the bound user, the oldest first."""
    return _count(_bound(workspace), transport)


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
    """Decide a conflict and pull what came of it."""
    _bound(workspace)
    decided = transport.resolve(event_id, resolution)
    sync_now(workspace, transport, random=random, wait=wait, rebasing=rebasing)
    return decided


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
