"""Backtests: whether value at risk and expected shortfall did what they said.

`backtest.kupiec(exceptions, observations, probability)`; every result has `statistic`, `p_value` and what was observed.
"""

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.risk.backtest.comparison import (
        ComparisonTest,
        diebold_mariano,
        joint_loss,
        quantile_loss,
    )
    from optionix_core.risk.backtest.coverage import (
        CoverageTest,
        Transitions,
        christoffersen_independence,
        christoffersen_joint,
        exceptions_of,
        kupiec,
        non_rejection_region,
        transitions_of,
    )
    from optionix_core.risk.backtest.nulls import (
        NormalLaw,
        PredictedSamples,
        StudentLaw,
    )
    from optionix_core.risk.backtest.rolling import Forecasts, rolling_forecasts
    from optionix_core.risk.backtest.shortfall import (
        ShortfallTest,
        acerbi_szekely_z1,
        acerbi_szekely_z2,
        cumulative_violations,
        mcneil_frey,
    )
    from optionix_core.risk.backtest.summary import Backtests, run_all
    from optionix_core.risk.backtest.zones import (
        TrafficLight,
        traffic_light,
    )

__all__ = [
    "Backtests",
    "ComparisonTest",
    "CoverageTest",
    "Forecasts",
    "NormalLaw",
    "PredictedSamples",
    "ShortfallTest",
    "StudentLaw",
    "TrafficLight",
    "Transitions",
    "acerbi_szekely_z1",
    "acerbi_szekely_z2",
    "christoffersen_independence",
    "christoffersen_joint",
    "cumulative_violations",
    "diebold_mariano",
    "exceptions_of",
    "joint_loss",
    "kupiec",
    "mcneil_frey",
    "non_rejection_region",
    "quantile_loss",
    "rolling_forecasts",
    "run_all",
    "traffic_light",
    "transitions_of",
]

_ROOM = "optionix_core.risk.backtest"

__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "Backtests": f"{_ROOM}.summary",
        "ComparisonTest": f"{_ROOM}.comparison",
        "CoverageTest": f"{_ROOM}.coverage",
        "Forecasts": f"{_ROOM}.rolling",
        "NormalLaw": f"{_ROOM}.nulls",
        "PredictedSamples": f"{_ROOM}.nulls",
        "ShortfallTest": f"{_ROOM}.shortfall",
        "StudentLaw": f"{_ROOM}.nulls",
        "TrafficLight": f"{_ROOM}.zones",
        "Transitions": f"{_ROOM}.coverage",
        "acerbi_szekely_z1": f"{_ROOM}.shortfall",
        "acerbi_szekely_z2": f"{_ROOM}.shortfall",
        "christoffersen_independence": f"{_ROOM}.coverage",
        "christoffersen_joint": f"{_ROOM}.coverage",
        "cumulative_violations": f"{_ROOM}.shortfall",
        "diebold_mariano": f"{_ROOM}.comparison",
        "exceptions_of": f"{_ROOM}.coverage",
        "joint_loss": f"{_ROOM}.comparison",
        "kupiec": f"{_ROOM}.coverage",
        "mcneil_frey": f"{_ROOM}.shortfall",
        "non_rejection_region": f"{_ROOM}.coverage",
        "quantile_loss": f"{_ROOM}.comparison",
        "rolling_forecasts": f"{_ROOM}.rolling",
        "run_all": f"{_ROOM}.summary",
        "traffic_light": f"{_ROOM}.zones",
        "transitions_of": f"{_ROOM}.coverage",
    },
)
