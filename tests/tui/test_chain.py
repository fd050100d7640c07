"""The chain screen driven by keys and mouse: layouts, filters, panes, and legs put together."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from config.chain_layouts import FILE_NAME
from optionix_core.errors import InvalidValueError
from optionix_core.services import surfaces
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.chain import ChainScreen
from screens.explain import ExplainDialog
from screens.stage import Stage
from screens.ticket import TicketDialog
from tests.tui.waiting import until, until_ready

MakeApp = Callable[..., OptionixApp]


@pytest.fixture(autouse=True, scope="module")
def kernels() -> None:
    surfaces.prepare("svi")


def chain_of(app: OptionixApp) -> ChainScreen:
    assert isinstance(app.screen, ChainScreen)
    return app.screen


def titles(app: OptionixApp) -> list[str]:
    return [column.key.removeprefix("call.") for column in chain_of(app).panes.quotes.visible_columns]


async def test_layouts_filters_and_panes(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(170, 50), notifications=True) as pilot:
        await until_ready(pilot, app)
        chain = chain_of(app)
        await until(pilot, lambda: app.session.chain and app.session.chain.smile is not None, "the smile")
        row = chain.panes.quotes.cursor_row
        await pilot.press("c", "c")
        assert chain.columns_chosen.name == "greeks"
        assert "theta" in titles(app)
        assert "bid" not in titles(app)
        assert chain.panes.quotes.cursor_row is not None
        assert row is not None
        assert chain.panes.quotes.cursor_row.key == row.key
        await pilot.press("C", "C")
        assert chain.columns_chosen.name == "default"

        # a layout of one's own, written, used, kept in the file, and taken away again
        await pilot.press("w")
        chain.query_one("#entry").value = "mine: oi probability value bid asks"  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert "unknown column 'asks'; nearest: ask" in screen_text(app)
        chain.query_one("#entry").value = "mine: oi probability value bid ask"  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert titles(app)[:5] == ["open_interest", "probability", "value", "bid", "ask"]
        path = app.session.workspace.home.config / FILE_NAME
        assert "[layouts.mine]" in path.read_text()
        await pilot.press("w")
        chain.query_one("#entry").value = "mine:"  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert chain.columns_chosen.name == "default"
        assert "mine" not in path.read_text()

        # days take expiries away, and move to one that stays
        view = app.session.chain
        assert view is not None
        kept = [tab.expiry for tab in view.expiries if 20 <= tab.days <= 60]
        chain.use_filter("days 20-60 delta .2-.8")
        await until(pilot, lambda: app.session.chain and app.session.chain.expiry == kept[0], "an expiry that is kept")
        await pilot.press("left_square_bracket")
        assert app.session.selection.expiry == kept[0]
        await pilot.press("}")
        await until(pilot, lambda: app.session.chain and app.session.chain.underlying == "TUNDRA", "another underlying")
        await until(pilot, lambda: app.session.chain and 20 <= app.session.chain.days <= 60, "an expiry that is kept")
        await pilot.press("{")
        await until(
            pilot, lambda: app.session.chain and app.session.chain.underlying == "ORBIT", "the first underlying"
        )
        await until(pilot, lambda: app.session.chain and app.session.chain.expiry == kept[0], "an expiry that is kept")
        with pytest.raises(Exception, match="no expiry of ORBIT is within"):
            chain.use_filter("days 3000-4000")
        assert chain.filter.text == "days 20-60 delta .2-.8"

        # what a workspace keeps of it can be used again
        await pilot.press("tab", "plus")
        kept_arrangement = json.loads(json.dumps(chain.arrangement()))
        assert kept_arrangement == {
            "layout": "default", "filter": "days 20-60 delta .2-.8", "pane": "smile", "zoomed": True,
        }  # fmt: skip
        await pilot.press("i")
        assert isinstance(app.screen, ExplainDialog)
        assert "rmse" in screen_text(app)
        await pilot.press("escape", "escape", "escape")
        assert not chain.panes.zoomed
        assert chain.filter.text == ""
        chain.use_arrangement(kept_arrangement)
        assert chain.arrangement() == kept_arrangement
        chain.use_arrangement({"filter": "days 3000-4000"})
        assert chain.filter.text == "days 3000-4000"
        assert "no expiry of ORBIT is within" in screen_text(app)
        chain.use_arrangement(kept_arrangement)
        for wrong in ({"layout": "nothing"}, {"filter": "dleta 3"}, {"pane": "x"}, {"zoomed": "yes"}, {"other": 1}):
            with pytest.raises(InvalidValueError):
                chain.use_arrangement(wrong)

        # files
        exports = chain.exports()
        assert exports["csv"]().splitlines()[0].startswith("expiry,root,strike,type,symbol,held,")
        told = json.loads(exports["json"]())
        assert told["smile"]["model"] == "svi"
        assert told["rows"]
        assert chain.command_line().endswith("--expiry 2026-01-30 --with 'filter=days 20-60 delta .2-.8' --print")


async def test_legs_are_staged_changed_judged_and_ordered(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(140, 44), notifications=True) as pilot:
        await until_ready(pilot, app)
        chain = chain_of(app)

        def quantities() -> list[int]:
            return [leg.quantity for leg in app.session.stage.legs]

        await pilot.press("t")
        assert "No legs are staged" in screen_text(app)
        await pilot.press("space")
        assert quantities() == [1]
        await until(pilot, lambda: chain.staged is not None, "the first leg's figures")
        assert "long-call" in screen_text(app)
        await pilot.press("down", "h", "space")  # the bid of the next strike: sold
        assert quantities() == [1, -1]
        await until(pilot, lambda: chain.staged is not None, "the spread's figures")
        assert chain.staged is not None
        assert chain.staged.report.strategy.name == "bull-call-spread"
        text = screen_text(app)
        for word in ("bull-call-spread", "net", "max", "BE", "PoP", "margin", "Θ"):
            assert word in text, word
        await pilot.press("full_stop")
        assert quantities() == [1, -2]
        await pilot.press("comma", "comma")
        assert quantities() == [1, -1]
        await pilot.press("r")
        assert quantities() == [-1, 1]
        await pilot.press("L", "t", "r")
        assert chain.panes.marked == "stage"
        assert sorted(quantities()) == [-1, -1]
        before = app.session.stage
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: app.session.stage != before, "strikes up")
        up = app.session.stage
        await pilot.press("less_than_sign")
        await until(pilot, lambda: app.session.stage == before, "strikes down again")
        assert up.legs[0].symbol != before.legs[0].symbol
        await pilot.press(")")
        await until(pilot, lambda: "near it are 200, 205, 210, 215" in screen_text(app), "why it cannot be moved")
        assert app.session.stage == before
        await until(pilot, lambda: chain.staged is not None, "its figures")
        await pilot.press("i")
        assert isinstance(app.screen, ExplainDialog)
        assert "cash that must stand behind" in screen_text(app)
        await pilot.press("escape", "X")
        assert not app.session.stage
        assert chain.panes.marked == "quotes"
        await pilot.press("n")
        chain.query_one("#entry").value = "vertical 205/210"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: quantities() == [1, -1], "a spread at its strikes")
        here = app.session.stage
        await pilot.press(")")
        await until(pilot, lambda: app.session.stage != here, "a later expiry")
        await pilot.press("(")
        await until(pilot, lambda: app.session.stage == here, "the earlier one")
        await pilot.press("X")

        await pilot.press("n")
        chain.query_one("#entry").value = "iron-kondor"  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert "unknown strategy 'iron-kondor'" in screen_text(app)
        chain.query_one("#entry").value = "condor x2"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: quantities() == [2, -2, -2, 2], "a condor")
        await until(pilot, lambda: chain.staged is not None, "its figures")
        assert "iron-condor ×2" in screen_text(app)
        told = json.loads(chain.exports()["json"]())["staged"]
        assert told["name"] == "iron-condor"
        assert told["need_after"] > 0
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")
        await until(pilot, lambda: " passed" in screen_text(app), "its preview")
        await pilot.press("enter")
        await until(pilot, lambda: not app.session.stage, "the stage to be empty once it was ordered")
        orders = app.session.workspace.desk.orders.orders()
        assert [len(order.intent.legs) for order in orders] == [4]
        await app.run_line("iron-condor 200/205/215/223")
        await until(pilot, lambda: "near it are" in screen_text(app), "what is not listed")
        assert chain.query_one("#entry").value == "iron-condor 200/205/215/223"  # type: ignore[attr-defined]
        await pilot.press("escape")
        await app.run_line("layout odds")
        await until(pilot, lambda: chain.columns_chosen.name == "odds", "another layout")
        await app.run_line("layout odd")
        await until(pilot, lambda: "layout must be one of" in screen_text(app), "which layouts there are")
        await app.run_line("short strangle 200/215")
        await until(pilot, lambda: quantities() == [-1, -1], "a strangle")
        await until(pilot, lambda: chain.staged is not None, "its figures")

        # small: the stage is one line
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "short-strangle" in screen_text(app)


async def test_the_mouse_sells_at_the_bid_and_buys_at_the_ask(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        grid = chain_of(app).panes.quotes

        def place(key: str) -> tuple[int, int]:
            found = next(place for place in grid._placed if place.column.key == key)
            return found.x + 1, grid.header_height + 3

        await pilot.click("#quotes", offset=place("call.bid"))
        assert [leg.quantity for leg in app.session.stage.legs] == [-1]
        await pilot.click("#quotes", offset=place("put.delta"))
        assert [leg.quantity for leg in app.session.stage.legs] == [-1]
        app.set_stage(Stage())
        await pilot.click("#quotes", offset=place("put.ask"), times=2)
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")
        assert not app.session.stage
        assert "BUY" in screen_text(app)


async def test_the_pricer_shows_what_is_staged_or_the_option_under_the_cursor(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        place = chain_of(app).under_cursor()
        assert place is not None
        await pilot.press("p")
        await until(pilot, lambda: app.current_mode == "pricer", "the pricer")
        assert [leg.symbol for leg in app.session.priced] == [place[2].symbol]
        await pilot.press("f2")
        await until(pilot, lambda: app.current_mode == "chain", "the chain")
        await app.run_line("straddle")
        await until(pilot, lambda: len(app.session.stage.legs) == 2, "a straddle")
        await pilot.press("p")
        await until(pilot, lambda: app.current_mode == "pricer", "the pricer")
        assert app.session.priced == app.session.stage.legs
