"""What a book may lose: value at risk and its backtests, expected shortfall, from profits and losses of scenarios.

The whole book in scenarios: `revalue(RiskBook, ScenarioSet)`. What it needs as margin: `margin`. `value_at_risk`,
`expected_shortfall` and `backtest` are modules: `risk.backtest.kupiec(3, 250, 0.01)`.
"""

from __future__ import annotations

from optionix_core._lazy import lazy_names

_ROOM = "optionix_core.risk"

__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "Position": f"{_ROOM}.book",
        "RateShocks": f"{_ROOM}.scenarios",
        "RiskBook": f"{_ROOM}.book",
        "ScenarioSet": f"{_ROOM}.scenarios",
        "UnderlyingShocks": f"{_ROOM}.scenarios",
        "attribution": f"{_ROOM}.attribution",
        "backtest": f"{_ROOM}.backtest",
        "concentration": f"{_ROOM}.concentration",
        "expected_shortfall": f"{_ROOM}.expected_shortfall",
        "greeks": f"{_ROOM}.greeks",
        "liquidity": f"{_ROOM}.liquidity",
        "margin": f"{_ROOM}.margin",
        "performance": f"{_ROOM}.performance",
        "revalue": f"{_ROOM}.revaluation",
        "reverse_stress": f"{_ROOM}.reverse_stress",
        "scenario_builders": f"{_ROOM}.scenario_builders",
        "stress": f"{_ROOM}.stress",
        "value_at_risk": f"{_ROOM}.value_at_risk",
    },
)
