"""Orders, the pre-trade gate and venues."""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "GateLimits": "optionix_core.trading.gate",
        "OrderFold": "optionix_core.trading.fold",
        "OrderIntent": "optionix_core.trading.orders",
        "OrderResult": "optionix_core.trading.orders",
        "OrderState": "optionix_core.trading.orders",
        "PaperVenue": "optionix_core.trading.paper",
        "Side": "optionix_core.trading.orders",
        "gate": "optionix_core.trading.gate",
        "halts": "optionix_core.trading.halts",
        "venue": "optionix_core.trading.venue",
    },
)
