"""Figures of a book for its limits, as it stands and as it would be after an order: the `LimitEngine` of every face.

The book is valued once, position by position; each figure of any quantities is then a sum. Open orders count as
filled or as not filled, whichever is worse, so that two of them cannot pass one after the other what they would break
together. Where a price, a forward or a day of history is missing the answer is `Untold` with the reason: the gate then
refuses. Value at risk is of one day, by the full revaluation of up to 500 past days, at 99%; expected shortfall at
97.5%, as MAR33.4 of the Basel Framework has it. The worst scenario is one of the library that was handed in. Margin
use is what the strategy based regime asks of the equity, over the net liquidation value at mids.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import DomainError, MissingDataError, OptionixError
from optionix_core.market.units import POINT, to_market
from optionix_core.portfolio.exact import decimal_of_float
from optionix_core.services.risk_book import BuiltBook, Chains, Holding, build
from optionix_core.trading.contracts_held import most_contracts
from optionix_core.trading.limits import Figures, LimitFigure, LimitKind, LimitQuestion, Untold

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.values import AccountState
    from optionix_core.risk.scenarios import ScenarioSet
    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.trading.orders import OrderIntent

    FloatArray = NDArray[np.float64]

History = Callable[["QuoteSource", tuple[str, ...], "datetime"], "ScenarioSet"]
CONFIDENCE: Final = 0.99
SHORTFALL_CONFIDENCE: Final = 0.975
_GREEKS: Final = frozenset({LimitKind.DELTA, LimitKind.GAMMA, LimitKind.VEGA, LimitKind.THETA})
_TAILS: Final = frozenset({LimitKind.VALUE_AT_RISK, LimitKind.EXPECTED_SHORTFALL})
_WITHOUT_SHEET: Final = frozenset({LimitKind.DAILY_LOSS, LimitKind.CONTRACTS})
"""Kinds that need no book of models."""
_DIGITS: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class RiskLimitEngine:
    """See the module. `scenarios` is asked once, when a stress loss is first wanted; None: it cannot be judged."""

    scenarios: Callable[[], Sequence[StressScenario]] | None = None
    _read: list[Sequence[StressScenario]] = field(default_factory=list, repr=False)
    _histories: dict[tuple[object, ...], ScenarioSet] = field(default_factory=dict, repr=False)
    """The last one asked for: a feed takes longer to tell a history than a book to be revalued."""
    _chains: dict[tuple[str, datetime], Chains] = field(default_factory=dict, repr=False)
    """Of the last moment asked for: one order is asked of an account, its user and its desk."""

    @property
    def kinds(self) -> frozenset[LimitKind]:
        """Those that it can be asked."""
        told = {*_GREEKS, *_TAILS, *_WITHOUT_SHEET, LimitKind.CONCENTRATION, LimitKind.MARGIN_USE}
        return frozenset(told if self.scenarios is None else {*told, LimitKind.STRESS_LOSS})

    def figures(self, question: LimitQuestion, kinds: frozenset[LimitKind]) -> Figures:
        """One answer for each of `kinds`."""
        answers: dict[LimitKind, LimitFigure | Untold] = {}
        if LimitKind.DAILY_LOSS in kinds:
            answers[LimitKind.DAILY_LOSS] = _daily_loss(question)
        if LimitKind.CONTRACTS in kinds:
            answers[LimitKind.CONTRACTS] = _contracts(question)
        wanted = kinds - _WITHOUT_SHEET
        if not wanted:
            return answers
        try:
            sheet = _Sheet(question, self._solved(question))
        except OptionixError as error:
            return answers | {kind: Untold(str(error)) for kind in wanted}
        for kind in wanted:
            try:
                answers[kind] = self._figure(sheet, kind)
            except OptionixError as error:
                answers[kind] = Untold(str(error))
        return answers

    def _figure(self, sheet: _Sheet, kind: LimitKind) -> LimitFigure:
        if kind in _GREEKS:
            return sheet.worst(sheet.greek(kind), signed=True)
        if kind is LimitKind.CONCENTRATION:
            return sheet.worst(sheet.concentration)
        if kind is LimitKind.MARGIN_USE:
            return sheet.worst(sheet.margin_use())
        if kind in _TAILS:
            return sheet.worst(sheet.tail(kind, self._history))
        if kind is LimitKind.STRESS_LOSS and self.scenarios is not None:
            if not self._read:
                self._read.append(self.scenarios())
            return sheet.worst(sheet.stress_loss(self._read[0]))
        raise DomainError(f"{kind} is not one of the engine's figures")

    def _solved(self, question: LimitQuestion) -> Chains:
        key = (question.market.name, question.now)
        if key not in self._chains:
            self._chains.clear()
            self._chains[key] = Chains()
        return self._chains[key]

    def _history(self, feed: QuoteSource, underlyings: tuple[str, ...], now: datetime) -> ScenarioSet:
        """Of an hour: a close that is told late within it is seen in the next."""
        from optionix_core.services.daily_history import ended_day
        from optionix_core.services.risk_history import history_scenarios

        asked = (feed.name, underlyings, ended_day(now, underlyings), now.date(), now.hour)
        if asked not in self._histories:
            found = history_scenarios(feed, underlyings, now).scenarios
            self._histories.clear()
            self._histories[asked] = found
        return self._histories[asked]


class _Sheet:
    """One book, a unit of every instrument in question, and the quantities that it is asked about."""

    def __init__(self, question: LimitQuestion, chains: Chains) -> None:
        import numpy as np

        self._question = question
        accounts = (question.account, *question.members)
        held = _summed(accounts)
        working: dict[str, float] = {}
        for order in question.orders:
            _add(working, order.intent, order.remaining)
        wanted: dict[str, float] = {}
        if question.intent is not None:
            _add(wanted, question.intent, question.intent.quantity)
        symbols = tuple(dict.fromkeys((*held, *working, *wanted)))
        currencies = {account.currency for account in accounts}
        if len(currencies) > 1:
            raise DomainError(f"accounts in {' and '.join(sorted(currencies))} have no common figure")
        self._built = build(
            [Holding(symbol, symbol, 1.0) for symbol in symbols],
            question.market,
            question.now,
            question.account.currency,
            chains=chains,
        )
        columns = [np.array([part.get(symbol, 0.0) for symbol in symbols]) for part in (held, working, wanted)]
        still, open_orders, new = columns
        self._before = (still, still + open_orders)
        self._after = (still + new, still + open_orders + new)

    @property
    def built(self) -> BuiltBook:
        """The book of one unit of each instrument."""
        return self._built

    def worst(self, figure: Callable[[FloatArray], float], *, signed: bool = False) -> LimitFigure:
        """The figure before and after, the worse of open orders filled or not."""

        def of(cases: tuple[FloatArray, FloatArray]) -> Decimal:
            values = [figure(quantities) for quantities in cases]
            return _decimal(max(values, key=abs) if signed else max(values))

        return LimitFigure(of(self._before), of(self._after))

    def greek(self, kind: LimitKind) -> Callable[[FloatArray], float]:
        from optionix_core.risk.greeks import book_greeks

        found = book_greeks(self._built.book)
        column = {
            LimitKind.DELTA: found.delta_cash * POINT,
            LimitKind.GAMMA: found.gamma_cash * POINT * POINT,
            LimitKind.VEGA: to_market("vega", found.vega),
            LimitKind.THETA: to_market("theta", found.theta),
        }[kind]
        return lambda quantities: float(quantities @ column)

    def concentration(self, quantities: FloatArray) -> float:
        """Percent of the gross value that the largest underlying has; zero where nothing is held."""
        from optionix_core.risk.greeks import book_greeks

        found = book_greeks(self._built.book)
        gross: dict[str, float] = {}
        for name, value in zip(found.underlyings, abs(quantities * found.value).tolist(), strict=True):
            gross[name] = gross.get(name, 0.0) + value
        total = sum(gross.values())
        return 100.0 * max(gross.values()) / total if total > 0.0 else 0.0

    def margin_use(self) -> Callable[[FloatArray], float]:
        """Percent of the net liquidation value (cash and positions at their mids) that strategy based margin needs."""
        from optionix_core.risk.greeks import book_greeks
        from optionix_core.risk.margin.book import from_risk_book
        from optionix_core.risk.margin.comparison import requirement

        book = self._built.book
        accounts = (self._question.account, *self._question.members)
        cash = math.fsum(float(account.cash) for account in accounts)
        worth = cash + float(self._before[0] @ book_greeks(book).value)

        def of(quantities: FloatArray) -> float:
            held = tuple(
                replace(position, quantity=quantity)
                for position, quantity in zip(book.positions, quantities.tolist(), strict=True)
                if quantity != 0.0
            )
            if not held:
                return 0.0
            if not worth > 0.0:
                raise DomainError(f"the net liquidation value is {worth:.2f}: nothing stands behind a requirement")
            return 100.0 * requirement(from_risk_book(book.with_positions(held)), "strategy").against_equity / worth

        return of

    def tail(self, kind: LimitKind, history: History) -> Callable[[FloatArray], float]:
        from optionix_core.risk import expected_shortfall, value_at_risk
        from optionix_core.risk.revaluation import revalue

        book = self._built.book
        if not book.positions:
            return lambda quantities: 0.0  # noqa: ARG005 - an empty book loses nothing
        moves = history(self._question.market, book.underlyings, self._question.now)
        gains = revalue(book, moves, kept="position").values
        if kind is LimitKind.VALUE_AT_RISK:
            return lambda quantities: float(value_at_risk.historical(quantities @ gains, CONFIDENCE))
        return lambda quantities: float(expected_shortfall.historical(quantities @ gains, SHORTFALL_CONFIDENCE))

    def stress_loss(self, scenarios: Sequence[StressScenario]) -> Callable[[FloatArray], float]:
        from optionix_core.risk.stress import stress

        book = self._built.book
        if not book.positions:
            return lambda quantities: 0.0  # noqa: ARG005 - an empty book loses nothing
        gains = stress(book, scenarios).pnl.values
        return lambda quantities: max(0.0, -float((quantities @ gains).min()))


def _contracts(question: LimitQuestion) -> LimitFigure:
    accounts = (question.account, *question.members)
    before = most_contracts(accounts, question.orders)
    return LimitFigure(before, most_contracts(accounts, question.orders, question.intent))


def _daily_loss(question: LimitQuestion) -> LimitFigure | Untold:
    """Of all accounts together since the last close; an order does not change it."""
    from optionix_core.services.marking import Marker

    if question.book is None:
        return Untold("what was traded today is not at hand")
    total = Decimal(0)
    for account in (question.account, *question.members):
        marker = Marker(question.book, question.market, account, question.now, question.account.venue)
        try:
            values = tuple(marker.value(position.symbol) for position in account.positions)
            day, reason = marker.day_of_account(values)
        except MissingDataError as error:
            return Untold(str(error))
        if day is None:
            return Untold(f"{account.account}: {reason}")
        total -= day
    return LimitFigure(total, total)


def _summed(accounts: Sequence[AccountState]) -> dict[str, float]:
    held: dict[str, float] = {}
    for account in accounts:
        for position in account.positions:
            held[position.symbol] = held.get(position.symbol, 0.0) + float(position.quantity)
    return held


def _add(quantities: dict[str, float], intent: OrderIntent, units: int) -> None:
    legs = tuple((leg.symbol, leg.ratio) for leg in intent.legs) or ((intent.symbol, 1),)
    for symbol, ratio in legs:
        quantities[symbol] = quantities.get(symbol, 0.0) + intent.side.sign * ratio * units


def _decimal(value: float) -> Decimal:
    return decimal_of_float(value, "figure").quantize(_DIGITS)
