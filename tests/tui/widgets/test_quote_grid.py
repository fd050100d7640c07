"""The grid redraws what changed and nothing else, within its budget of bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator

from rich.console import Console
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen

from optionix_tui.themes import textual_theme
from widgets import figures
from widgets.exact_update import ExactChopsUpdate, ExactCompositor
from widgets.grid_columns import Column, GridRow
from widgets.quote_grid import QuoteGrid

ROWS, COLUMNS, CHANGES = 500, 20, 45


class GridScreen(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        self._compositor = ExactCompositor()

    def compose(self) -> ComposeResult:
        columns = [Column(f"c{i}", f"C{i}", 8, figures.price, flashes=True) for i in range(COLUMNS)]
        yield QuoteGrid(columns)


class GridApp(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return textual_theme("dark").variables

    def on_mount(self) -> None:
        self.push_screen(GridScreen())


def rows_of(values: list[list[float]]) -> list[GridRow]:
    return [GridRow(index, tuple(row)) for index, row in enumerate(values)]


def quotes(seed: int) -> list[list[float]]:
    source = random.Random(seed)
    return [[round(source.uniform(1, 100), 2) for _ in range(COLUMNS)] for _ in range(ROWS)]


def partial_update(screen: Screen[None], grid: QuoteGrid) -> ExactChopsUpdate:
    screen._compositor.update_widgets({grid})
    update = screen._compositor.render_partial_update()
    assert isinstance(update, ExactChopsUpdate)
    return update


def cells_in(spans: list[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    for y, start, end in spans:
        yield from ((x, y) for x in range(start, end))


async def test_a_tick_touches_its_cells_alone_and_stays_within_12_kilobytes() -> None:
    app = GridApp()
    async with app.run_test(size=(220, 60)) as pilot:
        grid = app.screen.query_one(QuoteGrid)
        values = quotes(1)
        grid.show(rows_of(values))
        grid.focus()
        await pilot.pause()
        partial = app.screen._compositor
        partial._dirty_regions.clear()
        source = random.Random(2)
        touched = set()
        while len(touched) < CHANGES:
            row, column = source.randrange(58), source.randrange(COLUMNS)
            values[row][column] += 0.25
            touched.add((row, column))
        assert grid.show(rows_of(values)) == CHANGES
        update = partial_update(app.screen, grid)
        wide = grid._placed
        allowed = {
            (x, row + grid.header_height)
            for row, column in touched
            for x in range(wide[column].x, wide[column].x + wide[column].width)
        }
        assert set(cells_in(update.spans)) == allowed
        console = Console(force_terminal=True, color_system="truecolor", legacy_windows=False)
        assert len(update.render_segments(console).encode()) <= 12 * 1024


async def test_the_same_rows_again_redraw_nothing() -> None:
    app = GridApp()
    async with app.run_test(size=(220, 60)) as pilot:
        grid = app.screen.query_one(QuoteGrid)
        grid.show(rows_of(quotes(1)))
        await pilot.pause()
        assert grid.show(rows_of(quotes(1))) == 0
        assert not grid._repaint_regions


async def test_a_change_out_of_sight_is_not_drawn_but_is_there_when_scrolled_to() -> None:
    app = GridApp()
    async with app.run_test(size=(220, 60)) as pilot:
        grid = app.screen.query_one(QuoteGrid)
        values = quotes(1)
        grid.show(rows_of(values))
        await pilot.pause()
        values[400][3] = 77.77
        grid.show(rows_of(values))
        assert not grid._repaint_regions
        grid.move_to(row=400)
        await pilot.pause()
        text = "".join(segment.text for y in range(grid.size.height) for segment in grid.render_line(y))
        assert "77.77▲" in text or "77.77▼" in text


async def test_an_arrow_says_which_way_a_price_went_and_goes_again() -> None:
    app = GridApp()
    async with app.run_test(size=(220, 60)) as pilot:
        grid = app.screen.query_one(QuoteGrid)
        values = quotes(1)
        grid.show(rows_of(values))
        values[0][0] += 1.0
        values[1][0] -= 0.5
        grid.show(rows_of(values))
        assert "▲" in grid.render_line(1).text
        assert "▼" in grid.render_line(2).text
        grid._end_flashes(grid._ticks)
        assert "▲" not in grid.render_line(1).text
        await pilot.pause()


async def test_the_cursor_follows_its_row_when_rows_come_and_go() -> None:
    app = GridApp()
    async with app.run_test(size=(220, 60)) as pilot:
        grid = app.screen.query_one(QuoteGrid)
        values = quotes(1)
        grid.show(rows_of(values))
        await pilot.pause()
        grid.move_to(row=10)
        grid.show(rows_of(values)[5:])
        assert grid.cursor_row is not None
        assert grid.cursor_row.key == 10
        grid.show([])
        assert grid.cursor_row is None


async def test_exact_spans_carry_the_cells_of_the_line_itself() -> None:
    app = GridApp()
    async with app.run_test(size=(100, 20)) as pilot:
        grid = app.screen.query_one(QuoteGrid)
        grid.show(rows_of(quotes(1)))
        await pilot.pause()
        line = grid.render_line(3).text
        app.screen._compositor._dirty_regions.clear()
        grid.refresh(Region(20, 3, 15, 1))
        update = partial_update(app.screen, grid)
        console = Console(force_terminal=True, color_system=None, no_color=True, legacy_windows=False)
        sent = update.render_segments(console)
        assert sent.startswith("\x1b[4;21H")
        plain = Console(force_terminal=True).render_str(line[20:35]).plain
        assert plain == "".join(_without_escapes(sent))


def _without_escapes(text: str) -> Iterator[str]:
    inside = False
    for character in text:
        if character == "\x1b":
            inside = True
        elif inside:
            inside = not character.isalpha()
        else:
            yield character
