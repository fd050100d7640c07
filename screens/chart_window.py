"""Which bars of a chart are in view, and how many of them make one candle. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

FEWEST: Final = 10
"""Bars that are always in view, where there are so many."""
STEP: Final = 1.4
"""By how much one step of zooming changes the number of bars."""


class Laid(NamedTuple):
    """Bars from `start` up to `stop`, of which every `group`, counted from the newest, are one candle."""

    start: int
    stop: int
    group: int

    @property
    def candles(self) -> int:
        """Candles of it."""
        return -(-(self.stop - self.start) // self.group)

    def candle_of(self, bar: int) -> int | None:
        """The candle that a bar is part of; None where it is not in view."""
        if not self.start <= bar < self.stop:
            return None
        return self.candles - 1 - (self.stop - 1 - bar) // self.group

    def bars_of(self, candle: int) -> tuple[int, int]:
        """The bars of a candle: the first, and the one behind the last."""
        stop = self.stop - (self.candles - 1 - candle) * self.group
        return max(stop - self.group, self.start), stop


@dataclass(frozen=True, slots=True)
class Window:
    """What is in view."""

    shown: int
    """Bars."""
    back: int = 0
    """Newer bars that are not in view."""

    def laid(self, total: int, room: int) -> Laid:
        """The bars of `total` in view, in at most `room` candles."""
        fitted = self.fitted(total)
        stop = total - fitted.back
        start = stop - fitted.shown
        return Laid(start, stop, max(-(-fitted.shown // max(room, 1)), 1))

    def fitted(self, total: int) -> Window:
        """Within the bars that there are."""
        shown = min(max(self.shown, FEWEST), total)
        return Window(shown, min(max(self.back, 0), total - shown))

    def zoomed(self, total: int, *, closer: bool, share: float = 1.0) -> Window:
        """A step closer or further away; what stands at `share` of the width, 0 at the left, stays there."""
        here = self.fitted(total)
        wanted = round(here.shown / STEP) if closer else max(round(here.shown * STEP), here.shown + 1)
        shown = min(max(wanted, FEWEST), total)
        return replace(here, shown=shown, back=here.back + round((here.shown - shown) * (1.0 - share))).fitted(total)

    def moved(self, total: int, bars: int) -> Window:
        """Towards the past where `bars` is above zero."""
        here = self.fitted(total)
        return replace(here, back=here.back + bars).fitted(total)

    def showing(self, total: int, bar: int) -> Window:
        """Moved as little as it takes to have a bar in view."""
        here = self.fitted(total)
        laid = here.laid(total, total)
        if bar < laid.start:
            return here.moved(total, laid.start - bar)
        return here.moved(total, laid.stop - 1 - bar) if bar >= laid.stop else here
