"""What every contract is: a frozen value with a kind, an expiry, and fields that can be written down and read back.

Refuses a market, a model and a method: a contract says what is owed, nothing else.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType

LARGEST_PRICE = 1e140
LONGEST = 1e6
"""Years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(ABC):
    """Raises InvalidValueError, naming field, value and bound, for terms outside their range."""

    kind: ClassVar[str]
    """Its name in files, on the command line and in the table of methods."""
    assets: ClassVar[int] = 1
    """Underlyings that it depends on, 0 for any number."""

    expiry: float
    """Years from now, zero or more."""

    def __post_init__(self) -> None:
        check_between(self, "expiry", 0.0, LONGEST)

    def terms(self) -> dict[str, Any]:
        """Fields by name as plain JSON values, with `kind` first; `from_terms` reads them back."""
        return {"kind": self.kind, **{field.name: _plain(getattr(self, field.name)) for field in fields(self)}}

    @classmethod
    def from_terms(cls, terms: Mapping[str, Any]) -> Self:
        """The contract of this class with these fields.

        Raises InvalidValueError for a field that is missing, unknown or outside its bound.
        """
        given = {name: value for name, value in terms.items() if name != "kind"}
        known = {field.name for field in fields(cls)}
        for name, value in given.items():
            if name not in known:
                raise InvalidValueError(name, value, f"absent from a contract of kind {cls.kind}")
        try:
            return cls(**given)
        except TypeError as error:
            raise InvalidValueError("terms", sorted(given), f"those of a contract of kind {cls.kind}") from error


def check_between(contract: Contract, name: str, lowest: float, highest: float) -> None:
    """`name` of `contract` becomes a float, which must lie from `lowest` to `highest`, ends included."""
    _set(contract, name, checked(name, getattr(contract, name), lowest, highest))


def checked(name: str, value: object, lowest: float, highest: float, row: int | None = None) -> float:
    """`value` as a float from `lowest` to `highest`; InvalidValueError names the field otherwise."""
    bound = f"a number from {lowest:g} to {highest:g}"
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise InvalidValueError(name, repr(value), bound, row)
    number = float(value)
    if not lowest <= number <= highest:
        raise InvalidValueError(name, number, bound, row)
    return number


def check_level(contract: Contract, *names: str) -> None:
    """Each of `names` is a positive price."""
    for name in names:
        check_between(contract, name, 1e-140, LARGEST_PRICE)


def check_amount(contract: Contract, *names: str) -> None:
    """Each of `names` is an amount of money of any sign."""
    for name in names:
        check_between(contract, name, -LARGEST_PRICE, LARGEST_PRICE)


def check_option_type(contract: Contract, *names: str) -> None:
    """Each of `names` becomes an OptionType."""
    for name in names:
        value = getattr(contract, name)
        try:
            _set(contract, name, OptionType.of(value))
        except InvalidValueError as error:
            raise InvalidValueError(name, error.value, error.bound) from error


def check_choice(contract: Contract, name: str, known: tuple[str, ...]) -> None:
    """`name` is one of `known`."""
    value = getattr(contract, name)
    if value not in known:
        raise InvalidValueError(name, repr(value), "one of " + ", ".join(f'"{word}"' for word in known))


def check_numbers(contract: Contract, name: str, lowest: float, highest: float) -> tuple[float, ...]:
    """`name` becomes a tuple of at least one float, each from `lowest` to `highest`."""
    given = getattr(contract, name)
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise InvalidValueError(name, repr(given), "a sequence of numbers")
    numbers = tuple(checked(name, value, lowest, highest, row) for row, value in enumerate(given))
    if not numbers:
        raise InvalidValueError(name, "()", "at least one number")
    _set(contract, name, numbers)
    return numbers


def check_times(contract: Contract, name: str, *, first: float = 0.0) -> None:
    """`name` becomes a tuple of increasing times, none before `first`, none after expiry, at least one."""
    times = check_numbers(contract, name, first, LONGEST)
    for row in range(1, len(times)):
        if not times[row] > times[row - 1]:
            raise InvalidValueError(name, times[row], f"above the time before it, {times[row - 1]}", row)
    if times[-1] > contract.expiry:
        raise InvalidValueError(name, times[-1], f"at most the expiry, {contract.expiry}", len(times) - 1)


def _set(contract: Contract, name: str, value: object) -> None:
    object.__setattr__(contract, name, value)


def _plain(value: object) -> Any:
    if isinstance(value, OptionType):
        return value.label
    return list(value) if isinstance(value, tuple) else value
