"""Arguments of the closed forms: named, broadcast, checked row by row, and results back in the caller's shape.

Every closed form of this room hands its arguments to `evaluate` with the rules they obey. The first row outside a rule
ends the call with an error that names field, value, bound and row. A result that is no finite number ends it too:
nothing leaves here that was not computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.pricing import _arrays

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]
Columns: TypeAlias = Mapping[str, FloatArray]
Value: TypeAlias = Any
"""A float where no argument has a dimension, else a float64 array of the broadcast shape."""
Inputs: TypeAlias = ArrayLike


@dataclass(frozen=True, slots=True)
class Rule:
    """What the values of one field must be; `admits` sees all columns and says which rows keep to it."""

    field: str
    bound: str
    admits: Callable[[Columns], Mask]


def positive(field: str) -> Rule:
    """A price or a level."""
    return Rule(field, "positive, from 1e-140 to 1e140", lambda c: (c[field] >= 1e-140) & (c[field] <= 1e140))


def not_negative(field: str, most: float = 1e140) -> Rule:
    """An amount that may be zero."""
    return Rule(field, f"zero or more, at most {most:g}", lambda c: (c[field] >= 0.0) & (c[field] <= most))


def finite(field: str) -> Rule:
    """Any number."""
    return Rule(field, "finite and at most 1e140 in size", lambda c: np.abs(c[field]) <= 1e140)


def volatility(field: str = "volatility", expiry: str = "expiry") -> Rule:
    """Zero is allowed: prices have a limit there."""
    return Rule(
        field,
        "zero or more, and at most 36 once multiplied by the root of expiry",
        lambda c: (c[field] >= 0.0) & (c[field] * np.sqrt(c[expiry]) <= 36.0),
    )


def expiry(field: str = "expiry") -> Rule:
    """Zero is allowed: prices have a limit there."""
    return Rule(field, "zero or more years, at most 1e6", lambda c: (c[field] >= 0.0) & (c[field] <= 1e6))


def rate(field: str, expiry: str = "expiry") -> Rule:
    """A continuously compounded rate."""
    return Rule(
        field,
        "finite, and within 100 in size once multiplied by expiry",
        lambda c: np.isfinite(c[field]) & (np.abs(c[field]) * c[expiry] <= 100.0),
    )


def correlation(field: str = "correlation") -> Rule:
    """The ends are allowed: prices have limits there."""
    return Rule(field, "from -1 to 1", lambda c: np.abs(c[field]) <= 1.0)


def not_after(field: str, later: str) -> Rule:
    """A time between now and another."""
    return Rule(field, f"zero or more years, at most {later}", lambda c: (c[field] >= 0.0) & (c[field] <= c[later]))


OPTION_TYPE = Rule("option_type", '"call" (+1) or "put" (-1)', lambda c: np.abs(c["option_type"]) == 1.0)
MARKET = (expiry(), rate("rate"), rate("dividend_yield"), volatility())
"""Rules that nearly every contract on one underlying shares."""


def codes(field: str, names: object, known: Sequence[str]) -> FloatArray:
    """Places in `known` of one name or an array of them. Raises InvalidValueError naming the row."""
    array = np.asarray(names)
    if array.dtype.kind not in "UO":
        raise InvalidValueError(field, repr(names), _listed(known))
    found = np.full(array.shape, -1.0)
    for place, name in enumerate(known):
        found[array == name] = place
    if (found < 0.0).any():
        row = int(np.flatnonzero(found.ravel() < 0.0)[0])
        raise InvalidValueError(field, repr(str(array.ravel()[row])), _listed(known), row if array.ndim else None)
    return found


def chosen(field: str, name: str, known: Sequence[str]) -> str:
    """One name out of `known`, for settings that all rows share."""
    if name not in known:
        raise InvalidValueError(field, repr(name), _listed(known))
    return name


def _listed(known: Sequence[str]) -> str:
    return "one of " + ", ".join(f'"{name}"' for name in known)


def evaluate(kernel: Callable[..., FloatArray], fields: Mapping[str, object], rules: Sequence[Rule]) -> Value:
    """`kernel` of the fields as flat columns of equal length, in their order.

    Raises InvalidValueError for a value outside its rule, DomainError where a result is beyond all doubles.
    """
    columns, shape = _broadcast(fields)
    _check(columns, rules, scalar=not shape)
    with np.errstate(all="ignore"):
        values = kernel(*columns.values())
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise DomainError(f"no finite value at row {row}: {', '.join(f'{k} {v[row]!r}' for k, v in columns.items())}")
    return values.reshape(shape) if shape else float(values[0])


def _broadcast(fields: Mapping[str, object]) -> tuple[dict[str, FloatArray], tuple[int, ...]]:
    arrays, shape = _arrays.broadcast(tuple(fields), tuple(fields.values()))
    flat = {field: np.broadcast_to(array, shape).reshape(-1) for field, array in zip(fields, arrays, strict=True)}
    return flat, shape


def _check(columns: Columns, rules: Sequence[Rule], *, scalar: bool) -> None:
    first: tuple[int, Rule] | None = None
    with np.errstate(all="ignore"):
        for rule in rules:
            outside = np.flatnonzero(~rule.admits(columns))
            if outside.size and (first is None or outside[0] < first[0]):
                first = int(outside[0]), rule
    if first is not None:
        row, rule = first
        raise InvalidValueError(rule.field, float(columns[rule.field][row]), rule.bound, None if scalar else row)
