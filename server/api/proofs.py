"""`sync/proofs/*`: what ties an event, or an older root, to the signed head of the caller's stream."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi import Request as HttpRequest
from pydantic import Field

from server.api.documented import problems
from server.api.sync import Head, Hex, Reads, Sequence, head_answer
from server.api.values import Answer, Asked
from server.app import server_of
from server.sync import proving

router = APIRouter(prefix="/sync/proofs", tags=["sync"])

Hashes = Annotated[list[Hex], Field(description="Hashes of the proof, the nearest first, 32 bytes each.")]


class InclusionAsked(Asked):
    """Which event."""

    seq: Annotated[Sequence, Field(description="Its sequence in the stream.")]


class ConsistencyAsked(Asked):
    """Which older root."""

    older: Annotated[Sequence, Field(description="How many events it speaks for.")]


class Inclusion(Answer):
    """That an event is in the stream at its place: RFC 9162, section 2.1.3, with index `seq - 1` of `head.seq`."""

    seq: Sequence
    event_id: str
    status: Literal["accepted", "quarantined"]
    leaf: Annotated[
        Hex,
        Field(
            description="SHA-256(0x00 || seq as 8 bytes || SHA-256(canonical bytes) || status || 0x00 || "
            "SHA-256(reason))."
        ),
    ]
    proof: Hashes
    head: Head


class Consistency(Answer):
    """That the stream begins with the events of an older root: RFC 9162, section 2.1.4, to `head.seq`."""

    older: Sequence
    older_root: Annotated[Hex, Field(description="Over the first `older` events: to be the one that was kept.")]
    proof: Hashes
    head: Head


@router.get("/inclusion", response_model=Inclusion, responses=problems())
def prove_inclusion(asked: Annotated[InclusionAsked, Query()], identity: Reads, request: HttpRequest) -> Inclusion:
    """A proof that an event is in the caller's stream, for whoever keeps the root and not the events."""
    found = proving.inclusion(server_of(request).sync, identity.user_id, asked.seq)
    return Inclusion(
        seq=found.row.seq,
        event_id=found.row.id,
        status=found.row.status,
        leaf=found.leaf.hex(),
        proof=[one.hex() for one in found.path],
        head=head_answer(found.head),
    )


@router.get("/consistency", response_model=Consistency, responses=problems())
def prove_consistency(
    asked: Annotated[ConsistencyAsked, Query()], identity: Reads, request: HttpRequest
) -> Consistency:
    """A proof that an older root of the caller's stream is a beginning of it: nothing was cut, altered or moved."""
    found = proving.consistency(server_of(request).sync, identity.user_id, asked.older)
    return Consistency(
        older=found.older,
        older_root=found.older_root.hex(),
        proof=[one.hex() for one in found.path],
        head=head_answer(found.head),
    )
