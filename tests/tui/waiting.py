"""Wait for something to become true while the application runs; fail where it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optionix_tui.app import OptionixApp

if TYPE_CHECKING:
    from textual.pilot import Pilot


async def until(pilot: Pilot[Any], condition: Callable[[], object], what: str, patience: float = 60.0) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < patience, f"waited {patience:.0f} s for {what}"
        await pilot.pause(0.02)
    await pilot.pause()


async def until_ready(pilot: Pilot[Any], app: OptionixApp) -> None:
    """Quotes, book and kernels are there."""

    def ready() -> bool:
        session = app.session
        assert session.problem is None, session.problem
        assert session.book_problem is None, session.book_problem
        return session.chain is not None and session.book is not None and session.warming is None

    await until(pilot, ready, "the first chain and the book", patience=300.0)
