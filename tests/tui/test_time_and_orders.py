"""What time does to the book while the terminal is open, and orders that were typed whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.paths import Paths
from config.settings import load
from optionix_core.market.clock import ManualClock
from optionix_core.services import trading
from optionix_core.services.lifecycle import Unsettled, VenueUpdate
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import OrderIntent, Side
from optionix_core.trading.records import intent_event
from optionix_tui.app import OptionixApp
from optionix_tui.mailbox import Mailbox
from optionix_tui.opening import build
from optionix_tui.picture import draw, screen_text
from screens.ticket import TicketDialog
from screens.venue_text import MOST_LINES, update_notices
from tests.tui.waiting import until, until_ready

MakeApp = Callable[..., OptionixApp]
OpenWorkspace = Callable[[], Workspace]
KEY = "ORBIT 260109C00205000"


def buy(workspace: Workspace, quantity: int = 2) -> None:
    trading.raise_for_state(trading.submit(workspace, "buy", quantity, KEY, client_order_id="bought"))


async def test_a_position_that_expires_while_the_terminal_is_open_is_settled_and_told(
    make_app: MakeApp, open_workspace: OpenWorkspace, clock: ManualClock
) -> None:
    with open_workspace() as workspace:
        buy(workspace)
        expires_at = workspace.feed.instrument(KEY).expires_at
    app = make_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        book = app.session.book
        assert book is not None
        assert book.held == {KEY: Decimal(2)}
        events, cash = book.events, book.report.state.cash
        clock.moment = expires_at + timedelta(seconds=1)
        await until(pilot, lambda: app.session.book is not None and app.session.book.held == {}, "the settlement")
        await until(pilot, lambda: "Expired and settled" in screen_text(app), "the notification", 5.0)
        assert "ORBIT 09JAN26 205 C" in screen_text(app)
        after = app.session.book
        assert after is not None
        assert after.events == events + 2  # the price that was fixed, and the entry that pays by it
        paid = after.report.state.cash - cash
        settled_at = Decimal(str(app.session.workspace.feed.settlement_price("ORBIT", expires_at)))  # type: ignore[attr-defined] # the simulated feed publishes it
        assert paid == 200 * max(settled_at - 205, Decimal(0))


async def test_an_order_that_a_killed_process_left_open_is_ended_and_told_at_the_start(
    make_app: MakeApp, open_workspace: OpenWorkspace, clock: ManualClock
) -> None:
    with open_workspace() as workspace:
        buy(workspace)
        intent = OrderIntent("cut-short", "paper-1", Side.BUY, 1, KEY, None, clock.now())
        with workspace.store.writing("die after the intent") as log:
            log.append([intent_event(intent)])
    app = make_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        await until(pilot, lambda: "interrupted" in screen_text(app), "the notification", 5.0)
        assert "cut-short: ended without a fill" in screen_text(app)
        record = app.session.workspace.store.find("order/cut-short/end")
        assert record is not None
        assert record.event.payload["reason"] == "interrupted"


async def test_nothing_due_writes_nothing_and_a_picture_never_does(
    make_app: MakeApp, open_workspace: OpenWorkspace, clock: ManualClock
) -> None:
    with open_workspace() as workspace:
        buy(workspace)
        before = workspace.store.head()
        expires_at = workspace.feed.instrument(KEY).expires_at
    await draw(make_app(), (80, 24), "text")
    clock.moment = expires_at + timedelta(hours=1)
    await draw(make_app(keeps_venue=False), (80, 24), "text")
    with open_workspace() as workspace:
        assert workspace.store.head() == before


async def test_quotes_go_on_while_another_process_holds_the_lock(
    make_app: MakeApp, open_workspace: OpenWorkspace, clock: ManualClock
) -> None:
    with open_workspace() as other:
        buy(other)
        expires_at = other.feed.instrument(KEY).expires_at
        app = make_app()
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until_ready(pilot, app)
            with other.store.writing("hold the lock"):
                clock.moment = expires_at + timedelta(seconds=1)
                for _ in range(3):
                    clock.advance(timedelta(seconds=4))
                    before = app.session.chain
                    await until(pilot, lambda seen=before: app.session.chain is not seen, "another view", 5.0)
                assert app.session.book_problem is None
                assert app.session.book is not None
                assert app.session.book.held == {KEY: Decimal(2)}
            clock.advance(timedelta(seconds=4))
            await until(pilot, lambda: app.session.book is not None and app.session.book.held == {}, "it", 10.0)


@pytest.mark.parametrize("confirm", [True, False])
async def test_an_order_typed_whole_goes_out_at_once_only_where_settings_say_so(
    make_app: MakeApp, confirm: bool
) -> None:
    app = make_app(confirm=confirm)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("colon", *"buy 3 ORBIT 9JAN26 205 C 99", "enter")
        if confirm:
            await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")
            assert app.session.workspace.store.head().seq == 0
            return
        await until(pilot, lambda: app.session.book is not None and app.session.book.held == {KEY: 3}, "the fill", 10.0)
        assert "Filled: BUY 3" in screen_text(app)
        assert not isinstance(app.screen, TicketDialog)


async def test_shares_are_ordered_from_the_command_line_with_a_ticket(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        await app.run_line("buy 100 ORBIT")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")
        await until(pilot, lambda: app.screen.study is not None, "the preview", 10.0)
        await pilot.press("enter")
        await until(pilot, lambda: app.session.book is not None and app.session.book.held == {"ORBIT": 100}, "it", 10.0)
        assert "Filled: BUY 100 ORBIT" in screen_text(app)


async def test_keys_and_orders_without_a_price_always_open_the_ticket(make_app: MakeApp) -> None:
    app = make_app(confirm=False)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        for keys in (("b",), ("colon", *"buy 3 ORBIT 9JAN26 205 C", "enter")):
            await pilot.press(*keys)
            await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")
            await pilot.press("escape")
        assert app.session.workspace.store.head().seq == 0


async def test_an_order_typed_whole_that_cannot_be_is_told(make_app: MakeApp) -> None:
    app = make_app(confirm=False)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until_ready(pilot, app)
        await app.run_line("buy 1 ORBIT 9JAN26 205 C 0.01 ioc")
        await until(pilot, lambda: "Not filled: BUY 1" in screen_text(app), "how it ended", 10.0)


def test_the_application_takes_patience_and_confirmation_from_the_settings(tmp_path: Path) -> None:
    paths = Paths.of(tmp_path)
    settings = load(flags={"trading.lock_timeout_seconds": 2.5}, environ={}, cwd=tmp_path, paths=paths)
    settings = replace(settings, trading=replace(settings.trading, confirm=False))
    app = build(settings, paths)
    assert app.session.workspace.lock_timeout == 2.5
    assert app._confirm is False


def test_notices_name_what_was_settled_what_was_not_and_whose() -> None:
    update = VenueUpdate(
        settled=(("paper-1", KEY, Decimal("692.00")), ("paper-2", KEY, Decimal(0))),
        interrupted=("cut",),
        unsettled=(Unsettled("paper-1", KEY, "no spot at that moment"),),
    )
    settled, unsettled, interrupted = update_notices(update, "paper-1")
    assert settled.title == "Expired and settled, cash +692.00"
    assert settled.text.splitlines() == [
        "ORBIT 09JAN26 205 C: +692.00",
        "paper-2 ORBIT 09JAN26 205 C: worthless",
    ]
    assert (unsettled.text, unsettled.loudness) == ("ORBIT 09JAN26 205 C: no spot at that moment", "warning")
    assert interrupted.text == "cut: ended without a fill"
    many = VenueUpdate(interrupted=tuple(f"order-{number}" for number in range(MOST_LINES + 2)))
    assert update_notices(many, "paper-1")[0].text.endswith("and 2 more: see the book (F5)")
    assert update_notices(VenueUpdate(), "paper-1") == ()


def test_mail_that_must_not_be_missed_is_kept_in_order_until_it_is_taken() -> None:
    told: list[int] = []
    mailbox = Mailbox(lambda: told.append(1))
    mailbox.add("venue", 1)
    mailbox.put(chain="old")
    mailbox.put(chain="new")
    mailbox.add("venue", 2)
    assert len(told) == 1
    assert mailbox.take() == {"venue": (1, 2), "chain": "new"}
    assert mailbox.take() == {}
