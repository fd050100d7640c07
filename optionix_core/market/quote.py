"""One immutable quote of one instrument, bearing its source and its times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """The top of one instrument's book. What a source does not give is None, never zero."""

    symbol: str
    """The instrument's key: 21-character OSI symbol, Deribit name, or an underlying's own symbol."""
    source: str
    """Name of the feed, such as `sim` or `file:SPX_2023-02-07`."""
    received_at: datetime
    """When it reached us (UTC)."""
    exchange_time: datetime | None = None
    """When the exchange says it was made (UTC)."""
    bid: float | None = None
    """Price per unit of the underlying, in the instrument's currency (coins for inverse options)."""
    ask: float | None = None
    bid_size: int | None = None
    """Contracts shown at the bid."""
    ask_size: int | None = None
    last: float | None = None
    volume: int | None = None
    open_interest: int | None = None
    vendor_iv: float | None = None
    """The source's own implied volatility, a fraction; None where the source did not compute it."""

    @property
    def mid(self) -> float | None:
        """Half way between bid and ask; None unless both exist and do not cross."""
        if self.bid is None or self.ask is None or self.ask < self.bid:
            return None
        return 0.5 * (self.bid + self.ask)
