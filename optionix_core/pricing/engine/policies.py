"""American options by simulation, as a method of the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable

from optionix_core.pricing.engine.result import Outcome, Request

DATES = {"fast": 25, "standard": 50, "high": 200}
"""Exercise dates, by accuracy, where no steps are asked for."""
MISSING = "simulation with an exercise policy gives delta alone, where paths move in proportion to the spot"


class Cancelling(threading.Event):
    """An event that asks a function whether it is set."""

    def __init__(self, cancel: Callable[[], bool]) -> None:
        super().__init__()
        self._asked = cancel

    def is_set(self) -> bool:
        """Whether the work shall end."""
        return self._asked() or super().is_set()


def longstaff_schwartz(request: Request) -> Outcome:
    """`LongstaffSchwartz`: a lower bound by exercise at equally spaced dates, with its standard error."""
    from optionix_core.pricing.monte_carlo.longstaff_schwartz import FEWEST_PATHS, LongstaffSchwartz

    settings = request.settings
    found = LongstaffSchwartz(
        paths=max(settings.paths + settings.paths % 2, FEWEST_PATHS),
        exercise_dates=settings.steps or DATES[settings.accuracy],
        seed=settings.seed,
    ).price(
        request.contract,
        request.model,
        request.market,
        request.progress,
        None if request.cancel is None else Cancelling(request.cancel),
    )
    greeks = {"delta": found.delta} if found.delta is not None and "delta" in request.greeks else {}
    missing = MISSING if set(request.greeks) - greeks.keys() else ""
    return Outcome(found.price, greeks, standard_error=found.standard_error, missing=missing, text=found.method)
