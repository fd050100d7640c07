"""`PricingEngine`: a contract, a model and a market in, a price and how it came about out.

The method is the first of `table.TABLE` that the contract, the model and the market allow, or the one named. The same
inputs are answered from a cache. Refuses a pair that no method prices, and says which it could price instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from optionix_core.errors import DomainError, InvalidValueError, OptionixError, UnknownNameError
from optionix_core.pricing.engine import standing
from optionix_core.pricing.engine.cache import ResultCache
from optionix_core.pricing.engine.digest import digest_of
from optionix_core.pricing.engine.market import flat_market, model_on
from optionix_core.pricing.engine.model_terms import MODELS, kind_of, terms_of
from optionix_core.pricing.engine.result import (
    FIRST_GREEKS,
    GREEK_NAMES,
    Combination,
    Comparison,
    EngineGreeks,
    EngineSettings,
    MethodName,
    PricingResult,
    Request,
)
from optionix_core.pricing.engine.table import METHOD_IDS, TABLE, Row
from optionix_core.pricing.flat_market import FlatMarket

if TYPE_CHECKING:
    from optionix_core.market.snapshot import Market
    from optionix_core.pricing.contracts import Contract

VERSION = 1
"""Counts up where a method's answers change; part of every digest."""
DEFAULT_CACHE = 1024
DEFAULTS = EngineSettings()


class PricingEngine:
    """Prices any contract of `contracts` under any model that a method of the table takes. Threads may share one."""

    def __init__(self, cache_size: int = DEFAULT_CACHE) -> None:
        """`cache_size`: answers kept; 0 keeps none."""
        self._cache = ResultCache(cache_size)

    def price(
        self,
        contract: Contract,
        model: object,
        market: FlatMarket | Market,
        *,
        underlying: str | tuple[str, ...] | None = None,
        currency: str | None = None,
        method: str | None = None,
        greeks: str | Iterable[str] = FIRST_GREEKS,
        settings: EngineSettings = DEFAULTS,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> PricingResult:
        """Present value of one, and its Greeks, in natural units.

        `model`: a model, an implied volatility surface (its volatility at strike and expiry is then Black-Scholes'), or
        None for the surface of a `Market`. A `Market` needs `underlying` (or one for each asset) and `currency`.
        `greeks`: names of `GREEK_NAMES`, or `"all"`. `progress(done, total)` and `cancel()` reach methods that take
        time.

        Raises DomainError where no method prices the pair, UnknownNameError for a method or Greek that there is not,
        InvalidValueError naming field, value and bound, MissingDataError for what a snapshot does not hold, and
        InterruptedByUserError where cancelled.
        """
        found = model_on(contract, model, market, underlying)
        _check_pair(Combination(contract, found, None))
        flat = flat_market(contract, market, underlying, currency)
        names = greek_names(greeks)
        row = chosen_row(Combination(contract, found, flat), method)
        digest = _digest(contract, found, flat, row, names, settings)
        if digest is not None:
            held = self._cache.find(digest)
            if held is not None:
                return replace(held, from_cache=True)
        request = Request(contract, found, flat, settings, names, progress, cancel)
        result = _answered(row, request, digest)
        if digest is not None:
            self._cache.keep(digest, result)
        return result

    def methods(self, contract: Contract, model: object, market: FlatMarket | None = None) -> tuple[MethodName, ...]:
        """The methods that price this contract under this model, the preferred one first; empty where none does."""
        combination = Combination(contract, model, market)
        return tuple(row.name for row in _fitting(combination) if not row.hindrance(combination))

    def compare(
        self,
        contract: Contract,
        model: object,
        market: FlatMarket | Market,
        *,
        underlying: str | tuple[str, ...] | None = None,
        currency: str | None = None,
        greeks: str | Iterable[str] = (),
        settings: EngineSettings = DEFAULTS,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> tuple[Comparison, ...]:
        """The price by every method that fits, side by side. A method that fails says why, and the others go on.

        Raises what `price` raises before a method is called, and InterruptedByUserError where cancelled.
        """
        found = model_on(contract, model, market, underlying)
        _check_pair(Combination(contract, found, None))
        flat = flat_market(contract, market, underlying, currency)
        combination = Combination(contract, found, flat)
        answers = []
        for row in _fitting(combination):
            hindrance = row.hindrance(combination)
            if hindrance:
                answers.append(Comparison(row.name, None, hindrance))
                continue
            try:
                result = self.price(
                    contract,
                    found,
                    flat,
                    method=row.id,
                    greeks=greeks,
                    settings=settings,
                    progress=progress,
                    cancel=cancel,
                )
            except DomainError as error:
                answers.append(Comparison(row.name, None, str(error)))
            else:
                answers.append(Comparison(result.method, result, ""))
        return tuple(answers)

    def clear(self) -> None:
        """Forget every cached answer."""
        self._cache.clear()


def greek_names(greeks: str | Iterable[str]) -> tuple[str, ...]:
    """The Greeks of a request in the engine's order; UnknownNameError for one that there is not."""
    if greeks == "all":
        return GREEK_NAMES
    asked = (greeks,) if isinstance(greeks, str) else tuple(greeks)
    for name in asked:
        if name not in GREEK_NAMES:
            raise UnknownNameError("greek", str(name), GREEK_NAMES)
    return tuple(name for name in GREEK_NAMES if name in asked)


def _fitting(combination: Combination) -> tuple[Row, ...]:
    return tuple(row for row in TABLE if row.fits(combination.contract, combination.model))


def _check_pair(combination: Combination) -> None:
    if not _fitting(combination):
        raise _unsupported(combination)


def chosen_row(combination: Combination, method: str | None) -> Row:
    """The row to use. DomainError names what cannot be priced, and the nearest that can."""
    if method is not None and method not in METHOD_IDS:
        raise UnknownNameError("method", method, METHOD_IDS)
    rows = _fitting(combination)
    reasons = []
    for row in rows:
        if method in (None, row.id):
            hindrance = row.hindrance(combination)
            if not hindrance:
                return row
            reasons.append(f"{row.id}: {hindrance}")
    free = [row.id for row in rows if not row.hindrance(combination)]
    pair = f"a contract of kind {combination.contract.kind} under a model of kind {kind_of(combination.model)}"
    if method is not None and not reasons:
        raise DomainError(f"method {method} does not price {pair}; {_instead(free)}")
    raise DomainError(
        f"{'no method' if method is None else method} prices {pair} ({'; '.join(reasons)}); {_instead(free)}"
    )


def _instead(methods: list[str]) -> str:
    return f"methods that do: {', '.join(methods)}" if methods else "none does"


def _unsupported(combination: Combination) -> OptionixError:
    """No row at all: say which models the contract can be priced under, and which contracts the model prices."""
    contract, model = combination.contract, combination.model
    rows = [row for row in TABLE if getattr(contract, "kind", None) in row.contracts]
    needs = dict.fromkeys(str(need) for row in rows for need in row.needs)
    kinds = dict.fromkeys(kind for row in TABLE if row.fits(_Kind(row.contracts[0]), model) for kind in row.contracts)
    if getattr(contract, "kind", None) is None:
        return InvalidValueError("contract", repr(contract), "a contract of optionix_core.pricing.contracts")
    here = f"models for it offer {', or '.join(needs)}" if needs else "no method prices such contracts"
    there = (
        f"this model prices {', '.join(kinds)}" if kinds else f"it is none of {', '.join(MODELS)} nor offers the like"
    )
    return DomainError(
        f"no method prices a contract of kind {contract.kind} under a model of kind {kind_of(model)}: {here}; {there}"
    )


class _Kind:
    """A contract of a kind, to ask rows about."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


def _digest(
    contract: Contract,
    model: object,
    market: FlatMarket,
    row: Row,
    names: tuple[str, ...],
    settings: EngineSettings,
) -> str | None:
    """Of everything that the answer depends on; None where the model cannot be written down."""
    from dataclasses import asdict

    from optionix_core import __version__

    try:
        terms: dict[str, Any] = terms_of(model)
    except InvalidValueError:
        return None
    return digest_of(
        {
            "contract": contract.terms(),
            "model": terms,
            "market": market.terms(),
            "method": row.id,
            "greeks": list(names),
            "settings": asdict(settings),
            "engine": [VERSION, __version__],
        }
    )


def _answered(row: Row, request: Request, digest: str | None) -> PricingResult:
    start = time.perf_counter()
    outcome = row.call(request)
    seconds = time.perf_counter() - start
    worth = standing.intrinsic(request.contract, request.market)
    given = outcome.greeks or {}
    lacking = [name for name in request.greeks if name not in given]
    done = outcome.instead or row.text
    name = MethodName(row.id, f"{done} ({outcome.text})" if outcome.text else done)
    return PricingResult(
        price=outcome.price,
        greeks=EngineGreeks(**{name: given.get(name) for name in request.greeks}),
        greeks_missing=(outcome.missing or f"{', '.join(lacking)}: not given by the method") if lacking else "",
        greek_errors=EngineGreeks(**(outcome.greek_errors or {})),
        method=name,
        standard_error=outcome.standard_error,
        error_bound=outcome.error_bound,
        error_unknown=outcome.unknown,
        intrinsic=worth,
        time_value=None if worth is None else outcome.price - worth,
        moneyness=standing.moneyness(request.contract, request.market),
        seconds=seconds,
        snapshot=request.market.snapshot,
        digest=digest,
        from_cache=False,
    )
