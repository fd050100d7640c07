"""Any way of writing an option, resolved to its key; and the symbols of shares, which are their own keys.

Accepted, in any letter case: the 21-character OSI symbol and its unpadded form, Deribit's names, and
what a trader types: `ORBIT 16JAN26 230 C`, `orbit 2026-01-16 230c`, `ORBIT 16 Jan 26 C230`. A year is
always needed: an expiry is never guessed.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.market import deribit_names, osi
from optionix_core.market.option_type import OptionType
from optionix_core.market.products import Symbology

_OSI_FORM = re.compile(r"[A-Z0-9]{1,6} *\d{6}[CP]\d{8}", re.ASCII)
_TYPED = re.compile(
    r"""
    (?P<root>[A-Z0-9]{1,6}) \s+
    (?: (?P<iso>\d{4}-\d{2}-\d{2}) | (?P<day>\d{1,2}) [ -]? (?P<month>[A-Z]{3}) [ -]? '? (?P<year>\d{2}|\d{4}) ) \s+
    (?: (?P<strike>\d+(?:\.\d+)?) \s* (?P<letter>C|P|CALL|PUT)
      | (?P<letter_first>C|P|CALL|PUT) \s* (?P<strike_last>\d+(?:\.\d+)?) )
    """,
    re.ASCII | re.VERBOSE,
)
_SHARE = re.compile(r"[A-Z][A-Z0-9]{0,9}([./][A-Z]{1,3})?", re.ASCII)
_REMEMBERED: Final = 16384
"""Texts whose reading is kept."""
_EXAMPLES = "an option such as 'ORBIT 16JAN26 230 C', ORBIT260116C00230000 or BTC-27DEC24-100000-C"


class OptionTerms(NamedTuple):
    """What an option's key says, whichever symbology it is in."""

    symbology: Symbology
    root: str
    expiry: date
    option_type: OptionType
    strike: Decimal

    @property
    def key(self) -> str:
        """The option's key in its own symbology."""
        if self.symbology is Symbology.OSI:
            return osi.format(self.root, self.expiry, self.option_type, self.strike)
        return deribit_names.format(self.root, self.expiry, self.option_type, self.strike)

    @property
    def label(self) -> str:
        """As a trader writes it: `ORBIT 16JAN26 230 C`; Deribit's names stay as they are."""
        if self.symbology is Symbology.DERIBIT:
            return self.key
        month = deribit_names.MONTHS[self.expiry.month - 1]
        day = f"{self.expiry.day:02d}{month}{self.expiry.year % 100:02d}"
        return f"{self.root} {day} {self.strike:f} {self.option_type.letter}"


def terms(text: str) -> OptionTerms:
    """What a symbol in any accepted form says; InvalidValueError for anything else."""
    return _terms(text)


@lru_cache(maxsize=_REMEMBERED)
def _terms(text: str) -> OptionTerms:
    wanted = text.strip().upper()
    if _OSI_FORM.fullmatch(wanted):
        return OptionTerms(Symbology.OSI, *osi.parse(wanted))
    if deribit_names.is_option(wanted):
        return OptionTerms(Symbology.DERIBIT, *deribit_names.parse(wanted))
    matched = _TYPED.fullmatch(" ".join(wanted.split()))
    if matched is None:
        other = deribit_names.kind(wanted) if "-" in wanted or "_" in wanted else None
        raise InvalidValueError("symbol", repr(text) if other is None else f"{text!r}, a {other}", _EXAMPLES)
    letter = matched["letter"] or matched["letter_first"]
    strike = matched["strike"] or matched["strike_last"]
    key = osi.format(matched["root"], _typed_date(matched), letter, Decimal(strike))
    return OptionTerms(Symbology.OSI, *osi.parse(key))


@lru_cache(maxsize=_REMEMBERED)
def resolve(text: str) -> str:
    """The key of an option written in any accepted form: 21 characters, or Deribit's name."""
    return _key(text)


@lru_cache(maxsize=_REMEMBERED)
def _key(text: str) -> str:
    return terms(text).key


@lru_cache(maxsize=_REMEMBERED)
def security(text: str) -> str:
    """The key of what an order names: an option in any accepted form, or the symbol of a share in any letter case.

    Whether there is such a share, only a feed can tell. Raises InvalidValueError for anything else.
    """
    try:
        return resolve(text)
    except InvalidValueError:
        symbol = text.strip().upper()
        if is_share(symbol):
            return symbol
        raise InvalidValueError("symbol", repr(text), f"the symbol of a share, or {_EXAMPLES}") from None


@lru_cache(maxsize=_REMEMBERED)
def is_share(symbol: str) -> bool:
    """Whether a key is written as the symbol of a share is: ORBIT, BRK.B."""
    return _SHARE.fullmatch(symbol) is not None


def is_option(text: str) -> bool:
    """Whether the text is an option in one of the accepted forms."""
    try:
        terms(text)
    except InvalidValueError:
        return False
    return True


def _typed_date(matched: re.Match[str]) -> date:
    if matched["iso"]:
        written = matched["iso"]
        year, month, day = (int(part) for part in written.split("-"))
    else:
        written = f"{matched['day']}{matched['month']}{matched['year']}"
        if matched["month"] not in deribit_names.MONTHS:
            raise InvalidValueError("month", repr(matched["month"]), f"one of {', '.join(deribit_names.MONTHS)}")
        day, month = int(matched["day"]), deribit_names.MONTHS.index(matched["month"]) + 1
        year = int(matched["year"]) + (2000 if len(matched["year"]) == 2 else 0)
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidValueError("expiry", repr(written), "a calendar date such as 16JAN26") from None
