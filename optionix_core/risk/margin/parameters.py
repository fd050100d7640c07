"""Parameters of portfolio and SPAN style margin, read from TOML; every key is checked, none is filled in."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from optionix_core.errors import ConfigurationError, MissingDataError
from optionix_core.risk.margin.book import MarginClass

SHIPPED = Path(__file__).with_name("example_parameters.toml")


@dataclass(frozen=True, slots=True)
class ProductGroup:
    """Underlyings whose gains stand against each other's losses."""

    name: str
    members: tuple[str, ...]
    offset: float
    """Part of a gain that counts."""


@dataclass(frozen=True, slots=True)
class PortfolioParameters:
    """Of FINRA Rule 4210(g)."""

    ranges: Mapping[MarginClass, tuple[float, float]]
    """Down and up, fractions of the price."""
    points: int
    minimum_per_unit: float
    """Times the multiplier: least per option contract."""
    volatility_shift: float
    """Fraction by which volatilities move either way; 0 holds them."""
    groups: tuple[ProductGroup, ...]


@dataclass(frozen=True, slots=True)
class SpanProduct:
    """Of one combined commodity; fractions of its price where not said otherwise."""

    price_scan: float
    volatility_scan: float
    """Fraction of the volatility itself."""
    inter_month: float
    """Charge per unit of delta spread between months."""
    short_minimum: float
    """Least per unit of short options."""


@dataclass(frozen=True, slots=True)
class InterCommodity:
    """A spread credit between two products."""

    legs: tuple[str, str]
    deltas: tuple[float, float]
    """Units of delta of each in one spread."""
    credit: float


@dataclass(frozen=True, slots=True)
class SpanParameters:
    """Of a SPAN style calculation."""

    classes: Mapping[MarginClass, SpanProduct]
    products: Mapping[str, SpanProduct]
    """By underlying, before those of its class."""
    look_ahead_days: float
    extreme_move: float
    extreme_fraction: float
    delta_weights: tuple[float, float, float, float]
    inter_commodity: tuple[InterCommodity, ...]
    example: bool

    def product(self, underlying: str, margin_class: MarginClass) -> SpanProduct:
        """MissingDataError where neither the underlying nor its class has any."""
        found = self.products.get(underlying) or self.classes.get(margin_class)
        if found is None:
            raise MissingDataError(f"no SPAN parameters are given for {underlying} or for the class {margin_class}")
        return found


@dataclass(frozen=True, slots=True)
class MarginParameters:
    """Of the regimes that revalue."""

    portfolio: PortfolioParameters
    span: SpanParameters
    source: str
    """The file's name."""


@cache
def shipped() -> MarginParameters:
    """The example that comes with the program."""
    return read(SHIPPED)


def read(path: Path) -> MarginParameters:
    """From a file. ConfigurationError names file and key."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path.name}: there is no such file of margin parameters") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path.name}: {error}") from error
    reader = _Reader(path.name)
    return MarginParameters(_portfolio(reader, document), _span(reader, document), path.name)


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str

    def table(self, table: Any, place: str, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._of(dict, table, place, key, "a table")
        return found

    def rows(self, table: Any, place: str, key: str) -> list[dict[str, Any]]:
        found = self._of(list, {key: table.get(key, [])}, place, key, "a list of tables")
        return [self._of(dict, {key: row}, place, key, "a list of tables") for row in found]

    def number(
        self,
        table: Any,
        place: str,
        key: str,
        fits: Callable[[float], bool] = lambda x: x >= 0,
        bound: str = "0 or more",
    ) -> float:
        value = table.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not fits(value):
            raise self.wrong(f"{place}.{key}", value, f"a number, {bound}")
        return float(value)

    def pair(self, table: Any, place: str, key: str, length: int = 2) -> tuple[float, ...]:
        value = self._of(list, table, place, key, f"{length} numbers")
        if len(value) != length or any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in value):
            raise self.wrong(f"{place}.{key}", value, f"{length} numbers")
        return tuple(float(one) for one in value)

    def words(self, table: Any, place: str, key: str) -> tuple[str, ...]:
        value = self._of(list, table, place, key, "a list of names")
        return tuple(str(one) for one in value)

    def wrong(self, key: str, value: object, bound: str) -> ConfigurationError:
        told = "missing" if value is None else f"got {value}"
        return ConfigurationError(f"{self.name}: {key} must be {bound} ({told})")

    def _of(self, kind: type, table: Any, place: str, key: str, bound: str) -> Any:
        value = table.get(key)
        if not isinstance(value, kind):
            raise self.wrong(f"{place}.{key}".lstrip("."), value, bound)
        return value


def _portfolio(reader: _Reader, document: Mapping[str, Any]) -> PortfolioParameters:
    table = reader.table(document, "", "portfolio")
    ranges = {}
    for name in reader.table(table, "portfolio", "range"):
        low, high = reader.pair(table["range"], "portfolio.range", name)
        if not -1.0 < low < 0.0 < high:
            raise reader.wrong(f"portfolio.range.{name}", [low, high], "a fall above -1 and a rise")
        ranges[MarginClass.of(name)] = (low, high)
    points = reader.number(table, "portfolio", "points", lambda x: x >= 2 and x % 2 == 0, "even and 2 or more")
    place = "portfolio.product_group"
    groups = tuple(
        ProductGroup(
            str(row.get("name", "")),
            reader.words(row, place, "members"),
            reader.number(row, place, "offset", lambda x: 0 <= x <= 1, "from 0 to 1"),
        )
        for row in reader.rows(table, "portfolio", "product_group")
    )
    return PortfolioParameters(
        ranges,
        int(points),
        reader.number(table, "portfolio", "minimum_per_unit"),
        reader.number(table, "portfolio", "volatility_shift", lambda x: 0 <= x < 1, "from 0 to below 1"),
        groups,
    )


def _span(reader: _Reader, document: Mapping[str, Any]) -> SpanParameters:
    table = reader.table(document, "", "span")
    classes = reader.table(table, "span", "class")
    products = table.get("product", {})
    weights = reader.pair(table, "span", "delta_weights", 4)
    place = "span.inter_commodity"
    credits_ = []
    for row in reader.rows(table, "span", "inter_commodity"):
        legs, deltas = reader.words(row, place, "legs"), reader.pair(row, place, "deltas")
        if len(legs) != 2 or min(deltas) <= 0:
            raise reader.wrong(place, row, "two legs with positive deltas")
        credit = reader.number(row, place, "credit", lambda x: 0 <= x <= 1, "from 0 to 1")
        credits_.append(InterCommodity((legs[0], legs[1]), (deltas[0], deltas[1]), credit))
    return SpanParameters(
        {MarginClass.of(name): _product(reader, classes, "span.class", name) for name in classes},
        {name: _product(reader, products, "span.product", name) for name in products},
        reader.number(table, "span", "look_ahead_days"),
        reader.number(table, "span", "extreme_move"),
        reader.number(table, "span", "extreme_fraction", lambda x: 0 <= x <= 1, "from 0 to 1"),
        (weights[0], weights[1], weights[2], weights[3]),
        tuple(credits_),
        bool(table.get("example", False)),
    )


def _product(reader: _Reader, table: Mapping[str, Any], place: str, name: str) -> SpanProduct:
    row, place = reader.table(table, place, name), f"{place}.{name}"
    return SpanProduct(
        reader.number(row, place, "price_scan", lambda x: x > 0, "above 0"),
        reader.number(row, place, "volatility_scan", lambda x: 0 <= x < 1, "from 0 to below 1"),
        reader.number(row, place, "inter_month"),
        reader.number(row, place, "short_minimum"),
    )
