"""The compiled kernels of the SVI fit."""

from __future__ import annotations

from optionix_core.pricing._compile import KernelLibrary

_ROOM = "optionix_core.volatility.surface"
KERNELS = KernelLibrary(f"{_ROOM}._svi_loops", formulas=(f"{_ROOM}._svi_formulas", f"{_ROOM}._svi_steps"))
