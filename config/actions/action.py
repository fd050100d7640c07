"""One action of the registry."""

from __future__ import annotations

from dataclasses import dataclass

VIEW_ONLY = "it moves or arranges what the screen shows; a command prints all of it"
"""Reason of what only looks around."""
DIALOG_ONLY = "it belongs to the dialog; the command line has options for what is entered there"
"""Reason of what is done in a dialog."""


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
    acts: bool = False
    """Whether it writes the log or the home by itself; a read-only terminal refuses it."""
    cli: str | None = None
    """Template of the command that does the same, such as `optionix chain show {chain}`."""
    no_cli: str | None = None
    """Why no command does the same, where none does."""
