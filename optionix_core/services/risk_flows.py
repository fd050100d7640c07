"""What the ledger says happened to a book between two moments: trades, settlements, and cash that came without one.

Prices are those of the entries, per unit; what settled is worth what it brought. Refuses entries that move positions
without a price (transfers, corporate actions, adjustments, shares delivered), since no market explains them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from optionix_core.errors import DomainError
from optionix_core.market import symbols
from optionix_core.market.products import product
from optionix_core.portfolio.deliverables import kind_of
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.risk.explained import ACCOUNT, CashMove, Trade

if TYPE_CHECKING:
    from optionix_core.portfolio.values import LedgerEntry

_CASH: Final[dict[str, Literal["dividend", "carry", "fees"]]] = {
    "dividend": "dividend",
    "interest": "carry",
    "fee": "fees",
}
_PAID_IN: Final = frozenset({"opening", "deposit", "withdrawal", "conversion"})
"""Cash that is no profit or loss."""


class _Leg(NamedTuple):
    symbol: str
    quantity: Decimal
    cost: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Of one account, in its currency."""

    trades: tuple[Trade, ...]
    cash: tuple[CashMove, ...]
    settled: dict[str, tuple[float, datetime]]
    """By symbol: what one unit brought at settlement, and when."""

    @property
    def traded(self) -> tuple[str, ...]:
        """Symbols of the trades, each once."""
        return tuple(dict.fromkeys(trade.position for trade in self.trades))

    def came_and_went(self, symbol: str) -> CashMove:
        """All that trading and settlement of an instrument brought which neither book holds, fees taken off."""
        value, _ = self.settled[symbol]
        units = _multiplier(symbol)
        gained = 0.0
        for trade in self.trades:
            if trade.position == symbol:
                gained += trade.quantity * units * (value - trade.price) - trade.fees
        return CashMove(kind="new_trades", amount=gained)


def read_flows(entries: Iterable[LedgerEntry], currency: str) -> Flows:
    """The entries of a stretch of time. Raises DomainError for one that no price explains, or in another currency."""
    trades, cash, settled = [], [], {}
    for entry in entries:
        if entry.kind in _PAID_IN:
            continue
        if entry.kind in _CASH:
            amount = _sum(entry, "cash", currency) + _sum(entry, "receivable", currency)
            cash.append(CashMove(kind=_CASH[entry.kind], amount=float(amount), position=_held(entry) or ACCOUNT))
            continue
        legs = _legs(entry, currency)
        if entry.kind == "trade":
            trades += [_trade(leg) for leg in legs]
        elif (
            len(legs) == 1
            and kind_of(legs[0].symbol) == "option"
            and entry.kind in ("expiry", "exercise", "assignment")
        ):
            (leg,) = legs
            with exact_arithmetic():
                units = leg.quantity * Decimal(str(_multiplier(leg.symbol)))
            settled[leg.symbol] = (float(leg.cost / units) if units else 0.0, entry.time)
        else:
            raise DomainError(f"entry {entry.id} ({entry.kind}) moved positions without a price: no market explains it")
    return Flows(trades=tuple(trades), cash=tuple(cash), settled=settled)


def _trade(leg: _Leg) -> Trade:
    units = float(leg.quantity) * _multiplier(leg.symbol)
    return Trade(position=leg.symbol, quantity=float(leg.quantity), price=float(leg.cost) / units, fees=float(leg.fee))


def _legs(entry: LedgerEntry, currency: str) -> tuple[_Leg, ...]:
    if entry.moves:
        foreign = next((move.currency for move in entry.moves if move.currency != currency), None)
        if foreign is not None:
            raise DomainError(f"entry {entry.id} is in {foreign}, the account in {currency}")
        if any(move.carried for move in entry.moves):
            raise DomainError(f"entry {entry.id} ({entry.kind}) moved positions without a price: no market explains it")
        return tuple(_Leg(move.symbol, move.quantity, move.cost, move.fee) for move in entry.moves)
    symbol = _held(entry)
    if symbol is None:
        return ()
    fee = _sum(entry, "fees", currency)
    with exact_arithmetic():
        cost = -_sum(entry, "cash", currency) - fee
    return (_Leg(symbol, _sum(entry, "positions", symbol), cost, fee),)


def _held(entry: LedgerEntry) -> str | None:
    place = f"{entry.account}:positions"
    return next((leg.commodity for leg in entry.postings if leg.account == place), None)


def _sum(entry: LedgerEntry, place: str, commodity: str) -> Decimal:
    with exact_arithmetic():
        wanted = (f"{entry.account}:{place}", commodity)
        return sum((leg.amount for leg in entry.postings if (leg.account, leg.commodity) == wanted), ZERO)


def _multiplier(symbol: str) -> float:
    if kind_of(symbol) != "option":
        return 1.0
    terms = symbols.terms(symbol)
    return float(product(terms.root, terms.symbology).multiplier)
