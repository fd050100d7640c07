"""A log that cannot be proved: quotes go on, the book says what is wrong, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.services import trading
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.book import BookScreen
from screens.ticket import TicketDialog
from tests.tui.waiting import until

MakeApp = Callable[..., OptionixApp]


@pytest.fixture
def database(tmp_path: Path, open_workspace: Callable[[], Workspace]) -> Path:
    """The log's file, with a position in it."""
    with open_workspace() as workspace:
        trading.raise_for_state(trading.submit(workspace, "buy", 2, "ORBIT 260109C00205000"))
    return next(tmp_path.rglob("optionix.db"))


def _changed_payload(content: bytearray) -> None:
    content[content.index(b'"quantity"') + 2] ^= 1


def _changed_header(content: bytearray) -> None:
    content[0] ^= 1


@pytest.fixture(params=[(_changed_payload, "altered"), (_changed_header, "damaged")], ids=["record", "file"])
def damaged(request: pytest.FixtureRequest, database: Path) -> Iterator[str]:
    """The word that tells the damage; afterwards the file is as it was left."""
    damage, told = request.param
    content = bytearray(database.read_bytes())
    damage(content)
    database.write_bytes(bytes(content))
    yield told
    assert database.read_bytes() == bytes(content)


async def test_a_damaged_log_is_told_in_place_and_quotes_go_on(
    make_app: MakeApp, damaged: str, clock: ManualClock
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: app.session.warming is None, "the end of the warm-up", 300.0)
        assert app.session.problem is None
        assert "✗ log" in screen_text(app).splitlines()[0]
        view = app.session.chain
        assert view is not None
        clock.advance(timedelta(seconds=4))
        await until(pilot, lambda: app.session.chain is not view, "another view of the quotes", 10.0)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog) and damaged in screen_text(app), "the reason")
        await pilot.press("enter")
        assert isinstance(app.screen, TicketDialog)
        await pilot.press("escape", "f5")
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "the book")
        text = screen_text(app)
        assert damaged in text.splitlines()[1]
        assert "optionix log verify" in text
        assert "no positions" not in text
        assert "no entries" not in text


async def test_a_book_that_has_not_arrived_is_not_called_empty(make_app: MakeApp) -> None:
    app = make_app(mode="book")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, BookScreen), "the screen")
        if app.session.book is None:
            assert "no positions" not in screen_text(app)
        await until(pilot, lambda: app.session.book is not None, "the book", 300.0)
        await until(pilot, lambda: "no positions: buy something" in screen_text(app), "the empty book", 5.0)
