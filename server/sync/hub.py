"""The server's side of sync, without HTTP: push, pull, conflicts and their resolution.

A push holds its stream's lock. What it brings is judged, numbered and written in one transaction with the device's
cursor, so that each event is taken in exactly once, whatever of the answer arrives. Time is the server's; the order of
events never depends on anybody's clock.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, insert, select, update

from optionix_core.errors import ConflictingEventError, InvalidValueError, UnknownNameError
from optionix_core.portfolio.ledger import ACCOUNT_OPENED
from optionix_core.portfolio.venue_market import market_of
from optionix_core.services.stream_folds import Folds
from optionix_core.sync.canonical import decode_stored
from optionix_core.sync.event import Head, contained
from optionix_core.sync.wire import (
    CLOCK_DRIFT,
    CONFLICTING_EVENT,
    MAXIMUM_BATCH,
    MAXIMUM_PAGE,
    PULL_FIRST,
    SEQUENCE_GAP,
    PulledEvent,
    PullPage,
    PushAnswer,
    PushResult,
)
from optionix_core.trading.gate import LOCAL_SIM
from server.parts import AuditEntry
from server.problems import FieldError, Problem
from server.store.stream_rows import Placed
from server.store.tables import accounts, conflicts, stream_events
from server.store.upserts import insert_where_new
from server.sync import devices
from server.sync.heads import Heads
from server.sync.judging import Judge, Standing, Verdict

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

    from optionix_core.market.clock import Clock
    from optionix_core.market.instruments import Security
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.sync.appending import Plan
    from optionix_core.sync.event import Event
    from optionix_core.sync.masking import Status
    from optionix_core.sync.wire import PushBatch, PushItem
    from server.parts import AuditLog, Envelopes
    from server.store.database import Database
    from server.store.stream_rows import StreamRow
    from server.store.streams import StreamStore, StreamWriter

DRIFT: Final = timedelta(minutes=5)
"""How far a device's clock may be from the server's as it pushes."""
LOCK_TIMEOUT: Final = 10.0
OPEN_FOLDS: Final = 256
"""Streams whose folds are kept; the one that was used longest ago is let go first."""


_accounts = select(accounts.c.id, accounts.c.kind).where(accounts.c.stream_id == bindparam("stream"))
_insert_conflict = insert(conflicts)


def unnoted(_: Connection) -> None:
    """An act that nobody writes down."""


class SyncHub:
    """Takes in, judges and hands out. Threads may share it."""

    def __init__(
        self,
        database: Database,
        store_of: Callable[[UUID], StreamStore],
        stream_of: Callable[[UUID], UUID],
        envelopes: Envelopes,
        audit: AuditLog,
        clock: Clock,
        feed: Callable[[], QuoteSource],
    ) -> None:
        """`store_of`, `stream_of` and `feed` are the books'."""
        self.database = database
        self.clock = clock
        self.audit = audit
        self.heads = Heads(database, envelopes, clock)
        self.store_of = store_of
        self.stream_of = stream_of
        self._feed = feed
        self._folds: OrderedDict[UUID, Folds] = OrderedDict()
        self._opening = threading.Lock()

    # --- push ---------------------------------------------------------------------------------------------------

    def push(
        self,
        user_id: UUID,
        batch: PushBatch,
        *,
        may_trade: bool = True,
        act: Callable[[Connection], None] = unnoted,
    ) -> PushAnswer:
        """Take in what a device sends, each event exactly once; with what is new `act` is written, last.

        Problem 409 where the device's clock is off, its sequence has a gap, it must pull first or was stopped; 422 for
        an id that comes again with other bytes, which stops the device.
        """
        self._check(batch)
        stream = self.stream_of(user_id)
        store = self.store_of(stream)
        with store.writing(f"push of {batch.device_id}", LOCK_TIMEOUT) as writer:
            with self.database.reading(fresh=True) as connection:
                device = devices.known(connection, batch.device_id, user_id)
                cursor = 0 if device is None else device.cursor
                ids = [item.event.id for item in batch.items]
                raw = store.raw(connection, ids)
                standing = self.standing(connection, stream, user_id, may_trade=may_trade)
            fresh = self._fresh(user_id, batch, cursor, raw, stream)
            return self._take(user_id, batch, fresh, raw, cursor, store, writer, standing, act)

    def _check(self, batch: PushBatch) -> None:
        devices.check_name(batch.device_id)
        if len(batch.items) > MAXIMUM_BATCH:
            raise InvalidValueError("events", len(batch.items), f"at most {MAXIMUM_BATCH} in one push")
        now = self.clock.now()
        if batch.device_time is not None and abs(batch.device_time - now) > DRIFT:
            off = (batch.device_time - now).total_seconds()
            detail = f"the device's clock is {off:+.0f} s from the server's, at most {DRIFT.total_seconds():.0f} s"
            raise Problem(409, CLOCK_DRIFT, detail)
        for before, item in zip(batch.items, batch.items[1:], strict=False):
            if item.device_seq != before.device_seq + 1:
                detail = f"device_seq {item.device_seq} follows {before.device_seq}"
                raise Problem(409, SEQUENCE_GAP, detail)

    def _fresh(
        self, user_id: UUID, batch: PushBatch, cursor: int, raw: Mapping[str, StreamRow], stream: UUID
    ) -> Sequence[PushItem]:
        """Items that are to be taken in; the others were before, with the same bytes."""
        fresh: list[PushItem] = []
        seen: dict[str, bytes] = {}
        for item in batch.items:
            known = raw.get(item.event.id)
            data = seen.get(item.event.id) if known is None else known.data
            if data is not None and data != item.data:
                if known is not None and batch.pulled is not None and known.seq > batch.pulled:
                    detail = f"{item.event.id!r} came as {known.seq} after what the device has pulled"
                    raise Problem(409, PULL_FIRST, detail)
                raise self._alarm(user_id, batch.device_id, stream, item)
            if data is None and item.device_seq <= cursor:
                raise self._alarm(user_id, batch.device_id, stream, item)
            seen[item.event.id] = item.data
            if item.device_seq > cursor:
                if not fresh and item.device_seq != cursor + 1:
                    detail = f"device_seq {item.device_seq} leaves a gap: {cursor + 1} comes next"
                    raise Problem(409, SEQUENCE_GAP, detail)
                fresh.append(item)
        return fresh

    def _alarm(self, user_id: UUID, device_id: str, stream: UUID, item: PushItem, why: str | None = None) -> Problem:
        """Stop the device, and say so in the audit log."""
        told = f"event {item.event.id!r} came again with other bytes" if why is None else why
        entry = AuditEntry(
            "sync.alarm",
            f"devices/{device_id}",
            user_id,
            {"device_seq": item.device_seq, "event": item.event.id[:200], "why": told[:400]},
        )

        def work(connection: Connection) -> None:
            devices.make(connection, device_id, user_id, stream, self.clock.now())
            devices.stop(connection, device_id, told)
            self.audit.write(connection, entry)

        self.database.write(work)
        field = FieldError("event_id", item.event.id[:200], "unused, or repeat the same event")
        return Problem(422, CONFLICTING_EVENT, f"{told}: the device was stopped", (field,))

    def _take(
        self,
        user_id: UUID,
        batch: PushBatch,
        fresh: Sequence[PushItem],
        raw: Mapping[str, StreamRow],
        cursor: int,
        store: StreamStore,
        writer: StreamWriter,
        standing: Standing,
        act: Callable[[Connection], None],
    ) -> PushAnswer:
        if not fresh:
            return PushAnswer(tuple(_result(item, raw, {}, {}) for item in batch.items), cursor)
        now = self.clock.now()
        new = list({item.event.id: item for item in reversed(fresh) if item.event.id not in raw}.values())[::-1]
        folds = self._folds_of(store, writer.head())
        judge = self.judge(folds, standing)
        placed: list[Placed] = []
        judged: dict[str, Verdict] = {}
        for item in new:
            verdict = judge.judge(item.event, item.data)
            status: Status = "accepted" if verdict is None else "quarantined"
            reason = None if verdict is None else verdict.reason
            placed.append(Placed(item.event, item.data, status, reason, batch.device_id, item.device_seq))
            if verdict is not None:
                judged[item.event.id] = verdict
        last = fresh[-1].device_seq

        def effect(connection: Connection, planned: Plan) -> None:
            devices.take(connection, batch.device_id, user_id, store.stream_id, last, now)
            for record in planned.new:
                verdict = judged.get(record.event.id)
                if verdict is not None:
                    row = _conflict(store.stream_id, record.event.id, verdict.kind, record.seq, verdict.reason, now)
                    connection.execute(_insert_conflict, row)
                elif record.event.type == ACCOUNT_OPENED:
                    _know(connection, store.stream_id, user_id, record.event, now)
            act(connection)

        try:
            records = writer.put(placed, effect)
        except ConflictingEventError as error:  # an id that an event contains is taken
            first = next((item for item in new if contained(item.event)), new[0])
            raise self._alarm(user_id, batch.device_id, store.stream_id, first, error.reason) from error
        if records:
            judge.folds.book.head = Head(records[-1].seq, records[-1].hash)
            self._keep(store.stream_id, judge.folds)
        places = {record.event.id: record.seq for record in records}
        results = [_result(item, raw, places, judged) for item in batch.items]
        return PushAnswer(tuple(results), last)

    # --- pull ---------------------------------------------------------------------------------------------------

    def pull(self, user_id: UUID, cursor: int, limit: int) -> PullPage:
        """Events of the user's stream after `cursor`, and its signed head, which is at the page's end or past it."""
        if cursor < 0:
            raise InvalidValueError("cursor", cursor, "0 or more")
        if not 1 <= limit <= MAXIMUM_PAGE:
            raise InvalidValueError("limit", limit, f"1 to {MAXIMUM_PAGE}")
        store = self.store_of(self.stream_of(user_id))
        rows, end = store.rows_and_end(cursor, limit)
        found = [
            PulledEvent(row.seq, row.id, row.data, row.status, row.reason, row.device_id, row.device_seq)
            for row in rows
        ]
        head = self.heads.signed(store, max(end.seq, found[-1].seq) if found else end.seq)
        return PullPage(tuple(found), found[-1].seq if found else cursor, head)

    def times(self, user_id: UUID, event_ids: Sequence[str]) -> Mapping[str, datetime]:
        """When events of the user's stream happened, for those of some ids that are there."""
        store = self.store_of(self.stream_of(user_id))
        with self.database.reading(fresh=True) as connection:
            return {name: decode_stored(row.data).time for name, row in store.raw(connection, event_ids).items()}

    # --- folds --------------------------------------------------------------------------------------------------

    def folds_of(self, store: StreamStore, head: Head) -> Folds:
        """Book and orders at the stream's `head`; the caller holds its lock and copies before it changes them."""
        return self._folds_of(store, head)

    def keep_folds(self, stream_id: UUID, folds: Folds) -> None:
        """Folds that were brought to the stream's head by whoever wrote it."""
        self._keep(stream_id, folds)

    def _folds_of(self, store: StreamStore, head: Head) -> Folds:
        with self._opening:
            folds = self._folds.get(store.stream_id)
        if folds is not None and folds.head == head:
            return folds
        if folds is None or not folds.continues(store):
            folds = Folds()
        folds.follow(store)
        self._keep(store.stream_id, folds)
        return folds

    def _keep(self, stream_id: UUID, folds: Folds) -> None:
        with self._opening:
            self._folds[stream_id] = folds
            self._folds.move_to_end(stream_id)
            if len(self._folds) > OPEN_FOLDS:
                self._folds.popitem(last=False)

    def standing(self, connection: Connection, stream: UUID, user_id: UUID, *, may_trade: bool) -> Standing:
        """What the server's tables say of a stream's accounts, and of whoever speaks for it."""
        kinds = {row.id: row.kind for row in connection.execute(_accounts, {"stream": stream})}
        return Standing(may_trade, kinds, str(user_id), partial(self._halted_by, stream))

    def _halted_by(self, stream: UUID, begins: str) -> str | None:
        row = stream_events.c
        named = row.id.startswith(begins, autoescape=True) & row.id.endswith("/started")
        asked = select(row.data).where(row.stream_id == stream, named, row.status == "accepted")
        with self.database.reading(fresh=True) as connection:
            data = connection.execute(asked.order_by(row.seq.desc()).limit(1)).scalar()
        by = None if data is None else decode_stored(data).payload.get("by")
        return by if isinstance(by, str) else None

    def judge(self, folds: Folds, standing: Standing) -> Judge:
        """Somebody who tries facts on copies of `folds`."""
        return Judge(folds, standing, self._instrument)

    def _instrument(self, symbol: str) -> Security | None:
        try:
            return self._feed().instrument(symbol)
        except UnknownNameError:
            return None


def _result(
    item: PushItem, raw: Mapping[str, StreamRow], places: dict[str, int], judged: Mapping[str, Verdict]
) -> PushResult:
    known = raw.get(item.event.id)
    if known is not None:
        return PushResult(item.event.id, "duplicate", known.seq)
    status: Status = "quarantined" if item.event.id in judged else "accepted"
    return PushResult(item.event.id, status, places[item.event.id])


def _conflict(stream: UUID, event_id: str, kind: str, seq: int, reason: str, now: datetime) -> dict[str, object]:
    return {
        "stream_id": stream,
        "event_id": event_id,
        "kind": kind,
        "seq": seq,
        "reason": reason,
        "found_at": now,
    }


def _know(connection: Connection, stream: UUID, user: UUID, opening: Event, now: datetime) -> None:
    """Know an account that a device has opened, and its market where that was told: an account opens once."""
    market = market_of(opening.payload)
    row = {
        "id": opening.payload["account"],
        "stream_id": stream,
        "user_id": user,
        "kind": LOCAL_SIM,
        "created_at": now,
    }
    connection.execute(insert_where_new(connection, accounts), row)
    if market is not None:
        known = (accounts.c.stream_id == stream) & (accounts.c.id == row["id"])
        connection.execute(update(accounts).where(known).values(market=market.spelled()))
