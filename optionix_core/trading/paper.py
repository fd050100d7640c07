"""The paper venue on this device: fills at the touch, at most the displayed size, never better.

Its fill model is named `touch-displayed-size`. A market order takes the touch; a limit order takes it
only where the touch is at the limit or better for it. What is displayed can be taken once: contracts
that earlier fills took from the same quote (same side, same exchange time) are gone. There is no
queue to wait in, and the price is never improved beyond the touch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.market.instruments import Instrument
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.trading.gate import LOCAL_SIM, touch
from optionix_core.trading.orders import Fill, OrderIntent, Side

FILL_MODEL: Final = "touch-displayed-size"


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """What a trade costs, in the instrument's currency."""

    per_contract: Decimal = Decimal("0.65")
    """Chosen by us: what retail brokers in the US commonly ask for a contract; no exchange or clearing fee on top."""

    def __post_init__(self) -> None:
        if not self.per_contract.is_finite() or self.per_contract < 0:
            raise InvalidValueError("per_contract", self.per_contract, "finite and not negative")

    def fee(self, quantity: int) -> Decimal:
        """For `quantity` contracts in one order."""
        with exact_arithmetic():
            return self.per_contract * quantity


def nothing_taken(side: Side, quote: Quote) -> int:  # noqa: ARG001 # the answer of a venue without history
    """As if no fill had come before."""
    return 0


@dataclass(frozen=True, slots=True)
class PaperVenue:
    """`local-sim`. What earlier fills took from a quote it asks of `already_taken`, a fold of the log."""

    already_taken: Callable[[Side, Quote], int] = nothing_taken
    fees: FeeSchedule = FeeSchedule()

    @property
    def name(self) -> str:
        """Identifier to which accounts are bound."""
        return LOCAL_SIM

    @property
    def fill_model(self) -> str:
        """The model that its fills name."""
        return FILL_MODEL

    def fee(self, instrument: Instrument, quantity: int) -> Decimal:  # noqa: ARG002 # one schedule for all instruments
        """Fee for `quantity` contracts, positive."""
        return self.fees.fee(quantity)

    def available(self, side: Side, quote: Quote) -> int:
        """Contracts of the displayed size that nobody took yet."""
        met = touch(quote, side)
        return 0 if met is None else max(0, met[1] - self.already_taken(side, quote))

    def execute(self, intent: OrderIntent, instrument: Instrument, quote: Quote, now: datetime) -> tuple[Fill, ...]:
        """One fill at the touch, or none. Raises InvalidValueError where quote and order name two instruments."""
        if quote.symbol != intent.symbol or instrument.symbol != intent.symbol:
            raise InvalidValueError("symbol", quote.symbol, f"{intent.symbol}, which the order is for")
        met = touch(quote, intent.side)
        if met is None or not acceptable(intent.side, met[0], intent.limit_price):
            return ()
        quantity = min(intent.quantity, self.available(intent.side, quote))
        if quantity < 1:
            return ()
        return (
            Fill(
                fill_id=f"order/{intent.client_order_id}/fill-1",
                client_order_id=intent.client_order_id,
                quantity=quantity,
                price=met[0],
                fee=self.fee(instrument, quantity),
                model=self.fill_model,
                filled_at=now,
                quote=quote,
            ),
        )


def acceptable(side: Side, price: Decimal, limit: Decimal | None) -> bool:
    """Whether a limit allows `price`; no limit allows any."""
    if limit is None:
        return True
    return price <= limit if side is Side.BUY else price >= limit


def signed_cost(side: Side, quantity: int, price: Decimal, multiplier: Decimal) -> Decimal:
    """Cash out of the account for a fill, fees excluded; negative where cash comes in."""
    with exact_arithmetic():
        return side.sign * quantity * price * multiplier if quantity else ZERO
