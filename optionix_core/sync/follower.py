"""Following a log that other processes write: what is new since the last look."""

from __future__ import annotations

from optionix_core.sync.event import LogReader, Record


class Follower:
    """A reader's cursor. Asking is cheap (one head look-up), so a screen may ask many times a second."""

    def __init__(self, log: LogReader, after: int | None = None) -> None:
        """Follow `log` from sequence `after`; None means from its present end."""
        self._log = log
        self._seq = log.head().seq if after is None else after

    @property
    def seq(self) -> int:
        """The last sequence that was handed out."""
        return self._seq

    def poll(self, limit: int | None = None) -> tuple[Record, ...]:
        """Records since the last call, in order; empty when there are none."""
        if self._log.head().seq <= self._seq:
            return ()
        new = tuple(self._log.read(self._seq, limit))
        if new:
            self._seq = new[-1].seq
        return new
