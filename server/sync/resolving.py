"""Conflicts: quarantined facts, each with one owner, who accepts, reverses or discards it.

`accept`: the fact takes effect where its resolution stands in the stream. `reverse`: so it does, and entries after it
take its money and contracts back; nothing is ever deleted. `discard`: nothing happened. The same decision again is
answered as before; another one is refused. An owner decides what he may say: what the server alone says, what is about
an account that he does not match, and what a blocked account does take effect by nobody's acceptance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from optionix_core.errors import DomainError, IntegrityError, InvalidValueError
from optionix_core.portfolio.ledger import ENTRY, entry_event, entry_of, entry_of_trade
from optionix_core.portfolio.trades import carries_trades, trades_of
from optionix_core.portfolio.values import LedgerEntry, Move
from optionix_core.services.stream_folds import UNREADABLE
from optionix_core.sync.canonical import decode_stored, encode
from optionix_core.sync.event import Event, Head, Record
from optionix_core.sync.masking import RESOLUTIONS, Resolution, resolved_event, unwrapped
from optionix_core.sync.wire import Conflict
from server.parts import AuditEntry
from server.problems import Problem
from server.store.stream_rows import Placed
from server.store.tables import conflicts
from server.sync.hub import LOCK_TIMEOUT, SyncHub

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

    from server.sync.judging import Judge, Verdict


_all = select(conflicts).where(conflicts.c.stream_id == bindparam("stream")).order_by(conflicts.c.seq)
_open = _all.where(conflicts.c.resolved_at.is_(None))
_one = select(conflicts).where(conflicts.c.stream_id == bindparam("stream"), conflicts.c.event_id == bindparam("event"))


class Resolving:
    """Lists and decides conflicts over a hub."""

    def __init__(self, hub: SyncHub) -> None:
        self._hub = hub

    def listed(self, user_id: UUID, *, resolved: bool = False) -> Sequence[Conflict]:
        """The user's conflicts that are open, and with `resolved` those that were decided; the oldest first."""
        store = self._hub.store_of(self._hub.stream_of(user_id))
        with self._hub.database.reading(fresh=True) as connection:
            found = connection.execute(_all if resolved else _open, {"stream": store.stream_id}).all()
            raw = store.raw(connection, [row.event_id for row in found])
        return tuple(_told(row, decode_stored(raw[row.event_id].data)) for row in found)

    def resolve(self, user_id: UUID, event_id: str, resolution: Resolution, *, may_trade: bool = True) -> Conflict:
        """Decide one of the user's conflicts; `may_trade`: whether he may give orders.

        Problem 404 for none of the user's, 409 where it was decided otherwise before or cannot take effect.
        """
        if resolution not in RESOLUTIONS:
            raise InvalidValueError("resolution", resolution, " or ".join(RESOLUTIONS))
        hub = self._hub
        store = hub.store_of(hub.stream_of(user_id))
        with store.writing(f"resolve {event_id[:40]}", LOCK_TIMEOUT) as writer:
            with hub.database.reading(fresh=True) as connection:
                row = _row(connection, store.stream_id, event_id)
                raw = store.raw(connection, [event_id]).get(event_id)
                standing = hub.standing(connection, store.stream_id, user_id, may_trade=may_trade)
            if row is None or raw is None:
                raise Problem(404, "not-found", f"there is no conflict {event_id!r} of yours")
            fact = decode_stored(raw.data)
            if row.resolved_at is not None:
                if row.resolution != resolution:
                    raise Problem(409, "already-resolved", f"it was resolved before, by {row.resolution}")
                return _told(row, fact)
            now = hub.clock.now()
            decided = resolved_event(fact, raw.data, resolution, str(user_id), now)
            folds = hub.folds_of(store, writer.head()).copy()
            seen = decided if resolution == "discard" else _fact(fact)
            refused = None if seen is decided else _refusal(hub.judge(folds, standing), seen, resolution, now)
            if refused is not None:
                raise Problem(409, "cannot-take-effect", f"{event_id}: {refused.reason}")
            more = _reversals(seen, decided.id, now) if resolution == "reverse" else ()
            try:
                for number, event in enumerate((seen, *more), start=folds.head.seq + 1):
                    folds.apply(Record(number, event, b"", b""))
            except UNREADABLE as error:
                raise Problem(409, "cannot-take-effect", f"{event_id}: {error}") from error
            entry = AuditEntry(
                "sync.resolve", f"conflicts/{decided.id}", user_id, {"event": event_id, "resolution": resolution}
            )

            def effect(connection: Connection, _: object) -> None:
                asked = update(conflicts).where(
                    conflicts.c.stream_id == store.stream_id, conflicts.c.event_id == event_id
                )
                connection.execute(asked.values(resolved_at=now, resolution=resolution, resolved_by=user_id))
                hub.audit.write(connection, entry)

            records = writer.put([Placed(event, encode(event)) for event in (decided, *more)], effect)
            folds.book.head = Head(records[-1].seq, records[-1].hash)
            hub.keep_folds(store.stream_id, folds)
            with hub.database.reading(fresh=True) as connection:
                told = _told(_row(connection, store.stream_id, event_id), fact)
        return told


def _refusal(judge: Judge, seen: Event, resolution: Resolution, now: datetime) -> Verdict | None:
    """The rule that a fact breaks now. What is reversed at once adds nothing to what a limit bounds."""
    refused = judge.by_rule(seen, now)
    return judge.by_limit(seen) if refused is None and resolution == "accept" else refused


def _fact(fact: Event) -> Event:
    """What would take effect. Problem 409 for a contested event that carries no fact."""
    try:
        return unwrapped(fact)
    except IntegrityError as error:
        raise Problem(409, "cannot-take-effect", str(error)) from error


def _row(connection: Connection, stream: UUID, event_id: str) -> Any:
    return connection.execute(_one, {"stream": stream, "event": event_id}).first()


def _told(row: Any, fact: Event) -> Conflict:
    try:
        inner = unwrapped(fact)
    except IntegrityError:  # it carries none: then it can be discarded alone
        inner = fact
    return Conflict(
        id=row.event_id,
        kind=row.kind,
        seq=int(row.seq),
        reason=row.reason,
        found_at=row.found_at,
        type=inner.type,
        resolution=row.resolution,
        resolved_at=row.resolved_at,
        payload=inner.payload,
    )


def _reversals(fact: Event, cause: str, now: datetime) -> tuple[Event, ...]:
    """Entries that take back what a fact did to the ledger."""
    try:
        if fact.type == ENTRY:
            entries = [entry_of(fact)]
        elif carries_trades(fact):
            entries = [entry_of_trade(trade) for trade in trades_of(fact)]
        else:
            raise Problem(409, "cannot-take-effect", f"{fact.id} moves no money: accept it or discard it")
        return tuple(entry_event(_reversal(entry, f"{cause}/{n}", cause, now)) for n, entry in enumerate(entries, 1))
    except DomainError as error:
        raise Problem(409, "cannot-take-effect", f"{fact.id} cannot be reversed: {error}") from error


def _reversal(entry: LedgerEntry, entry_id: str, cause: str, now: datetime) -> LedgerEntry:
    postings = tuple(replace(leg, amount=leg.amount.copy_negate()) for leg in entry.postings)
    moves = tuple(
        Move(move.symbol, -move.quantity, -move.cost, move.currency, -move.fee, carried=False) for move in entry.moves
    )
    return LedgerEntry(entry_id, now, "adjustment", entry.account, f"reversed: {entry.memo}", postings, cause, moves)
