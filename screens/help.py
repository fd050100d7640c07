"""Help: every key that works in the screen behind it, made from the live bindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.frame import Dialog, shown_key

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from screens.host import Hint

_SCOPES = {"grid": "In a table", "app": "Everywhere"}


class KeyLine(Static):
    """Keys of one action and what it does; a click on it asks for that."""

    class Chosen(Message):
        """A line was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, text: Content, action: str) -> None:
        super().__init__(text, classes="key")
        self._action = action

    def on_click(self) -> None:
        """Ask for the action."""
        self.post_message(self.Chosen(self._action))


class HelpDialog(Dialog[str | None]):
    """Keys, what they do, and what the command line takes. Dismissed with an action that was clicked, or None."""

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
                    key = "  ".join(shown_key(key, in_words=self.host.in_ascii) for key in hint.keys).rjust(14)
                    yield KeyLine(Content.assemble((key, "bold $key"), "  ", hint.description), hint.action)
                yield Static("Command line", classes="scope")
                for line, meaning in _LINES:
                    text = Content.assemble((f"  :{line}".ljust(44), "bold $key"), "  ", meaning)
                    yield Static(text, classes="key")
            yield self.hint_line()

    def on_mount(self) -> None:
        """Let the arrow keys scroll."""
        self.query_one("#keys").focus()

    def on_key_line_chosen(self, event: KeyLine.Chosen) -> None:
        """Leave for what was clicked."""
        self.dismiss(event.action)


_LINES = (
    ("ORBIT 16JAN26 230 C", "show that option in its chain"),
    ("buy 2 ORBIT 16JAN26 230 C 3.10", "open a ticket; the last figure is the limit"),
    ("buy 100 ORBIT stop 190 gtc", "shares; stop, touch, trail, and how long it works"),
    ("buy $5000 ORBIT", "as many as the money pays for"),
    ("buy 2 ORBIT 16JAN26 230/240 C 3", "a vertical: the first strike bought, the second sold"),
    ("sell 1 ORBIT 16JAN26 220/225/245/250 IC", "an iron condor; also IB, STRADDLE, STRANGLE, RR"),
    ("buy 1 ORBIT 16JAN26/20FEB26 230 C", "a calendar: the later expiry bought"),
    ("buy 40 ORBIT 16JAN26 230 C twap 30m", "an algorithm; also vwap, pov, is"),
    ("ticket", "open the ticket that was closed unsent"),
    ("pricer ORBIT 16JAN26 230 C", "what that option is worth, and what would change it"),
    ("dashboard, chart ORBIT, watchlist, risk", "show a screen"),
    ("var 99 10d, es 97.5", "the risk at that level, over that horizon"),
    ("iron-condor 220/225/245/250", "stage a strategy on the chain"),
    ("filter delta .2-.4, layout greeks", "filter and columns of the chain"),
    ("theme light", "change the colours"),
    ("replay 14:35", "play the recording from there; 50%, +5m, -90s, start, end, speed 10"),
    ("workspace last", "open a saved workspace; save, rename, delete, list"),
)
