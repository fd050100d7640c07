"""Contracts, formulas and implied volatility.

Scalar calls need neither numpy nor a compiler; array calls load both on first use.
"""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "CashDividends": f"{__name__}.dividends",
        "InputFault": f"{__name__}.status",
        "ProportionalDividends": f"{__name__}.dividends",
        "VolatilityStatus": f"{__name__}.status",
        "black_scholes": f"{__name__}.black_scholes",
        "dividends": f"{__name__}.dividends",
        "implied_volatility": f"{__name__}.implied_volatility",
        "status": f"{__name__}.status",
    },
)
