"""One instrument's order book, kept by changes that must follow each other without a gap.

Each change names the one before it. Where that is not the last one taken, something was missed: the book is
then of no use, and `take` says so until a whole book comes. A book whose bid reaches its ask is treated alike.
Within a change, levels are absolute amounts: deleting what is not there and setting what is are no contradiction,
since changes of 100 ms are told together.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from optionix_core.feeds.deribit.messages import Action, BookChange, Level


class Touch(NamedTuple):
    """The best prices of a book, with their amounts in coins; None where a side is empty."""

    bid: float | None
    bid_amount: float | None
    ask: float | None
    ask_amount: float | None
    made_at: datetime
    """The exchange's time of the last change."""


class OrderBook:
    """Empty and not `whole` until its first snapshot."""

    def __init__(self) -> None:
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        self._change_id: int | None = None
        self._made_at: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is missing from it."""
        return self._change_id is not None

    def take(self, change: BookChange) -> bool:
        """Apply a change; False where the book is broken by it and needs to be sent anew.

        A book that is not whole takes nothing but a whole one, and answers True meanwhile: it was said once.
        """
        if change.previous is None:
            self._bids, self._asks = {}, {}
        elif not self.whole:
            return True
        elif change.previous != self._change_id:
            self.lose()
            return False
        for side, levels in ((self._bids, change.bids), (self._asks, change.asks)):
            _apply(side, levels)
        self._change_id, self._made_at = change.change_id, change.made_at
        if self._bids and self._asks and max(self._bids) >= min(self._asks):
            self.lose()
            return False
        return True

    def lose(self) -> None:
        """Forget everything: something was missed."""
        self._bids, self._asks = {}, {}
        self._change_id = self._made_at = None

    def touch(self) -> Touch | None:
        """The best prices; None while the book is not whole."""
        if self._made_at is None:
            return None
        bid = max(self._bids) if self._bids else None
        ask = min(self._asks) if self._asks else None
        return Touch(
            bid,
            None if bid is None else self._bids[bid],
            ask,
            None if ask is None else self._asks[ask],
            self._made_at,
        )


def _apply(side: dict[float, float], levels: tuple[Level, ...]) -> None:
    for level in levels:
        if level.action is Action.DELETE:
            side.pop(level.price, None)
        else:
            side[level.price] = level.amount
