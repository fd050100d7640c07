"""The book on a real home: the tree and its keys, the mouse, what is told beside it, and what is done from it."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from optionix_core.errors import IntegrityError, InvalidValueError, MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.deliverables import label_of
from optionix_core.portfolio.deliveries import Delivery
from optionix_core.services import book_life, book_standing, exercising, journal
from optionix_core.services.exercising import Exercised
from optionix_core.services.settling import last_instruction
from optionix_core.services.workspace import Workspace
from optionix_tui.drawing import screen_text
from screens.book_columns import LAYOUTS
from screens.confirm import ConfirmDialog
from screens.explain import ExplainDialog
from screens.ticket import TicketDialog
from tests.tui.book_desk import (
    CALLS,
    FAR,
    PUTS,
    WIDE,
    MakeApp,
    OpenWorkspace,
    hold,
    rows_of,
    to_group,
    to_part,
    until_told,
)
from tests.tui.waiting import until

if TYPE_CHECKING:
    from screens.book_board import BookBoard


@pytest.fixture
def held(open_workspace: OpenWorkspace, clock: ManualClock) -> None:
    with open_workspace() as workspace:
        hold(workspace, clock)


def words(screen: BookBoard) -> str:
    """What the lowest line tells."""
    from widgets.info_line import InfoLine

    return screen.query_one("#ahead", InfoLine).text


async def test_the_tree_is_grouped_folded_sorted_and_filtered(make_app: MakeApp, held: None) -> None:
    app = make_app(mode="book")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_told(pilot, app)
        assert rows_of(screen) == [
            "▾ ORBIT",
            "ORBIT",
            "▾ iron condor 16 Jan 26",
            *(label_of(symbol) for symbol in (*PUTS, *CALLS)),
            label_of(FAR),
            "all",
        ]
        to_group(screen, "iron condor")
        await pilot.press("space")
        assert rows_of(screen) == ["▾ ORBIT", "ORBIT", "▸ iron condor 16 Jan 26", label_of(FAR), "all"]
        await pilot.press("z")
        assert "▾ iron condor 16 Jan 26" in rows_of(screen)
        to_part(screen, CALLS[0])
        await pilot.press("space")
        assert "▸ iron condor 16 Jan 26" in rows_of(screen)
        assert screen.words_under_cursor() == "iron condor 16 Jan 26"
        await pilot.press("enter")
        assert "▾ iron condor 16 Jan 26" in rows_of(screen)

        grid = screen.panes.grid("positions")
        row = next(i for i, one in enumerate(rows_of(screen)) if "iron" in one)
        assert await pilot.click(grid, offset=(6, row + grid.header_height))
        assert "▸ iron condor 16 Jan 26" in rows_of(screen)
        assert await pilot.click(grid, offset=(6, row + grid.header_height))
        assert "▾ iron condor 16 Jan 26" in rows_of(screen)

        await pilot.press("u")
        assert rows_of(screen)[-2:] == [label_of(symbol) for symbol in (FAR,)] + ["all"]
        assert screen.by == "none"
        await pilot.press("u", "u")
        assert [one for one in rows_of(screen) if "▾" in one] == ["▾ no expiry", "▾ 16 Jan 26", "▾ 20 Feb 26"]
        await pilot.press("u")
        assert screen.by == "strategy"

        grid.move_to(column=next(i for i, one in enumerate(grid.visible_columns) if one.key == "day_pnl"))
        await pilot.press("o")
        ordered = [part.day_pnl for one in screen.groups.values() if one.strategy for part in one.parts]
        assert ordered[: len(PUTS) + len(CALLS)] != []
        condor = next(one for one in screen.groups.values() if one.strategy == "iron-condor")
        days = [part.day_pnl for part in condor.parts if part.day_pnl is not None]
        assert days == sorted(days, reverse=True)
        await pilot.press("o")
        condor = next(one for one in screen.groups.values() if one.strategy == "iron-condor")
        assert [part.day_pnl for part in condor.parts] == sorted(days)
        assert "sorted by day pnl ▲" in screen_text(app)
        await pilot.press("o")
        assert screen.order is None
        titles = [column.key for column in grid.visible_columns]
        x = sum(place.width + 1 for place in grid._placed[: titles.index("vega")])
        assert await pilot.click(grid, offset=(x + 1, 0))
        assert screen.order == ("vega", True)
        await pilot.press("c")
        assert [column.key for column in grid.visible_columns] == list(LAYOUTS["money"])
        await pilot.press("c")
        assert [column.key for column in grid.visible_columns] == list(LAYOUTS["greeks"])
        await pilot.press("c")
        assert [column.key for column in grid.visible_columns] == titles
        screen.sort_by("vega")
        screen.sort_by("vega")

        await pilot.press("slash")
        screen.query_one("#entry", Input).value = "call <x"
        await pilot.press("enter")
        assert "filter must be days to expiry such as <30d" in words(screen)
        assert screen.query_one("#entry", Input).display  # nothing is lost
        screen.query_one("#entry", Input).value = "call short"
        await pilot.press("enter")
        assert [one for one in rows_of(screen) if "26" in one] == [label_of(CALLS[0])]
        assert "/ call short: 1 of 6" in screen_text(app)
        await pilot.press("escape")
        assert len(rows_of(screen)) == 9


async def test_panes_tell_explain_copy_and_export(make_app: MakeApp, held: None, clock: ManualClock) -> None:
    clock.advance(timedelta(days=1))
    app = make_app(mode="book")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_told(pilot, app)
        shown = screen_text(app)
        assert "since 05 Jan 21:00" in shown
        assert "Θ" in rows_of(screen, "explained")
        to_group(screen, "iron condor")
        await pilot.pause()
        theta = next(row for row in screen.panes.grid("explained").rows if row.key == "Θ")
        assert screen.standing is not None
        assert screen.standing.explained is not None
        of_legs = [screen.standing.explained.by_position[symbol]["theta"] for symbol in (*PUTS, *CALLS)]
        assert theta.cells[2] == pytest.approx(sum(of_legs))
        assert rows_of(screen, "calendar") == [label_of(one) for one in sorted((*PUTS, *CALLS))] + [label_of(FAR)]

        to_part(screen, FAR)
        await pilot.press("d")
        assert screen.panes.marked == "detail"
        await until(pilot, lambda: screen.settled and screen.story, "the story")
        assert [row.cells[1] for row in screen.panes.grid("detail").rows] == ["note", "trade"]
        assert "for the earnings" in screen_text(app)

        commands, texts = {}, {}
        for name in ("positions", "explained", "calendar", "detail", "lots", "ledger"):
            screen.panes.mark(name)
            await pilot.pause()
            await until(pilot, lambda: screen.settled, name)
            commands[name] = screen.command_line()
            exports = screen.exports()
            texts[name] = (list(csv.DictReader(io.StringIO(exports["csv"]()))), json.loads(exports["json"]()))
            await pilot.press("i")
            assert isinstance(app.screen, ExplainDialog), name
            await pilot.press("escape")
        assert commands == {
            "positions": "optionix positions --group strategy",
            "explained": "optionix risk explain --from 2026-01-05T21:00Z --partial",
            "calendar": "optionix expiry calendar",
            "detail": f"optionix ledger show --symbol '{FAR}'",
            "lots": "optionix ledger lots",
            "ledger": "optionix ledger show",
        }
        assert {name: len(rows) for name, (rows, _) in texts.items()} == {
            "positions": 6, "explained": 7, "calendar": 5, "detail": 2, "lots": 6, "ledger": 4,
        }  # fmt: skip
        assert texts["positions"][1]["group"] == "strategy"
        assert texts["explained"][1]["periods"][0]["total"]["actual"] == pytest.approx(
            screen.standing.explained.total["actual"]
        )

        screen.panes.mark("explained")
        await pilot.press("D")
        await until(pilot, lambda: screen.settled, "the last session")
        assert "02 Jan 21:00 to 05 Jan 21:00" in screen_text(app)
        assert screen.command_line() == "optionix risk explain --partial"


async def test_an_arrangement_is_kept_and_a_bad_one_is_refused(make_app: MakeApp, held: None) -> None:
    app = make_app(mode="book")
    async with app.run_test(size=WIDE) as pilot:
        screen = await until_told(pilot, app)
        usual = json.loads(json.dumps(screen.arrangement()))
        screen.use_arrangement({"group": "expiry", "sort": ["theta", True], "filter": "long", "pane": "lots"})
        await pilot.pause()
        assert (screen.by, screen.order, screen.filter.text) == ("expiry", ("theta", True), "long")
        assert screen.panes.marked == "lots"
        kept = screen.arrangement()
        for bad in (
            {"group": "colour"}, {"sort": ["note", True]}, {"sort": "theta"}, {"filter": "<x"}, {"columns": "all"},
            {"span": "year"}, {"pane": "risk"}, {"zoomed": 1}, {"folded": "x"}, {"size": 3},
        ):  # fmt: skip
            with pytest.raises(InvalidValueError, match=next(iter(bad))):
                screen.use_arrangement(bad)
            assert screen.arrangement() == kept
        screen.use_arrangement(usual)
        assert screen.arrangement() == usual


async def test_instructions_notes_and_refusals_are_told_in_place(
    make_app: MakeApp, held: None, open_workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(mode="book")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_told(pilot, app)
        to_part(screen, PUTS[1])
        await pilot.press("n")
        assert "Only the holder of an option instructs" in words(screen)
        to_part(screen, PUTS[0])
        await pilot.press("n")
        entry = screen.query_one("#entry", Input)
        assert entry.value == "expire 2"
        entry.value = "expire 3"
        await pilot.press("enter")
        assert "quantity must be 1 to 2, which are held (got '3')" in words(screen)
        entry.value = "expire 1"
        await pilot.press("enter")
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("enter")
        await until(pilot, lambda: "at expiry: expire 1" in words(screen), "the answer")
        await until(pilot, lambda: "instructed: expire 1" in screen.notes.get(PUTS[0], ""), "the note on the position")
        with open_workspace() as other:
            told = last_instruction(other.store, other.account, PUTS[0])
            assert told is not None
            assert (told.wish, told.contracts) == ("expire", 1)

        await pilot.press("X")
        await until(pilot, lambda: "exercise style must be" in words(screen), "why it cannot be exercised")
        asked: list[tuple[str, bool]] = []

        def american(workspace: Workspace, symbol: str, quantity: int | None = None, act_id: str | None = None, *,
                     dry_run: bool = False) -> Exercised:  # fmt: skip
            """As of an American option on a share, which the simulated venue does not list."""
            del quantity, act_id
            asked.append((symbol, dry_run))
            moved = Delivery(Decimal(-2), "ORBIT", Decimal(-200), Decimal(39_000), "USD")
            return Exercised(workspace.account, symbol, 2, moved, (), workspace.clock.now())

        monkeypatch.setattr(exercising, "exercise", american)
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the question")
        assert "-200 ORBIT, +39,000.00 USD" in screen_text(app)
        assert asked == [(PUTS[0], True)]
        await pilot.press("enter")
        await until(pilot, lambda: "exercised 2" in words(screen), "what it moved")
        assert asked == [(PUTS[0], True), (PUTS[0], False)]

        to_part(screen, FAR)
        await pilot.press("a")
        await pilot.press("enter")
        assert "note must be some words" in words(screen)
        screen.query_one("#entry", Input).value = "roll it in January"
        await pilot.press("enter")
        await until(pilot, lambda: "noted on position" in words(screen), "the note")
        with open_workspace() as other:
            assert "roll it in January" in [note.text for note in journal.notes(other.store)]


async def test_what_has_no_data_says_so_and_the_rest_is_told(
    make_app: MakeApp, held: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise MissingDataError("no quotes at the close")

    def broken(*_: object) -> None:
        raise IntegrityError("the log contradicts itself")

    monkeypatch.setattr(book_standing, "explain_span", fails)
    monkeypatch.setattr(book_standing, "margin_of", fails)
    app = make_app(mode="book")
    async with app.run_test(size=(200, 55), notifications=True) as pilot:
        screen = await until_told(pilot, app)
        shown = screen_text(app)
        assert "P&L not explained: no quotes at the close" in shown
        assert "margin no data" in shown
        assert "no data: no quotes at the close" in shown
        assert rows_of(screen)[0] == "▾ ORBIT"
        assert len(screen.panes.grid("lots").rows) == 6
        monkeypatch.setattr(book_standing, "explain_span", broken)
        monkeypatch.setattr(book_life, "life_cycle", broken)
        screen.panes.mark("explained")
        await pilot.press("D")
        await until(pilot, lambda: "P&L and margin: the log contradicts itself" in screen_text(app), "what is wrong")
        assert rows_of(screen)[0] == "▾ ORBIT"


async def test_an_empty_book_says_what_to_do(make_app: MakeApp) -> None:
    app = make_app(mode="book")
    async with app.run_test(size=(44, 40), notifications=True) as pilot:
        screen = await until_told(pilot, app)
        shown = " ".join(screen_text(app).replace("│", " ").replace("┃", " ").split())
        assert "no positions: buy something from the chain" in shown
        for key in ("x", "r", "p", "X", "n", "a", "i", "space", "enter", "b"):
            await pilot.press(key)
            assert app.screen is screen, key
            assert screen.query_one("#entry").display is False, key
        assert "Move the cursor to a position" in words(screen)


async def test_a_group_is_rolled_and_closed_as_one_order(make_app: MakeApp, held: None) -> None:
    app = make_app(mode="book")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_told(pilot, app)
        to_part(screen, FAR)
        await pilot.press("r")
        entry = screen.query_one("#entry", Input)
        assert entry.value == "next"
        assert words(screen).startswith(" next   19MAR27")
        entry.value = "215.01"
        await pilot.press("enter")
        await until(pilot, lambda: "✗ roll:" in words(screen), "that there is no such strike")
        await pilot.press("r")
        screen.query_one("#entry", Input).value = "220 x1 @ 0.05"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket of the roll")
        ticket = app.screen
        assert isinstance(ticket, TicketDialog)
        assert {leg.symbol: leg.ratio for leg in ticket.form.legs} == {FAR: -1, "ORBIT 260220C00220000": 1}
        await pilot.press("escape")
        await pilot.press("r", "escape")
        assert words(screen).startswith(" ahead")

        to_group(screen, "iron condor")
        await pilot.press("p")
        await until(pilot, lambda: app.current_mode == "pricer", "the pricer")
        assert {leg.symbol: leg.quantity for leg in app.session.priced} == {
            PUTS[0]: 2, PUTS[1]: -2, CALLS[0]: -2, CALLS[1]: 2,
        }  # fmt: skip
        await pilot.press("f5")
        await until(pilot, lambda: app.frame is screen and screen.settled, "the book again")
        assert screen.words_under_cursor() == "iron condor 16 Jan 26"
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket that closes")
        ticket = app.screen
        assert isinstance(ticket, TicketDialog)
        assert {leg.symbol: leg.ratio for leg in ticket.form.legs} == {
            PUTS[0]: -1, PUTS[1]: 1, CALLS[0]: 1, CALLS[1]: -1,
        }  # fmt: skip
        await until(pilot, lambda: ticket.settled and ticket.study is not None, "the preview")
        await pilot.press("enter")
        await until(pilot, lambda: "iron condor" not in " ".join(rows_of(screen)), "the book without it")
        await until(pilot, lambda: screen.settled, "the rest")
        assert [one for one in rows_of(screen) if "ORBIT " in one] == [label_of(FAR)]
