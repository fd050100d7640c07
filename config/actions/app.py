"""Everywhere."""

from __future__ import annotations

from config.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "app.help",
        "help",
        "All keys that work here.",
        "app",
        keys=("?", "f1"),
        footer=True,
    ),
    Action(
        "app.command",
        "command",
        "Command line: a symbol, an order, a screen or a theme.",
        "app",
        keys=(":",),
        footer=True,
    ),
    Action(
        "app.quit",
        "quit",
        "Leave; everything acknowledged is already on disk.",
        "app",
        keys=("q",),
        footer=True,
    ),
    Action(
        "app.copy",
        "copy command",
        "Copy the command that gives this view, and show it.",
        "app",
        keys=("y",),
        footer=True,
    ),
    Action(
        "app.chain",
        "chain",
        "Option chain of the underlying.",
        "app",
        keys=("f2", "g c"),
        cli="optionix screen chain --print",
    ),
    Action(
        "app.volatility",
        "volatility",
        "Surface of implied volatility of the underlying.",
        "app",
        keys=("f4", "g v"),
        cli="optionix surface show --feed {underlying}",
    ),
    Action(
        "app.book",
        "book",
        "Positions, account and ledger.",
        "app",
        keys=("f5", "g b"),
        cli="optionix positions",
    ),
    Action(
        "app.palette",
        "palette",
        "Everything that can be done, by name.",
        "app",
        keys=("ctrl+p",),
    ),
    Action(
        "app.last_view",
        "last view",
        "Go back to the view before this one.",
        "app",
        keys=("-",),
    ),
    Action(
        "app.back",
        "back",
        "Leave a filter, a dialog or a message.",
        "app",
        keys=("esc",),
    ),
    Action(
        "app.next_theme",
        "theme",
        "Change to the next theme.",
        "app",
        keys=("T",),
    ),
    Action(
        "app.redraw",
        "redraw",
        "Draw the whole screen anew.",
        "app",
        keys=("ctrl+l",),
    ),
)
