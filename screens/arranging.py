"""Reading what a workspace keeps of a screen: each value checked, none passed over. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from optionix_core.errors import InvalidValueError

Choice = TypeVar("Choice", bound=StrEnum)


def refuse_others(kept: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """InvalidValueError for a name that the screen does not keep."""
    for name in kept:
        if name not in known:
            raise InvalidValueError("arrangement", repr(name), f"one of {', '.join(known)}")


def read_choice(kept: Mapping[str, Any], name: str, choices: type[Choice], default: Choice) -> Choice:
    """One of the names of `choices`; `default` where nothing was kept."""
    value = kept.get(name, default)
    if value not in tuple(choices):
        raise InvalidValueError(name, repr(value), f"one of {', '.join(choices)}")
    return choices(value)


def read_flag(kept: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """True or false; `default` where nothing was kept."""
    value = kept.get(name, default)
    if not isinstance(value, bool):
        raise InvalidValueError(name, repr(value), "true or false")
    return value


def read_text(kept: Mapping[str, Any], name: str, default: str) -> str:
    """A text; `default` where nothing was kept."""
    value = kept.get(name, default)
    if not isinstance(value, str):
        raise InvalidValueError(name, repr(value), "a text")
    return value


def read_name(kept: Mapping[str, Any], name: str, known: tuple[str, ...], default: str) -> str:
    """One of the names that are known; `default` where nothing was kept."""
    value = read_text(kept, name, default)
    if value not in known:
        raise InvalidValueError(name, repr(value), f"one of {', '.join(known)}")
    return value
