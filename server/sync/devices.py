"""Devices: whose they are, how far each one's own sequence was taken in, and why one was stopped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, update

from optionix_core.errors import InvalidValueError
from server.problems import Problem
from server.store.tables import devices
from server.store.upserts import insert_where_new

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

_known = select(devices).where(devices.c.id == bindparam("device"))
_move = (
    update(devices)
    .where(devices.c.id == bindparam("device"))
    .values(cursor=bindparam("taken"), last_seen_at=bindparam("now"))
)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Device:
    """One of a user's devices."""

    id: str
    user_id: UUID
    cursor: int
    stopped_why: str | None
    revoked: bool


def check_name(device_id: str) -> None:
    """InvalidValueError where it is no device's id."""
    if not _NAME.fullmatch(device_id):
        bound = "1 to 64 letters, digits, '.', '-' or '_', beginning with a letter or digit"
        raise InvalidValueError("device_id", repr(device_id[:80]), bound)


def known(connection: Connection, device_id: str, user_id: UUID) -> Device | None:
    """The device; None where nobody has it yet. Problem 404 for somebody else's, 403 where it was revoked."""
    row = connection.execute(_known, {"device": device_id}).first()
    if row is None:
        return None
    if row.user_id != user_id:
        raise _not_yours()
    found = Device(row.id, row.user_id, int(row.cursor), row.stopped_why, row.revoked_at is not None)
    if found.revoked:
        raise Problem(403, "device-revoked", "this device was signed out for good")
    if found.stopped_why is not None:
        raise Problem(409, "device-stopped", f"this device was stopped: {found.stopped_why}")
    return found


def make(connection: Connection, device_id: str, user_id: UUID, stream_id: UUID, now: datetime) -> None:
    """A new device; nothing happens where it is there."""
    row = {
        "id": device_id,
        "user_id": user_id,
        "name": device_id,
        "stream_id": stream_id,
        "cursor": 0,
        "created_at": now,
        "last_seen_at": now,
    }
    connection.execute(insert_where_new(connection, devices), row)


def move(connection: Connection, device_id: str, cursor: int, now: datetime) -> bool:
    """It was taken in up to `cursor`; whether there is such a device that may be seen."""
    return connection.execute(_move, {"device": device_id, "taken": cursor, "now": now}).rowcount == 1


def take(connection: Connection, device_id: str, user_id: UUID, stream_id: UUID, cursor: int, now: datetime) -> None:
    """It was taken in up to `cursor`; a device that is new is made. Problem 404 where it is somebody else's."""
    if move(connection, device_id, cursor, now):
        return
    make(connection, device_id, user_id, stream_id, now)
    if not move(connection, device_id, cursor, now):
        raise _not_yours()


def stop(connection: Connection, device_id: str, why: str) -> None:
    """It sends nothing more until its owner lets it, see `server.auth.devices.release_device`. Raises as `take`."""
    _change(connection, device_id, stopped_why=why)


def _change(connection: Connection, device_id: str, **values: Any) -> None:
    """Somebody else's is neither seen nor changed where the database has walls; `make` then made nothing either."""
    if connection.execute(update(devices).where(devices.c.id == device_id).values(**values)).rowcount != 1:
        raise _not_yours()


def _not_yours() -> Problem:
    return Problem(404, "not-found", "there is no such device of yours")
