"""Binding a home to a server, and letting it go: what stands in its database, and the mark beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.storage import durable, merged_rows
from optionix_core.storage.connections import transaction, translated
from optionix_core.storage.sqlite_store import BOUND_MARK, SqliteEventStore
from optionix_core.storage.tables import fold_checkpoints
from optionix_core.sync.replica import Binding, SyncState

if TYPE_CHECKING:
    from pathlib import Path

    from optionix_core.storage.merged_store import MergedEventStore


def is_bound(data_folder: Path) -> bool:
    """Whether a home follows a server."""
    return (data_folder / BOUND_MARK).exists()


def bind(store: SqliteEventStore, data_folder: Path, server: str, user: str) -> Binding:
    """Bind a home to a server for `user`; its device is the home's own id. Refused where it is bound already."""
    with store.writing("bind to a server") as writer:
        own = getattr(writer, "_own", writer)
        with translated(own.database):
            known = merged_rows.state(own.connection)
            if known is not None and (known.binding.server, known.binding.user) != (server, user):
                there = known.binding
                raise InvalidValueError(
                    "server", server, f"{there.server}, which this home is bound to as {there.user}"
                )
            device = store.device()
            if device is None:
                raise IntegrityError("the home has no device id")
            binding = Binding(server, user, device) if known is None else known.binding
            if known is None:
                with transaction(own.connection, own.database):
                    merged_rows.write_state(own.connection, SyncState(binding))
    durable.replace(data_folder / BOUND_MARK, f"{server}\n".encode())
    return binding


def unbind(store: MergedEventStore, data_folder: Path) -> None:
    """Follow no server any more: what was pulled is forgotten, the home's own log stays as it is."""
    with store.writing("leave the server") as writer:
        own = writer._own  # noqa: SLF001 - store and writer are one thing in two shapes
        (data_folder / BOUND_MARK).unlink(missing_ok=True)
        with translated(own.database), transaction(own.connection, own.database):
            merged_rows.clear(own.connection)
            own.connection.execute(delete(fold_checkpoints))


def release(store: MergedEventStore) -> None:
    """Let a stopped device go on, after somebody has looked why it stopped."""
    with store.syncing("go on after an alarm") as writer:
        writer.note(replace(writer.state(), stopped_why=None))
