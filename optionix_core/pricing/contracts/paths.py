"""Contracts on the way the price takes: averages, extremes, autocallables and cliquets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optionix_core.errors import InvalidValueError
from optionix_core.market.option_type import OptionType, OptionTypeName
from optionix_core.pricing.contracts._contract import (
    Contract,
    check_amount,
    check_between,
    check_choice,
    check_level,
    check_option_type,
    check_times,
)
from optionix_core.pricing.contracts.vanilla import EuropeanOption

AVERAGES = ("arithmetic", "geometric")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsianOption(EuropeanOption):
    """An option on the average of the price at the fixing times, paid at expiry."""

    kind: ClassVar[str] = "asian"

    average: str = "arithmetic"
    """`"arithmetic"` or `"geometric"`."""
    fixing_times: tuple[float, ...] | None = None
    """Years from now, increasing, equal weights; None is the continuous average from now to expiry."""

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        check_choice(self, "average", AVERAGES)
        if self.fixing_times is not None:
            check_times(self, "fixing_times")


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedLookbackOption(EuropeanOption):
    """Highest price less strike (call), strike less lowest price (put)."""

    kind: ClassVar[str] = "fixed-lookback"

    running_extreme: float | None = None
    """Highest (call) or lowest (put) price up to now; None: watched from now on."""
    monitoring_times: tuple[float, ...] | None = None
    """When the price is looked at; None is continuously."""

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        _check_watch(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatingLookbackOption(Contract):
    """Last price less lowest (call), highest less last (put)."""

    kind: ClassVar[str] = "floating-lookback"

    option_type: OptionType | OptionTypeName
    running_extreme: float | None = None
    """Lowest (call) or highest (put) price up to now; None: watched from now on."""
    monitoring_times: tuple[float, ...] | None = None
    """When the price is looked at; None is continuously."""

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_option_type(self, "option_type")
        _check_watch(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutocallableNote(Contract):
    """A note that ends early where the price is high enough.

    At the i-th observation, if the price is at or above `call_level`, it pays notional (1 + i coupon) and ends. At
    expiry, if it never ended, it pays the notional, less the fall of the price below `reference` if the price ends
    below `protection_level`.
    """

    kind: ClassVar[str] = "autocallable"

    reference: float
    """Price against which the fall is measured."""
    observation_times: tuple[float, ...]
    """Years from now, the last at expiry or before."""
    call_level: float
    protection_level: float
    coupon: float
    """Fraction of the notional for each observation passed."""
    notional: float = 100.0

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_level(self, "reference", "call_level", "protection_level", "notional")
        check_between(self, "coupon", -1.0, 100.0)
        check_times(self, "observation_times", first=1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class CliquetOption(Contract):
    """Sum of the capped and floored returns between reset times, itself capped and floored, times the notional."""

    kind: ClassVar[str] = "cliquet"

    reset_times: tuple[float, ...]
    """Ends of the periods; the first starts now, the last ends at expiry or before."""
    local_floor: float = 0.0
    local_cap: float | None = None
    global_floor: float = 0.0
    global_cap: float | None = None
    notional: float = 100.0

    def __post_init__(self) -> None:
        Contract.__post_init__(self)
        check_times(self, "reset_times", first=1e-9)
        check_level(self, "notional")
        for side in ("local", "global"):
            floor, cap = f"{side}_floor", f"{side}_cap"
            check_amount(self, floor)
            if getattr(self, cap) is not None:
                check_amount(self, cap)
                if getattr(self, cap) < getattr(self, floor):
                    raise InvalidValueError(cap, getattr(self, cap), f"at least {floor}, {getattr(self, floor)}")


def _check_watch(contract: FixedLookbackOption | FloatingLookbackOption) -> None:
    if contract.running_extreme is not None:
        check_level(contract, "running_extreme")
    if contract.monitoring_times is not None:
        check_times(contract, "monitoring_times")
