"""The order in which orders stand: the newest first, or by one of their columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import InvalidValueError
from screens.orders_columns import average_price, order_words, state_word, terms_words

if TYPE_CHECKING:
    from optionix_core.trading.orders import OrderResult

_KEYS: Final[dict[str, Callable[[OrderResult], Any]]] = {
    "time": lambda order: order.intent.created_at,
    "state": lambda order: state_word(order.state),
    "order": lambda order: (order_words(order.intent).split(" ", 2)[2], order.intent.side),
    "filled": lambda order: order.filled_quantity,
    "left": lambda order: order.intent.quantity - order.filled_quantity if order.open else None,
    "limit": lambda order: order.intent.limit_price,
    "average": lambda order: average_price(order.fills),
    "terms": lambda order: terms_words(order.intent),
    "cost": lambda order: order.cost if order.fills else None,
    "fees": lambda order: order.fees if order.fills else None,
    "reserved": lambda order: order.reserved or None,
    "ends": lambda order: order.ends_at,
    "id": lambda order: order.intent.client_order_id,
    "reason": lambda order: order.reason,
}
COLUMNS: Final = tuple(_KEYS)
_LARGEST_FIRST: Final = {"time", "filled", "left", "limit", "average", "cost", "fees", "reserved"}


@dataclass(frozen=True, slots=True)
class OrderSort:
    """By which column, and which way; no column: the newest first."""

    column: str = ""
    falling: bool = False

    def __post_init__(self) -> None:
        if self.column and self.column not in COLUMNS:
            raise InvalidValueError("sort", repr(self.column), f"one of {', '.join(COLUMNS)}")

    def by(self, column: str) -> OrderSort:
        """By a column: the way that is looked for first, then the other way, then no more."""
        first = column in _LARGEST_FIRST
        if column != self.column:
            return OrderSort(column, first)
        return OrderSort(column, not first) if self.falling is first else OrderSort()

    def apply(self, orders: Iterable[OrderResult]) -> tuple[OrderResult, ...]:
        """The orders, which come the newest first; those without a value stand last, ties the newest first."""
        found = tuple(orders)
        if not self.column:
            return found
        key = _KEYS[self.column]
        known = [order for order in found if key(order) is not None]
        unknown = [order for order in found if key(order) is None]
        return (*sorted(known, key=key, reverse=self.falling), *unknown)

    @property
    def words(self) -> str:
        """`by limit ▼`, empty for the newest first."""
        return f"by {self.column} {'▼' if self.falling else '▲'}" if self.column else ""


NEWEST_FIRST: Final = OrderSort()
