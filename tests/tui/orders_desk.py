"""What tests of the orders screen share: the screen once it has its board, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.orders import OrdersScreen
from screens.orders_columns import RowKey
from tests.tui.waiting import until, until_ready

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]
OpenWorkspace = Callable[[], Workspace]
WIDE = (120, 36)


async def until_shown(pilot: Pilot[Any], app: OptionixApp) -> OrdersScreen:
    await until_ready(pilot, app)
    frame = app.frame
    assert isinstance(frame, OrdersScreen)
    await until(pilot, lambda: frame.settled, "the board")
    return frame


def to_order(screen: OrdersScreen, name: str, leg: str = "") -> None:
    screen.panes.mark("orders")
    assert screen.panes.grid("orders").move_to_key(RowKey(name, leg))


def told(app: OptionixApp) -> str:
    return screen_text(app) + " ".join(str(note.message) for note in app._notifications)
