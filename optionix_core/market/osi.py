"""The 21-character OSI symbol of a listed option: root, date, call or put, strike.

    ORBIT 260116C00230000
    root padded to six, yymmdd, C or P, strike in thousandths as eight digits

Writing is exact or an error: a strike that the eight digits cannot hold is never rounded.
Source: OCC, Options Symbology Initiative (2010), symbol format.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType

ROOT_WIDTH = 6
SYMBOL_WIDTH = 21
HIGHEST_STRIKE = Decimal("99999.999")
STRIKE_STEP = Decimal("0.001")

_ROOT = re.compile(r"[A-Z0-9]{1,6}")
_TAIL = re.compile(r"(\d{2})(\d{2})(\d{2})([CP])(\d{8})", re.ASCII)
_TAIL_WIDTH = 15
_REMEMBERED: Final = 16384
"""Symbols whose reading is kept: one order asks for the same few dozens of times."""


class OsiSymbol(NamedTuple):
    """What an OSI symbol says."""

    root: str
    """Trading class, unpadded: SPX and SPXW are different roots."""
    expiry: date
    """The date in the symbol: a Saturday for standard contracts before February 2015."""
    option_type: OptionType
    strike: Decimal
    """Exact, in the underlying's currency."""

    @property
    def key(self) -> str:
        """The 21-character symbol."""
        return format(self.root, self.expiry, self.option_type, self.strike)


def parse(text: str) -> OsiSymbol:
    """Read a symbol, padded (21 characters) or unpadded (`ORBIT260116C00230000`), any letter case.

    Raises InvalidValueError naming the part that is wrong.
    """
    return _parsed(text)


@lru_cache(maxsize=_REMEMBERED)
def _parsed(text: str) -> OsiSymbol:
    # Letters of other scripts may turn into ours when raised: a dotless i into I, a long s into S.
    symbol = text.strip().upper() if text.isascii() else ""
    root, tail = symbol[:-_TAIL_WIDTH].rstrip(" "), symbol[-_TAIL_WIDTH:]
    matched = _TAIL.fullmatch(tail)
    if matched is None or not root:
        raise InvalidValueError("symbol", repr(text), "an OSI symbol: root, yymmdd, C or P, strike as 8 digits")
    if len(symbol) > SYMBOL_WIDTH or (len(symbol) < SYMBOL_WIDTH and len(root) + _TAIL_WIDTH != len(symbol)):
        raise InvalidValueError("symbol", repr(text), "padded to exactly 21 characters, or not padded at all")
    _check_root(root)
    year, month, day, letter, thousandths = matched.groups()
    try:
        expiry = date(2000 + int(year), int(month), int(day))
    except ValueError:
        raise InvalidValueError("expiry", repr(year + month + day), "a calendar date as yymmdd") from None
    strike = Decimal(int(thousandths)).scaleb(-3)
    if strike <= 0:
        raise InvalidValueError("strike", strike, "positive")
    return OsiSymbol(root, expiry, OptionType.CALL if letter == "C" else OptionType.PUT, _plain(strike))


def format(root: str, expiry: date, option_type: object, strike: Decimal | float | str) -> str:  # noqa: A001 - the field's word for it
    """The 21-character symbol.

    `option_type` is whatever OptionType.of takes. `strike` may be any exact number from 0.001 to
    99999.999 in steps of 0.001; a float counts as the decimal that it prints as. Raises
    InvalidValueError naming field, value and bound.
    """
    root = root.strip().upper() if root.isascii() else root
    _check_root(root)
    if not 2000 <= expiry.year <= 2099:
        raise InvalidValueError("expiry", expiry, "between 2000-01-01 and 2099-12-31")
    letter = OptionType.of(option_type).letter
    return f"{root:<{ROOT_WIDTH}}{expiry:%y%m%d}{letter}{_thousandths(strike):08d}"


def _check_root(root: str) -> None:
    if _ROOT.fullmatch(root) is None:
        raise InvalidValueError("root", repr(root), "1 to 6 letters and digits")


def _thousandths(strike: Decimal | float | str) -> int:
    try:
        exact = strike if isinstance(strike, Decimal) else Decimal(str(strike))
    except InvalidOperation:
        raise InvalidValueError("strike", repr(strike), "a number") from None
    if not exact.is_finite() or not STRIKE_STEP <= exact <= HIGHEST_STRIKE:
        raise InvalidValueError("strike", strike, f"between {STRIKE_STEP} and {HIGHEST_STRIKE}")
    scaled = exact.scaleb(3)
    whole = int(scaled)
    if whole != scaled:
        raise InvalidValueError("strike", strike, f"a multiple of {STRIKE_STEP}")
    return whole


def _plain(strike: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent: 230, 37.5."""
    short = strike.normalize()
    return short if short.as_tuple().exponent in (0, -1, -2, -3) else short.quantize(Decimal(1))
