"""Sliders: drawn, put beside each other, and moved by the mouse."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseScrollUp

from config.themes import THEMES
from optionix_tui.themes import textual_theme
from widgets.slider import LEAST, Slider, Sliders

SPOT = Slider("spot", "spot", "231.40", 100.0, 300.0, 231.4, market=200.0, moved=True)
VOL = Slider("vol", "vol", "24.9", 0.01, 0.6, 0.249)
OPEN = Slider("rate", "rate", "type it", -0.05, 0.05, None)


class Board(App[None]):
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False

    def __init__(self, *sliders: Slider) -> None:
        super().__init__()
        self.board = Sliders(widget_id="sliders")
        self.given = sliders
        self.heard: list[object] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return textual_theme(THEMES[0]).variables

    def compose(self) -> ComposeResult:
        yield self.board

    def on_mount(self) -> None:
        self.board.show(self.given, "spot")

    def on_sliders_dragged(self, message: Sliders.Dragged) -> None:
        self.heard.append((message.name, round(message.value, 2)))

    def on_sliders_turned(self, message: Sliders.Turned) -> None:
        self.heard.append((message.name, message.steps))

    def on_sliders_picked(self, message: Sliders.Picked) -> None:
        self.heard.append(message.name)

    def lines(self) -> list[str]:
        return [self.board.render_line(y).text for y in range(self.board.size.height)]


@pytest.mark.parametrize(("width", "height"), [(100, 1), (60, 2), (30, 3)])
async def test_they_stand_beside_each_other_as_there_is_room(width: int, height: int) -> None:
    app = Board(SPOT, VOL, OPEN)
    async with app.run_test(size=(width, 12)) as pilot:
        await pilot.pause()
        lines = app.lines()
        assert len(lines) == height
        assert all(len(line) == width for line in lines)
        text = "".join(lines)
        for words in ("▸spot", "231.40*", "vol", "24.9", "type it"):
            assert words in text
        assert text.count("●") == 2, "what is not known has no knob"
        assert "┆" in text, "where the market has it"


async def test_a_slider_narrower_than_its_words_is_cropped() -> None:
    app = Board(SPOT)
    async with app.run_test(size=(LEAST // 2, 6)) as pilot:
        await pilot.pause()
        assert [len(line) for line in app.lines()] == [LEAST // 2]


async def test_the_mouse_clicks_drags_turns_and_marks() -> None:
    app = Board(SPOT, VOL, OPEN)
    async with app.run_test(size=(90, 6)) as pilot:
        await pilot.pause()
        cells = app.lines()[0][:30]
        track = [place for place, cell in enumerate(cells) if cell in "━─●┆"]
        await pilot.mouse_down("#sliders", offset=(track[0], 0))
        await pilot.hover("#sliders", offset=(track[-1], 0))
        await pilot.hover("#sliders", offset=(89, 0))
        await pilot.mouse_up("#sliders", offset=(track[-1], 0))
        dragged = list(app.heard)
        assert dragged[0] == ("spot", 100.0)
        assert set(dragged[1:]) == {("spot", 300.0)}
        await pilot.hover("#sliders", offset=(track[0], 0))
        assert app.heard == dragged, "the knob was let go"
        app.heard.clear()
        await pilot.click("#sliders", offset=(32, 0))
        await pilot.click("#sliders", offset=(62, 0))
        event = MouseScrollUp(app.board, 35, 0, 0, 1, 0, False, False, False, 35, 0, None)
        app.board.post_message(event)
        await pilot.pause()
        assert app.heard == ["vol", "rate", ("vol", 1)]


async def test_only_what_changed_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Board(SPOT, VOL)
    async with app.run_test(size=(80, 6)) as pilot:
        await pilot.pause()
        drawn: list[tuple[object, ...]] = []
        monkeypatch.setattr(app.board, "refresh", lambda *regions, **_: drawn.append(regions))
        app.board.show((SPOT, VOL), "spot")
        assert drawn == []
        app.board.show((SPOT, Slider("vol", "vol", "25.0", 0.01, 0.6, 0.25)), "spot")
        assert [region.x for (region,) in drawn] == [40]  # type: ignore[attr-defined] # one region each
        drawn.clear()
        app.board.show(app.board.sliders, "vol")
        assert [region.x for (region,) in drawn] == [0, 40]  # type: ignore[attr-defined] # as above
        assert (app.board.marked, app.board.sliders[0].name) == ("vol", "spot")
