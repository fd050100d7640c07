"""Tables, on whichever screen they are."""

from __future__ import annotations

from config.actions.action import VIEW_ONLY, Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "grid.up",
        "up",
        "Move the cursor up.",
        "grid",
        keys=("up", "k"),
        no_cli=VIEW_ONLY,
    ),
    Action(
        "grid.down",
        "down",
        "Move the cursor down.",
        "grid",
        keys=("down", "j"),
        no_cli=VIEW_ONLY,
    ),
    Action(
        "grid.left",
        "left",
        "Move the cursor left.",
        "grid",
        keys=("left", "h"),
        no_cli=VIEW_ONLY,
    ),
    Action(
        "grid.right",
        "right",
        "Move the cursor right.",
        "grid",
        keys=("right", "l"),
        no_cli=VIEW_ONLY,
    ),
    Action(
        "grid.page_up",
        "page up",
        "Move a page up.",
        "grid",
        keys=("pageup", "ctrl+b"),
        no_cli=VIEW_ONLY,
    ),
    Action(
        "grid.page_down",
        "page down",
        "Move a page down.",
        "grid",
        keys=("pagedown", "ctrl+f"),
        no_cli=VIEW_ONLY,
    ),
    Action(
        "grid.top",
        "first row",
        "Move to the first row.",
        "grid",
        keys=("g g", "home"),
        no_cli=VIEW_ONLY,
    ),
    Action(
        "grid.bottom",
        "last row",
        "Move to the last row.",
        "grid",
        keys=("G", "end"),
        no_cli=VIEW_ONLY,
    ),
    Action(
        "grid.row_start",
        "first column",
        "Move to the first column.",
        "grid",
        keys=("ctrl+a",),
        no_cli=VIEW_ONLY,
    ),
    Action(
        "grid.row_end",
        "last column",
        "Move to the last column.",
        "grid",
        keys=("ctrl+e",),
        no_cli=VIEW_ONLY,
    ),
)
