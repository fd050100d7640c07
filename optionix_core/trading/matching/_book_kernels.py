"""The compiled kernel of the books."""

from __future__ import annotations

from optionix_core.pricing._compile import KernelLibrary

_ROOM = "optionix_core.trading.matching"
KERNELS = KernelLibrary(
    f"{_ROOM}._book_loops",
    formulas=(f"{_ROOM}._price_tree", f"{_ROOM}._book_steps", f"{_ROOM}._book_acts"),
)
