"""When each slice is due and how much should be done by then, in whole contracts.

The targets are cumulative, never fall and end at the parent's quantity, whatever the weights and the jitter: rounding
moves a contract from one slice to another and makes none. Jitter is counter based: it follows from the seed and the
slice's number alone. The schedule stands in the event that starts the algorithm, so that every process works by the
same.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from datetime import datetime, timedelta
from typing import NamedTuple

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.trading.algorithms.almgren_chriss import holdings
from optionix_core.trading.algorithms.parent import AlgoKind, ParentOrder

DAY = timedelta(days=1)


class Schedule(NamedTuple):
    """Slice k is due at `times[k - 1]`."""

    times: tuple[datetime, ...]
    targets: tuple[int, ...]
    """Contracts done once slice k is; empty for POV, whose target is the volume seen."""

    def due(self, now: datetime) -> int:
        """Number of the last slice that is due at `now`; 0 before the first."""
        return sum(1 for time in self.times if time <= now)

    def target(self, number: int) -> int:
        """Contracts that should be done once that many slices are."""
        return self.targets[number - 1] if number else 0


def schedule_of(parent: ParentOrder) -> Schedule:
    """The schedule of a parent. Raises InvalidValueError for impact parameters without an optimum."""
    interval = (parent.until - parent.start) / parent.slices
    times = tuple(
        parent.start + (k + float(parent.time_jitter) * uniform(parent.seed, "time", k + 1)) * interval
        for k in range(parent.slices)
    )
    if parent.kind is AlgoKind.POV:
        return Schedule(times, ())
    weights = [
        weight * (1.0 + float(parent.size_jitter) * (2.0 * uniform(parent.seed, "size", k + 1) - 1.0))
        for k, weight in enumerate(_weights(parent))
    ]
    return Schedule(times, whole_targets(parent.quantity, weights))


def whole_targets(quantity: int, weights: list[float]) -> tuple[int, ...]:
    """Cumulative contracts in proportion to the weights, each rounded to the nearest, the last exactly `quantity`."""
    total = math.fsum(weights)
    if not total > 0:
        raise InvalidValueError("weights", total, "positive in all")
    targets, running = [], 0.0
    for weight in weights:
        running += weight
        targets.append(min(quantity, math.floor(quantity * (running / total) + 0.5)))
    return (*targets[:-1], quantity)


def uniform(seed: int, purpose: str, number: int) -> float:
    """A number from 0 to below 1 that seed, purpose and slice number alone decide."""
    counter = f"{seed}/{purpose}/{number}".encode()
    return (int.from_bytes(hashlib.blake2b(counter, digest_size=8).digest(), "big") >> 11) * 2.0**-53


def _weights(parent: ParentOrder) -> tuple[float, ...]:
    if parent.kind is AlgoKind.TWAP:
        return (1.0,) * parent.slices
    if parent.kind is AlgoKind.VWAP:
        return parent.curve
    if parent.impact is None:
        raise IntegrityError(f"algorithm {parent.algo_id} has no impact parameters")
    left = holdings(float(parent.quantity), (parent.until - parent.start) / DAY, parent.slices, parent.impact)
    return tuple(before - after for before, after in itertools.pairwise(left))
