"""Writing what a screen shows: every format, and each way in which it can go wrong, told in place."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from textual._styles_cache import StylesCache
from textual.widgets import Input, Static

from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.export import ExportDialog
from screens.help import HelpDialog
from tests.tui.waiting import until, until_ready

if TYPE_CHECKING:
    import pytest
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]


async def test_a_screen_is_written_as_a_picture_and_nothing_is_lost_by_mistakes(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "started-here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    app = make_app(mode="chain")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        chain = app.screen
        before = screen_text(app)
        await pilot.press("e")
        dialog = app.screen
        assert isinstance(dialog, ExportDialog)
        entry = dialog.query_one("#file", Input)
        endings = []
        for _ in dialog._kinds:
            endings.append(Path(entry.value).suffix)
            await pilot.press("tab")
        assert endings[-2:] == [".svg", ".txt"]
        for wrong in ("", "picture", "picture.docx"):
            entry.value = wrong
            await pilot.press("enter")
            assert "file must be a name that ends with" in screen_text(app)
            assert app.screen is dialog
        entry.value = "taken/by/a/file.txt"
        (folder / "taken").write_text("here")
        await pilot.press("enter")
        await until(pilot, lambda: "not written:" in screen_text(app), "why it could not be written")
        entry.value = "picture.txt"
        (folder / "picture.txt").write_text("old")
        await pilot.press("enter")
        assert "it exists" in screen_text(app)
        assert (folder / "picture.txt").read_text() == "old"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is chain, "the file")
        assert (folder / "picture.txt").read_text("utf-8").splitlines()[3:20] == before.splitlines()[3:20]
        await pilot.press("e")
        app.screen.query_one("#file", Input).value = "picture.svg"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is chain, "the picture")
        assert "ORBIT" in (folder / "picture.svg").read_text("utf-8")
        await pilot.press("e", "escape")
        assert app.screen is chain


async def test_a_file_that_is_written_when_its_dialog_is_closed_already_closes_nothing_else(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(mode="chain")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        chain = app.screen
        await pilot.press("e")
        dialog = app.screen
        assert isinstance(dialog, ExportDialog)
        going, name = Event(), dialog.query_one("#file", Input).value
        for kind, make in dialog._kinds.items():
            dialog._kinds[kind] = lambda make=make: make() if going.wait(60.0) else ""  # type: ignore[misc] # of this kind
        await pilot.press("enter")
        assert "writing ..." in screen_text(app)
        app.open_command("")
        await pilot.pause()
        over = app.screen
        going.set()
        await until(pilot, lambda: "written: " in str(dialog.query_one("#told", Static).content), "the file")
        assert app.screen is over
        assert (tmp_path / name).stat().st_size > 0
        await pilot.press("escape", "escape")
        assert app.screen is chain


async def test_a_dialog_that_is_closed_leaves_nothing_behind(make_app: MakeApp) -> None:
    app = make_app(mode="chain")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        app._stream.stop()
        app._stream.join(60.0)  # a thread that builds a tuple fails where another one lists all objects
        await _help_and_back(pilot, app)
        before = _kept(StylesCache)
        for _ in range(4):
            await _help_and_back(pilot, app)
        assert len(_kept(StylesCache) - before) <= 5


async def _help_and_back(pilot: Pilot[Any], app: OptionixApp) -> None:
    await pilot.press("question_mark")
    assert isinstance(app.screen, HelpDialog)
    await pilot.press("escape")
    await until(pilot, lambda: not _kept(HelpDialog), "the dialog to be gone")


def _kept(kind: type) -> set[int]:
    """Which objects of a kind are still there."""
    gc.collect()
    return {id(one) for one in gc.get_objects() if isinstance(one, kind)}
