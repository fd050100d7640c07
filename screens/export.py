"""Writing what a screen shows to a file; the ending of the name says as what.

In a page nothing is written here: the file is handed to the browser, which keeps it among its downloads.
"""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.widgets import Input, Static

from optionix_core.errors import InvalidValueError, OptionixError
from screens.frame import Dialog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import ComposeResult


class ExportDialog(Dialog[str | None]):
    """Dismissed with a sentence that says what was written, or None."""

    SCOPE: ClassVar[str] = "export"
    CSS_PATH = ["frame.tcss", "export.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, title: str, stem: str, kinds: Mapping[str, Callable[[], str]]) -> None:
        """`stem`: name of the file without its ending; `kinds`: what makes the text, by ending, the first proposed."""
        super().__init__()
        self._title, self._kinds, self._stem = title, dict(kinds), stem
        self._writing = False
        self._refused: Path | None = None
        """A file that is there already: written over when it is asked for once more."""

    def compose(self) -> ComposeResult:
        """What can be written, the file, what came of it."""
        kinds = ", ".join(f".{kind}" for kind in self._kinds)
        with Vertical(id="panel") as panel:
            panel.border_title = f"Export {self._title}"
            yield Static(f"The ending says as what: {kinds}", id="kinds", markup=False)
            yield Input(f"{self._stem}.{next(iter(self._kinds))}", id="file", compact=True)
            yield Static("", id="told", markup=False)
            yield self.hint_line()

    def on_mount(self) -> None:
        """Write."""
        self.query_one("#file", Input).focus()

    def action_next(self) -> None:
        """The next ending."""
        entry, kinds = self.query_one("#file", Input), list(self._kinds)
        path = Path(entry.value.strip() or self._stem)
        here = path.suffix.removeprefix(".")
        after = kinds[(kinds.index(here) + 1) % len(kinds)] if here in kinds else kinds[0]
        entry.value = str(path.with_suffix(f".{after}"))
        entry.cursor_position = len(entry.value)

    def action_run(self) -> None:
        """Write the file."""
        if self._writing:
            return
        try:
            path, make = self._asked()
        except OptionixError as error:
            self._tell(str(error))
            return
        self._writing = True
        self._tell("writing ...")
        self.run_worker(partial(self._write, path, make), thread=True, group="export")

    def _asked(self) -> tuple[Path, Callable[[], str]]:
        text = self.query_one("#file", Input).value.strip()
        path = Path(text).expanduser()
        make = self._kinds.get(path.suffix.removeprefix(".").lower())
        if not text or make is None:
            endings = " or ".join(f".{kind}" for kind in self._kinds)
            raise InvalidValueError("file", repr(text), f"a name that ends with {endings}")
        if self.app.is_web:
            if path.name != text:
                raise InvalidValueError("file", repr(text), "a name without folders: the browser chooses the folder")
            return path, make
        if path.exists() and path != self._refused:
            self._refused = path
            again = f"{self.host.key_of('export.run')} again writes over it"
            raise InvalidValueError("file", repr(text), f"a new one: it exists ({again})")
        return path.absolute(), make

    def _write(self, path: Path, make: Callable[[], str]) -> None:
        """In a thread of its own."""
        from optionix_core.services.chains import write_whole

        try:
            text = make()
            if self.app.is_web:
                self.app.call_from_thread(self._hand_over, path, text)
                return
            write_whole(path, text.encode())
        except (OptionixError, OSError) as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._wrote, path)

    def _hand_over(self, path: Path, text: str) -> None:
        """To the browser, which asks for it at its own pace."""
        self.app.deliver_text(io.StringIO(text), save_filename=path.name)
        self._wrote(path)

    def _failed(self, reason: str) -> None:
        self._writing = False
        self._tell(f"not written: {reason}")

    def _wrote(self, path: Path) -> None:
        if self.is_active:  # it may have been closed meanwhile, or lie under another dialog
            self.dismiss(str(path))
        elif self in self.app.screen_stack:
            self._writing = False
            self._tell(f"written: {path}")

    def _tell(self, text: str) -> None:
        self.query_one("#told", Static).update(text)
