"""Backtests: whether value at risk and expected shortfall did what they said.

`backtest.kupiec(exceptions, observations, probability)`; every result has `statistic`, `p_value` and what was observed.
"""

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
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
    from optionix_core.risk.backtest.zones import TrafficLight, traffic_light

__all__ = [
    "CoverageTest",
    "TrafficLight",
    "Transitions",
    "christoffersen_independence",
    "christoffersen_joint",
    "exceptions_of",
    "kupiec",
    "non_rejection_region",
    "traffic_light",
    "transitions_of",
]

_ROOM = "optionix_core.risk.backtest"
_COVERAGE = f"{_ROOM}.coverage"

__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "CoverageTest": _COVERAGE,
        "TrafficLight": f"{_ROOM}.zones",
        "Transitions": _COVERAGE,
        "christoffersen_independence": _COVERAGE,
        "christoffersen_joint": _COVERAGE,
        "exceptions_of": _COVERAGE,
        "kupiec": _COVERAGE,
        "non_rejection_region": _COVERAGE,
        "traffic_light": f"{_ROOM}.zones",
        "transitions_of": _COVERAGE,
    },
)
