from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from optionix_tui.app import OptionixApp
from optionix_tui.picture import screen_text
from tests.tui.waiting import until

MakeApp = Callable[..., OptionixApp]


async def test_own_themes_are_used_and_what_is_wrong_with_one_is_told_in_place(
    make_app: MakeApp, tmp_path: Path
) -> None:
    folder = tmp_path / "themes"
    folder.mkdir()
    (folder / "dim.toml").write_text('extends = "dark"\n[market]\nup = "#103010"\n', "utf-8")
    broken = folder / "wrong.toml"
    broken.write_text('extends = "dark"\n[market]\nupp = "#103010"\n', "utf-8")
    app = make_app(own_themes=folder, theme="ansi")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        assert [one.line for one in app.complete("theme d")] == ["theme dark", "theme dim"]
        await pilot.press("T")
        assert app.theme_name == "dim"
        assert app.theme_variables["up"] == "#103010"
        await until(pilot, lambda: "contrast 1.3" in screen_text(app), "the warning")
        app.clear_notifications()
        await app.run_line("theme wrong")
        await until(pilot, lambda: "wrong.toml" in " ".join(screen_text(app).split()), "the mistake in its file")
        (told,) = app._notifications
        assert told.message == f"{broken}, line 3: unknown colour 'upp' in [market]; nearest: up"
        assert app.theme_name == "dim"
        app.clear_notifications()
        await app.run_line("theme drak")
        await until(pilot, lambda: len(app._notifications), "the mistake in the name")
        (told,) = app._notifications
        assert "nearest: dark" in told.message
        await pilot.press("T", "T")  # past the broken one, round to the first
        assert app.theme_name == "dark"
