"""SPAN style margin: sixteen scenarios of price and volatility for each product, spread charges and credits, a floor.

Scenarios as CME prints them: the price unmoved, up and down by one, two and three thirds of its scan range, each with
the volatility up and down by its own; and two extreme moves, volatility unchanged, of which a part of the loss counts.
Scan risk is the largest loss; the charge for months against each other is added, the credit for products against each
other taken off, and the short option minimum is a floor. Arrays are losses of one long unit, positive where it loses,
as SPAN writes them. Ranges come from a file of parameters; the one that is shipped is an example and no exchange's.
Not in it: delivery months, tiers, futures (the underlying itself stands in their place).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from optionix_core.risk.margin.book import MarginBook
from optionix_core.risk.margin.parameters import SpanParameters, SpanProduct, shipped
from optionix_core.risk.margin.revalued import Rows, rows_of
from optionix_core.risk.margin.rules import classified

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

DAYS_PER_YEAR = 365.0
_DELTA_STEP = 1e-3
_MOVES: Final = (0.0, 1 / 3, -1 / 3, 2 / 3, -2 / 3, 1.0, -1.0)


class Scenario(NamedTuple):
    """One of the sixteen."""

    price: float
    """In price scan ranges."""
    volatility: int
    """+1 up, -1 down, 0 unchanged, in volatility scan ranges."""
    weight: float
    """Part of the loss that counts."""

    @property
    def label(self) -> str:
        """`price +2/3, volatility up`."""
        thirds = round(3 * self.price)
        price = "unchanged" if not thirds else f"{'+' if thirds > 0 else '-'}{_third(abs(thirds))}"
        volatility = {1: "up", -1: "down", 0: "unchanged"}[self.volatility]
        part = "" if self.weight == 1.0 else f", {100 * self.weight:.3g}% of the loss"
        return f"price {price}, volatility {volatility}{part}"


@dataclass(frozen=True, slots=True)
class ProductMargin:
    """Of one underlying; money in its currency."""

    underlying: str
    requirement: float
    """Scan risk with charge and credit, or the short option minimum where it is more."""
    scan_risk: float
    """Zero where no scenario loses."""
    inter_month: float
    credit: float
    """Taken off."""
    short_minimum: float
    worst: str
    """The scenario of the scan risk."""
    losses: tuple[float, ...]
    """Of the product along the sixteen scenarios, losses positive."""
    delta: float
    """Composite, in units of the underlying."""


@dataclass(frozen=True, slots=True)
class SpanMargin:
    """Of a book; money in its currency."""

    requirement: float
    products: tuple[ProductMargin, ...]
    worst: str
    assumptions: tuple[str, ...]
    currency: str

    @property
    def regime(self) -> str:
        """`span`."""
        return "span"

    @property
    def requirement_net_of_premium(self) -> float:
        """The requirement itself: option values are in the equity that it stands against."""
        return self.requirement

    @property
    def against_equity(self) -> float:
        """What the net liquidation value must reach."""
        return self.requirement

    @property
    def by_underlying(self) -> tuple[tuple[str, float], ...]:
        """Requirements of the products."""
        return tuple((product.underlying, product.requirement) for product in self.products)


def scenarios(extreme_move: float, extreme_fraction: float) -> tuple[Scenario, ...]:
    """The sixteen in SPAN's order."""
    found = [Scenario(move, up, 1.0) for move in _MOVES for up in (1, -1)]
    return (*found, *(Scenario(sign * extreme_move, 0, extreme_fraction) for sign in (1.0, -1.0)))


def risk_arrays(rows: Rows, products: Sequence[SpanProduct], parameters: SpanParameters) -> FloatArray:
    """Losses of one long unit, 16 x options; `products` along the options."""
    if not rows.positions:
        return np.zeros((16, 0))
    asked = scenarios(parameters.extreme_move, parameters.extreme_fraction)
    price = np.array([product.price_scan for product in products])
    swing = np.array([product.volatility_scan for product in products])
    moves = np.array([one.price for one in asked])[:, np.newaxis]
    turns = np.array([one.volatility for one in asked])[:, np.newaxis]
    weights = np.array([one.weight for one in asked])[:, np.newaxis]
    spots = np.maximum(1.0 + moves * price, 1e-6) * rows.spot
    worth = rows.worth(spots, (1.0 + turns * swing) * rows.volatility, parameters.look_ahead_days / DAYS_PER_YEAR)
    return np.asarray(weights * (rows.base - worth))


def span_style(book: MarginBook, parameters: SpanParameters | None = None, rows: Rows | None = None) -> SpanMargin:
    """The sum over products.

    `rows`, made by `rows_of` from the same book, saves solving volatilities again. Raises MissingDataError for an
    option without volatility and price, and for a class without parameters.
    """
    parameters = shipped().span if parameters is None else parameters
    known = classified(book)
    products = {name: parameters.product(name, known.classes[name]) for name in book.underlyings}
    rows = rows_of(book, known.classes) if rows is None else rows
    along = [products[position.underlying] for position in rows.positions]
    arrays = risk_arrays(rows, along, parameters)
    deltas = composite_deltas(rows, along, parameters)
    parts = {name: _part(name, rows, arrays, deltas, products[name], parameters) for name in book.underlyings}
    credit = _credits(parts, parameters)
    found = tuple(_product(part, credit.get(name, 0.0), parameters) for name, part in parts.items())
    most = max(found, key=lambda product: product.requirement, default=None)
    notes = (*known.assumptions, *rows.assumptions)
    if parameters.example:
        notes += ("the parameters are the example that comes with the program, no exchange's",)
    return SpanMargin(
        sum(product.requirement for product in found),
        found,
        "nothing is held" if most is None else f"{most.underlying}: {most.worst}",
        notes,
        book.currency,
    )


def composite_deltas(rows: Rows, products: Sequence[SpanProduct], parameters: SpanParameters) -> FloatArray:
    """Per unit of a long option: deltas at the seven prices of the scenarios, weighted. Source: CME, SPAN."""
    if not rows.positions:
        return np.zeros(0)
    zero, third, two, whole = parameters.delta_weights
    weights = np.array([zero, third, third, two, two, whole, whole])
    price = np.array([product.price_scan for product in products])
    spots = np.maximum(1.0 + np.array(_MOVES)[:, np.newaxis] * price, 1e-3) * rows.spot
    both = np.concatenate((spots * (1 + _DELTA_STEP), spots * (1 - _DELTA_STEP)))
    up, down = np.split(rows.worth(both, rows.volatility[np.newaxis, :]), 2)
    slopes = (up - down) / (2 * _DELTA_STEP * spots)
    return np.asarray((weights / weights.sum()) @ slopes)


class _Part(NamedTuple):
    underlying: str
    price: float
    losses: FloatArray
    delta: float
    inter_month: float
    short_minimum: float

    @property
    def scan_risk(self) -> float:
        return max(0.0, float(self.losses.max()))

    @property
    def price_risk(self) -> float:
        """Of the scan risk what the price alone makes: both volatilities taken together, less what time makes."""
        at = int(np.argmax(self.losses))
        both = float(self.losses[at]) if at >= 14 else float(self.losses[at - at % 2 : at - at % 2 + 2].mean())
        return max(0.0, both - float(self.losses[:2].mean()))


def _part(
    name: str, rows: Rows, arrays: FloatArray, deltas: FloatArray, product: SpanProduct, parameters: SpanParameters
) -> _Part:
    held = [at for at, position in enumerate(rows.positions) if position.underlying == name]
    shares = [share for share in rows.shares if share.underlying == name]
    price = (shares[0] if shares else rows.positions[held[0]]).underlying_price
    losses = arrays[:, held] @ rows.units[held] if held else np.zeros(16)
    months: dict[object, float] = {}
    delta = 0.0
    short = 0.0
    for at in held:
        own = float(deltas[at] * rows.units[at])
        delta += own
        expiry = rows.positions[at].expiry
        months[expiry] = months.get(expiry, 0.0) + own
        short += max(0.0, -float(rows.units[at])) * (1.0 if rows.inverse[at] else price)
    stock = sum(share.units for share in shares)
    asked = scenarios(parameters.extreme_move, parameters.extreme_fraction)
    losses = losses - stock * price * product.price_scan * np.array([one.price * one.weight for one in asked])
    spreads = min(sum(max(0.0, one) for one in months.values()), sum(max(0.0, -one) for one in months.values()))
    return _Part(
        name, price, losses, delta + stock, product.inter_month * price * spreads, product.short_minimum * short
    )


def _credits(parts: Mapping[str, _Part], parameters: SpanParameters) -> dict[str, float]:
    """By underlying; spreads use up deltas in the order of the parameters."""
    left = {name: part.delta for name, part in parts.items()}
    found: dict[str, float] = {}
    for spread in parameters.inter_commodity:
        one, other = spread.legs
        if one not in parts or other not in parts or left[one] * left[other] >= 0.0:
            continue
        count = min(abs(left[one]) / spread.deltas[0], abs(left[other]) / spread.deltas[1])
        for name, ratio in zip(spread.legs, spread.deltas, strict=True):
            used = count * ratio
            found[name] = found.get(name, 0.0) + spread.credit * used * parts[name].price_risk / abs(parts[name].delta)
            left[name] -= used if left[name] > 0 else -used
    return found


def _product(part: _Part, credit: float, parameters: SpanParameters) -> ProductMargin:
    asked = scenarios(parameters.extreme_move, parameters.extreme_fraction)
    risk = max(0.0, part.scan_risk + part.inter_month - credit)
    worst = asked[int(np.argmax(part.losses))].label if part.scan_risk > 0.0 else "no scenario loses"
    if part.short_minimum > risk:
        worst = "the short option minimum"
    return ProductMargin(
        part.underlying,
        max(risk, part.short_minimum),
        part.scan_risk,
        part.inter_month,
        credit,
        part.short_minimum,
        worst,
        tuple(map(float, part.losses)),
        part.delta,
    )


def _third(thirds: int) -> str:
    return {1: "1/3", 2: "2/3"}.get(thirds, f"{thirds / 3:.3g}")
