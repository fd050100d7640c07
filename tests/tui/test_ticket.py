"""The ticket in the terminal: fields by key and mouse, previews, refusals that lose nothing, orders that work on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from textual import events
from textual.widgets import Input

from optionix_core.services import orders
from optionix_core.trading.orders import OrderLeg, OrderState, Side, TimeInForce
from optionix_tui.app import OptionixApp
from optionix_tui.picture import screen_text
from screens.host import Draft
from screens.ticket import TicketDialog
from tests.core.services.desk_of_orders import CALL, FAR_CALL
from tests.tui.waiting import until, until_ready
from widgets.choice import Choice

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]
LEGS = (OrderLeg(CALL, 1), OrderLeg(FAR_CALL, -1))


async def opened(pilot: Pilot[Any], app: OptionixApp, draft: Draft) -> TicketDialog:
    app.open_ticket(draft)
    await until(pilot, lambda: isinstance(app.screen, TicketDialog) and app.screen.is_mounted, "the ticket")
    ticket = app.screen
    assert isinstance(ticket, TicketDialog)
    await previewed(pilot, ticket)
    return ticket


async def previewed(pilot: Pilot[Any], ticket: TicketDialog) -> None:
    await pilot.pause()
    await until(pilot, lambda: ticket.settled and ticket.study is not None, "the whole preview")


def shown(ticket: TicketDialog) -> list[str]:
    return [name for name in ticket.form.texts if any(label.display for label in ticket.query(f"#{name}-label"))]


async def test_keys_make_an_order_that_rests_and_it_stands_among_the_orders(make_app: MakeApp) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        ticket = await opened(pilot, app, Draft("buy", CALL, 2))
        text = screen_text(app)
        for words in ("fills       2 at", "max gain unbounded", "probability of profit", "margin", "VaR 99% 1d"):
            assert words in text
        assert shown(ticket) == ["side", "quantity", "kind", "time"]
        await pilot.press("m")  # the middle, which makes a limit order of it
        assert ticket.form.kind == "limit"
        assert shown(ticket) == ["side", "quantity", "kind", "limit", "time"]
        touch = ticket.touch
        assert touch is not None
        middle = Decimal(ticket.form.texts["limit"])
        assert touch.bid is not None
        assert touch.ask is not None
        assert touch.bid < middle < touch.ask
        ticket.show_field("limit").focus()
        await pilot.press("down", "down", "up")
        assert Decimal(ticket.form.texts["limit"]) == middle - touch.tick(middle)
        await pilot.press("b")
        assert Decimal(ticket.form.texts["limit"]) == touch.bid
        await pilot.press("f")
        assert ticket.form.texts["time"] == "GTC"
        await previewed(pilot, ticket)
        assert "rests" in screen_text(app)
        await pilot.press("i")
        assert "FINRA Rule 4210" in screen_text(app)
        await pilot.press("escape", "y")
        assert "--tif gtc" in app.clipboard
        assert ticket.desk.order_id in app.clipboard
        order_id = ticket.desk.order_id
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not ticket, "the order")
        await until(
            pilot, lambda: "BUY 2 ORBIT" in screen_text(app) and "working" in screen_text(app), "it among orders"
        )
        order = orders.show(app.session.workspace, order_id).order
        assert (order.state, order.intent.time_in_force) == (OrderState.WORKING, TimeInForce.GTC)
        assert any("Working: BUY 2" in note.title for note in app._notifications)


async def test_a_refusal_and_a_mistake_leave_the_ticket_as_it_was_written(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_ready(pilot, app)
        ticket = await opened(pilot, app, Draft("buy", CALL, 9_000, Decimal("3.75")))
        assert "✗ refused" in screen_text(app)
        first = ticket.desk.order_id
        await pilot.press("enter")
        await until(pilot, lambda: "nothing is lost" in screen_text(app), "the refusal in place")
        assert app.screen is ticket
        assert ticket.form.texts["quantity"] == "9000"
        assert orders.show(app.session.workspace, first).order.state is OrderState.REJECTED
        assert ticket.desk.order_id != first
        ticket.query_one("#quantity", Input).value = "9 thousand"
        await until(pilot, lambda: "(got '9 thousand')" in screen_text(app), "the mistake")
        assert ticket.query_one("#quantity-label").has_class("-wrong")
        head = app.session.workspace.store.head().seq
        await pilot.press("enter")
        assert app.screen is ticket
        assert app.session.workspace.store.head().seq == head
        ticket.query_one("#quantity", Input).value = "2"
        await previewed(pilot, ticket)
        assert not ticket.query_one("#quantity-label").has_class("-wrong")
        ticket.query_one("#limit", Input).value = "3.76"
        await previewed(pilot, ticket)
        assert "✗ refused limit-price" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not ticket, "the end of the ticket")
        await app.run_line("ticket")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket again")
        again = app.screen
        assert isinstance(again, TicketDialog)
        assert (again.form.texts["quantity"], again.form.texts["limit"]) == ("2", "3.76")


async def test_a_combination_is_previewed_and_sent_with_the_mouse(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        ticket = await opened(pilot, app, Draft.of_legs([(leg.symbol, leg.ratio) for leg in LEGS]))
        assert ticket.touch is not None
        middle = ticket.touch.at("mid", Side.BUY)
        assert (ticket.form.kind, Decimal(ticket.form.texts["limit"])) == ("limit", middle)
        assert "the middle" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not ticket, "the end of the ticket")
        assert not any("kept" in note.title for note in app._notifications)  # nothing was written into it
        ticket = await opened(pilot, app, Draft("buy", "", 1, Decimal("2.50"), LEGS))
        text = screen_text(app)
        for words in ("+1 ORBIT 09JAN26 205 C", "-1 ORBIT 09JAN26 210 C", "net of 2 legs", "bull-call-spread"):
            assert words in text
        assert "max gain 250.00   max loss 250.00" in text
        assert "nothing at this price now" in text
        line = ticket.query_one("#touch")
        column = next(x for x in range(line.size.width) if line.action_at(x) == "ticket.ask")  # type: ignore[attr-defined]
        await pilot.click("#touch", offset=(column, 0))
        assert ticket.touch is not None
        assert Decimal(ticket.form.texts["limit"]) == ticket.touch.ask
        choice = ticket.query_one("#time", Choice)
        await pilot.click("#time", offset=(6, 0))
        assert choice.value == ticket.form.texts["time"] == "GTC"
        await pilot.click("#time", offset=(0, 0))
        assert ticket.form.texts["time"] == "DAY"
        await pilot._post_mouse_events([events.MouseScrollUp], widget="#quantity")
        await until(pilot, lambda: ticket.form.texts["quantity"] == "2", "the wheel")
        await previewed(pilot, ticket)
        await pilot.click("#send", offset=(2, 0))
        await until(pilot, lambda: app.session.book and app.session.book.held.get(CALL) == 2, "the fill")
        assert app.session.book is not None
        assert app.session.book.held[FAR_CALL] == -2


async def test_an_algorithm_is_previewed_and_started(make_app: MakeApp) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=(44, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        ticket = await opened(pilot, app, Draft("buy", CALL, 12, kind="twap", entries=(("ends", "30m"),)))
        assert shown(ticket) == ["side", "quantity", "kind", "limit", "ends", "slices"]
        await pilot.press("+")
        assert {"style", "catch_up", "seed", "time_jitter", "size_jitter"} <= set(shown(ticket))
        await pilot.press("+")
        ticket.query_one("#slices", Input).value = "4"
        await previewed(pilot, ticket)
        assert "4 of 3 to 3" in screen_text(app)
        algo_id = ticket.desk.order_id
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not ticket, "the start")
        from optionix_core.services import algorithms

        story = algorithms.show(app.session.workspace, algo_id)
        assert (story.parent.quantity, story.parent.slices, story.filled) == (12, 4, 3)
        assert any("Started: TWAP BUY 12" in note.title for note in app._notifications)


async def test_what_is_typed_right_behind_a_tab_belongs_to_the_field_after_it(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_ready(pilot, app)
        ticket = await opened(pilot, app, Draft("buy", CALL, 2))
        for key in ("tab", "right"):  # both are there before either is handled
            app.post_message(events.Key(key, None))
        await until(pilot, lambda: ticket.form.kind == "limit", "the type turned")
