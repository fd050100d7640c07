"""Asking for what the feed does not list: the rows of something else never stand there as the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.chain import ChainScreen
from screens.session import Selection
from tests.tui.waiting import until, until_ready
from widgets.quote_grid import QuoteGrid

MakeApp = Callable[..., OptionixApp]


def grid(app: OptionixApp) -> QuoteGrid:
    return app.screen.query_one(QuoteGrid)


@pytest.mark.parametrize("size", [(120, 36), (44, 40)], ids=str)
async def test_an_expiry_that_is_not_listed_leaves_no_rows_and_says_what_to_do(
    make_app: MakeApp, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size, notifications=True) as pilot:
        await until_ready(pilot, app)
        await app.run_line("ORBIT 14JAN26 205 C")
        await until(pilot, lambda: app.session.problem is not None, "the problem")
        text = screen_text(app)
        assert grid(app).rows == ()
        assert "unknown expiry 'ORBIT 2026-01-14'" in " ".join(text.split())
        assert "2026-01-16" in text
        assert "✗ no quotes  ORBIT" in text
        assert "[ ]" in text
        screen = app.screen
        assert isinstance(screen, ChainScreen)
        assert screen.under_cursor() is None
        assert "no option under the cursor" in text
        await pilot.press("b")
        assert app.screen is screen
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: len(grid(app).rows) > 0, "rows")
        assert app.session.chain is not None
        assert app.session.chain.expiry == date(2026, 1, 16)  # the listed one after the 14th


async def test_the_bracket_before_goes_to_the_listed_expiry_before(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        app.select("ORBIT", date(2026, 1, 14))
        await until(pilot, lambda: app.session.problem is not None, "the problem")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: len(grid(app).rows) > 0, "rows")
        assert app.session.chain is not None
        assert app.session.chain.expiry == date(2026, 1, 9)


async def test_an_underlying_that_is_not_quoted_leaves_no_rows_and_the_view_before_comes_back(
    make_app: MakeApp,
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        before = app.session.chain
        assert before is not None
        await app.run_line("chain NOWHERE")
        await until(pilot, lambda: app.session.problem is not None, "the problem")
        text = screen_text(app)
        assert grid(app).rows == ()
        assert "NOWHERE" in text.splitlines()[0]
        assert f"{before.spot:.2f}" not in text
        assert "ORBIT, TUNDRA, QUASAR" in text
        await pilot.press("minus")
        await until(pilot, lambda: len(grid(app).rows) > 0, "rows")
        assert app.session.problem is None
        assert app.session.chain is not None
        assert (app.session.chain.underlying, app.session.chain.expiry) == (before.underlying, before.expiry)


async def test_the_next_underlying_is_a_way_out_and_so_is_the_name_alone(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await app.run_line("TUNDRA 1JAN30 5000 C")
        await until(pilot, lambda: app.session.problem is not None, "the problem")
        await app.run_line("TUNDRA")
        await until(pilot, lambda: len(grid(app).rows) > 0, "rows")
        assert app.session.chain is not None
        assert app.session.chain.underlying == "TUNDRA"
        await app.run_line("chain NOWHERE")
        await until(pilot, lambda: app.session.problem is not None, "the problem")
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: len(grid(app).rows) > 0, "rows")


async def test_a_start_on_what_is_not_listed_says_so_in_place(make_app: MakeApp) -> None:
    app = make_app(selection=Selection("NOWHERE"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.session.warming is None, "the end of the warm-up", 300.0)
        assert "unknown underlying 'NOWHERE'" in screen_text(app)
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: len(grid(app).rows) > 0, "rows")


async def test_a_filter_that_keeps_nothing_says_so(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("slash", *">9000", "enter")
        assert "no strike is within / >9000" in screen_text(app)
