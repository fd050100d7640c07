"""One question before something that cannot be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.widgets import Static

from screens.frame import Dialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult


class ConfirmDialog(Dialog[None]):
    """Does `then` once it is accepted, and nothing else."""

    SCOPE: ClassVar[str] = "confirm"
    CSS_PATH = ["frame.tcss", "confirm.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, title: str, question: str, facts: tuple[str, ...], then: Callable[[], object]) -> None:
        super().__init__()
        self._title, self._question, self._facts, self._then = title, question, facts, then

    def compose(self) -> ComposeResult:
        """Question, facts, keys."""
        with Vertical(id="panel") as panel:
            panel.border_title = self._title
            yield Static(self._question, id="question", markup=False)
            for fact in self._facts:
                yield Static(fact, classes="fact", markup=False)
            yield self.hint_line()

    def action_accept(self) -> None:
        """Do it, unless that was pressed before the question could be read."""
        if self.is_answered_unseen:
            self.notify("That was pressed before the question was here: read it, then press again.", severity="warning")
            return
        self.dismiss(None)
        self._then()
