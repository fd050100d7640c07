"""After a pull: which own events, not judged by the server yet, the book refuses on top of what came.

They are masked for now, as quarantined ones are; the server decides when they reach it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from optionix_core.services.stream_folds import Folds, Trial
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optionix_core.sync.event import Head, Record
    from optionix_core.sync.replica import Own, ReplicaWriter

CHECKPOINT: Final = "pulled-11"
"""Name of the checkpoint of what was pulled; another shape of the state takes another name."""
CHECKPOINT_EVERY: Final = 512


class Rebasing:
    """`sync.client.Rebase` by the engine's folds; keeps them from one pull to the next."""

    def __init__(self) -> None:
        self._folds = Folds()
        self._kept = 0

    def __call__(
        self, writer: ReplicaWriter, before: Head, pulled: Sequence[Record], pending: Sequence[Own]
    ) -> Mapping[int, str]:
        """Reasons by own sequence."""
        folds = self._at(writer, before).copy()
        for record in pulled:
            folds.apply(record)
        self._folds = folds
        trial, reasons = Trial(folds), {}
        for own in pending:
            why = trial.take(own.event)
            if why is not None:
                reasons[own.seq] = why
        return reasons

    def _at(self, writer: ReplicaWriter, place: Head) -> Folds:
        """The folds at what the writer has, which ends at `place`."""
        if self._folds.head != place:
            kept = writer.load_checkpoint(CHECKPOINT)
            self._folds = Folds() if kept is None or kept.head.seq > place.seq else Folds.of_bytes(kept.state)
            self._kept = self._folds.head.seq
            for record in writer.remote(self._folds.head.seq):
                self._folds.apply(record)
        if self._folds.head != EMPTY_HEAD and self._folds.head.seq - self._kept >= CHECKPOINT_EVERY:
            writer.save_checkpoint(FoldCheckpoint(CHECKPOINT, self._folds.head, self._folds.to_bytes()))
            self._kept = self._folds.head.seq
        return self._folds
