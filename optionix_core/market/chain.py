"""An option chain as arrays: what a source quoted at one moment, nothing solved and nothing left out.

A chain holds every row that the source gave, good or bad; judging quotes is the volatility room's
work. Absent numbers are nan, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

Settlement = Literal["AM", "PM"]
ExerciseStyle = Literal["european", "american"]


@dataclass(frozen=True, slots=True, eq=False)
class QuoteColumns:
    """One side (calls or puts) of a slice: arrays of shape (strikes,), nan where the source gave nothing."""

    symbols: tuple[str | None, ...]
    """Instrument keys; None where the side has no instrument at that strike."""
    bid: FloatArray
    ask: FloatArray
    bid_size: FloatArray
    ask_size: FloatArray
    last: FloatArray
    volume: FloatArray
    open_interest: FloatArray
    vendor_iv: FloatArray
    """The source's own implied volatility as a fraction; nan where it was not computed (a zero in the file)."""
    vendor_delta: FloatArray
    quoted_at: FloatArray
    """Exchange time of each quote in POSIX seconds; nan where the source gives none."""


@dataclass(frozen=True, slots=True, eq=False)
class ChainSlice:
    """All strikes of one root and expiry."""

    root: str
    """Part of the key: SPX (AM settled) and SPXW (PM settled) of one date are two slices."""
    expiry: date
    expires_at: datetime
    """The settlement moment in UTC, from which time to expiry is counted."""
    settlement: Settlement
    exercise: ExerciseStyle
    multiplier: float
    """Units of the underlying per contract."""
    inverse: bool
    """Prices are in coins of the underlying (Deribit), not in its quote currency."""
    strikes: FloatArray
    """Ascending, shape (strikes,)."""
    call: QuoteColumns
    put: QuoteColumns
    underlying_price: float | None = None
    """The source's own forward or future price for this expiry, where it gives one."""


@dataclass(frozen=True, slots=True, eq=False)
class OptionChain:
    """A whole chain at one moment."""

    underlying: str
    source: str
    """Feed or file that it came from."""
    as_of: datetime
    """The moment that the quotes are of (UTC): the last session's close for a file saved at a weekend."""
    spot: float | None
    """Last price of the underlying as the source gave it."""
    currency: str
    slices: tuple[ChainSlice, ...]
    """Ordered by expiry moment, then root."""
    received_at: datetime | None = None
    """When the source was read or the file was saved (UTC), where known."""
    spot_change: float | None = None
    """Change of the underlying on the day, in price, where the source gives it."""

    @property
    def expiries(self) -> tuple[date, ...]:
        """Distinct expiry dates in order."""
        return tuple(dict.fromkeys(item.expiry for item in self.slices))

    @property
    def row_count(self) -> int:
        """Number of quotes, calls and puts counted apart."""
        return sum(
            sum(symbol is not None for symbol in side.symbols) for item in self.slices for side in (item.call, item.put)
        )

    def only(self, expiry: date, root: str | None = None) -> OptionChain:
        """The same chain with the slices of one expiry (and root) alone; empty if there is none."""
        kept = tuple(item for item in self.slices if item.expiry == expiry and root in (None, item.root))
        return replace(self, slices=kept)
