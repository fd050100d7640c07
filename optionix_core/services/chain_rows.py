"""The rows of one expiry of a chain: a strike with its call and its put, each with all figures that a face shows.

Numbers are natural units; what is absent is None, never nan and never zero.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.services.chain_smile import KeptFit, beyond, fitted_rows, row_gap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from optionix_core.market.chain import QuoteColumns
    from optionix_core.volatility.solved import SolvedColumns, SolvedSlice

    FloatArray = NDArray[np.float64]


class SideRow(NamedTuple):
    """One option of a row: its quote, and what it implies."""

    symbol: str | None
    bid: float | None
    ask: float | None
    bid_size: float | None
    ask_size: float | None
    mid: float | None
    iv: float | None
    """Fraction."""
    bid_iv: float | None
    ask_iv: float | None
    delta: float | None
    gamma: float | None
    vega: float | None
    """Per 1.00 of volatility."""
    theta: float | None
    """Per year."""
    volume: float | None
    open_interest: float | None
    vendor_iv: float | None
    quoted_at: float | None
    """Exchange time in POSIX seconds."""
    rejected: str | None
    """Why the quote has no volatility."""
    last: float | None = None
    """Price of the last trade."""
    value: float | None = None
    """Theoretical value: the price at the fitted smile's volatility, in the unit of the quotes."""
    beyond: float | None = None
    """By how much the quote lies beyond that value after its spread: positive rich, negative cheap, else zero."""
    probability: float | None = None
    """Of ending in the money, risk-neutral, by the smile."""

    @property
    def spread(self) -> float | None:
        """Ask less bid; None where one is absent."""
        return None if self.bid is None or self.ask is None else self.ask - self.bid

    @property
    def relative_spread(self) -> float | None:
        """The spread over the half of bid and ask, a fraction; None where that is not positive."""
        if self.bid is None or self.ask is None or self.bid + self.ask <= 0.0:
            return None
        return 2.0 * (self.ask - self.bid) / (self.ask + self.bid)


class ChainRow(NamedTuple):
    """A strike with its call and its put."""

    strike: float
    call: SideRow
    put: SideRow
    lint: str = ""
    """`rich .06`, `butterfly .03`: what is odd about its quotes net of the spread; empty where nothing is."""

    @property
    def sides(self) -> tuple[SideRow, SideRow]:
        """Call and put."""
        return self.call, self.put


def beside_smile(
    kept: KeptFit | str, item: SolvedSlice
) -> tuple[tuple[FloatArray, ...], tuple[FloatArray, ...], FloatArray | None]:
    """Value, amount beyond it and probability of each call and put; and what the lint of the rows goes by."""
    import numpy as np

    told = None if isinstance(kept, str) else fitted_rows(kept.surface, item)
    if told is None:
        nothing = np.full(item.source.strikes.shape, np.nan)
        return (nothing,) * 3, (nothing,) * 3, None
    call, put = item.source.call, item.source.put
    call_beyond = beyond(call.bid, call.ask, told.call_value)
    put_beyond = beyond(put.bid, put.ask, told.put_value)
    return (
        (told.call_value, call_beyond, told.above),
        (told.put_value, put_beyond, 1.0 - told.above),
        row_gap(item, call_beyond, put_beyond),
    )


def side_rows(quotes: QuoteColumns, solved: SolvedColumns, beside: tuple[FloatArray, ...]) -> map[SideRow]:
    """One side of an expiry out of its quotes, what they imply, and what the smile says beside them."""
    return map(
        SideRow,
        quotes.symbols,
        *(
            _optional(column)
            for column in (
                quotes.bid, quotes.ask, quotes.bid_size, quotes.ask_size,
                solved.mid, solved.iv, solved.bid_iv, solved.ask_iv,
                solved.delta, solved.gamma, solved.vega, solved.theta,
                quotes.volume, quotes.open_interest, quotes.vendor_iv, quotes.quoted_at,
            )
        ),
        [None if reason is None else str(reason) for reason in solved.rejected],
        *(_optional(column) for column in (quotes.last, *beside)),
    )  # fmt: skip


def _optional(column: FloatArray) -> list[float | None]:
    return [None if isnan(value) else value for value in column.tolist()]
