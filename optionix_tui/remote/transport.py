"""`optionix_core.sync.wire.Transport` over HTTP: what a device and its server tell each other, as JSON.

An event travels as its fields; its canonical bytes are made of them again, so that what is hashed and signed is what
came. A page whose events are no events, or have other bytes than their place says, is found by the device's own check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from optionix_core.errors import IntegrityError, InvalidValueError, RefusedError, VenueError
from optionix_core.sync.canonical import encode, parse_time, time_text
from optionix_core.sync.event import Event
from optionix_core.sync.wire import (
    ALARMS,
    Conflict,
    PulledEvent,
    PullPage,
    PushAnswer,
    PushBatch,
    PushItem,
    PushResult,
    SignedHead,
    refusal,
)
from optionix_tui.remote.reading import Fields

if TYPE_CHECKING:
    from optionix_core.sync.masking import Resolution, Status
    from optionix_tui.remote.client import Client

LONGEST_LEASE = 168.0
"""Hours."""
STATUSES = frozenset({"accepted", "duplicate", "quarantined"})


class HttpTransport:
    """One home's way to its server. Requests are sent once: the device's client sends them again."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def push(self, batch: PushBatch) -> PushAnswer:
        """As Transport."""
        document: dict[str, Any] = {"device_id": batch.device_id, "events": [_sent(item) for item in batch.items]}
        if batch.device_time is not None:
            document["device_time"] = time_text(batch.device_time)
        if batch.pulled is not None:
            document["pulled"] = batch.pulled
        read = Fields(self._asked(lambda: self._client.sync.push(document)), "push")
        return PushAnswer([_result(one) for one in read.several("results")], read.whole("device_cursor"))

    def pull(self, cursor: int, limit: int) -> PullPage:
        """As Transport."""
        read = Fields(self._asked(lambda: self._client.sync.pull(cursor, limit)), "pull")
        events = [_pulled(one) for one in read.several("events")]
        lease = read.number("lease_hours")
        if lease is not None and not 0 < lease <= LONGEST_LEASE:
            raise VenueError(f"pull: lease_hours must be above 0, at most {LONGEST_LEASE:g} (got {lease})")
        return PullPage(events, read.whole("next_cursor"), _head(read.within("head")), lease)

    def conflicts(self) -> Sequence[Conflict]:
        """As Transport."""
        return tuple(_conflict(one) for one in self._client.sync.conflicts())

    def resolve(self, event_id: str, resolution: Resolution) -> Conflict:
        """As Transport."""
        return _conflict(self._client.sync.resolve(event_id, resolution))

    def _asked(self, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Alarms of the server as the device's client knows them."""
        try:
            return ask()
        except RefusedError as error:
            if error.rule in ALARMS:
                raise refusal(error.rule, error.reason) from error
            raise


def _sent(item: PushItem) -> dict[str, Any]:
    event = item.event
    return {
        "device_seq": item.device_seq,
        "event_id": event.id,
        "type": event.type,
        "time": time_text(event.time),
        "payload": event.payload,
    }


def _result(read: Fields) -> PushResult:
    status = read.text("status")
    if status not in STATUSES:
        raise VenueError(f"push: status must be one of {', '.join(sorted(STATUSES))} (got {status!r})")
    return PushResult(read.text("event_id"), cast("Any", status), read.whole("server_seq"))


def _pulled(read: Fields) -> PulledEvent:
    when, payload = read.text("time"), read.document.get("payload")
    status = read.text("status")
    if not isinstance(payload, dict) or status not in STATUSES - {"duplicate"}:
        raise VenueError("pull: an event must have a payload and be accepted or quarantined")
    seq = read.whole("seq")
    try:
        event = Event(read.text("event_id"), read.text("type"), parse_time(when), payload)
        data = encode(event)
    except InvalidValueError as error:
        raise IntegrityError(f"the server sent what is no event: {error}", seq) from error
    return PulledEvent(
        seq,
        event.id,
        data,
        cast("Status", status),
        read.words("reason") or None,
        read.words("device_id") or None,
        None if read.document.get("device_seq") is None else read.whole("device_seq"),
    )


def _head(read: Fields) -> SignedHead:
    return SignedHead(
        read.text("stream_id"),
        read.whole("seq"),
        _bytes(read, "hash"),
        _bytes(read, "root"),
        _bytes(read, "signature"),
        _bytes(read, "key"),
    )


def _bytes(read: Fields, name: str) -> bytes:
    try:
        return bytes.fromhex(read.text(name))
    except ValueError:
        raise VenueError(f"head: {name} must be hexadecimal") from None


def _conflict(read: Fields) -> Conflict:
    found_at = read.moment("found_at")
    if found_at is None:
        raise VenueError("conflict: found_at must be a moment")
    return Conflict(
        read.text("event_id"),
        read.text("kind"),
        read.whole("seq"),
        read.text("reason"),
        found_at,
        read.text("type"),
        cast("Resolution | None", read.document.get("resolution")),
        read.moment("resolved_at"),
        read.within("payload").document,
    )
