"""One action of the registry."""

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
