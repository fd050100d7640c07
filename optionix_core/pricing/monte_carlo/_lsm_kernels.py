"""The compiled loops of Longstaff and Schwartz's method."""

from __future__ import annotations

from optionix_core.pricing._compile import KernelLibrary

_ROOM = "optionix_core.pricing.monte_carlo"
KERNELS = KernelLibrary(
    loops=f"{_ROOM}._lsm_loops",
    formulas=("optionix_core.pricing._lanes", f"{_ROOM}._lsm_columns"),
    lanes=("optionix_core.pricing._lanes", f"{_ROOM}._lsm_columns"),
)
