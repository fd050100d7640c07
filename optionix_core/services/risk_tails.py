"""Value at risk and expected shortfall of a book at a feed, with their parts and their backtest.

Every figure is a full revaluation in scenarios of the feed's history, or in scenarios drawn like it; the delta-normal
and delta-gamma figures of the same moves stand beside them, so that it is seen where they part. A history that is too
short is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, get_args

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.services.risk_history import DAYS, LEAST_DAYS, history_scenarios

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from optionix_core.risk.backtest.rolling import Forecasts
    from optionix_core.risk.backtest.summary import Backtests
    from optionix_core.risk.book import RiskBook
    from optionix_core.risk.executors import Executor, Progress
    from optionix_core.risk.pnl_matrix import PnlMatrix
    from optionix_core.risk.scenarios import ScenarioSet
    from optionix_core.risk.value_at_risk.intervals import Interval
    from optionix_core.risk.value_at_risk.parts import RiskParts
    from optionix_core.risk.value_at_risk.scenario_tails import TailEstimate
    from optionix_core.services.risk_book import BuiltBook
    from optionix_core.services.risk_history import HistorySource

    FloatArray = NDArray[np.float64]

Method = Literal["plain", "age", "filtered", "copula"]
METHODS: Final[tuple[str, ...]] = get_args(Method)
SCENARIOS: Final = 10_000
"""Drawn by the copula unless asked otherwise."""
By = Literal["position", "underlying", "expiry", "factor"]
CROSS: Final = "together"
"""The part of a figure that factors make only when they move at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Figures of the first and second derivatives for the same moves of spots; losses positive."""

    confidence: float
    delta_normal: float
    delta_gamma: float
    """Exact, by inversion of the characteristic function."""
    cornish_fisher: float
    shortfall: float
    """Expected shortfall of the quadratic book, exact."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TailReport:
    """Figures of a book, with what they rest on."""

    method: Method
    estimates: tuple[TailEstimate, ...]
    """By horizon, then confidence."""
    beside: tuple[Beside, ...]
    """Of a day, by confidence."""
    value_at_risk_parts: RiskParts
    """Of the first confidence, over a day."""
    shortfall_parts: RiskParts
    pnl: PnlMatrix
    notes: tuple[str, ...]
    intervals: tuple[tuple[float, Interval | None, Interval | None], ...]
    """Confidence, then 95% intervals of value at risk (exact, by order statistics) and of expected shortfall, of a day
    of plain scenarios; None where there is none."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Revalued:
    """A book in scenarios, kept so that other levels, horizons, weights and parts of it are sums."""

    past: ScenarioSet | None
    """Past daily moves; None of an empty book."""
    moves: ScenarioSet
    """Those that the book was revalued in: the past ones, or drawn like them."""
    pnl: PnlMatrix
    """By position."""
    drawn: bool
    """Whether `moves` were drawn by the copula."""
    notes: tuple[str, ...]


def revalued(
    built: BuiltBook,
    feed: HistorySource,
    *,
    drawn: bool = False,
    days: int = DAYS,
    scenarios: int = SCENARIOS,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Revalued:
    """The book in its past moves, or in `scenarios` that are drawn like them.

    Raises MissingDataError for a history that lacks a day or is shorter than a year.
    """
    from optionix_core.risk.revaluation import revalue
    from optionix_core.risk.scenario_builders import unchanged

    book = built.book
    past: ScenarioSet | None = None
    notes: tuple[str, ...] = ()
    moves = unchanged()
    if book.positions:
        found = history_scenarios(feed, book.underlyings, built.moment, days)
        past, notes = found.scenarios, found.notes
        moves = past if not drawn else drawn_like(past, book.underlyings, scenarios, seed)
    pnl = revalue(book, moves, executor, kept="position", progress=progress)
    return Revalued(past=past, moves=moves, pnl=pnl, drawn=drawn, notes=notes)


def tails(
    built: BuiltBook,
    feed: HistorySource,
    *,
    confidences: Sequence[float] = (0.99, 0.975, 0.95),
    horizons: Sequence[int] = (1,),
    method: Method = "plain",
    by: By = "position",
    days: int = DAYS,
    scenarios: int = SCENARIOS,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> TailReport:
    """Both figures at every confidence and horizon. An empty book has zeros, and a note says so.

    Raises MissingDataError for a history that lacks a day or is shorter than a year, UnknownNameError for a method.
    """
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    found = revalued(
        built,
        feed,
        drawn=method == "copula",
        days=days,
        scenarios=scenarios,
        seed=seed,
        executor=executor,
        progress=progress,
    )
    return told(built, found, confidences=confidences, horizons=horizons, method=method, by=by, executor=executor)


def told(
    built: BuiltBook,
    found: Revalued,
    *,
    confidences: Sequence[float] = (0.99, 0.975, 0.95),
    horizons: Sequence[int] = (1,),
    method: Method = "plain",
    by: By = "position",
    executor: Executor | None = None,
) -> TailReport:
    """The same of a book that was revalued already; only parts by factor revalue it anew.

    Raises UnknownNameError for a method that is none, InvalidValueError for one that the scenarios do not serve.
    """
    from optionix_core.risk.value_at_risk import age_weights, decompose, estimate, filtered_pnl

    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    if (method == "copula") is not found.drawn:
        raise InvalidValueError("method", method, "one of drawn scenarios" if found.drawn else "one of past moves")
    if not confidences or not horizons:
        raise InvalidValueError("confidences and horizons", 0, "at least one of each")
    pnl, past = found.pnl, found.past
    beside = () if past is None else tuple(_beside(built, past, confidence) for confidence in confidences)
    weighting = "plain" if method == "copula" else method
    values, labels, groups = pnl.values, [row.name for row in pnl.rows], None
    if by == "factor" and labels:
        values, labels = _by_factor(built.book, found.moves, pnl.total(), executor)
    elif by != "factor":
        groups = _groups(pnl, by)
    first = confidences[0]
    # Parts of the figure that is told: of the filtered profits and losses, or with the weights of their age.
    matrix = filtered_pnl(values) if method == "filtered" and labels else values
    weights = age_weights(pnl.values.shape[1]) if method == "age" and labels else None
    return TailReport(
        method=method,
        estimates=estimate(pnl.values, confidences, horizons, weighting=weighting),
        beside=beside,
        value_at_risk_parts=decompose(matrix, first, labels=labels, groups=groups, weights=weights),
        shortfall_parts=decompose(
            matrix, first, measure="expected-shortfall", labels=labels, groups=groups, weights=weights
        ),
        pnl=pnl,
        notes=found.notes,
        intervals=tuple(_intervals(pnl, confidence, weighting) for confidence in confidences),
    )


def _by_factor(
    book: RiskBook, moves: ScenarioSet, total: FloatArray, executor: Executor | None
) -> tuple[FloatArray, list[str]]:
    """P&L of each factor moving alone, [factors, scenarios], and of what they make together: rows sum to the total."""
    import numpy as np

    from optionix_core.risk.revaluation import revalue
    from optionix_core.risk.scenarios import UnderlyingShocks

    rows, labels = [], []
    still = {name: UnderlyingShocks() for name in book.underlyings}
    for name in book.underlyings:
        shocks = moves.shocks(name)
        for word, alone in (
            ("spot", replace(shocks, volatility_return=None, volatility_change=None)),
            ("volatility", replace(shocks, spot_return=None)),
        ):
            if alone.spot_return is None and alone.volatility_return is None and alone.volatility_change is None:
                continue
            rows.append(revalue(book, replace(moves, underlyings={**still, name: alone}), executor).total())
            labels.append(f"{word} {name}")
    return np.stack([*rows, total - np.sum(rows, axis=0)]), [*labels, CROSS]


def _intervals(
    pnl: PnlMatrix, confidence: float, weighting: str | None
) -> tuple[float, Interval | None, Interval | None]:
    from optionix_core.risk.value_at_risk import estimate
    from optionix_core.risk.value_at_risk.intervals import quantile_interval, shortfall_interval

    if weighting != "plain" or not pnl.rows:
        return confidence, None, None
    total = pnl.total()
    (tail,) = estimate(total, (confidence,), (1,))
    # The spread of a single scenario is not to be told.
    spread = shortfall_interval(total, confidence) if tail.rank > 1 else None
    return confidence, quantile_interval(total, confidence), spread


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BacktestReport:
    """Figures told day by day from the days before, against what came."""

    method: Method
    confidence: float
    window: int
    forecasts: Forecasts
    tests: Backtests
    days: tuple[str, ...]
    """Of the forecasts."""
    notes: tuple[str, ...]


def backtest(
    built: BuiltBook,
    feed: HistorySource,
    *,
    confidence: float = 0.99,
    method: Method = "plain",
    window: int = LEAST_DAYS,
    days: int = 750,
    executor: Executor | None = None,
) -> BacktestReport:
    """The book as it stands, revalued over its history: what value at risk of each day would have been, and what came.

    Raises MissingDataError for an empty book, or a history that leaves no day after the window; UnknownNameError for a
    method that cannot be told from past days alone.
    """
    from optionix_core.risk.backtest import rolling_forecasts, run_all
    from optionix_core.risk.revaluation import revalue

    if method not in ("plain", "age", "filtered"):
        raise UnknownNameError("method", method, ("plain", "age", "filtered"))
    if not built.book.positions:
        raise MissingDataError("nothing is held: there is no figure to test")
    past = history_scenarios(feed, built.book.underlyings, built.moment, days, window + 1)
    total = revalue(built.book, past.scenarios, executor).total()
    found = rolling_forecasts(total, window, confidence, weighting=method)
    tests = run_all(found.pnl, found.value_at_risk, 1.0 - confidence)
    return BacktestReport(
        method=method,
        confidence=confidence,
        window=window,
        forecasts=found,
        tests=tests,
        days=past.scenarios.names[found.first :],
        notes=past.notes,
    )


def drawn_like(past: ScenarioSet, underlyings: Sequence[str], count: int, seed: int) -> ScenarioSet:
    """Scenarios by a Student-t copula with Student-t laws, both fitted to the logarithms of the past moves."""
    import numpy as np

    from optionix_core.risk.scenario_builders import from_moves
    from optionix_core.risk.scenarios import sequence_names
    from optionix_core.risk.value_at_risk import fit_student, generator

    shocks = [past.shocks(name) for name in underlyings]
    spots = np.stack([np.log1p(one.spot_return) for one in shocks if one.spot_return is not None])
    smiles = [np.log1p(one.volatility_return) for one in shocks if one.volatility_return is not None]
    table = np.concatenate((spots, np.stack(smiles))) if smiles else spots
    laws = [fit_student(row) for row in table]
    drawn = np.expm1(generator(table, laws, seed).moves(count))
    width = len(underlyings)
    return from_moves(
        sequence_names("draw", count),
        {name: drawn[row] for row, name in enumerate(underlyings)},
        volatility_returns={name: drawn[width + row] for row, name in enumerate(underlyings)} if smiles else None,
    )


def _beside(built: BuiltBook, past: ScenarioSet, confidence: float) -> Beside:
    import numpy as np

    from optionix_core.risk.greeks import book_greeks
    from optionix_core.risk.value_at_risk import delta_gamma, parametric

    names = built.book.underlyings
    found = book_greeks(built.book).by_underlying()
    moves = np.stack([past.spot_return(name) for name in names])
    covariance = np.cov(moves, ddof=1).reshape(len(names), len(names))
    delta = np.array([found[name].delta_cash for name in names])
    gamma = np.diag([found[name].gamma_cash for name in names])
    quadratic = delta_gamma(delta, gamma, covariance, confidence)
    return Beside(
        confidence=confidence,
        delta_normal=parametric(delta, covariance, confidence).total,
        delta_gamma=quadratic.exact,
        cornish_fisher=quadratic.cornish_fisher,
        shortfall=quadratic.exact_shortfall,
    )


def _groups(pnl: PnlMatrix, by: By) -> list[str] | None:
    if by == "position":
        return None
    if by == "underlying":
        return [row.underlying for row in pnl.rows]
    if by == "expiry":
        return ["underlying" if row.expiry is None else row.expiry.isoformat() for row in pnl.rows]
    raise UnknownNameError("grouping", by, get_args(By))
