"""A parent order: what is to be traded by when, and by which rule it is cut into slices.

All of it is fixed when the algorithm starts. Refuses terms that contradict each other or that are missing: a curve, a
rate of participation or an impact parameter is never made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.trading.algorithms.almgren_chriss import Impact
from optionix_core.trading.algorithms.volume_curve import check_slices, check_weights
from optionix_core.trading.orders import Side
from optionix_core.trading.records import check_client_order_id
from optionix_core.trading.terms import check_price, check_quantity


class AlgoKind(StrEnum):
    """How the quantity is spread over time."""

    TWAP = "twap"
    """Evenly."""
    VWAP = "vwap"
    """As the volume curve."""
    POV = "pov"
    """As a share of the volume that quotes tell."""
    IS = "is"
    """Implementation shortfall: the trajectory of Almgren and Chriss."""


class Style(StrEnum):
    """What a slice does at the venue."""

    TAKE = "take"
    """Takes the touch at once; what is not displayed is left to later slices."""
    REST = "rest"
    """Rests at the near touch until the next slice is due."""


class CatchUp(StrEnum):
    """What becomes of quantity that earlier slices left undone, or that no process was there to send."""

    AT_ONCE = "at-once"
    """The next slice carries all of it."""
    SPREAD = "spread"
    """It is spread evenly over the slices that are left, the last of which carries the rest."""


LONGEST_NAME: Final = 58
"""Characters of an algorithm's id: a slice's client order id adds a dash and its number."""
_ONE: Final = Decimal(1)
_SHORTEST: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ParentOrder:
    """One parent. `algo_id` is the idempotency key: started twice, it is one algorithm."""

    algo_id: str
    account: str
    kind: AlgoKind
    side: Side
    quantity: int
    """Contracts in all."""
    symbol: str
    start: datetime
    until: datetime
    """No slice is sent at or after it, and none works past it."""
    slices: int
    limit_price: Decimal | None = None
    """Worst price of any slice, per unit of the underlying."""
    style: Style = Style.TAKE
    catch_up: CatchUp = CatchUp.SPREAD
    seed: int = 0
    time_jitter: Decimal = Decimal(0)
    """Up to this part of its interval a slice is sent later; from 0 to below 1."""
    size_jitter: Decimal = Decimal(0)
    """Up to this part a slice's weight is larger or smaller; from 0 to below 1."""
    curve: tuple[float, ...] = ()
    """Of VWAP: one weight for each slice."""
    curve_source: str | None = None
    """Where the curve came from, in words."""
    participation: Decimal | None = None
    """Of POV: contracts per contract of volume seen, above 0, at most 1."""
    impact: Impact | None = None
    """Of IS: time in days, prices in money per contract (price times multiplier)."""

    def __post_init__(self) -> None:
        check_client_order_id(self.algo_id)
        if len(self.algo_id) > LONGEST_NAME:
            raise InvalidValueError("algo_id", repr(self.algo_id), f"at most {LONGEST_NAME} characters long")
        check_quantity(self.quantity)
        check_price("limit_price", self.limit_price)
        check_slices(self.slices)
        if self.until <= self.start:
            raise InvalidValueError("until", self.until.isoformat(), f"after the start, {self.start.isoformat()}")
        if (self.until - self.start) / self.slices < _SHORTEST:
            raise InvalidValueError("slices", self.slices, "so few that each has a second or more")
        for name in ("time_jitter", "size_jitter"):
            value = getattr(self, name)
            if not value.is_finite() or not 0 <= value < _ONE:
                raise InvalidValueError(name, value, "from 0 to below 1")
        if not isinstance(self.seed, int) or isinstance(self.seed, bool) or not 0 <= self.seed < 2**63:
            raise InvalidValueError("seed", repr(self.seed), "a whole number from 0 to below 2**63")
        self._check_kind()

    def _check_kind(self) -> None:
        has = {AlgoKind.VWAP: bool(self.curve), AlgoKind.POV: self.participation is not None}
        has[AlgoKind.IS] = self.impact is not None
        names = {AlgoKind.VWAP: "volume_curve", AlgoKind.POV: "participation", AlgoKind.IS: "impact"}
        for kind, given in has.items():
            if given != (self.kind is kind):
                told = "given" if given else "none"
                raise InvalidValueError(names[kind], told, f"given for {kind}, and for nothing else")
        if self.curve:
            check_weights(self.curve)
            if len(self.curve) != self.slices:
                raise InvalidValueError("volume_curve", f"{len(self.curve)} weights", f"one for each of {self.slices}")
        if self.participation is not None:
            if not self.participation.is_finite() or not 0 < self.participation <= _ONE:
                raise InvalidValueError("participation", self.participation, "above 0 and at most 1")
            if self.catch_up is not CatchUp.AT_ONCE:
                raise InvalidValueError("catch_up", self.catch_up, "at-once for pov, whose target is volume, not time")
            if self.size_jitter:
                raise InvalidValueError("size_jitter", self.size_jitter, "0 for pov, whose sizes follow volume")

    def slice_id(self, number: int) -> str:
        """The client order id of its slice, from 1: it follows from both, so that a slice is sent once."""
        return f"{self.algo_id}-{number}"
