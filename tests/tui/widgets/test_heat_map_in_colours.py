from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from optionix_tui.themes import textual_theme
from widgets.heat_map import Heat, HeatLine, HeatMap

HEAT = Heat(
    "map",
    ("a", "b", "c", "d", "e"),
    (HeatLine("x", "x", (0.0, 0.25, 0.5, 0.75, 1.0)),),
    write=lambda value: f"{value:.2f}",
)


class Shown(App[None]):
    def __init__(self, theme: str) -> None:
        super().__init__()
        chosen = textual_theme(theme)
        self.register_theme(chosen)
        self.theme = chosen.name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return textual_theme("dark").variables

    def compose(self) -> ComposeResult:
        heat = HeatMap("map")
        heat.show(HEAT)
        yield heat


@pytest.mark.parametrize("theme", ["ansi", "dark"])
async def test_the_ends_of_a_map_differ_in_ground_in_every_kind_of_colour(theme: str) -> None:
    app = Shown(theme)
    async with app.run_test(size=(60, 6)):
        line = app.query_one(HeatMap).render_line(2)
        styles = {text: segment.style for segment in line if (text := segment.text.strip()).startswith(("0", "1"))}
        assert set(styles) == {"0.00", "0.25", "0.50", "0.75", "1.00"}
        grounds = [
            style.color if style is not None and style.reverse else style.bgcolor if style is not None else None
            for style in (styles["0.00"], styles["0.50"], styles["1.00"])
        ]
        assert len(set(grounds)) == 3, grounds
        if theme == "ansi":
            assert all(style is None or style.color is None or style.color.triplet is None for style in styles.values())
            low, high = styles["0.25"], styles["0.75"]
            assert low is not None
            assert high is not None
            assert (low.color, low.reverse) == (grounds[0], False)
            assert (high.color, high.reverse) == (grounds[2], False)
