"""Who uses something that will be closed: nobody is let in behind the end, and the end waits for those inside."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from optionix_core.errors import StorageError


class Usage:
    """Counts users of a thing called `name`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._door = threading.Condition()
        self._inside = 0
        self._closed = False

    def refuse_if_closed(self) -> None:
        """StorageError once it was closed."""
        if self._closed:
            raise StorageError(f"{self._name} was closed")

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """Keep it open for the block. StorageError once it was closed."""
        with self._door:
            self.refuse_if_closed()
            self._inside += 1
        try:
            yield
        finally:
            with self._door:
                self._inside -= 1
                self._door.notify_all()

    def close(self, patience: float) -> None:
        """Let nobody in any more, and wait up to `patience` seconds for those inside to leave."""
        with self._door:
            self._closed = True
            self._door.wait_for(lambda: self._inside == 0, patience)
