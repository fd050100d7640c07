"""The march from expiry to now: stretches of steps, and what happens between them.

Steps grow linearly within a stretch (times are even in the root of the time passed), since a kink, a jump or the right
to exercise leaves a root in time at the stretch's start; its first steps are split in two implicit halves, which damp
what the central scheme would let swing. Sources: R. Rannacher, Numer. Math. 43 (1984) 309; C. Reisinger and A. Whitley,
IMA J. Numer. Anal. 34 (2014) 1156.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing.dividends import DividendSchedule

FloatArray = NDArray[np.float64]

LEAST_STEPS = 8
"""Of a stretch, on the coarser grid."""


@dataclass(frozen=True, slots=True)
class Event:
    """At one moment, in the order in which the march meets them."""

    since_expiry: float
    """Years before expiry."""
    fall: float | None = None
    """Cash amount or fraction by which the price falls; None: levels are watched (after a fall at the same moment)."""
    proportional: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps between two events."""

    start: float
    """Years before expiry."""
    length: float
    steps: int
    """Of the coarser grid."""
    end: Event | None


def stretches(
    expiry: float, dividends: DividendSchedule, watched: tuple[float, ...] | None, steps: int
) -> tuple[tuple[Event, ...], tuple[Stretch, ...]]:
    """Events at expiry itself, and the stretches up to now. A watching time of zero is left to the caller."""
    events = [Event(expiry - time) for time in watched or () if 0.0 < time <= expiry]
    proportional = bool(dividends.proportional)
    paid = zip(dividends.times, dividends.amounts, strict=True)
    events += [Event(expiry - t, amount, proportional) for t, amount in paid if t <= expiry and amount > 0.0]
    events.sort(key=lambda event: (event.since_expiry, event.fall is not None))
    at_expiry = tuple(event for event in events if event.since_expiry == 0.0)
    parts, now = [], 0.0
    for event in events[len(at_expiry) :]:
        length = event.since_expiry - now
        parts.append(Stretch(now, length, _share(steps, length, expiry), event))
        now = event.since_expiry
    parts.append(Stretch(now, expiry - now, _share(steps, expiry - now, expiry), None))
    return at_expiry, tuple(parts)


def _share(steps: int, length: float, expiry: float) -> int:
    return 0 if length <= 0.0 else max(LEAST_STEPS, round(steps * length / expiry))


def step_sizes(
    stretch: Stretch, refinement: int, theta: float, rannacher_steps: int, *, soon: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Sizes of the steps, and their weights on the new level: one for implicit ones, else `theta`.

    Under `soon` they also shrink towards the stretch's end, for a volatility that changes most in the near future.
    """
    count = stretch.steps * refinement
    if count == 0:
        return np.empty(0), np.empty(0)
    even = np.arange(count + 1) / count
    edges = stretch.length * even**2 * (3.0 - 2.0 * even if soon else 1.0)
    sizes = np.diff(edges)
    split = min(rannacher_steps, count)
    halves = np.repeat(0.5 * sizes[:split], 2)
    return (
        np.ascontiguousarray(np.concatenate([halves, sizes[split:]])),
        np.concatenate([np.ones(2 * split), np.full(count - split, theta)]),
    )
