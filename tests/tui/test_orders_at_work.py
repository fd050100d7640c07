"""The kill switch from anywhere; the orders screen under failures, key maps, sizes, and fills that came while away."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from config import keymaps
from config.themes import THEMES
from optionix_core.errors import IntegrityError
from optionix_core.market.clock import ManualClock
from optionix_core.services import kill, trading
from optionix_core.services.order_board import OrderBoardViewer
from optionix_core.trading.kill_switch import KillPhase
from optionix_core.trading.orders import OrderState, TimeInForce
from optionix_core.trading.terms import OrderTerms
from optionix_tui.drawing import screen_text
from screens.chain import ChainScreen
from screens.kill import KillDialog
from screens.orders import OrdersScreen
from screens.orders_panes import NAMES, panes_shown
from screens.ticket import TicketDialog
from tests.core.services.desk_of_orders import (
    CALL,
    RESTING,
    story,
)
from tests.tui.orders_desk import WIDE, MakeApp, OpenWorkspace, until_shown
from tests.tui.waiting import until, until_ready

if TYPE_CHECKING:
    import pytest


async def test_the_kill_switch_is_armed_fired_and_armed_again_by_words_from_anywhere(
    make_app: MakeApp, desk: None, open_workspace: OpenWorkspace
) -> None:
    app = make_app()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("b")
        assert isinstance(app.screen, TicketDialog)
        await pilot.press("ctrl+k")  # also where an entry line has the keys
        dialog = app.screen
        assert isinstance(dialog, KillDialog)
        await pilot.press("ctrl+k")
        assert app.screen is dialog
        await until(pilot, lambda: "The switch is disarmed" in screen_text(app), "the state")

        async def type_in(line: str, answer: str) -> None:
            dialog.query_one("#line", Input).value = line
            await pilot.press("enter")
            await until(pilot, lambda: answer in " ".join(screen_text(app).replace("│", " ").split()), answer)

        await type_in("fire", "word must be arm (got 'fire')")
        await type_in("arm", "The switch is armed.")
        await until(pilot, lambda: "fire flatten" in screen_text(app), "the words")
        await type_in("fir", "word must be fire or disarm")
        with open_workspace() as other:
            assert kill.status(other).switch.phase is KillPhase.ARMED
            assert story(other, RESTING).state is OrderState.WORKING
        await type_in("fire flatten feed looks wrong", "Still held: none")
        with open_workspace() as other:
            switch = kill.status(other).switch
            assert (switch.phase, switch.reason, switch.flatten) == (KillPhase.FIRED, "feed looks wrong", True)
            assert story(other, RESTING).state is OrderState.CANCELLED
            assert kill.status(other).held == ()
        assert f"rearm-{switch.kill_id}" in screen_text(app)
        await until(pilot, lambda: " KILL " in screen_text(app).splitlines()[0], "the word on every screen")
        await type_in("rearm-kill-0", "word must be rearm-")
        await type_in(f"rearm-{switch.kill_id}", "The switch is armed.")
        await until(pilot, lambda: " KILL " not in screen_text(app).splitlines()[0], "its end")
        await type_in("disarm", "The switch is disarmed.")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")


async def test_a_key_map_moves_the_kill_switch_and_a_letter_stays_a_letter_in_entry_lines(
    make_app: MakeApp, tmp_path: Path
) -> None:
    file = tmp_path / "keys.toml"
    file.write_text('[keys]\n"app.kill" = ["K", "ctrl+x"]\n', "utf-8")
    app = make_app(keymap=keymaps.load("default", file))
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("slash", "K")
        entry = app.screen.query_one("#entry", Input)
        assert entry.value == "K"
        await pilot.press("ctrl+x")
        assert isinstance(app.screen, KillDialog)
        await pilot.press("escape", "escape", "ctrl+k")
        assert isinstance(app.screen, ChainScreen)
        await pilot.press("K")
        assert isinstance(app.screen, KillDialog)


async def test_the_footer_tells_what_the_marked_pane_can_do(make_app: MakeApp, desk: None) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        told_of = {}
        for name in NAMES:
            screen.panes.mark(name)
            await pilot.pause()
            told_of[name] = screen_text(app).splitlines()[-1]
        words = ("amend", "cancel", "pause/resume", "snooze", "zoom")
        assert [[word for word in words if word in told_of[name]] for name in NAMES[1:]] == [
            ["amend", "cancel"], ["cancel", "pause/resume"], ["amend", "cancel", "snooze"], ["cancel", "zoom"],
        ]  # fmt: skip


async def test_keys_are_answered_while_the_board_is_read_and_its_failure_is_told(
    make_app: MakeApp, desk: None, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    real = OrderBoardViewer.view
    go_on, broken = Event(), Event()

    def view(self: OrderBoardViewer) -> Any:
        assert go_on.wait(60.0)
        if broken.is_set():
            raise IntegrityError("record 7 is not what its hash says")
        return real(self)

    monkeypatch.setattr(OrderBoardViewer, "view", view)
    app = make_app(mode="orders")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_ready(pilot, app)
        screen = app.frame
        assert isinstance(screen, OrdersScreen)
        await pilot.press("tab", "x", "a", "i", "e", "n", "escape", "plus")
        assert screen.panes.zoomed
        await pilot.press("plus")
        go_on.set()
        await until(pilot, lambda: screen.settled, "the board")
        assert "rejected" in screen_text(app)
        broken.set()
        clock.advance(timedelta(seconds=30))
        await until(pilot, lambda: "record 7 is not what its hash says" in screen_text(app), "the failure")
        assert "below: as of" in screen_text(app)
        assert "rejected" in screen_text(app)


async def test_fills_that_came_while_the_terminal_was_closed_are_told_once(
    make_app: MakeApp, open_workspace: OpenWorkspace, clock: ManualClock
) -> None:
    first = make_app(mode="orders")
    async with first.run_test(size=WIDE, notifications=True) as pilot:
        await until_ready(pilot, first)
        assert not first._notifications
    with open_workspace() as workspace:
        ask = trading.preview(workspace, "buy", 1, CALL).quote.ask
        assert ask is not None
        limit = Decimal(repr(ask)) - Decimal("0.10")
        order = trading.place(workspace, OrderTerms("buy", 2, CALL, limit, TimeInForce.GTC), "patient")
        assert order.state is OrderState.WORKING
        for _ in range(200):
            clock.advance(timedelta(minutes=5))
            if story(workspace, "patient").state is OrderState.FILLED:  # another process finds the fill first
                break
        else:
            raise AssertionError("no quote came down to the limit")
    clock.advance(timedelta(minutes=1))
    app = make_app(mode="orders")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until_shown(pilot, app)
        await until(pilot, lambda: "Filled while the terminal was closed" in screen_text(app), "the notice", 10.0)
        assert f"BUY 2 ORBIT 09JAN26 205 C at {limit:f}" in screen_text(app)
    again = make_app(mode="orders")
    async with again.run_test(size=WIDE, notifications=True) as pilot:
        await until_shown(pilot, again)
        assert not [note for note in again._notifications if "Filled" in str(note.title)]


async def test_every_size_and_theme_holds(make_app: MakeApp, desk: None) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        for size in ((44, 40), (120, 36), (200, 55), (30, 8), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            lines = screen_text(app).splitlines()
            assert len(lines) == size[1]
            assert all(len(line) <= size[0] for line in lines)
            assert screen.panes.grid("orders").visible_columns
        for _ in THEMES:
            await pilot.press("T")
            await pilot.pause()
            assert "working" in screen_text(app)


def test_panes_get_room_by_worth_and_the_marked_one_is_always_there() -> None:
    assert panes_shown(120, 36, "fills") == NAMES
    assert panes_shown(80, 24, "fills") == ("orders", "fills")
    assert panes_shown(80, 24, "halts") == ("orders", "halts")
    assert panes_shown(44, 40, "fills") == ("orders", "fills", "algorithms")
    assert panes_shown(44, 40, "alerts") == ("orders", "fills", "alerts")
