"""Recording what is looked at, and playing it with keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from optionix_core.feeds import SimulatedFeed
from optionix_core.feeds.recording import record
from optionix_core.feeds.replay import ReplayFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.picture import screen_text
from optionix_tui.playing import RecordingWish
from screens.command import CommandDialog
from tests.tui.conftest import MOMENT
from tests.tui.waiting import until, until_ready

MakeApp = Callable[..., OptionixApp]
STEP = timedelta(seconds=10)


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    clock = ManualClock(MOMENT)
    path = tmp_path / "day.recording.gz"
    record(
        SimulatedFeed(), path, clock=clock, underlyings=("ORBIT", "TUNDRA"), interval=STEP, count=7, expiries=2,
        wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
    )  # fmt: skip
    return path


async def test_a_recording_is_steered_by_keys_and_by_words(tape: Path, tmp_path: Path) -> None:
    clock = ManualClock(MOMENT + timedelta(days=100))
    workspace = Workspace.open(HomeFolders.of(tmp_path), feed=f"replay:{tape}", clock=clock, speed=10.0)
    app = OptionixApp(workspace, rate=20.0)

    def header() -> str:
        return screen_text(app).splitlines()[0]

    def plays(seconds: int) -> bool:
        return f"{MOMENT + timedelta(seconds=seconds):%H:%M:%S} UTC" in header()

    async with app.run_test(size=(160, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: "REPLAY x10" in header() and plays(0), "the first moment at ten times")
        assert "pause/go on" in screen_text(app).splitlines()[-1]
        clock.advance(timedelta(seconds=2))
        await until(pilot, lambda: plays(20), "twenty recorded seconds")
        await pilot.press("backslash", "backslash")
        await until(pilot, lambda: "REPLAY paused" in header(), "the pause")
        clock.advance(timedelta(minutes=5))
        await until(pilot, lambda: app.session.chain and app.session.chain.moment == clock.now(), "another look")
        assert plays(20)
        assert "STALE" not in header()
        await pilot.press("backslash", "right_square_bracket")
        await until(pilot, lambda: plays(30), "the step")
        await until(pilot, lambda: app.session.chain and app.session.chain.as_of == MOMENT + 3 * STEP, "its quotes")
        await pilot.press("backslash", "left_square_bracket", "backslash", "left_square_bracket")
        await until(pilot, lambda: plays(10), "two steps back")
        await until(pilot, lambda: app.session.chain and app.session.chain.as_of == MOMENT + STEP, "their quotes")
        await pilot.press("backslash", "minus", "backslash", "backslash")
        await until(pilot, lambda: "REPLAY x5" in header(), "the lower speed")
        await pilot.press("backslash", "plus", "backslash", "plus")
        await until(pilot, lambda: "REPLAY x20" in header(), "higher speeds")
        await pilot.press("backslash", "slash")
        await until(pilot, lambda: isinstance(app.screen, CommandDialog), "the line for a place")
        await pilot.press(*"50%", "enter")
        await until(pilot, lambda: plays(30) and "50%" in header(), "the middle")
        for line, told in (
            ("replay soon", "place must be a time"),
            ("replay 23:59", "recorded moment must be from"),
            ("replay speed fast", "speed must be a number"),
            ("replay speed 0", "speed must be above 0"),
        ):
            app.clear_notifications()
            await app.run_line(line)
            await until(pilot, lambda told=told: told in " ".join(screen_text(app).split()), told)
        await app.run_line("replay end")
        await until(pilot, lambda: "REPLAY ended" in header(), "the end")
        await pilot.press("backslash", "backslash")
        await until(pilot, lambda: "REPLAY x20" in header() and plays(0), "the beginning anew")


async def test_keys_of_a_replay_are_dead_without_one_and_words_say_so(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        assert "replay" not in app.screen.scopes
        await app.run_line("replay 50%")
        await until(pilot, lambda: "sim is no recording" in screen_text(app), "the refusal")


async def test_what_is_looked_at_is_recorded_until_the_terminal_is_left(
    make_app: MakeApp, tmp_path: Path, clock: ManualClock
) -> None:
    path = tmp_path / "tapes" / "now.recording.gz"
    app = make_app(wish=RecordingWish(path, timedelta(seconds=5)))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: "REC 1" in screen_text(app).splitlines()[0], "the first moment")
        clock.advance(timedelta(seconds=5))
        await until(pilot, lambda: "REC 2" in screen_text(app).splitlines()[0], "the second")
    assert app.recorder is not None
    assert app.recorder.report is not None
    assert app.recorder.report.ending == "cancelled"
    tape = ReplayFeed(path).tape
    assert tape.complete
    assert tape.moments() == (MOMENT, MOMENT + timedelta(seconds=5))


async def test_a_disk_that_takes_no_more_ends_the_recording_and_not_the_terminal(
    make_app: MakeApp, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from optionix_core.feeds import recording

    path = tmp_path / "now.recording.gz"
    write, full = recording.write_member, False

    def refuse_when_full(stream: object, head: dict[str, object], body: bytes = b"") -> None:
        if full:
            raise OSError(28, "No space left on device")
        write(stream, head, body)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(recording, "write_member", refuse_when_full)
    app = make_app(wish=RecordingWish(path, timedelta(seconds=5)))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: "REC 1" in screen_text(app).splitlines()[0], "the first moment")
        full = True
        clock.advance(timedelta(seconds=5))
        await until(pilot, lambda: "No space left on device" in " ".join(screen_text(app).split()), "the refusal")
        assert "REC" not in screen_text(app).splitlines()[0]
        await pilot.press("right_square_bracket")  # and the terminal goes on
        await until(pilot, lambda: app.session.selection.expiry is not None, "another expiry")
    assert ReplayFeed(path.with_name(f"{path.name}.part")).tape.moments() == (MOMENT,)
