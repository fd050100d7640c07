"""Greeks of the book: signed, times quantity and multiplier, in the reporting currency, summed over any group.

Natural units: per 1.00 of volatility, rate and yield, and per year; faces convert by `market.units`. What moves the
value by a cash amount is a sum over positions whatever they are on; deltas in units of an underlying are summed within
one underlying alone.

Delta answers "what else stays the same". Sticky strike: each option keeps its volatility, and delta is that of the
pricing formula. Sticky delta: volatility is a function of strike over forward, so that at a fixed strike it moves by
d sigma / d S = -(K / S) d sigma / d K, and delta gains vega times that (Derman, Regimes of Volatility, 1999).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.units import DAYS_PER_YEAR
from optionix_core.risk._exotic_rows import exotic_greeks
from optionix_core.risk._option_rows import OptionRows, option_rows
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.scenarios import StickyRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.pricing.american import Accuracy

    FloatArray = NDArray[np.float64]

Key = TypeVar("Key", bound=Hashable)

UNIT_GREEKS: Final = ("delta", "gamma", "vega", "theta", "rho", "epsilon", "vanna", "volga", "charm")
"""Greeks of one unit that are asked of pricing."""
MONEYNESS_EDGES: Final = (0.8, 0.9, 0.97, 1.03, 1.1, 1.2)
"""Of strike over forward, between buckets."""
_STEP: Final = 1e-4
"""Relative step in strike of the smile's slope."""


class GreekSum(NamedTuple):
    """Greeks of a group, in the reporting currency unless said otherwise."""

    value: float
    delta: float | None
    """Units of the underlying; None of a group with several underlyings."""
    delta_cash: float
    """Gain per 1.00 of relative move of the spot: a hundredth of it is that of 1%."""
    gamma_cash: float
    """Change of `delta_cash` per 1.00 of relative move, at fixed delta of the rest: gamma times spot squared."""
    vega: float
    theta: float
    rho: float
    epsilon: float
    vanna_cash: float
    """Change of `delta_cash` per 1.00 of volatility."""
    volga: float
    charm_cash: float
    """Change of `delta_cash` per year; nan where pricing gives no charm."""
    beta_delta_cash: float | None
    """`delta_cash` times beta: gain per 1.00 of relative move of the index; None where no betas were given."""
    beta_gamma_cash: float | None
    """`gamma_cash` times beta squared."""
    positions: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BookGreeks:
    """Greeks of each position; arrays of shape (positions,), in the reporting currency unless said otherwise."""

    ids: tuple[str, ...]
    underlyings: tuple[str, ...]
    expiries: tuple[date | None, ...]
    """Days of settlement (UTC); None of underlyings."""
    moneyness: FloatArray
    """Strike over forward; nan of underlyings and of exotics without one strike."""
    value: FloatArray
    delta: FloatArray
    """Units of the underlying."""
    delta_cash: FloatArray
    gamma_cash: FloatArray
    vega: FloatArray
    theta: FloatArray
    rho: FloatArray
    epsilon: FloatArray
    vanna_cash: FloatArray
    volga: FloatArray
    charm_cash: FloatArray
    betas: FloatArray | None
    """Of each position's underlying; None where none were given."""
    sticky: StickyRule
    reporting_currency: str

    def total(self) -> GreekSum:
        """Of the whole book; zeros where it is empty."""
        return self._sum(range(len(self.ids)))

    def by(self, key: Callable[[int], Key]) -> dict[Key, GreekSum]:
        """Sums over positions with the same key of their place, in order of first appearance."""
        places: dict[Key, list[int]] = {}
        for place in range(len(self.ids)):
            places.setdefault(key(place), []).append(place)
        return {name: self._sum(found) for name, found in places.items()}

    def by_position(self) -> dict[str, GreekSum]:
        """One sum a position."""
        return self.by(lambda place: self.ids[place])

    def by_underlying(self) -> dict[str, GreekSum]:
        """One sum an underlying."""
        return self.by(lambda place: self.underlyings[place])

    def by_expiry(self) -> dict[date | None, GreekSum]:
        """One sum a day of settlement; None holds the underlyings themselves."""
        return self.by(lambda place: self.expiries[place])

    def by_moneyness(self, edges: Sequence[float] = MONEYNESS_EDGES) -> dict[str, GreekSum]:
        """One sum a bucket of strike over forward, lower edge included; `no strike` holds what has none."""
        for row, edge in enumerate(edges):
            if not (edge > (edges[row - 1] if row else 0.0) and math.isfinite(edge)):
                raise InvalidValueError("edge of moneyness", edge, "positive, finite and ascending", row=row)
        labels = _bucket_labels(edges)
        found = self.by(lambda place: _bucket(float(self.moneyness[place]), edges, labels))
        return {label: found[label] for label in (*labels, NO_STRIKE) if label in found}

    def _sum(self, places: Iterable[int]) -> GreekSum:
        rows = list(places)

        def summed(values: FloatArray) -> float:
            return math.fsum(values[rows].tolist())

        single = len({self.underlyings[row] for row in rows}) == 1
        weighed = self.betas
        return GreekSum(
            value=summed(self.value),
            delta=summed(self.delta) if single else None,
            delta_cash=summed(self.delta_cash),
            gamma_cash=summed(self.gamma_cash),
            vega=summed(self.vega),
            theta=summed(self.theta),
            rho=summed(self.rho),
            epsilon=summed(self.epsilon),
            vanna_cash=summed(self.vanna_cash),
            volga=summed(self.volga),
            charm_cash=summed(self.charm_cash),
            beta_delta_cash=None if weighed is None else summed(self.delta_cash * weighed),
            beta_gamma_cash=None if weighed is None else summed(self.gamma_cash * weighed**2),
            positions=len(rows),
        )


NO_STRIKE: Final = "no strike"


def book_greeks(
    book: RiskBook,
    betas: Mapping[str, float] | None = None,
    sticky: StickyRule = StickyRule.STRIKE,
    accuracy: Accuracy = "standard",
) -> BookGreeks:
    """Greeks of every position at the book's moment.

    `betas`: of each underlying to the index; MissingDataError names one that is not there. Under sticky delta every
    option needs its underlying's surface in the snapshot (MissingDataError where there is none), and exotics, whose
    volatility has no single strike, are refused (InvalidValueError). A Greek that the method of an exotic does not give
    is nan. `accuracy` is that of American options.
    """
    count = len(book.positions)
    unit = {name: np.zeros(count) for name in ("price", *UNIT_GREEKS)}
    moneyness = np.full(count, np.nan)
    for rows in option_rows(book):
        found = rows.greeks(UNIT_GREEKS, accuracy)
        for name, values in found.items():
            unit[name][rows.places] = values
        moneyness[rows.places] = rows.strike / rows.forward()
        if sticky is StickyRule.DELTA:
            unit["delta"][rows.places] += found["vega"] * smile_move(book, rows)
    spots = np.array([book.market.spot(position.underlying) for position in book.positions])
    for place, position in enumerate(book.positions):
        if position.kind is PositionKind.UNDERLYING:
            unit["price"][place] = spots[place]
            unit["delta"][place] = 1.0
        elif position.kind is PositionKind.EXOTIC:
            if sticky is StickyRule.DELTA:
                raise InvalidValueError(
                    "sticky", "delta", f"strike for exotics: {position.id} has no single volatility"
                )
            for name, value in exotic_greeks(book, position, UNIT_GREEKS).items():
                unit[name][place] = value
    units = np.array([position.units for position in book.positions])
    worth = units * np.array([book.exchange_rate(book.currency(one.underlying)) for one in book.positions])
    return BookGreeks(
        ids=tuple(position.id for position in book.positions),
        underlyings=tuple(position.underlying for position in book.positions),
        expiries=tuple(settlement_day(book, one) for one in book.positions),
        moneyness=moneyness,
        value=worth * unit["price"],
        delta=units * unit["delta"],
        delta_cash=worth * spots * unit["delta"],
        gamma_cash=worth * spots**2 * unit["gamma"],
        vega=worth * unit["vega"],
        theta=worth * unit["theta"],
        rho=worth * unit["rho"],
        epsilon=worth * unit["epsilon"],
        vanna_cash=worth * spots * unit["vanna"],
        volga=worth * unit["volga"],
        charm_cash=worth * spots * unit["charm"],
        betas=None if betas is None else _betas(book, betas),
        sticky=StickyRule(sticky),
        reporting_currency=book.reporting_currency,
    )


def settlement_day(book: RiskBook, position: Position) -> date | None:
    """Day on which a position ends (UTC); None of an underlying."""
    if position.contract is not None:
        return (book.as_of + timedelta(days=DAYS_PER_YEAR * position.contract.expiry)).date()
    return None if position.expiry is None else position.expiry.astimezone(UTC).date()


def smile_move(book: RiskBook, rows: OptionRows) -> FloatArray:
    """Slope d sigma / d S at each strike while volatility is a function of strike over forward, shape (rows,).

    The slope in strike is a central difference of the surface. MissingDataError where the book has no surface.
    """
    surface = book.market.surface(rows.underlying)
    up = np.asarray(surface.implied_volatility(rows.strike * (1.0 + _STEP), rows.years), dtype=np.float64)
    down = np.asarray(surface.implied_volatility(rows.strike * (1.0 - _STEP), rows.years), dtype=np.float64)
    slope = (up - down) / (2.0 * _STEP * rows.strike)
    if not np.isfinite(slope).all():
        place = int(rows.places[int(np.argmax(~np.isfinite(slope)))])
        raise MissingDataError(f"position {book.positions[place].id}: the surface has no slope there")
    moved: FloatArray = -(rows.strike / rows.spot) * slope
    return moved


def _betas(book: RiskBook, betas: Mapping[str, float]) -> FloatArray:
    for underlying in book.underlyings:
        if underlying not in betas:
            known = ", ".join(sorted(betas)) or "none"
            raise MissingDataError(f"no beta is known for {underlying} (known: {known})")
        if not math.isfinite(betas[underlying]):
            raise InvalidValueError(f"beta of {underlying}", betas[underlying], "finite")
    return np.array([betas[position.underlying] for position in book.positions])


def _bucket_labels(edges: Sequence[float]) -> tuple[str, ...]:
    if not edges:
        return ("all strikes",)
    between = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    return (f"below {edges[0]:g}", *between, f"from {edges[-1]:g}")


def _bucket(moneyness: float, edges: Sequence[float], labels: Sequence[str]) -> str:
    if math.isnan(moneyness):
        return NO_STRIKE
    return labels[int(np.searchsorted(np.asarray(edges), moneyness, side="right"))]
