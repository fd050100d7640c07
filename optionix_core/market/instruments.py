"""What can be held: listed options and underlyings, each with one key.

The key of an option is its 21-character OSI symbol (root padded to six characters), or its exchange's
own name where it has no OSI symbol (Deribit). The root is part of the key: SPX and SPXW of one date
are different instruments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from optionix_core.market.chain import ExerciseStyle, Settlement
from optionix_core.market.option_type import OptionType


@dataclass(frozen=True, slots=True)
class Instrument:
    """A listed option."""

    symbol: str
    """The key, see the module."""
    root: str
    underlying: str
    expiry: date
    expires_at: datetime
    """The settlement moment (UTC)."""
    option_type: OptionType
    strike: Decimal
    multiplier: Decimal
    """Units of the underlying per contract."""
    currency: str
    """What its price is in; the coin for inverse options."""
    exercise: ExerciseStyle
    settlement: Settlement
    inverse: bool = False
    tick: Decimal = Decimal("0.01")
    """Smallest price step where it is not told by a tick table."""

    @property
    def label(self) -> str:
        """As a trader writes it: `ORBIT 16JAN26 230 C`."""
        return _label(self.root, self.expiry, self.strike, self.option_type.letter)


@lru_cache(maxsize=4096)
def _label(root: str, expiry: date, strike: Decimal, letter: str) -> str:
    return f"{root} {expiry:%d%b%y} {format(strike.normalize(), 'f')} {letter}".upper()
