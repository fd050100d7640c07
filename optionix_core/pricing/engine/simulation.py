"""Simulation as a method of the engine: steps by accuracy, a control where the scheme keeps its mean, Greeks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.engine.offers import Offer, offered
from optionix_core.pricing.engine.result import Outcome, Request

STEPS = {"fast": 50, "standard": 100, "high": 400}
"""Up to expiry where a scheme or continuous watching needs small steps, by accuracy."""
PIECES = 1000
"""Of the work, as `progress` hears it."""
MISSING_OF_SEVERAL = "several underlyings have several deltas and vegas: this method gives none"


def along_paths(request: Request) -> Outcome:
    """`MonteCarloSimulator` on one underlying; Greeks on the price's own paths, each with its standard error."""
    has = offered(request.model)
    names = ["delta", "gamma", "rho"]
    if not has.isdisjoint((Offer.LOGNORMAL, Offer.JUMPS)):
        names.append("vega")
    if Offer.REVERSION not in has:
        names.append("epsilon")
    return _simulated(
        request, tuple(name for name in request.greeks if name in names), f"simulation gives {', '.join(names)}"
    )


def at_expiry(request: Request) -> Outcome:
    """`MonteCarloSimulator` on several underlyings."""
    return _simulated(request, (), MISSING_OF_SEVERAL)


def _simulated(request: Request, names: tuple[str, ...], why: str) -> Outcome:
    from optionix_core.pricing.monte_carlo.simulator import MonteCarloSimulator

    settings = request.settings

    def run(*, controlled: bool) -> Any:
        return MonteCarloSimulator(
            paths=settings.paths,
            steps=settings.steps or STEPS[settings.accuracy],
            seed=settings.seed,
            control_variate=controlled,
        ).price(request.contract, request.model, request.market, names, _fraction(request.progress), request.cancel)

    try:
        found = run(controlled=True)
    except InvalidValueError as error:
        if error.field != "control_variate":
            raise
        found = run(controlled=False)
    absent = [name for name in request.greeks if name not in names]
    return Outcome(
        found.price,
        {estimate.name: estimate.value for estimate in found.greeks},
        standard_error=found.standard_error,
        missing=f"{', '.join(absent)}: {why}" if absent else "",
        text=found.method if found.bias is None else f"{found.method}; bias: {found.bias}",
        greek_errors={estimate.name: estimate.standard_error for estimate in found.greeks},
    )


def _fraction(progress: Callable[[int, int], None] | None) -> Callable[[float], None] | None:
    if progress is None:
        return None
    heard = progress
    return lambda fraction: heard(int(fraction * PIECES), PIECES)
