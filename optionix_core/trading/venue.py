"""What every venue offers: the paper venue now, exchanges behind the same protocol later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from optionix_core.market.instruments import Security
from optionix_core.market.quote import Quote
from optionix_core.trading.orders import Fill, OrderIntent


class Venue(Protocol):
    """Takes orders that passed the gate and answers with fills. Keeps no state beside the log."""

    @property
    def name(self) -> str:
        """Identifier to which accounts are bound, such as `local-sim`."""
        ...

    @property
    def fill_model(self) -> str:
        """The model that its fills name."""
        ...

    def fee(self, symbol: str, quantity: int, price: Decimal, multiplier: Decimal, *, sold: bool) -> Decimal:
        """Fee, not negative, of an order that trades `quantity` contracts or shares at `price` and nothing else."""
        ...

    def execute(self, intent: OrderIntent, instrument: Security, quote: Quote, now: datetime) -> Sequence[Fill]:
        """Match `intent` against `quote`; no fill is an empty sequence. Never beyond price or size."""
        ...
