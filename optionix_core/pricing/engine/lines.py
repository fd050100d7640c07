"""A contract's value at many prices of the underlying at once, now and at later moments: what pictures are drawn of.

By the method that `PricingEngine` would use, where it takes arrays; `has_line` says whether it does. Nothing of the
path is made up: a value after some time is given only for contracts whose later value depends on the price alone,
or on a barrier that is told not to have been met; `known_until` says how far, `condition` what is supposed.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.pricing.dividends import CashDividends, ProportionalDividends, schedule
from optionix_core.pricing.engine.closed import ClosedForm
from optionix_core.pricing.engine.engine import DEFAULTS, chosen_row
from optionix_core.pricing.engine.result import Combination, EngineSettings, Request

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.pricing.contracts import Contract
    from optionix_core.pricing.engine.table import Row
    from optionix_core.pricing.flat_market import FlatMarket

    FloatArray = NDArray[np.float64]

OF_THE_PRICE = frozenset({"european", "american", "cash-or-nothing", "asset-or-nothing", "quanto", "compound"})
"""Kinds whose later value depends on the price then alone."""
WATCHED = frozenset({"one-touch", "no-touch", "barrier", "double-barrier", "partial-barrier"})
"""Kinds that also depend on whether a barrier was met."""
NOT_MET = "no barrier met before"
_MODELS_OWN = {"laws:fourier", "laws:merton_series", "laws:expansion", "laws:own_price"}


def has_line(contract: Contract, model: object, market: FlatMarket, method: str | None = None) -> bool:
    """Whether `line` takes these. Raises as `PricingEngine.price` where nothing prices the pair."""
    return takes_arrays(row_of(contract, model, market, method))


def row_of(contract: Contract, model: object, market: FlatMarket, method: str | None = None) -> Row:
    """The method that prices these. Raises as `PricingEngine.price` where nothing does."""
    return chosen_row(Combination(contract, model, market), method)


def known_until(contract: Contract) -> float:
    """Years up to which a later value depends on the price then alone, or on barriers not met; zero where none does."""
    if contract.kind in OF_THE_PRICE:
        return contract.expiry
    if contract.kind in WATCHED:
        times = getattr(contract, "monitoring_times", None)
        return contract.expiry if times is None else 0.0
    return float(getattr(contract, "choice_time", getattr(contract, "start", 0.0)))


def condition(contract: Contract) -> str:
    """What later values suppose of the time between; empty where nothing."""
    return NOT_MET if contract.kind in WATCHED else ""


def line(
    contract: Contract,
    model: Any,
    market: FlatMarket,
    spots: ArrayLike,
    elapsed: float = 0.0,
    *,
    volatility: ArrayLike | None = None,
    method: str | None = None,
    settings: EngineSettings = DEFAULTS,
    row: Row | None = None,
) -> FloatArray:
    """Present value of one after `elapsed` years at each of `spots` (positive), all else as in `market`.

    At the contract's expiry it is the payoff. `volatility` (which broadcasts with `spots`) takes the place of that of a
    model that has one constant volatility. `row` is that of `row_of`, where it was looked up before. Spots that
    contradict a running extreme give nan. Raises InvalidValueError for moments outside `known_until`, DomainError where
    the method takes no arrays.
    """
    if not 0.0 <= elapsed <= known_until(contract) * (1.0 + 1e-12):
        raise InvalidValueError("elapsed", elapsed, f"from 0 to {known_until(contract):g} years for a {contract.kind}")
    row = row_of(contract, model, market, method) if row is None else row
    if not takes_arrays(row):
        raise DomainError(f"method {row.id} prices a {contract.kind} one spot at a time")
    S = np.asarray(spots, dtype=np.float64)
    left = max(contract.expiry - elapsed, 0.0)
    sigma = getattr(model, "volatility", None) if volatility is None else np.asarray(volatility, dtype=np.float64)
    if row.function in _MODELS_OWN:
        if volatility is not None:
            raise DomainError(f"method {row.id} takes no volatilities side by side")
        return _by_model(row, contract, model, market, S, elapsed, left)
    paid = later_dividends(market, elapsed)
    plain = (int(getattr(contract, "option_type", 1)), S, getattr(contract, "strike", None), left)
    carried = (market.rate, market.yields[0], sigma)
    if row.function == "plain:european":
        from optionix_core.pricing import black_scholes

        return np.asarray(cast("Any", black_scholes.price)(*_shaped(plain, carried), dividends=paid), dtype=np.float64)
    if row.function == "laws:american":
        from optionix_core.pricing import american

        price = cast("Any", american.price)
        return np.asarray(price(*_shaped(plain, carried), accuracy=settings.accuracy, dividends=paid))
    form = _function(row).form(Request(contract, model, market, settings, (), None, None))
    low, high = form.edges.get("spot", (0.0, np.inf)) if hasattr(contract, "running_extreme") else (0.0, np.inf)
    inside = np.clip(S, low, high)
    S_, left_, sigma_ = np.broadcast_arrays(inside, left, np.asarray(sigma, dtype=np.float64))
    found = form.price(spot=S_, expiry=left_, rate=market.rate, dividend_yield=market.yields[0], volatility=sigma_)
    return np.where(inside == S, found, np.nan)


def later_dividends(market: FlatMarket, elapsed: float) -> CashDividends | ProportionalDividends | None:
    """Those that are paid after `elapsed` years, their times counted from then."""
    if market.dividends is None or not elapsed:
        return market.dividends
    plan = schedule(market.dividends)
    rest = [(time - elapsed, amount) for time, amount in zip(plan.times, plan.amounts, strict=True) if time > elapsed]
    if not rest:
        return None
    times, amounts = (tuple(column) for column in zip(*rest, strict=True))
    return ProportionalDividends(times, amounts) if plan.proportional else CashDividends(times, amounts)


def _shaped(plain: tuple[Any, ...], carried: tuple[Any, ...]) -> tuple[Any, ...]:
    sign, S, strike, left = plain
    rate, dividend_yield, sigma = carried
    S, sigma = np.broadcast_arrays(S, sigma)
    return (sign, np.ascontiguousarray(S), strike, left, rate, dividend_yield, np.ascontiguousarray(sigma))


def _by_model(
    row: Row, contract: Any, model: Any, market: FlatMarket, S: FloatArray, elapsed: float, left: float
) -> FloatArray:
    from optionix_core.pricing.engine import laws

    if left == 0.0:
        paid: FloatArray = np.maximum(int(contract.option_type) * (S - contract.strike), 0.0)
        return paid
    after = replace(market, dividends=later_dividends(market, elapsed))
    request = Request(replace(contract, expiry=left), model, after, DEFAULTS, (), None, None)
    arguments = laws.arguments_at(request, S)
    if row.function == "laws:fourier":
        from optionix_core.pricing import fourier

        return np.asarray(fourier.price(laws.with_characteristic(model), *arguments), dtype=np.float64)
    return np.asarray(model.price(*arguments), dtype=np.float64)


def takes_arrays(row: Row) -> bool:
    """Whether a method prices many spots at once."""
    if row.function in {"plain:european", "laws:american"} or row.function in _MODELS_OWN:
        return True
    return row.function.partition(":")[0] in {"closed", "averages"} and isinstance(_function(row), ClosedForm)


def _function(row: Row) -> Any:
    module, _, name = row.function.partition(":")
    return getattr(importlib.import_module(f"optionix_core.pricing.engine.{module}"), name)
