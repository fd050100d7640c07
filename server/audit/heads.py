"""Heads of the log outside the database: signed, one file for each day, the last of the day stands.

Whoever may write the database cannot cut the log's end without contradicting them, as long as he may not write this
folder too: copy it to where the server cannot delete, or have `optionix admin audit head` printed by another machine.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from optionix_core.errors import IntegrityError, StorageError
from optionix_core.storage.durable import replace
from optionix_core.sync import canonical
from server.audit.entries import head_payload
from server.audit.log import ChainedAuditLog, frontier_at, in_base64
from server.store.tables import audit_logs

FOLDER: Final = "audit_heads"
"""Below the data folder."""
_FIELDS: Final = frozenset({"seq", "hash", "root", "signature", "key", "made_at"})


@dataclass(frozen=True, slots=True)
class SignedHead:
    """What the server swore about its log at a moment."""

    seq: int
    """Entries."""
    hash: bytes
    """The chain's at `seq`."""
    root: bytes
    """The Merkle root over the first `seq` entries, RFC 6962."""
    signature: bytes
    """Ed25519 over `server.audit.entries.head_payload`."""
    key: bytes
    """The public key that checks it."""
    made_at: datetime

    def check(self, key: bytes) -> None:
        """IntegrityError where `key` did not sign it."""
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(self.signature, head_payload(self.seq, self.hash, self.root))
        except InvalidSignature:
            raise IntegrityError("a head of the audit log is not signed by this server", self.seq) from None

    def document(self) -> dict[str, Any]:
        """As JSON tells it; bytes in base64."""
        return {
            "seq": self.seq,
            "hash": in_base64(self.hash),
            "root": in_base64(self.root),
            "signature": in_base64(self.signature),
            "key": in_base64(self.key),
            "made_at": canonical.time_text(self.made_at),
        }


def head_of(log: ChainedAuditLog) -> SignedHead | None:
    """The log's head now, signed; None where it is empty."""
    row = audit_logs.c
    with log.database.reading(fresh=True) as connection:
        last = connection.execute(select(row.seq, row.hash).order_by(row.seq.desc()).limit(1)).one_or_none()
        if last is None:
            return None
        root = frontier_at(connection, last[0]).root()
    signature = log.envelopes.sign_head(head_payload(last[0], last[1], root))
    return SignedHead(last[0], last[1], root, signature, log.envelopes.head_key(), log.clock.now())


def export_head(log: ChainedAuditLog, folder: Path) -> SignedHead | None:
    """Write the head into `folder`, durably; None where there is none. Raises StorageError."""
    head = head_of(log)
    if head is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} could not be made: {error.strerror or error}") from error
        path = folder / f"{head.made_at:%Y-%m-%d}.json"
        replace(path, json.dumps(head.document()).encode() + b"\n", several_writers=True)
    return head


def exported(folder: Path) -> Sequence[SignedHead]:
    """Heads in `folder`, the shortest log first. IntegrityError where a file is none that Optionix wrote."""
    if not folder.is_dir():
        return []
    return sorted((_read(path) for path in sorted(folder.glob("*.json"))), key=lambda head: head.seq)


def _read(path: Path) -> SignedHead:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise StorageError(f"{path} could not be read: {error.strerror or error}") from error
    except ValueError:
        raise IntegrityError(f"{path} is not a head that Optionix wrote") from None
    if not isinstance(found, dict) or found.keys() != _FIELDS:
        raise IntegrityError(f"{path} is not a head that Optionix wrote")
    if type(found["seq"]) is not int or not 0 < found["seq"] < 1 << 63:
        raise IntegrityError(f"{path} is not a head that Optionix wrote")
    try:
        names = ("hash", "root", "signature", "key")
        chained, root, signature, key = (base64.b64decode(found[name], validate=True) for name in names)
        return SignedHead(found["seq"], chained, root, signature, key, canonical.parse_time(found["made_at"]))
    except (binascii.Error, TypeError, ValueError):
        raise IntegrityError(f"{path} is not a head that Optionix wrote") from None
