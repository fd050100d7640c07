"""A book made ready to be revalued: one row of numbers per position, and its worth under other prices and volatilities.

Volatilities that a position does not tell are solved from its price. American options are valued with early exercise,
European ones by closed form. What was assumed on the way is told in words. An option whose price leaves no room for a
volatility is worth its intrinsic value in every scenario; one above any possible price is an error that names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.pricing import american, black_scholes
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.risk.margin.book import MarginBook, MarginClass, MarginPosition

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

LEAST_VOLATILITY = 1e-4
"""Stands for none at all: values are those of certain exercise."""
_AMERICAN = partial(american.price, accuracy="fast")
"""To 1e-7 of the strike."""
_EUROPEAN = frozenset({MarginClass.BROAD_INDEX, MarginClass.SMALL_CAP_INDEX, MarginClass.COIN})


@dataclass(frozen=True, slots=True)
class Rows:
    """Options of a book as arrays of one length; underlyings themselves stand in `shares`."""

    positions: tuple[MarginPosition, ...]
    sign: NDArray[np.int64]
    spot: FloatArray
    strike: FloatArray
    years: FloatArray
    rate: FloatArray
    dividend_yield: FloatArray
    volatility: FloatArray
    american: NDArray[np.bool_]
    units: FloatArray
    """Signed units of the underlying."""
    inverse: NDArray[np.bool_]
    shares: tuple[MarginPosition, ...]
    assumptions: tuple[str, ...]

    @property
    def base(self) -> FloatArray:
        """Worth per unit as the market stands, by the model."""
        return np.asarray(self.worth(self.spot[np.newaxis, :], self.volatility[np.newaxis, :])[0])

    def worth(self, spot: FloatArray, volatility: FloatArray, later: float = 0.0) -> FloatArray:
        """Per unit, scenarios x options; `later` years pass first. Inverse options in their coins."""
        shape = np.broadcast_shapes(spot.shape, volatility.shape, (1, len(self.positions)))
        if not self.positions:
            return np.zeros(shape)
        spot, volatility = np.broadcast_to(spot, shape), np.broadcast_to(volatility, shape)
        years = np.maximum(self.years - later, 0.0)
        found = np.empty(shape)
        for mask, price in ((self.american, _AMERICAN), (~self.american, black_scholes.price)):
            if mask.any():
                at = np.nonzero(mask)[0]
                found[:, at] = price(
                    self.sign[at], spot[:, at], self.strike[at], years[at], self.rate[at], self.dividend_yield[at],
                    np.maximum(volatility[:, at], LEAST_VOLATILITY),
                )  # fmt: skip
        return np.where(self.inverse, found / spot, found)


class _Missing(NamedTuple):
    rate: list[str]
    dividend_yield: list[str]
    style: dict[str, list[str]]
    solved: list[str]
    intrinsic: list[str]


def rows_of(book: MarginBook, classes: Mapping[str, MarginClass]) -> Rows:
    """Raises MissingDataError for an option without volatility and price, naming it."""
    options = tuple(position for position in book.positions if position.is_option)
    missing = _Missing([], [], {}, [], [])
    european = [_is_european(position, classes[position.underlying], missing) for position in options]
    rate = np.array([_or_zero(position.rate, position, missing.rate) for position in options])
    carry = np.array([_or_zero(position.dividend_yield, position, missing.dividend_yield) for position in options])
    columns = (
        np.array([position.sign for position in options], dtype=np.int64),
        np.array([position.underlying_price for position in options]),
        np.array([position.strike for position in options], dtype=float),
        np.array([position.years(book.as_of) for position in options]),
        rate,
        carry,
    )
    is_american = ~np.array(european, dtype=bool)
    volatility = _volatilities(options, columns, is_american, missing)
    return Rows(
        options,
        *columns,
        volatility,
        is_american,
        np.array([position.units for position in options]),
        np.array([position.inverse for position in options], dtype=bool),
        tuple(position for position in book.positions if not position.is_option),
        _told(missing, len(options)),
    )


def _volatilities(
    options: Sequence[MarginPosition],
    columns: tuple[NDArray[np.int64], FloatArray, FloatArray, FloatArray, FloatArray, FloatArray],
    is_american: NDArray[np.bool_],
    missing: _Missing,
) -> FloatArray:
    found = np.array([np.nan if one.implied_volatility is None else one.implied_volatility for one in options])
    wanted = np.nonzero(np.isnan(found))[0]
    for at in map(int, wanted):
        if options[at].price is None:
            raise MissingDataError(f"position {options[at].id} has neither an implied volatility nor a price")
    for early in (True, False):
        rows = wanted[is_american[wanted] == early]
        if not rows.size:
            continue
        sign, spot, strike, years, rate, carry = (column[rows] for column in columns)
        in_coins = np.array([options[at].inverse for at in map(int, rows)])
        price = np.array([options[at].market_price for at in map(int, rows)]) * np.where(in_coins, spot, 1.0)
        solve = american.implied_volatility if early else implied_volatility
        found[rows] = solve(sign, price, spot, strike, years, rate, carry)
        least = _floor(sign, spot, strike, years, rate, carry)
        for place, at in enumerate(map(int, rows)):
            if np.isnan(found[at]):
                _check_low(options[at], float(price[place]), float(least[place]))
                found[at] = LEAST_VOLATILITY
                missing.intrinsic.append(options[at].id)
            else:
                missing.solved.append(options[at].id)
    return found


def _floor(
    sign: NDArray[np.int64], spot: FloatArray, strike: FloatArray, years: FloatArray, rate: FloatArray,
    carry: FloatArray,
) -> FloatArray:  # fmt: skip
    """Intrinsic value now or at expiry, whichever is more."""
    now = sign * (spot - strike)
    then = sign * (spot * np.exp(-carry * years) - strike * np.exp(-rate * years))
    return np.asarray(np.maximum(0.0, np.maximum(now, then)))


def _check_low(position: MarginPosition, price: float, floor: float) -> None:
    if price > floor + 1e-9 * max(position.underlying_price, position.strike or 0.0) + 0.005:
        bound = "one that some volatility explains"
        raise InvalidValueError(f"price of position {position.id}", position.price, bound)


def _is_european(position: MarginPosition, margin_class: MarginClass, missing: _Missing) -> bool:
    if position.style is not None:
        return position.style == "european"
    found = margin_class in _EUROPEAN or position.inverse
    missing.style.setdefault("European" if found else "American", []).append(position.id)
    return found


def _or_zero(value: float | None, position: MarginPosition, missing: list[str]) -> float:
    if value is None:
        missing.append(position.id)
        return 0.0
    return value


def _told(missing: _Missing, count: int) -> tuple[str, ...]:
    notes = []
    for ids, words in (
        (missing.rate, "no interest rate is given, taken as 0"),
        (missing.dividend_yield, "no dividend yield is given, taken as 0"),
        *((ids, f"exercise is not told, taken as {style}") for style, ids in sorted(missing.style.items())),
        (missing.solved, "volatilities are solved from prices"),
        (missing.intrinsic, "prices at or below intrinsic value have no volatility in them, valued without one"),
    ):
        if ids:
            notes.append(f"{_who(ids, count)}: {words}")
    return tuple(notes)


def _who(ids: Sequence[str], count: int) -> str:
    if len(ids) == count:
        return "all options"
    return ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
