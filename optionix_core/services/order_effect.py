"""What an order, filled whole, would do to the account: margin, dollar Greeks, value at risk, before and after.

Margin is that of the strategy based regime at the opening of positions, without orders that rest. Value at risk is the
figure that limits are judged by (`limit_figures`): one day at 99% by full revaluation of past days, open orders filled
or not, whichever is worse. What has no data is an error that says so; nothing is estimated in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import MissingDataError
from optionix_core.market.units import to_market

if TYPE_CHECKING:
    from optionix_core.portfolio.values import AccountState
    from optionix_core.risk.book import Position
    from optionix_core.services.margins import SourceBook
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.limits import LimitEngine
    from optionix_core.trading.orders import OrderIntent

REGIME: Final = "strategy"
"""Of the margin that is told: FINRA Rule 4210 by strategies."""


class Change(NamedTuple):
    """A figure before an order and after it."""

    before: float
    after: float

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class OrderEffect:
    """Of one order on the account; money in its currency."""

    margin: Change
    """What the net liquidation value must reach by the strategy based regime."""
    net_liquidation_value: float
    """Cash and positions at their mids, before the order."""
    dollar_delta: Change
    """Delta times the price of the underlying."""
    theta: Change
    """Per day."""
    vega: Change
    """Per point of volatility."""
    notes: tuple[str, ...]
    """What was taken for granted, in words."""


@dataclass(frozen=True, slots=True)
class TailEffect:
    """On the account's value at risk; losses positive."""

    value_at_risk: Change
    bound: Decimal | None
    """The account's hard limit on it; None where none is set."""


@dataclass(frozen=True, slots=True)
class OrderRisk:
    """What asks for the tail; keeps the day's history from one question to the next."""

    workspace: Workspace
    _engines: list[LimitEngine] = field(default_factory=list, repr=False)

    def tail(self, intent: OrderIntent) -> TailEffect:
        """Raises MissingDataError with the reason where the figure cannot be told."""
        from optionix_core.services.limit_figures import RiskLimitEngine
        from optionix_core.trading.limit_board import LimitGrade, LimitLevel
        from optionix_core.trading.limits import LimitKind, LimitQuestion, Untold

        if not self._engines:
            self._engines.append(RiskLimitEngine())
        workspace = self.workspace
        account = _account(workspace, intent)
        wanted = (LimitKind.VALUE_AT_RISK, LimitGrade.HARD, LimitLevel.ACCOUNT)
        with workspace.desk.lock:
            board = workspace.desk.orders
            orders = tuple(
                order
                for order in board.orders()
                if order.intent.account == intent.account and order.accepted_at is not None
            )
            bounds = [
                one.bound
                for one in board.limits.of_account(intent.account)
                if (one.key.kind, one.key.grade, one.key.level) == wanted
            ]
        question = LimitQuestion(
            now=workspace.clock.now(), account=account, orders=orders, intent=intent, market=workspace.venue_feed
        )
        kind = LimitKind.VALUE_AT_RISK
        found = self._engines[0].figures(question, frozenset({kind}))[kind]
        if found is None or isinstance(found, Untold):
            raise MissingDataError("not told" if found is None else found.reason)
        return TailEffect(Change(float(found.before), float(found.after)), min(bounds, default=None))


def effect(workspace: Workspace, intent: OrderIntent) -> OrderEffect:
    """Of an order filled whole at the mids. Raises MissingDataError naming every position without data."""
    from optionix_core.risk.greeks import book_greeks
    from optionix_core.risk.margin.account import what_if
    from optionix_core.services import margins
    from optionix_core.services.risk_book import Holding, build

    account = _account(workspace, intent)
    held = {position.symbol: float(position.quantity) for position in account.positions}
    legs = [(leg.symbol, leg.ratio) for leg in intent.legs] or [(intent.symbol, 1)]
    units = {symbol: float(intent.side.sign * ratio) for symbol, ratio in legs}
    symbols = tuple(dict.fromkeys((*held, *units)))
    built = build(
        [Holding(symbol, symbol, 1.0) for symbol in symbols],
        workspace.venue_feed,
        workspace.clock.now(),
        account.currency,
    )
    found = book_greeks(built.book)
    before = [held.get(symbol, 0.0) for symbol in symbols]
    change = [units.get(symbol, 0.0) * intent.quantity for symbol in symbols]

    def summed(column: list[float]) -> Change:
        start = sum(quantity * value for quantity, value in zip(before, column, strict=True))
        return Change(start, start + sum(quantity * value for quantity, value in zip(change, column, strict=True)))

    def book(quantities: list[float]) -> SourceBook:
        return margins.source_of(
            replace(built, book=built.book.with_positions(_scaled(built.book.positions, quantities))), account
        )

    source, order = book(before), book(change)
    told = what_if(source.book, order.book.positions, REGIME)
    value = float(account.cash) + sum(q * v for q, v in zip(before, found.value.tolist(), strict=True))
    return OrderEffect(
        margin=Change(told.before.against_equity, told.after.against_equity),
        net_liquidation_value=value,
        dollar_delta=summed(found.delta_cash.tolist()),
        theta=summed(to_market("theta", found.theta).tolist()),
        vega=summed(to_market("vega", found.vega).tolist()),
        notes=tuple(dict.fromkeys((*built.notes, *source.notes, *told.after.assumptions))),
    )


def _scaled(positions: tuple[Position, ...], quantities: list[float]) -> tuple[Position, ...]:
    return tuple(
        replace(position, quantity=quantity)
        for position, quantity in zip(positions, quantities, strict=True)
        if quantity
    )


def _account(workspace: Workspace, intent: OrderIntent) -> AccountState:
    """As it stands, or as its first order opens it."""
    from optionix_core.services.trading import unopened_account

    workspace.desk.follow(workspace.store)
    with workspace.desk.lock:
        return workspace.desk.book.account(intent.account) or unopened_account(intent.account, workspace.venue)
