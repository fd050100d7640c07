"""The watchlist screen driven by keys and mouse, on the real simulated feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.services import alerts, watchlists
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.chain import ChainScreen
from screens.chart import ChartScreen
from screens.confirm import ConfirmDialog
from screens.entry import EntryLine
from screens.explain import ExplainDialog
from screens.ticket import TicketDialog
from screens.watchlist import WatchlistScreen
from tests.tui.waiting import until, until_ready
from widgets.expiry_tabs import ExpiryTabs

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]


def screen_of(app: OptionixApp) -> WatchlistScreen:
    assert isinstance(app.frame, WatchlistScreen)
    return app.frame


async def write(pilot: Pilot[Any], app: OptionixApp, text: str) -> None:
    line = screen_of(app).query_one(EntryLine)
    assert line.has_focus
    line.value = text
    await pilot.press("enter")


async def told(pilot: Pilot[Any], app: OptionixApp, words: str) -> None:
    await until(pilot, lambda: words in " ".join(screen_text(app).split()), words)


def symbols(app: OptionixApp) -> list[str]:
    return [str(row.key) for row in screen_of(app).grid.rows]


async def test_lists_are_made_filled_ordered_sorted_renamed_and_taken_away(
    make_app: MakeApp, open_workspace: Callable[[], Workspace]
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("g", "w")
        await told(pilot, app, "no watchlist yet: a writes symbols for a first one")
        await pilot.press("x")
        assert "no list yet" in screen_text(app)
        await pilot.press("a")
        await write(pilot, app, "orbit nosuch")
        await told(pilot, app, "✗ add: unknown symbol 'NOSUCH'")
        assert screen_of(app).query_one(EntryLine).value == "orbit nosuch"
        await write(pilot, app, "orbit tundra quasar, ORBIT 16JAN26 210 C")
        await told(pilot, app, "✓ main: added ORBIT, TUNDRA, QUASAR, ORBIT 16JAN26 210 C")
        await until(pilot, lambda: len(symbols(app)) == 4, "the rows")
        text = screen_text(app)
        for words in ("main 4", "Last", "Change", "IVR", "IV-HV", "Move 1σ", "20 days", "▁", "±"):
            assert words in text

        await pilot.press("J")
        await until(pilot, lambda: symbols(app)[:2] == ["TUNDRA", "ORBIT"], "the other order")
        assert str(screen_of(app).grid.cursor_row.key) == "ORBIT"  # type: ignore[union-attr] # there are rows
        await pilot.press("right", "right", "o")
        changes = [row.cells[2] for row in screen_of(app).grid.rows]
        known = [change for change in changes if change is not None]
        assert known == sorted(known, reverse=True)
        assert changes[-1] is None
        await pilot.press("K")
        assert "sorted by change" in screen_text(app)
        await pilot.press("o", "o")
        assert symbols(app)[:2] == ["TUNDRA", "ORBIT"]

        await pilot.press("c")
        assert screen_of(app).query_one(EntryLine).value.startswith("last change iv")
        await write(pilot, app, "last bid mood")
        assert "columns must be of last" in screen_text(app)
        await write(pilot, app, "last bid ask delta")
        await told(pilot, app, "main shows last, bid, ask, delta")
        await until(pilot, lambda: "Δ" in screen_text(app).splitlines()[3], "other columns")

        await pilot.press("N")
        await write(pilot, app, "vol QUASAR")
        await told(pilot, app, "made vol with 1 symbol")
        await until(pilot, lambda: symbols(app) == ["QUASAR"], "the new list")
        await pilot.press("R")
        await write(pilot, app, "main")
        await told(pilot, app, "✗ rename vol: watchlist must be a name that is not taken")
        await write(pilot, app, "wild")
        await told(pilot, app, "vol is called wild")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: len(symbols(app)) == 4, "the list before")
        await pilot.click(ExpiryTabs, offset=(14, 0))
        await until(pilot, lambda: symbols(app) == ["QUASAR"], "the list that was clicked")
        await pilot.press("D")
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("enter")
        await told(pilot, app, "deleted wild")
        await until(pilot, lambda: len(symbols(app)) == 4, "the list that is left")
        await pilot.press("G", "x")
        await told(pilot, app, "main: removed")
        await until(pilot, lambda: len(symbols(app)) == 3, "fewer symbols")
        with open_workspace() as other:
            assert [one.name for one in watchlists.listing(other)] == ["main"]


async def test_a_symbol_is_opened_charted_traded_watched_and_explained(
    make_app: MakeApp, open_workspace: Callable[[], Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_workspace() as workspace:
        watchlists.create(workspace, "main", ["TUNDRA", "ORBIT 16JAN26 210 C"])
    app = make_app(mode="watchlist")
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(
            pilot, lambda: isinstance(app.frame, WatchlistScreen) and screen_of(app).view is not None, "the list"
        )
        screen = screen_of(app)
        await until_ready(pilot, app)
        for _ in range(3):
            await pilot.press("i")
            assert isinstance(app.screen, ExplainDialog)
            await pilot.press("escape", "right")
        await pilot.press("A")
        await pilot.press(*"99")
        assert screen.query_one(EntryLine).value == "last above 99"
        await write(pilot, app, "last above")
        assert "alert must be like ORBIT last above 220" in screen_text(app)
        await write(pilot, app, "last above 99999")
        await told(pilot, app, ": TUNDRA last")
        with open_workspace() as other:
            (report,) = alerts.standing(other)
            assert report.opened.alert.condition.words.startswith("TUNDRA last")
        await pilot.press("y")
        assert copied[-1] == "optionix watchlist show main"
        assert screen.exports()["csv"]().startswith("symbol,label,last,change")
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")
        await pilot.press("escape", "H")
        await until(pilot, lambda: isinstance(app.frame, ChartScreen), "the chart")
        assert app.session.selection.underlying == "TUNDRA"
        await pilot.press("g", "w", "down", "enter")
        await until(pilot, lambda: isinstance(app.frame, ChainScreen), "the chain")
        await until(pilot, lambda: app.session.chain is not None and app.session.chain.underlying == "ORBIT", "ORBIT")

        screen.use_arrangement({"list": "main", "sort": "iv", "descending": False})
        assert dict(screen.arrangement()) == {"list": "main", "sort": "iv", "descending": False}
        with pytest.raises(InvalidValueError, match="sort must be one of"):
            screen.use_arrangement({"sort": "mood"})
        app.open_screen("watchlist")
        screen.use_arrangement({"list": "gone"})
        await told(pilot, app, "There is no watchlist gone any more.")
