"""What the calls of `black_scholes` and `american` take and hand back. Knows no array library, computes nothing."""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.pricing.status import InputFault

FIELDS = ("option_type", "spot", "strike", "expiry", "rate", "dividend_yield", "volatility")
FORWARD_FIELDS = ("option_type", "forward", "strike", "expiry", "discount_factor", "volatility")
Errors = Literal["raise", "nan"]
Value = TypeVar("Value")


class Greeks(NamedTuple, Generic[Value]):
    """Price and derivatives of a long position of one, in the underlying's currency. Rates of change are per 1.00."""

    price: Value
    delta: Value
    """In spot."""
    gamma: Value
    """Twice in spot."""
    vega: Value
    """In volatility, per 1.00 of it."""
    theta: Value
    """In calendar time, per year: negative where value decays."""
    rho: Value
    """In rate, per 1.00 of it."""
    epsilon: Value
    """In dividend yield, per 1.00 of it."""
    vanna: Value
    """Delta in volatility."""
    volga: Value
    """Vega in volatility."""
    charm: Value
    """Delta in calendar time, per year."""
    veta: Value
    """Vega in calendar time, per year."""
    speed: Value
    """Gamma in spot."""
    zomma: Value
    """Gamma in volatility."""
    color: Value
    """Gamma in calendar time, per year."""
    ultima: Value
    """Volga in volatility."""
    dual_delta: Value
    """In strike."""
    dual_gamma: Value
    """Twice in strike."""


class Checked(NamedTuple, Generic[Value]):
    """Results of a call that does not raise, with `InputFault` codes of each row (int8 array, or a member)."""

    value: Value
    status: Any


@cache
def result_type(fields: tuple[str, ...], base: type[Any] = Greeks) -> type[Any]:
    """`base`, a NamedTuple of Greeks, or a tuple of some of its fields, price first, in another order.

    Raises UnknownNameError for a name that is none, InvalidValueError for one that comes twice.
    """
    if fields == base._fields:
        return base
    for name in fields[1:]:
        if name not in base._fields or name == "price":
            raise UnknownNameError("Greek", name, base._fields[1:])
    if len(set(fields)) != len(fields):
        raise InvalidValueError("names", ", ".join(fields[1:]), "without repetition")
    return namedtuple("Greeks", fields)  # noqa: PYI024 - its fields are the caller's


@cache
def picks(fields: tuple[str, ...]) -> tuple[int, ...]:
    """Places of `fields` in `Greeks`."""
    return tuple(Greeks._fields.index(field) for field in fields)


def culprit(fields: tuple[str, ...], values: tuple[Any, ...], fault: int) -> object:
    """The value that an `InputFault` is about."""
    return values[fields.index(InputFault(fault).field)]
