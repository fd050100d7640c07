"""Options that a barrier brings to life or ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.contracts._contract import (
    check_amount,
    check_between,
    check_choice,
    check_level,
    check_times,
)
from optionix_core.pricing.contracts.vanilla import EuropeanOption

BARRIER_TYPES = ("down-in", "down-out", "up-in", "up-out")
DOUBLE_TYPES = ("knock-out", "knock-in")
WINDOWS = ("start", "end-b1", "end-b2")


@dataclass(frozen=True, slots=True, kw_only=True)
class BarrierOption(EuropeanOption):
    """A European option that starts (in) or ends (out) where the price meets the barrier."""

    kind: ClassVar[str] = "barrier"

    barrier_type: str
    """`"down-in"`, `"down-out"`, `"up-in"` or `"up-out"`."""
    barrier: float
    rebate: float = 0.0
    """Paid at the hit by an out option, at expiry by an in option that never came to life."""
    monitoring_times: tuple[float, ...] | None = None
    """When the barrier is watched; None is continuously."""

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        check_choice(self, "barrier_type", BARRIER_TYPES)
        check_level(self, "barrier")
        check_amount(self, "rebate")
        if self.monitoring_times is not None:
            check_times(self, "monitoring_times")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleBarrierOption(EuropeanOption):
    """A European option that starts or ends where the price leaves the corridor, watched continuously."""

    kind: ClassVar[str] = "double-barrier"

    barrier_type: str
    """`"knock-out"` or `"knock-in"`."""
    lower: float
    upper: float

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        check_choice(self, "barrier_type", DOUBLE_TYPES)
        check_level(self, "lower", "upper")
        if not self.upper > self.lower:
            raise InvalidValueError("upper", self.upper, f"above lower, {self.lower}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialBarrierOption(EuropeanOption):
    """A barrier option watched for a part of its life alone; see `barrier.partial_price` for the windows."""

    kind: ClassVar[str] = "partial-barrier"

    barrier_type: str
    barrier: float
    barrier_time: float
    """Years from now at which watching ends (`"start"`) or begins (`"end-b1"`, `"end-b2"`)."""
    window: str = "start"

    def __post_init__(self) -> None:
        EuropeanOption.__post_init__(self)
        check_choice(self, "barrier_type", BARRIER_TYPES)
        check_choice(self, "window", WINDOWS)
        check_level(self, "barrier")
        check_between(self, "barrier_time", 0.0, self.expiry)
