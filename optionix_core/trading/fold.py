"""What a venue must remember of its past, as a fold of the log: open orders, and what was taken from a quote.

Beside the book it is all that the next order needs to know. Like the book it is made of the log alone,
has one canonical form and can be thrown away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from optionix_core.market.quote import Quote
from optionix_core.portfolio import fields
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Json, Record
from optionix_core.trading.gate import quoted_at
from optionix_core.trading.orders import Side
from optionix_core.trading.records import END_STATES, FILLED, INTENT, fill_of, fill_side

STATE_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class _Taken:
    quoted_at: str
    quantity: int


def _place(side: Side, quote: Quote) -> str:
    return f"{side}/{quote.source}/{quote.symbol}"


class OrderFold:
    """Not safe to apply from two threads at once. The caller keeps the order of records."""

    __slots__ = ("_open", "_taken")

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._taken: dict[str, _Taken] = {}

    def apply(self, record: Record) -> None:
        """Take the next record. Raises IntegrityError where an event of an order is malformed."""
        event = record.event
        if event.type == INTENT:
            self._open.add(fields.text(event.payload, "client_order_id"))
        elif event.type in END_STATES:
            self._open.discard(fields.text(event.payload, "client_order_id"))
        elif event.type == FILLED:
            fill = fill_of(event)
            side = fill_side(event)
            place, made = _place(side, fill.quote), time_text(quoted_at(fill.quote))
            self._taken[place] = _Taken(made, self.already_taken(side, fill.quote) + fill.quantity)

    def open_orders(self) -> tuple[str, ...]:
        """Client order ids whose intent has no end yet."""
        return tuple(sorted(self._open))

    def already_taken(self, side: Side, quote: Quote) -> int:
        """Contracts that fills took from this very quote: same source, instrument, side and time."""
        taken = self._taken.get(_place(side, quote))
        return 0 if taken is None or taken.quoted_at != time_text(quoted_at(quote)) else taken.quantity

    def state(self) -> dict[str, Json]:
        """The state as plain JSON values."""
        return {
            "open": list(self.open_orders()),
            "taken": {place: [taken.quoted_at, taken.quantity] for place, taken in self._taken.items()},
            "version": STATE_VERSION,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Json]) -> Self:
        """The fold whose `state` it is. Raises IntegrityError for a state of another version."""
        fields.expect_version(state, STATE_VERSION, "order state")
        fold = cls()
        fold._open = set(fields.texts(state, "open"))
        for place, pair in fields.mapping(state, "taken").items():
            made, quantity = fields.pair(pair, place)
            fold._taken[place] = _Taken(made, quantity)
        return fold
