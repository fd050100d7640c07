"""A risk book and a margin book from rows of a CSV file, with what the rows do not say named by the caller or refused.

Implied volatilities that a row lacks are solved from its price, American or European as the option is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.curves import DiscountCurve
from optionix_core.market.snapshot import Market
from optionix_core.pricing import american
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.risk.book import SECONDS_PER_YEAR, Position, PositionKind, RiskBook
from optionix_core.risk.book_csv import BookRow
from optionix_core.risk.margin.book import MarginBook
from optionix_core.risk.margin.from_rows import from_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


def risk_book(
    rows: Sequence[BookRow],
    as_of: datetime,
    *,
    rate: float | None = None,
    dividend_yield: float | None = None,
    reporting_currency: str = "USD",
    exchange_rates: Mapping[str, float] | None = None,
) -> RiskBook:
    """The rows as a book at `as_of`.

    `rate` and `dividend_yield` (continuously compounded) hold for rows that have none of their own. Zero rates of a
    currency stand at the expiries of its rows. Raises MissingDataError for what neither rows nor arguments say,
    InvalidValueError, naming lines, where rows contradict each other or a price has no volatility.
    """
    options = [row for row in rows if row.option_type is not None]
    years = {row.line: _years(row, as_of) for row in options}
    rates = {row.line: _given(row, row.rate, rate, "rate") for row in options}
    yields = _agreed(options, dividend_yield)
    volatilities = _volatilities(options, years, rates, yields)
    market = Market(
        as_of=as_of,
        spots={row.underlying: row.underlying_price for row in rows},
        discount_curves=_curves(options, years, rates),
    )
    return RiskBook(
        positions=tuple(_position(row, volatilities.get(row.line)) for row in rows),
        market=market,
        currencies=_currencies(rows),
        reporting_currency=reporting_currency,
        exchange_rates=dict(exchange_rates or {}),
        dividend_yields=yields,
    )


def margin_book(rows: Sequence[BookRow], as_of: datetime) -> MarginBook:
    """The rows as margin rules take them, those of one instrument added up, with what they do not say left out.

    Raises InvalidValueError where they have several currencies.
    """
    return from_rows(rows, as_of).book


def _position(row: BookRow, volatility: float | None) -> Position:
    kind = PositionKind.UNDERLYING if row.option_type is None else PositionKind(row.style or "")
    return Position(
        id=row.id,
        underlying=row.underlying,
        quantity=row.quantity,
        multiplier=row.multiplier,
        kind=kind,
        option_type=row.option_type,
        strike=row.strike,
        expiry=row.expiry,
        volatility=volatility,
        price=row.price,
    )


def _years(row: BookRow, as_of: datetime) -> float:
    if row.expiry is None:
        return math.inf
    years = (row.expiry - as_of).total_seconds() / SECONDS_PER_YEAR
    if not years > 0.0:
        raise InvalidValueError(f"expiry in line {row.line}", row.expiry.isoformat(), f"after {as_of.isoformat()}")
    return years


def _given(row: BookRow, own: float | None, common: float | None, name: str) -> float:
    value = common if own is None else own
    if value is None:
        raise MissingDataError(f"line {row.line}: {row.id} has no {name}, and none is given for all")
    return value


def _agreed(options: Sequence[BookRow], common: float | None) -> dict[str, float]:
    """One yield for each underlying with options."""
    found: dict[str, tuple[float, int]] = {}
    for row in options:
        value = _given(row, row.dividend_yield, common, "dividend_yield")
        first = found.setdefault(row.underlying, (value, row.line))
        if first[0] != value:
            bound = f"that of line {first[1]}, {first[0]:g}: one underlying has one yield"
            raise InvalidValueError(f"dividend_yield in line {row.line}", value, bound)
    return {underlying: value for underlying, (value, _) in found.items()}


def _currencies(rows: Sequence[BookRow]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        if found.setdefault(row.underlying, row.currency) != row.currency:
            bound = f"{found[row.underlying]}, as in the rows of {row.underlying} before"
            raise InvalidValueError(f"currency in line {row.line}", row.currency, bound)
    return found


def _curves(
    options: Sequence[BookRow], years: Mapping[int, float], rates: Mapping[int, float]
) -> dict[str, DiscountCurve]:
    """Zero rates of each currency at the expiries of its rows."""
    nodes: dict[str, dict[float, tuple[float, int]]] = {}
    for row in options:
        held = nodes.setdefault(row.currency, {})
        first = held.setdefault(years[row.line], (rates[row.line], row.line))
        if first[0] != rates[row.line]:
            bound = f"that of line {first[1]}, {first[0]:g}: one currency has one rate to a moment"
            raise InvalidValueError(f"rate in line {row.line}", rates[row.line], bound)
    curves = {}
    for currency, held in nodes.items():
        times = np.array(sorted(held))
        curves[currency] = DiscountCurve(times, np.exp([-held[time][0] * time for time in times]))
    return curves


def _volatilities(
    options: Sequence[BookRow], years: Mapping[int, float], rates: Mapping[int, float], yields: Mapping[str, float]
) -> dict[int, float]:
    """By line: the row's own, or that of its price."""
    found = {row.line: row.implied_volatility for row in options if row.implied_volatility is not None}
    for style in ("american", "european"):
        lacking = [row for row in options if row.implied_volatility is None and row.style == style]
        for row in lacking:
            if row.price is None:
                raise MissingDataError(f"line {row.line}: {row.id} has neither a price nor an implied_volatility")
        if not lacking:
            continue
        solve = american.implied_volatility if style == "american" else implied_volatility
        solved: FloatArray = solve(
            np.array([int(row.option_type or 0) for row in lacking]),
            np.array([row.price for row in lacking], dtype=np.float64),
            np.array([row.underlying_price for row in lacking]),
            np.array([row.strike for row in lacking], dtype=np.float64),
            np.array([years[row.line] for row in lacking]),
            np.array([rates[row.line] for row in lacking]),
            np.array([yields[row.underlying] for row in lacking]),
        )
        for row, volatility in zip(lacking, solved.tolist(), strict=True):
            if not 0.0 < volatility < math.inf:
                bound = f"a price that a volatility gives, with {row.underlying} at {row.underlying_price:g}"
                raise InvalidValueError(f"price in line {row.line} ({row.id})", row.price, bound)
            found[row.line] = volatility
    return found
