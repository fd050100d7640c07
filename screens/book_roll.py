"""What is written to roll a position or a group, to instruct at expiry, and to note: read strictly. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from optionix_core.portfolio.exercise_instructions import Wish
    from optionix_core.services.rolls import Target

ROLL_HINT: Final = "next   19MAR27   235   up 5   down 5   x1   @ 1.20"
INSTRUCT_HINT: Final = "exercise   exercise 1   expire   expire 1"
_DATE: Final = re.compile(r"\d{1,2}[A-Za-z]{3}\d{2}")
_BEFORE_NUMBERS: Final = {"up": ("shift", 1), "down": ("shift", -1), "@": ("limit", 1)}
_WISHES: Final[dict[str, Wish]] = {"exercise": "exercise", "expire": "expire"}


@dataclass(frozen=True, slots=True)
class RollWish:
    """Where to, how many, and at which net price."""

    target: Target
    quantity: int | None = None
    """None: all."""
    limit: Decimal | None = None
    """Paid per unit, negative where it must bring money; None: at the touch."""


def read_roll(text: str) -> RollWish:
    """Raises InvalidValueError naming the word that cannot be read, or what is told twice."""
    from optionix_core.services.rolls import Target

    told = _told(text.replace("@", " @ ").split())
    strike, shift = told.number("strike"), told.number("shift")
    if strike is not None and shift is not None:
        raise InvalidValueError("strike", f"{strike} and {shift:+}", "a strike or a shift, not both")
    target = Target(expiry=told.expiry, following=told.following, strike=strike, shift=shift)
    if target == Target():
        raise InvalidValueError("roll", repr(text.strip()), f"an expiry or a strike, such as {ROLL_HINT}")
    count = told.number("quantity")
    return RollWish(target, None if count is None else int(count), told.number("limit"))


class _Told:
    """What the words said so far, each once."""

    def __init__(self) -> None:
        self.expiry: date | None = None
        self.following = False
        self._numbers: dict[str, Decimal] = {}

    def number(self, field: str) -> Decimal | None:
        return self._numbers.get(field)

    def take_number(self, field: str, value: Decimal, word: str) -> None:
        if field in self._numbers:
            raise InvalidValueError(field, repr(word), "told once")
        self._numbers[field] = value

    def take_expiry(self, day: date | None, word: str) -> None:
        """None: the next."""
        if self.expiry is not None or self.following:
            raise InvalidValueError("expiry", repr(word), "told once")
        self.expiry, self.following = day, day is None


def _told(words: list[str]) -> _Told:
    told = _Told()
    left = iter(words)
    for word in left:
        low = word.lower()
        if low in _BEFORE_NUMBERS:
            field, sign = _BEFORE_NUMBERS[low]
            number = next(left, None)
            if number is None:
                raise InvalidValueError("roll", repr(word), f"a number after {word}")
            told.take_number(field, sign * _number(number, field), word)
        elif low == "next":
            told.take_expiry(None, word)
        elif (day := _day(word)) is not None:
            told.take_expiry(day, word)
        elif re.fullmatch(r"x\d{1,9}", low):
            if int(low[1:]) < 1:
                raise InvalidValueError("quantity", repr(word), "at least 1")
            told.take_number("quantity", Decimal(low[1:]), word)
        else:
            told.take_number("strike", _number(word, "roll"), word)
    return told


def read_instruction(text: str, held: int) -> tuple[Wish, int]:
    """`expire 2`: what is to be done at expiry with how many. Raises InvalidValueError naming the bound."""
    words = text.lower().split()
    if not 1 <= len(words) <= 2 or words[0] not in _WISHES:
        raise InvalidValueError("instruction", repr(text.strip()), "exercise or expire, and how many")
    if len(words) == 1:
        return _WISHES[words[0]], held
    if not words[1].isdecimal() or not 1 <= int(words[1]) <= held:
        raise InvalidValueError("quantity", repr(words[1]), f"1 to {held}, which are held")
    return _WISHES[words[0]], int(words[1])


def _day(word: str) -> date | None:
    try:
        if _DATE.fullmatch(word):
            return datetime.strptime(word.title(), "%d%b%y").date()  # noqa: DTZ007 - a calendar date has no zone
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
            return date.fromisoformat(word)
    except ValueError:
        raise InvalidValueError("expiry", repr(word), "a date such as 19MAR27 or 2027-03-19") from None
    return None


def _number(word: str, field: str) -> Decimal:
    try:
        value = Decimal(word)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise InvalidValueError(field, repr(word), f"read as one of: {ROLL_HINT}" if field == "roll" else "a number")
    return value
