"""The paper venue on this device: fills at the touch or at a resting order's own limit, never better, never at mid.

An order that takes is filled under the model `touch-displayed-size`: a market order takes the touch, a limit order
only where the touch is at the limit or better for it. An order that rests is filled under `queue-behind-displayed`:
it stands behind what is displayed at its price, so it is filled once the other side's touch comes to its limit, at
that limit. A feed that tells no trades gives it nothing before; orders of other accounts of the home may (`crossing`).
After a halt of the venue's own it is filled under `reopening-auction`, at the one price of the auction. What is
displayed can be taken once: contracts that earlier fills took from the same quote (same side, same exchange time) are
gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.market.instruments import Security
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO, multiply
from optionix_core.portfolio.fee_schedule import US_RETAIL, FeePlan
from optionix_core.portfolio.trades import fill_id
from optionix_core.trading.fees import Meter, fee_alone, kept_for_fees
from optionix_core.trading.gate import LOCAL_SIM
from optionix_core.trading.open_order import OpenOrder
from optionix_core.trading.orders import Fill, OrderIntent, Side
from optionix_core.trading.touch import acceptable, crossed, touch
from optionix_core.trading.working_records import Reserve

__all__ = ["FILL_MODEL", "RESTING_MODEL", "PaperVenue", "acceptable", "nothing_taken", "signed_cost"]

FILL_MODEL: Final = "touch-displayed-size"
RESTING_MODEL: Final = "queue-behind-displayed"
REOPENING_MODEL: Final = "reopening-auction"


def nothing_taken(side: Side, quote: Quote) -> int:  # noqa: ARG001 # the answer of a venue without history
    """As if no fill had come before."""
    return 0


@dataclass(frozen=True, slots=True)
class PaperVenue:
    """A paper venue. What earlier fills took from a quote it asks of `already_taken`, a fold of the log."""

    already_taken: Callable[[Side, Quote], int] = nothing_taken
    fees: FeePlan = US_RETAIL
    name: str = LOCAL_SIM
    """Identifier to which accounts are bound."""

    @property
    def fill_model(self) -> str:
        """The model that its fills name."""
        return FILL_MODEL

    def fee(self, symbol: str, quantity: int, price: Decimal, multiplier: Decimal, *, sold: bool) -> Decimal:
        """Of an order that trades `quantity` contracts or shares at `price` and nothing else, not negative."""
        return fee_alone(self.fees, symbol, quantity, price, multiplier, sold=sold)

    def kept(self, intent: OrderIntent) -> Reserve:
        """Cash that fees of an order that rests may need."""
        return kept_for_fees(self.fees, intent)

    def meter(self, order: OpenOrder, multiplier_of: Callable[[str], Decimal]) -> Meter:
        """What charges the legs of an order's next fill."""
        return Meter(self.fees, order, multiplier_of)

    def available(self, side: Side, quote: Quote) -> int:
        """Contracts, or shares, of the displayed size that nobody took yet."""
        met = touch(quote, side)
        if met is None:
            return 0
        left = met[1] - self.already_taken(side, quote)
        return max(0, left)

    def execute(self, intent: OrderIntent, instrument: Security, quote: Quote, now: datetime) -> tuple[Fill, ...]:
        """One fill at the touch, or none. Raises InvalidValueError where quote and order name two instruments."""
        met = self._met(intent, instrument, quote)
        if met is None:
            return ()
        fill = self._fill(OpenOrder(intent), instrument, quote, now, (met, self.fill_model), None)
        return () if fill is None else (fill,)

    def taken(
        self, order: OpenOrder, instrument: Security, quote: Quote, now: datetime, at_most: int | None = None
    ) -> Fill | None:
        """What an order takes from the touch as it arrives, or as its trigger is met; `at_most` contracts."""
        met = self._met(order.intent, instrument, quote)
        return None if met is None else self._fill(order, instrument, quote, now, (met, self.fill_model), at_most)

    def rested(
        self, order: OpenOrder, instrument: Security, quote: Quote, now: datetime, at_most: int | None = None
    ) -> Fill | None:
        """What a resting limit order is filled with as the touch comes to its limit: at the limit."""
        limit = order.intent.limit_price
        if limit is None or self._met(order.intent, instrument, quote) is None:
            return None
        return self._fill(order, instrument, quote, now, (limit, RESTING_MODEL), at_most)

    def reopened(
        self,
        price: Decimal,
        order: OpenOrder,
        instrument: Security,
        quote: Quote,
        now: datetime,
        at_most: int | None = None,
    ) -> Fill | None:
        """What a resting order gets out of what is displayed in an auction that ends at `price`."""
        met = self._met(order.intent, instrument, quote)
        if met is None or not acceptable(order.intent.side, met, price):
            return None
        return self._fill(order, instrument, quote, now, (price, REOPENING_MODEL), at_most)

    def _met(self, intent: OrderIntent, instrument: Security, quote: Quote) -> Decimal | None:
        if quote.symbol != intent.symbol or instrument.symbol != intent.symbol:
            raise InvalidValueError("symbol", quote.symbol, f"{intent.symbol}, which the order is for")
        met = touch(quote, intent.side)
        if met is None or crossed(quote) or not acceptable(intent.side, met[0], intent.limit_price):
            return None
        return met[0]

    def _fee(self, order: OpenOrder, instrument: Security, quantity: int, price: Decimal) -> Decimal:
        schedule = self.fees.of(instrument.symbol)
        if schedule.flat is not None:
            return multiply(schedule.flat, Decimal(quantity))
        sold = order.intent.side is Side.SELL
        return self.meter(order, lambda _symbol: instrument.multiplier).charge(
            instrument.symbol, quantity, price, sold=sold
        )

    def _fill(
        self,
        order: OpenOrder,
        instrument: Security,
        quote: Quote,
        now: datetime,
        made: tuple[Decimal, str],
        at_most: int | None,
    ) -> Fill | None:
        wanted = order.workable if at_most is None else min(order.workable, at_most)
        quantity = min(wanted, self.available(order.intent.side, quote))
        if quantity < 1:
            return None
        name = order.intent.client_order_id
        return Fill(
            fill_id=fill_id(name, order.fills + 1),
            client_order_id=name,
            quantity=quantity,
            price=made[0],
            fee=self._fee(order, instrument, quantity, made[0]),
            model=made[1],
            filled_at=now,
            quote=quote,
        )


def signed_cost(side: Side, quantity: int, price: Decimal, multiplier: Decimal) -> Decimal:
    """Cash out of the account for a fill, fees excluded; negative where cash comes in."""
    return multiply(multiply(Decimal(side.sign * quantity), price), multiplier) if quantity else ZERO
