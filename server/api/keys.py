"""`keys`: API keys for programs, which never do more than their owner's role does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field

from server.api.documented import problems
from server.api.people import Auth, Label, Written
from server.api.values import Answer, Instant, Request, examples
from server.auth import keys
from server.auth.identity import Identity
from server.auth.rights import needs_session, needs_step_up

if TYPE_CHECKING:
    from server.auth.keys import ApiKey

router = APIRouter(prefix="/keys", tags=["keys"])

Scope = Annotated[str, Field(min_length=3, max_length=64)]
Address = Annotated[str, Field(min_length=1, max_length=64)]


class NewKey(Request):
    """A key for one program."""

    model_config = examples({"name": "nightly report", "scopes": ["portfolio:read"], "addresses": ["10.0.0.0/8"]})

    name: Label
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=64)]
    """Rights `RESOURCE:VERB` that the caller's role has."""
    addresses: Annotated[list[Address], Field(max_length=32, default_factory=list)]
    """Networks in CIDR that it may be used from; empty: all."""
    expires_at: Instant | None = None
    """At most a year ahead; 90 days where absent."""


class KeyAnswer(Answer):
    """A key, without its secret."""

    key_id: UUID
    name: str
    prefix: str
    scopes: list[str]
    addresses: list[str]
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None
    """To the minute."""


class MadeKey(KeyAnswer):
    """A new key; `key` is shown this once."""

    key: str


class Keys(Answer):
    """Keys that were not revoked."""

    keys: list[KeyAnswer]


@router.get("", response_model=Keys, responses=problems())
def list_keys(identity: Annotated[Identity, Depends(needs_session("keys", "read"))], auth: Auth) -> Keys:
    """One's keys, the oldest first."""
    return Keys(keys=[KeyAnswer(**_fields(one)) for one in keys.keys_of(auth, identity.user_id)])


@router.post(
    "",
    status_code=201,
    response_model=MadeKey,
    responses=problems(body=True, when={403: "Show your password to auth/step-up first.", 409: "Too many keys hold."}),
)
def make_key(
    identity: Annotated[Identity, Depends(needs_step_up("keys", "write"))], auth: Auth, body: NewKey, origin: Written
) -> MadeKey:
    """Make a key."""
    made, text = keys.make_key(auth, identity, body.name, body.scopes, body.addresses, body.expires_at, origin)
    return MadeKey(key=text, **_fields(made))


@router.delete("/{key_id}", status_code=204, responses=problems(404))
def revoke_key(
    key_id: UUID, identity: Annotated[Identity, Depends(needs_session("keys", "write"))], auth: Auth, origin: Written
) -> None:
    """End a key."""
    keys.revoke_key(auth, identity.user_id, key_id, origin)


def _fields(one: ApiKey) -> dict[str, Any]:
    return {
        "key_id": one.id,
        "name": one.name,
        "prefix": one.prefix,
        "scopes": list(one.scopes),
        "addresses": list(one.addresses),
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "last_used_at": one.last_used_at,
    }
