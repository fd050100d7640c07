"""The simulated venue: a market that is an exact function of a seed and a moment.

It exists so that the workstation is whole without account, key or network. Nothing is stored and
nothing is replayed: any process that asks for the same seed, symbol and moment gets the same quote.
It refuses to pass for a real market: its underlyings bear invented names and its state is SIM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.feeds.simulated.smile import SimulatedSmile
    from optionix_core.feeds.simulated.venue import SimulatedFeed

__all__ = ["SimulatedFeed", "SimulatedSmile"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "SimulatedFeed": "optionix_core.feeds.simulated.venue",
        "SimulatedSmile": "optionix_core.feeds.simulated.smile",
    },
)
