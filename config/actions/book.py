"""The book."""

from __future__ import annotations

from config.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "book.close",
        "close position",
        "Open a ticket that closes the position under the cursor.",
        "book",
        keys=("x",),
        footer=True,
        cli='optionix {side} {quantity} "{symbol}"',
    ),
    Action(
        "book.buy",
        "buy",
        "Open a ticket that buys more of what is under the cursor.",
        "book",
        keys=("b",),
        footer=True,
        cli='optionix buy {quantity} "{symbol}"',
    ),
    Action(
        "book.sell",
        "sell",
        "Open a ticket that sells what is under the cursor.",
        "book",
        keys=("s",),
        footer=True,
        cli='optionix sell {quantity} "{symbol}"',
    ),
    Action(
        "book.open",
        "chain",
        "Show the position under the cursor in its chain.",
        "book",
        keys=("enter",),
        footer=True,
    ),
    Action(
        "book.explain",
        "explain",
        "Say how the number under the cursor came about.",
        "book",
        keys=("i",),
        footer=True,
    ),
    Action(
        "book.zoom",
        "zoom",
        "Give the whole screen to the positions, or bring the ledger back.",
        "book",
        keys=("+",),
    ),
)
