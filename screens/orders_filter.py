"""Which orders are shown: a small language, read once and then applied to every board.

A state (`working`, `held`, `halted`, `filled`, `cancelled`, `expired`, `rejected`), or `open` or `ended` for several;
`buy` or `sell`; `today`; anything else is a part of the order's instruments, id or sender. Several, with blanks between
them, all hold; several states are alternatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.portfolio.deliverables import label_of
from optionix_core.trading.orders import OPEN_STATES, OrderState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from optionix_core.trading.orders import OrderResult

ENDED: Final = frozenset(OrderState) - OPEN_STATES - {OrderState.INTENT}
STATES: Final = {
    "open": OPEN_STATES,
    "ended": ENDED,
    "working": frozenset({OrderState.WORKING, OrderState.PARTIALLY_FILLED}),
    "held": frozenset({OrderState.HELD}),
    "halted": frozenset({OrderState.SUSPENDED}),
    "filled": frozenset({OrderState.FILLED}),
    "cancelled": frozenset({OrderState.CANCELLED}),
    "expired": frozenset({OrderState.EXPIRED}),
    "rejected": frozenset({OrderState.REJECTED}),
}
ROUND: Final = ("", "open", "filled", "cancelled", "rejected")
"""States that a key goes through; the first keeps everything."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What is kept; the neutral filter keeps everything."""

    text: str = ""
    states: frozenset[OrderState] | None = None
    side: str | None = None
    today: bool = False
    parts: tuple[str, ...] = ()
    """Capital letters."""

    @classmethod
    def parse(cls, text: str) -> OrderFilter:
        """From what a user wrote."""
        states: frozenset[OrderState] | None = None
        side, today, parts = None, False, []
        for word in text.lower().split():
            if word in STATES:
                states = STATES[word] | (states or frozenset())
            elif word in {"buy", "sell"}:
                side = word
            elif word == "today":
                today = True
            else:
                parts.append(word.upper())
        return cls(" ".join(text.split()), states, side, today, tuple(parts))

    def apply(self, orders: Iterable[OrderResult], now: datetime) -> tuple[OrderResult, ...]:
        """The orders that are kept, in their order."""
        return tuple(order for order in orders if self._keeps(order, now))

    def _keeps(self, order: OrderResult, now: datetime) -> bool:
        intent = order.intent
        if self.states is not None and order.state not in self.states:
            return False
        if self.side not in {None, intent.side}:
            return False
        if self.today and intent.created_at.date() != now.date():
            return False
        if not self.parts:
            return True
        names = [label_of(symbol) for symbol in intent.symbols]
        text = " ".join([*names, intent.client_order_id, intent.tag or ""]).upper()
        return all(part in text for part in self.parts)

    def after(self) -> OrderFilter:
        """The filter of the next state; what else was asked for is dropped."""
        place = ROUND.index(self.text) if self.text in ROUND else 0
        return OrderFilter.parse(ROUND[(place + 1) % len(ROUND)])
