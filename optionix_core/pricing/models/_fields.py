"""Checks that model fields share. Raise InvalidValueError naming field, value and bound."""

from __future__ import annotations

from typing import Protocol

from optionix_core.errors import InvalidValueError

LARGEST = 1e6


class _Fields(Protocol):
    """Anything with fields."""


def check_range(model: _Fields, name: str, lowest: float, highest: float) -> None:
    """`name` of `model` must be a number from `lowest` to `highest`, ends included."""
    value = getattr(model, name)
    if isinstance(value, bool | str) or not hasattr(value, "__float__") or not lowest <= float(value) <= highest:
        raise InvalidValueError(name, value, f"a number from {lowest:g} to {highest:g}")


def check_not_negative(model: _Fields, *names: str) -> None:
    """Each of `names` must be zero or more, at most 1e6."""
    for name in names:
        check_range(model, name, 0.0, LARGEST)


def check_jumps(model: _Fields) -> None:
    """Fields of Merton jumps."""
    check_range(model, "jump_intensity", 0.0, 1e4)
    check_range(model, "jump_mean", -10.0, 5.0)
    check_range(model, "jump_volatility", 0.0, 3.0)
