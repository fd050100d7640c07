"""`sync/*`: what devices push and pull, and conflicts. The protocol is told in docs/sync.md.

An event travels as its fields; its canonical bytes are made of them again. What is pulled is written straight from the
stored bytes, of which the fields are parts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Response
from fastapi import Request as HttpRequest
from pydantic import Field

from optionix_core.errors import InvalidValueError
from optionix_core.sync.canonical import encode
from optionix_core.sync.event import Event
from optionix_core.sync.wire import MAXIMUM_BATCH, MAXIMUM_PAGE, PushBatch, PushItem
from server.api.acts import Act
from server.api.documented import problems
from server.api.values import Answer, Asked, Instant, Name, Request, examples
from server.app import server_of
from server.auth.identity import Identity
from server.auth.rights import allows, needs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from optionix_core.sync.wire import Conflict, PulledEvent, SignedHead
    from server.context import Server

router = APIRouter(prefix="/sync", tags=["sync"])

Reads = Annotated[Identity, Depends(needs("sync", "read"))]
Writes = Annotated[Identity, Depends(needs("sync", "write"))]
EventId = Annotated[str, Field(min_length=1, max_length=200)]
EventType = Annotated[str, Field(min_length=3, max_length=200, pattern=r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$")]
Sequence = Annotated[int, Field(ge=1, le=2**53 - 1)]
Place = Annotated[int, Field(ge=0, le=2**53 - 1)]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]+$")]

_START: Final = len(b'{"id":')
"""Of canonical bytes, before the id's own spelling."""
_NOTE: Final = {
    "device_seq": 1,
    "event_id": "journal/2026-01-16",
    "type": "journal.noted",
    "time": "2026-01-16T14:30:00.000000Z",
    "payload": {"text": "a quiet day"},
}


class SentEvent(Request):
    """An event of a device."""

    device_seq: Annotated[Sequence, Field(description="The device's own: 1, 2, 3 ... without gaps.")]
    event_id: EventId
    type: EventType
    payload: Annotated[dict[str, Any], Field(description="Text, whole numbers, booleans, null, lists, objects.")]
    time: Annotated[
        Instant | None, Field(description="When it happened; what was stored before, or now, where it is left out.")
    ] = None


class Pushed(Request):
    """What a device sends."""

    model_config = examples({"device_id": "desk-1", "events": [_NOTE]})

    device_id: Name
    events: Annotated[list[SentEvent], Field(max_length=MAXIMUM_BATCH)]
    device_time: Annotated[Instant | None, Field(description="The device's clock; at most 5 minutes off.")] = None
    pulled: Annotated[Place | None, Field(description="Up to where the device has pulled.")] = None


class Result(Answer):
    """What became of one event."""

    event_id: str
    status: Literal["accepted", "duplicate", "quarantined"]
    server_seq: Sequence


class PushedAnswer(Answer):
    """What became of all; it is durable."""

    results: list[Result]
    device_cursor: Annotated[Place, Field(description="The device's last sequence that was taken in.")]


class PullAsked(Asked):
    """Which part of the stream."""

    cursor: Annotated[Place, Field(description="After this sequence.")] = 0
    limit: Annotated[int, Field(ge=1, le=MAXIMUM_PAGE)] = 1000


class StreamEvent(Answer):
    """An event in its place."""

    seq: Sequence
    status: Literal["accepted", "quarantined"]
    reason: Annotated[str | None, Field(description="Why it is quarantined.")]
    device_id: Annotated[str | None, Field(description="Null: an act of the server.")]
    device_seq: Sequence | None
    event_id: str
    payload: dict[str, Any]
    time: Instant
    type: str


class Head(Answer):
    """The stream's end, signed (Ed25519) over stream, sequence, chain hash and Merkle root."""

    stream_id: str
    seq: Place
    hash: Annotated[Hex, Field(description="h(seq) of the keyed chain.")]
    root: Annotated[Hex, Field(description="Merkle root (RFC 6962) over all events.")]
    signature: Hex
    key: Annotated[Hex, Field(description="The public key; a device pins it.")]


class PulledAnswer(Answer):
    """A page of the stream."""

    events: list[StreamEvent]
    next_cursor: Place
    head: Head
    lease_hours: Annotated[
        float,
        Field(gt=0, description="For how long from now a device may open positions at the server's venue unasked."),
    ]


class ConflictAnswer(Answer):
    """A fact that its owner decides about."""

    event_id: str
    kind: Annotated[str, Field(description="The rule that it breaks.")]
    seq: Sequence
    reason: str
    type: Annotated[str, Field(description="Of the fact, also where another one took its id.")]
    payload: Annotated[dict[str, Any], Field(description="What the fact says.")]
    found_at: Instant
    resolution: Literal["accept", "reverse", "discard"] | None
    resolved_at: Instant | None


class Conflicts(Answer):
    """Those that are open, the oldest first."""

    conflicts: list[ConflictAnswer]


class Decision(Request):
    """What becomes of a quarantined fact."""

    event_id: EventId
    resolution: Literal["accept", "reverse", "discard"]


@router.post(
    "/push",
    response_model=PushedAnswer,
    responses=problems(
        404,
        body=True,
        when={
            409: "The device's clock is off (`clock-drift`), its sequence has a gap (`sequence-gap`), it must pull "
            "first (`pull-first`) or was stopped (`device-stopped`).",
            422: "A field has a wrong value; or an id came again with other bytes (`conflicting-event`), which stops "
            "the device.",
        },
    ),
)
def push(body: Pushed, identity: Writes, request: HttpRequest) -> PushedAnswer:
    """Take in events of a device, each exactly once. One that breaks a rule is quarantined, never refused."""
    server = server_of(request)
    batch = PushBatch(body.device_id, tuple(_items(server, identity, body)), body.device_time, body.pulled)
    act = Act(server.audit, identity, request, "sync.push", f"devices/{body.device_id[:64]}", events=len(body.events))
    may_trade = allows(identity, "orders", "write")
    answer = server.sync.push(identity.user_id, batch, may_trade=may_trade, act=act.write)
    act.done()
    results = [Result(event_id=one.event_id, status=one.status, server_seq=one.server_seq) for one in answer.results]
    return PushedAnswer(results=results, device_cursor=answer.device_cursor)


@router.get("/pull", response_model=PulledAnswer, responses=problems())
def pull(asked: Annotated[PullAsked, Depends()], identity: Reads, request: HttpRequest) -> Response:
    """Events of the caller's stream after a cursor, and its signed head."""
    server = server_of(request)
    page = server.sync.pull(identity.user_id, asked.cursor, asked.limit)
    events = b",".join([_told(event) for event in page.events])
    head = json.dumps(_head(page.head)).encode()
    lease = json.dumps(server.settings.lease_hours).encode()
    body = b'{"events":[%s],"next_cursor":%d,"head":%s,"lease_hours":%s}' % (events, page.next_cursor, head, lease)
    return Response(body, media_type="application/json")


@router.get("/conflicts", response_model=Conflicts, responses=problems())
def list_conflicts(identity: Reads, request: HttpRequest) -> Conflicts:
    """The caller's conflicts that are open."""
    found = server_of(request).sync.resolving.listed(identity.user_id)
    return Conflicts(conflicts=[_conflict(one) for one in found])


@router.post("/resolve", response_model=ConflictAnswer, responses=problems(404, 409, body=True))
def resolve(body: Decision, identity: Writes, request: HttpRequest) -> ConflictAnswer:
    """Decide a conflict: the same decision again is answered as before, another one is 409.

    So is one to let take effect what only the server says, or what the account may not do now.
    """
    resolving, may_trade = server_of(request).sync.resolving, allows(identity, "orders", "write")
    return _conflict(resolving.resolve(identity.user_id, body.event_id, body.resolution, may_trade=may_trade))


def _items(server: Server, identity: Identity, body: Pushed) -> Iterator[PushItem]:
    unsaid = [one.event_id for one in body.events if one.time is None]
    known = server.sync.times(identity.user_id, unsaid) if unsaid else {}
    now = server.clock.now()
    for row, one in enumerate(body.events):
        time = one.time or known.get(one.event_id) or now
        event = Event(one.event_id, one.type, time, one.payload)
        try:
            yield PushItem(one.device_seq, event, encode(event))
        except InvalidValueError as error:
            field = "event_id" if error.field == "id" else error.field
            raise InvalidValueError(f"events.{row}.{field}", error.value, error.bound) from error


def _told(event: PulledEvent) -> bytes:
    placed: Mapping[str, object] = {
        "seq": event.seq,
        "status": event.status,
        "reason": event.reason,
        "device_id": event.device_id,
        "device_seq": event.device_seq,
    }
    return json.dumps(placed)[:-1].encode() + b',"event_id":' + event.data[_START:]


def head_answer(head: SignedHead) -> Head:
    """A head as it is told."""
    return Head.model_validate(_head(head))


def _head(head: SignedHead) -> dict[str, object]:
    return {
        "stream_id": head.stream_id,
        "seq": head.seq,
        "hash": head.hash.hex(),
        "root": head.root.hex(),
        "signature": head.signature.hex(),
        "key": head.key.hex(),
    }


def _conflict(one: Conflict) -> ConflictAnswer:
    return ConflictAnswer(
        event_id=one.id,
        kind=one.kind,
        seq=one.seq,
        reason=one.reason,
        type=one.type,
        payload=dict(one.payload),
        found_at=one.found_at,
        resolution=one.resolution,
        resolved_at=one.resolved_at,
    )
