"""A book under stress: named scenarios, grids of spot, volatility and time, and sums over accounts.

The whole book is revalued (`revaluation`); nothing is expanded in Greeks. An index of implied volatility is one of the
money, so that its change is added at the same strike over forward (sticky delta) where the book has surfaces. A market
move falls on each underlying times its beta, 1 where no betas are given: both are said in the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.units import DAYS_PER_YEAR
from optionix_core.risk.book import PositionKind, RiskBook
from optionix_core.risk.pnl_matrix import PnlMatrix
from optionix_core.risk.revaluation import revalue
from optionix_core.risk.scenario_builders import VolatilityMove, grid
from optionix_core.risk.scenarios import EVERYTHING, RateShocks, ScenarioSet, StickyRule, UnderlyingShocks
from optionix_core.risk.stress_library import StressScenario

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.risk.executors import Executor, Progress

    FloatArray = NDArray[np.float64]

TENOR_DAYS: Final = (
    *(1.0, 3.0, 6.0, 9.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 75.0, 93.0, 120.0, 150.0, 182.0),
    *(230.0, 273.0, 320.0, 365.0, 450.0, 547.0, 640.0, 730.0, 900.0, 1095.0, 1460.0, 1825.0, 2555.0, 3650.0),
)
"""Tenors at which a scenario's change of volatility is stated, beside its own and the book's; linear between."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StressResult:
    """P&L of a book in named scenarios."""

    scenarios: tuple[StressScenario, ...]
    pnl: PnlMatrix
    sticky: StickyRule
    betas: Mapping[str, float]
    """That moves of the market were multiplied by, of every underlying held."""
    assumptions: tuple[str, ...]
    """What was taken for granted, in words."""

    def total(self) -> FloatArray:
        """Of the whole book, shape (scenarios,); gains positive."""
        return self.pnl.total()

    def worst(self) -> tuple[StressScenario, float]:
        """The scenario with the least P&L, and that."""
        totals = self.total()
        place = int(np.argmin(totals))
        return self.scenarios[place], float(totals[place])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StressGrid:
    """P&L of a book on a grid of moves."""

    spot_returns: tuple[float, ...]
    volatility_moves: tuple[float, ...]
    days: tuple[float, ...]
    volatility: VolatilityMove
    """Whether moves of volatility are added or relative."""
    total: FloatArray
    """Shape (spots, volatilities, days), in the reporting currency; gains positive."""
    pnl: PnlMatrix
    """By position, scenarios in the order of `total` flattened."""


def scenario_set(
    book: RiskBook,
    scenarios: Sequence[StressScenario],
    betas: Mapping[str, float] | None = None,
    sticky: StickyRule | None = None,
) -> ScenarioSet:
    """Named scenarios as arrays for the underlyings of a book.

    `betas`: what a move of the market is multiplied by; a move that a scenario states for an underlying itself is not.
    `sticky`: None takes sticky delta where every underlying with options has a surface, else sticky strike.

    Raises MissingDataError for an underlying without a beta where betas are given, and for one that a scenario says
    nothing about; InvalidValueError where a move leaves no spot.
    """
    if not scenarios:
        raise InvalidValueError("scenarios", 0, "at least one")
    days = _tenors(book, scenarios)
    changes = np.stack([one.volatility_change(days) for one in scenarios])
    skews = np.stack([one.skew_change(days) for one in scenarios])
    payouts = np.array([one.dividend_yield for one in scenarios])
    factors = beta_factors(book, betas)
    shocks = {
        underlying: UnderlyingShocks(
            spot_return=np.array([_spot_move(one, underlying, factors[underlying]) for one in scenarios]),
            volatility_change=changes,
            skew_change=skews,
            tenors=days / DAYS_PER_YEAR,
            dividend_yield_change=payouts,
        )
        for underlying in book.underlyings
    }
    return ScenarioSet(
        names=tuple(one.id for one in scenarios),
        underlyings=shocks or {EVERYTHING: UnderlyingShocks()},
        rates={EVERYTHING: RateShocks(change=np.array([one.rate for one in scenarios]))},
        days=np.array([one.days for one in scenarios]),
        sticky=sticky_rule(book) if sticky is None else StickyRule(sticky),
        sources=tuple(one.source for one in scenarios),
    )


def stress(
    book: RiskBook,
    scenarios: Sequence[StressScenario],
    betas: Mapping[str, float] | None = None,
    sticky: StickyRule | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> StressResult:
    """The book revalued in each scenario. Raises as `scenario_set` and `revalue` do."""
    moves = scenario_set(book, scenarios, betas, sticky)
    return StressResult(
        scenarios=tuple(scenarios),
        pnl=revalue(book, moves, executor, kept="position", progress=progress),
        sticky=moves.sticky,
        betas=beta_factors(book, betas),
        assumptions=_assumptions(book, scenarios, betas, moves.sticky),
    )


def stress_grid(
    book: RiskBook,
    spot_returns: Sequence[float],
    volatility_moves: Sequence[float] = (0.0,),
    days: Sequence[float] = (0.0,),
    *,
    volatility: VolatilityMove = "change",
    sticky: StickyRule = StickyRule.STRIKE,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> StressGrid:
    """The book revalued at every combination of a relative spot move, a move of all volatilities and days passed."""
    moves = grid(spot_returns, volatility_moves, days, volatility=volatility, sticky=sticky)
    pnl = revalue(book, moves, executor, kept="position", progress=progress)
    return StressGrid(
        spot_returns=tuple(spot_returns),
        volatility_moves=tuple(volatility_moves),
        days=tuple(days),
        volatility=volatility,
        total=pnl.total().reshape(len(spot_returns), len(volatility_moves), len(days)),
        pnl=pnl,
    )


def by_group(pnl: PnlMatrix, groups: Mapping[str, str]) -> dict[str, FloatArray]:
    """P&L summed over groups of positions (accounts, desks), each of shape (scenarios,); they sum to the total.

    `groups`: the group of each position by its id; MissingDataError names one that has none.
    """
    for row in pnl.rows:
        if row.name not in groups:
            raise MissingDataError(f"position {row.name} belongs to no group")
    return pnl.by(lambda row: groups[row.name])


def sticky_rule(book: RiskBook) -> StickyRule:
    """Sticky delta where every underlying with listed options has a surface, else sticky strike."""
    listed = {PositionKind.EUROPEAN, PositionKind.AMERICAN}
    needed = {one.underlying for one in book.positions if one.kind in listed}
    return StickyRule.DELTA if needed <= set(book.market.surfaces) else StickyRule.STRIKE


def beta_factors(book: RiskBook, betas: Mapping[str, float] | None) -> dict[str, float]:
    """What a market move is multiplied by, of every underlying held: its beta, or 1 where none are given at all."""
    if betas is None:
        return dict.fromkeys(book.underlyings, 1.0)
    for underlying in book.underlyings:
        if underlying not in betas:
            known = ", ".join(sorted(betas)) or "none"
            raise MissingDataError(f"no beta is known for {underlying} (known: {known})")
    return {underlying: betas[underlying] for underlying in book.underlyings}


def _tenors(book: RiskBook, scenarios: Sequence[StressScenario]) -> FloatArray:
    """Those of the scenarios and of the book's own expiries, so that nothing held is interpolated; days, ascending."""
    stated = {move.days for one in scenarios for move in one.volatility}
    years = {book.years(position) for position in book.positions if position.kind is not PositionKind.UNDERLYING}
    left = {DAYS_PER_YEAR * time - one.days for time in years for one in scenarios}
    table = np.array(sorted({*TENOR_DAYS, *stated, *(days for days in left if days > 0.0)}))
    apart = np.concatenate(([True], np.diff(table) > 1e-6))
    kept: FloatArray = table[apart]
    return kept


def _spot_move(scenario: StressScenario, underlying: str, beta: float) -> float:
    if underlying in scenario.spots:
        return scenario.spots[underlying]
    if scenario.spot is None:
        raise MissingDataError(f"scenario {scenario.id!r} says nothing about {underlying}: it needs spot or spots")
    return beta * scenario.spot


def _assumptions(
    book: RiskBook, scenarios: Sequence[StressScenario], betas: Mapping[str, float] | None, sticky: StickyRule
) -> tuple[str, ...]:
    words = []
    if betas is None and book.underlyings:
        words.append("every underlying moves as the market does (beta 1): no betas were given")
    if sticky is StickyRule.DELTA:
        words.append("changes of volatility are added at the same strike over forward (sticky delta)")
    else:
        words.append("changes of volatility are added at the same strike (sticky strike): a surface is missing")
    if any(book.currencies[name] != book.reporting_currency for name in book.underlyings):
        words.append("exchange rates stay")
    words += [
        f"scenario {one.id} names {name}, of which nothing is held"
        for one in scenarios
        for name in sorted(set(one.spots) - set(book.underlyings))
    ]
    unknown = sorted({name for one in scenarios for name in one.unknown if " at " not in name})
    if unknown:
        words.append(f"left as they are in historical scenarios, since no figure is at hand: {', '.join(unknown)}")
    return tuple(words)
