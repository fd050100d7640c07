"""Feeds that die and come back, terminals that change their size all the time: told, and the terminal stays."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from config.screens import NAMES
from optionix_core.errors import VenueError
from optionix_core.feeds import SimulatedFeed
from optionix_core.market.chain import OptionChain
from optionix_core.market.clock import ManualClock
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.picture import screen_text
from tests.tui.waiting import until, until_ready

MakeApp = Callable[..., OptionixApp]


class Mortal(SimulatedFeed):
    """Answers until it is dead."""

    dead = False

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        if self.dead:
            raise VenueError("the exchange does not answer: connection refused")
        return super().chain(underlying, moment, expiry, root)


async def test_a_feed_that_dies_is_told_and_one_that_comes_back_is_shown(tmp_path: Path, clock: ManualClock) -> None:
    feed = Mortal()
    workspace = Workspace(HomeFolders.of(tmp_path), clock=clock, feed=feed)
    app = OptionixApp(workspace, rate=20.0)

    def header() -> str:
        return screen_text(app).splitlines()[0]

    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        feed.dead = True
        clock.advance(timedelta(minutes=2))
        await until(pilot, lambda: app.session.problem is not None, "the death of the feed")
        await until(pilot, lambda: "STALE" in header() and "!" in header(), "old quotes, said to be stale")
        assert "Strike" in screen_text(app)
        for name in NAMES:  # every screen says what there is, and none falls over
            app.open_screen(name)
            await until(pilot, lambda name=name: app.current_mode == name and app.frame is not None, name)
            await pilot.pause()
            assert app.is_running
        app.open_screen("chain")
        app.select("TUNDRA")
        await until(pilot, lambda: "connection refused" in " ".join(screen_text(app).split()), "why there is nothing")
        feed.dead = False
        await until(pilot, lambda: app.session.chain and app.session.chain.underlying == "TUNDRA", "new quotes", 30.0)
        await until(pilot, lambda: "STALE" not in header() and "TUNDRA" in header(), "fresh quotes")
        assert app.session.problem is None


@pytest.mark.soak
async def test_a_storm_of_sizes_leaves_every_screen_whole(make_app: MakeApp) -> None:
    chance = random.Random(11)
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        for name in NAMES:
            app.open_screen(name)
            await until(pilot, lambda name=name: app.current_mode == name and app.frame is not None, name)
            for _ in range(3):
                await pilot.resize_terminal(chance.randint(10, 220), chance.randint(3, 60))
            await pilot.resize_terminal(44, 40)
            await pilot.pause()
            lines = screen_text(app).splitlines()
            assert len(lines) == 40, name
            assert all(len(line) <= 44 for line in lines), name
            assert lines[0].strip(), name  # the header
