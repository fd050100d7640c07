"""Splits the rows of one call between threads; kernels release the interpreter's lock.

The split changes no result: every row, or every block of a fixed size, is computed as it would be alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Result = TypeVar("Result")


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=processors(), thread_name_prefix="pricing")


def spread(
    job: Callable[[int, int], Result], rows: int, least: int, multiple: int = 1, workers: int | None = None
) -> list[Result]:
    """`job(first, last)` over parts of the rows [first, last), results in their order.

    A part has at least `least` rows and, but for the last, a multiple of `multiple`. `workers` bounds the parts; by
    default as many as there are processors. One part runs in the caller's own thread. Errors of a job are raised.
    """
    parts = rows // max(least, 1)
    if parts > 1:
        parts = min(processors() if workers is None else workers, parts)
    if parts <= 1:
        return [job(0, rows)]
    size = -(-rows // parts)
    size = -(-size // multiple) * multiple
    edges = list(range(0, rows, size))
    futures = [_pool().submit(job, first, min(first + size, rows)) for first in edges[1:]]
    return [job(0, min(size, rows)), *(future.result() for future in futures)]
