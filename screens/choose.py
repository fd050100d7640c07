"""One of several names, chosen by typing a part of it or with the arrows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Input

from screens.command import CommandDialog, CompletionList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from screens.host import Completion


class ChooseDialog(CommandDialog):
    """Dismissed with the line of the choice, or None."""

    def __init__(self, title: str, choices: Sequence[Completion]) -> None:
        super().__init__()
        self._title, self._choices = title, tuple(choices)

    def compose(self) -> ComposeResult:
        """The choices above a line that narrows them."""
        with Vertical(id="panel") as panel:
            panel.border_title = self._title
            yield CompletionList()
            yield Input(placeholder="a part of the name", id="line", compact=True)
            yield self.hint_line()

    def _complete(self) -> None:
        typed = self.query_one("#line", Input).value.strip().lower()
        fitting = [one for one in self._choices if typed in one.line.lower()]
        found = self.query_one(CompletionList)
        found.show(fitting)
        if typed and fitting:
            found.mark(1)

    def action_run(self) -> None:
        """Take the marked choice."""
        marked = self.query_one(CompletionList).marked
        if marked is None:
            self.notify("Mark one with the arrows, or type a part of its name.", severity="warning")
            return
        self.dismiss(marked.line)
