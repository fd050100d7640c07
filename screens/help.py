"""Help: every key that works in the screen behind it, made from the live bindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.frame import Dialog, shown_key

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from screens.host import Hint

_SCOPES = {"grid": "In a table", "app": "Everywhere"}


class HelpDialog(Dialog[None]):
    """Keys, what they do, and the line that the command line takes."""

    SCOPE: ClassVar[str] = "help"
    CSS_PATH = ["frame.tcss", "help.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, title: str, hints: Sequence[Hint]) -> None:
        super().__init__()
        self._title = title
        self._hints = tuple(hints)

    def compose(self) -> ComposeResult:
        """Groups of keys."""
        with Vertical(id="panel") as panel:
            panel.border_title = f"Keys that work in {self._title}"
            with VerticalScroll(id="keys"):
                last = None
                for hint in self._hints:
                    if hint.scope != last:
                        last = hint.scope
                        yield Static(_SCOPES.get(hint.scope, "On this screen"), classes="scope")
                    key = "  ".join(shown_key(key) for key in hint.keys).rjust(14)
                    yield Static(Content.assemble((key, "bold $key"), "  ", hint.description), classes="key")
                yield Static("Command line", classes="scope")
                for line, meaning in _LINES:
                    text = Content.assemble((f"  :{line}".ljust(32), "bold $key"), "  ", meaning)
                    yield Static(text, classes="key")
            yield self.hint_line()

    def on_mount(self) -> None:
        """Let the arrow keys scroll."""
        self.query_one("#keys").focus()


_LINES = (
    ("ORBIT 16JAN26 230 C", "show that option in its chain"),
    ("buy 2 ORBIT 16JAN26 230 C 3.10", "open a ticket; the last figure is the limit"),
    ("buy 100 ORBIT", "the same for shares"),
    ("chain ORBIT, volatility, book, orders", "show a screen"),
    ("theme light", "change the colours"),
)
