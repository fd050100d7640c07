"""A small fold of the log that a process keeps up to date: from the store's checkpoint, then record by record.

It is a cache: where it does not fit the log any more it is folded again from the start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from threading import RLock
from typing import Final, Generic, Protocol, Self, TypeVar, runtime_checkable

from optionix_core.services.desk import moved
from optionix_core.sync.checkpoints import CheckpointReader, CheckpointStore, FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD, Head, Json, LogReader, Record

CHECKPOINT_EVERY: Final = 256
"""Records after which a writer keeps a new checkpoint."""


class Foldable(Protocol):
    """A fold with one canonical form."""

    def apply(self, record: Record) -> None:
        """Take the next record; IntegrityError where it is malformed."""
        ...

    def state(self) -> dict[str, Json]:
        """The state as plain JSON values."""
        ...

    @classmethod
    def of_state(cls, state: Mapping[str, Json]) -> Self:
        """The fold whose `state` it is."""
        ...


@runtime_checkable
class _HandsOut(CheckpointReader, Protocol): ...


@runtime_checkable
class _Keeps(CheckpointStore, Protocol): ...


Fold = TypeVar("Fold", bound=Foldable)


class Followed(Generic[Fold]):
    """One fold of one log. Hold `lock` for as long as what was read must stay as it is."""

    def __init__(self, name: str, kind: type[Fold]) -> None:
        """`name` is the checkpoint's; another shape of the state takes another name."""
        self.lock = RLock()
        self._name, self._kind = name, kind
        self._fold, self._head, self._kept = kind(), EMPTY_HEAD, 0

    def follow(self, log: LogReader) -> Fold:
        """Take in what is new in `log`, and answer the fold. Raises IntegrityError where a record is wrong."""
        with self.lock:
            if log.head() != self._head:
                if not self._continues(log):
                    self._start(log)
                before = self._head
                try:
                    self._read_on(log)
                    if moved(log, before):
                        self._start(log)
                        self._read_on(log)
                except BaseException:
                    self._fold, self._head, self._kept = self._kind(), EMPTY_HEAD, 0
                    raise
            return self._fold

    def _read_on(self, log: LogReader) -> None:
        for record in log.read(self._head.seq) if log.head() != self._head else ():
            self._fold.apply(record)
            self._head = Head(record.seq, record.hash)

    @property
    def unkept(self) -> int:
        """Records that a process that begins anew would have to read."""
        return self._head.seq - self._kept

    def keep(self, log: LogReader) -> None:
        """Keep a checkpoint where enough has happened since the last and the store has a place for it."""
        with self.lock:
            if self.unkept >= CHECKPOINT_EVERY and isinstance(log, _Keeps):
                log.save_checkpoint(FoldCheckpoint(self._name, self._head, state_bytes(self._fold)))
                self._kept = self._head.seq

    def _continues(self, log: LogReader) -> bool:
        if self._head == EMPTY_HEAD:
            return False
        last = next(iter(log.read(self._head.seq - 1, 1)), None)
        return last is not None and last.seq == self._head.seq and last.hash == self._head.hash

    def _start(self, log: LogReader) -> None:
        found = log.load_checkpoint(self._name) if isinstance(log, _HandsOut) else None
        if found is None:
            self._fold, self._head, self._kept = self._kind(), EMPTY_HEAD, 0
            return
        self._fold = self._kind.of_state(json.loads(found.state))
        self._head, self._kept = found.head, found.head.seq


def state_bytes(fold: Foldable) -> bytes:
    """The canonical bytes of a fold's state."""
    return json.dumps(fold.state(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
