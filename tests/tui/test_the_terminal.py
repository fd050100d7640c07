"""The terminal driven by keys, on the real simulated feed, store and ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from textual.widgets import Input

from config.actions import ACTIONS
from optionix_core.market.clock import ManualClock
from optionix_core.services import trading
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.book import BookScreen
from screens.chain import ChainScreen
from screens.command import CommandDialog
from screens.explain import ExplainDialog
from screens.help import HelpDialog
from screens.ticket import TicketDialog
from tests.tui.waiting import until, until_ready
from widgets.quote_grid import QuoteGrid

MakeApp = Callable[..., OptionixApp]


async def test_the_first_frame_is_painted_before_anything_heavy_is_there(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        text = screen_text(app)
        assert "OPTIONIX" in text
        assert "quit" in text
        await until_ready(pilot, app)
        assert "SIM" in screen_text(app)


async def test_a_bracket_shows_the_next_expiry_and_back(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        assert app.session.chain is not None
        first, second = app.session.chain.expiries[:2]
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: app.session.chain and app.session.chain.expiry == second.expiry, "the next expiry")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: app.session.chain and app.session.chain.expiry == first.expiry, "the first expiry")


async def test_buying_from_the_grid_shows_the_cost_first_and_the_position_after(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        chain = app.screen
        assert isinstance(chain, ChainScreen)
        place = chain.under_cursor()
        assert place is not None
        view, row, side, _ = place
        assert row.strike == view.at_the_money
        await pilot.press("b")
        ticket = app.screen
        assert isinstance(ticket, TicketDialog)
        await pilot.press("up")
        await until(
            pilot, lambda: "you pay" in screen_text(app) and "fills       2 at" in screen_text(app), "a preview"
        )
        text = screen_text(app)
        assert side.ask is not None
        cost = Decimal(repr(side.ask)) * 200
        assert f"{cost:,.2f}" in text
        assert "fees        1.30" in text  # 0.65 a contract
        assert "touch-displayed-size" in text
        assert "buying-power" in text
        await pilot.press("enter")
        await until(pilot, lambda: app.session.book and app.session.book.held.get(side.symbol or "") == 2, "the fill")
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, BookScreen) and "+2" in screen_text(app), "the book")
        await pilot.press("shift+tab")
        paid = f"-{cost + Decimal('1.30'):,.2f}"
        await until(pilot, lambda: paid in screen_text(app), "the cash of the trade's entry in the ledger")
        assert "+100,000.00" in screen_text(app)


async def test_enter_sends_nothing_that_was_not_previewed(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("b")
        ticket = app.screen
        assert isinstance(ticket, TicketDialog)
        ticket.query_one("#quantity", Input).value = "none"
        await pilot.press("enter")
        assert app.screen is ticket
        assert "quantity must be a whole number, at least 1" in screen_text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, ChainScreen)
        assert app.session.workspace.store.head().seq == 0


async def test_another_process_s_fill_shows_without_a_key(
    make_app: MakeApp, open_workspace: Callable[[], Workspace]
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        view = app.session.chain
        assert view is not None
        symbol = next(row.call.symbol for row in view.rows if row.strike == view.at_the_money)
        assert symbol is not None
        with open_workspace() as other:
            trading.raise_for_state(trading.submit(other, "buy", 3, symbol))
        await until(pilot, lambda: app.session.book and app.session.book.held.get(symbol) == 3, "the fill", 5.0)


async def test_ages_go_on_and_stale_is_said_in_a_word(make_app: MakeApp, clock: ManualClock) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        assert "STALE" not in screen_text(app)
        app._stream.stop()
        app._stream.join(5.0)
        clock.advance(timedelta(minutes=5))
        await until(pilot, lambda: "STALE" in screen_text(app), "the word STALE", 5.0)
        assert "age 5m" in screen_text(app)


async def test_explain_names_model_inputs_source_and_age(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        grid = app.screen.query_one(QuoteGrid)
        grid.move_to(column=[column.key for column in grid.visible_columns].index("call.iv"))
        await pilot.press("i")
        assert isinstance(app.screen, ExplainDialog)
        text = screen_text(app)
        for word in ("Implied volatility of", "Black (1976)", "forward", "rate", "time", "source", "ago", "sim"):
            assert word in text
        await pilot.press("escape")
        assert isinstance(app.screen, ChainScreen)


async def test_help_lists_every_key_that_works_here(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 140), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpDialog)
        text = " ".join(screen_text(app).replace("│", " ").split())
        for action in ACTIONS:
            if action.scope in {"chain", "grid", "app"}:
                assert action.description.split()[0] in text
        assert "Open a ticket that buys" in text
        assert "closes the position" not in text


async def test_y_copies_the_command_of_the_view_and_shows_it(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("y")
        await until(pilot, lambda: "Copied" in screen_text(app), "the line", 5.0)
        assert app.session.chain is not None
        line = f"optionix screen chain --underlying ORBIT --expiry {app.session.chain.expiry} --print"
        assert app.clipboard == line
        assert line in screen_text(app).replace("\n", "") or "--underlying ORBIT" in screen_text(app)


async def test_sequences_and_function_keys_reach_the_same_screens(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("g")
        assert "g …" in screen_text(app)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "the book")
        await pilot.press("minus")
        await until(pilot, lambda: isinstance(app.screen, ChainScreen), "the last view")
        await pilot.press("g", "x")
        assert isinstance(app.screen, ChainScreen)


async def test_the_command_line_completes_and_shows_an_option(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        view = app.session.chain
        assert view is not None
        tab, strike = view.expiries[2], view.rows[3].strike
        await pilot.press("colon")
        assert isinstance(app.screen, CommandDialog)
        await pilot.press(*"orb", "tab")
        assert app.screen.query_one("#line", Input).value == "ORBIT"
        app.screen.query_one("#line", Input).value = f"orbit {tab.expiry:%d%b%y} {strike:g} p"
        await pilot.press("enter")
        await until(pilot, lambda: app.session.chain and app.session.chain.expiry == tab.expiry, "that expiry")

        def there() -> bool:
            place = app.screen.under_cursor() if isinstance(app.screen, ChainScreen) else None
            return place is not None and place[1].strike == strike and place[2] is place[1].put

        await until(pilot, there, "the cursor on the put")


async def test_a_command_that_means_nothing_is_told(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("colon", *"chian", "enter")
        await until(pilot, lambda: "'chian' is no symbol" in screen_text(app), "what is wrong", 5.0)


async def test_a_typed_order_opens_its_ticket(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        view = app.session.chain
        assert view is not None
        await app.run_line(f"sell 4 ORBIT {view.expiry:%d%b%y} {view.at_the_money:g} P 0.05")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")
        assert app.screen.query_one("#quantity", Input).value == "4"
        assert app.screen.query_one("#limit", Input).value == "0.05"
        assert "SELL" in screen_text(app)


async def test_a_filter_narrows_the_strikes_and_esc_takes_it_away(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        grid = app.screen.query_one(QuoteGrid)
        everything = len(grid.rows)
        await pilot.press("slash", *"+-3", "enter")
        assert len(grid.rows) == 7
        assert "/ +-3" in screen_text(app)
        await pilot.press("escape")
        assert len(grid.rows) == everything
        await pilot.press("slash", *"soon", "enter")
        await until(pilot, lambda: "filter must be one of strike" in screen_text(app), "what is wrong with it", 5.0)


async def test_the_cursor_stays_on_its_strike_while_quotes_move(make_app: MakeApp, clock: ManualClock) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        grid = app.screen.query_one(QuoteGrid)
        await pilot.press("j", "j", "l")
        assert grid.cursor_row is not None
        key, column = grid.cursor_row.key, grid.cursor_column
        before = app.session.chain
        clock.advance(timedelta(seconds=7))
        await until(pilot, lambda: app.session.chain is not before, "another view")
        assert grid.cursor_row is not None
        assert (grid.cursor_row.key, grid.cursor_column) == (key, column)


async def test_the_window_may_take_any_size_at_any_time(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        for size in ((60, 20), (170, 50), (30, 8), (44, 40), (220, 60), (10, 3), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            lines = screen_text(app).splitlines()
            assert len(lines) == size[1]
            assert all(len(line) <= size[0] for line in lines)
        assert "ORBIT" in lines[0]


async def test_every_theme_can_be_worn_while_running(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_ready(pilot, app)
        seen = [app.theme]
        for _ in range(4):
            await pilot.press("T")
            await pilot.pause()
            seen.append(app.theme)
        assert len(set(seen)) == 5
