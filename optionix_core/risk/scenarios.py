"""Scenarios: what happens to spots, volatilities, rates, dividends, currencies and time, as arrays.

One `ScenarioSet` holds n scenarios; every array's first axis is they. A shock that is not named is zero, but an
underlying or currency that the set says nothing about is an error when it is asked for: `EVERYTHING` speaks for all
that are not named. A move that would leave a price, a dividend or a currency without value is refused by the
scenario's name. Volatilities after the shock at strike K and time T to expiry that remains, F the scenario's forward:

    v' = v (1 + return(T)) + change(T) + skew(T) ln(K / F) + curvature(T) ln(K / F)^2

where v is the volatility at the same strike (sticky strike) or at the same K / F (sticky delta), for the same expiry
date. What depends on a tenor is linear between `tenors` and flat outside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

EVERYTHING: Final = "*"
"""The key of shocks to every underlying, or currency, that has none of its own."""


class StickyRule(StrEnum):
    """What a volatility stays with while the spot moves."""

    STRIKE = "strike"
    DELTA = "delta"
    """The ratio of strike to forward."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class UnderlyingShocks:
    """Shocks to one underlying; each array of shape (n,), those of volatility also (n, tenors); absent: zero."""

    spot_return: FloatArray | None = None
    """Relative: -0.1 is a fall by a tenth. Above -1."""
    volatility_return: FloatArray | None = None
    """Relative change of volatilities: 1.0 doubles them."""
    volatility_change: FloatArray | None = None
    """Added to annualised volatilities: 0.05 is five points."""
    skew_change: FloatArray | None = None
    """Added per unit of ln(K / F)."""
    curvature_change: FloatArray | None = None
    """Added per unit of ln(K / F)^2."""
    tenors: FloatArray | None = None
    """Years, ascending: what the second axis stands for."""
    dividend_yield_change: FloatArray | None = None
    """Added to the continuous yield."""
    dividend_return: FloatArray | None = None
    """Relative change of discrete dividends: -1 cuts them."""

    def __post_init__(self) -> None:
        _freeze(self)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RateShocks:
    """Shocks to the zero rates of one currency."""

    change: FloatArray
    """Added to continuously compounded zero rates: 0.01 is a point. Shape (n,), or (n, tenors)."""
    tenors: FloatArray | None = None
    """Years, ascending."""

    def __post_init__(self) -> None:
        _freeze(self)


Shocks = TypeVar("Shocks", UnderlyingShocks, RateShocks)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScenarioSet:
    """n scenarios. Raises InvalidValueError naming the shock, the underlying and the scenario."""

    names: tuple[str, ...]
    """One a scenario, unique."""
    underlyings: Mapping[str, UnderlyingShocks] = field(default_factory=dict)
    """By underlying, or under `EVERYTHING`."""
    rates: Mapping[str, RateShocks] = field(default_factory=dict)
    """By currency, or under `EVERYTHING`; a currency without any keeps its curve."""
    exchange_rates: Mapping[str, FloatArray] = field(default_factory=dict)
    """By currency: relative change of what one unit is worth in the reporting currency, shape (n,)."""
    days: FloatArray | None = None
    """Calendar days that pass, zero or more, shape (n,); None: none."""
    weights: FloatArray | None = None
    """Probabilities, summing to 1, shape (n,); None: the scenarios are no sample, or all alike."""
    sticky: StickyRule = StickyRule.STRIKE
    sources: tuple[str, ...] = ()
    """Where each scenario comes from; empty, or one a scenario."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "sources", tuple(self.sources))
        object.__setattr__(self, "sticky", StickyRule(self.sticky))
        if not self.names:
            raise InvalidValueError("scenarios", 0, "at least one")
        if len(set(self.names)) != len(self.names):
            twice = next(name for row, name in enumerate(self.names) if name in self.names[:row])
            raise InvalidValueError("name of a scenario", twice, "unique")
        if self.sources and len(self.sources) != len(self.names):
            raise InvalidValueError("sources", len(self.sources), f"{len(self.names)}, one a scenario")
        for name in ("days", "weights"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _read_only(given))
        frozen = {name: _read_only(values) for name, values in self.exchange_rates.items()}
        object.__setattr__(self, "exchange_rates", MappingProxyType(frozen))
        for name in ("underlyings", "rates"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        self._check()

    def __reduce__(self) -> tuple[Callable[..., ScenarioSet], tuple[object, ...]]:
        """Pickled with plain mappings."""
        values = ((item.name, getattr(self, item.name)) for item in fields(self))
        plain: dict[str, Any] = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values}
        return partial(ScenarioSet, **plain), ()

    def __len__(self) -> int:
        return len(self.names)

    def shocks(self, underlying: str) -> UnderlyingShocks:
        """To one underlying; MissingDataError where the set says nothing about it."""
        found = self.underlyings.get(underlying, self.underlyings.get(EVERYTHING))
        if found is None:
            known = ", ".join(sorted(self.underlyings)) or "none"
            raise MissingDataError(f"the scenarios say nothing about {underlying} (they have: {known})")
        return found

    def spot_return(self, underlying: str) -> FloatArray:
        """Relative move of the spot, shape (n,)."""
        return self._or_zero(self.shocks(underlying).spot_return)

    def rate_change(self, currency: str, years: ArrayLike) -> FloatArray:
        """Added to the zero rate at `years` (a number, or one a scenario), shape (n,)."""
        found = self.rates.get(currency, self.rates.get(EVERYTHING))
        return self._or_zero(None) if found is None else at_tenor(found.change, found.tenors, years, len(self))

    def moves_rates_by_tenor(self, currency: str) -> bool:
        """Whether rates of different tenors move apart."""
        found = self.rates.get(currency, self.rates.get(EVERYTHING))
        return found is not None and found.change.ndim > 1

    def exchange_return(self, currency: str) -> FloatArray:
        """Relative change of the currency's worth, shape (n,); zero where the set has none."""
        return self._or_zero(self.exchange_rates.get(currency, self.exchange_rates.get(EVERYTHING)))

    def days_passed(self) -> FloatArray:
        """Calendar days, shape (n,)."""
        return self._or_zero(self.days)

    def part(self, first: int, last: int) -> Self:
        """The scenarios [first, last), without weights, since a part has no probability of its own."""
        cut = slice(first, last)
        return replace(
            self,
            names=self.names[cut],
            sources=self.sources[cut],
            underlyings={name: _cut(one, cut) for name, one in self.underlyings.items()},
            rates={name: _cut(one, cut) for name, one in self.rates.items()},
            exchange_rates={name: values[cut] for name, values in self.exchange_rates.items()},
            days=None if self.days is None else self.days[cut],
            weights=None,
        )

    def _or_zero(self, values: FloatArray | None) -> FloatArray:
        return np.zeros(len(self)) if values is None else values

    def _check(self) -> None:
        for underlying, shocks in self.underlyings.items():
            for item in fields(shocks):
                values = getattr(shocks, item.name)
                if values is None or item.name == "tenors":
                    continue
                tenors = shocks.tenors if item.name in BY_TENOR else None
                self._check_array(f"{item.name} of {underlying}", values, tenors)
            self._check_above(f"spot_return of {underlying}", shocks.spot_return, -1.0)
            self._check_above(f"dividend_return of {underlying}", shocks.dividend_return, -1.0, included=True)
        for currency, shift in self.rates.items():
            self._check_array(f"change of rates of {currency}", shift.change, shift.tenors)
        for currency, moves in self.exchange_rates.items():
            self._check_array(f"change of {currency}", moves, None)
            self._check_above(f"change of {currency}", moves, -1.0)
        if self.days is not None:
            self._check_array("days", self.days, None)
            self._check_above("days", self.days, 0.0, included=True)
        if self.weights is not None:
            self._check_array("weights", self.weights, None)
            self._check_above("weights", self.weights, 0.0, included=True)
            if abs(float(self.weights.sum()) - 1.0) > 1e-9:
                raise InvalidValueError("sum of weights", float(self.weights.sum()), "1")

    def _check_array(self, name: str, values: FloatArray, tenors: FloatArray | None) -> None:
        shapes: tuple[tuple[int, ...], ...] = ((len(self),),)
        if tenors is not None:
            shapes += ((len(self), tenors.size),)
        if values.shape not in shapes:
            raise InvalidValueError(f"shape of {name}", values.shape, " or ".join(map(str, shapes)))
        self._raise_at(name, values, np.isfinite(values), "finite")

    def _check_above(self, name: str, values: FloatArray | None, bound: float, *, included: bool = False) -> None:
        if values is not None:
            inside = values >= bound if included else values > bound
            self._raise_at(name, values, inside, f"{'at least' if included else 'above'} {bound:g}")

    def _raise_at(self, name: str, values: FloatArray, inside: NDArray[np.bool_], bound: str) -> None:
        if not inside.all():
            place = tuple(int(axis) for axis in np.argwhere(~inside)[0])
            raise InvalidValueError(f"{name} in scenario {self.names[place[0]]!r}", float(values[place]), bound)


BY_TENOR: Final = ("volatility_return", "volatility_change", "skew_change", "curvature_change")
"""Shocks that may have a second axis."""


def at_tenor(values: FloatArray, tenors: FloatArray | None, years: ArrayLike, count: int) -> FloatArray:
    """Shocks at `years` (a number, or one a scenario), shape (count,): linear between tenors, flat outside."""
    if values.ndim == 1 or tenors is None:
        return values
    if tenors.size == 1:
        return np.ascontiguousarray(values[:, 0])
    asked = np.broadcast_to(np.asarray(years, dtype=np.float64), (count,))
    inside = np.clip(asked, tenors[0], tenors[-1])
    right = np.clip(np.searchsorted(tenors, inside), 1, tenors.size - 1)
    share = (inside - tenors[right - 1]) / (tenors[right] - tenors[right - 1])
    rows = np.arange(count)
    below, above = values[rows, right - 1], values[rows, right]
    found: FloatArray = below + share * (above - below)
    return found


def sequence_names(prefix: str, count: int) -> tuple[str, ...]:
    """`prefix 1` to `prefix count`, for scenarios that have no names of their own."""
    return tuple(f"{prefix} {number}" for number in range(1, count + 1))


def _cut(shocks: Shocks, cut: slice) -> Shocks:
    kept = {
        item.name: value if value is None or item.name == "tenors" else value[cut]
        for item in fields(shocks)
        for value in (getattr(shocks, item.name),)
    }
    return replace(shocks, **kept)


def _freeze(shocks: UnderlyingShocks | RateShocks) -> None:
    for item in fields(shocks):
        value: Sequence[float] | FloatArray | None = getattr(shocks, item.name)
        if value is not None:
            object.__setattr__(shocks, item.name, _read_only(value))
    tenors = shocks.tenors
    if tenors is not None:
        for row, tenor in enumerate(tenors):
            if not (np.isfinite(tenor) and tenor > (tenors[row - 1] if row else 0.0)):
                raise InvalidValueError("tenors", tenor, "positive, finite and ascending", row=row)


def _read_only(values: ArrayLike) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array
