"""What an order's fills cost by a fee plan: leg by leg, beyond what the order's earlier fills cost.

Where a schedule asks the same of every unit, that is all; else minimums, maximums and caps hold over the order as a
whole, options and shares of it each by their schedule.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.market.symbols import is_share
from optionix_core.portfolio.exact import ZERO, exact_arithmetic, multiply
from optionix_core.portfolio.fee_schedule import NOTHING, FeePlan, OrderTotals
from optionix_core.trading.working_records import Reserve

if TYPE_CHECKING:
    from collections.abc import Callable

    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.orders import OrderIntent


class Meter:
    """Charges the legs of one fill in turn."""

    def __init__(self, plan: FeePlan, order: OpenOrder, multiplier_of: Callable[[str], Decimal]) -> None:
        self._plan, self._order, self._multiplier_of = plan, order, multiplier_of
        self._totals: dict[bool, OrderTotals] = {}

    def charge(self, symbol: str, quantity: int, price: Decimal, *, sold: bool) -> Decimal:
        """The fee, not negative, for `quantity` contracts or shares at `price`."""
        schedule = self._plan.of(symbol)
        if schedule.flat is not None:
            return multiply(schedule.flat, Decimal(quantity))
        kind = is_share(symbol)
        if kind not in self._totals:
            self._totals[kind] = self._so_far(shares=kind)
        before = self._totals[kind]
        self._totals[kind] = now = before.plus(Decimal(quantity), price, self._multiplier_of(symbol))
        return schedule.fees_of_fill(before, now, sold=sold).total

    def _so_far(self, *, shares: bool) -> OrderTotals:
        """What earlier fills of the order traded in shares, or in options."""
        order = self._order
        if not order.filled:
            return NOTHING
        legs = order.intent.legs
        ratios = {leg.symbol: abs(leg.ratio) for leg in legs} if legs else {order.intent.symbol: 1}
        with exact_arithmetic():
            units, value = ZERO, ZERO
            for symbol, ratio in ratios.items():
                if is_share(symbol) is shares:
                    units += ratio * order.filled
                    value += order.turnover.get(symbol, ZERO) * self._multiplier_of(symbol)
        return OrderTotals(units, value)


def fee_alone(plan: FeePlan, symbol: str, quantity: int, price: Decimal, multiplier: Decimal, *, sold: bool) -> Decimal:
    """Of an order that trades this and nothing else."""
    schedule = plan.of(symbol)
    if schedule.flat is not None:
        return multiply(schedule.flat, Decimal(quantity))
    return schedule.fees(NOTHING.plus(Decimal(quantity), price, multiplier), sold=sold).total


def kept_for_fees(plan: FeePlan, intent: OrderIntent) -> Reserve:
    """Cash that fees of an order that rests may need: for every unit, and until its first fill."""
    if not intent.legs:
        once, each = plan.of(intent.symbol).at_most()
        return Reserve(each, once)
    with exact_arithmetic():
        each, begun = ZERO, {}
        for leg in intent.legs:
            begun[leg.is_share], of_unit = plan.of(leg.symbol).at_most()
            each += of_unit * abs(leg.ratio)
        return Reserve(each, sum(begun.values(), ZERO))
