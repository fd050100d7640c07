"""Values of the market: instruments, calendars, quotes, chains, curves and the Market snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.market import (
        deribit_names,
        expirations,
        osi,
        products,
        sessions,
        symbols,
        units,
    )
    from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns
    from optionix_core.market.clock import Clock, ManualClock, SystemClock
    from optionix_core.market.curves import DiscountCurve, ForwardCurve
    from optionix_core.market.expirations import Expiration, ListingPattern
    from optionix_core.market.instrument_master import instrument
    from optionix_core.market.instruments import Instrument
    from optionix_core.market.option_type import OptionType
    from optionix_core.market.products import Product, TickRule
    from optionix_core.market.protocols import FeedState, LocalVolatilityFunction, QuoteSource, VolatilityFunction
    from optionix_core.market.quote import Quote
    from optionix_core.market.snapshot import Market

_ROOM = "optionix_core.market"
_HOMES = {
    "chain": ("ChainSlice", "OptionChain", "QuoteColumns"),
    "clock": ("Clock", "ManualClock", "SystemClock"),
    "curves": ("DiscountCurve", "ForwardCurve"),
    "expirations": ("Expiration", "ListingPattern", "expirations"),
    "instrument_master": ("instrument",),
    "instruments": ("Instrument",),
    "option_type": ("OptionType",),
    "products": ("Product", "TickRule", "products"),
    "protocols": ("FeedState", "LocalVolatilityFunction", "QuoteSource", "VolatilityFunction"),
    "quote": ("Quote",),
    "snapshot": ("Market",),
    "deribit_names": ("deribit_names",),
    "osi": ("osi",),
    "sessions": ("sessions",),
    "symbols": ("symbols",),
    "units": ("units",),
}

__all__ = [
    "ChainSlice",
    "Clock",
    "DiscountCurve",
    "Expiration",
    "FeedState",
    "ForwardCurve",
    "Instrument",
    "ListingPattern",
    "LocalVolatilityFunction",
    "ManualClock",
    "Market",
    "OptionChain",
    "OptionType",
    "Product",
    "Quote",
    "QuoteColumns",
    "QuoteSource",
    "SystemClock",
    "TickRule",
    "VolatilityFunction",
    "deribit_names",
    "expirations",
    "instrument",
    "osi",
    "products",
    "sessions",
    "symbols",
    "units",
]

__getattr__, __dir__ = lazy_names(
    _ROOM, {name: f"{_ROOM}.{module}" for module, names in _HOMES.items() for name in names}
)
