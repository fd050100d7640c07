"""What can be traded and held: listed options and shares, each with one key.

The key of an option is its 21-character OSI symbol (root padded to six characters), or its exchange's
own name where it has no OSI symbol (Deribit). The root is part of the key: SPX and SPXW of one date
are different instruments. The key of a share (a stock, a fund) is its symbol. An index has no key here: it is
quoted, and nobody can hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

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


_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Share:
    """A stock, or a share of a fund: what it has in common with an option has the same name."""

    symbol: str
    currency: str
    """What its price is in."""
    tick: Decimal = Decimal("0.0001")
    """Smallest price step where the table of shares tells no coarser one."""

    @property
    def underlying(self) -> str:
        """Itself."""
        return self.symbol

    @property
    def multiplier(self) -> Decimal:
        """One: a price is that of one share."""
        return _ONE

    @property
    def expires_at(self) -> None:
        """Never."""
        return

    @property
    def inverse(self) -> bool:
        """No share is paid in itself."""
        return False

    @property
    def label(self) -> str:
        """As a trader writes it: `ORBIT`."""
        return self.symbol


Security = Instrument | Share
"""What an order may name."""
