"""Fold checkpoints: a fold of a long log starts from a kept state instead of from the first event.

A checkpoint is a cache and never the truth. It is bound to the chain's hash at its sequence; one that
does not match is not handed out. Whoever verifies a book folds the whole log and compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from optionix_core.sync.event import Head


@dataclass(frozen=True, slots=True)
class FoldCheckpoint:
    """The state of the fold `name` after the event at `head`."""

    name: str
    """Names fold and format, such as `positions-1`: a fold whose state changes shape takes a new name."""
    head: Head
    state: bytes
    """Canonical bytes of the state."""


class CheckpointReader(Protocol):
    """Hands out checkpoints that fit the log."""

    def load_checkpoint(self, name: str) -> FoldCheckpoint | None:
        """The checkpoint of a fold; None where there is none, it is damaged, or the chain at its seq is another."""
        ...


class CheckpointStore(CheckpointReader, Protocol):
    """Keeps one checkpoint for each name."""

    def save_checkpoint(self, checkpoint: FoldCheckpoint) -> None:
        """Keep it in place of the former one; InvalidValueError where its head is not in the log."""
        ...

    def drop_checkpoint(self, name: str) -> None:
        """Forget it, if there is one."""
        ...


def digest(checkpoint: FoldCheckpoint) -> bytes:
    """SHA-256 over name, place and state: shows damage, not malice."""
    place = checkpoint.head.seq.to_bytes(8, "big") + checkpoint.head.hash
    return sha256(sha256(checkpoint.name.encode("utf-8")).digest() + place + checkpoint.state).digest()
