"""Single options: which calls are scalar, and their arguments as plain floats. Knows no array library."""

from __future__ import annotations

import operator
from typing import Any, SupportsFloat, TypeGuard

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType


def all_scalar(*values: object) -> bool:
    """Whether every value is a number, a name or an array without dimensions."""
    return all(isinstance(value, int | float | str) or getattr(value, "ndim", None) == 0 for value in values)


def sign_of(option_type: object) -> float:
    """+1.0 for a call, -1.0 for a put. Raises InvalidValueError for anything else."""
    if getattr(option_type, "ndim", None) == 0 and not isinstance(option_type, int | float | str):
        option_type = operator.methodcaller("item")(option_type)
    if isinstance(option_type, float) and option_type in {1.0, -1.0}:
        return option_type
    return float(OptionType.of(option_type))


def number(field: str, value: object) -> float:
    """`value` as a float. Raises InvalidValueError where it is no number."""
    if not isinstance(value, str) and _is_number(value):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidValueError(field, repr(value), "a number") from error
    raise InvalidValueError(field, repr(value), "a number")


def _is_number(value: object) -> TypeGuard[SupportsFloat]:
    return hasattr(value, "__float__")


def numbers(fields: tuple[str, ...], values: tuple[Any, ...]) -> tuple[float, ...]:
    """`number` of each."""
    return tuple(number(field, value) for field, value in zip(fields, values, strict=True))
