"""The compiled kernels of simulation. Importing it costs nothing: the compiler loads with the first kernel."""

from __future__ import annotations

from optionix_core.pricing._compile import KernelLibrary

_LANES = (
    "optionix_core.pricing._lanes",
    "optionix_core.pricing.monte_carlo._philox",
    "optionix_core.pricing.monte_carlo._quantile",
    "optionix_core.pricing.monte_carlo._sobol",
    "optionix_core.pricing.monte_carlo._schemes",
    "optionix_core.pricing.monte_carlo._observers",
    "optionix_core.pricing.monte_carlo._stepping",
    "optionix_core.pricing.monte_carlo._several",
)

KERNELS = KernelLibrary(
    loops="optionix_core.pricing.monte_carlo._path_loops",
    formulas=("optionix_core.pricing.monte_carlo._layout", *_LANES),
    lanes=(*_LANES, "optionix_core.pricing.monte_carlo._path_loops"),
)

_MOVED = (
    "optionix_core.pricing._lanes",
    "optionix_core.pricing.monte_carlo._philox",
    "optionix_core.pricing.monte_carlo._schemes",
)
PARTICLES = KernelLibrary(
    loops="optionix_core.pricing.monte_carlo._particle_loops",
    formulas=("optionix_core.pricing.monte_carlo._layout", *_MOVED),
    lanes=(*_MOVED, "optionix_core.pricing.monte_carlo._particle_loops"),
)
"""Of particles, step by step."""
