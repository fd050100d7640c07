"""The terms of an order as a user gives them, and which of them make sense together.

What contradicts itself is malformed: an error that names field, value and bound, before anything is written. What may
be asked but not be done now (a price off the tick, too little cash, a closed market) is for the gate to refuse.
A combination is a limit or market order of two to eight legs without a trigger, a parent or a group; one of them may be
shares, in lots of a hundred.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import gcd
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.market import symbols
from optionix_core.trading.lots_wanted import check_lots
from optionix_core.trading.orders import (
    LOT,
    LotsWanted,
    OrderIntent,
    OrderLeg,
    OrderType,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
    combination_key,
)

_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_HUNDRED: Final = Decimal(100)
UNSIZED: Final = 0
"""Quantity of an order that names an amount, until a price makes one of it."""
PLACES: Final = 12
"""Of prices and amounts of money, before and behind the point."""
MINIMUM_LEGS: Final = 2
MAXIMUM_LEGS: Final = 8
"""Chosen by us: more than any strategy of the catalogue has."""


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What is wanted; see OrderIntent for the fields."""

    side: Side | str
    quantity: int
    """Contracts, shares, or units of a combination; `UNSIZED` where `amount` is given."""
    symbol: str = ""
    """In any form that `market.symbols` reads."""
    limit_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.IOC
    good_until: datetime | None = None
    trigger: Trigger | None = None
    post_only: bool = False
    reduce_only: bool = False
    parent: str | None = None
    one_cancels: str | None = None
    tag: str | None = None
    legs: tuple[OrderLeg, ...] = ()
    """Of a combination; `symbol` is then left empty, `quantity` counts units and `limit_price` is net."""
    amount: Decimal | None = None
    """Money in place of a quantity: as many as it pays for, fees and all."""
    lots: LotsWanted | None = None
    """Of an order that closes: which lots."""


def intent_of_terms(terms: OrderTerms, account: str, client_order_id: str, now: datetime) -> OrderIntent:
    """The intent of `terms`. Raises InvalidValueError where they are malformed or contradict each other."""
    if terms.side not in tuple(Side):
        raise InvalidValueError("side", repr(terms.side), "buy or sell")
    if terms.amount is None:
        check_quantity(terms.quantity)
    else:
        _check_amount(terms)
    legs = _legs(terms)
    if not legs:
        check_price("limit_price", terms.limit_price)
    elif terms.limit_price is not None:
        if not terms.limit_price.is_finite():
            raise InvalidValueError("limit_price", terms.limit_price, "finite")
        check_places("limit_price", terms.limit_price)
    intent = OrderIntent(
        client_order_id=client_order_id,
        account=account,
        side=Side(terms.side),
        quantity=terms.quantity,
        symbol=combination_key(legs) if legs else symbols.security(terms.symbol),
        limit_price=terms.limit_price,
        created_at=now,
        time_in_force=TimeInForce(terms.time_in_force),
        good_until=terms.good_until,
        trigger=terms.trigger,
        post_only=terms.post_only,
        reduce_only=terms.reduce_only,
        parent=terms.parent,
        one_cancels=terms.one_cancels,
        tag=terms.tag,
        legs=legs,
        amount=terms.amount,
        lots=terms.lots,
    )
    if terms.lots is not None:
        check_lots(terms.lots, terms.quantity if terms.amount is None else None)
    _check_trigger(terms.trigger)
    _check_time(intent)
    _check_post_only(intent)
    for name in ("parent", "one_cancels", "tag"):
        value = getattr(intent, name)
        if value is not None and not _GROUP.fullmatch(value):
            bound = "1 to 64 letters, digits, '.', '-' or '_', beginning with a letter or digit"
            raise InvalidValueError(name, repr(value), bound)
    if intent.parent == client_order_id:
        raise InvalidValueError("parent", repr(intent.parent), "another order")
    return intent


def _legs(terms: OrderTerms) -> tuple[OrderLeg, ...]:
    """The legs with their keys, in order of these; each instrument once, ratios whole and without a common divisor."""
    if not terms.legs:
        return ()
    if terms.symbol:
        raise InvalidValueError("symbol", repr(terms.symbol), "absent for a combination: its legs name it")
    if not MINIMUM_LEGS <= len(terms.legs) <= MAXIMUM_LEGS:
        raise InvalidValueError("legs", len(terms.legs), f"{MINIMUM_LEGS} to {MAXIMUM_LEGS}")
    _check_no_more(terms)
    for row, leg in enumerate(terms.legs):
        if not isinstance(leg.ratio, int) or isinstance(leg.ratio, bool) or not leg.ratio:
            raise InvalidValueError("ratio", repr(leg.ratio), "a whole number other than zero", row)
    found = [OrderLeg(symbols.security(leg.symbol), leg.ratio) for leg in terms.legs]
    for row, leg in enumerate(found):
        if leg.symbol in {other.symbol for other in found[:row]}:
            raise InvalidValueError("symbol", leg.symbol, "in one leg only", row)
    _check_shares(found)
    divisor = gcd(*(leg.weight for leg in found))
    if divisor > 1:
        raise InvalidValueError("ratio", ", ".join(str(leg.ratio) for leg in found), f"divided by {divisor}")
    return tuple(sorted(found, key=lambda leg: leg.symbol))


def _check_shares(legs: list[OrderLeg]) -> None:
    for row, leg in enumerate(legs):
        if leg.is_share and leg.ratio % LOT:
            raise InvalidValueError("ratio", leg.ratio, f"a multiple of {LOT} shares", row)
    if sum(leg.is_share for leg in legs) > 1:
        raise InvalidValueError("legs", ", ".join(leg.symbol for leg in legs), "with the shares of one company at most")


def _check_no_more(terms: OrderTerms) -> None:
    """What a combination may not say; why is in docs/trading/orders.md."""
    for name in ("trigger", "amount", "lots"):
        if getattr(terms, name) is not None:
            raise InvalidValueError(name, repr(getattr(terms, name)), "absent for a combination")
    for name in ("post_only", "reduce_only"):
        if getattr(terms, name):
            raise InvalidValueError(name, "true", "false for a combination")


def check_quantity(quantity: int) -> None:
    """Raise InvalidValueError unless it is a whole number of contracts or shares, at least one."""
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
        raise InvalidValueError("quantity", repr(quantity), "a whole number, at least 1")


def _check_amount(terms: OrderTerms) -> None:
    amount = terms.amount
    if amount is not None:
        if not amount.is_finite() or amount <= 0:
            raise InvalidValueError("amount", amount, "above 0")
        check_places("amount", amount)
    if terms.quantity != UNSIZED:
        raise InvalidValueError("quantity", terms.quantity, "absent beside an amount, of which it is made")
    if terms.trigger is not None:
        raise InvalidValueError("amount", amount, "absent for an order with a trigger, whose price is not known yet")


def check_price(field: str, price: Decimal | None) -> None:
    """Raise InvalidValueError for a price that is there and not positive, or that no exact number can hold."""
    if price is None:
        return
    if not price.is_finite() or price <= 0:
        raise InvalidValueError(field, price, "positive")
    check_places(field, price)


def check_places(field: str, number: Decimal) -> None:
    """Raise InvalidValueError for a finite number of more than `PLACES` digits before or behind the point."""
    if number.adjusted() >= PLACES or int(number.as_tuple().exponent) < -PLACES:
        raise InvalidValueError(field, number, f"below 10^{PLACES} with at most {PLACES} decimal places")


def _check_trigger(trigger: Trigger | None) -> None:
    if trigger is None:
        return
    check_price("trigger_price", trigger.price)
    check_price("trail", trigger.distance)
    check_price("trail_percent", trigger.distance_percent)
    if trigger.kind is TriggerKind.TRAILING:
        if trigger.price is not None:
            raise InvalidValueError("trigger_price", trigger.price, "absent for a trailing stop: its level follows")
        if (trigger.distance is None) == (trigger.distance_percent is None):
            given = "both" if trigger.distance is not None else "neither"
            raise InvalidValueError("trail", given, "a distance or a percentage, exactly one of them")
        if trigger.distance_percent is not None and trigger.distance_percent >= _HUNDRED:
            raise InvalidValueError("trail_percent", trigger.distance_percent, "below 100")
        return
    if trigger.price is None:
        raise InvalidValueError("trigger_price", "none", f"given for a {trigger.kind} order")
    if trigger.distance is not None or trigger.distance_percent is not None:
        raise InvalidValueError("trail", trigger.distance or trigger.distance_percent, "of a trailing stop alone")


def _check_time(intent: OrderIntent) -> None:
    force = intent.time_in_force
    if intent.order_type is OrderType.MARKET and force.rests:
        raise InvalidValueError("time_in_force", force, "IOC or FOK for a market order, which cannot rest")
    if intent.trigger is not None and not force.rests:
        raise InvalidValueError("time_in_force", force, f"DAY, GTC or GTD for a {intent.order_type} order, which waits")
    if (force is TimeInForce.GTD) != (intent.good_until is not None):
        given = "none" if intent.good_until is None else intent.good_until.isoformat()
        raise InvalidValueError("good_until", given, "given with GTD, and with nothing else")
    if intent.good_until is not None and intent.good_until.tzinfo is None:
        raise InvalidValueError("good_until", intent.good_until.isoformat(), "aware of its time zone")


def _check_post_only(intent: OrderIntent) -> None:
    if intent.post_only and (intent.order_type is not OrderType.LIMIT or not intent.time_in_force.rests):
        kind = f"{intent.order_type} {intent.time_in_force}"
        raise InvalidValueError("post_only", kind, "asked of a limit order that rests: DAY, GTC or GTD")
