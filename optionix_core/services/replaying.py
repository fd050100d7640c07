"""Steering a replay that a workspace looks at: hold it, go on, step, speed, seek. What is not a replay is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, UsageError
from optionix_core.market.protocols import FeedState

if TYPE_CHECKING:
    from optionix_core.feeds.replay import ReplayFeed, ReplayState
    from optionix_core.services.workspace import Workspace

SPEEDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 600.0)
"""Speeds that faster and slower go through."""
BOUND: Final = "a time (14:35, 14:35:10), a moment (2026-03-02T14:35), a share (50%), a way (+5m, -90s), start or end"
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_WAY = re.compile(r"([+-])(\d+(?:\.\d+)?)([smh])")


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay at the present moment of its workspace's clock."""

    workspace: Workspace
    feed: ReplayFeed

    @property
    def state(self) -> ReplayState:
        """How it stands now."""
        return self.feed.standing(self.workspace.clock.now())

    def turn(self) -> ReplayState:
        """Hold it, or let it go on; from its end it begins anew."""
        now, state = self.workspace.clock.now(), self.state
        if state.ended:
            self.feed.seek(state.first, now)
            self.feed.go_on(now)
        elif state.held:
            self.feed.go_on(now)
        else:
            self.feed.hold(now)
        return self.state

    def step(self, count: int) -> ReplayState:
        """Hold it so many recorded moments further on, or back."""
        self.feed.step(count, self.workspace.clock.now())
        return self.state

    def change_speed(self, ways: int) -> ReplayState:
        """The next speed of SPEEDS above (1) or below (-1) the present one; at an end it stays."""
        present = self.feed.speed
        others = [one for one in SPEEDS if (one > present if ways > 0 else one < present)]
        if others:
            self.play_at(min(others) if ways > 0 else max(others))
        return self.state

    def play_at(self, speed: float) -> ReplayState:
        """Play so many times as fast. InvalidValueError where it is out of bounds."""
        self.feed.play_at(speed, self.workspace.clock.now())
        return self.state

    def seek(self, text: str) -> ReplayState:
        """Play from the place that a text names. InvalidValueError says how a place is written, and what there is."""
        state = self.state
        self.feed.seek(place(text, state), self.workspace.clock.now())
        return self.state


def of(workspace: Workspace) -> Replay:
    """The replay that a workspace looks at. UsageError where it looks at something else."""
    from optionix_core.feeds.replay import ReplayFeed

    feed = workspace.feed
    if not isinstance(feed, ReplayFeed):
        raise UsageError(f"{workspace.feed_name} is no recording: start with --replay FILE")
    return Replay(workspace, feed)


def state_of(workspace: Workspace) -> ReplayState | None:
    """How the workspace's replay stands; None where it looks at something else."""
    return of(workspace).state if workspace.feed.state is FeedState.REPLAY else None


def place(text: str, state: ReplayState) -> datetime:
    """The recorded moment that `text` names: see BOUND. A time of day is of the day that is played. In UTC."""
    wanted = text.strip().lower()
    way = _WAY.fullmatch(wanted)
    if wanted in {"start", "end"}:
        return state.first if wanted == "start" else state.last
    if way is not None:
        length = timedelta(seconds=float(way[2]) * _UNITS[way[3]])
        return _inside(state.recorded + length if way[1] == "+" else state.recorded - length, state)
    if wanted.endswith("%"):
        share = _number(wanted[:-1], text)
        if not 0.0 <= share <= 100.0:
            raise InvalidValueError("place", repr(text), "a share from 0% to 100%")
        return state.first + (state.last - state.first) * (share / 100.0)
    return _moment(wanted, text, state)


def _moment(wanted: str, text: str, state: ReplayState) -> datetime:
    try:
        if "t" in wanted or "-" in wanted:
            moment = datetime.fromisoformat(wanted.upper())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return datetime.combine(state.recorded.astimezone(UTC).date(), time.fromisoformat(wanted), UTC)
    except ValueError:
        raise InvalidValueError("place", repr(text), BOUND) from None


def _number(wanted: str, text: str) -> float:
    try:
        return float(wanted)
    except ValueError:
        raise InvalidValueError("place", repr(text), BOUND) from None


def _inside(moment: datetime, state: ReplayState) -> datetime:
    return min(max(moment, state.first), state.last)
