"""Named strategies: recognised, found in a book, built, valued at expiry and before it, priced as one, rolled."""

from __future__ import annotations

from optionix_core._lazy import lazy_names

_ROOM = "optionix_core.portfolio.strategies"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Held": f"{_ROOM}.grouping",
        "Leg": f"{_ROOM}.values",
        "Strategy": f"{_ROOM}.values",
        "at_expiry": f"{_ROOM}.payoff",
        "build": f"{_ROOM}.building",
        "catalogue": f"{_ROOM}.catalogue",
        "combination_price": f"{_ROOM}.prices",
        "group": f"{_ROOM}.grouping",
        "listed": f"{_ROOM}.selection",
        "model": f"{_ROOM}.model",
        "moved": f"{_ROOM}.rolling",
        "net_price": f"{_ROOM}.prices",
        "probability": f"{_ROOM}.probability",
        "recognise": f"{_ROOM}.recognition",
        "roll": f"{_ROOM}.rolling",
        "select": f"{_ROOM}.selection",
    },
)
