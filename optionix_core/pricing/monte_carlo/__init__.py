"""Simulation of paths and of what contracts pay along them.

Results depend on the seed alone: neither the number of workers nor the order of blocks changes a bit.
"""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "GreekEstimate": f"{__name__}.result",
        "MonteCarloResult": f"{__name__}.result",
        "MonteCarloSimulator": f"{__name__}.simulator",
        "paths": f"{__name__}.paths",
        "simulate": f"{__name__}.paths",
        "simulate_with_variance": f"{__name__}.paths",
    },
)
