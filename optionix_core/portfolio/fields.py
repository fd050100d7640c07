"""Strict reading of event payloads: a field has the type that was written, or the log is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio.exact import decimal_of
from optionix_core.sync.canonical import parse_time
from optionix_core.sync.event import Json


def _wrong(name: str, wanted: str, value: object) -> IntegrityError:
    return IntegrityError(f"field {name} must be {wanted} (got {value!r})")


def text(payload: Mapping[str, Json], name: str) -> str:
    """A string. IntegrityError where it is missing or anything else."""
    value = payload.get(name)
    if not isinstance(value, str):
        raise _wrong(name, "a string", value)
    return value


def optional_text(payload: Mapping[str, Json], name: str) -> str | None:
    """A string, or None where the field is null or missing."""
    return None if payload.get(name) is None else text(payload, name)


def integer(payload: Mapping[str, Json], name: str) -> int:
    """An integer, booleans excluded."""
    value = payload.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, "an integer", value)
    return value


def optional_integer(payload: Mapping[str, Json], name: str) -> int | None:
    """An integer, or None where the field is null or missing."""
    return None if payload.get(name) is None else integer(payload, name)


def boolean(payload: Mapping[str, Json], name: str) -> bool:
    """True or false."""
    value = payload.get(name)
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def decimal(payload: Mapping[str, Json], name: str) -> Decimal:
    """An exact decimal out of its canonical text."""
    try:
        return decimal_of(text(payload, name), name)
    except InvalidValueError as error:
        raise IntegrityError(f"field {error}") from None


def optional_decimal(payload: Mapping[str, Json], name: str) -> Decimal | None:
    """An exact decimal, or None where the field is null or missing."""
    return None if payload.get(name) is None else decimal(payload, name)


def moment(payload: Mapping[str, Json], name: str) -> datetime:
    """A UTC moment out of its one spelling."""
    value = text(payload, name)
    try:
        return parse_time(value)
    except InvalidValueError as error:
        raise IntegrityError(f"field {name}: {error}") from None


def optional_moment(payload: Mapping[str, Json], name: str) -> datetime | None:
    """A UTC moment, or None where the field is null or missing."""
    return None if payload.get(name) is None else moment(payload, name)


def objects(payload: Mapping[str, Json], name: str) -> tuple[Mapping[str, Json], ...]:
    """A list of objects."""
    value = payload.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _wrong(name, "a list", value)
    found = tuple(item for item in value if type(item) is dict or isinstance(item, Mapping))
    if len(found) != len(value):
        raise _wrong(name, "a list of objects", value)
    return found


def mapping(payload: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """A nested object."""
    value = payload.get(name)
    if not isinstance(value, Mapping):
        raise _wrong(name, "an object", value)
    return value


def texts(payload: Mapping[str, Json], name: str) -> tuple[str, ...]:
    """A list of strings."""
    value = payload.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _wrong(name, "a list", value)
    found = tuple(item for item in value if isinstance(item, str))
    if len(found) != len(value):
        raise _wrong(name, "a list of strings", value)
    return found


def pair(value: Json, name: str) -> tuple[str, int]:
    """A list of a string and an integer."""
    if isinstance(value, Sequence) and len(value) == 2:
        first, second = value
        if isinstance(first, str) and isinstance(second, int) and not isinstance(second, bool):
            return first, second
    raise _wrong(name, "a string and an integer", value)


def pairs(payload: Mapping[str, Json], name: str) -> tuple[tuple[str, int], ...]:
    """A list of lists of a string and an integer."""
    value = payload.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _wrong(name, "a list", value)
    return tuple(pair(one, name) for one in value)


def expect_version(state: Mapping[str, Json], version: int, what: str) -> None:
    """Raise IntegrityError unless a folded state was written by this version of its fold."""
    if state.get("version") != version:
        raise IntegrityError(f"{what} has version {state.get('version')}, not {version}")
