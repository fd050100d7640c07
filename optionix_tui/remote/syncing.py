"""Push, pull and conflicts of a home over HTTP: `optionix_core.services.syncing` with the server signed in on."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.errors import ReadOnlyError
from optionix_core.services import joining, syncing
from optionix_tui.remote.transport import HttpTransport

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.rebasing import Rebasing
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.masking import Resolution
    from optionix_core.sync.wire import Conflict
    from optionix_tui.remote.team import Team

ACTS = {
    "accept": "accepted: it counts from now on",
    "reverse": "reversed: a new entry undoes it",
    "discard": "discarded: it counts for nothing",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a home is, as far as it knows itself."""

    cursor: int
    pending: int
    conflicts: int
    last_sync: datetime | None
    stopped: str
    """Why nothing is sent any more; empty where it is."""
    bound: bool
    """Whether it follows a server at all."""
    lease_until: datetime | None = None
    """Until when its orders for the server's venue may open anything; None where no server said."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one run did."""

    pushed: int
    pulled: int
    quarantined: int
    conflicts: int
    at: datetime | None
    """When the server answered."""


def standing(workspace: Workspace) -> Standing:
    """How far the home is; asks no network."""
    found = syncing.status(workspace)
    return Standing(
        found.cursor,
        found.pending,
        found.conflicts,
        found.contact,
        found.stopped_why or "",
        found.binding is not None,
        found.lease_until,
    )


def synchronise(team: Team, workspace: Workspace, rebasing: Rebasing | None = None) -> Done:
    """Pull everything, push everything. Binds the home first where a key speaks for it and nobody ever signed in.

    ReadOnlyError where nothing may be written: what is pulled goes into the home's log.
    """
    if workspace.home.read_only:
        raise ReadOnlyError("synchronise: what is pulled goes into the home's log; the desk can be looked at")
    transport = _transport(team, workspace)
    done = syncing.sync_now(workspace, transport, random=_uniform, wait=time.sleep, rebasing=rebasing)
    return Done(done.pushed, done.pulled, done.quarantined, done.status.conflicts, done.status.contact)


def pull(team: Team, workspace: Workspace, rebasing: Rebasing | None = None) -> int:
    """Pull everything and push nothing; how many entries came. ReadOnlyError where nothing may be written."""
    workspace.home.check_writable("pull: what comes goes into the home's log")
    transport = _transport(team, workspace)
    return syncing.pull_now(workspace, transport, random=_uniform, wait=time.sleep, rebasing=rebasing)


def conflicts(team: Team, workspace: Workspace) -> tuple[Conflict, ...]:
    """What waits for a decision, the oldest first."""
    return tuple(syncing.conflicts(workspace, _transport(team, workspace)))


def says(conflict: Conflict) -> str:
    """What a fact says: of a note its text, of anything else its fields."""
    text = conflict.payload.get("text")
    if isinstance(text, str):
        return text
    fields = sorted(conflict.payload.items())
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}" for name, value in fields
    )


def resolve(
    team: Team, workspace: Workspace, event_id: str, resolution: Resolution, rebasing: Rebasing | None = None
) -> str:
    """Decide a conflict, and pull what came of it; what was done, in words."""
    if workspace.home.read_only:
        raise ReadOnlyError("resolve a conflict")
    transport = _transport(team, workspace)
    syncing.resolve(workspace, transport, event_id, resolution, random=_uniform, wait=time.sleep, rebasing=rebasing)
    return f"{event_id} {ACTS[resolution]}"


def _transport(team: Team, workspace: Workspace) -> HttpTransport:
    client = team.client()
    transport = HttpTransport(client)
    if team.by_key and syncing.status(workspace).binding is None and not workspace.home.read_only:
        user, server = client.me.show(), team.server()
        joining.join(workspace, transport, server, user.user_id, f"{user.email} on {server}")
    return transport


_uniform = random.Random()  # noqa: S311 - spreads waits, nothing secret
