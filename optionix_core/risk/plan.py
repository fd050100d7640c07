"""A book laid out in arrays, underlying by underlying and expiry by expiry, for kernels to run over scenarios.

A plan is all that a worker needs to know of the book, so that it can be sent to another process. Options of one style
on one underlying stand together, sorted by expiry; each remembers the row of the result that it adds to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import DomainError, MissingDataError
from optionix_core.market.units import DAYS_PER_YEAR
from optionix_core.pricing.dividends import DividendSchedule
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.pnl_matrix import Kept, PnlRow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.protocols import VolatilityFunction

    FloatArray = NDArray[np.float64]
    Rows = NDArray[np.int64]

SIGN, STRIKE, LOG_STRIKE, VOLATILITY, UNITS, BASE = range(6)
"""Rows of `OptionGroups.options`."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OptionGroups:
    """Options of one style on one underlying, by expiry."""

    names: tuple[str, ...]
    """Of the positions."""
    options: FloatArray
    """Shape (6, options): sign, strike, ln(strike / spot), volatility, signed units, value of one unit (reporting)."""
    rows: Rows
    """Of the result."""
    edges: Rows
    """Group g holds the options [edges[g], edges[g + 1])."""
    groups: FloatArray
    """Shape (3, groups): years to expiry, zero rate and yield up to then."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class UnderlyingPlan:
    """All that is held in one underlying, and where it stands."""

    underlying: str
    currency: str
    spot: float
    exchange_rate: float
    """Worth of one unit of the currency in the reporting currency."""
    schedule: DividendSchedule
    surface: VolatilityFunction | None
    units: FloatArray
    """Of the underlying itself, shape (positions,)."""
    rows: Rows
    european: OptionGroups
    american: OptionGroups


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ExoticPlan:
    """One exotic and its row."""

    position: Position
    row: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BookPlan:
    """A book in the order that kernels take it in."""

    underlyings: tuple[UnderlyingPlan, ...]
    exotics: tuple[ExoticPlan, ...]
    rows: tuple[PnlRow, ...]
    kept: Kept
    reporting_currency: str
    book: RiskBook = field(repr=False)
    """With the exotics alone: their market is the book's."""


def plan_book(book: RiskBook, kept: Kept) -> BookPlan:
    """Lay the book out. Volatilities come from the book; base values are left at zero.

    Raises MissingDataError where a surface has no volatility for an option, DomainError for an exotic on several
    underlyings.
    """
    rows, places = _rows(book, kept)
    held: dict[str, dict[PositionKind, list[int]]] = {}
    for place, position in enumerate(book.positions):
        held.setdefault(position.underlying, {}).setdefault(position.kind, []).append(place)
    exotics = tuple(
        ExoticPlan(position=_checked_exotic(position), row=places[place])
        for place, position in enumerate(book.positions)
        if position.kind is PositionKind.EXOTIC
    )
    underlyings = tuple(_underlying(book, name, kinds, places) for name, kinds in sorted(held.items()))
    return BookPlan(
        underlyings=underlyings,
        exotics=exotics,
        rows=rows,
        kept=kept,
        reporting_currency=book.reporting_currency,
        book=book.with_positions(tuple(one.position for one in exotics)),
    )


def expiry_day(book: RiskBook, position: Position) -> date | None:
    """Day of settlement (UTC), None of an underlying."""
    if position.kind is PositionKind.UNDERLYING:
        return None
    if position.expiry is not None:
        return position.expiry.astimezone(UTC).date()
    return (book.as_of + timedelta(days=book.years(position) * DAYS_PER_YEAR)).date()


def _rows(book: RiskBook, kept: Kept) -> tuple[tuple[PnlRow, ...], Sequence[int]]:
    """Rows of the result, and the row of each position."""
    days = [expiry_day(book, position) for position in book.positions]
    if kept == "position":
        each = zip(book.positions, days, strict=True)
        return tuple(PnlRow(one.id, one.underlying, day, 1) for one, day in each), range(len(days))
    keys = [(one.underlying, day) for one, day in zip(book.positions, days, strict=True)]
    order = sorted(set(keys), key=lambda key: (key[0], key[1] or date.min))
    numbers = {key: number for number, key in enumerate(order)}
    counts = [0] * len(order)
    for key in keys:
        counts[numbers[key]] += 1
    rows = tuple(
        PnlRow(underlying if day is None else f"{underlying} {day.isoformat()}", underlying, day, count)
        for (underlying, day), count in zip(order, counts, strict=True)
    )
    return rows, [numbers[key] for key in keys]


def _underlying(
    book: RiskBook, underlying: str, kinds: dict[PositionKind, list[int]], places: Sequence[int]
) -> UnderlyingPlan:
    currency = book.currency(underlying)
    own = kinds.get(PositionKind.UNDERLYING, [])
    return UnderlyingPlan(
        underlying=underlying,
        currency=currency,
        spot=book.market.spot(underlying),
        exchange_rate=book.exchange_rate(currency),
        schedule=book.schedule(underlying),
        surface=book.market.surfaces.get(underlying),
        units=np.array([book.positions[place].units for place in own]),
        rows=np.array([places[place] for place in own], dtype=np.int64),
        european=_groups(book, underlying, kinds.get(PositionKind.EUROPEAN, []), places),
        american=_groups(book, underlying, kinds.get(PositionKind.AMERICAN, []), places),
    )


def _groups(book: RiskBook, underlying: str, held: list[int], places: Sequence[int]) -> OptionGroups:
    years = np.array([book.years(book.positions[place]) for place in held])
    order = np.argsort(years, kind="stable")
    distinct, starts = np.unique(years[order], return_index=True)
    positions = [book.positions[held[place]] for place in order]
    options = np.zeros((6, len(held)))
    if positions:
        options[SIGN] = [float(one.option_type or 0) for one in positions]
        options[STRIKE] = [one.strike or np.nan for one in positions]
        options[LOG_STRIKE] = np.log(options[STRIKE] / book.market.spot(underlying))
        options[VOLATILITY] = [np.nan if one.volatility is None else one.volatility for one in positions]
        options[UNITS] = [one.units for one in positions]
    edges = np.append(starts, len(held)).astype(np.int64)
    groups = np.empty((3, len(distinct)))
    for group, left in enumerate(distinct.tolist()):
        groups[:, group] = left, book.rate(underlying, left), book.dividend_yield(underlying, left)
        _from_surface(book, underlying, left, options[:, edges[group] : edges[group + 1]])
    bad = np.flatnonzero(~((options[VOLATILITY] > 0.0) & np.isfinite(options[VOLATILITY])))
    if bad.size:
        one = positions[int(bad[0])]
        found = float(options[VOLATILITY, bad[0]])
        raise MissingDataError(f"position {one.id}: the surface of {underlying} has no volatility there (got {found})")
    return OptionGroups(
        names=tuple(one.id for one in positions),
        options=options,
        rows=np.array([places[held[place]] for place in order], dtype=np.int64),
        edges=edges,
        groups=groups,
    )


def _from_surface(book: RiskBook, underlying: str, years: float, options: FloatArray) -> None:
    """Fill in the volatilities that positions do not have themselves."""
    lacking = np.flatnonzero(np.isnan(options[VOLATILITY]))
    if lacking.size:
        found = book.market.implied_volatility(underlying, options[STRIKE, lacking], years)
        options[VOLATILITY, lacking] = found


def _checked_exotic(position: Position) -> Position:
    contract = position.contract
    if contract is None or contract.assets != 1:
        kind = "" if contract is None else contract.kind
        raise DomainError(f"position {position.id}: a contract of kind {kind} on several underlyings has no row here")
    return position
