"""The action registry: every thing a user can do, once.

The key map, the footer, the palette, the help screen and the CLI reference are all made from it.
Plain data: an id, default keys, a label, the screen it belongs to and its command-line twin.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a user can do."""

    id: str
    """Dotted: `chain.next_expiry`; what user key maps name."""
    label: str
    """Two or three words for the footer."""
    description: str
    """A sentence for help and palette."""
    scope: str
    """`app` for everywhere, else the screen's name."""
    keys: tuple[str, ...] = ()
    """Default keys; a pair such as `g c` is a sequence."""
    footer: bool = False
    """Whether the footer shows it where it fits."""
    cli: str | None = None
    """Template of the command that does the same, such as `optionix chain show {chain}`."""


ACTIONS: tuple[Action, ...] = (
    Action(
        "chain.buy",
        "buy",
        "Open a ticket that buys the option under the cursor, with price, cost, fees and the gate's answers.",
        "chain",
        keys=("b", "enter"),
        footer=True,
        cli='optionix buy {quantity} "{symbol}" --limit {price}',
    ),
    Action(
        "chain.sell",
        "sell",
        "Open a ticket that sells the option under the cursor.",
        "chain",
        keys=("s",),
        footer=True,
        cli='optionix sell {quantity} "{symbol}" --limit {price}',
    ),
    Action(
        "chain.explain",
        "explain",
        "Say how the number under the cursor came about: model, inputs, source, age.",
        "chain",
        keys=("i",),
        footer=True,
    ),
    Action(
        "chain.previous_expiry",
        "earlier",
        "Show the expiry before this one.",
        "chain",
        keys=("[",),
        footer=True,
    ),
    Action(
        "chain.next_expiry",
        "later",
        "Show the expiry after this one.",
        "chain",
        keys=("]",),
        footer=True,
    ),
    Action(
        "chain.filter",
        "filter",
        "Keep some strikes only: 220-240, >230, <250, 10%, or +-8 rows around the money.",
        "chain",
        keys=("/",),
        footer=True,
    ),
    Action(
        "chain.previous_underlying",
        "underlying",
        "Show the underlying before this one.",
        "chain",
        keys=("{",),
        footer=True,
    ),
    Action(
        "chain.next_underlying",
        "next underlying",
        "Show the underlying after this one.",
        "chain",
        keys=("}",),
    ),
    Action(
        "chain.at_the_money",
        "at the money",
        "Move the cursor to the strike nearest the forward.",
        "chain",
        keys=("m",),
        footer=True,
    ),
    Action(
        "chain.zoom",
        "zoom",
        "Give the whole screen to the table, or bring the charts back.",
        "chain",
        keys=("+",),
    ),
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
    Action(
        "ticket.send",
        "send",
        "Send the order as it stands.",
        "ticket",
        keys=("enter", "ctrl+s"),
        footer=True,
    ),
    Action(
        "ticket.other_side",
        "buy/sell",
        "Turn a buy into a sell and back.",
        "ticket",
        keys=("ctrl+t",),
        footer=True,
    ),
    Action(
        "ticket.more",
        "more",
        "One contract more.",
        "ticket",
        keys=("up",),
        footer=True,
    ),
    Action(
        "ticket.fewer",
        "fewer",
        "One contract fewer.",
        "ticket",
        keys=("down",),
        footer=True,
    ),
    Action(
        "ticket.dismiss",
        "cancel",
        "Close without sending.",
        "ticket",
        keys=("esc",),
        footer=True,
    ),
    Action(
        "explain.dismiss",
        "close",
        "Close.",
        "explain",
        keys=("esc", "q", "i", "enter"),
        footer=True,
    ),
    Action(
        "help.dismiss",
        "close",
        "Close.",
        "help",
        keys=("esc", "q", "?", "f1", "enter"),
        footer=True,
    ),
    Action(
        "entry.dismiss",
        "leave",
        "Leave the entry line and take back what it did.",
        "entry",
        keys=("esc",),
        footer=True,
    ),
    Action(
        "command.run",
        "run",
        "Run what is written.",
        "command",
        keys=("enter",),
        footer=True,
    ),
    Action(
        "command.complete",
        "complete",
        "Take the marked completion into the line.",
        "command",
        keys=("tab",),
        footer=True,
    ),
    Action(
        "command.next",
        "next",
        "Mark the next completion.",
        "command",
        keys=("down", "ctrl+n"),
        footer=True,
    ),
    Action(
        "command.previous",
        "previous",
        "Mark the completion before.",
        "command",
        keys=("up", "ctrl+p"),
    ),
    Action(
        "command.dismiss",
        "cancel",
        "Close without doing anything.",
        "command",
        keys=("esc",),
        footer=True,
    ),
)
