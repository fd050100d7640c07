"""Every action of the registry: told everywhere, with a command that exists, and done by its own key. All generated."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from config.actions import ACTIONS, Action
from config.keymaps import KEY_MAPS, load
from config.screens import NAMES, SCREENS
from optionix_core.feeds import SimulatedFeed
from optionix_core.feeds.recording import record
from optionix_core.market.clock import ManualClock
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from optionix_tui.completion import Known, complete
from screens.frame import Dialog, FrameScreen
from tests.tui.actions_desk import OPENERS, actions_of, owners, presses
from tests.tui.conftest import MOMENT
from tests.tui.waiting import until, until_ready
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual.pilot import Pilot

MakeApp = Callable[..., OptionixApp]
SIZE = (120, 36)
NO_DIALOGS = ("app", "grid", "entry", "replay")
"""Scopes of neither a screen nor a dialog."""


def test_every_action_belongs_to_a_scope_and_has_a_method() -> None:
    homes = owners()
    assert {action.scope for action in ACTIONS} <= set(homes)
    for action in ACTIONS:
        scope, _, name = action.id.partition(".")
        assert scope == action.scope
        assert (scope == "app" and name in NAMES) or hasattr(homes[scope], f"action_{name}"), action.id
    for entry in SCREENS:
        assert entry.name == homes[entry.name].SCOPE
        assert any(action.id == f"app.{entry.name}" for action in ACTIONS), entry.name


@pytest.mark.parametrize("name", KEY_MAPS)
def test_every_action_has_a_key_and_words(name: str) -> None:
    keymap = load(name)
    for action in ACTIONS:
        assert keymap.of(action.id), f"{action.id} has no key in the map {name}"
        assert 1 <= len(action.label) <= 20, action.id
        assert action.description.endswith("."), action.id
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


def test_every_action_is_in_palette_and_help() -> None:
    for action in ACTIONS:
        if action.scope in {"grid", "entry"} or action.scope not in {"app", *NAMES}:
            continue  # what a table or a dialog does is told where it is
        known = Known(actions=((action, "k"),))
        assert action.id in {found.line for found in complete(action.id, known)}


def test_every_action_has_a_command_that_exists_or_says_why_there_is_none() -> None:
    from optionix_tui.cli.app import app

    root = get_command(app)
    assert isinstance(root, TyperGroup)
    for action in ACTIONS:
        assert (action.cli is None) != (action.no_cli is None), f"{action.id}: a command, or why there is none"
        if action.cli is not None:
            assert _is_a_command(root, action.cli), f"{action.id}: {action.cli} is no command"


def _is_a_command(root: TyperGroup, line: str) -> bool:
    """Whether a template names commands and options that exist; what stands in braces may be anything."""
    words = shlex.split(re.sub(r"\{[a-z_]+\}", "X", line))
    here: Any = root
    for word in words[1:]:
        if word.startswith("--"):
            known = {name for option in here.params for name in (*option.opts, *option.secondary_opts)}
            if word.partition("=")[0] not in {*known, "--help"}:
                return False
        elif isinstance(here, TyperGroup) and word in here.list_commands(None):
            here = here.get_command(None, word)
    return words[0] == "optionix" and (here is not root or any(word.startswith("--") for word in words))


class Watch:
    """Which actions an application was asked to do."""

    def __init__(self, app: OptionixApp, monkeypatch: pytest.MonkeyPatch) -> None:
        self.performed: list[str] = []
        original = app.perform

        async def perform(action_id: str) -> None:
            self.performed.append(action_id)
            await original(action_id)

        monkeypatch.setattr(app, "perform", perform)


async def _press(pilot: Pilot[Any], app: OptionixApp, watch: Watch, action: Action) -> None:
    watch.performed.clear()
    keys = [key for key in app._key_map.of(action.id) if app._key_map.by_key(app.screen.scopes).get(key) is action]  # type: ignore[attr-defined] # every screen of ours has scopes
    assert keys, f"no key reaches {action.id} here"
    await pilot.press(*presses(keys[0]))
    await until(pilot, lambda: _is_answered(app), f"the answer to {action.id}")
    assert action.id in watch.performed, f"{keys[0]} does not do {action.id} but {watch.performed}"
    assert app.is_running
    assert f"{action.id} does nothing here." not in {note.message for note in app._notifications}


def _is_answered(app: OptionixApp) -> bool:
    """Whether all that the last key asked of other threads is there."""
    screen = app.screen
    working = any(worker.is_running and worker.node is screen for worker in app.workers)
    return not working and (screen.settled if isinstance(screen, FrameScreen) else True)


async def _back_to(pilot: Pilot[Any], app: OptionixApp, mode: str) -> None:
    """Dialogs closed, the screen as it was."""
    for _ in range(8):
        if app.current_mode != mode:
            app.open_screen(mode)
        elif isinstance(app.screen, Dialog):
            app.screen.dismiss(None)
        elif app.screen.scopes[0] == "entry":  # type: ignore[attr-defined] # as above
            await pilot.press("escape")
        else:
            return
        await pilot.pause()
    raise AssertionError(f"no way back to {mode} from {app.screen}")


@pytest.mark.parametrize("mode", NAMES)
async def test_every_action_of_a_screen_is_done_by_its_key(
    make_app: MakeApp, desk: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(mode=mode, rate=1.0)
    watch = Watch(app, monkeypatch)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_ready(pilot, app)
        frame = app.frame
        assert isinstance(frame, FrameScreen)
        await until(pilot, lambda: frame.settled, "the screen")
        for action in actions_of(mode):
            await _press(pilot, app, watch, action)
            await _back_to(pilot, app, mode)


async def test_every_action_of_tables_and_of_the_application_is_done_by_its_key(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(mode="chain", rate=1.0)
    watch = Watch(app, monkeypatch)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_ready(pilot, app)
        assert isinstance(app.focused, QuoteGrid)
        for action in (*actions_of("grid"), *(one for one in actions_of("app") if one.id != "app.quit")):
            if action.id == "app.kill":
                continue  # taken before all others: its own test
            await _press(pilot, app, watch, action)
            await _back_to(pilot, app, "chain")
        await pilot.press("q")
        await pilot.pause()
        assert not app.is_running


def _is_open(app: OptionixApp, scope: str) -> bool:
    return scope in getattr(app.screen, "scopes", ())


@pytest.mark.parametrize("scope", sorted({action.scope for action in ACTIONS} - {*NO_DIALOGS, *NAMES}))
async def test_every_action_of_a_dialog_is_done_by_its_key(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scope: str
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(mode="chain", rate=1.0)
    watch = Watch(app, monkeypatch)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_ready(pilot, app)
        for action in actions_of(scope):
            if not _is_open(app, scope):  # an action that leaves its dialog open is followed by the next one there
                await _back_to(pilot, app, "chain")
                OPENERS[scope](app)
                await until(pilot, lambda: _is_open(app, scope), f"the dialog {scope}")
            await _press(pilot, app, watch, action)


async def test_every_action_of_a_replay_is_done_by_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock(MOMENT)
    tape = tmp_path / "day.recording.gz"
    record(
        SimulatedFeed(), tape, clock=clock, underlyings=("ORBIT",), count=3, expiries=1,
        wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
    )  # fmt: skip
    workspace = Workspace.open(HomeFolders.of(tmp_path), feed=f"replay:{tape}", clock=clock)
    app = OptionixApp(workspace, rate=20.0)
    watch = Watch(app, monkeypatch)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_ready(pilot, app)
        for action in actions_of("replay"):
            await _press(pilot, app, watch, action)
            await _back_to(pilot, app, "chain")
