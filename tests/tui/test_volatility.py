"""The volatility screen driven by keys and mouse, on the real simulated feed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.errors import InterruptedByUserError, MissingDataError
from optionix_core.services.surface_view import SurfaceView, SurfaceViewer
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.chain import ChainScreen
from screens.explain import ExplainDialog
from screens.ticket import TicketDialog
from screens.volatility import VolatilityScreen
from screens.volatility_panes import AROUND, VolatilityPanes
from tests.tui.waiting import until, until_ready
from widgets.heat_map import HeatMap
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from optionix_core.market.clock import ManualClock
    from optionix_core.services.workspace import Workspace

WIDE = (120, 36)
Open = Callable[..., OptionixApp]


@pytest.fixture
def opened(open_workspace: Callable[[], Workspace]) -> Open:
    """The terminal on this screen, with quotes a few times a second."""

    def made(**options: Any) -> OptionixApp:
        return OptionixApp(open_workspace(), **{"rate": 5.0, "mode": "volatility", **options})

    return made


def screen_of(app: OptionixApp) -> VolatilityScreen:
    frame = app.frame
    assert isinstance(frame, VolatilityScreen)
    return frame


def view_of(app: OptionixApp) -> SurfaceView:
    view = screen_of(app)._fits.answer(app.session)
    assert view is not None
    return view


async def until_fitted(pilot: Pilot[Any], app: OptionixApp) -> VolatilityScreen:
    await until_ready(pilot, app)
    await until(pilot, lambda: isinstance(app.frame, VolatilityScreen) and app.frame.settled, "the surface")
    assert screen_of(app).trouble is None
    return screen_of(app)


def shown(app: OptionixApp) -> list[str]:
    return [name for name in AROUND if screen_of(app).query_one(f"#{name}-pane").display]


async def test_a_surface_is_fitted_shown_and_walked_through_by_keys(opened: Open) -> None:
    app = opened(mode="chain")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("f4")
        screen = await until_fitted(pilot, app)
        text = screen_text(app)
        for words in (
            "ORBIT",
            "svi",
            "inside 100%",
            "arbitrage: fit none",
            "Smile",
            "Term structure",
            "Cone",
            "Finding",
        ):
            assert words in text
        assert shown(app) == [name for name in AROUND if name != "models"]
        assert app.focused is None

        view = view_of(app)
        place = screen._place(view)
        await pilot.press("right_square_bracket")
        later = view.found.surface.slices[place + 1]
        assert app.session.selection.expiry == later.expiry
        assert f"Smile {later.expiry:%d %b %y}" in screen_text(app)
        await pilot.press("f2")
        await until(pilot, lambda: app.session.chain and app.session.chain.expiry == later.expiry, "the chain's expiry")
        await pilot.press("g", "v")

        def strike() -> float:
            found = screen._under_cursor()
            assert found is not None
            assert found[2] is not None
            return found[2].strike

        before = strike()
        await pilot.press("right")
        assert strike() > before
        await pilot.press("left", "left")
        assert strike() < before
        await pilot.press("a")
        assert strike() == before

        await pilot.press("m")
        await until(pilot, lambda: screen.settled and view_of(app).model == "ssvi", "another model")
        assert "ssvi" in screen_text(app)
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: screen.settled and view_of(app).underlying == "TUNDRA", "another underlying")
        assert "TUNDRA" in screen_text(app)


async def test_panes_are_marked_zoomed_explained_copied_and_exported(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("optionix_core.services.surface_export.encode", lambda _found, format_: format_.encode())
    app = opened()
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_fitted(pilot, app)
        panes = screen.query_one(VolatilityPanes)
        for name in AROUND:
            assert panes.marked == name
            assert isinstance(app.focused, QuoteGrid) == (name in {"findings", "models"})
            await pilot.press("i")
            assert isinstance(app.screen, ExplainDialog)
            await pilot.press("escape")
            await pilot.press("y")
            await pilot.press("tab")
        assert panes.marked == AROUND[0]
        assert len(set(copied)) == len(AROUND)
        assert all(line.startswith(("optionix surface ", "optionix calibrate ")) for line in copied)
        await pilot.press("shift+tab", "shift+tab", "plus")
        assert shown(app) == ["cone"]
        await pilot.press("escape")
        assert len(shown(app)) == 6
        await pilot.press("e", "enter")
        path = folder / "volatility-paper-1-20260105-150000.html"
        await until(pilot, lambda: app.screen is screen, "the page")
        assert path.read_text() == "html"
        await until(pilot, lambda: any(note.title == "Written" for note in app._notifications), "the word of it")


async def test_the_mouse_chooses_and_what_is_under_the_cursor_is_traded_and_found(opened: Open) -> None:
    app = opened()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_fitted(pilot, app)
        view = view_of(app)
        await pilot.click("#density")
        assert screen.query_one(VolatilityPanes).marked == "density"
        for line, place in ((2, 0), (4, 2)):
            await pilot.click(HeatMap, offset=(4, line))
            assert screen._place(view_of(app)) == place
        item = view.found.surface.slices[2]
        assert app.session.selection.expiry == item.expiry
        strikes = []
        for column in (8, 38):
            await pilot.click("#smile", offset=(column, 5))
            found = screen._under_cursor()
            assert found is not None
            assert found[2] is not None
            strikes.append(found[2].strike)
        assert strikes[0] < item.forward < strikes[1]

        quote = found[2]
        await pilot.press("s")
        assert isinstance(app.screen, TicketDialog)
        assert f"{quote.bid:.2f}" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the ticket's end")
        await pilot.press("enter")

        def there() -> bool:
            frame = app.frame
            place = frame.under_cursor() if isinstance(frame, ChainScreen) else None
            return place is not None and place[2].symbol == quote.symbol

        await until(pilot, there, "the option in its chain")
        await app.run_line("volatility quasar")
        await until(pilot, lambda: isinstance(app.frame, VolatilityScreen) and screen_of(app).settled, "the surface")
        assert view_of(app).underlying == "QUASAR"


async def test_the_surface_follows_the_market_unless_it_is_held(opened: Open, clock: ManualClock) -> None:
    app = opened()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_fitted(pilot, app)
        first = view_of(app)
        clock.advance(timedelta(seconds=10))
        await until(pilot, lambda: view_of(app).as_of > first.as_of, "a newer surface")
        await pilot.press("space")
        assert "HELD" in screen_text(app)
        await until(pilot, lambda: screen._fits._pace.running is None, "the fit that was under way")
        held = view_of(app)
        clock.advance(timedelta(seconds=10))
        await until(pilot, lambda: app.session.chain and app.session.chain.moment > held.as_of, "a newer chain")
        assert view_of(app) is held
        await pilot.press("r")
        await until(pilot, lambda: view_of(app).as_of > held.as_of, "a fit by hand")
        assert "HELD" in screen_text(app)


async def test_a_fit_that_fails_is_told_in_place_and_tried_again(
    opened: Open, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SurfaceViewer.view
    broken = Event()
    broken.set()

    def view(self: SurfaceViewer, *arguments: Any) -> SurfaceView:
        if broken.is_set():
            raise MissingDataError("no expiry of ORBIT can be fitted (ORBIT 2026-01-16: 3 usable quotes, 5 needed)")
        return real(self, *arguments)

    monkeypatch.setattr(SurfaceViewer, "view", view)
    app = opened()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: screen_of(app).settled, "the failure")
        text = screen_text(app)
        assert "no surface" in text
        assert "no expiry of ORBIT can be fitted" in text
        assert "an underlying of sim" in text  # what can be done about it
        broken.clear()
        clock.advance(timedelta(seconds=10))
        await until(pilot, lambda: "inside 100%" in screen_text(app), "the surface")
        broken.set()
        clock.advance(timedelta(seconds=10))
        await until(pilot, lambda: "3 usable quotes" in screen_text(app), "the next failure")
        assert "Smile" in screen_text(app)


async def test_keys_are_answered_while_a_fit_takes_its_time(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    real = SurfaceViewer.view
    go_on = Event()

    def view(self: SurfaceViewer, *arguments: Any) -> SurfaceView:
        assert go_on.wait(60.0)
        return real(self, *arguments)

    monkeypatch.setattr(SurfaceViewer, "view", view)
    app = opened()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: "fitting svi to ORBIT" in screen_text(app), "the fit")
        await pilot.press("tab", "plus")
        assert shown(app) == ["term"]
        await pilot.press("i")
        assert "There is no surface yet" in " ".join(str(note.message) for note in app._notifications)
        go_on.set()
        await until(pilot, lambda: screen_of(app).settled and "at the forward" in screen_text(app), "the surface")


async def test_a_model_is_calibrated_drawn_kept_and_another_one_cancelled(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened()
    async with app.run_test(size=(200, 55), notifications=True) as pilot:
        screen = await until_fitted(pilot, app)
        assert "c calibrates heston" in screen_text(app)
        await pilot.press("c")
        await until(pilot, lambda: not screen._runs.running, "the calibration")
        await until(pilot, lambda: "kappa" in screen_text(app), "its parameters")
        assert "━ heston" in screen_text(app)
        (kept,) = screen._runs.past("ORBIT")
        assert kept.model == "heston"

        began = Event()

        def slow(*_arguments: Any, cancel: Callable[[], bool], **_others: Any) -> None:
            began.set()
            while not cancel():
                pass
            raise InterruptedByUserError("calibration was cancelled")

        monkeypatch.setattr("optionix_core.services.calibration_view.calibrate", slow)
        await pilot.press("C")
        await pilot.press("c")
        assert "calibrating bates" in screen_text(app)
        await until(pilot, began.is_set, "the descent")
        await pilot.press("c")
        await until(pilot, lambda: not screen._runs.running, "its end")
        assert "calibrating" not in screen_text(app)
        assert "━ heston" in screen_text(app)  # what was there before stays
