"""Plain options, digitals and touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optionix_core.market.option_type import OptionType, OptionTypeName
from optionix_core.pricing.contracts._contract import (
    Contract,
    check_amount,
    check_choice,
    check_level,
    check_option_type,
)

PAYMENTS = ("hit", "expiry")


@dataclass(frozen=True, slots=True, kw_only=True)
class EuropeanOption(Contract):
    """The right to buy (call) or sell (put) at the strike, at expiry."""

    kind: ClassVar[str] = "european"

    option_type: OptionType | OptionTypeName
    strike: float

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_option_type(self, "option_type")
        check_level(self, "strike")


@dataclass(frozen=True, slots=True, kw_only=True)
class AmericanOption(EuropeanOption):
    """The same right at any time up to expiry."""

    kind: ClassVar[str] = "american"


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOrNothingOption(EuropeanOption):
    """`cash` at expiry if the price ends above the strike (call) or below it (put)."""

    kind: ClassVar[str] = "cash-or-nothing"

    cash: float = 1.0

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        check_amount(self, "cash")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOrNothingOption(EuropeanOption):
    """One unit of the asset at expiry if it ends above the strike (call) or below it (put)."""

    kind: ClassVar[str] = "asset-or-nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTouchOption(Contract):
    """`cash` if the price meets the barrier, which lies above or below the spot, watched continuously."""

    kind: ClassVar[str] = "one-touch"

    barrier: float
    cash: float = 1.0
    pay_at: str = "hit"
    """`"hit"` or `"expiry"`."""

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_level(self, "barrier")
        check_amount(self, "cash")
        check_choice(self, "pay_at", PAYMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTouchOption(Contract):
    """`cash` at expiry if the price never meets the barrier."""

    kind: ClassVar[str] = "no-touch"

    barrier: float
    cash: float = 1.0

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_level(self, "barrier")
        check_amount(self, "cash")
