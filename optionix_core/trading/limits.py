"""Limits on the book as it would be after an order: what is asked of an engine, and how the gate judges its answer.

The gate computes no risk. Whoever can (Greeks, value at risk, expected shortfall, stress, concentration, margin, the
day's loss) is a `LimitEngine`: it is handed the account, its open orders, the new order and the market, and says what
each figure is before the order and would be after it. The bound is judged here. A limit that is set and that nobody
can judge refuses, by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.exact import decimal_text

if TYPE_CHECKING:
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.fold import BookFold
    from optionix_core.portfolio.values import AccountState
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.orders import OrderIntent


class LimitKind(StrEnum):
    """A figure of the whole account that can be limited; money is in the account's currency."""

    DELTA = "limit-delta"
    """Gain for a rise of every underlying by 1%, to first order; signed."""
    GAMMA = "limit-gamma"
    """By how much that delta grows over a rise of 1%; signed."""
    VEGA = "limit-vega"
    """Gain for a rise of every implied volatility by one point; signed."""
    THETA = "limit-theta"
    """Gain of a calendar day that passes; signed."""
    VALUE_AT_RISK = "limit-value-at-risk"
    """Loss, positive."""
    EXPECTED_SHORTFALL = "limit-expected-shortfall"
    """Loss, positive."""
    STRESS_LOSS = "limit-stress-loss"
    """Loss of the worst scenario, positive."""
    CONCENTRATION = "limit-concentration"
    """Percent of the gross market value that the largest underlying has."""
    MARGIN_USE = "limit-margin-use"
    """Percent of the net liquidation value that the requirement takes."""
    DAILY_LOSS = "limit-daily-loss"
    """Loss since the last close, positive; a gain is negative."""
    CONTRACTS = "limit-contracts"
    """Option contracts, long and short alike; the only kind that asks no market. See `contracts_held`."""


SIGNED: Final = frozenset({LimitKind.DELTA, LimitKind.GAMMA, LimitKind.VEGA, LimitKind.THETA})
"""Kinds whose bound holds on both sides of zero."""

SPARES_REDUCING: Final = frozenset(
    {LimitKind.CONCENTRATION, LimitKind.MARGIN_USE, LimitKind.DAILY_LOSS, LimitKind.CONTRACTS}
)
"""Kinds that are not asked of an order which only closes what is held. Closing a hedge may raise the others."""


@dataclass(frozen=True, slots=True)
class BookLimit:
    """A bound on one figure, in its kind's unit."""

    kind: LimitKind
    bound: Decimal

    def __post_init__(self) -> None:
        if not (self.bound.is_finite() and self.bound > 0):
            raise InvalidValueError(str(self.kind), self.bound, "positive and finite")


class LimitFigure(NamedTuple):
    """What an engine answers for one kind, in its unit."""

    before: Decimal
    """As the account stands, its open orders as the engine counts them."""
    after: Decimal
    """With all of the new order filled."""


class Untold(NamedTuple):
    """An engine's answer where it cannot tell: the order is refused."""

    reason: str


Figures = Mapping[LimitKind, LimitFigure | Untold]


@dataclass(frozen=True, slots=True)
class LimitQuestion:
    """What an engine is asked."""

    now: datetime
    account: AccountState
    orders: tuple[OpenOrder, ...]
    """The other open orders of the account and of `members`, in the order in which they were wanted."""
    intent: OrderIntent | None
    """Never part of `orders`; None asks how the account stands: before and after are then the same."""
    market: QuoteSource
    """Of the account's own venue; ask it of `now`."""
    members: tuple[AccountState, ...] = ()
    """Other accounts whose books count with it: the figure is that of all of them together."""
    book: BookFold | None = None
    """Where what each account traded today is told; None: a figure that needs it cannot be told."""


class LimitEngine(Protocol):
    """Computes figures of the book as it would be."""

    @property
    def kinds(self) -> frozenset[LimitKind]:
        """Those that it can be asked."""
        ...

    def figures(self, question: LimitQuestion, kinds: frozenset[LimitKind]) -> Figures:
        """One answer for each of `kinds`, all of them its own. Must not raise for missing data: that is `Untold`."""
        ...


def judged(limit: BookLimit, answer: LimitFigure | Untold | None) -> tuple[bool, str]:
    """Whether a limit lets an order pass, and one line that says why.

    Within the bound it passes, and also where the figure is beyond it already and comes nearer. None is the answer of
    no engine.
    """
    if answer is None:
        return False, "configured, no engine to judge it"
    if isinstance(answer, Untold):
        return False, f"cannot be told: {answer.reason}"
    before, after = (abs(x) for x in answer) if limit.kind in SIGNED else answer
    passed = after <= limit.bound or after < before
    words = f"{decimal_text(answer.before)} before, {decimal_text(answer.after)} after"
    return passed, f"{words}, at most {decimal_text(limit.bound)}"
