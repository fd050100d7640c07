"""Hints of footer and dialogs do on a click what their key does, without taking the keys from where they were."""

from __future__ import annotations

from collections.abc import Callable

from textual.widgets import Input

from optionix_tui.app import OptionixApp
from screens.command import CommandDialog, CompletionList
from screens.help import HelpDialog, KeyLine
from screens.ticket import TicketDialog
from tests.tui.waiting import until, until_ready
from widgets.info_line import InfoLine, Piece
from widgets.quote_grid import QuoteGrid


def column_of(line: InfoLine, words: str) -> int:
    """Where `words` begin on a line."""
    place = line.text.find(words)
    assert place >= 0, f"{words!r} is not on {line.text!r}"
    return place


async def test_a_click_on_a_hint_does_what_its_key_does(make_app: Callable[..., OptionixApp]) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        footer = app.screen.query_one("#footer", InfoLine)
        grid = app.focused
        assert isinstance(grid, QuoteGrid)

        await pilot.click(footer, offset=(column_of(footer, "b buy"), 0))
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "the ticket")
        hints = app.screen.query_one("#hints", InfoLine)
        quantity = app.screen.query_one("#quantity", Input)
        await pilot.click(hints, offset=(column_of(hints, "more"), 0))
        await until(pilot, lambda: quantity.value == "2", "one contract more")
        assert app.focused is quantity
        await pilot.click(hints, offset=(column_of(hints, "cancel"), 0))
        await until(pilot, lambda: not isinstance(app.screen, TicketDialog), "the chain")
        assert app.focused is grid

        await pilot.press("g")
        await until(pilot, lambda: "g …" in footer.text, "the keys that go on from g")
        await pilot.click(footer, offset=(column_of(footer, "g b"), 0))
        await until(pilot, lambda: app.current_mode == "book", "the book")
        await pilot.press("c")  # no second stroke of `g c`: the click ended the sequence
        assert app.current_mode == "book"

        footer = app.screen.query_one("#footer", InfoLine)
        await pilot.click(footer, offset=(column_of(footer, "help"), 0))
        await until(pilot, lambda: isinstance(app.screen, HelpDialog), "the help")
        line = next(one for one in app.screen.query(KeyLine) if one._action == "app.chain")
        line.scroll_visible(animate=False)
        await pilot.pause()
        await pilot.click(line)
        await until(pilot, lambda: app.current_mode == "chain" and app.screen is app.frame, "the chain")

        await pilot.press(":")
        await until(pilot, lambda: isinstance(app.screen, CommandDialog), "the command line")
        entry, proposed = app.screen.query_one("#line", Input), app.screen.query_one(CompletionList)
        lines = [one.line for one in proposed._items]
        await pilot.click(proposed, offset=(2, lines.index("buy ")))
        await until(pilot, lambda: entry.value == "buy ", "a beginning, taken into the line")
        assert app.focused is entry
        entry.value = "orders"
        await until(pilot, lambda: proposed._items[0].line == "orders", "the orders proposed")
        await pilot.click(proposed, offset=(2, 0))
        await until(pilot, lambda: app.current_mode == "orders", "the orders, run at once")


def test_a_hint_reaches_over_key_and_label_and_not_beyond() -> None:
    pieces = (
        Piece("b", "key", action="buy"), Piece("buy", "muted", joined=True, action="buy"),
        Piece("F2", "key", action="chain"), Piece("plain"),
    )  # fmt: skip
    line = InfoLine(pieces)
    line._size = line.size.__class__(40, 1)
    assert line.text == " b buy  F2  plain"
    reached = [line.action_at(x) for x in range(18)]
    assert reached == ["", *["buy"] * 5, "", "", "chain", "chain", *[""] * 8]
