"""The command line and the palette: one line, with what it could become above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from screens.frame import Dialog, shown_key

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from screens.host import Completion

VISIBLE = 12


class CompletionList(Widget, inherit_bindings=False):
    """The completions, one a line, one of them marked."""

    DEFAULT_CSS = """
    CompletionList { height: auto; width: 1fr; background: $surface; color: $foreground; }
    CompletionList > .completion-list--hint { color: $muted; }
    CompletionList > .completion-list--key { color: $key; }
    CompletionList > .completion-list--marked { background: $row; color: $accent; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "completion-list--hint", "completion-list--key", "completion-list--marked",
    }  # fmt: skip

    class Clicked(Message):
        """A completion was clicked."""

        def __init__(self, completion: Completion) -> None:
            super().__init__()
            self.completion = completion

    def __init__(self) -> None:
        super().__init__()
        self._items: tuple[Completion, ...] = ()
        self._marked: int | None = None

    @property
    def marked(self) -> Completion | None:
        """The completion that is marked."""
        return None if self._marked is None else self._items[self._marked]

    def show(self, items: Sequence[Completion]) -> None:
        """Replace the completions; none is marked."""
        before = len(self._items)
        self._items, self._marked = tuple(items), None
        self.refresh(layout=min(before, VISIBLE) != min(len(self._items), VISIBLE))

    def mark(self, step: int) -> Completion | None:
        """Mark the next one, or the one before."""
        if self._items:
            start = -1 if self._marked is None and step > 0 else self._marked or 0
            self._marked = (start + step) % len(self._items)
            self.refresh()
        return self.marked

    @property
    def _first(self) -> int:
        """Which completion is on the first line."""
        return max(0, (self._marked or 0) - VISIBLE + 1)

    def on_click(self, event: events.Click) -> None:
        """Tell the completion under the pointer."""
        if self._first + event.y < len(self._items):
            self.post_message(self.Clicked(self._items[self._first + event.y]))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Mark the next one."""
        event.stop()
        self.mark(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Mark the one before."""
        event.stop()
        self.mark(-1)

    def get_content_height(self, *_: object) -> int:
        """As many lines as there are completions, up to a limit."""
        return min(len(self._items), VISIBLE)

    def render_line(self, y: int) -> Strip:
        """One completion."""
        width = self.size.width
        index = self._first + y
        plain = self.rich_style
        if index >= len(self._items):
            return Strip.blank(width, plain)
        item = self._items[index]
        hint, key = (
            plain + self.get_component_rich_style(f"completion-list--{name}", partial=True) for name in ("hint", "key")
        )
        if index == self._marked:
            marked = self.get_component_rich_style("completion-list--marked", partial=True)
            plain, hint, key = plain + marked, hint + marked, key + marked
        column = min(40, max(width // 2, 12))
        segments = [Segment(f" {item.line}"[:column].ljust(column), plain), Segment(f" {item.hint}", hint)]
        shown = f"{shown_key(item.key)} " if item.key else ""
        return Strip(
            [
                *Strip(segments).adjust_cell_length(max(width - len(shown), 0), plain),
                *([Segment(shown, key)] if shown else []),
            ]
        ).adjust_cell_length(width, plain)


class CommandDialog(Dialog[str | None]):
    """Dismissed with the line to run, or None."""

    SCOPE: ClassVar[str] = "command"
    CSS_PATH = ["frame.tcss", "command.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, line: str = "") -> None:
        super().__init__()
        self._line = line

    def compose(self) -> ComposeResult:
        """Completions above the line."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Command"
            yield CompletionList()
            yield Input(
                self._line,
                placeholder="a symbol, buy, sell, a screen, a theme, or an action",
                id="line",
                compact=True,
                select_on_focus=False,  # what is typed goes on from a beginning that is there
            )
            yield self.hint_line()

    def on_mount(self) -> None:
        """Write."""
        self.query_one("#line", Input).focus()
        self._complete()

    def on_input_changed(self) -> None:
        """Other completions."""
        self._complete()

    def _complete(self) -> None:
        self.query_one(CompletionList).show(self.host.complete(self.query_one("#line", Input).value))

    def on_completion_list_clicked(self, event: CompletionList.Clicked) -> None:
        """Run what was clicked; what can go on is taken into the line instead, for its next word."""
        line, is_action = event.completion.line, bool(event.completion.key)
        going_on = line if line.endswith(" ") else f"{line} "
        if is_action or not self.host.complete(going_on):
            self.dismiss(line.strip())
            return
        entry = self.query_one("#line", Input)
        entry.value = going_on
        entry.cursor_position = len(going_on)

    def action_next(self) -> None:
        """Mark the next completion."""
        self.query_one(CompletionList).mark(1)

    def action_previous(self) -> None:
        """Mark the completion before."""
        self.query_one(CompletionList).mark(-1)

    def action_complete(self) -> None:
        """Take the marked completion, or the first, into the line."""
        found = self.query_one(CompletionList)
        item = found.marked or found.mark(1)
        if item is not None:
            entry = self.query_one("#line", Input)
            entry.value = item.line
            entry.cursor_position = len(item.line)

    def action_run(self) -> None:
        """Run the marked completion, or the line as it is written."""
        marked = self.query_one(CompletionList).marked
        line = self.query_one("#line", Input).value if marked is None else marked.line
        self.dismiss(line.strip() or None)
