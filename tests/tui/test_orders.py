"""The orders screen driven by keys, on the real venue: every action, and what it leaves in the log."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import Input

from optionix_core.market.clock import ManualClock
from optionix_core.services import alerts, algorithms, orders
from optionix_core.trading.alerts.alert import AlertStatus
from optionix_core.trading.orders import OrderState
from optionix_tui.drawing import screen_text
from screens.chain import ChainScreen
from screens.command import CommandDialog
from screens.confirm import ConfirmDialog
from screens.explain import ExplainDialog
from screens.orders_columns import RowKey
from screens.orders_panes import NAMES
from screens.ticket import TicketDialog
from tests.core.services.desk_of_orders import (
    ALERT,
    ALGO,
    BOUGHT,
    CALL,
    CANCELLED,
    FAR_CALL,
    REFUSED,
    RESTING,
    SPREAD,
    STOP,
    story,
)
from tests.tui.orders_desk import WIDE, MakeApp, OpenWorkspace, to_order, told, until_shown
from tests.tui.waiting import until

if TYPE_CHECKING:
    import pytest


async def test_every_state_is_shown_with_its_reason_legs_and_fills(make_app: MakeApp, desk: None) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=(200, 55), notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        keys = [row.key for row in screen.panes.grid("orders").rows]
        assert [key.order for key in keys if not key.part] == [  # type: ignore[attr-defined] # RowKey
            f"{ALGO}-1", STOP, RESTING, CANCELLED, REFUSED, SPREAD, BOUGHT,
        ]  # fmt: skip
        assert [key.part for key in keys if key.part] == [CALL, FAR_CALL]  # type: ignore[attr-defined] # RowKey
        text = screen_text(app)
        for word in ("held", "working", "cancelled", "rejected", "filled", "buying-power: costs", "+1 ORBIT 09JAN26"):
            assert word in text
        assert "1 halt in force" in text
        assert "1 algorithm running" in text
        assert "1 alert fired" in text
        assert "kill switch disarmed" in text
        to_order(screen, SPREAD)
        await pilot.pause()
        (spread,) = (order for order in screen.board.orders if order.intent.client_order_id == SPREAD)  # type: ignore[union-attr] # it is there
        rows = screen.panes.grid("fills").rows
        assert [row.cells[1] for row in rows] == [1, 1, -1]
        assert rows[0].cells[2] == spread.fills[0].price == rows[1].cells[2] - rows[2].cells[2]
        assert rows[0].cells[3] == spread.fees
        assert rows[0].cells[5] == "natural-touch-whole-units"
        to_order(screen, REFUSED)
        await pilot.pause()
        assert "no fills of this order" in screen_text(app)


async def test_an_order_is_cancelled_after_one_question(
    make_app: MakeApp, desk: None, open_workspace: OpenWorkspace
) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        to_order(screen, RESTING)
        await pilot.press("x")
        assert isinstance(app.screen, ConfirmDialog)
        assert "Cancel BUY 3 ORBIT 09JAN26 205 C limit GTC 0.50?" in screen_text(app)
        await pilot.press("escape")
        assert app.screen is screen
        with open_workspace() as other:
            assert story(other, RESTING).state is OrderState.WORKING
        await pilot.press("x", "enter")
        await until(pilot, lambda: "✓ cancelled: BUY 3" in told(app), "the answer")
        with open_workspace() as other:
            assert story(other, RESTING).reason == orders.CANCELLED
        row = RowKey(RESTING)
        await until(
            pilot,
            lambda: next(one.cells[1] for one in screen.panes.grid("orders").rows if one.key == row) == "cancelled",
            "the state",
        )
        await pilot.press("x")
        assert "there is nothing to cancel" in told(app)


async def test_quantity_and_limit_are_amended_on_the_entry_line(
    make_app: MakeApp, desk: None, open_workspace: OpenWorkspace
) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        to_order(screen, RESTING)
        await pilot.press("a")
        entry = screen.query_one("#entry", Input)
        assert entry.value == "3 @ 0.5"
        entry.value = "none @ 0.60"
        await pilot.press("enter")
        assert "quantity must be a whole number" in told(app)
        assert app.focused is entry
        entry.value = "2 @ 0.60"
        await pilot.press("enter")
        await until(pilot, lambda: "✓ amended: BUY 2" in told(app), "the answer")
        with open_workspace() as other:
            intent = story(other, RESTING).intent
            assert (intent.quantity, intent.limit_price) == (2, Decimal("0.60"))
        await until(pilot, lambda: "BUY 2 ORBIT 09JAN26 205 C" in screen_text(app), "the row")
        # What the gate refuses is told with its rule, and the order stands as it stood.
        await pilot.press("a")
        entry.value = "9000 @ 3"
        await pilot.press("enter")
        await until(pilot, lambda: "refused by buying-power" in told(app), "the refusal")
        with open_workspace() as other:
            assert story(other, RESTING).intent.quantity == 2
        await pilot.press("a", "escape")
        assert not entry.display
        to_order(screen, REFUSED)
        await pilot.press("a")
        assert "its terms are done with" in told(app)


async def test_filter_zoom_panes_copy_and_export(
    make_app: MakeApp, desk: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "started-here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    app = make_app(mode="orders")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        grid = screen.panes.grid("orders")
        whole = len(grid.rows)
        await pilot.press("f")
        assert {row.cells[1] for row in grid.rows} == {"held", "working"}
        assert "Orders / open: 2 of 7" in screen_text(app)
        assert screen.command_line() == "optionix order list"
        await pilot.press("escape")
        assert len(grid.rows) == whole
        await pilot.press("slash", *"rejected sell", "enter")
        assert grid.rows == ()
        assert "no order is within / rejected sell" in screen_text(app)
        await pilot.press("slash")
        screen.query_one("#entry", Input).value = "spread"
        await pilot.press("enter")
        assert len(grid.rows) == 3
        await pilot.press("e", "enter")
        csv_path = folder / "orders-paper-1-20260105-150200.csv"
        await until(pilot, lambda: app.screen is screen, "the file")
        assert csv_path.name in told(app)
        (line,) = csv.DictReader(csv_path.read_text("utf-8").splitlines())
        assert (line["client_order_id"], line["state"], line["label"]) == (
            SPREAD, "filled", "+1 ORBIT 09JAN26 205 C, -1 ORBIT 09JAN26 210 C",
        )  # fmt: skip
        await pilot.press("e", "tab", "enter")
        json_path = csv_path.with_suffix(".json")
        await until(pilot, lambda: app.screen is screen, "the other file")
        (document,) = json.loads(json_path.read_text())["orders"]
        assert [leg["quantity"] for leg in document["fills"][0]["legs"]] == [1, -1]

        commands = []
        for name in NAMES:
            assert screen.panes.marked == name
            await pilot.press("y")
            commands.append(app.clipboard)
            await pilot.press("tab")
        assert commands == [
            "optionix order list --all", f"optionix order show {SPREAD}", f"optionix algo costs {ALGO}",
            "optionix alert list", "optionix halt status",
        ]  # fmt: skip
        await pilot.press("shift+tab", "plus")
        assert [name for name in NAMES if screen.query_one(f"#{name}-pane").display] == ["halts"]
        await pilot.press("escape")
        assert all(screen.query_one(f"#{name}-pane").display for name in NAMES)
        await pilot.click("#alerts")
        assert screen.panes.marked == "alerts"


async def test_explain_says_where_each_number_comes_from(make_app: MakeApp, desk: None) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=(120, 50), notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        expected = {
            "orders": ("weighted by its quantity", "order.filled", "gate passed", BOUGHT),
            "fills": ("touch-displayed-size", "quoted", "source"),
            "algorithms": ("Perold 1988", "arrival mid", "1 of 4 sent"),
            "alerts": ("ORBIT last", "no other feed's quotes fire it", "last fire"),
            "halts": ("news pending", "until it is lifted"),
        }
        columns = {"orders": "average", "algorithms": "shortfall"}
        to_order(screen, BOUGHT)
        for name, words in expected.items():
            screen.panes.mark(name)
            grid = screen.panes.grid(name)
            visible = [column.key for column in grid.visible_columns]
            if name in columns and columns[name] in visible:
                grid.move_to(column=visible.index(columns[name]))
            elif name == "algorithms":
                await pilot.press("plus")
                await pilot.pause()
                visible = [column.key for column in grid.visible_columns]
                grid.move_to(column=visible.index(columns[name]))
            await pilot.press("i")
            await until(pilot, lambda: isinstance(app.screen, ExplainDialog), name)
            text = " ".join(screen_text(app).replace("│", " ").split())
            for word in words:
                assert word in text, (name, word, text)
            await pilot.press("escape")
            if screen.panes.zoomed:
                await pilot.press("plus")


async def test_tickets_and_the_chain_open_from_the_order_or_its_leg(make_app: MakeApp, desk: None) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=(120, 45), notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        to_order(screen, BOUGHT)
        await pilot.press("s")
        assert isinstance(app.screen, TicketDialog)
        assert app.screen.query_one("#quantity", Input).value == "2"
        assert "SELL" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the ticket's end")
        to_order(screen, SPREAD, FAR_CALL)
        await pilot.press("b")
        assert isinstance(app.screen, TicketDialog)
        assert "ORBIT 09JAN26 210 C" in screen_text(app)
        assert app.screen.query_one("#quantity", Input).value == "1"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the ticket's end")
        await pilot.press("n")
        assert isinstance(app.screen, CommandDialog)
        assert app.screen.query_one("#line", Input).value == "buy 1 ORBIT 09JAN26 210 C "
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the command line's end")
        await pilot.press("enter")

        def there() -> bool:
            frame = app.frame
            place = frame.under_cursor() if isinstance(frame, ChainScreen) else None
            return place is not None and place[2].symbol == FAR_CALL

        await until(pilot, there, "the leg in its chain")
        await pilot.press("g", "o")
        await until(pilot, lambda: app.screen is screen, "the orders")


async def test_an_algorithm_is_paused_resumed_and_cancelled(
    make_app: MakeApp, desk: None, open_workspace: OpenWorkspace
) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        screen.panes.mark("algorithms")
        for state in ("paused", "running"):
            await pilot.press("space")
            await until(pilot, lambda word=state: f"✓ {word}: twap" in told(app), state)
            with open_workspace() as other:
                assert algorithms.show(other, ALGO).state == state
            await until(pilot, lambda word=state: screen.panes.grid("algorithms").rows[0].cells[0] == word, "the row")
        await pilot.press("x")
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("enter")
        await until(pilot, lambda: "✓ cancelled: twap" in told(app), "the answer")
        with open_workspace() as other:
            assert algorithms.show(other, ALGO).state == "cancelled"
        await until(pilot, lambda: screen.panes.grid("algorithms").rows[0].cells[0] == "cancelled", "the row")
        await pilot.press("space")
        await until(pilot, lambda: "must be running or paused" in told(app), "why not")


async def test_an_alert_is_snoozed_and_seen(
    make_app: MakeApp, desk: None, open_workspace: OpenWorkspace, clock: ManualClock
) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        screen.panes.mark("alerts")
        await pilot.press("z")
        entry = screen.query_one("#entry", Input)
        assert entry.value == "30"
        entry.value = "0"
        await pilot.press("enter")
        assert "minutes must be a whole number" in told(app)
        entry.value = "45"
        await pilot.press("enter")
        await until(pilot, lambda: f"alert {ALERT} is snoozed" in told(app), "the answer")
        with open_workspace() as other:
            report = alerts.show(other, ALERT)
            assert report.status is AlertStatus.SNOOZED
            assert report.opened.snoozed_until == clock.now() + timedelta(minutes=45)
        clock.advance(timedelta(minutes=46))
        with open_workspace() as other:
            alerts.check(other)
        await until(pilot, lambda: screen.panes.grid("alerts").rows[0].cells[0] == "fired", "the fire")
        await pilot.press("d")
        await until(pilot, lambda: f"alert {ALERT} is dismissed" in told(app), "the answer")
        await until(pilot, lambda: screen.panes.grid("alerts").rows == (), "the row's end")
        await pilot.press("d")
        assert "no alert under the cursor" in told(app)
