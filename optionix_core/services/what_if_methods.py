"""One contract by every method that fits, side by side: price, error, time, or why there is no price.

Every method is run anew, so that its time is its own; a quick one twice, since its first run loads its kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import DomainError, InterruptedByUserError
from optionix_core.services import contract_pricing
from optionix_core.services.what_if import request

if TYPE_CHECKING:
    from optionix_core.pricing.engine.engine import PricingEngine
    from optionix_core.pricing.engine.result import PricingResult
    from optionix_core.services.contract_pricing import Asked
    from optionix_core.services.price_options import PriceOptions
    from optionix_core.services.what_if import Cancel, Progress

QUICK = 0.5
"""Seconds within which a method is timed twice."""


class MethodRow(NamedTuple):
    """A method beside the others."""

    id: str
    text: str
    price: float | None
    error: float | None
    """Standard error, or the method's own bound; None where neither is known."""
    simulated: bool
    """Whether `error` is a standard error."""
    seconds: float | None
    failure: str
    """Why there is no price; or why no error is known."""


def methods(
    options: PriceOptions,
    timer: Callable[[], float],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> tuple[MethodRow, ...]:
    """The price by every method that fits, nothing from a cache, timed by `timer` (seconds).

    A method that fails says why, and the others go on. Raises what the engine raises before a method is called, and
    InterruptedByUserError where cancelled.
    """
    from optionix_core.pricing.engine.engine import PricingEngine

    asked, engine = request(options._replace(method=None)), PricingEngine(0)
    fitting = engine.methods(asked.contract, asked.model, asked.market)
    if not fitting:
        contract_pricing.price(asked)  # says why nothing does
    rows = []
    for place, (method, text) in enumerate(fitting):
        if cancel is not None and cancel():
            raise InterruptedByUserError("the comparison of methods was cancelled")
        if progress is not None:
            progress(place, len(fitting))
        try:
            found, seconds = _timed(engine, asked, method, timer, cancel)
        except DomainError as error:
            rows.append(MethodRow(method, text, None, None, simulated=False, seconds=None, failure=str(error)))
            continue
        simulated = found.standard_error is not None
        bound = found.standard_error if simulated else found.error_bound
        rows.append(MethodRow(method, found.method.text, found.price, bound, simulated, seconds, found.error_unknown))
    return tuple(rows)


def _timed(
    engine: PricingEngine, asked: Asked, method: str, timer: Callable[[], float], cancel: Cancel | None
) -> tuple[PricingResult, float]:
    """The result of one method and its seconds; a quick one runs again, its first run having loaded kernels."""
    spent = []
    for _ in range(2):
        began = timer()
        found = engine.price(
            asked.contract,
            asked.model,
            asked.market,
            method=method,
            greeks=(),
            settings=asked.settings,
            cancel=cancel,
        )
        spent.append(max(timer() - began, 0.0))
        if spent[0] > QUICK:
            break
    return found, min(spent)
