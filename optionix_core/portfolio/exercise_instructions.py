"""What a holder wants done with an option at its end, and what then becomes of a position.

    account/ACCOUNT/instruction/SYMBOL/1    exercise.instructed    contracts to be exercised, or left to expire

The last instruction counts, for as many contracts as it names; the rest goes by exception (`exercise.by_exception`). A
short position has no say: its other side goes by exception, and all of it is assigned where that exercises. Refuses to
exercise for cash what would pay nothing: such contracts expire, whatever was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.market.instruments import Instrument
from optionix_core.market.products import product
from optionix_core.portfolio import fields
from optionix_core.portfolio.deliveries import Act
from optionix_core.portfolio.exact import ZERO
from optionix_core.portfolio.exercise import by_exception
from optionix_core.sync.event import Event

INSTRUCTED: Final = "exercise.instructed"
Wish = Literal["exercise", "expire"]
_WISHES: Final[Mapping[str, Wish]] = {"exercise": "exercise", "expire": "expire"}


@dataclass(frozen=True, slots=True)
class Instruction:
    """Of one account about one option."""

    account: str
    symbol: str
    wish: Wish
    contracts: int
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a position at expiry; contracts without a sign."""

    act: Act
    contracts: int
    """Exercised, or assigned where the position is short."""
    expired: int
    """End without anything being delivered or paid."""


def instruction_id(account: str, symbol: str, number: int) -> str:
    """Id of the n-th instruction of an account about an option, from 1."""
    return f"account/{account}/instruction/{symbol}/{number}"


def instruction_event(told: Instruction, number: int) -> Event:
    """The event of an instruction."""
    return Event(
        instruction_id(told.account, told.symbol, number),
        INSTRUCTED,
        told.given_at,
        {"account": told.account, "contracts": told.contracts, "symbol": told.symbol, "wish": told.wish},
    )


def instruction_of(event: Event) -> Instruction:
    """The instruction of its event. Raises IntegrityError where it is malformed."""
    payload = event.payload
    wish = _WISHES.get(fields.text(payload, "wish"))
    if wish is None:
        raise IntegrityError(f"field wish must be exercise or expire (got {payload['wish']!r})")
    return Instruction(
        fields.text(payload, "account"),
        fields.text(payload, "symbol"),
        wish,
        fields.integer(payload, "contracts"),
        event.time,
    )


def fate(instrument: Instrument, quantity: Decimal, price: Decimal, told: Instruction | None = None) -> Fate:
    """What becomes of `quantity` contracts (negative: short) at a settlement price.

    Raises InvalidValueError for a quantity that is not whole, or zero.
    """
    whole = abs(int(quantity))
    if not quantity or whole != abs(quantity):
        raise InvalidValueError("quantity", quantity, "a whole number of contracts, not zero")
    in_cash = product(instrument.root).cash_settled
    plain = by_exception(
        instrument.option_type,
        instrument.strike,
        price,
        instrument.multiplier,
        "cash" if in_cash else "physical",
        instrument.expiry,
    )
    if quantity < 0:
        assigned = whole if plain == "exercise" else 0
        return Fate("assignment", assigned, whole - assigned)
    said = 0 if told is None else min(told.contracts, whole)
    exercised = whole - said if plain == "exercise" else 0
    if told is not None and told.wish == "exercise" and not (in_cash and _inside(instrument, price) <= ZERO):
        exercised += said
    return Fate("exercise", exercised, whole - exercised)


def _inside(instrument: Instrument, price: Decimal) -> Decimal:
    return int(instrument.option_type) * (price - instrument.strike)
