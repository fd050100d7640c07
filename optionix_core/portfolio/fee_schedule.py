"""What an order costs, by the schedule of its broker and exchange: per unit, per order, capped, and who gets it.

A schedule is a value with its source. Its units are contracts in a schedule of options, shares in one of shares; a
`FeePlan` has one of each, and the paper venue charges by a plan. A schedule answers for an order as a whole; what a
fill adds is the fee of the order with it less the fee without it, so that minimums and maximums hold over partial
fills. Each part is rounded to the schedule's smallest unit, half up, as invoices are. Refuses to leave a part out: a
schedule that charges by the underlying's price needs that price.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.symbols import is_share
from optionix_core.portfolio.exact import ZERO, exact_arithmetic

_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_UP)


class OrderTotals(NamedTuple):
    """What an order has traded so far."""

    units: Decimal
    premium: Decimal
    """Sum of units times price times multiplier, without a sign."""
    underlying: Decimal | None = None
    """Sum of units times multiplier times the underlying's price; None where it is not known."""

    def plus(
        self, units: Decimal, price: Decimal, multiplier: Decimal, underlying_price: Decimal | None = None
    ) -> OrderTotals:
        """With one more fill."""
        with exact_arithmetic():
            known = None
            if underlying_price is not None and (self.underlying is not None or not self.units):
                known = (self.underlying or ZERO) + units * multiplier * underlying_price
            return OrderTotals(self.units + units, self.premium + units * price * multiplier, known)


NOTHING: Final = OrderTotals(ZERO, ZERO)


class Fees(NamedTuple):
    """What an order costs, by who receives it. Positive is paid."""

    commission: Decimal = ZERO
    exchange: Decimal = ZERO
    regulatory: Decimal = ZERO
    clearing: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """All of it."""
        with exact_arithmetic():
            return self.commission + self.exchange + self.regulatory + self.clearing

    def less(self, other: Fees) -> Fees:
        """What this is beyond `other`."""
        with exact_arithmetic():
            return Fees(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Fees in `currency`. A rate is a fraction; what is None does not bind. A unit is a contract, or a share."""

    name: str
    source: str
    currency: str = "USD"
    per_order: Decimal = ZERO
    per_unit: Decimal = ZERO
    of_underlying: Decimal = ZERO
    """Commission as a fraction of the underlying's value."""
    minimum: Decimal = ZERO
    """Of the commission of an order."""
    maximum: Decimal | None = None
    """Of the commission of an order."""
    of_premium_at_most: Decimal | None = None
    """The commission is never more than this fraction of the price of what is traded, the minimum notwithstanding."""
    exchange_per_unit: Decimal = ZERO
    regulatory_per_unit: Decimal = ZERO
    regulatory_per_unit_sold: Decimal = ZERO
    regulatory_of_sales: Decimal = ZERO
    """Fraction of the premium of what is sold."""
    clearing_per_unit: Decimal = ZERO
    clearing_maximum: Decimal | None = None
    """Of the clearing fee of an order."""
    smallest: Decimal = Decimal("0.01")
    flat: Decimal | None = field(init=False, compare=False, repr=False, default=None)
    """What every unit costs, where nothing else has a say: no minimum, no cap, nothing to round. None otherwise."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Decimal) and (not value.is_finite() or value < 0):
                raise InvalidValueError(item.name, value, "finite and not negative")
        if not self.smallest:
            raise InvalidValueError("smallest", self.smallest, "above 0")
        if self.maximum is not None and self.maximum < self.minimum:
            raise InvalidValueError("maximum", self.maximum, f"{self.minimum} or more, the minimum")
        if not self.source.strip():
            raise InvalidValueError("source", repr(self.source), "the document that says so")
        object.__setattr__(self, "flat", self._flat())

    def at_most(self) -> tuple[Decimal, Decimal]:
        """(once, for every unit): together enough for any order, but for what goes by a price."""
        with exact_arithmetic():
            each = self.per_unit + self.exchange_per_unit + self.clearing_per_unit
            each += self.regulatory_per_unit + self.regulatory_per_unit_sold
            once = max(self.per_order, self.minimum)
            return once if self.flat is not None else once + 4 * self.smallest, each

    def fees(self, order: OrderTotals, *, sold: bool) -> Fees:
        """Of a whole order; nothing where nothing is traded. MissingDataError without a price that it needs."""
        units, premium = order.units, order.premium
        if units < 0 or premium < 0:
            raise InvalidValueError("order", f"{units} units for {premium}", "not negative")
        if not units:
            return Fees()
        with exact_arithmetic():
            regulatory = self.regulatory_per_unit * units
            if sold:
                regulatory += self.regulatory_per_unit_sold * units + self.regulatory_of_sales * premium
            clearing = self.clearing_per_unit * units
            if self.clearing_maximum is not None:
                clearing = min(clearing, self.clearing_maximum)
            parts = (self._commission(order), self.exchange_per_unit * units, regulatory, clearing)
            return Fees(*(self._rounded(part) for part in parts))

    def fees_of_fill(self, before: OrderTotals, now: OrderTotals, *, sold: bool) -> Fees:
        """What a fill adds to what the order cost before."""
        return self.fees(now, sold=sold).less(self.fees(before, sold=sold))

    def _flat(self) -> Decimal | None:
        bound = (self.maximum, self.of_premium_at_most, self.clearing_maximum)
        other = (self.per_order, self.minimum, self.of_underlying)
        sold = (self.regulatory_per_unit_sold, self.regulatory_of_sales)
        parts = (self.per_unit, self.exchange_per_unit, self.regulatory_per_unit, self.clearing_per_unit)
        if any(other) or any(sold) or any(item is not None for item in bound):
            return None
        with exact_arithmetic():
            return None if any(part % self.smallest for part in parts) else sum(parts, ZERO)

    def _commission(self, order: OrderTotals) -> Decimal:
        amount = self.per_order + self.per_unit * order.units
        if self.of_underlying:
            if order.underlying is None:
                raise MissingDataError(f"{self.name} charges by the underlying's price, and none is given")
            amount += self.of_underlying * order.underlying
        amount = max(amount, self.minimum)
        if self.maximum is not None:
            amount = min(amount, self.maximum)
        if self.of_premium_at_most is not None:
            amount = min(amount, self.of_premium_at_most * order.premium)
        return amount

    def _rounded(self, amount: Decimal) -> Decimal:
        steps = _WIDE.quantize(_WIDE.divide(amount, self.smallest), Decimal(1))
        return steps * self.smallest


@dataclass(frozen=True, slots=True)
class FeePlan:
    """What an account pays: a schedule for options and one for shares. An order in both pays by both."""

    name: str
    options: FeeSchedule
    shares: FeeSchedule

    def of(self, symbol: str) -> FeeSchedule:
        """The schedule of an instrument by its key."""
        return self.shares if is_share(symbol) else self.options


_DERIBIT: Final = "Deribit, Knowledge Base, Fees: options, cap of 12.5% of the option's price"

DERIBIT_COIN: Final = {
    coin: FeeSchedule(
        name=f"Deribit {coin} options",
        source=_DERIBIT,
        currency=coin,
        per_unit=Decimal("0.0003"),
        of_premium_at_most=Decimal("0.125"),
        smallest=Decimal("1e-8"),
    )
    for coin in ("BTC", "ETH")
}
"""Options paid in coins: 0.0003 coins a contract, maker and taker alike, never beyond 12.5% of the option's price."""

US_FIXED: Final = FeeSchedule(
    name="US options, fixed",
    source="Interactive Brokers, Commissions Options, fixed: USD 0.65 per contract, minimum USD 1.00 per order",
    per_unit=Decimal("0.65"),
    minimum=Decimal("1.00"),
)
"""A US retail broker's commission alone; what exchanges and regulators ask changes by the month and is not in it."""

OCC_CLEARING: Final = FeeSchedule(
    name="OCC clearing",
    source="Interactive Brokers, Commissions Options, OCC clearing fees: USD 0.02 per contract, USD 55.00 per trade",
    clearing_per_unit=Decimal("0.02"),
    clearing_maximum=Decimal(55),
)

US_FIXED_SHARES: Final = FeeSchedule(
    name="US shares, fixed",
    source="Interactive Brokers, Commissions Stocks, fixed: USD 0.005 per share, minimum USD 1.00 per order, "
    "maximum 1.0% of trade value",
    per_unit=Decimal("0.005"),
    minimum=Decimal("1.00"),
    of_premium_at_most=Decimal("0.01"),
)
"""The same broker's commission alone; where 1.0% of the value is less than the minimum, 1.0% is asked."""

US_RETAIL: Final = FeePlan(
    name="us-retail",
    options=FeeSchedule(
        name="US options, retail",
        source="Charles Schwab, Pricing: USD 0.65 per options contract, no minimum",
        per_unit=Decimal("0.65"),
    ),
    shares=FeeSchedule(
        name="US shares, retail",
        source="Charles Schwab, Pricing: USD 0 for online trades of listed stocks and exchange-traded funds",
    ),
)
"""What US brokers without a minimum commonly ask; exchanges and regulators are not in it."""

FEE_PLANS: Final = {
    plan.name: plan for plan in (US_RETAIL, FeePlan(name="us-fixed", options=US_FIXED, shares=US_FIXED_SHARES))
}
"""The plans that settings choose from, by name."""


def fee_plan(name: str) -> FeePlan:
    """A plan by its name; UnknownNameError names those that there are."""
    found = FEE_PLANS.get(name)
    if found is None:
        raise UnknownNameError("fee plan", name, tuple(FEE_PLANS))
    return found
