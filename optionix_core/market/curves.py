"""Discount factors and forwards of one currency or underlying, as functions of time.

Both curves are linear in the logarithm between their nodes: the forward rate (carry) is constant in
each stretch, and no node is missed. Outside the nodes one rule holds and no other: before the first
and after the last node the zero rate (carry) of that node applies. Nothing is smoothed, and a curve
says by `first` and `last` where its own nodes end.

Source: Hagan and West, Interpolation Methods for Curve Construction (2006), section 3.1, "linear on
the log of discount factors".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class DiscountCurve:
    """Present value of 1.00 paid later, in one currency."""

    times: FloatArray
    """Years from the curve's moment, ascending and positive, shape (nodes,)."""
    discount_factors: FloatArray
    """At `times`, positive; above 1 where rates are negative."""

    def __post_init__(self) -> None:
        times, factors = _nodes(self.times, self.discount_factors, "discount_factor")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "discount_factors", factors)

    @classmethod
    def flat(cls, rate: float) -> Self:
        """One continuously compounded rate (a fraction) at every time."""
        if not np.isfinite(rate):
            raise InvalidValueError("rate", rate, "finite")
        return cls(np.array([1.0]), np.array([np.exp(-rate)]))

    @property
    def first(self) -> float:
        """Time of the first node in years."""
        return float(self.times[0])

    @property
    def last(self) -> float:
        """Time of the last node in years."""
        return float(self.times[-1])

    def discount_factor(self, time: ArrayLike) -> FloatArray:
        """Value now of 1.00 at `time` (years, not negative); same shape as `time`."""
        factor: FloatArray = np.exp(_log_at(_times(time), self.times, np.log(self.discount_factors)))
        return factor

    def zero_rate(self, time: ArrayLike) -> FloatArray:
        """Continuously compounded rate (a fraction) to `time`; at 0 the rate of the first node."""
        return -_rate_at(_times(time), self.times, np.log(self.discount_factors))

    def forward_rate(self, start: ArrayLike, end: ArrayLike) -> FloatArray:
        """Continuously compounded rate from `start` to a later `end`, years."""
        begin, finish = np.broadcast_arrays(_times(start), _times(end))
        if not np.all(finish > begin):
            raise InvalidValueError("end", end, "later than start")
        logs = np.log(self.discount_factors)
        rate: FloatArray = (_log_at(begin, self.times, logs) - _log_at(finish, self.times, logs)) / (finish - begin)
        return rate


@dataclass(frozen=True, slots=True, eq=False)
class ForwardCurve:
    """Forward price of one underlying."""

    times: FloatArray
    """Years from the curve's moment, ascending and positive, shape (nodes,)."""
    forwards: FloatArray
    """At `times`, positive, in the underlying's currency."""
    spot: float | None = None
    """The underlying now; without it nothing is known before the first node."""

    def __post_init__(self) -> None:
        times, forwards = _nodes(self.times, self.forwards, "forward")
        if self.spot is not None and not (np.isfinite(self.spot) and self.spot > 0.0):
            raise InvalidValueError("spot", self.spot, "positive and finite")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "forwards", forwards)

    @property
    def first(self) -> float:
        """Time of the first node in years."""
        return float(self.times[0])

    @property
    def last(self) -> float:
        """Time of the last node in years."""
        return float(self.times[-1])

    def forward(self, time: ArrayLike) -> FloatArray:
        """Forward price for `time` (years, not negative); same shape as `time`.

        Raises MissingDataError before the first node, and beyond the last, where the spot is unknown.
        """
        at = _times(time)
        if self.spot is not None:
            grown: FloatArray = self.spot * np.exp(_log_at(at, self.times, np.log(self.forwards / self.spot)))
            return grown
        if np.any((at < self.first) | (at > self.last)):
            span = f"{self.first:g} to {self.last:g} years"
            raise MissingDataError(f"forwards are known from {span} only; outside them the spot is needed")
        between: FloatArray = np.exp(np.interp(at, self.times, np.log(self.forwards)))
        return between

    def carry(self, time: ArrayLike) -> FloatArray:
        """Rate at which the forward grows over the spot, ln(F/S)/t, a fraction; rate less dividend yield."""
        if self.spot is None:
            raise MissingDataError("carry is growth over the spot, and the spot is unknown")
        return _rate_at(_times(time), self.times, np.log(self.forwards / self.spot))

    def dividend_yield(self, time: ArrayLike, discount: DiscountCurve) -> FloatArray:
        """Continuous yield (a fraction) that makes spot, rate and forward agree at `time`."""
        return discount.zero_rate(time) - self.carry(time)


def _nodes(times: ArrayLike, values: ArrayLike, name: str) -> tuple[FloatArray, FloatArray]:
    """Checked, read-only copies."""
    at, given = (np.array(column, dtype=np.float64, ndmin=1) for column in (times, values))
    if at.ndim != 1 or at.shape != given.shape or at.size == 0:
        raise InvalidValueError(name, f"shape {given.shape} for times of shape {at.shape}", "one value a time")
    for row, (time, value) in enumerate(zip(at, given, strict=True)):
        if not (np.isfinite(time) and time > (at[row - 1] if row else 0.0)):
            raise InvalidValueError("time", time, "positive, finite and ascending", row=row)
        if not (np.isfinite(value) and value > 0.0):
            raise InvalidValueError(name, value, "positive and finite", row=row)
    at.setflags(write=False)
    given.setflags(write=False)
    return at, given


def _times(time: ArrayLike) -> FloatArray:
    at = np.asarray(time, dtype=np.float64)
    if not np.all(np.isfinite(at) & (at >= 0.0)):
        raise InvalidValueError("time", time, "finite and not negative, in years")
    return at


def _log_at(time: FloatArray, times: FloatArray, logs: FloatArray) -> FloatArray:
    """Logarithm at `time`: 0 now, linear between nodes, the last node's slope from now beyond it."""
    inside = np.interp(time, np.concatenate(([0.0], times)), np.concatenate(([0.0], logs)))
    beyond: FloatArray = np.where(time > times[-1], logs[-1] * (time / times[-1]), inside)
    return beyond


def _rate_at(time: FloatArray, times: FloatArray, logs: FloatArray) -> FloatArray:
    """Logarithm per year from now to `time`; at 0 the first node's."""
    later = np.where(time > 0.0, time, 1.0)
    rate: FloatArray = np.where(time > 0.0, _log_at(time, times, logs) / later, logs[0] / times[0])
    return rate
