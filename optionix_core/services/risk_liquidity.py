"""Cost and time to close a book at the quotes that it was built from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optionix_core.risk.liquidity import Liquidity
    from optionix_core.services.risk_book import BuiltBook


def closing_of(built: BuiltBook, takes_per_day: float, spread_factor: float = 1.0) -> Liquidity:
    """See `liquidity.closing`; quotes are those of the feed at the book's moment."""
    from optionix_core.risk.liquidity import ClosingQuote, closing

    quotes = {name: ClosingQuote(*touch) for name, touch in built.touches.items()}
    return closing(built.book, quotes, takes_per_day, spread_factor)
