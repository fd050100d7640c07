"""Optionix engine: pricing, volatility, feeds, ledger and trading; usable alone in a notebook.

Rooms resolve on first use, so that `import optionix_core` loads no numpy and no compiler.
"""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        name: f"{__name__}.{name}"
        for name in (
            "errors",
            "feeds",
            "market",
            "portfolio",
            "pricing",
            "services",
            "storage",
            "sync",
            "trading",
            "volatility",
        )
    },
)
