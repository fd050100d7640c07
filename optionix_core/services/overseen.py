"""What a home that follows a server may not undo, asked before it writes: the rule by which the server judges a device.

A home that follows no server has nobody over it, and the server's own books are no home: there nothing is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.errors import RefusedError
from optionix_core.services import syncing
from optionix_core.trading.overseen import undone

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event, LogReader


def asked_before(workspace: Workspace) -> Callable[[LogReader, Event], None]:
    """What is asked of an event before it is written, with the log and the desk's folds up to it.

    It raises RefusedError (`server-only`) for one that undoes what another has set. To be made before the log's lock is
    taken.
    """
    user = syncing.followed_user(workspace)

    def ask(log: LogReader, event: Event) -> None:
        if user is None:
            return
        orders = workspace.desk.orders
        why = undone(event, orders, user, orders.kinds, lambda begins: _halted_by(log, begins))
        if why is not None:
            raise RefusedError("server-only", f"{why}: it is changed on the server, by whoever may")

    return ask


def _halted_by(log: LogReader, begins: str) -> str | None:
    """Who set the last halt whose event's id begins so, of those that are numbered."""
    last, number = None, 1
    while (found := log.find(f"{begins}{number}/started")) is not None:
        last, number = found, number + 1
    by = None if last is None else last.event.payload.get("by")
    return by if isinstance(by, str) else None
