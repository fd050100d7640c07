"""The system screen: the log as it grows, its check with progress and cancel, findings, filter and export."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.errors import InterruptedByUserError, InvalidValueError
from optionix_core.services import log
from optionix_core.services.workspace import Workspace
from optionix_core.sync.event import Event
from optionix_core.sync.memory import MemoryEventStore
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.entry import EntryLine
from screens.explain import ExplainDialog
from screens.system import SystemScreen
from screens.system_columns import entry_rows
from tests.tui.conftest import MOMENT
from tests.tui.waiting import until, until_ready

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]


async def _until_shown(pilot: Pilot[Any], app: OptionixApp) -> SystemScreen:
    await until_ready(pilot, app)
    frame = app.frame
    assert isinstance(frame, SystemScreen)
    await until(pilot, lambda: frame.settled, "the log")
    return frame


async def test_the_log_is_shown_checked_filtered_explained_and_exported(
    make_app: MakeApp, open_workspace: Callable[[], Workspace], desk: None
) -> None:
    with open_workspace() as workspace:
        head = workspace.store.head()
    app = make_app(mode="system")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        screen = await _until_shown(pilot, app)
        grid = screen.panes.grid("log")
        assert [row.key for row in grid.rows[:2]] == [head.seq, head.seq - 1]
        text = screen_text(app)
        assert f"seq {head.seq:,}" in text
        assert "not checked in this session" in text
        await pilot.press("v")
        await until(pilot, lambda: f"✓ {head.seq:,} events, verified" in screen_text(app), "the check")

        await pilot.press("slash", *"order!", "enter")
        assert "filter must be a type such as order" in str(list(app._notifications)[-1].message)
        entry = screen.query_one("#entry", EntryLine)
        await pilot.press("tab")
        assert screen.focused is entry  # open, and with the keys
        await pilot.press("escape", "slash", *"order", "enter")
        await until(pilot, lambda: screen.settled, "orders alone")
        assert {row.cells[2].partition(".")[0] for row in screen.panes.grid("log").rows} == {"order"}
        assert screen.command_line() == "optionix log show --limit 500 --type order"
        rows = list(csv.DictReader(StringIO(screen.exports()["csv"]())))
        assert {row["type"].partition(".")[0] for row in rows} == {"order"}

        await pilot.press("i")
        assert isinstance(app.screen, ExplainDialog)
        assert "this one included" in screen_text(app)
        await pilot.press("escape", "enter")
        assert screen.panes.marked == "entry-facts"
        entry = screen.entry()
        assert entry is not None
        assert screen.command_line() == f"optionix log show --after {entry.seq - 1} --limit 1 --json"
        await pilot.press("tab", "i")
        assert "optionix doctor" in screen_text(app)
        await pilot.press("escape", "y", "plus")
        assert app.clipboard == "optionix doctor"
        kept = screen.arrangement()
        assert kept == {"pane": "findings", "zoomed": True, "filter": "order"}
        await pilot.press("escape", "escape")
        assert screen.arrangement() == {"pane": "findings", "zoomed": False, "filter": ""}
        screen.use_arrangement(kept)
        assert screen.arrangement() == kept
        with pytest.raises(InvalidValueError, match="pane must be one of log"):
            screen.use_arrangement({"pane": "fills"})


async def test_an_empty_log_and_a_check_that_finds_something_are_told(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(mode="system")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await _until_shown(pilot, app)
        assert "the log is empty" in screen_text(app)
        waiting: list[Callable[[], bool]] = []

        def long_check(store: object, progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> None:
            waiting.append(cancel)
            progress(1, 4)
            while not cancel():
                pass
            raise InterruptedByUserError

        monkeypatch.setattr("optionix_core.services.log.verify", long_check)
        await pilot.press("v")
        await until(pilot, lambda: "25%" in screen_text(app), "progress")
        await pilot.press("escape")
        await until(pilot, lambda: not screen._checks.running, "the end of it")
        assert waiting[0]()
        assert "not checked in this session" in screen_text(app)
        await pilot.press("v")
        await until(pilot, lambda: len(waiting) == 2 and screen._checks.running, "another check")
    assert waiting[1]()  # whoever leaves does not wait for it


def test_what_is_nested_in_an_entry_is_taken_apart() -> None:
    row = log.LogRow(7, MOMENT, "order.filled", "x", {"a": {"b": "1", "c": [1, 2]}, "d": [{"e": None}]}, "00")
    assert dict(cells.cells for cells in entry_rows(row)) == {
        "seq": "7", "time": "2026-01-05 15:00:00.000000 UTC", "type": "order.filled", "id": "x",
        "a.b": "1", "a.c": "[1, 2]", "d.1.e": "null", "hash": "00",
    }  # fmt: skip


def test_the_last_of_a_type_and_a_check_that_is_ended() -> None:
    store = MemoryEventStore()
    with store.writing("test") as writer:
        writer.append([Event(f"e{place}", ("a.x", "b.y")[place % 2], MOMENT, {"n": place}) for place in range(10)])
    assert [row.seq for row in log.tail(store, 2, "a").rows] == [7, 9]
    told: list[tuple[int, int]] = []
    assert log.verify(store, lambda *step: told.append(step)).events == 10
    assert told == [(0, 10)]
    with pytest.raises(InterruptedByUserError):
        log.verify(store, cancel=lambda: True)
    with pytest.raises(InvalidValueError, match="format must be one of csv, json, jsonl"):
        log.encode(log.tail(store), "xml")
