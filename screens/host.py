"""What screens need of the application that shows them, so that no screen imports it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from textual.screen import Screen

    from screens.session import Session


class Hint(NamedTuple):
    """A key that works now, for the footer and the help."""

    keys: tuple[str, ...]
    label: str
    description: str
    scope: str
    action: str = ""
    """Its id in the registry."""

    @property
    def key(self) -> str:
        """The key to show where there is room for one."""
        return self.keys[0]


class Completion(NamedTuple):
    """A way to go on in the command line."""

    line: str
    """The whole line, were it taken."""
    hint: str
    """What it does, or what it is."""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An order before it is sent."""

    side: str
    """`buy` or `sell`."""
    symbol: str
    """The instrument's key."""
    quantity: int = 1
    limit_price: Decimal | None = None
    """None: at the touch of the moment."""


class Host(Protocol):
    """The application, as screens see it."""

    @property
    def session(self) -> Session:
        """What all screens share."""
        ...

    def hints(self, scopes: Sequence[str], *, all_actions: bool = False) -> tuple[Hint, ...]:
        """Keys of `scopes`: those for the footer, or all."""
        ...

    def key_of(self, action_id: str) -> str:
        """The first key of an action as it is shown, empty where it has none."""
        ...

    def select(self, underlying: str | None = None, expiry: date | None = None, root: str | None = None) -> None:
        """Show another underlying or expiry; what is not given stays, or is chosen anew."""
        ...

    def open_ticket(self, draft: Draft) -> None:
        """Show a ticket for an order."""
        ...

    def open_command(self, line: str = "") -> None:
        """Show the command line, with a beginning."""
        ...

    def log_changed(self) -> None:
        """A screen has written to the log: show the book anew."""
        ...

    def show_option(self, symbol: str) -> None:
        """Show an option in its chain."""
        ...

    def open_screen(self, name: str) -> None:
        """Show another screen."""
        ...

    def complete(self, line: str) -> tuple[Completion, ...]:
        """Ways to go on from a command line."""
        ...


def host_of(screen: Screen[Any]) -> Host:
    """The application of a screen."""
    return cast(Host, screen.app)
