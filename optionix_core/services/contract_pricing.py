"""Price any contract under any model, and say the result in market units and as plain JSON values.

The counterpart of `pricing`, which prices one European option without an array library. Both JSON forms carry Greeks in
market units with their labels; `record` is the natural form, in which a request is kept. One engine a process serves
all callers, so that what has been asked before is answered from its cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from optionix_core.market import units
from optionix_core.pricing.engine.engine import DEFAULTS, PricingEngine
from optionix_core.pricing.engine.model_terms import terms_of
from optionix_core.pricing.engine.result import Comparison, EngineSettings, PricingResult

if TYPE_CHECKING:
    from optionix_core.pricing.contracts import Contract
    from optionix_core.pricing.flat_market import FlatMarket

SCHEMA_VERSION = 1


class Asked(NamedTuple):
    """A request: everything that the price depends on."""

    contract: Contract
    model: Any
    market: FlatMarket
    method: str | None = None
    """None: the preferred one."""
    greeks: str | Iterable[str] = ()
    settings: EngineSettings = DEFAULTS


@cache
def engine() -> PricingEngine:
    """This process's engine."""
    return PricingEngine()


def price(
    asked: Asked,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> PricingResult:
    """The price by one method; arguments and errors as in `PricingEngine.price`."""
    return engine().price(
        asked.contract,
        asked.model,
        asked.market,
        method=asked.method,
        greeks=asked.greeks,
        settings=asked.settings,
        progress=progress,
        cancel=cancel,
    )


def compare(
    asked: Asked,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> tuple[Comparison, ...]:
    """The price by every method side by side; a method that fails says why. Errors as in `PricingEngine.compare`."""
    return engine().compare(
        asked.contract,
        asked.model,
        asked.market,
        greeks=asked.greeks,
        settings=asked.settings,
        progress=progress,
        cancel=cancel,
    )


def to_json(asked: Asked, result: PricingResult, request: str | None = None) -> dict[str, Any]:
    """The answer with what was asked. `request`: the id under which it is kept. What is not known is null."""
    shown = {name: _market(name, value) for name, value in result.greeks._asdict().items() if name in _names(result)}
    return {
        "schema_version": SCHEMA_VERSION,
        "price": result.price,
        "greeks": shown,
        "greeks_missing": result.greeks_missing or None,
        "greek_errors": {name: _market(name, value) for name, value in _greek_errors(result).items()} or None,
        "units": {name: units.unit(name).label for name in ("price", *shown)},
        "method": result.method.text,
        "method_id": result.method.id,
        **_errors(result),
        **_standing(result),
        "seconds": result.seconds,
        "from_cache": result.from_cache,
        "snapshot": result.snapshot,
        "digest": result.digest,
        **_terms(asked),
        "request": request,
    }


def comparison_to_json(asked: Asked, found: tuple[Comparison, ...], requests: Mapping[str, str]) -> dict[str, Any]:
    """All methods with their answers or failures. `requests`: ids of those that are kept, by method."""
    rows = []
    for method, result, failure in found:
        row: dict[str, Any] = {"method_id": method.id, "method": method.text, "price": None}
        if result is not None:
            greeks = {name: _market(name, getattr(result.greeks, name)) for name in _names(result)}
            row |= {"price": result.price, **greeks, **_errors(result), "seconds": result.seconds}
        else:
            row |= {"standard_error": None, "error_bound": None, "error_unknown": None, "seconds": None}
        row |= {"failure": failure or None, "request": requests.get(method.id)}
        rows.append(row)
    names = ("price", *dict.fromkeys(name for _, result, _ in found if result for name in _names(result)))
    labels = {name: units.unit(name).label for name in names}
    return {"schema_version": SCHEMA_VERSION, "methods": rows, "units": labels, **_terms(asked)}


def record(result: PricingResult) -> dict[str, Any]:
    """The answer in natural units, as a request is kept."""
    return {
        "price": result.price,
        "greeks": {name: value for name, value in result.greeks._asdict().items() if value is not None},
        "greeks_missing": result.greeks_missing or None,
        "greek_errors": _greek_errors(result) or None,
        "method": result.method.text,
        "method_id": result.method.id,
        **_errors(result),
        **_standing(result),
        "seconds": result.seconds,
        "from_cache": result.from_cache,
        "snapshot": result.snapshot,
        "digest": result.digest,
    }


def request_terms(asked: Asked) -> dict[str, Any]:
    """What was asked, as plain JSON values, for `price_requests.document`."""
    from dataclasses import asdict

    return {
        **_terms(asked),
        "method": asked.method,
        "settings": asdict(asked.settings),
    }


def _terms(asked: Asked) -> dict[str, Any]:
    return {"contract": asked.contract.terms(), "model": terms_of(asked.model), "market": asked.market.terms()}


def _errors(result: PricingResult) -> dict[str, Any]:
    return {
        "standard_error": result.standard_error,
        "error_bound": result.error_bound,
        "error_unknown": result.error_unknown or None,
    }


def _standing(result: PricingResult) -> dict[str, Any]:
    return {"intrinsic": result.intrinsic, "time_value": result.time_value, "moneyness": result.moneyness}


def _greek_errors(result: PricingResult) -> dict[str, float]:
    """Standard errors of simulated Greeks."""
    return {name: value for name, value in result.greek_errors._asdict().items() if value is not None}


def _names(result: PricingResult) -> tuple[str, ...]:
    """Greeks that the method gave."""
    return tuple(name for name, value in result.greeks._asdict().items() if value is not None)


def _market(name: str, value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return units.to_market(name, value)
