"""The words that an order's terms are made of, with what they mean: what completion offers behind an instrument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optionix_tui.order_line import ALGORITHMS

_TERMS: Final = (
    ("day", "until the close"), ("gtc", "until it is cancelled"), ("gtd ", "until a moment"),
    ("ioc", "at once, the rest cancelled"), ("fok", "whole at once or not at all"),
    ("stop ", "PRICE [LIMIT]"), ("touch ", "PRICE [LIMIT]"), ("trail ", "0.50 or 5%"),
    ("twap ", "LENGTH: evenly over time"), ("vwap ", "LENGTH, then curve: as a volume curve"),
    ("pov ", "LENGTH, then share: a share of the volume"), ("post-only", "never takes"),
    ("reduce-only", "never more than closes"), ("lots ", "fifo, lifo or ENTRY=N"), ("group ", "one cancels the other"),
)  # fmt: skip
FOLLOWED: Final[dict[str, list[tuple[str, str]]]] = {
    **{name: [("30m", "a length"), ("2h", "a length")] for name in ALGORITHMS},
    **{name: [] for name in ("gtd", "stop", "touch", "trail", "after", "group", "slices", "share")},
    "lots": [("fifo", "oldest first"), ("lifo", "newest first")],
    "curve": [("u-shape:3", "denser at both ends"), ("history:5", "as on the last five days")],
}
"""What may follow a word that something must follow."""


def left(said: Sequence[str]) -> list[tuple[str, str]]:
    """The terms that were not said yet."""
    words = {word.lower() for word in said}
    return [(word, hint) for word, hint in _TERMS if word.strip() not in words]
