"""Keys replaced and people erased: for those who look after the server, after they showed once more who they are."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi import Request as HttpRequest
from pydantic import Field

from server.api.documented import problems
from server.api.people import Auth, Written
from server.api.values import Answer, Id
from server.app import server_of
from server.auth.identity import Identity
from server.auth.rights import needs_step_up
from server.crypto.erasing import erase
from server.parts import AuditEntry
from server.problems import Problem

router = APIRouter(prefix="/admin", tags=["admin"])

ReplacesKeys = Annotated[Identity, Depends(needs_step_up("encryption", "write"))]
Erases = Annotated[Identity, Depends(needs_step_up("erasure", "write"))]

_STEP_UP = "`step-up-required` asks for the password first."


class KeysReplaced(Answer):
    """What seals, chains and signs from now on."""

    keys: Annotated[dict[str, int], Field(description="Number of the new key by purpose.")]
    epoch: Annotated[int, Field(ge=1, description="Of the chains.")]


class Erased(Answer):
    """What became of it."""

    user_id: Id
    erased: Annotated[bool, Field(description="False where it was done before.")]


@router.post("/encryption/rotate", responses=problems(503, when={403: _STEP_UP}))
def rotate_keys(caller: ReplacesKeys, origin: Written, request: HttpRequest) -> KeysReplaced:
    """Make new keys. What older ones sealed is sealed anew by and by, then they are erased; nothing stands still."""
    server = server_of(request)
    made = server.envelopes.rotate()
    epoch = server.envelopes.epoch()
    details = {"keys": dict(made), "epoch": epoch}
    entry = AuditEntry("encryption.rotate", "keys", caller.user_id, details, origin.address, origin.user_agent)
    server.audit.record(entry)
    return KeysReplaced(keys=dict(made), epoch=epoch)


@router.post(
    "/users/{user_id}/erase",
    responses=problems(404, when={403: f"Nobody does that to himself; {_STEP_UP}"}),
)
def erase_user(user_id: UUID, caller: Erases, auth: Auth, origin: Written, request: HttpRequest) -> Erased:
    """Overwrite or delete what is about a person; records of trading and the audit log stay, without him."""
    server = server_of(request)
    if user_id == caller.user_id:
        raise Problem(403, "self-approval", "nobody does that to himself: ask another")
    shown = auth.shown_of(user_id)
    done = erase(
        server.database,
        server.envelopes,
        server.audit,
        server.clock,
        user_id,
        caller.user_id,
        ip_address=origin.address or None,
        user_agent=origin.user_agent or None,
    )
    auth.forget(shown)
    return Erased(user_id=user_id, erased=done)
