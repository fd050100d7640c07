"""The risk screen with real keys and clicks: figures, choices, staged legs, limits, and what happens while it works."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.errors import InterruptedByUserError, InvalidValueError, MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.services import limits, trading
from optionix_core.services.risk_view import RiskView
from optionix_core.services.risk_viewer import RiskViewer
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from optionix_tui.rules import limit_engine
from screens.chain import ChainScreen
from screens.confirm import ConfirmDialog
from screens.explain import ExplainDialog
from screens.risk import RiskScreen
from screens.risk_panes import AROUND
from tests.tui.waiting import until, until_ready
from widgets.heat_map import HeatMap

if TYPE_CHECKING:
    from textual.pilot import Pilot

Open = Callable[..., OptionixApp]
WIDE = (160, 50)


@pytest.fixture
def held(open_workspace: Callable[[], Workspace]) -> tuple[str, ...]:
    """Two calls of ORBIT and ten shares."""
    with open_workspace() as workspace:
        moment = workspace.clock.now()
        listed = workspace.feed.expiries("ORBIT", moment)
        chain = workspace.feed.chain("ORBIT", moment, *listed[3]).slices[0]
        symbol = chain.call.symbols[len(chain.strikes) // 2]
        assert symbol is not None
        for number, (name, quantity) in enumerate(((symbol, 2), ("ORBIT", 10))):
            trading.raise_for_state(trading.submit(workspace, "buy", quantity, name, None, f"held-{number}"))
    return symbol, "ORBIT"


@pytest.fixture
def opened(open_workspace: Callable[[], Workspace]) -> Open:
    """The terminal on this screen, with an engine that judges limits."""

    def made(**options: Any) -> OptionixApp:
        workspace = open_workspace()
        workspace.desk.engine = limit_engine()
        return OptionixApp(workspace, **{"rate": 5.0, "mode": "risk", **options})

    return made


def screen_of(app: OptionixApp) -> RiskScreen:
    frame = app.frame
    assert isinstance(frame, RiskScreen)
    return frame


def view_of(app: OptionixApp) -> RiskView:
    view = screen_of(app).view
    assert view is not None
    return view


def told(app: OptionixApp) -> str:
    """The screen and what was notified, without the line breaks of either."""
    notes = " ".join(str(note.message) for note in app._notifications)
    return " ".join(f"{screen_text(app)} {notes}".split())


async def until_told(pilot: Pilot[Any], app: OptionixApp) -> RiskScreen:
    await until_ready(pilot, app)
    await until(pilot, lambda: isinstance(app.frame, RiskScreen) and app.frame.settled, "the figures")
    await pilot.pause()
    return screen_of(app)


async def test_figures_are_told_at_the_level_and_horizon_that_keys_and_lines_ask_for(
    opened: Open, held: tuple[str, ...]
) -> None:
    app = opened(mode="chain")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("g", "r")
        screen = await until_told(pilot, app)
        text = screen_text(app)
        for words in ("VaR 99% 1d", "hist", "filtered", "│ ES", "2 positions", "all, which add up", "worst", "Reg T"):
            assert words in text, words
        day = view_of(app).tail().answer
        assert day is not None
        await pilot.press("d")
        await until_told(pilot, app)
        assert "VaR 99% 5d" in screen_text(app)
        five = view_of(app).tail().answer
        assert five is not None
        assert five.estimates[0].value_at_risk == pytest.approx(5**0.5 * day.estimates[0].value_at_risk)
        await pilot.press("c", "f", "m", "v")
        await until_told(pilot, app)
        asked = view_of(app).asked
        assert (asked.confidence, asked.by, asked.method) == (0.975, "underlying", "age")
        assert "Parts of ES 97.5% 5d" in screen_text(app)
        assert app.frame is screen
        await app.run_line("var 99 10d")
        await until(pilot, lambda: screen.asked.horizon_days == 10, "the line")
        await until_told(pilot, app)
        assert "Parts of VaR 99% 10d" in screen_text(app)
        await app.run_line("var 30")
        await until(pilot, lambda: "level must be above 50" in told(app), "the mistake")
        await app.run_line("es 95 400d")
        await until(pilot, lambda: "horizon must be 1 to 250 days" in told(app), "the other one")
        assert screen.asked.horizon_days == 10


async def test_panes_are_marked_explained_copied_zoomed_kept_and_written(
    opened: Open, held: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened()
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        screen = await until_told(pilot, app)
        for name in AROUND:
            assert screen.panes.marked == name
            assert screen.panes.query_one(f"#{name}-pane").display
            await pilot.press("i")
            assert isinstance(app.screen, ExplainDialog)
            await pilot.press("escape", "y")
            for kind, make in screen.exports().items():
                if (name, kind) == ("limits", "csv"):
                    with pytest.raises(MissingDataError, match="no rows"):
                        make()
                elif kind == "json":
                    assert json.loads(make())["schema_version"] == 1
                else:
                    assert len(make().splitlines()) > 1
            await pilot.press("tab")
        assert len(set(copied)) == len(AROUND)
        assert all(line.startswith("optionix risk ") for line in copied)
        await pilot.click("#stress", offset=(30, 5))
        assert screen.panes.marked == "stress"
        clicked = screen.cell
        assert clicked is not None
        await pilot.press("right", "down")
        assert screen.cell is not None
        assert screen.cell == (clicked.volatility - 1, clicked.spot + 1)
        await pilot.press("t")
        await until(pilot, lambda: "1d on" in told(app), "a day later")
        await pilot.press("i")
        await until(pilot, lambda: "points, 1d on" in told(app), "where the cell comes from")
        await pilot.press("escape", "w", "plus")
        assert dict(screen.arrangement())["zoomed"]
        assert screen.panes.query_one(HeatMap).heat.flagged
        kept = dict(screen.arrangement())
        assert (kept["pane"], kept["zoomed"], kept["day"]) == ("stress", True, 1)
        await pilot.press("escape", "tab", "t", "c")
        screen.use_arrangement(kept)
        assert screen.arrangement() == kept
        wrongs: tuple[dict[str, Any], ...] = (
            {"pane": "moon"}, {"confidence": 2.0}, {"day": 9}, {"day": "x"}, {"moon": 1}, {"measure": "x"}, {"by": "y"},
        )  # fmt: skip
        for wrong in wrongs:
            with pytest.raises(InvalidValueError):
                screen.use_arrangement(wrong)


async def test_staged_legs_are_judged_before_they_are_sent(opened: Open, held: tuple[str, ...]) -> None:
    app = opened()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_told(pilot, app)
        await pilot.press("s")  # the sum is under the cursor
        assert "Move the cursor to a position" in screen_text(app)
        await pilot.press("down", "s", "s")
        await until(pilot, lambda: screen.settled and view_of(app).what_if.made, "what they would do")
        (leg,) = app.session.stage.legs
        assert leg.quantity == -2
        found = view_of(app).what_if.answer
        assert found is not None
        assert found.after.tail.value_at_risk < found.before.tail.value_at_risk
        await until(pilot, lambda: "1 staged: VaR 127→" in told(app), "the figures before and after")
        assert "Move the cursor" not in told(app)
        await pilot.press("u")
        await until(pilot, lambda: screen.settled and "staged" not in screen_text(app), "the stage's end")
        assert not view_of(app).what_if.made
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.frame, ChainScreen), "the position in its chain")


async def test_limits_are_set_seen_and_removed_with_mistakes_told_and_nothing_lost(
    opened: Open, held: tuple[str, ...], open_workspace: Callable[[], Workspace]
) -> None:
    app = opened()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_told(pilot, app)
        assert "no limits are set: n sets one" in screen_text(app)

        async def write(text: str) -> None:
            await pilot.press("n")
            screen.query_one("#entry").value = text  # type: ignore[attr-defined] # the entry line
            await pilot.press("enter")

        await write("value-at-rsk 5 soft")
        await until(pilot, lambda: "nearest: value-at-risk" in told(app), "the mistake")
        assert screen.query_one("#entry").display
        assert screen.query_one("#entry").value == "value-at-rsk 5 soft"  # type: ignore[attr-defined] # as above
        await pilot.press("escape")
        await write("value-at-risk 5 soft")
        assert isinstance(app.screen, ConfirmDialog)
        assert "It warns; orders pass." in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "✗ breach" in screen_text(app), "the breach")
        assert "1 to be seen" in screen_text(app)
        await until(pilot, lambda: "! 1 breach" in screen_text(app).splitlines()[0], "the word of it in the header")

        screen.panes.mark("limits")
        await pilot.press("a")
        await pilot.press("enter")
        await until(pilot, lambda: "note must be 1 to 200" in told(app), "the mistake")
        await pilot.press(*"ok", "enter")
        await until(pilot, lambda: "! seen" in screen_text(app), "that it was seen")
        await until(pilot, lambda: "breach" not in screen_text(app).splitlines()[0], "the header without it")
        await pilot.press("x")
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("enter")
        await until(pilot, lambda: "no limits are set" in screen_text(app), "that it is gone")
    with open_workspace() as workspace:
        kinds = [record.event.type for record in limits.history(workspace)]
        assert kinds == ["limit.breached", "limit.acknowledged", "limit.cleared"]


async def test_an_empty_account_says_what_to_do_and_a_loss_is_looked_for_as_it_is_written(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await until_told(pilot, app)
        assert "nothing is held in paper-1" in told(app)
        assert "buy something from the chain" in told(app)
        await pilot.press("L")
        screen.query_one("#entry").value = "-5"  # type: ignore[attr-defined] # the entry line
        await pilot.press("enter")
        await until(pilot, lambda: "loss must be positive" in told(app), "the mistake")
        screen.query_one("#entry").value = "5,000"  # type: ignore[attr-defined] # the entry line
        await pilot.press("enter")
        assert screen.asked.loss == 5000


async def test_keys_are_answered_while_figures_are_made_they_can_be_stopped_and_the_last_ones_stay(
    opened: Open, held: tuple[str, ...], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = RiskViewer.look
    slow, began = Event(), Event()

    def look(self: RiskViewer, asked: Any, renew: Any, progress: Any, cancel: Callable[[], bool]) -> RiskView:
        if slow.is_set():
            self.step = "drawn days"
            progress(5, 9)
            began.set()
            while not cancel():
                pass
            raise InterruptedByUserError("stopped")
        return real(self, asked, renew, progress, cancel)

    monkeypatch.setattr(RiskViewer, "look", look)
    app = opened()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_told(pilot, app)
        first = view_of(app)
        slow.set()
        clock.advance(timedelta(seconds=40))
        await pilot.press("c")
        await until(pilot, began.is_set, "the long work")
        await until(pilot, lambda: "◌ drawn days ▇▇▇▇▇▇▁▁▁▁ 5/9" in screen_text(app), "its progress")
        await pilot.press("tab")
        assert screen.panes.marked == AROUND[1]
        text = screen_text(app)
        assert "VaR 99% 1d" in text  # the last answer
        assert "asked for 97.5% 1d" in text
        assert "age 40s" in text
        await pilot.press("r")
        await until(pilot, lambda: not screen._views.running, "its end")
        await pilot.pause()
        assert not screen._views.running
        assert view_of(app) is first
        assert "◌" not in screen_text(app).splitlines()[2]
        slow.clear()
        await pilot.press("r")
        await until_told(pilot, app)
        assert view_of(app).asked.confidence == 0.975


async def test_a_feed_without_history_is_told_in_place_and_the_rest_stands(
    opened: Open, held: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened()
    feed = app.session.workspace.venue_feed

    def none(*_: object) -> None:
        raise MissingDataError("sim has no history of ORBIT")

    monkeypatch.setattr(type(feed), "history", none)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until_told(pilot, app)
        text = screen_text(app)
        assert "sim has no history of ORBIT" in text
        assert "Reg T" in text
        assert view_of(app).grid.answer is not None
