"""A process's own fold of the log: the book and the open orders, brought up to date from where it stood.

It starts from the store's checkpoint where there is one, so that a single order on a long log stays
cheap. It is a cache: where it does not fit the log any more it is folded again from the start.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from optionix_core.errors import IntegrityError, RefusedError
from optionix_core.market.protocols import FeedState, QuoteSource
from optionix_core.portfolio.fold import BookFold
from optionix_core.sync.checkpoints import CheckpointReader, CheckpointStore, FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD, Event, Head, LogReader, LogWriter, Record
from optionix_core.trading.acted_on import acted_on
from optionix_core.trading.fold import OrderFold
from optionix_core.trading.gate import LOCAL_SIM
from optionix_core.trading.halt_rules import ORDINARY, TradingRules
from optionix_core.trading.limits import LimitEngine
from optionix_core.trading.open_order import OpenOrder
from optionix_core.trading.watch.watch import HaltWatch
from optionix_core.trading.working_records import Place

if TYPE_CHECKING:
    from optionix_core.services.draft import Draft

CHECKPOINT: Final = "desk-11"
"""Name of the checkpoint; another shape of the state takes another name."""

CHECKPOINT_EVERY: Final = 128
"""Records after which a writer keeps a new checkpoint."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Quotes up to a moment were looked at for an order as it stood, and nothing came of it."""

    order: OpenOrder
    until: datetime
    place: Place


@runtime_checkable
class HandsOutCheckpoints(CheckpointReader, Protocol):
    """A log that can be asked at run time whether it keeps checkpoints."""


@runtime_checkable
class _KeepsCheckpoints(CheckpointStore, Protocol): ...


@runtime_checkable
class _Moves(Protocol):
    may_move: bool


def moved(log: LogReader, since: Head) -> bool:
    """Whether a log that was read on from `since` has come to hold something else there meanwhile."""
    if since == EMPTY_HEAD or not isinstance(log, _Moves):
        return False
    last = next(iter(log.read(since.seq - 1, 1)), None)
    return last is None or last.hash != since.hash


class Desk:
    """Book and orders of one home. Hold `lock` for as long as what was read must stay as it is."""

    def __init__(
        self, rules: TradingRules = ORDINARY, engine: LimitEngine | None = None, venue: str = LOCAL_SIM
    ) -> None:
        self.lock = RLock()
        self.venue = venue
        """The paper venue that is run here; accounts of others are read and never acted on."""
        self.rules = rules
        """Limits of the gate, halts and fees of the venue, as they are set; no part of the log."""
        self.engine = engine
        """Computes figures for limits on the book as it would be; None where nobody can."""
        self.limit_watch: Callable[[Draft], tuple[Event, ...]] | None = None
        """Asked before a draft that moves a book is written: the breaches of limits that it makes or clears."""
        self.book = BookFold()
        self.orders = OrderFold()
        self.looked: dict[str, Looked] = {}
        """By client order id: work that this process has done already, and need not do again."""
        self._kept = 0
        self._watch: HaltWatch | None = None

    def watch(self, feed: QuoteSource) -> HaltWatch | None:
        """The venue's own halts on a feed that it trades; None where nothing halts by itself."""
        if self._watch is None or self._watch.feed is not feed:
            if feed.state is not FeedState.SIMULATED:
                return None
            self._watch = HaltWatch(feed, self.rules.halts)
        return None if self._watch.idle else self._watch

    def follow(self, log: LogReader) -> None:
        """Take in what is new in `log`. Raises IntegrityError where a record is wrong."""
        with self.lock:
            head = log.head()
            if head == self.book.head:
                return
            if not self._continues(log):
                self._start(log)
            before = self.book.head
            self._take(log.read(before.seq))
            if moved(log, before):
                self._start(log)
                self._take(log.read(self.book.head.seq))

    def append(self, log: LogWriter, events: Sequence[Event]) -> None:
        """Append `events` in one transaction and take them in."""
        if not events:
            return
        with self.lock:
            self._refuse_elsewhere(events)
            records = log.append(events)
            self._take(record for record in records if record.seq > self.book.head.seq)

    def adopt(self, log: LogWriter, events: Sequence[Event], book: BookFold, orders: OrderFold) -> None:
        """As `append`, where `book` and `orders` are copies of this desk's that have `events` in them already.

        Raises IntegrityError where one of the events was in the log before.
        """
        with self.lock:
            self._refuse_elsewhere(events)
            before = self.book.head.seq
            records = log.append(events)
            if [record.seq for record in records] != [*range(before + 1, before + 1 + len(events))]:
                raise IntegrityError("what a draft appends was in the log already", records[0].seq)
            book.head = Head(records[-1].seq, records[-1].hash)
            self.book, self.orders = book, orders

    def keep(self, log: LogWriter) -> None:
        """Keep a checkpoint where enough has happened since the last and the store has a place for it."""
        with self.lock:
            if self.book.head.seq - self._kept >= CHECKPOINT_EVERY and isinstance(log, _KeepsCheckpoints):
                log.save_checkpoint(FoldCheckpoint(CHECKPOINT, self.book.head, self.to_bytes()))
                self._kept = self.book.head.seq

    def take(self, record: Record) -> None:
        """Take the next record, whoever read it."""
        with self.lock:
            self._take((record,))

    def to_bytes(self) -> bytes:
        """The canonical bytes of the whole state."""
        state = {"book": self.book.state(), "orders": self.orders.state()}
        return json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def venue_for(self, account: str) -> str:
        """The venue that orders of an account belong to: the one it was bound to, or opened at, or else this one."""
        return self.orders.kinds.get(account) or self.book.venue_of(account) or self.venue

    def expect_here(self, account: str) -> None:
        """RefusedError where orders of an account are matched elsewhere."""
        venue = self.venue_for(account)
        if venue != self.venue:
            raise RefusedError(
                "account-venue", f"{account} is bound to {venue}: its orders are not matched here, at {self.venue}"
            )

    def _refuse_elsewhere(self, events: Sequence[Event]) -> None:
        """RefusedError where an event would act on an account of another venue, which alone may say what happens."""
        for event in events:
            account = acted_on(event, self.orders)
            if account is None:
                continue
            venue = self.book.venue_of(account) or self.orders.kinds.get(account)
            if venue is not None and venue != self.venue:
                raise RefusedError("account-venue", f"{account} is bound to {venue}, not to {self.venue}")

    def _continues(self, log: LogReader) -> bool:
        """Whether the log still holds, at our place, the record that we folded last."""
        head = self.book.head
        if head == EMPTY_HEAD:
            return False
        last = next(iter(log.read(head.seq - 1, 1)), None)
        return last is not None and last.seq == head.seq and last.hash == head.hash

    def _start(self, log: LogReader) -> None:
        self.book, self.orders, self._kept = BookFold(), OrderFold(), 0
        found = log.load_checkpoint(CHECKPOINT) if isinstance(log, HandsOutCheckpoints) else None
        if found is None:
            return
        state = json.loads(found.state)
        book, orders = BookFold.of_state(state["book"]), OrderFold.of_state(state["orders"])
        if book.head != found.head:
            raise IntegrityError(f"the checkpoint {CHECKPOINT} holds the state of another place", found.head.seq)
        self.book, self.orders, self._kept = book, orders, book.head.seq

    def _take(self, records: Iterable[Record]) -> None:
        try:
            for record in records:
                self.orders.apply(record)
                self.book.apply(record)
        except BaseException:
            self.book, self.orders, self._kept = BookFold(), OrderFold(), 0
            raise
