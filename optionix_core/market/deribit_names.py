"""Deribit's own instrument names, which are the keys of its options.

    BTC-13FEB21-37500-C            inverse: strike in USD, price in coins
    XRP_USDC-30AUG24-0d625-C       linear: priced in USDC; `d` stands for the decimal point

Futures, perpetuals, spot pairs and combinations are told apart from options, never read as one.
Source: Deribit API documentation, naming of instruments.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_ROOT = r"[A-Z0-9]+(?:_[A-Z0-9]+)?"
_DATE = r"(\d{1,2})([A-Z]{3})(\d{2})"
_OPTION = re.compile(rf"({_ROOT})-{_DATE}-(\d+(?:d\d+)?)-([CP])", re.ASCII)
_FUTURE = re.compile(rf"{_ROOT}-{_DATE}", re.ASCII)
_PERPETUAL = re.compile(rf"{_ROOT}-PERPETUAL", re.ASCII)
_SPOT = re.compile(r"[A-Z0-9]+_[A-Z0-9]+", re.ASCII)
_COMBINATION = re.compile(rf"{_ROOT}-(?:[A-Z]+-\d{{1,2}}[A-Z]{{3}}\d{{2}}[A-Z0-9_\-]*|COMBO-\d+)", re.ASCII)


class DeribitKind(StrEnum):
    """What a Deribit name stands for."""

    OPTION = "option"
    FUTURE = "future"
    PERPETUAL = "perpetual"
    SPOT = "spot"
    COMBINATION = "combination"


class DeribitOption(NamedTuple):
    """What an option's Deribit name says."""

    root: str
    """Everything before the date: `BTC`, `XRP_USDC`."""
    expiry: date
    option_type: OptionType
    strike: Decimal
    """In USD for inverse options, in the quote currency for linear ones."""

    @property
    def base(self) -> str:
        """The coin: `BTC` of `BTC_USDC`."""
        return self.root.partition("_")[0]

    @property
    def inverse(self) -> bool:
        """Whether prices are in coins; linear names carry their quote currency instead."""
        return "_" not in self.root

    @property
    def currency(self) -> str:
        """What prices are in: the coin, or the quote currency of a linear option."""
        return self.base if self.inverse else self.root.partition("_")[2]

    @property
    def key(self) -> str:
        """The name itself."""
        return format(self.root, self.expiry, self.option_type, self.strike)


def parse(text: str) -> DeribitOption:
    """Read an option's name, any letter case; InvalidValueError for anything else, with what it is instead."""
    name = _canonical(text)
    matched = _OPTION.fullmatch(name)
    if matched is None:
        other = kind(text)
        given = repr(text) if other is None else f"{text!r}, a {other}"
        raise InvalidValueError("symbol", given, "a Deribit option such as BTC-13FEB21-37500-C")
    root, day, month, year, strike, letter = matched.groups()
    expiry = _date(day, month, year)
    price = Decimal(strike.replace("d", "."))
    if price <= 0:
        raise InvalidValueError("strike", price, "positive")
    return DeribitOption(root, expiry, OptionType.CALL if letter == "C" else OptionType.PUT, price)


def format(root: str, expiry: date, option_type: object, strike: Decimal | float | str) -> str:  # noqa: A001 - the field's word for it
    """An option's Deribit name; a float strike counts as the decimal that it prints as."""
    root = root.strip().upper()
    if re.fullmatch(_ROOT, root, re.ASCII) is None:
        raise InvalidValueError("root", repr(root), "a coin such as BTC, or a pair such as XRP_USDC")
    if not 2000 <= expiry.year <= 2099:
        raise InvalidValueError("expiry", expiry, "between 2000-01-01 and 2099-12-31")
    try:
        price = strike if isinstance(strike, Decimal) else Decimal(str(strike))
    except InvalidOperation:
        raise InvalidValueError("strike", repr(strike), "a number") from None
    if not price.is_finite() or price <= 0:
        raise InvalidValueError("strike", strike, "positive and finite")
    digits = f"{price:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".").replace(".", "d")
    day = f"{expiry.day}{MONTHS[expiry.month - 1]}{expiry.year % 100:02d}"
    return f"{root}-{day}-{digits}-{OptionType.of(option_type).letter}"


def kind(text: str) -> DeribitKind | None:
    """What the name stands for by its form; None where it is no Deribit name."""
    name = _canonical(text)
    forms = (
        (_OPTION, DeribitKind.OPTION),
        (_FUTURE, DeribitKind.FUTURE),
        (_PERPETUAL, DeribitKind.PERPETUAL),
        (_SPOT, DeribitKind.SPOT),
        (_COMBINATION, DeribitKind.COMBINATION),
    )
    return next((meaning for form, meaning in forms if form.fullmatch(name)), None)


def is_option(text: str) -> bool:
    """Whether the name has the form of an option's."""
    return kind(text) is DeribitKind.OPTION


def _canonical(text: str) -> str:
    """Upper case, except for the `d` between two digits of a strike."""
    head, *rest = text.strip().upper().split("-")
    return "-".join([head, *(re.sub(r"(?<=^)(\d+)D(\d+)$", r"\1d\2", part) for part in rest)])


def _date(day: str, month: str, year: str) -> date:
    try:
        return date(2000 + int(year), MONTHS.index(month) + 1, int(day))
    except ValueError:
        raise InvalidValueError("expiry", repr(day + month + year), "a calendar date such as 13FEB21") from None
