"""Where the market stands at one moment, as one value that everything priced can name.

A snapshot never changes; an update makes the next version. `id` is a hash of the content, so two
screens that show the same `id` priced from the same numbers. What a snapshot does not hold is an
error, never a default.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.curves import DiscountCurve, ForwardCurve
from optionix_core.market.protocols import VolatilityFunction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

Item = TypeVar("Item")

_MONEYNESS = np.linspace(-0.5, 0.5, 21)
"""ln(strike / forward) at which a surface is fingerprinted."""
_TENORS = np.array([7.0, 30.0, 91.0, 182.0, 365.0, 730.0]) / 365.0
"""Years at which a surface is fingerprinted."""


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """One versioned state of the market. Build the first one directly, later ones by `updated`."""

    as_of: datetime
    """The moment that it describes; kept in UTC."""
    spots: Mapping[str, float] = field(default_factory=dict)
    """By underlying, in its currency."""
    discount_curves: Mapping[str, DiscountCurve] = field(default_factory=dict)
    """By currency."""
    forward_curves: Mapping[str, ForwardCurve] = field(default_factory=dict)
    """By underlying."""
    surfaces: Mapping[str, VolatilityFunction] = field(default_factory=dict)
    """By underlying."""
    version: int = 1
    """Counts up with each update."""
    id: str = field(init=False)
    """SHA-256 of the content in hexadecimal; the version does not enter it.

    A surface enters by its volatilities on a fixed grid of 21 strikes and 6 tenors around the spot or
    forward; surfaces that agree there count as the same.
    """

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise InvalidValueError("as_of", self.as_of, "aware of its time zone")
        for underlying, spot in self.spots.items():
            if not (np.isfinite(spot) and spot > 0.0):
                raise InvalidValueError(f"spot of {underlying}", spot, "positive and finite")
        object.__setattr__(self, "as_of", self.as_of.astimezone(UTC))
        for name in ("spots", "discount_curves", "forward_curves", "surfaces"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        digest = hashlib.sha256()
        for part in self._content():
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        object.__setattr__(self, "id", digest.hexdigest())

    def __reduce__(self) -> tuple[Callable[..., Market], tuple[object, ...]]:
        """Pickled with plain mappings; its surfaces have to be picklable themselves."""
        held = (self.spots, self.discount_curves, self.forward_curves, self.surfaces)
        return Market, (self.as_of, *(dict(mapping) for mapping in held), self.version)

    def updated(
        self,
        as_of: datetime,
        *,
        spots: Mapping[str, float] | None = None,
        discount_curves: Mapping[str, DiscountCurve] | None = None,
        forward_curves: Mapping[str, ForwardCurve] | None = None,
        surfaces: Mapping[str, VolatilityFunction] | None = None,
    ) -> Market:
        """The next version, with what is given put in place of what was there and the rest kept."""
        return replace(
            self,
            as_of=as_of,
            spots={**self.spots, **(spots or {})},
            discount_curves={**self.discount_curves, **(discount_curves or {})},
            forward_curves={**self.forward_curves, **(forward_curves or {})},
            surfaces={**self.surfaces, **(surfaces or {})},
            version=self.version + 1,
        )

    def spot(self, underlying: str) -> float:
        """Last price of an underlying; MissingDataError where there is none."""
        return self._get("spot", self.spots, underlying)

    def discount_curve(self, currency: str) -> DiscountCurve:
        """The curve of a currency; MissingDataError where there is none."""
        return self._get("discount curve", self.discount_curves, currency)

    def forward_curve(self, underlying: str) -> ForwardCurve:
        """The forwards of an underlying; MissingDataError where there are none."""
        return self._get("forward curve", self.forward_curves, underlying)

    def surface(self, underlying: str) -> VolatilityFunction:
        """The volatilities of an underlying; MissingDataError where there are none."""
        return self._get("volatility surface", self.surfaces, underlying)

    def implied_volatility(self, underlying: str, strike: ArrayLike, expiry: ArrayLike) -> FloatArray:
        """Annualised volatility (fraction) at `strike` for `expiry` in years."""
        return self.surface(underlying).implied_volatility(strike, expiry)

    def _get(self, what: str, held: Mapping[str, Item], name: str) -> Item:
        if name not in held:
            known = ", ".join(sorted(held)) or "none"
            raise MissingDataError(f"snapshot {self.id[:12]} has no {what} for {name} (has: {known})")
        return held[name]

    def _content(self) -> Iterator[bytes]:
        yield self.as_of.isoformat().encode("ascii")
        for name in sorted(self.spots):
            yield from (b"spot", name.encode("utf-8"), _bytes(np.array([self.spots[name]])))
        for name in sorted(self.discount_curves):
            curve = self.discount_curves[name]
            yield from (b"discount", name.encode("utf-8"), _bytes(curve.times), _bytes(curve.discount_factors))
        for name in sorted(self.forward_curves):
            forwards = self.forward_curves[name]
            yield from (b"forward", name.encode("utf-8"), _bytes(forwards.times), _bytes(forwards.forwards))
            yield b"" if forwards.spot is None else _bytes(np.array([forwards.spot]))
        for name in sorted(self.surfaces):
            yield from (b"surface", name.encode("utf-8"), _bytes(self._grid(name)))

    def _grid(self, underlying: str) -> FloatArray:
        curve = self.forward_curves.get(underlying)
        spot = self.spots.get(underlying)
        if spot is None and curve is None:
            raise MissingDataError(f"a surface of {underlying} needs its spot or its forwards in the snapshot")
        centre = spot if spot is not None else float(curve.forwards[0]) if curve is not None else np.nan
        strikes = centre * np.exp(_MONEYNESS)
        return self.surfaces[underlying].implied_volatility(strikes[np.newaxis, :], _TENORS[:, np.newaxis])


def _bytes(values: FloatArray) -> bytes:
    return np.ascontiguousarray(values, dtype="<f8").tobytes()
