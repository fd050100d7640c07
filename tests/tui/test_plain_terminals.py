"""Every screen in ASCII alone, and without a colour: the same content, cell for cell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.screens import NAMES
from optionix_tui.app import OptionixApp
from optionix_tui.picture import screen_text
from screens.command import CommandDialog
from screens.help import HelpDialog
from screens.kill import KillDialog
from screens.ticket import TicketDialog
from tests.tui.waiting import until, until_ready
from widgets.quote_grid import QuoteGrid

MakeApp = Callable[..., OptionixApp]


async def test_every_screen_and_dialog_in_ascii_is_ascii(make_app: MakeApp) -> None:
    app = make_app(in_ascii=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_ready(pilot, app)
        for name in NAMES:
            app.open_screen(name)
            await until(
                pilot,
                lambda name=name: app.frame is not None and app.current_mode == name and app.frame.settled,
                f"the screen {name}",
            )
            text = screen_text(app)
            assert text.isascii(), [line for line in text.splitlines() if not line.isascii()]
            assert all(len(line) <= 80 for line in text.splitlines())
        app.open_screen("chain")
        await until(pilot, lambda: app.current_mode == "chain", "the chain")
        for key, dialog in (("?", HelpDialog), ("colon", CommandDialog), ("b", TicketDialog), ("ctrl+k", KillDialog)):
            await pilot.press(key)
            await until(pilot, lambda dialog=dialog: isinstance(app.screen, dialog), f"the dialog of {key}")
            await pilot.pause()
            text = screen_text(app)
            assert text.isascii(), (key, [line for line in text.splitlines() if not line.isascii()])
            await pilot.press("escape")
        await pilot.press("y")  # a notification
        await until(pilot, lambda: "Copied" in screen_text(app), "the notification")
        assert screen_text(app).isascii()
        await pilot.press("?")
        assert "Enter" in screen_text(app)  # keys in words, not in signs


@pytest.mark.parametrize("theme", ["dark", "light", "ansi"])
async def test_without_colour_no_cell_has_one_and_the_cursor_stands_out(make_app: MakeApp, theme: str) -> None:
    app = make_app(in_colour=False, theme=theme)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: app.screen.query_one(QuoteGrid).cursor_row is not None, "the grid")
        styles = [segment.style for strip in app.screen._compositor.render_strips(app.size) for segment in strip]
        coloured = [style for style in styles if style is not None and (style.color or style.bgcolor)]
        assert coloured == []
        assert any(style is not None and style.reverse for style in styles)  # the cursor
        assert any(style is not None and style.bold for style in styles)
