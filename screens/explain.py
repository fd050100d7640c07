"""The dialog that says where a number comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from screens.frame import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from screens.explanations import Explanation


class ExplainDialog(Dialog[None]):
    """Model, inputs, source, age."""

    SCOPE: ClassVar[str] = "explain"
    CSS_PATH = ["frame.tcss", "explain.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, explanation: Explanation) -> None:
        super().__init__()
        self._explanation = explanation

    def compose(self) -> ComposeResult:
        """Title, value, facts."""
        told = self._explanation
        with Vertical(id="panel") as panel:
            panel.border_title = told.title
            yield Static(Content.styled(told.value, "bold $accent"), id="value")
            width = max(len(label) for label, _ in told.facts) + 2
            for label, fact in told.facts:
                yield Static(Content.assemble((label.ljust(width), "$muted"), fact), classes="fact")
            yield self.hint_line()
