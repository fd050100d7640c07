"""Prices by finite differences: the theta scheme in one dimension, alternating directions in two.

`FiniteDifferenceSolver().price(contract, model, market)` is all of it. Importing it loads no array library.
"""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "FiniteDifferenceResult": f"{__name__}.result",
        "FiniteDifferenceSolver": f"{__name__}.solver",
        "GridSlice": f"{__name__}.result",
    },
)
