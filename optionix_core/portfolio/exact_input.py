"""Numbers that rules are asked about, taken exactly or refused.

A rule that turns on a cent (a band's edge, a penny in the money) may not see 99.99999999. A float counts as
the decimal that it prints as, a text as what it spells; whatever is not a finite number is an error that
names its field. Refuses to round: what a rule rounds, it rounds by name.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.exact import decimal_of_float

Number = Decimal | float | int | str


def exact_number(value: Number, field: str) -> Decimal:
    """The decimal of `value`. Raises InvalidValueError unless it is a finite number."""
    if isinstance(value, bool):
        raise InvalidValueError(field, value, "a number")
    if isinstance(value, float):
        return decimal_of_float(value, field)
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        number = _of_scalar(value, field)
    if not number.is_finite():
        raise InvalidValueError(field, value, "finite")
    return number


def positive(value: Number, field: str) -> Decimal:
    """The decimal of `value`, which must be above zero."""
    number = exact_number(value, field)
    if number <= 0:
        raise InvalidValueError(field, value, "positive")
    return number


def not_negative(value: Number, field: str) -> Decimal:
    """The decimal of `value`, which must be zero or more."""
    number = exact_number(value, field)
    if number < 0:
        raise InvalidValueError(field, value, "zero or more")
    return number


def _of_scalar(value: object, field: str) -> Decimal:
    """Of a scalar of numpy, which Decimal does not take; anything else is refused."""
    item = getattr(value, "item", None)
    plain = item() if callable(item) and getattr(value, "ndim", None) == 0 else None
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise InvalidValueError(field, repr(value), "a number")
    return Decimal(plain) if isinstance(plain, int) else decimal_of_float(plain, field)
