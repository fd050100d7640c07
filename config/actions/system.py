"""The system screen."""

from __future__ import annotations

from config.actions.action import VIEW_ONLY, Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "system.verify",
        "verify",
        "Recompute every hash of the log and compare its head, or end the check that runs.",
        "system",
        keys=("v",),
        footer=True,
        cli="optionix log verify",
    ),
    Action(
        "system.filter",
        "filter",
        "Keep entries of one type only, or of all below it: order, order.filled.",
        "system",
        keys=("/",),
        footer=True,
        cli="optionix log show --type TYPE",
    ),
    Action(
        "system.open",
        "entry",
        "Go to every field of the entry under the cursor, or back to the log.",
        "system",
        keys=("enter",),
        footer=True,
        cli="optionix log show --after {before} --limit 1 --json",
    ),
    Action(
        "system.examine",
        "look again",
        "Look at engine, kernels, home, database, server and clock anew.",
        "system",
        keys=("r",),
        footer=True,
        cli="optionix doctor",
    ),
    Action(
        "system.explain",
        "explain",
        "Say what the row under the cursor means and what its hash stands on.",
        "system",
        keys=("i",),
        footer=True,
        cli="optionix log show --after {before} --limit 1 --json",
    ),
    Action(
        "system.next_pane",
        "pane",
        "Mark the pane after this one: log, entry, state.",
        "system",
        keys=("tab",),
        footer=True,
        no_cli=VIEW_ONLY,
    ),
    Action(
        "system.zoom",
        "zoom",
        "Give the whole screen to the marked pane, or bring the others back.",
        "system",
        keys=("+",),
        footer=True,
        no_cli=VIEW_ONLY,
    ),
    Action(
        "system.previous_pane",
        "pane before",
        "Mark the pane before this one.",
        "system",
        keys=("shift+tab",),
        no_cli=VIEW_ONLY,
    ),
)
