"""What tests of the book share: a home that holds strategies, and the screen once everything on it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from optionix_core.market.clock import ManualClock
from optionix_core.services import journal, sending
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import OrderLeg, OrderState, TimeInForce
from optionix_core.trading.terms import OrderTerms
from optionix_tui.app import OptionixApp
from screens.book import BookScreen
from screens.book_columns import RowKey
from tests.tui.waiting import until, until_ready

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]
OpenWorkspace = Callable[[], Workspace]
WIDE = (120, 36)
PUTS = ("ORBIT 260116P00195000", "ORBIT 260116P00200000")
CALLS = ("ORBIT 260116C00210000", "ORBIT 260116C00215000")
FAR = "ORBIT 260220C00215000"


def hold(workspace: Workspace, clock: ManualClock) -> None:
    """Two iron condors by one order, two calls further out with a note, thirty shares."""

    def send(name: str, terms: OrderTerms) -> None:
        order = sending.send(workspace, terms, name)
        assert order.state is OrderState.FILLED, (name, order.state, order.reason)
        clock.advance(timedelta(seconds=10))

    ratios = ((PUTS[0], 1), (PUTS[1], -1), (CALLS[0], -1), (CALLS[1], 1))
    legs = tuple(OrderLeg(symbol, ratio) for symbol, ratio in ratios)
    send("condor", OrderTerms("buy", 2, "", Decimal(0), TimeInForce.DAY, legs=legs))
    send("far", OrderTerms("buy", 2, FAR))
    send("shares", OrderTerms("buy", 30, "ORBIT"))
    journal.add(workspace, "for the earnings", subject=journal.subject_of(position=FAR), note_id="why")


async def until_told(pilot: Pilot[Any], app: OptionixApp) -> BookScreen:
    await until_ready(pilot, app)
    frame = app.frame
    assert isinstance(frame, BookScreen)
    await until(pilot, lambda: frame.settled, "the book")
    return frame


def rows_of(screen: BookScreen, name: str = "positions") -> list[str]:
    """The first words of each row."""
    place = 0 if name in {"positions", "explained"} else 1
    return [str(row.cells[place]).strip() for row in screen.panes.grid(name).rows]


def to_part(screen: BookScreen, symbol: str) -> None:
    """Put the cursor on a position."""
    grid = screen.panes.grid("positions")
    key = next(row.key for row in grid.rows if isinstance(row.key, RowKey) and row.key.symbol == symbol)
    assert grid.move_to_key(key)


def to_group(screen: BookScreen, title: str) -> None:
    """Put the cursor on a group."""
    grid = screen.panes.grid("positions")
    key = next(row.key for row in grid.rows if row.key.kind == "group" and title in str(row.cells[0]))  # type: ignore[attr-defined] # a RowKey
    assert grid.move_to_key(key)
