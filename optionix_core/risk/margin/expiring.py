"""What an expiry would leave behind: options exercised, assigned or gone, stock and cash in their place.

By the clearing house's rule of exercise by exception (`portfolio.exercise.by_exception`), nobody saying otherwise, with
the underlyings at given prices. What expires later is valued then by the model at the volatility that it has now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.exercise import by_exception
from optionix_core.risk.margin.account import moved
from optionix_core.risk.margin.book import SECONDS_PER_YEAR, MarginBook, MarginClass, MarginPosition
from optionix_core.risk.margin.comparison import Regime, RegimeMargin, requirement
from optionix_core.risk.margin.parameters import MarginParameters
from optionix_core.risk.margin.revalued import rows_of
from optionix_core.risk.margin.rules import classified

_CASH = frozenset({MarginClass.BROAD_INDEX, MarginClass.SMALL_CAP_INDEX, MarginClass.NARROW_INDEX, MarginClass.COIN})


@dataclass(frozen=True, slots=True)
class Ending:
    """Of one position."""

    position: str
    outcome: Literal["exercised", "assigned", "expires"]
    shares: float
    """That come, negative where they go; zero where it is paid in cash or expires."""
    cash: float
    """That comes."""


@dataclass(frozen=True, slots=True)
class ExpiryExposure:
    """Of a book beyond one expiry; money in its currency."""

    expiry: date
    endings: tuple[Ending, ...]
    cash: float
    """That comes, negative where it goes."""
    shares: tuple[tuple[str, float], ...]
    """That come, by underlying; negative where they go."""
    book: MarginBook
    """What is held then."""
    before: RegimeMargin
    after: RegimeMargin
    assumptions: tuple[str, ...]


def exposure_after_expiry(
    book: MarginBook,
    expiry: date,
    regime: Regime,
    prices: Mapping[str, float] | None = None,
    *,
    maintenance: bool = True,
    parameters: MarginParameters | None = None,
) -> ExpiryExposure:
    """`prices` by underlying at settlement; where one is missing the price now is taken, and said so.

    Raises MissingDataError where no option of the book expires on that day.
    """
    ends = [one for one in book.positions if one.expiry is not None and one.expiry.date() == expiry]
    if not ends:
        raise MissingDataError(f"no option of the book expires on {expiry.isoformat()}")
    known = classified(book)
    notes = list(known.assumptions)
    settled: dict[str, float] = {}
    for name in dict.fromkeys(one.underlying for one in ends):
        now = next(one.underlying_price for one in ends if one.underlying == name)
        settled[name] = (prices or {}).get(name, now)
        if not settled[name] > 0.0:
            raise InvalidValueError(f"settlement price of {name}", settled[name], "positive")
        if prices is None or name not in prices:
            notes.append(f"{name} settles at its price now, {now:g}")
    endings = tuple(_ending(one, settled[one.underlying], known.classes[one.underlying], notes) for one in ends)
    last = max(one.expiry for one in ends if one.expiry is not None)
    left = _left(book, settled, expiry, last)
    shares: dict[str, float] = {}
    for one, ending in zip(ends, endings, strict=True):
        shares[one.underlying] = shares.get(one.underlying, 0.0) + ending.shares
    arriving = [
        _shares(next(one for one in ends if one.underlying == name), settled[name], count)
        for name, count in shares.items()
        if count
    ]
    after = left.with_more(arriving)
    return ExpiryExposure(
        expiry,
        endings,
        sum(one.cash for one in endings),
        tuple((name, count) for name, count in shares.items() if count),
        after,
        requirement(book, regime, maintenance=maintenance, parameters=parameters),
        requirement(after, regime, maintenance=maintenance, parameters=parameters),
        tuple(dict.fromkeys(notes)),
    )


def _ending(position: MarginPosition, price: float, margin_class: MarginClass, notes: list[str]) -> Ending:
    paid = position.cash_settled
    if paid is None:
        paid = margin_class in _CASH or position.inverse
        notes.append(f"{position.underlying}: settlement is not told, taken as {'cash' if paid else 'delivery'}")
    label = "call" if position.sign > 0 else "put"
    outcome = by_exception(
        label,
        position.strike or 0.0,
        price,
        position.multiplier,
        settlement="cash" if paid else "physical",
        on=None if position.expiry is None else position.expiry.date(),
    )
    if outcome == "expire":
        return Ending(position.id, "expires", 0.0, 0.0)
    word: Literal["exercised", "assigned"] = "exercised" if position.quantity > 0 else "assigned"
    if paid:
        return Ending(position.id, word, 0.0, position.units * position.intrinsic(price))
    shares = position.sign * position.units
    return Ending(position.id, word, shares, -shares * (position.strike or 0.0))


def _left(book: MarginBook, settled: Mapping[str, float], expiry: date, last: datetime) -> MarginBook:
    """What does not expire, valued at the prices and the moment of settlement."""
    stay = tuple(one for one in book.positions if one.expiry is None or one.expiry.date() != expiry)
    gone = [one.id for one in stay if one.expiry is not None and one.expiry <= last]
    if gone:
        raise InvalidValueError("expiry", expiry, f"the nearest of the book: {gone[0]} expires before")
    left = replace(book, positions=stay)
    for name, price in settled.items():
        if name in left.underlyings:
            left = moved(left, rows_of(left, classified(left).classes), name, price)
    later = (last - book.as_of).total_seconds() / SECONDS_PER_YEAR
    if any(one.is_option for one in left.positions):
        rows = rows_of(left, classified(left).classes)
        left = moved(left, rows, "", 1.0, later)
    return replace(left, as_of=last)


def _shares(like: MarginPosition, price: float, count: float) -> MarginPosition:
    return MarginPosition(
        id=f"{like.underlying} shares",
        underlying=like.underlying,
        underlying_price=price,
        quantity=count,
        margin_class=like.margin_class,
        leverage=like.leverage,
    )
