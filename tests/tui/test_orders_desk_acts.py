"""Alerts, halts and algorithms written on the orders screen; sorting; files of each pane; what a workspace keeps."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.services import alerts, halts
from optionix_core.services.workspace import Workspace
from optionix_core.trading.halts import HaltScope
from optionix_tui.picture import screen_text
from screens.confirm import ConfirmDialog
from screens.entry import EntryLine
from screens.orders_sort import OrderSort
from screens.ticket import TicketDialog
from tests.core.services.desk_of_orders import ALERT, ALGO, CALL, RESTING
from tests.tui.orders_desk import WIDE, MakeApp, to_order, told, until_shown
from tests.tui.waiting import until

if TYPE_CHECKING:
    from textual.pilot import Pilot


async def write(pilot: Pilot[Any], text: str) -> None:
    entry = pilot.app.screen.query_one(EntryLine)
    assert entry.display
    entry.value = text
    await pilot.press("enter")


async def test_alerts_are_written_rewritten_and_removed_and_halts_set_and_lifted(
    make_app: MakeApp, desk: None, open_workspace: Callable[[], Workspace]
) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        screen.panes.mark("alerts")
        await pilot.press("w")
        await write(pilot, "ORBIT last over 500")
        assert "alert must be like ORBIT last above 220" in told(app)
        await write(pilot, "ORBIT last above 500 note far away")
        await until(pilot, lambda: screen.board and len(screen.board.alerts) == 2, "the alert")
        assert screen.board is not None
        fresh = next(one for one in screen.board.alerts if one.opened.alert.alert_id != ALERT)
        assert screen.panes.grid("alerts").move_to_key(fresh.opened.alert.alert_id)
        await pilot.press("a")
        assert screen.query_one(EntryLine).value == "ORBIT last above 500 note far away"
        await write(pilot, "ORBIT last above 600")
        await until(pilot, lambda: "above 600" in screen_text(app) and "above 500" not in screen_text(app), "the edit")
        assert screen.board is not None
        other = next(one for one in screen.board.alerts if one.opened.alert.alert_id != ALERT)
        assert screen.panes.grid("alerts").move_to_key(other.opened.alert.alert_id)
        await pilot.press("x")
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("enter")
        await until(pilot, lambda: screen.board and len(screen.board.alerts) == 1, "the removal")
        screen.panes.mark("halts")
        await pilot.press("H")
        await write(pilot, "TUNDRA 5m news pending")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        assert "Halt TUNDRA?" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: screen.board and len(screen.board.halts.halts) == 2, "the halt")
        assert screen.board is not None
        halt = next(one for one in screen.board.halts.halts if one.name == "TUNDRA")
        assert (halt.scope, halt.reason) == (HaltScope.UNDERLYING, "news pending")
        assert screen.panes.grid("halts").move_to_key(halt.key)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: screen.board and len(screen.board.halts.halts) == 1, "its end")
    with open_workspace() as workspace:
        assert [one.opened.alert.alert_id for one in alerts.standing(workspace)] == [ALERT]
        assert [one.name for one in halts.standing(workspace).halts] == ["QUASAR"]


async def test_orders_are_sorted_exported_by_pane_and_set_up_as_they_were(make_app: MakeApp, desk: None) -> None:
    app = make_app(mode="orders")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_shown(pilot, app)
        await pilot.click("#orders", offset=(screen.panes.grid("orders")._placed[1].x + 1, 0))
        assert screen.sort == OrderSort("state")
        assert "by state ▲" in screen_text(app)
        await pilot.press("S")
        assert screen.sort.column == screen.panes.grid("orders").cursor_column.key  # type: ignore[union-attr]
        to_order(screen, RESTING)
        orders = csv.DictReader(io.StringIO(screen.exports()["csv"]()))
        assert RESTING in {row["client_order_id"] for row in orders}
        screen.panes.mark("fills")
        with pytest.raises(MissingDataError, match="there are no fills"):
            screen.exports()["csv"]()
        screen.panes.mark("algorithms")
        assert json.loads(screen.exports()["json"]())["algorithms"][0]["algo_id"] == ALGO
        screen.panes.zoom()
        kept = dict(screen.arrangement())
        assert json.loads(json.dumps(kept)) == kept
        screen.use_arrangement({})
        assert (screen.panes.marked, screen.panes.zoomed, screen.sort) == ("orders", False, OrderSort())
        screen.use_arrangement({**kept, "filter": "open"})
        assert (screen.panes.marked, screen.panes.zoomed, screen.filter.text) == ("algorithms", True, "open")
        for wrong in ({"pane": "prices"}, {"sort": "colour"}, {"zoomed": "yes"}, {"width": 3}):
            with pytest.raises(InvalidValueError):
                screen.use_arrangement(wrong)
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")
        ticket = app.screen
        assert isinstance(ticket, TicketDialog)
        assert (ticket.form.kind, ticket.form.symbol) == ("twap", CALL)
