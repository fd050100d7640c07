"""A book as risk sees it: what is held, where the market stands, and what a currency is worth.

A value that never changes. It takes what the market says from a `Market` snapshot and refuses defaults: an option
without a volatility, a curve or a yield, or a currency without a rate, is an error that names it. Money is float64
here: risk is an estimate, and the ledger alone holds exact amounts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.option_type import OptionType
from optionix_core.market.units import DAYS_PER_YEAR
from optionix_core.pricing.dividends import NO_DIVIDENDS, Dividends, DividendSchedule, schedule

if TYPE_CHECKING:
    from optionix_core.market.snapshot import Market
    from optionix_core.pricing.contracts import Contract

SECONDS_PER_YEAR = DAYS_PER_YEAR * 86_400.0
"""Time to expiry is ACT/365 fixed, as on surfaces."""


class PositionKind(StrEnum):
    """How a position is valued."""

    UNDERLYING = "underlying"
    EUROPEAN = "european"
    AMERICAN = "american"
    EXOTIC = "exotic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One holding. Raises InvalidValueError, naming the position, the field, the value and the bound."""

    id: str
    """Unique in the book; the instrument's key where there is one position in it."""
    underlying: str
    quantity: float
    """Signed: long above zero."""
    multiplier: float = 1.0
    """Units of the underlying in one contract."""
    kind: PositionKind
    option_type: OptionType | None = None
    """Of European and American options, like the strike and the expiry."""
    strike: float | None = None
    expiry: datetime | None = None
    """The moment of settlement, aware of its time zone."""
    volatility: float | None = None
    """Its own implied volatility at the book's moment, annualised, a fraction; None: the surface's."""
    contract: Contract | None = None
    """Of exotics: a contract of `pricing.contracts` on one unit, its times in years from the book's moment."""
    model: object = None
    """Of exotics: the model to price under; None: Black-Scholes with `volatility`, or the surface's at its strike."""
    price: float | None = None
    """Market price of one unit, where there is one; values are not taken from it."""

    def __post_init__(self) -> None:
        if not self.id:
            raise InvalidValueError("id", repr(self.id), "not empty")
        if not self.underlying:
            raise self._wrong("underlying", repr(self.underlying), "not empty")
        object.__setattr__(self, "kind", PositionKind(self.kind))
        self._check_number("quantity", self.quantity, math.isfinite(self.quantity), "finite")
        above = "positive and finite"
        self._check_number("multiplier", self.multiplier, 0.0 < self.multiplier < math.inf, above)
        if self.volatility is not None:
            self._check_number("volatility", self.volatility, 0.0 < self.volatility < math.inf, above)
        if self.price is not None:
            self._check_number("price", self.price, 0.0 <= self.price < math.inf, "zero or more and finite")
        listed = self.kind in {PositionKind.EUROPEAN, PositionKind.AMERICAN}
        if listed:
            if self.option_type is None or self.strike is None or self.expiry is None:
                raise self._wrong("terms", (self.option_type, self.strike, self.expiry), "type, strike and expiry")
            object.__setattr__(self, "option_type", OptionType.of(self.option_type))
            self._check_number("strike", self.strike, 0.0 < self.strike < math.inf, above)
            if self.expiry.tzinfo is None:
                raise self._wrong("expiry", self.expiry, "aware of its time zone")
        if (self.contract is not None) != (self.kind is PositionKind.EXOTIC):
            raise self._wrong("contract", repr(self.contract), "given for exotics, and for these alone")

    @property
    def units(self) -> float:
        """Signed units of the underlying: quantity times multiplier."""
        return self.quantity * self.multiplier

    def _check_number(self, name: str, value: float, inside: bool, bound: str) -> None:  # noqa: FBT001 - private
        if not inside:
            raise self._wrong(name, value, bound)

    def _wrong(self, name: str, value: object, bound: str) -> InvalidValueError:
        return InvalidValueError(f"{name} of position {self.id}", value, bound)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskBook:
    """Positions and the state of the market that they are valued with.

    Raises InvalidValueError for contradictions, and MissingDataError for a currency, rate, curve, yield or volatility
    that is needed and not there.
    """

    positions: tuple[Position, ...]
    """In the order in which rows of results stand."""
    market: Market
    """Spots by underlying, discount curves by currency, forward curves and surfaces by underlying."""
    currencies: Mapping[str, str]
    """By underlying: the currency of its price, of its options and of their P&L."""
    reporting_currency: str
    exchange_rates: Mapping[str, float] = field(default_factory=dict)
    """By currency: what one unit is worth in the reporting currency, which itself needs none."""
    dividend_yields: Mapping[str, float] = field(default_factory=dict)
    """By underlying: continuously compounded, at every expiry; where absent, the yield is that of the forward curve."""
    dividends: Mapping[str, Dividends] = field(default_factory=dict)
    """By underlying: discrete dividends beside the yield, times in years from the book's moment.

    They need `dividend_yields`, since a forward curve has them in it already.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", tuple(self.positions))
        for name in ("currencies", "exchange_rates", "dividend_yields", "dividends"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        seen: set[str] = set()
        for position in self.positions:
            if position.id in seen:
                raise InvalidValueError("id of a position", position.id, "unique in the book")
            seen.add(position.id)
        for currency, rate in self.exchange_rates.items():
            if not 0.0 < rate < math.inf:
                raise InvalidValueError(f"exchange rate of {currency}", rate, "positive and finite")
        if self.exchange_rates.get(self.reporting_currency, 1.0) != 1.0:
            stated = self.exchange_rates[self.reporting_currency]
            raise InvalidValueError(f"exchange rate of {self.reporting_currency}", stated, "1: it is reported in")
        for underlying in self.dividends:
            if underlying not in self.dividend_yields:
                raise MissingDataError(
                    f"{underlying} has discrete dividends and no dividend yield to stand beside them"
                )
        for position in self.positions:
            self._check(position)

    def __reduce__(self) -> tuple[Callable[..., RiskBook], tuple[object, ...]]:
        """Pickled with plain mappings."""
        values = ((item.name, getattr(self, item.name)) for item in fields(self))
        plain: dict[str, Any] = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values}
        return partial(RiskBook, **plain), ()

    @property
    def as_of(self) -> datetime:
        """The moment that values are of (UTC)."""
        return self.market.as_of

    @property
    def underlyings(self) -> tuple[str, ...]:
        """Those that something is held in, in order of the alphabet."""
        return tuple(sorted({position.underlying for position in self.positions}))

    def position(self, name: str) -> Position:
        """By its id; UnknownNameError where there is none."""
        for position in self.positions:
            if position.id == name:
                return position
        raise UnknownNameError("position", name, tuple(position.id for position in self.positions[:20]))

    def currency(self, underlying: str) -> str:
        """Of an underlying; MissingDataError where it is not known."""
        if underlying not in self.currencies:
            raise MissingDataError(f"no currency is known for {underlying}")
        return self.currencies[underlying]

    def exchange_rate(self, currency: str) -> float:
        """What one unit is worth in the reporting currency; MissingDataError where no rate is known."""
        if currency == self.reporting_currency:
            return 1.0
        if currency not in self.exchange_rates:
            raise MissingDataError(f"no exchange rate from {currency} to {self.reporting_currency}")
        return self.exchange_rates[currency]

    def years(self, position: Position) -> float:
        """Time to expiry, ACT/365 fixed; infinite for an underlying."""
        if position.contract is not None:
            return position.contract.expiry
        if position.expiry is None:
            return math.inf
        return (position.expiry - self.as_of).total_seconds() / SECONDS_PER_YEAR

    def rate(self, underlying: str, years: float) -> float:
        """Continuously compounded zero rate of the underlying's currency; MissingDataError without a curve."""
        return float(self.market.discount_curve(self.currency(underlying)).zero_rate(years))

    def dividend_yield(self, underlying: str, years: float) -> float:
        """Continuously compounded, beside any discrete dividends; MissingDataError where nothing says it."""
        if underlying in self.dividend_yields:
            return self.dividend_yields[underlying]
        if underlying not in self.market.forward_curves:
            raise MissingDataError(f"{underlying} has no dividend yield and no forward curve")
        curve = self.market.discount_curve(self.currency(underlying))
        return float(self.market.forward_curve(underlying).dividend_yield(years, curve))

    def schedule(self, underlying: str) -> DividendSchedule:
        """Discrete dividends in the form that formulas take; empty where there are none."""
        return schedule(self.dividends[underlying]) if underlying in self.dividends else NO_DIVIDENDS

    def volatility(self, position: Position) -> float:
        """Implied volatility of a European or American option: its own, or the surface's at its strike and expiry."""
        if position.volatility is not None:
            return position.volatility
        years = self.years(position)
        found = float(self.market.implied_volatility(position.underlying, position.strike or math.nan, years))
        if not 0.0 < found < math.inf:
            raise MissingDataError(f"position {position.id}: the surface has no volatility there (got {found})")
        return found

    def with_positions(self, positions: tuple[Position, ...]) -> RiskBook:
        """The same market with other holdings."""
        return replace(self, positions=positions)

    def _check(self, position: Position) -> None:
        self.exchange_rate(self.currency(position.underlying))
        self.market.spot(position.underlying)
        if position.kind is PositionKind.UNDERLYING:
            return
        years = self.years(position)
        if not years > 0.0:
            bound = f"after the book's moment, {self.as_of.isoformat()}"
            raise InvalidValueError(f"expiry of position {position.id}", position.expiry or years, bound)
        self.market.discount_curve(self.currency(position.underlying))
        if position.underlying not in self.dividend_yields and position.underlying not in self.market.forward_curves:
            raise MissingDataError(f"{position.underlying} has no dividend yield and no forward curve")
        if position.kind is not PositionKind.EXOTIC and position.volatility is None:
            self.market.surface(position.underlying)
