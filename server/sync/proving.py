"""Short proofs over a stream: that an event is in it at its place, and that an older root is a beginning of it.

For whoever keeps a root and not the events. Devices have every event and compute each root anew, which says more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.sync import merkle
from optionix_core.sync.wire import leaf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from optionix_core.sync.wire import SignedHead
    from server.store.stream_rows import StreamRow
    from server.sync.hub import SyncHub


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That `row` is event number `row.seq` of `head.seq`."""

    row: StreamRow
    leaf: bytes
    path: Sequence[bytes]
    head: SignedHead


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the stream of `head` begins with the `older` events under `older_root`."""

    older: int
    older_root: bytes
    path: Sequence[bytes]
    head: SignedHead


def inclusion(hub: SyncHub, user_id: UUID, seq: int) -> InclusionProof:
    """Of an event of the user's stream. InvalidValueError for a sequence that the stream has not."""
    head, rows = _stream(hub, user_id, "seq", seq)
    leaves = _leaves(rows)
    path = merkle.inclusion_proof(leaves, seq - 1)
    if not merkle.verify_inclusion(leaves[seq - 1], seq - 1, head.seq, path, head.root):
        raise IntegrityError("the stream's events do not make the root that its head names", seq)
    return InclusionProof(rows[seq - 1], leaves[seq - 1], path, head)


def consistency(hub: SyncHub, user_id: UUID, older: int) -> ConsistencyProof:
    """From the first `older` events of the user's stream to all of them. Raises as `inclusion`."""
    head, rows = _stream(hub, user_id, "older", older)
    leaves = _leaves(rows)
    before = merkle.root(leaves[:older])
    path = merkle.consistency_proof(leaves, older)
    if not merkle.verify_consistency(older, head.seq, before, head.root, path):
        raise IntegrityError("the stream's events do not make the root that its head names", head.seq)
    return ConsistencyProof(older, before, path, head)


def _stream(hub: SyncHub, user_id: UUID, field: str, place: int) -> tuple[SignedHead, list[StreamRow]]:
    store = hub.store_of(hub.stream_of(user_id))
    head = hub.heads.signed(store)
    if not 1 <= place <= head.seq:
        bound = f"1 to {head.seq}, where the stream ends" if head.seq else "absent: the stream has no events"
        raise InvalidValueError(field, place, bound)
    return head, list(store.rows(0, head.seq))


def _leaves(rows: Sequence[StreamRow]) -> list[bytes]:
    return [leaf(row.seq, row.data, row.status, row.reason) for row in rows]
