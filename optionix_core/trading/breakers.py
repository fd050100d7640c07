"""Circuit breakers that a user or an operator sets: volatility, volume, spread, daily loss, drawdown.

Each is a threshold with a window and answers a judgement: the rule's name, the value it found, the bound and
what follows. Nothing is decided on numbers that are not there: without enough observations the answer is
"no data", which is neither a yes nor a no, and whoever asked decides what fails closed. Reaching the bound
trips. Refuses bounds that are not positive and observations out of order. Money and quantities are exact;
realised volatility is a float, since it is a root of logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.trading.eastern import aware

PLACES: Final = Decimal("1e-8")
"""Where a reported ratio that does not end is cut, half to even; the comparison itself is exact."""

_ROUNDING: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Verdict(StrEnum):
    """What a breaker says."""

    CLEAR = "clear"
    TRIPPED = "tripped"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A breaker's answer."""

    rule: str
    verdict: Verdict
    value: Decimal | float | None
    """What was found, in the unit of `bound`; None without data."""
    bound: Decimal | float
    detail: str


class PricePoint(NamedTuple):
    """A price at a moment."""

    at: datetime
    price: Decimal


class VolumePoint(NamedTuple):
    """Contracts or shares traded at a moment."""

    at: datetime
    quantity: Decimal


class QuotePoint(NamedTuple):
    """A quotation at a moment; either side may be absent."""

    at: datetime
    bid: Decimal | None
    ask: Decimal | None


class EquityPoint(NamedTuple):
    """What an account is worth at a moment, in its currency."""

    at: datetime
    equity: Decimal


Point = TypeVar("Point", PricePoint, VolumePoint, QuotePoint, EquityPoint)


@dataclass(frozen=True, slots=True)
class VolatilityBreaker:
    """Trips on the realised volatility of a window: the root of the sum of squared log returns, not annualised."""

    bound: float
    """As a fraction: 0.05 is a typical move of five percent over the window."""
    window: timedelta
    rule: str = "volatility"

    def __post_init__(self) -> None:
        if not 0.0 < self.bound < math.inf:
            raise InvalidValueError("bound", self.bound, "positive and finite")
        _check_window(self.window)

    def judge(self, prices: Sequence[PricePoint], now: datetime) -> Judgement:
        """By the prices of the window, at least two of them."""
        seen = _within(prices, now, self.window, "prices")
        for row, point in enumerate(seen):
            if not (point.price.is_finite() and point.price > 0):
                raise InvalidValueError("prices.price", point.price, "positive", row)
        if len(seen) < 2:
            return _no_data(self.rule, self.bound, f"{len(seen)} prices in {self.window}, at least 2 are needed")
        logs = [math.log(point.price) for point in seen]
        value = math.sqrt(math.fsum((later - earlier) ** 2 for earlier, later in pairwise(logs)))
        return _judged(self.rule, value, self.bound, tripped=value >= self.bound, over=f"{self.window}")


@dataclass(frozen=True, slots=True)
class VolumeBreaker:
    """Trips on the quantity traded in a window."""

    bound: Decimal
    window: timedelta
    rule: str = "volume"

    def __post_init__(self) -> None:
        _check_bound(self.bound)
        _check_window(self.window)

    def judge(self, trades: Sequence[VolumePoint], now: datetime) -> Judgement:
        """By the trades of the window; none is a volume of zero."""
        seen = _within(trades, now, self.window, "trades")
        for row, point in enumerate(seen):
            if not (point.quantity.is_finite() and point.quantity > 0):
                raise InvalidValueError("trades.quantity", point.quantity, "positive", row)
        with exact_arithmetic():
            value = sum((point.quantity for point in seen), Decimal(0))
        return _judged(self.rule, value, self.bound, tripped=value >= self.bound, over=f"{self.window}")


@dataclass(frozen=True, slots=True)
class SpreadBreaker:
    """Trips where the spread stays at or beyond a share of the mid for a whole window.

    The value is the narrowest relative spread that was shown in the window, the quotation that stood when it
    began included. A side that was absent is infinitely wide. A locked or crossed quotation has no mid: with
    one in the window there is no data.
    """

    bound: Decimal
    """(ask - bid) / mid: 0.10 is ten percent."""
    window: timedelta
    rule: str = "spread"

    def __post_init__(self) -> None:
        _check_bound(self.bound)
        _check_window(self.window)

    def judge(self, quotes: Sequence[QuotePoint], now: datetime) -> Judgement:
        """By the quotations that stood in the window. Without one older than the window there is no data."""
        _check_order(quotes, now, "quotes")
        start = aware(now, "now") - self.window
        standing = [point for point in quotes if point.at <= start][-1:]
        if not standing:
            return _no_data(self.rule, self.bound, f"no quotation as old as {self.window}")
        seen = [*standing, *(point for point in quotes if point.at > start)]
        narrowest: tuple[Decimal, Decimal] | None = None
        for point in seen:
            if point.bid is None or point.ask is None:
                continue
            if not 0 < point.bid < point.ask:
                return _no_data(self.rule, self.bound, f"no mid between {point.bid} and {point.ask}")
            with exact_arithmetic():
                spread, mid = point.ask - point.bid, (point.ask + point.bid) / 2
                if narrowest is None or spread * narrowest[1] < narrowest[0] * mid:
                    narrowest = (spread, mid)
        if narrowest is None:
            return Judgement(
                self.rule, Verdict.TRIPPED, Decimal("Infinity"), self.bound, f"one-sided throughout {self.window}"
            )
        with exact_arithmetic():
            tripped = narrowest[0] >= self.bound * narrowest[1]
        return _judged(self.rule, _ratio(*narrowest), self.bound, tripped=tripped, over=f"{self.window}")


@dataclass(frozen=True, slots=True)
class DailyLossBreaker:
    """Trips on the loss since the day began, in the account's currency."""

    bound: Decimal
    rule: str = "daily-loss"

    def __post_init__(self) -> None:
        _check_bound(self.bound)

    def judge(self, at_start: Decimal | None, equity: Decimal | None) -> Judgement:
        """By the equity at the day's start and now, deposits and withdrawals of the day left out of both."""
        if at_start is None or equity is None:
            which = "at the day's start" if at_start is None else "now"
            return _no_data(self.rule, self.bound, f"no equity known {which}")
        with exact_arithmetic():
            loss = at_start - equity
        return _judged(self.rule, loss, self.bound, tripped=loss >= self.bound, over="the day")


@dataclass(frozen=True, slots=True)
class DrawdownBreaker:
    """Trips on the fall of the equity from its highest in a window, as a fraction of that."""

    bound: Decimal
    """0.10 is ten percent below the peak."""
    window: timedelta
    rule: str = "drawdown"

    def __post_init__(self) -> None:
        _check_bound(self.bound)
        _check_window(self.window)

    def judge(self, equities: Sequence[EquityPoint], now: datetime) -> Judgement:
        """By the last equity against the highest; no data without any, or where the peak is not positive."""
        seen = _within(equities, now, self.window, "equities")
        if not seen:
            return _no_data(self.rule, self.bound, f"no equity in {self.window}")
        peak, last = max(point.equity for point in seen), seen[-1].equity
        if peak <= 0:
            return _no_data(self.rule, self.bound, f"the peak is {peak}, which nothing is a fraction of")
        with exact_arithmetic():
            fall = peak - last
            tripped = fall >= self.bound * peak
        return _judged(self.rule, _ratio(fall, peak), self.bound, tripped=tripped, over=f"{self.window}")


def _judged(rule: str, value: Decimal | float, bound: Decimal | float, *, tripped: bool, over: str) -> Judgement:
    verdict = Verdict.TRIPPED if tripped else Verdict.CLEAR
    return Judgement(rule, verdict, value, bound, f"{value} over {over}, trips at {bound}")


def _no_data(rule: str, bound: Decimal | float, why: str) -> Judgement:
    return Judgement(rule, Verdict.NO_DATA, None, bound, why)


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    return _ROUNDING.quantize(_ROUNDING.divide(part, whole), PLACES)


def _within(points: Sequence[Point], now: datetime, window: timedelta, field: str) -> list[Point]:
    """Those of (now - window, now]."""
    _check_order(points, now, field)
    return [point for point in points if point.at > now - window]


def _check_order(points: Sequence[Point], now: datetime, field: str) -> None:
    latest: datetime | None = None
    for row, point in enumerate(points):
        if aware(point.at, f"{field}.at") > aware(now, "now"):
            raise InvalidValueError(f"{field}.at", point.at, f"at most now, {now}", row)
        if latest is not None and point.at < latest:
            raise InvalidValueError(f"{field}.at", point.at, f"not before the one ahead of it, {latest}", row)
        latest = point.at


def _check_bound(bound: Decimal) -> None:
    if not (bound.is_finite() and bound > 0):
        raise InvalidValueError("bound", bound, "positive and finite")


def _check_window(window: timedelta) -> None:
    if window <= timedelta(0):
        raise InvalidValueError("window", window, "positive")
