"""Margin by several regimes: strategy based, portfolio (TIMS style), SPAN style and Deribit style.

A book is a `MarginBook` of `MarginPosition`s. `compare` asks every regime; `requirement` one by its name;
`strategy_based`, `portfolio_margin`, `span_style` and `deribit_style` each with its own arguments. What equity makes of
it (health, margin calls, liquidation prices, what-if) is in `account`.
"""

from __future__ import annotations

from optionix_core._lazy import lazy_names

_ROOM = "optionix_core.risk.margin"

__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "Comparison": f"{_ROOM}.comparison",
        "DeribitMargin": f"{_ROOM}.deribit",
        "DeribitRules": f"{_ROOM}.deribit",
        "MarginBook": f"{_ROOM}.book",
        "MarginClass": f"{_ROOM}.book",
        "MarginParameters": f"{_ROOM}.parameters",
        "MarginPosition": f"{_ROOM}.book",
        "PortfolioMargin": f"{_ROOM}.portfolio",
        "SpanMargin": f"{_ROOM}.span",
        "StrategyMargin": f"{_ROOM}.strategy",
        "StrategyRules": f"{_ROOM}.rules",
        "account": f"{_ROOM}.account",
        "compare": f"{_ROOM}.comparison",
        "deribit_style": f"{_ROOM}.deribit",
        "exposure_after_expiry": f"{_ROOM}.expiring",
        "from_risk_book": f"{_ROOM}.book",
        "health": f"{_ROOM}.account",
        "liquidation_prices": f"{_ROOM}.account",
        "parameters": f"{_ROOM}.parameters",
        "portfolio_margin": f"{_ROOM}.portfolio",
        "requirement": f"{_ROOM}.comparison",
        "room": f"{_ROOM}.account",
        "span_style": f"{_ROOM}.span",
        "strategy_based": f"{_ROOM}.strategy",
        "what_if": f"{_ROOM}.account",
    },
)
