"""A terminal that may not act: it shows everything, refuses each acting action with a word, and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from config.actions import ACTIONS
from optionix_core.market.clock import ManualClock
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.picture import screen_text
from screens.kill import KillDialog
from screens.ticket import TicketDialog
from tests.core.services.test_read_only import files
from tests.tui.conftest import SEED
from tests.tui.waiting import until, until_ready

TOWARDS_ACTS = frozenset(
    {
        "ticket",
        "buy",
        "sell",
        "close",
        "roll",
        "new",
        "start_algorithm",
        "kept",
        "calibrate",
        "refit",
        "verify",
        "examine",
    }
)
"""Names of actions that write nothing themselves, on whichever screen, and begin what does."""
ACTING = tuple(action for action in ACTIONS if action.acts)


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock, desk: None) -> OptionixApp:
    clock.advance(timedelta(days=1))
    home = replace(HomeFolders.of(tmp_path), read_only=True)
    return OptionixApp(Workspace.open(home, clock=clock, seed=SEED), rate=20.0, confirm=False)


async def test_every_acting_action_is_refused_in_place(app: OptionixApp, tmp_path: Path) -> None:
    assert {"ticket.send", "orders.cancel", "orders.amend", "kill.run", "confirm.accept"} <= {one.id for one in ACTING}
    before = files(tmp_path)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        assert "READ-ONLY" in screen_text(app).splitlines()[0]
        for action in ACTING:
            app.clear_notifications()
            await app.perform(action.id)
            await pilot.pause()
            (told,) = app._notifications
            assert told.title == "Read-only", action.id
            assert action.label in told.message
        app.clear_notifications()
        await app.run_line("buy 1 ORBIT 09JAN26 205 C 0.05")  # sent as typed: the log itself refuses
        await until(pilot, lambda: "Not sent" in screen_text(app), "the refusal of a typed order")
        assert "refused by read-only" in " ".join(screen_text(app).split())
        app.clear_notifications()
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "a ticket, which may be looked at")
        await until(pilot, lambda: "you pay" in screen_text(app), "its preview")
        await pilot.press("enter")
        await until(pilot, lambda: "Read-only" in screen_text(app), "the refusal")
        assert isinstance(app.screen, TicketDialog)
        await pilot.press("escape", "ctrl+k")
        assert isinstance(app.screen, KillDialog)
        app.clear_notifications()
        await pilot.press(*"fire", "enter")
        await until(pilot, lambda: "Read-only" in screen_text(app), "the refusal")
        assert app.session.kill is None or app.session.kill.in_force is None
    assert files(tmp_path) == before


@pytest.mark.soak
async def test_what_leads_to_an_act_writes_nothing(app: OptionixApp, tmp_path: Path) -> None:
    before = files(tmp_path)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until_ready(pilot, app)
        for name in ("chain", "book", "orders"):
            app.open_screen(name)
            await until(pilot, lambda name=name: app.current_mode == name and app.frame is not None, name)
            await until(pilot, lambda: app.frame is not None and app.frame.settled, f"{name} with its data")
            for action in ACTIONS:
                if action.scope == name and action.id.partition(".")[2] in TOWARDS_ACTS:
                    await app.perform(action.id)
                    await pilot.pause()
                    await pilot.press("enter")  # what an entry line or a dialog proposes
                    while len(app.screen_stack) > 1:
                        app.pop_screen()
                    if app.current_mode != name:
                        app.open_screen(name)
                        await until(pilot, lambda name=name: app.current_mode == name, name)
    assert files(tmp_path) == before
