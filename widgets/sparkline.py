"""A series of numbers as one line of blocks: `▁▂▃▅▇█`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values between the least and the greatest of them; one height where all are equal."""
    kept = values[-width:] if width > 0 else ()
    if not kept:
        return ""
    low, high = min(kept), max(kept)
    if high <= low:
        return BLOCKS[len(BLOCKS) // 2] * len(kept)
    top = len(BLOCKS) - 1
    return "".join(BLOCKS[round((value - low) / (high - low) * top)] for value in kept)
