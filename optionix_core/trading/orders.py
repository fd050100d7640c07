"""Orders and what becomes of them, as immutable values. All numbers are exact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from optionix_core.market.quote import Quote


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 to buy, -1 to sell."""
        return 1 if self is Side.BUY else -1


class OrderState(StrEnum):
    """Where an order stands; the terminal states are filled, cancelled, expired and rejected."""

    INTENT = "intent"
    PARTIALLY_FILLED = "partially-filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What a user wants. `client_order_id` is the idempotency key: sent twice, it is one order."""

    client_order_id: str
    account: str
    side: Side
    quantity: int
    symbol: str
    """The instrument's key."""
    limit_price: Decimal | None
    """Per unit of the underlying; None for a market order, which takes the touch."""
    created_at: datetime
    time_in_force: str = "IOC"
    """Immediate or cancel: what the touch does not fill is cancelled."""


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One rule of the pre-trade gate and its answer."""

    rule: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Fill:
    """What a venue did, and under which model."""

    fill_id: str
    client_order_id: str
    quantity: int
    price: Decimal
    fee: Decimal
    model: str
    """Name of the fill model, such as `touch-displayed-size`."""
    filled_at: datetime
    quote: Quote
    """The quote that it was made against."""


@dataclass(frozen=True, slots=True)
class OrderResult:
    """How an order ended."""

    intent: OrderIntent
    state: OrderState
    checks: tuple[GateCheck, ...]
    fills: tuple[Fill, ...]
    reason: str | None
    """Why it was rejected, or why a remainder was cancelled."""
    replayed: bool = False
    """True where this client order id had been answered before and nothing was done now."""
    cost: Decimal = Decimal(0)
    """Signed cash out of the account for the fills, fees excluded (negative: cash in)."""

    @property
    def filled_quantity(self) -> int:
        """Contracts filled."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def fees(self) -> Decimal:
        """Fees of all fills."""
        return sum((fill.fee for fill in self.fills), Decimal(0))


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """What an order would do now: nothing is written."""

    intent: OrderIntent
    quote: Quote
    price: Decimal | None
    """Price at which it would fill; None where it would not."""
    fillable: int
    """Contracts that would fill now."""
    cost: Decimal | None
    """Signed cash out of the account, fees excluded (negative: cash in)."""
    fees: Decimal | None
    checks: tuple[GateCheck, ...]
