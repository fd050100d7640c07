"""The options of a book as columns, as pricing functions take them: one set of rows a kind and an underlying."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import MissingDataError
from optionix_core.risk.book import Position, PositionKind, RiskBook

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.pricing.american import Accuracy
    from optionix_core.pricing.dividends import Dividends

    FloatArray = NDArray[np.float64]

LISTED = (PositionKind.EUROPEAN, PositionKind.AMERICAN)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OptionRows:
    """European or American options on one underlying; arrays of shape (rows,)."""

    kind: PositionKind
    underlying: str
    places: NDArray[np.int64]
    """Of the positions in their book."""
    signs: NDArray[np.int8]
    """1 of calls, -1 of puts."""
    spot: float | FloatArray
    strike: FloatArray
    years: FloatArray
    rate: FloatArray
    dividend_yield: FloatArray
    volatility: FloatArray
    dividends: Dividends | None

    def forward(self) -> FloatArray:
        """Spot grown at rate less yield, less the worth of discrete dividends; shape (rows,)."""
        from optionix_core.pricing.dividends import schedule

        paid = schedule(self.dividends)
        growth = np.exp((self.rate - self.dividend_yield) * self.years)
        grown: FloatArray = self.spot * growth
        for time, amount in zip(paid.times, paid.amounts, strict=True):
            due = time <= self.years
            if paid.proportional:
                grown = np.where(due, grown * (1.0 - amount), grown)
            else:
                left = np.exp((self.rate - self.dividend_yield) * (self.years - time))
                grown = np.where(due, grown - amount * left, grown)
        return grown

    def greeks(self, names: tuple[str, ...], accuracy: Accuracy = "standard") -> dict[str, FloatArray]:
        """`price` and the named Greeks of one, natural units; nan for one that pricing of the kind does not give."""
        arguments = (self.signs, self.spot, self.strike, self.years, self.rate, self.dividend_yield, self.volatility)
        if self.kind is PositionKind.EUROPEAN:
            from optionix_core.pricing import black_scholes

            found = black_scholes.greeks(*arguments, dividends=self.dividends, names=names)
            given = names
        else:
            from optionix_core.pricing import american

            given = tuple(name for name in names if name in american.Greeks._fields)
            found = american.greeks(*arguments, accuracy=accuracy, dividends=self.dividends, names=given)
        values = {name: np.asarray(getattr(found, name), dtype=np.float64) for name in ("price", *given)}
        return values | {name: np.full(self.places.size, np.nan) for name in names if name not in values}

    def prices(self, accuracy: Accuracy = "standard") -> FloatArray:
        """Value of one, shape (rows,)."""
        return self.greeks((), accuracy)["price"]


def option_rows(book: RiskBook, only: frozenset[str] | None = None) -> tuple[OptionRows, ...]:
    """European and American options of the book, or those whose ids `only` has; MissingDataError as the book raises."""
    groups: dict[tuple[PositionKind, str], list[int]] = {}
    for place, position in enumerate(book.positions):
        if position.kind in LISTED and (only is None or position.id in only):
            groups.setdefault((position.kind, position.underlying), []).append(place)
    return tuple(_rows(book, kind, underlying, places) for (kind, underlying), places in groups.items())


def moved(rows: OptionRows, **changes: object) -> OptionRows:
    """The same options elsewhere."""
    return replace(rows, **changes)  # type: ignore[arg-type] # callers name fields of OptionRows


def _rows(book: RiskBook, kind: PositionKind, underlying: str, places: list[int]) -> OptionRows:
    held = [book.positions[place] for place in places]
    strikes = np.array([position.strike for position in held], dtype=np.float64)
    years = np.array([book.years(position) for position in held])
    curve = book.market.discount_curve(book.currency(underlying))
    if underlying in book.dividend_yields:
        yields = np.full(years.size, book.dividend_yields[underlying])
    else:
        if underlying not in book.market.forward_curves:
            raise MissingDataError(f"{underlying} has no dividend yield and no forward curve")
        yields = book.market.forward_curve(underlying).dividend_yield(years, curve)
    return OptionRows(
        kind=kind,
        underlying=underlying,
        places=np.array(places, dtype=np.int64),
        signs=np.array([int(position.option_type or 0) for position in held], dtype=np.int8),
        spot=book.market.spot(underlying),
        strike=strikes,
        years=years,
        rate=curve.zero_rate(years),
        dividend_yield=yields,
        volatility=_volatilities(book, held, strikes, years),
        dividends=book.dividends.get(underlying),
    )


def _volatilities(book: RiskBook, held: list[Position], strikes: FloatArray, years: FloatArray) -> FloatArray:
    own = np.array([np.nan if position.volatility is None else position.volatility for position in held])
    asked = np.isnan(own)
    if asked.any():
        surface = book.market.surface(held[0].underlying)
        own[asked] = surface.implied_volatility(strikes[asked], years[asked])
        bad = ~(np.isfinite(own) & (own > 0.0))
        if bad.any():
            first = int(np.argmax(bad))
            raise MissingDataError(
                f"position {held[first].id}: the surface has no volatility there (got {float(own[first])})"
            )
    return own
