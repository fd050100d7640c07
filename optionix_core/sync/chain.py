"""The device chain: h(n) = SHA-256(n || h(n-1) || SHA-256(canonical bytes)), with h(0) = 32 zero bytes.

A server's chain is the same with HMAC-SHA256 under a key in place of the outer hash, see `keyed`.

A chain without a key shows every alteration, removal, exchange, insertion and truncation to whoever
knows its head; it cannot show that somebody who may write both database and head wrote all of it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from hmac import digest
from typing import Final, NamedTuple

from optionix_core.errors import IntegrityError
from optionix_core.sync.canonical import opening
from optionix_core.sync.event import EMPTY_HEAD, GENESIS, Head

_MAX_SEQ: Final = 2**63 - 1

Link = Callable[[int, bytes, bytes], bytes]
"""h(seq) of sequence, hash before and canonical bytes."""


class Row(NamedTuple):
    """A record as it lies in a store: nothing about it is trusted yet."""

    seq: int
    id: str
    data: bytes
    """Canonical bytes of the event."""
    hash: bytes
    """h(seq), 32 bytes."""


def link(seq: int, previous: bytes, data: bytes) -> bytes:
    """h(seq) of an event with canonical bytes `data` after an event with hash `previous`."""
    return sha256(seq.to_bytes(8, "big") + previous + sha256(data).digest()).digest()


def keyed(key: bytes) -> Link:
    """The link of a server's chain: h(n) = HMAC-SHA256(key, n || h(n-1) || SHA-256(canonical bytes))."""

    def keyed_link(seq: int, previous: bytes, data: bytes) -> bytes:
        return digest(key, seq.to_bytes(8, "big") + previous + sha256(data).digest(), "sha256")

    return keyed_link


def checked(rows: Iterable[Row], start: Head = EMPTY_HEAD, link: Link = link) -> Iterator[Row]:
    """Hand on `rows`, which follow `start`, each after its place, id and hash have been checked.

    Raises IntegrityError naming the first bad sequence.
    """
    expected = start.seq
    previous = start.hash
    for row in rows:
        expected += 1
        seq, event_id, data, found = row
        if seq != expected:
            raise IntegrityError(f"this event is missing: the next one in the log is {seq}", expected)
        if type(data) is not bytes or type(event_id) is not str or type(found) is not bytes:
            raise IntegrityError("the event is not stored as bytes", seq)
        previous = link(seq, previous, data)
        if found != previous:
            raise IntegrityError("the event or its hash was altered: the chain breaks here", seq)
        if not data.startswith(opening(event_id)):
            raise IntegrityError(f"the event is filed under id {event_id!r}, which is not its own", seq)
        yield row


def verify(rows: Iterable[Row], start: Head = EMPTY_HEAD, link: Link = link) -> Head:
    """The head that `rows` lead to from `start`; IntegrityError names the first bad sequence."""
    head = (start.seq, start.hash)
    for row in checked(rows, start, link):
        head = (row[0], row[3])
    return Head(*head)


def unacknowledged(outside: Head, inside: Head, hash_at: Callable[[int], bytes | None]) -> int:
    """How many events the log has past its head outside: a crash came between commit and acknowledgement.

    `hash_at` gives the log's hash at a sequence from 1 to its end. Raises IntegrityError where the head
    outside is ahead of the log (a cut tail, or an older copy put in its place) or names another hash.
    """
    if not 0 <= outside.seq <= _MAX_SEQ:
        raise IntegrityError(f"the head outside the log names the sequence {outside.seq}")
    if outside.seq > inside.seq:
        raise IntegrityError(
            f"this event is missing: the log ends at {inside.seq}, its head outside says {outside.seq}", inside.seq + 1
        )
    found = GENESIS if outside.seq == 0 else hash_at(outside.seq)
    if found != outside.hash:
        raise IntegrityError("the log's hash is not the one that its head outside names", outside.seq)
    return inside.seq - outside.seq
