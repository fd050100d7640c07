"""What a user writes to amend an order: `5` a quantity, `@ 3.10` a limit, `! 190` a trigger, in any order. Pure."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError
from optionix_core.trading.orders import Amendment, TriggerKind
from optionix_core.trading.terms import check_places

if TYPE_CHECKING:
    from optionix_core.trading.orders import OrderIntent

MOST_DIGITS = 15
"""Of a whole number as it is written."""
LONGEST_SNOOZE = 60 * 24 * 366
"""Minutes, as `optionix alert snooze` has it."""
_FORMS = "like 5, @ 3.10, 5 @ 3.10 or ! 190"


def amend_text(intent: OrderIntent) -> str:
    """The order's present terms, as they would be written."""
    parts = [str(intent.quantity)]
    if intent.limit_price is not None:
        parts.append(f"@ {intent.limit_price:f}")
    if intent.trigger is not None and intent.trigger.kind is not TriggerKind.TRAILING:
        parts.append(f"! {intent.trigger.price:f}")
    return " ".join(parts)


def read_amendment(text: str, intent: OrderIntent, amendment_id: str) -> Amendment:
    """What differs from the order's terms. Raises InvalidValueError for what cannot be read and for nothing new."""
    words = text.replace("@", " @ ").replace("!", " ! ").split()
    found: dict[str, str] = {}
    place = 0
    while place < len(words):
        name = {"@": "limit", "!": "trigger"}.get(words[place], "quantity")
        if name != "quantity":
            place += 1
        if name in found or place >= len(words):
            raise InvalidValueError("amendment", repr(text), _FORMS)
        found[name] = words[place]
        place += 1
    quantity, limit, trigger = _quantity(found.get("quantity")), _price(found, "limit"), _price(found, "trigger")
    level = None if intent.trigger is None else intent.trigger.price
    amendment = Amendment(
        amendment_id,
        None if quantity == intent.quantity else quantity,
        None if limit == intent.limit_price else limit,
        None if trigger == level else trigger,
    )
    if (amendment.quantity, amendment.limit_price, amendment.trigger_price) == (None, None, None):
        raise InvalidValueError("amendment", repr(text), "other terms than the order has")
    return amendment


def read_minutes(text: str) -> int:
    """Minutes of a snooze. Raises InvalidValueError."""
    if not _whole(text.strip()) or not 1 <= int(text) <= LONGEST_SNOOZE:
        raise InvalidValueError("minutes", repr(text), f"a whole number from 1 to {LONGEST_SNOOZE}")
    return int(text)


def _quantity(text: str | None) -> int | None:
    if text is None:
        return None
    if not _whole(text) or int(text) < 1:
        raise InvalidValueError("quantity", repr(text), "a whole number, at least 1")
    return int(text)


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def _price(found: dict[str, str], name: str) -> Decimal | None:
    text = found.get(name)
    if text is None:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise InvalidValueError(name, repr(text), "a price") from None
    if not price.is_finite():
        raise InvalidValueError(name, repr(text), "finite")
    check_places(name, price)
    return price
