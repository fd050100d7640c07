"""How values travel: money and quantities as decimal strings, model numbers as JSON numbers, names within bounds.

Bodies are `Request`s: an unknown field is refused, a number is never read from text nor text from a number. Queries are
`Asked`s, whose values are text by nature. Answers are `Answer`s: every key is there, null where there is no value.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, StringConstraints
from pydantic import WithJsonSchema as Described

from optionix_core.sync.canonical import decimal_text, time_text

DIGITS: Final = 12
"""Before and behind the point of a decimal that is read, as orders allow."""
SIGNED: Final = rf"^-?(0|[1-9][0-9]{{0,{DIGITS - 1}}})(\.[0-9]{{1,{DIGITS}}})?$"
POSITIVE: Final = rf"^([1-9][0-9]{{0,{DIGITS - 1}}}(\.[0-9]{{1,{DIGITS}}})?|0\.0{{0,5}}[1-9][0-9]{{0,5}})$"
WHOLE: Final = r"^[1-9][0-9]{0,8}$"
WRITTEN: Final = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
"""A decimal that is answered: never with an exponent."""
NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
DAY: Final = r"^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
INSTANT: Final = (
    DAY[:-1] + r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)


class Request(BaseModel):
    """A body: unknown fields are refused, nothing is converted but what says so itself."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Asked(BaseModel):
    """A query: unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Answer(BaseModel):
    """A document that is answered."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        json_schema_serialization_defaults_required=True,
        use_attribute_docstrings=True,
    )


def examples(*documents: dict[str, Any]) -> ConfigDict:
    """Documented examples of a body, as the `model_config` of its class; each is run by a test."""
    return ConfigDict(json_schema_extra={"examples": list(documents)})


def _spelled(pattern: str, bound: str) -> BeforeValidator:
    """Text is to be spelled so before it is read further; what is no text passes only where it is the value already."""
    compiled = re.compile(pattern, re.ASCII)

    def read(value: object) -> object:
        if isinstance(value, (Decimal, date)):
            return value
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise ValueError(bound)
        return value

    return BeforeValidator(read)


def _number(pattern: str, bound: str) -> BeforeValidator:
    compiled = re.compile(pattern, re.ASCII)

    def read(value: object) -> object:
        if isinstance(value, Decimal):
            return value
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise ValueError(bound)
        return Decimal(value)

    return BeforeValidator(read)


def _whole(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(WHOLE, value, re.ASCII) is not None:
        return int(value)
    raise ValueError('a whole number in a string such as "10", from 1 to 999999999')


def _read(pattern: str, example: str, **more: Any) -> Described:
    document = {"type": "string", "pattern": pattern, "examples": [example], **more}
    return Described(document, mode="validation")


def _answered(pattern: str, example: str, **more: Any) -> Described:
    document = {"type": "string", "pattern": pattern, "examples": [example], **more}
    return Described(document, mode="serialization")


_TEXT: Final = PlainSerializer(decimal_text, return_type=str)
_SIGNED: Final = f'a decimal number in a string such as "-12.5", at most {DIGITS} digits before and behind the point'
_POSITIVE: Final = (
    f'a positive number in a string such as "12.5", at most {DIGITS} digits before and behind the point, '
    "and at most 6 of value where it is below 1"
)

Money = Annotated[Decimal, _number(SIGNED, _SIGNED), _TEXT, _answered(WRITTEN, "-1250.5"), _read(SIGNED, "-1250.5")]
"""Signed, in the account's currency."""
Price = Annotated[Decimal, _number(POSITIVE, _POSITIVE), _TEXT, _answered(WRITTEN, "12.5"), _read(POSITIVE, "12.5")]
"""Money above 0."""
Quantity = Annotated[Decimal, _number(SIGNED, _SIGNED), _TEXT, _answered(WRITTEN, "-10"), _read(SIGNED, "-10")]
"""Contracts or shares, signed: negative is short."""
Contracts = Annotated[
    int, BeforeValidator(_whole), PlainSerializer(str, return_type=str), _answered(WRITTEN, "10"), _read(WHOLE, "10")
]
"""A whole number of contracts, shares or units, at least 1."""
Whole = Annotated[int, PlainSerializer(str, return_type=str), _answered(r"^-?(0|[1-9][0-9]*)$", "10")]
"""A whole number of contracts or shares that is answered, signed."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NAME)]
"""Orders, groups, tags, devices: letters, digits, `.`, `-`, `_`, beginning with a letter or digit."""
AccountId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9.:_-]*$"),
    Field(examples=["server-1"]),
]
"""An own account by its name, one that is shared with the caller by `STREAM:NAME` too."""
AccountName = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=NAME)]
Symbol = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[ -~]+$"), Field(examples=["ORBIT 21JAN28 200 C"])
]
"""An instrument in any form that `optionix_core.market.symbols` reads."""
Id = Annotated[UUID, Strict(strict=False)]

Day = Annotated[
    date,
    Strict(strict=False),
    _spelled(DAY, "a day from 1970 to 2199, written YYYY-MM-DD"),
    _answered(DAY, "2026-09-18", format="date"),
    _read(DAY, "2026-09-18", format="date"),
]
Instant = Annotated[
    datetime,
    Strict(strict=False),
    _spelled(INSTANT, "a moment from 1970 to 2199 with its offset, such as 2026-09-18T14:30:00Z"),
    PlainSerializer(time_text, return_type=str),
    _answered(INSTANT, "2026-09-18T14:30:00.000000Z", format="date-time"),
    _read(INSTANT, "2026-09-18T14:30:00Z", format="date-time"),
]
"""Aware of its offset; answered in UTC with microseconds."""

Positive = Annotated[float, Field(gt=0, le=1e9)]
"""A model number above 0: spots, strikes, barriers."""
Years = Annotated[float, Field(gt=0, le=100)]
"""Time to expiry as a fraction of years."""
Fraction = Annotated[float, Field(ge=-1, le=5)]
"""A continuously compounded rate or yield: 0.05 is 5%."""
Volatility = Annotated[float, Field(gt=0, le=10)]
"""Per root year: 0.2 is 20%."""
