"""The merged log of a home that is bound to a server: what was pulled, then own events that have not come back.

Folds see one gapless log. Each place holds what folds see there (a quarantined fact masked, an accepted one at the
place of its resolution), and the device chain runs over that, so that a judgement that changes a fold's state changes
the hash of its place. Where the server took the home's own log as it stands, places and hashes are those of the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select

from optionix_core.errors import IntegrityError
from optionix_core.storage import rows
from optionix_core.storage.prepared import Prepared
from optionix_core.storage.tables import events, own_masked, remote_contents, remote_events, sync_state
from optionix_core.sync import chain
from optionix_core.sync.canonical import decode_stored, encode, time_text
from optionix_core.sync.event import GENESIS, Event, Head, Record, contained
from optionix_core.sync.masking import RESOLVED, contested_event, effective, masked, resolution_of, resolved_id
from optionix_core.sync.replica import Binding, SyncState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from optionix_core.sync.wire import PulledEvent

PAGE: Final = 1000
TAKEN: Final = "its id is taken by another fact"

_remote = remote_events
_columns = (_remote.c.seq, _remote.c.id, _remote.c.data, _remote.c.hash, _remote.c.status, _remote.c.reason)
_page = Prepared(
    select(*_columns)
    .where(_remote.c.seq > bindparam("after"), _remote.c.seq <= bindparam("until"))
    .order_by(_remote.c.seq)
    .limit(bindparam("rows"))
)
_asked = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
_filed = select(remote_contents.c.seq).where(remote_contents.c.id.in_(_asked))
_by_ids = Prepared(select(*_columns).where(_remote.c.id.in_(_asked) | _remote.c.seq.in_(_filed)))
_beginning = Prepared(
    select(_remote.c.id)
    .where(_remote.c.id >= bindparam("first"), _remote.c.id < bindparam("past"))
    .order_by(_remote.c.seq)
)
_data = Prepared(select(_remote.c.data).where(_remote.c.id == bindparam("of")))
_hash_at = Prepared(select(_remote.c.hash).where(_remote.c.seq == bindparam("at")))
_own = Prepared(
    select(events.c.seq, events.c.id, events.c.data, events.c.hash, _remote.c.data.label("pulled"), own_masked.c.reason)
    .outerjoin(_remote, _remote.c.id == events.c.id)
    .outerjoin(own_masked, own_masked.c.seq == events.c.seq)
    .where(events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(bindparam("rows"))
)
_masks = Prepared(select(func.count(), func.coalesce(func.max(own_masked.c.seq), 0)).select_from(own_masked))
_state = Prepared(select(sync_state.c.name, sync_state.c.value))
_forget_state = Prepared(delete(sync_state))
_insert_state = Prepared(insert(sync_state))
_insert_remote = Prepared(insert(remote_events))
_insert_content = Prepared(insert(remote_contents))
_unmask = Prepared(delete(own_masked))
_insert_mask = Prepared(insert(own_masked))


class _Pulled(NamedTuple):
    seq: int
    id: str
    data: bytes
    hash: bytes
    status: str
    reason: str | None


class OwnRow(NamedTuple):
    """An own event after the last one that came back."""

    seq: int
    event: Event
    data: bytes
    pulled: bytes | None
    """Bytes of the pulled event with its id, where there is one."""
    masked: str | None
    """Why the book refuses it now."""


# --- state ------------------------------------------------------------------------------------------------------------


def state(connection: Connection) -> SyncState | None:
    """How far home and server are; None where the home is bound to none."""
    found = {str(name): str(value) for name, value in _state.all(connection)}
    if "server" not in found:
        return None
    return SyncState(
        binding=Binding(found["server"], found["user"], found["device"]),
        stream=found.get("stream"),
        head_key=_bytes(found, "head_key"),
        remote=Head(int(found.get("remote_seq", "0")), _bytes(found, "remote_hash") or GENESIS),
        peaks=_bytes(found, "peaks") or b"",
        pinned=(int(found.get("pinned_seq", "0")), _bytes(found, "pinned_root") or b""),
        own_back=int(found.get("own_back", "0")),
        acknowledged=int(found.get("acknowledged", "0")),
        stopped_why=found.get("stopped_why"),
        contact=datetime.fromisoformat(found["contact"]) if "contact" in found else None,
        conflicts=int(found.get("conflicts", "0")),
        lease_hours=float(found["lease_hours"]) if "lease_hours" in found else None,
    )


def write_state(connection: Connection, value: SyncState) -> None:
    """Put it in place of the former one."""
    told: dict[str, str | None] = {
        "server": value.binding.server,
        "user": value.binding.user,
        "device": value.binding.device,
        "stream": value.stream,
        "head_key": None if value.head_key is None else value.head_key.hex(),
        "remote_seq": str(value.remote.seq),
        "remote_hash": value.remote.hash.hex(),
        "peaks": value.peaks.hex(),
        "pinned_seq": str(value.pinned[0]),
        "pinned_root": value.pinned[1].hex(),
        "own_back": str(value.own_back),
        "acknowledged": str(value.acknowledged),
        "stopped_why": value.stopped_why,
        "contact": None if value.contact is None else time_text(value.contact),
        "conflicts": str(value.conflicts),
        "lease_hours": None if value.lease_hours is None else repr(value.lease_hours),
    }
    _forget_state.run(connection)
    kept = [{"name": name, "value": text} for name, text in told.items() if text is not None]
    _insert_state.run_each(connection, kept)


def clear(connection: Connection) -> None:
    """Forget what was pulled and to whom the home was bound; its own log stays."""
    for table in (remote_events, remote_contents, own_masked, sync_state):
        connection.execute(delete(table))


# --- what was pulled --------------------------------------------------------------------------------------------------


def keep(connection: Connection, pulled: Sequence[PulledEvent], records: Sequence[Record]) -> None:
    """Add pulled events, each with what folds see of it."""
    if not pulled:
        return
    _insert_remote.run_each(
        connection,
        [
            {
                "seq": one.seq,
                "id": one.id,
                "data": one.data,
                "hash": record.hash,
                "status": one.status,
                "reason": one.reason,
                "device_id": one.device_id,
                "device_seq": one.device_seq,
            }
            for one, record in zip(pulled, records, strict=True)
        ],
    )
    inner = [{"id": name, "seq": one.seq} for one in pulled for name in contained(decode_stored(one.data))]
    if inner:
        _insert_content.run_each(connection, inner)


def mask(connection: Connection, reasons: Mapping[int, str]) -> None:
    """Own events that the book refuses now, in place of those that it refused before."""
    _unmask.run(connection)
    if reasons:
        _insert_mask.run_each(connection, [{"seq": seq, "reason": why} for seq, why in reasons.items()])


def original(connection: Connection, event_id: str) -> tuple[Event, bytes] | None:
    """A pulled event as it came."""
    found: bytes | None = _data.scalar(connection, of=event_id)
    return None if found is None else (decode_stored(found), found)


def pulled(connection: Connection, start: Head, until: int, limit: int) -> list[Record]:
    """Records after `start`, to `until` at most, as folds see them, each checked against the chain."""
    seen: list[Event] = []

    def bare() -> Iterator[chain.Row]:
        for row in map(_Pulled._make, _page.all(connection, after=start.seq, until=until, rows=limit)):
            event, data = _seen(connection, row)
            seen.append(event)
            yield chain.Row(row.seq, event.id, data, row.hash)

    return [
        Record(row.seq, event, row.data, row.hash)
        for row, event in zip(chain.checked(bare(), start), seen, strict=True)
    ]


def hash_at(connection: Connection, seq: int) -> bytes | None:
    """The merged chain's hash at a place that was pulled."""
    if seq == 0:
        return GENESIS
    found: bytes | None = _hash_at.scalar(connection, at=seq)
    return found


def pulled_by_ids(connection: Connection, ids: Sequence[str]) -> dict[str, Record]:
    """Pulled records by id, as their own or contained; a resolved fact where it takes effect."""
    asked = [*ids, *map(resolved_id, ids)]
    found: dict[str, Record] = {}
    resolved: dict[str, Record] = {}
    for row in map(_Pulled._make, _by_ids.all(connection, ids=json.dumps(asked))):
        told = decode_stored(row.data)
        event, data = _seen(connection, row)
        record = Record(row.seq, event, data, row.hash)
        found.update(dict.fromkeys((row.id, *contained(told)), record))
        if told.type == RESOLVED and event.type != RESOLVED:
            fact, _, _ = resolution_of(told)
            resolved[fact] = Record(row.seq, event, encode(event), row.hash)
    found.update(resolved)
    return {event_id: found[event_id] for event_id in ids if event_id in found}


def ids_beginning(connection: Connection, text: str) -> list[str]:
    """Pulled ids that begin with `text`, in the stream's order."""
    return [str(name) for (name,) in _beginning.all(connection, **rows.between(text))]


def _seen(connection: Connection, row: _Pulled) -> tuple[Event, bytes]:
    event = decode_stored(row.data)
    seen = effective(event, row.data, row.status, row.reason, lambda name: original(connection, name))
    return seen, row.data if seen is event else encode(seen)


# --- own events that have not come back -------------------------------------------------------------------------------


def own(connection: Connection, after: int, limit: int) -> list[OwnRow]:
    """Own events after a sequence of the home's, each checked against the home's chain."""
    before = rows.hash_at(connection, after)
    if before is None:
        raise IntegrityError("the server has more of this home's events than the home", after)
    found = _own.all(connection, after=after, rows=limit)
    bare = (chain.Row(*row[:4]) for row in found)
    return [
        OwnRow(row.seq, decode_stored(row.data), row.data, back, reason)
        for (*_, back, reason), row in zip(found, chain.checked(bare, Head(after, before)), strict=True)
    ]


def all_own(connection: Connection, after: int) -> Iterator[OwnRow]:
    """All of them, page by page."""
    while page := own(connection, after, PAGE):
        yield from page
        after = page[-1].seq


def tail(connection: Connection, known: SyncState, after: int, on: Head) -> list[tuple[int, Record]]:
    """Own events after `after` as folds see them, on top of `on`, with their own sequence; in the merged order."""
    found: list[tuple[int, Record]] = []
    seq, previous = on.seq, on.hash
    for row in all_own(connection, after):
        if row.pulled == row.data:
            continue
        event, data = _shown(row, known.binding.device)
        seq += 1
        previous = chain.link(seq, previous, data)
        found.append((row.seq, Record(seq, event, data, previous)))
    return found


def _shown(row: OwnRow, device: str) -> tuple[Event, bytes]:
    if row.pulled is not None:
        sent = contested_event(device, row.seq, row.event, row.data)
        shown = masked(sent, encode(sent), TAKEN)
    elif row.masked is not None:
        shown = masked(row.event, row.data, row.masked)
    else:
        return row.event, row.data
    return shown, encode(shown)


def own_head(connection: Connection) -> Head:
    """The end of the home's own log."""
    return rows.last(connection)


def mask_version(connection: Connection) -> tuple[int, int]:
    """Changes where masks change: how many there are, and the last one."""
    ((count, last),) = _masks.all(connection)
    return int(count), int(last)


def _bytes(found: Mapping[str, str], name: str) -> bytes | None:
    return bytes.fromhex(found[name]) if found.get(name) else None
