"""A screen with a line to write on: filters, amendments and other short input, with mistakes told in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from optionix_core.errors import OptionixError
from screens.frame import FrameScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.widget import Widget


class EntryLine(Input):
    """The line itself; hidden until it is written on."""

    DEFAULT_CSS = """
    EntryLine { height: 1; background: $surface; color: $foreground; display: none; }
    """

    def __init__(self) -> None:
        super().__init__(id="entry", compact=True)

    async def _on_key(self, event: events.Key) -> None:
        """The keys that go round between widgets stay here: leaving the line would leave it open behind."""
        if event.key in {"tab", "shift+tab"}:
            event.prevent_default().stop()
            return
        await super()._on_key(event)


class EntryScreen(FrameScreen):
    """Its body has an `EntryLine`. Subclasses say by `keys_back` who has the keys afterwards, by `told` how to tell."""

    def __init__(self) -> None:
        super().__init__()
        self._use_entry: Callable[[str], object] | None = None
        """What to do with what is written."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """While the entry line is written, only its own key."""
        return ("entry",) if isinstance(self.focused, EntryLine) else super().scopes

    def write(self, text: str, hint: str, done: Callable[[str], object]) -> None:
        """Open the entry line with `text`; `done` uses what is written, and an OptionixError of it is told in place."""
        entry = self.query_one("#entry", EntryLine)
        entry.placeholder, entry.value = hint, text
        entry.display = True
        entry.focus()
        self._use_entry = done

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Use what was written; after a mistake the line stays as it is."""
        if self._use_entry is None or not isinstance(event.input, EntryLine):
            return
        try:
            self._use_entry(event.value)
        except OptionixError as error:
            self.told(error)
            return
        self.leave_entry()

    def told(self, error: OptionixError) -> None:
        """Tell a mistake in what was written."""
        self.notify(str(error), severity="error", markup=False)

    def action_dismiss(self) -> None:  # type: ignore[override] # of the entry line; a full screen is never dismissed
        """Close the entry line without using it."""
        self.leave_entry()

    def leave_entry(self) -> None:
        """Close the entry line."""
        self._use_entry = None
        self.query_one("#entry", EntryLine).display = False
        widget = self.keys_back()
        if widget is None:
            self.set_focus(None)
        else:
            widget.focus()

    def keys_back(self) -> Widget | None:
        """Who has the keys once the entry line is closed."""
        raise NotImplementedError
