"""API keys for programs: a prefix that finds one, a secret that is kept as a digest, scopes, addresses and an end.

A key never gives more than its owner's role does, at the moment it is used; it cannot make keys, end sessions, give
roles or do what asks for a password. It is shown once.
"""

from __future__ import annotations

import base64
import ipaddress
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update

from optionix_core.errors import InvalidValueError
from server.auth.identity import Role, Tier
from server.auth.people import check_name
from server.auth.rights import matrix
from server.problems import Problem
from server.store.tables import api_keys, users

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from server.auth.accounts import Identities
    from server.auth.identity import Identity
    from server.auth.origin import Origin

BEGIN: Final = "ok_"
PREFIX: Final = 12
"""Letters that find a key."""
LONGEST_LIFE: Final = timedelta(days=366)
ORDINARY_LIFE: Final = timedelta(days=90)
MOST: Final = 50
"""Keys of one user that hold."""
USE_NOTED: Final = timedelta(minutes=1)
"""How exactly it is known when a key was used last."""
NEVER: Final = frozenset({"sessions", "devices", "keys", "roles", "encryption", "erasure"})
"""Resources that no key reaches: they ask for a person."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class KeyState:
    """What a request must know of its key."""

    id: UUID
    user_id: UUID
    role: Role
    tier: Tier
    digest: bytes = field(repr=False)
    scopes: frozenset[str]
    networks: tuple[Network, ...]
    ends_at: float
    """POSIX seconds; in the past where it was revoked or its user was shut out."""
    mfa_enabled: bool
    """Of its owner."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its owner sees it."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    addresses: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def make_key(
    auth: Identities,
    identity: Identity,
    name: str,
    scopes: Sequence[str],
    addresses: Sequence[str],
    expires_at: datetime | None,
    origin: Origin,
) -> tuple[ApiKey, str]:
    """A key, and its text, which is shown this once.

    Raises InvalidValueError for a scope that the caller's role does not give or that no key has, an address that is
    none and an end that is not ahead within a year.
    """
    check_name(name, "name")
    wanted = _checked_scopes(identity.role, scopes)
    networks = tuple(str(one) for one in read_networks(addresses))
    now = auth.stores.clock.now()
    ends = now + ORDINARY_LIFE if expires_at is None else expires_at
    if not now < ends <= now + LONGEST_LIFE:
        raise InvalidValueError("expires_at", ends.isoformat(), f"after now and within {LONGEST_LIFE.days} days")
    prefix = base64.b32encode(secrets.token_bytes(8)).decode("ascii").lower()[:PREFIX]
    secret = secrets.token_urlsafe(32)
    key_id = uuid4()

    def work(connection: Connection) -> None:
        held = select(api_keys.c.id).where(
            api_keys.c.user_id == identity.user_id, api_keys.c.revoked_at.is_(None), api_keys.c.expires_at > now
        )
        if len(connection.execute(held).all()) >= MOST:
            raise Problem(409, "too-many-keys", f"at most {MOST} keys hold at a time: revoke one")
        connection.execute(
            insert(api_keys).values(
                id=key_id,
                user_id=identity.user_id,
                name=name,
                prefix=prefix,
                digest=_digest(secret),
                scopes=list(wanted),
                addresses=list(networks),
                created_at=now,
                expires_at=ends,
            )
        )
        details = {"scopes": list(wanted), "addresses": list(networks)}
        auth.stores.note(connection, "keys.make", identity.user_id, origin, resource=f"keys/{key_id}", **details)

    auth.stores.database.write(work)
    return ApiKey(key_id, name, prefix, wanted, networks, now, ends, None), f"{BEGIN}{prefix}_{secret}"


def keys_of(auth: Identities, user_id: UUID) -> Sequence[ApiKey]:
    """Keys of somebody that were not revoked, expired ones too, the oldest first."""
    with auth.stores.database.reading(fresh=True) as connection:
        rows = connection.execute(
            select(api_keys)
            .where(api_keys.c.user_id == user_id, api_keys.c.revoked_at.is_(None))
            .order_by(api_keys.c.created_at, api_keys.c.id)
        ).all()
    return [_key(row) for row in rows]


def revoke_key(auth: Identities, user_id: UUID, key_id: UUID, origin: Origin) -> None:
    """End a key. Problem 404 for one of another, or that has ended."""

    def work(connection: Connection) -> str | None:
        prefix = connection.execute(
            update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.user_id == user_id, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=auth.stores.clock.now())
            .returning(api_keys.c.prefix)
        ).scalar_one_or_none()
        if prefix is not None:
            auth.stores.note(connection, "keys.revoke", user_id, origin, resource=f"keys/{key_id}")
        return prefix

    prefix = auth.stores.database.write(work)
    if prefix is None:
        raise Problem(404, "not-found", "there is no such key")
    auth.forget_key(prefix)


def load_states(connection: Connection, prefixes: Collection[str]) -> Mapping[str, KeyState]:
    """States of the keys that exist, by prefix."""
    rows = connection.execute(
        select(api_keys, users.c.role, users.c.tier, users.c.active, users.c.mfa_enabled)
        .join(users, users.c.id == api_keys.c.user_id)
        .where(api_keys.c.prefix.in_(list(prefixes)))
    )
    return {row.prefix: _state(row) for row in rows}


def note_use(auth: Identities, ids: Collection[UUID]) -> None:
    """Write down that keys are in use, once a minute at most; nobody waits for it."""
    now = auth.stores.clock.now()
    old = api_keys.c.last_used_at.is_(None) | (api_keys.c.last_used_at < now - USE_NOTED)

    def work(connection: Connection) -> None:
        connection.execute(update(api_keys).where(api_keys.c.id.in_(list(ids)), old).values(last_used_at=now))

    auth.stores.database.submit(work)


def parts_of(text: str) -> tuple[str, bytes] | None:
    """Prefix and digest of the secret of a key's text; None where it is spelled otherwise."""
    prefix, _, secret = text.removeprefix(BEGIN).partition("_")
    if len(prefix) != PREFIX or not prefix.isalnum() or not prefix.isascii() or not 1 <= len(secret) <= 64:
        return None
    return prefix, _digest(secret)


def read_networks(addresses: Sequence[str]) -> tuple[Network, ...]:
    """Networks in CIDR. Raises InvalidValueError where one is none, or has bits beyond its mask."""
    found = []
    for text in addresses:
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError as error:
            raise InvalidValueError("addresses", repr(text[:80]), f"networks such as 10.0.0.0/8: {error}") from error
    return tuple(found)


def may_call_from(state: KeyState, address: str) -> bool:
    """Whether a key may be used from an address; one without addresses may from all."""
    if not state.networks:
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in state.networks)


def _checked_scopes(role: Role, scopes: Sequence[str]) -> tuple[str, ...]:
    wanted = tuple(sorted(set(scopes)))
    if not wanted:
        raise InvalidValueError("scopes", "[]", "at least one right such as portfolio:read")
    for scope in wanted:
        resource, _, verb = scope.partition(":")
        roles = matrix().get((resource, verb))
        if roles is None:
            raise InvalidValueError("scopes", repr(scope[:80]), "a right RESOURCE:VERB such as portfolio:read")
        if resource in NEVER:
            raise InvalidValueError("scopes", scope, "none that asks for a person")
        if role not in roles:
            raise InvalidValueError("scopes", scope, f"a right that your role {role} has")
    return wanted


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        row.id,
        row.name,
        row.prefix,
        tuple(row.scopes),
        tuple(row.addresses),
        row.created_at,
        row.expires_at,
        row.last_used_at,
    )


def _state(row: Row[Any]) -> KeyState:
    holds = row.active and row.revoked_at is None and row.expires_at is not None
    return KeyState(
        row.id,
        row.user_id,
        Role(row.role),
        Tier(row.tier),
        row.digest,
        frozenset(row.scopes),
        read_networks(row.addresses),
        row.expires_at.timestamp() if holds else 0.0,
        row.mfa_enabled,
    )


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
