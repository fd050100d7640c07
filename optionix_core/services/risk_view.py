"""The risk of an account as a screen shows it: every figure of one book at one moment, each with its own error.

A view is made away from the interface by `risk_viewer` and handed over whole or part by part; nothing in it changes
afterwards. A part that cannot be told says why, and the others stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from optionix_core.errors import InvalidValueError, OptionixError, UnknownNameError
from optionix_core.services.risk_tails import METHODS, By, Method

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.portfolio.values import AccountState
    from optionix_core.risk.greeks import BookGreeks, GreekSum
    from optionix_core.risk.liquidity import Liquidity
    from optionix_core.risk.reverse_stress import ReverseStress
    from optionix_core.risk.stress import StressGrid, StressResult
    from optionix_core.risk.value_at_risk.scenario_tails import TailEstimate
    from optionix_core.services.limit_watch import LimitReport
    from optionix_core.services.margins import MarginReport
    from optionix_core.services.risk_book import BuiltBook
    from optionix_core.services.risk_liquidity import LiquidityReport
    from optionix_core.services.risk_tails import BacktestReport, TailReport

Answer = TypeVar("Answer")

GROUPINGS: Final[tuple[By, ...]] = ("position", "underlying", "expiry", "factor")
LONGEST_HORIZON: Final = 250
SPOTS: Final = (-0.2, -0.15, -0.1, -0.075, -0.05, -0.025, 0.0, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2)
"""Relative moves of every spot on the grid of stress."""
VOLATILITIES: Final = (-0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2)
"""Moves of every volatility on the grid, added: 0.02 is two points."""
DAYS: Final = (0.0, 1.0, 7.0, 30.0)
"""Days that pass on the grid."""
WINDOW: Final = 250
"""Days that each figure of the backtest is told from."""
BACKTEST_DAYS: Final = 750
TAKES_PER_DAY: Final = 13.0
"""How often a day a displayed size can be taken, which is an assumption: once in half an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAsked:
    """What a view is asked for. Raises InvalidValueError or UnknownNameError for what is out of bounds."""

    confidence: float = 0.99
    horizon_days: int = 1
    method: Method = "plain"
    """Whose parts are told."""
    by: By = "position"
    """What a part is."""
    stage: tuple[tuple[str, int], ...] = ()
    """Legs of a trade that is thought of: instruments and signed quantities."""
    loss: Decimal | None = None
    """What reverse stress looks for; None: the nearest limit on a loss, else all of the net liquidation value."""
    seed: int = 0
    """Of the copula."""

    def __post_init__(self) -> None:
        if not 0.5 < self.confidence < 1.0:
            raise InvalidValueError("confidence", self.confidence, "above 0.5 and below 1")
        if not 1 <= self.horizon_days <= LONGEST_HORIZON:
            raise InvalidValueError("horizon", self.horizon_days, f"1 to {LONGEST_HORIZON} days")
        if self.method not in METHODS:
            raise UnknownNameError("method", self.method, METHODS)
        if self.by not in GROUPINGS:
            raise UnknownNameError("grouping", self.by, GROUPINGS)
        if self.loss is not None and not (self.loss.is_finite() and self.loss > 0):
            raise InvalidValueError("loss", self.loss, "positive and finite")


@dataclass(frozen=True, slots=True, eq=False)
class Part(Generic[Answer]):
    """One part of a view: an answer, or why there is none; neither where it was not made yet."""

    answer: Answer | None = None
    problem: OptionixError | None = None

    @property
    def made(self) -> bool:
        """Whether anything is known."""
        return self.answer is not None or self.problem is not None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stressed:
    """The book in named scenarios, and what closing it there would cost."""

    found: StressResult
    closing: Mapping[str, Liquidity]
    """By the scenario's id; spreads are those of the scenario."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Gridded:
    """The book on a grid of moves."""

    found: StressGrid
    left_out: tuple[tuple[float, str], ...]
    """Moves of volatility that would leave an option none, and the word of it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reversed:
    """The nearest move that loses an amount."""

    found: ReverseStress
    of: str
    """Whose amount it is, in words."""
    days: int
    """Daily moves that deviations and correlations are of."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Margins:
    """Margin by each regime, at first and to be kept."""

    initial: MarginReport
    maintenance: MarginReport


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSide:
    """Figures of a book before or after a trade."""

    tail: TailEstimate
    """Of past days alike, at the level and horizon that were asked for."""
    worst_scenario: str
    """Title of the named scenario with the least P&L; empty where nothing is held."""
    worst_pnl: float
    """Zero where nothing is held."""
    greeks: GreekSum
    margin: Part[float]
    """Equity that the strategy regime asks for at first."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WhatIf:
    """The same figures before and after a trade that is only thought of, from the same quotes at the same moment.

    What the trade costs or brings is not in them; whether it may be sent is the gate's to say.
    """

    legs: tuple[tuple[str, int], ...]
    before: RiskSide
    after: RiskSide


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskView:
    """Everything that the risk screen shows."""

    asked: RiskAsked
    account: str
    state: AccountState | None
    """None where the account was never opened."""
    built: BuiltBook
    nlv: Part[Decimal]
    limits: Part[LimitReport] = field(default_factory=Part)
    greeks: Part[BookGreeks] = field(default_factory=Part)
    grid: Part[Gridded] = field(default_factory=Part)
    stressed: Part[Stressed] = field(default_factory=Part)
    margin: Part[Margins] = field(default_factory=Part)
    liquidity: Part[LiquidityReport] = field(default_factory=Part)
    tails: Mapping[Method, Part[TailReport]] = field(default_factory=dict)
    """By method; those that were not made yet are absent."""
    backtest: Part[BacktestReport] = field(default_factory=Part)
    reverse: Part[Reversed] = field(default_factory=Part)
    what_if: Part[WhatIf] = field(default_factory=Part)
    """Neither answer nor problem where nothing is staged."""

    @property
    def moment(self) -> datetime:
        """That every figure is of."""
        return self.built.moment

    @property
    def empty(self) -> bool:
        """Whether nothing is held that has figures."""
        return not self.built.book.positions

    def tail(self, method: Method | None = None) -> Part[TailReport]:
        """The tails of a method, or of the one whose parts were asked for."""
        return self.tails.get(self.asked.method if method is None else method, Part())
