"""What the tests of all actions share: who owns a scope, how its dialog is opened, how a key is pressed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

from config.actions import ACTIONS, Action
from config.screens import DIALOGS, SCREENS
from optionix_tui.hosting import HostApp
from optionix_tui.playing import ReplayPlayer
from screens.confirm import ConfirmDialog
from screens.enrol import EnrolDialog
from screens.entry import EntryScreen
from screens.frame import Dialog
from screens.host import Draft
from screens.signin import SignInDialog
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from optionix_tui.app import OptionixApp


def owners() -> dict[str, type]:
    """The class whose `action_...` methods do what a scope's actions say."""
    found: dict[str, type] = {"app": HostApp, "grid": QuoteGrid, "entry": EntryScreen, "replay": ReplayPlayer}
    for entry in SCREENS:
        module, _, name = entry.place.partition(":")
        found[entry.name] = getattr(import_module(module), name)
    for name in DIALOGS:
        module_ = import_module(f"screens.{name}")
        dialogs = [
            one
            for _, one in inspect.getmembers(module_, inspect.isclass)
            if issubclass(one, Dialog) and one.__module__ == module_.__name__
        ]
        found |= {one.SCOPE: one for one in dialogs if one.SCOPE}
    return found


def actions_of(scope: str) -> tuple[Action, ...]:
    return tuple(action for action in ACTIONS if action.scope == scope)


def presses(key: str) -> list[str]:
    """A key of a key map as a pilot presses it."""
    names = {"esc": "escape", "pageup": "pageup", "pagedown": "pagedown"}
    return [names.get(stroke, stroke) for stroke in key.split(" ")]


def _ticket(app: OptionixApp) -> None:
    view = app.session.chain
    assert view is not None
    row = next(row for row in view.rows if row.strike == view.at_the_money)
    assert row.call.symbol is not None
    app.open_ticket(Draft("buy", row.call.symbol, 2, Decimal("0.05")))


OPENERS: dict[str, Callable[[OptionixApp], Any]] = {
    "ticket": _ticket,
    "confirm": lambda app: app.push_screen(ConfirmDialog("Title", "Sure?", ("a fact",), lambda: None)),
    "kill": lambda app: app.action_kill(),
    "command": lambda app: app.open_command(""),
    "help": lambda app: app.action_help(),
    "export": lambda app: app.action_export(),
    "explain": lambda app: app.screen.action_explain(),
    "signin": lambda app: app.push_screen(SignInDialog(app.session.team)),
    "enrol": lambda app: app.push_screen(EnrolDialog(app.session.team)),
}
"""Opens the dialog of a scope over the chain."""
