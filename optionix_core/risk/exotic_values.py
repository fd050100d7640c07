"""Exotics in scenarios, each priced by the engine as the contract stands in the scenario.

A scenario moves the price at once, then lets time pass: extremes that a contract watches take the new price in, and a
barrier counts as met where the new price is beyond it; what happens on the way there is not invented. So contracts that
depend on it (a continuous average, a watched extreme, a cliquet's running period, a fixing inside the horizon) are
refused where days pass. A contract with a model of its own is refused where volatilities move.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError, OptionixError
from optionix_core.market.option_type import OptionType
from optionix_core.pricing.contracts import CliquetOption, Contract, FixedLookbackOption, FloatingLookbackOption
from optionix_core.pricing.engine import PricingEngine
from optionix_core.pricing.engine.standing import intrinsic
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.risk.american_values import payments
from optionix_core.risk.book import Position, RiskBook
from optionix_core.risk.cell_errors import cell_terms
from optionix_core.risk.plan import OptionGroups, UnderlyingPlan
from optionix_core.risk.scenario_columns import group_columns, underlying_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.risk.scenarios import ScenarioSet

    FloatArray = NDArray[np.float64]

RUN = 64
"""Scenarios of one piece of work."""
DATES = ("fixing_times", "monitoring_times", "observation_times", "reset_times")
LATER = ("underlying_expiry", "choice_time", "call_expiry", "put_expiry", "start", "barrier_time")
"""Fields with times beside the expiry."""


class ExoticJob(NamedTuple):
    """One exotic in a run of scenarios."""

    exotic: int
    """Place among the exotics."""
    first: int
    last: int


def exotic_jobs(exotics: int, scenarios: int) -> list[ExoticJob]:
    """In a fixed order."""
    return [
        ExoticJob(place, first, min(first + RUN, scenarios))
        for place in range(exotics)
        for first in range(0, scenarios, RUN)
    ]


def exotic_values(book: RiskBook, position: Position, scenarios: ScenarioSet) -> FloatArray:
    """Worth of one unit in the reporting currency in each scenario, shape (scenarios,).

    Raises DomainError, InvalidValueError or MissingDataError naming the position and the scenario.
    """
    contract = position.contract
    if contract is None or contract.assets != 1:
        raise DomainError(f"position {position.id}: only exotics on one underlying are revalued")
    own = _own_volatility(book, position, contract)
    plan, options = _as_option(book, position, contract, own)
    found = underlying_columns(plan, scenarios)
    columns = group_columns(plan, options, found, scenarios)
    terms = cell_terms(plan, options, columns, 0)
    if own is None and not np.all(columns.shocks[:, : len(scenarios)].T == (1.0, 0.0, 0.0, 0.0)):
        raise DomainError(f"position {position.id} has a model of its own, which scenarios of volatilities do not move")
    engine = PricingEngine(0)
    due = {int(row): coming for rows, coming in payments(plan, scenarios, np.arange(len(scenarios))) for row in rows}
    values = np.empty(len(scenarios))
    for row, name in enumerate(scenarios.names):
        try:
            there = standing(contract, plan.spot, float(found.spot[row]), float(found.passed[row]))
            market = FlatMarket(
                spot=float(found.spot[row]),
                rate=float(terms.rate[row]),
                dividend_yield=float(terms.dividend_yield[row]),
                dividends=due[row],
            )
            if there is None:
                values[row] = _payoff(contract, market)
                continue
            model = position.model if own is None else BlackScholesModel(volatility=_positive(terms.volatility[0, row]))
            values[row] = engine.price(there, model, market, greeks=()).price
        except (DomainError, MissingDataError) as error:
            raise _told(error, f"position {position.id} in scenario {name!r}: {error}") from error
    return values * found.exchange[: len(scenarios)]


def standing(contract: Contract, today: float, spot: float, passed: float) -> Contract | None:
    """The contract after the price has gone from `today` to `spot` and `passed` years; None where it has ended.

    Raises DomainError where it depends on prices in between.
    """
    changes: dict[str, Any] = {}
    if isinstance(contract, FixedLookbackOption | FloatingLookbackOption):
        so_far = today if contract.running_extreme is None else contract.running_extreme
        highest = (contract.option_type is OptionType.CALL) == isinstance(contract, FixedLookbackOption)
        changes["running_extreme"] = max(so_far, spot) if highest else min(so_far, spot)
    if passed == 0.0:
        return replace(contract, **changes)
    if contract.expiry <= passed:
        return None
    names = {field.name for field in fields(contract)}
    watched = contract.kind == "asian" and getattr(contract, "fixing_times", None) is None
    if watched or isinstance(contract, FixedLookbackOption | FloatingLookbackOption | CliquetOption):
        raise DomainError(f"a contract of kind {contract.kind} depends on prices on the way, which no scenario has")
    changes["expiry"] = contract.expiry - passed
    for name in names.intersection(LATER):
        changes[name] = _later(name, getattr(contract, name), passed)
    for name in names.intersection(DATES):
        times = getattr(contract, name)
        if times is not None:
            changes[name] = tuple(_later(name, time, passed) for time in times)
    return replace(contract, **changes)


def _later(name: str, time: float, passed: float) -> float:
    if not time > passed:
        raise DomainError(f"{name} has {time:g} years, inside the horizon: the price then is not known")
    return time - passed


def _own_volatility(book: RiskBook, position: Position, contract: Contract) -> float | None:
    """Of Black-Scholes: the position's, its model's, or the surface's at its strike; None under another model."""
    if isinstance(position.model, BlackScholesModel):
        return position.model.volatility
    if position.model is not None:
        return None
    if position.volatility is not None:
        return position.volatility
    strike = getattr(contract, "strike", None)
    if strike is None:
        raise MissingDataError(
            f"position {position.id}: no strike to ask a surface at; it needs a volatility or a model"
        )
    return float(book.market.implied_volatility(position.underlying, strike, contract.expiry))


def _as_option(
    book: RiskBook, position: Position, contract: Contract, volatility: float | None
) -> tuple[UnderlyingPlan, OptionGroups]:
    """The columns of scenarios are those of an option with its expiry, and its strike or the spot of today."""
    underlying = position.underlying
    currency, spot, years = book.currency(underlying), book.market.spot(underlying), contract.expiry
    strike = float(getattr(contract, "strike", spot))
    terms = (1.0, strike, float(np.log(strike / spot)), 1.0 if volatility is None else volatility, 1.0, 0.0)
    options = OptionGroups(
        names=(position.id,),
        options=np.array(terms).reshape(6, 1),
        rows=np.zeros(1, dtype=np.int64),
        edges=np.array([0, 1]),
        groups=np.array([[years], [book.rate(underlying, years)], [book.dividend_yield(underlying, years)]]),
    )
    plan = UnderlyingPlan(
        underlying=underlying,
        currency=currency,
        spot=spot,
        exchange_rate=book.exchange_rate(currency),
        schedule=book.schedule(underlying),
        surface=book.market.surfaces.get(underlying),
        units=np.empty(0),
        rows=np.empty(0, dtype=np.int64),
        european=options,
        american=options,
    )
    return plan, options


def _payoff(contract: Contract, market: FlatMarket) -> float:
    paid = intrinsic(contract, market)
    if paid is None:
        raise DomainError(f"what a contract of kind {contract.kind} pays is not known from the last price")
    return paid


def _positive(volatility: float) -> float:
    if not volatility > 0.0:
        raise InvalidValueError("volatility", float(volatility), "above 0")
    return float(volatility)


def _told(error: OptionixError, words: str) -> OptionixError:
    return MissingDataError(words) if isinstance(error, MissingDataError) else DomainError(words)
