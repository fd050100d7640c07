"""What must stand behind an account's book with its working orders at their worst, before an order and after it.

An order that works may be filled or not; bought contracts that are not filled cover nothing, and their cash is
reserved. So what is asked for is the largest requirement, less what its sales bring at least, over every choice of
working orders that sell: orders that cancel each other are chosen one at a time. Beyond `JOINT` such orders the further
ones count as filled and bring nothing, which asks for no less. Shares and options of the same underlying stand
together; a sold instrument that nobody knows, or that is not paid in the account's currency, has no bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Final, NamedTuple

from optionix_core.market.instruments import Instrument, Security
from optionix_core.portfolio.deliverables import kind_of
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.requirement import Kind, requirement
from optionix_core.portfolio.values import AccountState
from optionix_core.trading.open_order import OpenOrder
from optionix_core.trading.orders import OrderIntent, Side

JOINT: Final = 6
"""Working orders that sell, up to which every choice of them is tried."""

InstrumentOf = Callable[[str], Security | None]
Change = Mapping[str, Decimal]
"""Signed contracts by symbol."""


class Need(NamedTuple):
    """Of an account at the worst of its working orders."""

    amount: Decimal = ZERO
    """Cash that must be there beside what is reserved, not negative."""
    unbounded: tuple[str, ...] = ()
    """Underlyings and symbols on which the loss has no bound."""


class Backing(NamedTuple):
    """Of an account before an order, and once the order is filled."""

    before: Need = Need()
    after: Need = Need()


NO_NEED: Final = Backing()
"""Of an account that sells nothing which it does not hold."""


class _Sale(NamedTuple):
    group: str
    change: Change
    brings: Decimal


def change_of(intent: OrderIntent, units: int) -> dict[str, Decimal]:
    """What `units` of an order move."""
    signed = intent.side.sign * units
    if intent.legs:
        return {leg.symbol: Decimal(signed * leg.ratio) for leg in intent.legs}
    return {intent.symbol: Decimal(signed)}


def backing(
    account: AccountState,
    orders: Sequence[OpenOrder],
    intent: OrderIntent,
    parent: OpenOrder | None,
    instrument_of: InstrumentOf,
) -> Backing:
    """What the account needs with its other working orders at their worst, before `intent` and after it.

    A child is judged with what its parent may still bring.
    """
    if parent is None and _plainly_covered(account, orders, intent):
        return NO_NEED
    held = {position.symbol: position.quantity for position in account.positions}
    others = [order for order in orders if _counts(order, intent)]
    own = change_of(intent, intent.quantity)
    if parent is not None and parent.intent.symbol == intent.symbol and intent.legs:
        # It undoes what its parent is filled with and never more: with it the account needs what it needs without.
        own = {} if parent.intent.side is not intent.side else own
    elif parent is not None and parent.intent.account == intent.account and not _sells(change_of(parent.intent, 1)):
        own = _sum(own, change_of(parent.intent, min(parent.remaining, intent.quantity)))
    sales = [_sale(order, instrument_of) for order in others if _sells(change_of(order.intent, 1))]
    if _covered(held, sales, own):
        return NO_NEED
    book = _Book(account.currency, instrument_of)
    before, after = _worst(book, held, sales), _worst(book, _sum(held, own), sales)
    # A loss that had no bound before, or seemed to beyond `JOINT` orders, is no leave to sell more.
    return Backing(before._replace(unbounded=()) if _sells(own) else before, after)


def need_of(account: AccountState, instrument_of: InstrumentOf) -> Need:
    """What the account needs for what it holds now, without its working orders."""
    held = {position.symbol: position.quantity for position in account.positions}
    return _Book(account.currency, instrument_of).need(held) if _sells(held) else Need()


def _plainly_covered(account: AccountState, orders: Sequence[OpenOrder], intent: OrderIntent) -> bool:
    """Whether nothing is short, nothing works, and the order buys, or sells what is held."""
    if intent.legs or any(order.accepted_at is not None for order in orders):
        return False
    there = ZERO
    for position in account.positions:
        if position.quantity < 0:
            return False
        if position.symbol == intent.symbol:
            there = position.quantity
    return intent.side is Side.BUY or there >= intent.quantity


def _counts(order: OpenOrder, intent: OrderIntent) -> bool:
    other = order.intent
    return (
        order.accepted_at is not None
        and other.account == intent.account
        and other.client_order_id != intent.client_order_id
        and (intent.one_cancels is None or other.one_cancels != intent.one_cancels)
        and order.workable > 0
    )


def _sells(change: Change) -> bool:
    return any(quantity < 0 for quantity in change.values())


def _sale(order: OpenOrder, instrument_of: InstrumentOf) -> _Sale:
    intent = order.intent
    name = f"order/{intent.client_order_id}" if intent.one_cancels is None else f"group/{intent.one_cancels}"
    found = instrument_of(intent.priced_by)
    limit = intent.limit_price
    if found is None or limit is None or order.waits_for_trigger:
        return _Sale(name, change_of(intent, order.workable), ZERO)
    with exact_arithmetic():
        brings = max(ZERO, -intent.side.sign * limit * found.multiplier * order.workable)
    return _Sale(name, change_of(intent, order.workable), brings)


def _covered(held: Change, sales: Sequence[_Sale], own: Change) -> bool:
    """Whether nothing is sold that is not held, whatever is filled: then nothing is needed."""
    if _sells(held):
        return False
    left = dict(held)
    for change in (own, *(sale.change for sale in sales)):
        for symbol, quantity in change.items():
            if quantity < 0:
                left[symbol] = left.get(symbol, ZERO) + quantity
    return not _sells(left)


def _sum(one: Change, other: Change) -> dict[str, Decimal]:
    total = dict(one)
    for symbol, quantity in other.items():
        total[symbol] = total.get(symbol, ZERO) + quantity
    return total


def _worst(book: _Book, held: Change, sales: Sequence[_Sale]) -> Need:
    groups: dict[str, list[_Sale | None]] = {}
    for sale in sales[:JOINT]:
        groups.setdefault(sale.group, [None]).append(sale)
    with exact_arithmetic():
        start = dict(held)
        for sale in sales[JOINT:]:
            start = _sum(start, {symbol: quantity for symbol, quantity in sale.change.items() if quantity < 0})
        needs = []
        for chosen in product(*groups.values()):
            change, brings = start, ZERO
            for filled in filter(None, chosen):
                change, brings = _sum(change, filled.change), brings + filled.brings
            need = book.need(change)
            needs.append(need._replace(amount=need.amount - brings))
    unbounded = sorted({name for need in needs for name in need.unbounded})
    return Need(max(need.amount for need in needs), tuple(unbounded))


class _Book:
    def __init__(self, currency: str, instrument_of: InstrumentOf) -> None:
        self._currency, self._instrument_of = currency, instrument_of
        self._kinds: dict[str, Kind | None] = {}

    def need(self, held: Change) -> Need:
        rows, unknown = [], []
        for symbol, quantity in held.items():
            kind = self._kind(symbol)
            if kind is not None:
                rows.append((kind, quantity))
            elif quantity < 0:
                unknown.append(symbol)
        found = requirement(rows)
        return Need(found.amount, (*found.unbounded, *unknown))

    def _kind(self, symbol: str) -> Kind | None:
        if symbol not in self._kinds:
            self._kinds[symbol] = self._read(symbol)
        return self._kinds[symbol]

    def _read(self, symbol: str) -> Kind | None:
        told = kind_of(symbol)
        if told == "share":
            return Kind(symbol, Decimal(1))
        found = self._instrument_of(symbol) if told == "option" else None
        if not isinstance(found, Instrument) or found.inverse or found.currency != self._currency:
            return None
        return Kind(found.underlying, found.multiplier, found.expires_at, found.option_type, found.strike)


def is_reduced(held: Decimal, side: Side, quantity: int) -> bool:
    """Whether an order only buys back what is sold."""
    return side is Side.BUY and held <= -quantity
