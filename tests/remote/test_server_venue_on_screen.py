"""Tickets and cancellations in the terminal on an account at the server's venue, over a whole server."""

from __future__ import annotations

from decimal import Decimal

from optionix_core.market import symbols
from optionix_core.services import kept_orders, orders
from optionix_core.trading.orders import OrderState
from optionix_tui.app import OptionixApp
from optionix_tui.picture import screen_text
from optionix_tui.remote import syncing
from optionix_tui.remote.link import HomeLink
from screens.host import Draft
from screens.order_acts import cancel_order
from tests.remote.commands import EMAIL
from tests.remote.conftest import PASSWORD, Live
from tests.tui.conftest import idle_is_the_interface  # noqa: F401 # a fixture
from tests.tui.test_ticket import opened, previewed
from tests.tui.waiting import until, until_ready

CALL = symbols.security("ORBIT 15JAN27 230 C")


async def test_a_ticket_is_filled_by_the_server_and_kept_where_it_is_out_of_reach(live: Live) -> None:
    live.add()
    workspace, team = live.workspace(account="server-1"), live.team()
    team.sign_in(workspace, live.url, EMAIL, PASSWORD)
    assert team.client().portfolio.summary().account_id == "server-1"
    syncing.pull(team, workspace)
    workspace.lay_way = HomeLink(lambda: team, workspace, background=False, interval=60.0).venue
    app = OptionixApp(workspace, rate=5.0, mode="orders")
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        ticket = await opened(pilot, app, Draft("buy", CALL, 2))
        assert "fills       2 at" in screen_text(app)
        order_id = ticket.desk.order_id
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not ticket, "the order")
        filled = orders.standing(workspace, order_id)
        assert filled is not None
        assert (filled.state, filled.filled_quantity) == (OrderState.FILLED, 2)
        assert live.team().client().trade.orders().total == 1

        ticket = await opened(pilot, app, Draft("buy", CALL, 1, Decimal("0.05"), kind="limit"))
        ticket.show_field("time").focus()
        await pilot.press("f")
        await previewed(pilot, ticket)
        low = ticket.desk.order_id
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not ticket, "the order that rests")
        resting = orders.standing(workspace, low)
        assert resting is not None
        assert resting.open
        assert cancel_order(workspace, low).startswith("cancelled: BUY 1")

        file = live.home("home").state / "server" / "session.json"
        file.write_text(file.read_text().replace(live.url, "http://127.0.0.1:9"))
        team.close()
        ticket = await opened(pilot, app, Draft("buy", CALL, 3))
        later = ticket.desk.order_id
        await pilot.press("enter")
        await until(pilot, lambda: "not sent" in screen_text(app), "that it was kept")
        assert app.screen is ticket
        await pilot.press("enter")  # again: it is one order
        await until(pilot, lambda: not ticket._sending and "not sent" in screen_text(app), "that it is kept")
        (kept,) = kept_orders.listing(workspace)
        assert (kept.order_id, kept.intent.quantity, kept.state) == (later, 3, kept_orders.KeptState.KEPT)
    workspace.close()
