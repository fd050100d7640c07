from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from optionix_core.errors import InvalidValueError, UsageError
from optionix_core.feeds import SimulatedFeed
from optionix_core.feeds.recording import record
from optionix_core.feeds.replay import ReplayState
from optionix_core.market.clock import ManualClock
from optionix_core.services import replaying
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
END = START + timedelta(hours=2)
STATE = ReplayState(START + timedelta(minutes=30), START, END, 1.0, held=False)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("start", START),
        ("END", END),
        ("50%", START + timedelta(hours=1)),
        ("0%", START),
        ("+5m", START + timedelta(minutes=35)),
        ("-90s", START + timedelta(minutes=28, seconds=30)),
        ("+9h", END),
        ("-9h", START),
        ("15:45", START + timedelta(minutes=45)),
        ("15:45:30", START + timedelta(minutes=45, seconds=30)),
        ("2026-03-02T16:00", START + timedelta(hours=1)),
        ("2026-03-02T17:00+01:00", START + timedelta(hours=1)),
    ],
)
def test_a_place_is_written_in_many_ways(text: str, moment: datetime) -> None:
    assert replaying.place(text, STATE) == moment


@pytest.mark.parametrize("text", ["", "soon", "50 %x", "x%", "101%", "25:00", "2026-13-01T00:00", "+5", "5m"])
def test_what_is_no_place_is_told_with_what_there_is(text: str) -> None:
    with pytest.raises(InvalidValueError, match="place must be"):
        replaying.place(text, STATE)


def test_a_workspace_s_replay_is_held_sped_up_and_begun_anew(tmp_path: Path) -> None:
    recorded, clock = ManualClock(START), ManualClock(datetime(2026, 6, 1, tzinfo=UTC))
    path = tmp_path / "day.gz"
    record(
        SimulatedFeed(), path, clock=recorded, underlyings=("ORBIT",), interval=timedelta(seconds=10), count=7,
        expiries=1, wait=lambda seconds: recorded.advance(timedelta(seconds=seconds)),
    )  # fmt: skip
    home = HomeFolders.of(tmp_path)
    with Workspace.open(home, feed=f"replay:{path}", clock=clock, speed=2.0) as workspace:
        replay = replaying.of(workspace)
        assert replay.state.speed == 2.0
        assert replay.turn().held
        assert not replay.turn().held
        assert [replay.change_speed(1).speed for _ in range(2)] == [5.0, 10.0]
        assert replay.change_speed(-1).speed == 5.0
        assert replay.play_at(7.0).speed == 7.0
        assert replay.change_speed(-1).speed == 5.0
        assert replay.seek("50%").recorded == START + timedelta(seconds=30)
        assert replay.step(1).recorded == START + timedelta(seconds=40)
        assert replay.seek("end").ended
        begun = replay.turn()
        assert (begun.recorded, begun.held) == (START, False)
        assert replaying.state_of(workspace) == begun
        replay.play_at(replaying.SPEEDS[0])
        assert replay.change_speed(-1).speed == replaying.SPEEDS[0]
    with Workspace.open(home, clock=clock) as workspace:
        assert replaying.state_of(workspace) is None
        with pytest.raises(UsageError, match="sim is no recording: start with --replay FILE"):
            replaying.of(workspace)
