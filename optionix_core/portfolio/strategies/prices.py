"""The one price of a combination, out of the quotes of its legs.

A net price is per unit of the ratio and per unit of the underlying, as exchanges quote it: the sum of ratio times
price, stock weighted by its lots over the options' multiplier. Positive is a debit. The natural price takes the far
side of every leg; the mid is the sum of the legs' mids. A leg that is quoted on one side, locked or crossed has no
mid, and a combination has no price that one of its legs does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, Inexact
from fractions import Fraction
from typing import Literal, NamedTuple

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.portfolio.strategies.payoff import check_priced, cost
from optionix_core.portfolio.strategies.values import Leg, Strategy, exact_decimal

PriceRule = Literal["mid", "natural"]
PRICE_RULES: tuple[str, ...] = ("mid", "natural")


class LegQuote(NamedTuple):
    """What one leg is quoted at, per unit of the underlying; None where nobody bids or offers."""

    bid: Decimal | None
    ask: Decimal | None

    @property
    def fault(self) -> str | None:
        """Why there is no mid; None where there is one."""
        if self.bid is None or self.ask is None:
            return "no bid" if self.bid is None else "no ask"
        if self.bid >= self.ask:
            return "locked" if self.bid == self.ask else "crossed"
        return None


@dataclass(frozen=True, slots=True)
class CombinationPrice:
    """Net prices of one unit; positive is paid, negative is received."""

    natural: Decimal | None
    """Taking every leg's far side: what the unit costs at once. As the others None where it has no exact decimal."""
    mid: Decimal | None
    opposite: Decimal | None
    """What unwinding the unit at once would bring: every leg's near side."""
    faults: tuple[tuple[str, str], ...]
    """Leg and reason, for each leg without a mid."""


def combination_price(strategy: Strategy, quotes: Sequence[LegQuote]) -> CombinationPrice:
    """Net prices of one unit out of quotes along the strategy's legs.

    Raises InvalidValueError unless there is one quote a leg, DomainError where the legs' multipliers differ.
    """
    if len(quotes) != len(strategy.legs):
        raise InvalidValueError("quotes", len(quotes), f"{len(strategy.legs)}, one a leg")
    pairs = tuple(zip(strategy.legs, quotes, strict=True))
    natural = [quote.ask if leg.quantity > 0 else quote.bid for leg, quote in pairs]
    opposite = [quote.bid if leg.quantity > 0 else quote.ask for leg, quote in pairs]
    faults = tuple((leg.label, fault) for leg, quote in pairs if (fault := _fault(leg, quote)) is not None)
    both, near = _net(strategy, natural), _net(strategy, opposite)
    mid = None
    if not faults and both is not None and near is not None:
        mid = exact_decimal((Fraction(both) + Fraction(near)) / 2)
    return CombinationPrice(both, mid, near, faults)


def net_price(strategy: Strategy) -> Decimal:
    """Net price of one unit at the legs' own prices; positive is a debit.

    MissingDataError where a leg has no price, DomainError where multipliers differ or leave a fraction that no decimal
    holds.
    """
    check_priced(strategy)
    found = _net(strategy, [leg.price for leg in strategy.legs])
    if found is None:
        raise DomainError(f"the net price per {strategy.multiplier} units has no exact decimal")
    return found


def payment(strategy: Strategy) -> Literal["debit", "credit", "even"]:
    """Whether the legs together were paid for or brought money."""
    paid = cost(strategy)
    return "even" if not paid else "debit" if paid > 0 else "credit"


def priced(strategy: Strategy, quotes: Sequence[LegQuote], rule: PriceRule) -> Strategy:
    """The strategy with each leg at its mid or at its far side. MissingDataError names a leg that has none."""
    if rule not in PRICE_RULES:
        raise InvalidValueError("price", repr(rule), f"one of {', '.join(PRICE_RULES)}")
    legs = tuple(replace(leg, price=_price(leg, quote, rule)) for leg, quote in zip(strategy.legs, quotes, strict=True))
    return replace(strategy, legs=legs)


def _price(leg: Leg, quote: LegQuote, rule: PriceRule) -> Decimal:
    if rule == "natural":
        found = quote.ask if leg.quantity > 0 else quote.bid
        if found is None:
            side = "ask to buy at" if leg.quantity > 0 else "bid to sell at"
            raise MissingDataError(f"leg {leg.label} has no {side}")
        return found
    fault = _fault(leg, quote)
    if fault is not None or quote.bid is None or quote.ask is None:
        raise MissingDataError(f"leg {leg.label} has no mid: {fault}")
    return exact_decimal((Fraction(quote.bid) + Fraction(quote.ask)) / 2)


def _fault(leg: Leg, quote: LegQuote) -> str | None:
    """Stock may be known by one price alone, which stands on both sides."""
    return None if leg.type == "stock" and quote.fault == "locked" else quote.fault


def _net(strategy: Strategy, prices: Sequence[Decimal | None]) -> Decimal | None:
    multiplier = Fraction(strategy.multiplier)
    total = Fraction(0)
    for leg, number, price in zip(strategy.legs, strategy.ratio, prices, strict=True):
        if price is None:
            return None
        total += number * Fraction(leg.multiplier) / multiplier * Fraction(price)
    try:
        return exact_decimal(total)
    except Inexact:
        return None
