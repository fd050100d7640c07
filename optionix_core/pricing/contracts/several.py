"""Contracts on several underlyings, on other options, on a later strike and in another currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType, OptionTypeName
from optionix_core.pricing.contracts._contract import (
    LONGEST,
    Contract,
    check_amount,
    check_between,
    check_choice,
    check_level,
    check_numbers,
    check_option_type,
)
from optionix_core.pricing.contracts.vanilla import EuropeanOption

EXTREMES = ("minimum", "maximum")
LARGEST_WEIGHT = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOption(Contract):
    """A call gives the second asset for the first, a put the first for the second."""

    kind: ClassVar[str] = "exchange"
    assets: ClassVar[int] = 2

    option_type: OptionType | OptionTypeName = "call"

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_option_type(self, "option_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadOption(Contract):
    """An option on the first price less the second; the strike may be of any sign."""

    kind: ClassVar[str] = "spread"
    assets: ClassVar[int] = 2

    option_type: OptionType | OptionTypeName
    strike: float

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_option_type(self, "option_type")
        check_amount(self, "strike")


@dataclass(frozen=True, slots=True, kw_only=True)
class RainbowOption(EuropeanOption):
    """An option on the smallest or the largest of the prices."""

    kind: ClassVar[str] = "rainbow"
    assets: ClassVar[int] = 0

    extreme: str
    """`"minimum"` or `"maximum"`."""

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        check_choice(self, "extreme", EXTREMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketOption(EuropeanOption):
    """An option on the weighted sum of the prices."""

    kind: ClassVar[str] = "basket"
    assets: ClassVar[int] = 0

    weights: tuple[float, ...]
    """One for each asset; of any sign."""

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        check_numbers(self, "weights", -LARGEST_WEIGHT, LARGEST_WEIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundOption(EuropeanOption):
    """At `expiry`, the right to buy (call) or sell (put) at `strike` another option that lives on."""

    kind: ClassVar[str] = "compound"

    underlying_option_type: OptionType | OptionTypeName
    underlying_strike: float
    underlying_expiry: float
    """Years from now, not before `expiry`."""

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        check_option_type(self, "underlying_option_type")
        check_level(self, "underlying_strike")
        check_between(self, "underlying_expiry", self.expiry, LONGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooserOption(Contract):
    """At `choice_time` the holder says whether it is the call or the put; `expiry` is the later one of the two."""

    kind: ClassVar[str] = "chooser"

    choice_time: float
    call_strike: float
    put_strike: float
    call_expiry: float
    put_expiry: float

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_level(self, "call_strike", "put_strike")
        check_between(self, "choice_time", 0.0, self.expiry)
        check_between(self, "call_expiry", self.choice_time, self.expiry)
        check_between(self, "put_expiry", self.choice_time, self.expiry)
        if max(self.call_expiry, self.put_expiry) != self.expiry:
            raise InvalidValueError("expiry", self.expiry, "the later one of call_expiry and put_expiry")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardStartOption(Contract):
    """An option whose strike becomes `moneyness` times the price at `start`."""

    kind: ClassVar[str] = "forward-start"

    option_type: OptionType | OptionTypeName
    moneyness: float
    start: float

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_option_type(self, "option_type")
        check_level(self, "moneyness")
        check_between(self, "start", 0.0, self.expiry)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantoOption(EuropeanOption):
    """A European option on a foreign asset, paid in domestic currency at `exchange_rate`, agreed now."""

    kind: ClassVar[str] = "quanto"

    exchange_rate: float = 1.0

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        check_level(self, "exchange_rate")
