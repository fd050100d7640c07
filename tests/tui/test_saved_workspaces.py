"""Saving how the terminal is set up, and finding it so again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config.screens import NAMES
from optionix_core.errors import MalformedFileError
from optionix_core.market.clock import ManualClock
from optionix_core.services import saved_workspaces
from optionix_core.services.home import HomeFolders
from optionix_tui.app import OptionixApp
from optionix_tui.picture import screen_text
from screens.chart import ChartScreen
from screens.command import CommandDialog
from screens.frame import FrameScreen
from screens.stage import Stage
from tests.tui.waiting import until, until_ready

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]


async def test_what_is_set_up_comes_back_in_another_terminal(make_app: MakeApp, tmp_path: Path) -> None:
    home = HomeFolders.of(tmp_path)
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        assert app.session.chain is not None
        second = app.session.chain.expiries[1]
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: app.session.chain and app.session.chain.expiry == second.expiry, "the next expiry")
        symbols = [row.call.symbol for row in app.session.chain.rows[3:5]]
        assert symbols[0] is not None
        assert symbols[1] is not None
        stage = Stage().add(symbols[0], 1).add(symbols[1], -2)
        app.set_stage(stage)
        app.try_theme("light")
        app.open_screen("chart")
        await until(pilot, lambda: isinstance(app.frame, ChartScreen) and app.frame.settled, "the chart")
        chart = app.frame
        assert chart is not None
        arranged = {**chart.arrangement(), **_another(chart)}
        chart.use_arrangement(arranged)
        await pilot.press("ctrl+s")  # the first time the name is asked for
        await until(pilot, lambda: isinstance(app.screen, CommandDialog), "the command line")
        assert "workspace save last" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "workspace last is saved" in screen_text(app), "the answer")
        assert saved_workspaces.load(home, "last").theme == "light"
        app.try_theme("dark")
        await pilot.press("ctrl+s")  # and then no more
        await until(pilot, lambda: saved_workspaces.load(home, "last").theme == "dark", "the second save")
        await app.run_line("workspace save light-one")
        await until(pilot, lambda: "light-one" in saved_workspaces.names(home), "another one")
        await app.run_line("workspace list")
        await until(pilot, lambda: "light-one: chart ORBIT" in screen_text(app), "the list")
        assert [one.line for one in app.complete("workspace l")] == [
            "workspace last", "workspace light-one", "workspace list",
        ]  # fmt: skip
        await app.run_line("workspace rename light-one spare")
        await app.run_line("workspace delete spare")
        await until(pilot, lambda: saved_workspaces.names(home) == ("last",), "no other one")

    again = make_app(saved=saved_workspaces.latest(home))
    async with again.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, again)
        await until(pilot, lambda: isinstance(again.frame, ChartScreen) and again.frame.settled, "the chart")
        assert again.theme_name == "dark"
        assert again.session.stage == stage
        assert again.session.chain is not None
        assert (again.session.chain.underlying, again.session.chain.expiry) == ("ORBIT", second.expiry)
        assert again.frame is not None
        assert again.frame.arrangement() == arranged
        assert again._notifications._notifications == {}  # nothing of it could not be used
        assert again.keeper.name == "last"


def _another(chart: object) -> dict[str, object]:
    """A value of the chart's arrangement that it does not begin with."""
    assert isinstance(chart, ChartScreen)
    kept = dict(chart.arrangement())
    return {name: not value for name, value in kept.items() if isinstance(value, bool)} or kept


async def test_what_cannot_be_used_is_told_and_the_rest_is_used(
    make_app: MakeApp, tmp_path: Path, clock: ManualClock
) -> None:
    home = HomeFolders.of(tmp_path)
    saved = saved_workspaces.SavedWorkspace(
        name="old",
        saved_at=clock.now(),
        feed="sim",
        screen="tea",
        underlying="ORBIT",
        expiry=clock.now().date() - timedelta(days=3),
        root=None,
        theme="light",
        stage=tuple((f"S{number}", 1) for number in range(12)),
        arrangements={"chain": {"cups": 3}, "kitchen": {}},
    )
    path = saved_workspaces.save(home, saved)
    app = make_app()
    async with app.run_test(size=(140, 50), notifications=True) as pilot:
        await until_ready(pilot, app)
        await app.run_line("workspace odl")
        await until(pilot, lambda: "unknown workspace 'odl'; known: old" in _words(app), "the mistake")
        app.clear_notifications()
        await app.run_line("workspace old")
        for told in (
            "has expired: the nearest expiry is shown",
            "there is no screen 'tea'",
            "there is no screen 'kitchen' to arrange",
            "staged legs: legs must be at most 8 (got 9)",
            "chain: arrangement must be",
        ):
            await until(pilot, lambda told=told: told in _words(app), told)
        assert app.theme_name == "light"
        assert app.current_mode == "chain"
        assert app.session.selection.expiry is None
        app.clear_notifications()
        saved_workspaces.save(home, replace(saved, feed="deribit:BTC", underlying="BTC", screen="book", stage=()))
        await app.run_line("workspace old")
        await until(pilot, lambda: "BTC was of the feed deribit:BTC" in _words(app), "the other feed")
        assert app.current_mode == "book"
        app.clear_notifications()
        document = json.loads(path.read_text("utf-8")) | {"screen": 3}
        path.write_text(json.dumps(document, indent=2), "utf-8")
        await app.run_line("workspace old")
        await until(pilot, lambda: "old.json, line" in _words(app), "the damage with its line")
        assert app.current_mode == "book"


async def test_a_damaged_one_is_told_at_the_start_and_the_terminal_opens_without_it(
    make_app: MakeApp, tmp_path: Path
) -> None:
    path = tmp_path / "state" / "workspaces" / "last.json"
    path.parent.mkdir(parents=True)
    path.write_text("{\n", "utf-8")
    with pytest.raises(MalformedFileError) as caught:
        saved_workspaces.latest(HomeFolders.of(tmp_path))
    app = make_app(unsaved=caught.value)
    async with app.run_test(size=(140, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: "last.json, line 2" in _words(app), "the damage")
        assert "The file is kept as it is" in _words(app)
    assert path.read_text("utf-8") == "{\n"


def _words(app: OptionixApp) -> str:
    return " ".join(" ".join(one.message.split()) for one in app._notifications)


async def test_every_screen_finds_its_own_arrangement_again(make_app: MakeApp, tmp_path: Path) -> None:
    arranged: dict[str, dict[str, object]] = {}
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        for name in NAMES:
            frame = await _shown(pilot, app, name)
            kept = dict(frame.arrangement())
            changed = {key: not value if isinstance(value, bool) else value for key, value in kept.items()}
            frame.use_arrangement(changed)
            await pilot.pause()
            if kept:
                arranged[name] = dict(frame.arrangement())
                assert arranged[name] == changed, name
        await app.run_line("workspace save whole")
        await until(pilot, lambda: "whole" in saved_workspaces.names(HomeFolders.of(tmp_path)), "the file")
    again = make_app(saved=saved_workspaces.load(HomeFolders.of(tmp_path), "whole"))
    async with again.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, again)
        for name in NAMES:
            frame = await _shown(pilot, again, name)
            assert dict(frame.arrangement()) == arranged.get(name, {}), name
        assert [one.message for one in again._notifications if "workspace" in (one.title or "").lower()] == []


async def _shown(pilot: Pilot[None], app: OptionixApp, name: str) -> FrameScreen:
    app.open_screen(name)
    await until(pilot, lambda: app.current_mode == name and app.frame is not None and app.frame.settled, name)
    assert app.frame is not None
    return app.frame
