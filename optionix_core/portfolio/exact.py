"""Exact decimals: arithmetic that refuses to round, and strict reading of numbers.

Money and quantities never pass through a float on their way into the ledger. Where an operation
would have to round, it raises instead; whoever must round (a settlement price, a fee) does so by
name, before the number becomes money.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounded,
    Underflow,
    localcontext,
)
from functools import lru_cache

from optionix_core.errors import InvalidValueError
from optionix_core.sync.canonical import decimal_text

__all__ = [
    "DIGITS",
    "ZERO",
    "add",
    "decimal_of",
    "decimal_of_float",
    "decimal_text",
    "exact_arithmetic",
    "multiply",
    "subtract",
]

DIGITS = 60
"""Significant digits that a result may have before it counts as rounded."""

_EXACT = Context(
    prec=DIGITS, traps=[Inexact, Rounded, InvalidOperation, DivisionByZero, Overflow, Underflow, FloatOperation]
)

ZERO = Decimal(0)

add, subtract, multiply = _EXACT.add, _EXACT.subtract, _EXACT.multiply
"""One exact operation each: what `exact_arithmetic` is for several, without changing the thread's context."""


def exact_arithmetic() -> AbstractContextManager[Context]:
    """Within it every decimal operation is exact or raises a `decimal` signal (Inexact, Rounded ...)."""
    return localcontext(_EXACT)


def decimal_of(text: str, field: str) -> Decimal:
    """The number of a text that `decimal_text` wrote. Raises InvalidValueError for any other spelling."""
    value, written = _read(text)
    if value is None:
        raise InvalidValueError(field, repr(text), "a decimal number")
    if written != text:
        raise InvalidValueError(field, repr(text), f"written {written!r}")
    return value


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[Decimal | None, str]:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None, ""
    return value, decimal_text(value)


def decimal_of_float(value: float, field: str) -> Decimal:
    """The shortest decimal that reads back as the same float: 1.15 is `1.15`.

    For prices out of a feed, which are floats of decimal quotations. Raises InvalidValueError
    unless finite.
    """
    if not math.isfinite(value):
        raise InvalidValueError(field, value, "finite")
    return _shortest(float(value))


@lru_cache(maxsize=4096)
def _shortest(value: float) -> Decimal:
    return Decimal(repr(value)) if value else ZERO
