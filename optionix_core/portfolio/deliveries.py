"""Entries of exercise and assignment: the option out, what it delivers in, at the strike, in one entry.

A long call and an assigned put take shares for cash; a long put and an assigned call give them. Shares are held in
the ledger under the underlying's symbol, and may be short afterwards. The premium of the option is realised with it,
or carried into the cost of the shares where the caller says so (`premium_of`), as the tax rule has it. Cash-settled
options pay money, inverse ones coins. Refuses a deliverable whose fraction of a share has no price yet.

Source of carrying: IRS Publication 550, "Options": premium and basis of stock acquired or sold by exercise.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.market.instruments import Instrument
from optionix_core.portfolio.deliverables import Deliverable, standard
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.expiry import settlement_value
from optionix_core.portfolio.inverse import inverse_settlement
from optionix_core.portfolio.ledger import checked
from optionix_core.portfolio.lots import leave_lots
from optionix_core.portfolio.values import LedgerEntry, LotMethod, Move, Position, Posting
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event

Act = Literal["exercise", "assignment"]
EXERCISED = "option.exercised"
ASSIGNED = "option.assigned"


class Delivery(NamedTuple):
    """What exercising or being assigned moves, signed into the account."""

    contracts: Decimal
    """Of the option: negative where a long is exercised, positive where a short is assigned."""
    symbol: str | None
    """Of the shares; None where only cash moves."""
    shares: Decimal
    cash: Decimal
    currency: str


def act_event(act: Act, account: str, instrument: Instrument, contracts: int, time: datetime, reason: str) -> Event:
    """That `contracts` were exercised or assigned at `time`, and why (by exception, instructed, early, the draw)."""
    _whole(contracts)
    return Event(
        f"account/{account}/{act}/{instrument.symbol}/{time_text(time)}",
        EXERCISED if act == "exercise" else ASSIGNED,
        time,
        {"account": account, "contracts": contracts, "reason": reason, "symbol": instrument.symbol},
    )


def physical(act: Act, instrument: Instrument, contracts: int, deliverable: Deliverable | None = None) -> Delivery:
    """What a physically settled option moves; `deliverable` of one contract where it is not the standard one.

    Raises MissingDataError while the deliverable's cash in lieu is pending.
    """
    _whole(contracts)
    what = standard(instrument.underlying, instrument.multiplier, instrument.currency)
    what = what if deliverable is None else deliverable.settled()
    if what.currency != instrument.currency:
        raise InvalidValueError("currency", what.currency, f"{instrument.currency}, in which the strike is paid")
    held = 1 if act == "exercise" else -1
    with exact_arithmetic():
        way = held * int(instrument.option_type) * contracts
        strike = instrument.strike * instrument.multiplier
        return Delivery(
            contracts=Decimal(-held * contracts),
            symbol=what.symbol if what.shares else None,
            shares=way * what.shares,
            cash=way * (what.cash - strike),
            currency=what.currency,
        )


def in_cash(act: Act, instrument: Instrument, contracts: int, price: Decimal) -> Delivery:
    """What a cash-settled option moves at the settlement (or delivery) price; coins for an inverse one."""
    _whole(contracts)
    held = 1 if act == "exercise" else -1
    quantity = Decimal(held * contracts)
    if instrument.inverse:
        value = inverse_settlement(instrument.option_type, instrument.strike, price, quantity * instrument.multiplier)
    else:
        value = settlement_value(instrument, quantity, price)
    return Delivery(quantity.copy_negate(), None, ZERO, value, instrument.currency)


def premium_of(position: Position, contracts: int, method: LotMethod = "fifo") -> Decimal:
    """Signed cost of the lots that `contracts` would close: what may be carried into the shares."""
    _whole(contracts)
    sign = -1 if position.quantity > 0 else 1
    gone = leave_lots(list(position.lots), Decimal(sign * contracts), method=method)
    with exact_arithmetic():
        return sum((lot.cost for lot in gone), ZERO)


def delivery_entry(
    *,
    act: Act,
    entry_id: str,
    account: str,
    venue: str,
    instrument: Instrument,
    delivery: Delivery,
    time: datetime,
    cause: str,
    fee: Decimal = ZERO,
    carried: Decimal = ZERO,
) -> LedgerEntry:
    """The one entry of a delivery. `carried`: premium, signed as the option's cost, that goes into the shares.

    Without it the option leaves for nothing and its premium is realised (a cash settlement leaves for its value).
    """
    if not fee.is_finite() or fee < 0:
        raise InvalidValueError("fee", fee, "finite and not negative")
    if carried and delivery.symbol is None:
        raise InvalidValueError("carried", carried, "zero where no shares move")
    other, currency = f"venue:{venue}", delivery.currency
    moved = [(instrument.symbol, delivery.contracts)]
    with exact_arithmetic():
        if delivery.symbol is None:
            moves = [Move(instrument.symbol, delivery.contracts, -delivery.cash, currency, fee)]
        else:
            moved.append((delivery.symbol, delivery.shares))
            moves = [
                Move(instrument.symbol, delivery.contracts, -carried, currency, fee),
                Move(delivery.symbol, delivery.shares, carried - delivery.cash, currency),
            ]
    postings = [
        posting
        for name, amount in moved
        for posting in (Posting(f"{account}:positions", name, amount), Posting(other, name, amount.copy_negate()))
    ]
    postings += [
        Posting(f"{account}:cash", currency, delivery.cash),
        Posting(other, currency, delivery.cash.copy_negate()),
        Posting(f"{account}:cash", currency, fee.copy_negate()),
        Posting(f"{account}:fees", currency, fee),
    ]
    kept = tuple(posting for posting in postings if posting.amount)
    return checked(
        LedgerEntry(entry_id, time, act, account, _memo(act, instrument, delivery), kept, cause, tuple(moves))
    )


def _memo(act: Act, instrument: Instrument, delivery: Delivery) -> str:
    done = "exercised" if act == "exercise" else "assigned"
    words = f"{done} {decimal_text(delivery.contracts.copy_abs())} {instrument.symbol}"
    if delivery.symbol is None:
        return f"{words} for {decimal_text(delivery.cash)} {delivery.currency}"
    way = "received" if delivery.shares > 0 else "delivered"
    cash = f"{decimal_text(delivery.cash.copy_abs())} {delivery.currency}"
    return f"{words}: {way} {decimal_text(delivery.shares.copy_abs())} {delivery.symbol} for {cash}"


def _whole(contracts: int) -> None:
    if isinstance(contracts, bool) or not isinstance(contracts, int) or contracts < 1:
        raise InvalidValueError("contracts", contracts, "a whole number above 0")
