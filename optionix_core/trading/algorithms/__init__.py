"""Execution algorithms: one parent order, worked as many slices over a stretch of time."""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "AlgoKind": "optionix_core.trading.algorithms.parent",
        "CatchUp": "optionix_core.trading.algorithms.parent",
        "Costs": "optionix_core.trading.algorithms.costs",
        "Impact": "optionix_core.trading.algorithms.almgren_chriss",
        "ParentOrder": "optionix_core.trading.algorithms.parent",
        "Schedule": "optionix_core.trading.algorithms.schedule",
        "Style": "optionix_core.trading.algorithms.parent",
        "plan": "optionix_core.trading.algorithms.planner",
        "schedule_of": "optionix_core.trading.algorithms.schedule",
    },
)
