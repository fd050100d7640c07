"""The canonical form of an audit entry, and how its place in the chain is computed.

h(n) = HMAC-SHA256(epoch key, n as 8 big-endian bytes || h(n-1) || SHA-256(data)), h(0) = 32 zero bytes. Without the key
nobody writes a chain that verifies, whatever he may write to the database.

Address and user agent are personal. `data` holds only SHA-256(salt || canonical [address, user agent]) of them; with
the random salt erased nobody finds them again by trying, and the chain stays valid.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from optionix_core.sync import canonical
from server.parts import AuditEntry

SALT_BYTES: Final = 16
MAX_USER_AGENT: Final = 512
"""Characters of a user agent that are kept."""
ROOT_EVERY: Final = 256
"""Entries between two Merkle roots."""
HEAD_DOMAIN: Final = b"optionix audit head 1\n"


def canonical_form(entry_id: UUID, moment: datetime, entry: AuditEntry, salt: bytes | None) -> bytes:
    """What is chained. InvalidValueError where details have no canonical form (a float, too deep, too long)."""
    return canonical.encode_json(
        {
            "action": entry.action,
            "details": dict(entry.details),
            "id": str(entry_id),
            "personal": None if salt is None else commitment(salt, entry.ip_address, shortened(entry.user_agent)),
            "resource": entry.resource,
            "time": canonical.time_text(moment),
            "user_id": None if entry.user_id is None else str(entry.user_id),
        }
    )


def shortened(user_agent: str | None) -> str | None:
    """The user agent as it is kept."""
    return None if user_agent is None else user_agent[:MAX_USER_AGENT]


def commitment(salt: bytes, ip_address: str | None, user_agent: str | None) -> str:
    """What `data` says about address and user agent."""
    return sha256(salt + canonical.encode_json([ip_address, user_agent])).hexdigest()


def keyed(key: bytes) -> hmac.HMAC:
    """An epoch's key, prepared for `link`."""
    return hmac.new(key, digestmod="sha256")


def link(key: hmac.HMAC, seq: int, previous: bytes, data: bytes) -> bytes:
    """h(seq) under an epoch's key."""
    chained = key.copy()
    chained.update(seq.to_bytes(8, "big") + previous + sha256(data).digest())
    return chained.digest()


def head_payload(seq: int, chain_hash: bytes, root: bytes) -> bytes:
    """What is signed for a head: entries, the last one's hash, and the Merkle root over all."""
    return HEAD_DOMAIN + seq.to_bytes(8, "big") + chain_hash + root


def columns_of(document: dict[str, Any]) -> tuple[str, str, str | None, str, str, Any]:
    """What the searchable columns repeat of `data`: id, time, user, action, resource, details."""
    return (
        document["id"],
        document["time"],
        document["user_id"],
        document["action"],
        document["resource"],
        document["details"],
    )
