"""`sessions`, `devices`: where one is signed in, and how to end that."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from server.api.documented import problems
from server.api.people import Auth, Count, DeviceId, Written
from server.api.values import Answer, Instant
from server.auth import devices, sessions
from server.auth.identity import Identity
from server.auth.rights import needs_session, needs_step_up

router = APIRouter(tags=["sessions"])

ReadsSessions = Annotated[Identity, Depends(needs_session("sessions", "read"))]
EndsSessions = Annotated[Identity, Depends(needs_session("sessions", "write"))]
ReadsDevices = Annotated[Identity, Depends(needs_session("devices", "read"))]
RevokesDevices = Annotated[Identity, Depends(needs_session("devices", "write"))]
ReleasesDevices = Annotated[Identity, Depends(needs_step_up("devices", "write"))]


class SessionAnswer(Answer):
    """One sign-in."""

    session_id: UUID
    current: bool
    """Whether it is the one that asks."""
    device_id: str | None
    created_at: Instant
    last_used_at: Instant
    """When it was opened or refreshed last."""
    expires_at: Instant
    ip_address: str | None
    user_agent: str | None


class Sessions(Answer):
    """Sign-ins that have not ended."""

    sessions: list[SessionAnswer]


class Ended(Answer):
    """How many sessions ended."""

    ended: Count


class DeviceAnswer(Answer):
    """A terminal that names itself at sign-in."""

    device_id: str
    name: str
    created_at: Instant
    last_seen_at: Instant | None
    revoked_at: Instant | None
    stopped_why: str | None
    """An alarm that stopped it."""


class Devices(Answer):
    """All, revoked ones too."""

    devices: list[DeviceAnswer]


@router.get("/sessions", response_model=Sessions, responses=problems())
def list_sessions(identity: ReadsSessions, auth: Auth) -> Sessions:
    """Where one is signed in, the last used first."""
    return Sessions(
        sessions=[
            SessionAnswer(
                session_id=one.id,
                current=one.id == identity.session_id,
                device_id=one.device_id,
                created_at=one.created_at,
                last_used_at=one.last_used_at,
                expires_at=one.expires_at,
                ip_address=one.ip_address,
                user_agent=one.user_agent,
            )
            for one in sessions.open_sessions(auth, identity.user_id)
        ]
    )


@router.delete("/sessions", response_model=Ended, responses=problems())
def end_other_sessions(identity: EndsSessions, auth: Auth, origin: Written) -> Ended:
    """Sign out everywhere else."""
    return Ended(ended=sessions.end_others(auth, identity.user_id, identity.session_id, origin))


@router.delete("/sessions/{session_id}", status_code=204, responses=problems(404))
def end_session(session_id: UUID, identity: EndsSessions, auth: Auth, origin: Written) -> None:
    """End one; its tokens are refused from now on."""
    sessions.end_session(auth, identity.user_id, session_id, origin)


@router.get("/devices", response_model=Devices, responses=problems())
def list_devices(identity: ReadsDevices, auth: Auth) -> Devices:
    """One's devices, the oldest first."""
    return Devices(
        devices=[
            DeviceAnswer(
                device_id=one.id,
                name=one.name,
                created_at=one.created_at,
                last_seen_at=one.last_seen_at,
                revoked_at=one.revoked_at,
                stopped_why=one.stopped_why,
            )
            for one in devices.devices_of(auth, identity.user_id)
        ]
    )


@router.delete("/devices/{device_id}", status_code=204, responses=problems(404))
def revoke_device(device_id: DeviceId, identity: RevokesDevices, auth: Auth, origin: Written) -> None:
    """Shut a device out for good: its sessions end, and it neither pushes nor pulls."""
    devices.revoke_device(auth, identity.user_id, device_id, origin)


@router.post(
    "/devices/{device_id}/release",
    status_code=204,
    responses=problems(
        404, when={403: "Show your password to auth/step-up first.", 409: "The device was revoked for good."}
    ),
)
def release_device(device_id: DeviceId, identity: ReleasesDevices, auth: Auth, origin: Written) -> None:
    """Let a device send again that an alarm stopped, once somebody has looked why; 204 too where none had."""
    devices.release_device(auth, identity.user_id, device_id, origin)
