"""The told feed with shares of TESTI beside its options, and an index that nobody can trade."""

from __future__ import annotations

from dataclasses import dataclass, field

from steady_feed import START
from told_feed import ToldFeed, first_quotes

from optionix_core.errors import RefusedError, UnknownNameError
from optionix_core.market.instruments import Share
from optionix_core.market.quote import Quote

SHARE = "TESTI"
INDEX = "TINDEX"


def _with_shares() -> list[Quote]:
    touch = {"bid": 99.98, "ask": 100.02, "bid_size": 700, "ask_size": 500}
    index = Quote(INDEX, "told", START, START, last=4000.0)
    return [*first_quotes(), Quote(SHARE, "told", START, START, **touch), index]  # type: ignore[arg-type]


@dataclass
class ShareFeed(ToldFeed):
    """TESTI itself stands at 99.98 x 100.02, 700 and 500 shares displayed."""

    quotes: list[Quote] = field(default_factory=_with_shares)

    def share(self, symbol: str) -> Share:
        """Of TESTI; the index is refused."""
        if symbol == INDEX:
            raise RefusedError("tradable", f"{symbol} is an index, which nobody can hold")
        if symbol != SHARE:
            raise UnknownNameError("symbol", symbol)
        return Share(SHARE, "USD")

    def quote(self, symbol: str, moment: object) -> Quote:
        """The last one at or before `moment`, of shares too."""
        if symbol in (SHARE, INDEX):
            return [one for one in self.quotes if one.symbol == symbol and one.received_at <= moment][-1]
        return super().quote(symbol, moment)  # type: ignore[arg-type]
