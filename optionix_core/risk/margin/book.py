"""A book as a margin rule sees it: what is held, at which prices, and of which class each underlying is.

Strategy rules need prices alone; the regimes that revalue need volatilities too, which are solved from prices where a
position has none. So this is its own value beside `RiskBook`, whose positions need curves and surfaces;
`from_risk_book` is the way from there. Money is float64 in the currency of the position. Nothing is filled in here:
what a regime takes for missing is in the `assumptions` of its answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.option_type import OptionType

if TYPE_CHECKING:
    from optionix_core.risk.book import Position, RiskBook

Style = Literal["american", "european"]
SECONDS_PER_YEAR = 365.0 * 86_400.0
"""Time to expiry is ACT/365 fixed, as on surfaces."""


class MarginClass(StrEnum):
    """What margin rules tell underlyings apart by."""

    EQUITY = "equity"
    NARROW_INDEX = "narrow_index"
    BROAD_INDEX = "broad_index"
    """High capitalisation, broad based."""
    SMALL_CAP_INDEX = "small_cap_index"
    """Broad based, not of high capitalisation."""
    LEVERAGED = "leveraged"
    """A fund that moves by a multiple of what it follows."""
    COIN = "coin"

    @classmethod
    def of(cls, text: str) -> MarginClass:
        """By its name in any spelling of case, blanks and hyphens; UnknownNameError for another."""
        name = text.strip().lower().replace("-", "_").replace(" ", "_")
        found = next((one for one in cls if one.value == name), None)
        if found is None:
            raise UnknownNameError("margin class", text, tuple(cls))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginPosition:
    """One holding at its price. Raises InvalidValueError or MissingDataError, naming the position and the field."""

    id: str
    """Unique in the book."""
    underlying: str
    underlying_price: float
    """Per unit, in the currency of the strike."""
    quantity: float
    """Signed; whole contracts, or shares where there is no option type."""
    option_type: OptionType | None = None
    """None for the underlying itself."""
    strike: float | None = None
    expiry: datetime | None = None
    """The moment of settlement, aware of its time zone."""
    multiplier: float = 1.0
    """Units of the underlying per contract."""
    price: float | None = None
    """Per unit; of the underlying itself it is the underlying's price. In coins where `inverse`."""
    margin_class: MarginClass | None = None
    """None: not known."""
    leverage: float | None = None
    """Of leveraged funds: the multiple, without its sign."""
    style: Style | None = None
    """None: not known."""
    implied_volatility: float | None = None
    """Annualised, a fraction."""
    rate: float | None = None
    """Continuously compounded, to expiry."""
    dividend_yield: float | None = None
    cash_settled: bool | None = None
    """None: not known."""
    inverse: bool = False
    """Priced, paid and settled in the coin that it is an option on."""

    def __post_init__(self) -> None:
        for name in ("id", "underlying"):
            if not getattr(self, name):
                raise self._wrong(name, "''", "not empty")
        self._number("quantity", finite=True)
        for name in ("underlying_price", "multiplier", "strike", "implied_volatility", "leverage"):
            self._number(name, above=0.0)
        self._number("price", least=0.0)
        for name in ("rate", "dividend_yield"):
            self._number(name, finite=True)
        if self.option_type is None:
            if self.strike is not None or self.expiry is not None:
                raise self._wrong("strike and expiry", (self.strike, self.expiry), "absent without an option type")
            return
        object.__setattr__(self, "option_type", OptionType.of(self.option_type))
        if self.strike is None or self.expiry is None:
            missing = "strike" if self.strike is None else "expiry"
            raise MissingDataError(f"position {self.id} is an option and has no {missing}")
        if self.expiry.tzinfo is None:
            raise self._wrong("expiry", self.expiry, "aware of its time zone")
        if self.quantity != round(self.quantity):
            raise self._wrong("quantity", self.quantity, "whole contracts")

    @property
    def is_option(self) -> bool:
        """Whether it is one; else it is the underlying."""
        return self.option_type is not None

    @property
    def sign(self) -> int:
        """+1 for a call, -1 for a put, 0 for the underlying."""
        return 0 if self.option_type is None else int(self.option_type)

    @property
    def units(self) -> float:
        """Signed units of the underlying."""
        return self.quantity * self.multiplier

    @property
    def instrument(self) -> tuple[object, ...]:
        """What is the same for two positions of one instrument."""
        terms = (self.option_type, self.strike, self.expiry, self.style, self.inverse)
        return (self.underlying, *terms, self.multiplier)

    @property
    def market_price(self) -> float:
        """Per unit; MissingDataError names an option without one."""
        if self.option_type is None:
            return self.underlying_price
        if self.price is None:
            raise MissingDataError(f"position {self.id} has no price")
        return self.price

    @property
    def market_value(self) -> float:
        """Signed, of the whole position."""
        return self.units * self.market_price

    def intrinsic(self, underlying: float) -> float:
        """Per unit, at a price of the underlying."""
        if self.option_type is None or self.strike is None:
            return underlying
        return max(0.0, int(self.option_type) * (underlying - self.strike))

    def years(self, as_of: datetime) -> float:
        """To settlement, ACT/365 fixed; infinite for the underlying. InvalidValueError where it is past."""
        if self.expiry is None:
            return math.inf
        years = (self.expiry - as_of).total_seconds() / SECONDS_PER_YEAR
        if years <= 0.0:
            raise self._wrong("expiry", self.expiry.isoformat(), f"after {as_of.isoformat()}")
        return years

    def _number(
        self, name: str, *, above: float | None = None, least: float | None = None, finite: bool = True
    ) -> None:
        value = getattr(self, name)
        if value is None:
            return
        if finite and not math.isfinite(value):
            raise self._wrong(name, value, "finite")
        if above is not None and not value > above:
            raise self._wrong(name, value, "positive")
        if least is not None and value < least:
            raise self._wrong(name, value, "0 or more")

    def _wrong(self, name: str, value: object, bound: str) -> InvalidValueError:
        return InvalidValueError(f"{name} of position {self.id}", value, bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginBook:
    """Positions of one account at one moment, all in one currency (inverse options: in their coins)."""

    positions: tuple[MarginPosition, ...]
    as_of: datetime
    """Aware of its time zone."""
    currency: str = "USD"

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", tuple(self.positions))
        if self.as_of.tzinfo is None:
            raise InvalidValueError("as_of", self.as_of, "aware of its time zone")
        seen: set[str] = set()
        spots: dict[str, tuple[float, str]] = {}
        for position in self.positions:
            if position.id in seen:
                raise InvalidValueError("id of a position", position.id, "unique in the book")
            seen.add(position.id)
            position.years(self.as_of)
            spot, named = spots.setdefault(position.underlying, (position.underlying_price, position.id))
            if not math.isclose(spot, position.underlying_price, rel_tol=1e-9):
                bound = f"that of position {named}, {spot:g}: they have one underlying"
                raise InvalidValueError(f"underlying_price of position {position.id}", position.underlying_price, bound)

    @property
    def underlyings(self) -> tuple[str, ...]:
        """In order of the alphabet."""
        return tuple(sorted({position.underlying for position in self.positions}))

    @property
    def net_value(self) -> float:
        """Signed market value of all positions; MissingDataError names one without a price."""
        return sum(position.market_value for position in self.positions)

    def with_more(self, more: Iterable[MarginPosition]) -> MarginBook:
        """What is held after `more` came: one instrument is one position, and what cancels is gone."""
        held = {position.instrument: position for position in self.positions}
        for one in more:
            key = one.instrument
            if key not in held:
                held[key] = one if all(one.id != other.id for other in held.values()) else replace(one, id=f"+{one.id}")
                continue
            quantity = held[key].quantity + one.quantity
            held[key] = replace(held[key], quantity=quantity)
        return replace(self, positions=tuple(position for position in held.values() if position.quantity))


def from_risk_book(
    book: RiskBook, classes: Mapping[str, MarginClass] | None = None, leverages: Mapping[str, float] | None = None
) -> MarginBook:
    """The same holdings with prices, volatilities and rates of the risk book.

    Prices of options are the positions' own; where there is none it is left out, and a regime that needs it says so.
    `classes` and `leverages` go by underlying. Raises InvalidValueError for an exotic, which no margin rule names, and
    for positions of several currencies.
    """
    currencies = {book.currency(position.underlying) for position in book.positions}
    if len(currencies) > 1:
        raise InvalidValueError("currencies of the book", ", ".join(sorted(currencies)), "one")
    rows = tuple(_from_risk(book, position, classes or {}, leverages or {}) for position in book.positions)
    return MarginBook(positions=rows, as_of=book.as_of, currency=next(iter(currencies), book.reporting_currency))


def _from_risk(
    book: RiskBook, position: Position, classes: Mapping[str, MarginClass], leverages: Mapping[str, float]
) -> MarginPosition:
    kind = str(position.kind)
    if kind == "exotic":
        raise InvalidValueError(f"kind of position {position.id}", kind, "a listed option or an underlying")
    listed = kind != "underlying"
    years = book.years(position)
    return MarginPosition(
        id=position.id,
        underlying=position.underlying,
        underlying_price=float(book.market.spot(position.underlying)),
        quantity=position.quantity,
        option_type=position.option_type,
        strike=position.strike,
        expiry=position.expiry,
        multiplier=position.multiplier,
        price=position.price if listed else None,
        margin_class=classes.get(position.underlying),
        leverage=leverages.get(position.underlying),
        style=None if not listed else "european" if kind == "european" else "american",
        implied_volatility=book.volatility(position) if listed else None,
        rate=book.rate(position.underlying, years) if listed else None,
        dividend_yield=book.dividend_yield(position.underlying, years) if listed else None,
    )


def nine_months_after(moment: datetime) -> date:
    """The same day nine months on, or the last day of that month where it has none."""
    months = moment.month - 1 + 9
    year, month = moment.year + months // 12, months % 12 + 1
    for day in range(moment.day, 27, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return date(year, month, min(moment.day, 28))
