"""Tables, on whichever screen they are."""

from __future__ import annotations

from config.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "grid.up",
        "up",
        "Move the cursor up.",
        "grid",
        keys=("up", "k"),
    ),
    Action(
        "grid.down",
        "down",
        "Move the cursor down.",
        "grid",
        keys=("down", "j"),
    ),
    Action(
        "grid.left",
        "left",
        "Move the cursor left.",
        "grid",
        keys=("left", "h"),
    ),
    Action(
        "grid.right",
        "right",
        "Move the cursor right.",
        "grid",
        keys=("right", "l"),
    ),
    Action(
        "grid.page_up",
        "page up",
        "Move a page up.",
        "grid",
        keys=("pageup", "ctrl+b"),
    ),
    Action(
        "grid.page_down",
        "page down",
        "Move a page down.",
        "grid",
        keys=("pagedown", "ctrl+f"),
    ),
    Action(
        "grid.top",
        "first row",
        "Move to the first row.",
        "grid",
        keys=("g g", "home"),
    ),
    Action(
        "grid.bottom",
        "last row",
        "Move to the last row.",
        "grid",
        keys=("G", "end"),
    ),
    Action(
        "grid.row_start",
        "first column",
        "Move to the first column.",
        "grid",
        keys=("ctrl+a",),
    ),
    Action(
        "grid.row_end",
        "last column",
        "Move to the last column.",
        "grid",
        keys=("ctrl+e",),
    ),
)
