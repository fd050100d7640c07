"""The chart screen driven by keys and mouse, on the real simulated feed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.services import trading
from optionix_core.services.chart_terms import Range, Study
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.chart import ChartScreen
from screens.entry import EntryLine
from screens.explain import ExplainDialog
from tests.tui.waiting import until, until_ready
from widgets.candles import Candles

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]


def screen_of(app: OptionixApp) -> ChartScreen:
    assert isinstance(app.frame, ChartScreen)
    return app.frame


async def until_drawn(pilot: Pilot[Any], app: OptionixApp, what: str = "the chart") -> ChartScreen:
    await until(pilot, lambda: isinstance(app.frame, ChartScreen) and app.frame.view is not None, what)
    return screen_of(app)


@pytest.fixture
def bought(open_workspace: Callable[[], Workspace]) -> None:
    with open_workspace() as workspace:
        trading.raise_for_state(trading.submit(workspace, "buy", 100, "ORBIT", None, "shares"))


async def test_a_chart_is_walked_zoomed_moved_and_asked_for_by_keys(
    make_app: MakeApp, bought: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("g", "h")
        screen = await until_drawn(pilot, app)
        text = screen_text(app)
        for words in ("ORBIT 1d 6m", "SMA 20", "Volatility", "IV30", "parkinson 20d", "05 Jan 26 running"):
            assert words in text
        assert "bought 100 ORBIT" in text
        assert "▲" in text.split("Volatility")[0].split("\n", 2)[2]

        view, laid = screen.view, screen.laid
        assert view is not None
        assert laid is not None
        await pilot.press("left", "left")
        candle = screen.candle(view, laid)
        assert candle == laid.candles - 2
        await pilot.press("i")
        assert isinstance(app.screen, ExplainDialog)
        await pilot.press("escape")
        before = laid.stop - laid.start
        await pilot.press("up")
        assert screen.laid is not None
        assert screen.laid.stop - screen.laid.start < before
        await pilot.press("pageup")
        assert screen.laid.stop < len(view.bars)
        assert " to " in screen_text(app).splitlines()[1]
        await pilot.press("home")
        assert screen.laid.start == 0
        await pilot.press("left")
        assert screen.cross == view.bars.starts[0]
        await pilot.press("end")
        assert (screen.cross, screen.laid.stop) == (None, len(view.bars))
        await pilot.press("escape")
        assert screen.laid.stop - screen.laid.start == before

        for study in (Study.RSI, Study.MACD, Study.NONE, Study.VOLATILITY):
            await pilot.press("m")
            assert screen.drawn.study is study
        await pilot.press("a", "w", "d")
        assert "SMA" not in screen_text(app).splitlines()[2]
        await pilot.press("full_stop")
        await until(pilot, lambda: screen.view is not None and screen.view.terms.span is Range.YEAR, "a year")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: screen.view is not None, "hours")
        assert "ORBIT 1h 1y" in screen_text(app)
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: screen.view is not None and screen.view.terms.underlying == "TUNDRA", "another")

        await pilot.press("slash")
        line = screen.query_one(EntryLine)
        assert line.has_focus
        line.value = "quasar 9min"
        await pilot.press("enter")
        assert "9min" in " ".join(note.message for note in app._notifications)
        assert line.has_focus
        line.value = "quasar 1w 3y"
        await pilot.press("enter")
        await until(pilot, lambda: screen.view is not None and screen.view.terms.underlying == "QUASAR", "the third")
        await pilot.press("y")
        assert copied[-1] == "optionix chart show QUASAR --interval 1w --range 3y"
        rows = list(csv.DictReader(io.StringIO(screen.exports()["csv"]())))
        assert screen.view is not None
        assert len(rows) == len(screen.view.bars) - screen.view.first

        kept = dict(screen.arrangement())
        assert kept["interval"] == "1w"
        with pytest.raises(InvalidValueError, match="range must be at most 1y of bars of 1h"):
            screen.use_arrangement({"interval": "1h", "range": "all"})
        screen.use_arrangement({**kept, "study": "rsi", "averages": True})
        assert (screen.drawn.study, screen.drawn.averages, screen.drawn.bands) == (Study.RSI, True, False)


async def test_the_mouse_points_zooms_and_pulls(make_app: MakeApp) -> None:
    app = make_app(mode="chart")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await until_drawn(pilot, app)
        candles = screen.query_one(Candles)
        await pilot.hover(candles, offset=(30, 5))
        await until(pilot, lambda: screen.cross is not None, "the crosshair")
        first = screen.cross
        await pilot.click(candles, offset=(50, 5))
        await until(pilot, lambda: screen.cross != first, "the crosshair at the click")
        assert screen.laid is not None
        before = screen.laid
        candles.post_message(Candles.Turned(20, closer=True))
        await until(pilot, lambda: screen.laid != before, "fewer bars")
        candles.post_message(Candles.Dragged(5))
        assert screen.view is not None
        total = len(screen.view.bars)
        await until(pilot, lambda: screen.laid is not None and screen.laid.stop < total, "the past")
        for size in ((44, 40), (200, 55), (30, 8), (120, 36)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert all(len(line) <= size[0] for line in screen_text(app).splitlines())


async def test_a_feed_without_a_past_says_what_to_do(open_workspace: Callable[[], Workspace], tmp_path: Any) -> None:
    with open_workspace() as workspace:
        from optionix_core.feeds.files import stored

        chain = workspace.feed.chain("ORBIT", workspace.clock.now())
        path = tmp_path / "orbit.jsonl"
        path.write_bytes(stored.encode(chain))
        workspace.use_feed(f"file:{path}")
        app = OptionixApp(workspace, rate=20.0, mode="chart")
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until(pilot, lambda: "✗ no data" in screen_text(app), "the word that there is none")
            text = " ".join(screen_text(app).split())
            assert "holds one moment of ORBIT, and no history" in text
            assert "another interval" in text
            assert screen_of(app).settled
            assert screen_of(app).trouble is None
            await pilot.press("left_square_bracket", "i", "m", "up", "left", "home", "end")
            await until(
                pilot, lambda: "tells no bars of 1h" in " ".join(screen_text(app).split()), "the other interval"
            )
