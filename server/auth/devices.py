"""Devices: what a terminal names itself by at sign-in, so that it can push and pull, and be shut out alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, update

from server.auth.rows import insert_once
from server.auth.sessions import revoke_where
from server.problems import Problem
from server.store.tables import devices, sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from server.auth.accounts import Identities
    from server.auth.origin import Origin


@dataclass(frozen=True, slots=True)
class Device:
    """A device of somebody."""

    id: str
    name: str
    created_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None
    stopped_why: str | None
    """An alarm that stopped it, until somebody looks."""


def keep_device(
    auth: Identities, connection: Connection, user_id: UUID, device_id: str, name: str | None, stream_id: UUID
) -> None:
    """Take note of a device at sign-in. Problem 409 where it is somebody else's, 403 where it was revoked."""
    now = auth.stores.clock.now()
    made = insert_once(
        connection,
        devices,
        {
            "id": device_id,
            "user_id": user_id,
            "name": name or device_id,
            "stream_id": stream_id,
            "cursor": 0,
            "created_at": now,
            "last_seen_at": now,
        },
    )
    if made:
        return
    row = connection.execute(select(devices).where(devices.c.id == device_id).with_for_update()).one()
    if row.user_id != user_id:
        raise Problem(409, "device-taken", "that device id is another's: make a new one")
    if row.revoked_at is not None:
        raise Problem(403, "device-revoked", "this device was revoked for good: sign in from it under a new id")
    values = {"last_seen_at": now} if name is None else {"last_seen_at": now, "name": name}
    connection.execute(update(devices).where(devices.c.id == device_id).values(**values))


def devices_of(auth: Identities, user_id: UUID) -> Sequence[Device]:
    """All devices of somebody, revoked ones too, the oldest first."""
    with auth.stores.database.reading(fresh=True) as connection:
        rows = connection.execute(
            select(devices).where(devices.c.user_id == user_id).order_by(devices.c.created_at, devices.c.id)
        ).all()
    return [Device(row.id, row.name, row.created_at, row.last_seen_at, row.revoked_at, row.stopped_why) for row in rows]


def revoke_device(auth: Identities, user_id: UUID, device_id: str, origin: Origin) -> None:
    """Shut a device out for good: its sessions end, it neither pushes nor pulls. Problem 404 for one of another."""

    def work(connection: Connection) -> Sequence[UUID] | None:
        mine = (devices.c.id == device_id) & (devices.c.user_id == user_id)
        row = connection.execute(select(devices).where(mine).with_for_update()).one_or_none()
        if row is None:
            return None
        if row.revoked_at is None:
            connection.execute(update(devices).where(mine).values(revoked_at=auth.stores.clock.now()))
            auth.stores.note(connection, "devices.revoke", user_id, origin, resource=f"devices/{device_id}")
        same = (sessions.c.user_id == user_id) & (sessions.c.device_id == device_id)
        return revoke_where(auth, connection, same, "its device was revoked")

    ended = auth.stores.database.write(work)
    if ended is None:
        raise Problem(404, "not-found", "there is no such device")
    auth.forget_sessions(ended)


def release_device(auth: Identities, user_id: UUID, device_id: str, origin: Origin) -> None:
    """Let a device send again that an alarm stopped. Problem 404 for one of another, 409 for one that was revoked."""

    def work(connection: Connection) -> None:
        mine = (devices.c.id == device_id) & (devices.c.user_id == user_id)
        row = connection.execute(select(devices).where(mine).with_for_update()).one_or_none()
        if row is None:
            raise Problem(404, "not-found", "there is no such device")
        if row.revoked_at is not None:
            raise Problem(409, "device-revoked", "this device was revoked for good: sign in from it under a new id")
        if row.stopped_why is not None:
            connection.execute(update(devices).where(mine).values(stopped_why=None))
            auth.stores.note(
                connection,
                "devices.release",
                user_id,
                origin,
                resource=f"devices/{device_id}",
                stopped_why=row.stopped_why,
            )

    auth.stores.database.write(work)
