"""The dialog that says where a number comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.frame import Dialog

if TYPE_CHECKING:
    from textual import events
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
            with VerticalScroll(id="facts"):
                for label, fact in told.facts:
                    with Horizontal(classes="fact"):
                        name = Static(Content.styled(label, "$muted"))
                        name.styles.width = width
                        yield name
                        yield Static(fact, classes="told", markup=False)
            yield self.hint_line()

    def on_mount(self) -> None:
        """Let the arrow keys scroll where there is more than fits."""
        self.query_one("#facts").focus()

    def on_resize(self, event: events.Resize) -> None:
        """Title and keys stay in view, however many facts there are."""
        self.query_one("#facts").styles.max_height = max(event.size.height - 6, 1)
