"""Answers kept by the digest of their inputs, the least recently used one leaving first."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from optionix_core.pricing.engine.result import PricingResult

LARGEST = 1_000_000


class ResultCache:
    """Threads may share it. Raises InvalidValueError for a size below zero or above a million."""

    def __init__(self, size: int) -> None:
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= LARGEST:
            raise InvalidValueError("cache_size", repr(size), f"a whole number from 0 to {LARGEST}")
        self._size = size
        self._held: OrderedDict[str, PricingResult] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def find(self, digest: str) -> PricingResult | None:
        """The answer, which becomes the last one to leave; None where it is not held."""
        with self._lock:
            found = self._held.get(digest)
            if found is not None:
                self._held.move_to_end(digest)
            return found

    def keep(self, digest: str, result: PricingResult) -> None:
        """Hold it; the oldest one leaves where the cache is full."""
        with self._lock:
            self._held[digest] = result
            self._held.move_to_end(digest)
            while len(self._held) > self._size:
                self._held.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._held.clear()
