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
        "MonteCarloSimulator": f"{__name__}.monte_carlo.simulator",
        "PricingEngine": f"{__name__}.engine",
        "ProportionalDividends": f"{__name__}.dividends",
        "VolatilityStatus": f"{__name__}.status",
        "american": f"{__name__}.american",
        "asian": f"{__name__}.asian",
        "barrier": f"{__name__}.barrier",
        "black_scholes": f"{__name__}.black_scholes",
        "chooser": f"{__name__}.chooser",
        "compound": f"{__name__}.compound",
        "digital": f"{__name__}.digital",
        "dividends": f"{__name__}.dividends",
        "finite_difference": f"{__name__}.finite_difference",
        "fourier": f"{__name__}.fourier",
        "forward_start": f"{__name__}.forward_start",
        "implied_volatility": f"{__name__}.implied_volatility",
        "lookback": f"{__name__}.lookback",
        "merton": f"{__name__}.merton",
        "models": f"{__name__}.models",
        "quanto": f"{__name__}.quanto",
        "status": f"{__name__}.status",
        "two_asset": f"{__name__}.two_asset",
    },
)
