"""Value at risk: by past or simulated scenarios, by formula, and in parts that add up. Losses are positive.

`value_at_risk.historical(pnl, 0.99)`, `value_at_risk.parametric(values, covariance, 0.99)`.
"""

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.risk.value_at_risk.delta_normal import ParametricRisk, parametric
    from optionix_core.risk.value_at_risk.intervals import (
        Interval,
        bootstrap_intervals,
        quantile_interval,
        shortfall_interval,
    )
    from optionix_core.risk.value_at_risk.scenario_tails import (
        TailEstimate,
        age_weighted,
        estimate,
        filtered,
        historical,
    )

__all__ = [
    "Interval",
    "ParametricRisk",
    "TailEstimate",
    "age_weighted",
    "bootstrap_intervals",
    "estimate",
    "filtered",
    "historical",
    "parametric",
    "quantile_interval",
    "shortfall_interval",
]

_ROOM = "optionix_core.risk.value_at_risk"

__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "Interval": f"{_ROOM}.intervals",
        "ParametricRisk": f"{_ROOM}.delta_normal",
        "TailEstimate": f"{_ROOM}.scenario_tails",
        "age_weighted": f"{_ROOM}.scenario_tails",
        "bootstrap_intervals": f"{_ROOM}.intervals",
        "estimate": f"{_ROOM}.scenario_tails",
        "filtered": f"{_ROOM}.scenario_tails",
        "historical": f"{_ROOM}.scenario_tails",
        "parametric": f"{_ROOM}.delta_normal",
        "quantile_interval": f"{_ROOM}.intervals",
        "shortfall_interval": f"{_ROOM}.intervals",
    },
)
