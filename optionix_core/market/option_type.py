"""Call or put, as the sign that the formulas use."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal, Self

OptionTypeName = Literal["call", "put"]


class OptionType(IntEnum):
    """+1 for a call, -1 for a put; arrays of these are the engine's fast form."""

    CALL = 1
    PUT = -1

    @classmethod
    def of(cls, text: object) -> Self:
        """From `"call"`, `"put"`, `"C"`, `"P"`, +1, -1 or a member, any letter case.

        Raises InvalidValueError for anything else.
        """
        if isinstance(text, str):
            name = {"c": "CALL", "call": "CALL", "p": "PUT", "put": "PUT"}.get(text.strip().lower())
            if name is not None:
                return cls[name]
        elif isinstance(text, int) and text in (1, -1):
            return cls(text)
        from optionix_core.errors import InvalidValueError

        raise InvalidValueError("option_type", repr(text), '"call" or "put"')

    @property
    def label(self) -> OptionTypeName:
        """`"call"` or `"put"`."""
        return "call" if self is OptionType.CALL else "put"

    @property
    def letter(self) -> str:
        """`"C"` or `"P"`, as option symbols write it."""
        return "C" if self is OptionType.CALL else "P"
