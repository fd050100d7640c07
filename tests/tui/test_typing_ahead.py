"""Keys that are typed faster than they are handled: each meets what the ones before it made, and none sends unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from textual import events
from textual.widgets import Input

from optionix_core.services import orders
from optionix_tui.app import OptionixApp
from screens.command import CommandDialog
from screens.confirm import ConfirmDialog
from screens.entry import EntryLine
from screens.frame import Dialog
from screens.help import HelpDialog
from screens.kill import KillDialog
from screens.ticket import TicketDialog
from tests.tui.waiting import until, until_ready

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]
NAMES = {"/": "slash", ":": "colon", "?": "question_mark", "\r": "enter", "\x1b": "escape"}


async def burst(pilot: Pilot[Any], app: OptionixApp, *typed: str) -> None:
    """Everything at once, as a pasted macro or a quick hand on a slow line; a key by its name or character."""
    for one in typed:
        app.post_message(events.Key(NAMES.get(one, one), one if len(one) == 1 else None))
    await pilot.pause()


def notices(app: OptionixApp) -> str:
    return " ".join(str(note.message) for note in app._notifications)


async def test_a_line_that_a_key_opens_has_the_keys_behind_it(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await burst(pilot, app, *"/bid")  # b alone opens a ticket to buy
        assert not isinstance(app.screen, Dialog)
        assert app.screen.query_one(EntryLine).value == "bid"
        await burst(pilot, app, "\x1b", *":book\r")
        await until(pilot, lambda: app.current_mode == "book", "the book")
        await burst(pilot, app, *"gc?", "\x1b", *"/c")
        await until(pilot, lambda: app.current_mode == "chain", "the chain")
        assert app.screen.query_one(EntryLine).value == "c"


async def test_what_is_pasted_behind_a_key_goes_where_the_key_leads(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await until_ready(pilot, app)
        app.post_message(events.Key("colon", ":"))
        app.post_message(events.Paste("orde"))
        await burst(pilot, app, "r", "s")
        assert isinstance(app.screen, CommandDialog)
        assert app.screen.query_one(Input).value == "orders"


async def test_no_order_is_sent_by_a_key_that_was_pressed_before_its_preview_could_be_read(
    make_app: MakeApp,
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await burst(pilot, app, "b", "\r", "\r")
        ticket = app.screen
        assert isinstance(ticket, TicketDialog)
        await until(pilot, lambda: ticket.settled and ticket.study is not None, "the preview")
        early = events.Key("enter", "\r")
        early.time = 0.0  # it lay in a queue since before
        app.post_message(early)
        await pilot.pause()
        assert app.screen is ticket
        assert "pressed before its preview was here" in notices(app)
        assert orders.listing(app.session.workspace, ended=True) == ()
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not ticket, "an answer")
        assert len(orders.listing(app.session.workspace, ended=True)) == 1


async def test_a_preview_of_something_else_is_none(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("b")
        ticket = app.screen
        assert isinstance(ticket, TicketDialog)
        await until(pilot, lambda: ticket.settled and ticket.study is not None, "the preview")
        await burst(pilot, app, "up", "\r")  # two of them, and nobody has seen what they cost
        assert app.screen is ticket
        assert orders.listing(app.session.workspace, ended=True) == ()
        await until(pilot, lambda: ticket.settled and ticket.study is not None, "the preview of two")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not ticket, "an answer")
        assert [one.intent.quantity for one in orders.listing(app.session.workspace, ended=True)] == [2]


async def test_a_question_is_not_answered_by_a_key_that_was_pressed_before_it_was_asked(make_app: MakeApp) -> None:
    app, done = make_app(), list[str]()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        question = ConfirmDialog("Cancel", "Cancel all?", (), lambda: done.append("done"))
        early = events.Key("enter", "\r")
        app.push_screen(question)
        app.post_message(early)
        await pilot.pause()
        assert (app.screen, done) == (question, [])
        assert "pressed before the question was here" in notices(app)
        await pilot.press("enter")
        assert done == ["done"]
        assert app.screen is not question


async def test_the_kill_switch_waits_for_nothing_and_gets_no_letters_that_were_not_for_it(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await until_ready(pilot, app)
        await burst(pilot, app, *"/kill", "ctrl+k")
        await until(pilot, lambda: isinstance(app.screen, KillDialog), "the kill switch")
        assert app.screen.query_one(Input).value == ""


@pytest.mark.parametrize("left", [HelpDialog, CommandDialog, TicketDialog])
async def test_keys_go_on_behind_a_dialog_that_closes(make_app: MakeApp, left: type[Dialog[Any]]) -> None:
    app = make_app()
    opens = {HelpDialog: "?", CommandDialog: ":", TicketDialog: "s"}[left]
    async with app.run_test(size=(120, 36)) as pilot:
        await until_ready(pilot, app)
        for _ in range(3):
            await burst(pilot, app, opens, "\x1b", *"/1", "\x1b", opens)
            await until(pilot, lambda: isinstance(app.screen, left), "the dialog")
            await burst(pilot, app, "\x1b", *"/25")
            await until(pilot, lambda: not isinstance(app.screen, Dialog), "the chain")
            assert app.screen.query_one(EntryLine).value == "25"
            await burst(pilot, app, "\x1b")
