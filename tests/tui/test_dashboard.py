"""The dashboard driven by keys and mouse, on the real simulated feed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest

from optionix_core.errors import InterruptedByUserError, InvalidValueError, MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.services import dashboard_view, watchlists
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.book import BookScreen
from screens.chain import ChainScreen
from screens.chart import ChartScreen
from screens.dashboard import DashboardScreen
from screens.dashboard_panes import NAMES
from screens.explain import ExplainDialog
from screens.orders import OrdersScreen
from tests.tui.waiting import until, until_ready

MakeApp = Callable[..., OptionixApp]


def screen_of(app: OptionixApp) -> DashboardScreen:
    assert isinstance(app.frame, DashboardScreen)
    return app.frame


def fits(app: OptionixApp, columns: int) -> bool:
    return all(len(line) <= columns for line in screen_text(app).splitlines())


async def test_the_desk_is_shown_walked_explained_and_leads_on(
    make_app: MakeApp,
    desk: None,
    open_workspace: Callable[[], Workspace],
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_workspace() as workspace:
        watchlists.create(workspace, "main", ["TUNDRA", "QUASAR"])
        watchlists.create(workspace, "second", ["ORBIT"])
    clock.advance(timedelta(days=1))
    app = make_app(keeps_venue=False)
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("g", "d")
        await until(pilot, lambda: isinstance(app.frame, DashboardScreen) and app.frame.settled, "the desk")
        screen = screen_of(app)
        assert screen.trouble is None
        text = screen_text(app)
        for words in (
            "NLV", "month", "total", "VaR99", "margin", "Watchlist main", "TUNDRA", "Working orders",
            "Exposure", "Alerts and halts", "Ahead", "Total P&L",
        ):  # fmt: skip
            assert words in text
        assert screen.view is not None
        working = sum(order.open for order in screen.view.board.orders)
        assert working
        assert f"Working orders {working}" in text

        for name in NAMES:
            assert screen.panes.marked == name
            await pilot.press("i")
            await pilot.pause()
            if name == "curve" or screen.panes.grid(name).rows:
                assert isinstance(app.screen, ExplainDialog), name
                await pilot.press("escape")
            await pilot.press("tab")
        await pilot.press("m")
        assert "Day P&L" in screen_text(app)
        await pilot.press("shift+tab", "plus")
        assert [name for name in NAMES if screen.query_one(f"#{name}-pane").display] == ["ahead"]
        await pilot.press("escape", "r")
        await until(pilot, lambda: screen.settled, "the risk anew")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "Watchlist second" in screen_text(app), "the other list")
        await pilot.press("y")
        assert copied[-1] == "optionix dashboard"
        assert json.loads(screen.exports()["json"]())["watchlist"]["name"] == "second"
        assert screen.exports()["csv"]().startswith("at,nlv,pnl")

        await pilot.click("#watch", offset=(4, 1))
        assert screen.panes.marked == "watch"
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.frame, ChartScreen), "the chart")
        for pane, kind in (("watch", ChainScreen), ("orders", OrdersScreen), ("curve", BookScreen)):
            app.open_screen("dashboard")
            await until(pilot, lambda: isinstance(app.frame, DashboardScreen), "the desk")
            screen.panes.mark(pane)
            await pilot.press("enter")
            await until(pilot, lambda kind=kind: isinstance(app.frame, kind), kind.__name__)  # type: ignore[misc] # bound at once

        app.open_screen("dashboard")
        await until(pilot, lambda: isinstance(app.frame, DashboardScreen), "the desk")
        screen.use_arrangement({"pane": "alerts", "zoomed": False, "curve": "total", "list": "main"})
        assert dict(screen.arrangement()) == {"pane": "alerts", "zoomed": False, "curve": "total", "list": "main"}
        with pytest.raises(InvalidValueError, match="pane must be one of curve"):
            screen.use_arrangement({"pane": "mood"})
        for size in ((44, 40), (80, 24), (200, 55), (30, 10)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: fits(app, size[0]), f"a screen of {size}")  # type: ignore[misc] # bound at once


async def test_a_revaluation_tells_how_far_it_is_and_is_cancelled(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    pause = Event()

    def slow(workspace: Workspace, progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> None:
        del workspace
        asked.append(1)
        progress(1, 3)
        while not cancel():
            pause.wait(0.005)
        raise InterruptedByUserError

    monkeypatch.setattr("optionix_core.services.dashboard_risk.glance", slow)
    app = make_app(mode="dashboard")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: "◌ value at risk 1/3" in screen_text(app), "how far it is")
        await pilot.press("r")
        await until(pilot, lambda: "value at risk: r computes it" in screen_text(app), "that it was cancelled")
        await until(pilot, lambda: screen_of(app).settled, "the desk")
        assert len(asked) == 1
        await pilot.press("r")
        await until(pilot, lambda: len(asked) == 2, "the next one")
        await pilot.press("r")
        await until(pilot, lambda: "value at risk: r computes it" in screen_text(app), "the end of that too")


async def test_what_cannot_be_told_is_said_and_the_rest_stays(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_risk(*_given: object) -> None:
        raise MissingDataError("nobody knows the risk")

    monkeypatch.setattr("optionix_core.services.dashboard_risk.glance", no_risk)
    app = make_app(mode="dashboard")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: screen_of(app).settled, "the desk")
        text = screen_text(app)
        for words in (
            "nobody knows the risk",
            "no watchlist yet",
            "no order works",
            "nothing is held",
            "opens with its",
        ):
            assert words in text

        def broken(*_given: object) -> None:
            raise MissingDataError("the log is gone")

        monkeypatch.setattr(dashboard_view.DashboardViewer, "view", broken)
        await pilot.press("right_square_bracket")
        screen_of(app).chosen = "other"
        screen_of(app).session_changed()
        await until(pilot, lambda: "the log is gone" in screen_text(app), "the trouble")
        assert screen_of(app).trouble is not None
