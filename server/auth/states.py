"""What is known of sessions and keys in this process, never older than a second.

Each request asks whether its session still holds. What was read from the database answers for a second; then it is
read anew, together with all others that are in use, in one query. A revocation in this process counts at once, one in
another as soon as its hint comes, and without any hint after that second.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

FRESH: Final = 1.0
"""Seconds for which what was read answers."""
SOON: Final = 0.5
"""Age at which it is read anew when others are."""
KEPT: Final = 100_000
"""Entries at most; what has not been asked for longest goes."""


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V | None
    read_at: float
    asked_at: float


class FreshStates(Generic[K, V]):
    """Values by key, read by `load` from a thread; `load` leaves out what does not exist."""

    def __init__(
        self,
        load: Callable[[Collection[K]], Mapping[K, V]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._monotonic = monotonic
        self._known: dict[K, _Entry[V]] = {}
        self._guard = threading.Lock()
        self._dropped: dict[K, int] = {}
        """Number of the last read that had begun when a key was forgotten."""
        self._all_dropped = 0
        """The same of all keys together."""
        self._reads = 0
        self._running: set[int] = set()
        """Numbers of reads that have begun and not ended."""
        self._wanted: set[K] = set()
        self._coming: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V | None:
        """The value of `key`, None where there is none. Raises what `load` raises."""
        came = self._monotonic()
        while True:
            now = self._monotonic()
            entry = self._known.get(key)
            if entry is not None and (now - entry.read_at < FRESH or entry.read_at >= came):
                entry.asked_at = now
                return entry.value
            await asyncio.shield(self._read_soon(key))

    def forget(self, *keys: K) -> None:
        """Read them anew before they answer again; a read that is on its way does not count. Any thread."""
        with self._guard:
            for key in keys:
                self._known.pop(key, None)
                self._dropped[key] = self._reads

    def forget_all(self) -> None:
        """Read everything anew. Any thread."""
        with self._guard:
            self._all_dropped = self._reads
            self._known.clear()

    def _read_soon(self, key: K) -> asyncio.Future[None]:
        """The next read that has not begun, with `key` in it."""
        self._wanted.add(key)
        if self._coming is None:
            self._coming = asyncio.get_running_loop().create_future()
            task = asyncio.get_running_loop().create_task(self._read(self._coming))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._coming

    async def _read(self, done: asyncio.Future[None]) -> None:
        await asyncio.sleep(0)  # whoever asks in the same turn of the loop is read with it
        began = self._monotonic()
        with self._guard:
            self._reads += 1
            number = self._reads
            self._running.add(number)
            wanted, self._wanted, self._coming = self._wanted, set(), None
            for key, entry in list(self._known.items()):
                if began - entry.read_at >= SOON:
                    if began - entry.asked_at < FRESH:
                        wanted.add(key)
                    elif began - entry.read_at >= FRESH:
                        del self._known[key]
        try:
            found = await asyncio.get_running_loop().run_in_executor(None, self._load, wanted)
        except BaseException as error:
            with self._guard:
                self._running.discard(number)
            done.set_exception(error)
            done.exception()  # whoever waits gets it; nobody may wait any more
            if not isinstance(error, Exception):
                raise
            return
        self._keep(wanted, found, began, number)
        done.set_result(None)

    def _keep(self, wanted: set[K], found: Mapping[K, V], began: float, number: int) -> None:
        with self._guard:
            for key in wanted if number > self._all_dropped else ():
                if self._dropped.get(key, 0) >= number:
                    continue  # forgotten after this read had begun
                old = self._known.get(key)
                if old is not None and old.read_at > began:
                    continue  # a later read was quicker
                self._known[key] = _Entry(found.get(key), began, began if old is None else old.asked_at)
            self._running.discard(number)
            oldest = min(self._running, default=self._reads + 1)
            self._dropped = {key: at for key, at in self._dropped.items() if at >= oldest}
            while len(self._known) > KEPT:
                del self._known[next(iter(self._known))]
