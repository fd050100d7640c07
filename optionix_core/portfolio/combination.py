"""One entry for a combination's fill: every leg, one fee, and the exact signed net cash.

A combination fills as a whole or not at all, so its legs are posted together: no reader of the ledger can ever see
half a spread. The fee is one amount; each leg bears its part by the number of contracts. An instrument stands twice
only where it was bought, or sold, at two prices. Refuses anything else that stands twice, and legs that are paid in
different currencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.currency_units import apportion
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import checked
from optionix_core.portfolio.values import LedgerEntry, LotPick, Move, Posting


class TradeLeg(NamedTuple):
    """What one leg of a fill moved."""

    symbol: str
    quantity: Decimal
    """Signed: + bought, - sold."""
    price: Decimal
    """Per unit of the underlying."""
    multiplier: Decimal
    currency: str
    closes: tuple[LotPick, ...] = ()
    """Lots named to be closed."""

    @property
    def cost(self) -> Decimal:
        """Signed cash paid, exact."""
        with exact_arithmetic():
            return self.quantity * self.price * self.multiplier


def net_cash(legs: Sequence[TradeLeg]) -> Decimal:
    """Signed cash paid for all legs, fees excluded; negative where the combination brings a credit."""
    with exact_arithmetic():
        return sum((leg.cost for leg in legs), ZERO)


def combination_entry(
    *,
    entry_id: str,
    account: str,
    venue: str,
    legs: Sequence[TradeLeg],
    fee: Decimal,
    time: datetime,
    cause: str,
    memo: str | None = None,
    fees: Sequence[Decimal] | None = None,
) -> LedgerEntry:
    """The entry of one fill with all its legs; a single leg is a trade (with lots named, if it names any).

    `fee` is for all of it, positive or zero, in the currency of the legs; `fees` are the legs' parts of it, in
    proportion to their contracts where they are not given.
    """
    _check(legs, fee)
    currency = legs[0].currency
    parts = apportion(fee, [abs(leg.quantity) for leg in legs]) if fees is None else fees
    postings: list[Posting] = []
    for leg in legs:
        cost = leg.cost
        postings += (
            Posting(f"{account}:positions", leg.symbol, leg.quantity),
            Posting(f"venue:{venue}", leg.symbol, leg.quantity.copy_negate()),
            Posting(f"{account}:cash", currency, cost.copy_negate()),
            Posting(f"venue:{venue}", currency, cost),
        )
    postings += (
        Posting(f"{account}:cash", currency, fee.copy_negate()),
        Posting(f"{account}:fees", currency, fee),
    )
    moves = tuple(
        Move(leg.symbol, leg.quantity, leg.cost, currency, part, leg.closes)
        for leg, part in zip(legs, parts, strict=True)
    )
    words = _memo(legs) if memo is None else memo
    kept = tuple(posting for posting in postings if posting.amount)
    return checked(LedgerEntry(entry_id, time, "trade", account, words, kept, cause, moves))


def _memo(legs: Sequence[TradeLeg]) -> str:
    words = [
        f"{'bought' if leg.quantity > 0 else 'sold'} {decimal_text(abs(leg.quantity))} {leg.symbol} "
        f"at {decimal_text(leg.price)}"
        for leg in legs
    ]
    return ", ".join(words)


def _check(legs: Sequence[TradeLeg], fee: Decimal) -> None:
    if not legs:
        raise InvalidValueError("legs", 0, "at least 1")
    if not fee.is_finite() or fee < 0:
        raise InvalidValueError("fee", fee, "finite and not negative")
    seen: dict[str, list[TradeLeg]] = {}
    for row, leg in enumerate(legs):
        if not leg.quantity.is_finite() or not leg.quantity:
            raise InvalidValueError("quantity", leg.quantity, "finite and not zero", row)
        if not leg.price.is_finite():
            raise InvalidValueError("price", leg.price, "finite", row)
        if not leg.multiplier.is_finite() or leg.multiplier <= 0:
            raise InvalidValueError("multiplier", leg.multiplier, "positive", row)
        if leg.currency != legs[0].currency:
            raise InvalidValueError("currency", leg.currency, f"{legs[0].currency}, as of the other legs", row)
        before = seen.setdefault(leg.symbol, [])
        if any(other.price == leg.price or (other.quantity > 0) is not (leg.quantity > 0) for other in before):
            raise InvalidValueError("symbol", leg.symbol, "in one leg only at one price and on one side", row)
        before.append(leg)
