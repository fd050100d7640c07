"""How a day's volume is spread over an interval: measured from readings of the past, or a shape that a user names.

A curve is one weight for each slice. There is no default: a volume-weighted schedule without a curve is refused, and a
stretch in which the past shows no volume at all is no data.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from optionix_core.errors import InvalidValueError, MissingDataError


def u_shape(depth: float, slices: int) -> tuple[float, ...]:
    """Volume that is `depth` times as dense at both ends as in the middle: the parabola 1 + (depth - 1)(2x - 1)^2.

    Each weight is its exact integral over the slice, so that the shape does not change with the number of slices.
    """
    if not math.isfinite(depth) or depth < 1:
        raise InvalidValueError("depth", depth, "at least 1, the density at the ends over that in the middle")
    check_slices(slices)

    def below(x: float) -> float:
        return x + (depth - 1.0) * ((2.0 * x - 1.0) ** 3 + 1.0) / 6.0

    edges = [below(k / slices) for k in range(slices + 1)]
    return tuple(after - before for before, after in itertools.pairwise(edges))


def of_readings(days: Sequence[Sequence[int]]) -> tuple[float, ...]:
    """The mean share of each slice, from what the volume counter said at the slices' edges on earlier days.

    One row a day, of slices + 1 readings of a counter that starts again with a session: where it falls, what it
    says is what was traded since. Every day weighs the same; a day without volume says nothing. Raises
    MissingDataError where no day says anything.
    """
    shares: list[list[float]] = []
    for row in days:
        steps = [increment(before, after) for before, after in itertools.pairwise(row)]
        total = sum(steps)
        if total:
            shares.append([step / total for step in steps])
    if not shares:
        raise MissingDataError("no volume was traded in that stretch on any of the days asked for")
    return tuple(math.fsum(column) / len(shares) for column in zip(*shares, strict=True))


def increment(before: int, after: int) -> int:
    """Contracts traded between two readings of a session's counter; what a restart of it hides is not counted."""
    return after - before if after >= before else after


def check_weights(weights: Sequence[float]) -> None:
    """Raise InvalidValueError unless all are finite, none is negative and one is positive."""
    for row, weight in enumerate(weights):
        if not math.isfinite(weight) or weight < 0:
            raise InvalidValueError("volume_curve", weight, "finite and not negative", row)
    if not any(weights):
        raise InvalidValueError("volume_curve", "nothing but zeros", "of at least one positive weight")


def check_slices(slices: int) -> None:
    """Raise InvalidValueError unless it is a whole number from 1 to 1000."""
    if not isinstance(slices, int) or isinstance(slices, bool) or not 1 <= slices <= MOST_SLICES:
        raise InvalidValueError("slices", repr(slices), f"a whole number from 1 to {MOST_SLICES}")


MOST_SLICES = 1000
"""Of one parent: its schedule stands in one event."""
