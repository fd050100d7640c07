"""The compiled kernels of American options."""

from __future__ import annotations

from optionix_core.pricing._compile import KernelLibrary

_ROOM = "optionix_core.pricing"
KERNELS = KernelLibrary(
    f"{_ROOM}._american_loops",
    formulas=(
        f"{_ROOM}._lanes",
        f"{_ROOM}._american_lanes",
        f"{_ROOM}._american_sweeps",
        f"{_ROOM}._american_record",
        f"{_ROOM}._american_boundary",
        f"{_ROOM}._american_premium",
        f"{_ROOM}._american_grid",
    ),
    lanes=(f"{_ROOM}._lanes", f"{_ROOM}._american_lanes", f"{_ROOM}._american_sweeps", f"{_ROOM}._american_premium"),
)
