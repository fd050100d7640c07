"""The system screen: the log of everything that was written, whether it is whole, and the state of home and machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Container

from optionix_core.errors import InvalidValueError
from screens import system_columns as columns
from screens.book_trouble import trouble_text
from screens.entry import EntryLine, EntryScreen
from screens.panes import Panes
from screens.system_columns import EVENT_COLUMNS, FINDING_COLUMNS, LOG_COLUMNS
from screens.system_summary import log_title, state_pieces
from widgets.info_line import InfoLine
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from optionix_core.services.doctor import Finding
    from optionix_core.services.log import LogPage, LogRow, LogVerification
    from screens.background import Background
    from screens.explanations import Explanation
    from screens.host import Hint
    from widgets.grid_columns import Column

MOST_ROWS = 500
"""Of the log's end; `optionix log show` has them all."""
EMPTY = "the log is empty: nothing was written yet"
EXAMINE_EVERY = timedelta(seconds=30)
FILTER_HINT = "a type, or the first words of several: order   order.filled   ledger"


class SystemPanes(Panes):
    """The log above; the entry under its cursor and the findings below."""

    AROUND: ClassVar[tuple[str, ...]] = ("log", "entry-facts", "findings")

    def compose(self) -> ComposeResult:
        """The tables as they stand."""
        yield self._pane("log", "Log", LOG_COLUMNS, "reading the log")
        with Container(id="below"):
            yield self._pane("entry-facts", "Entry", EVENT_COLUMNS, "no entry under the cursor")
            yield self._pane("findings", "State", FINDING_COLUMNS, "looking")

    @staticmethod
    def _pane(name: str, title: str, table: tuple[Column, ...], empty: str) -> Container:
        pane = Container(
            QuoteGrid(table, styler=columns.style, empty=empty, widget_id=name), id=f"{name}-pane", classes="pane"
        )
        pane.border_title = title
        return pane

    def grid(self, name: str) -> QuoteGrid:
        """The table of a pane."""
        return self.query_one(f"#{name}", QuoteGrid)

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """Log and one table below where there is little room."""
        if columns >= 100 and lines >= 20:
            return self.AROUND
        return ("log", "findings" if self.marked != "entry-facts" else "entry-facts")

    def fitted(self, seen: tuple[str, ...]) -> None:
        """Nothing below where the log has the whole room."""
        self.query_one("#below").display = seen != ("log",)


class SystemScreen(EntryScreen):
    """`g y`."""

    SCOPE: ClassVar[str] = "system"
    TITLE_TEXT: ClassVar[str] = "System"
    CSS_PATH = ["frame.tcss", "system.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self._type: str = ""
        """The filter: a type of event, or its first words."""
        self._pages: Background[LogPage] = self.background("log")
        self._findings: Background[tuple[Finding, ...]] = self.background("doctor")
        self._checks: Background[LogVerification] = self.background("verify")
        self._drawn: LogPage | None = None
        self._asked_to_verify = 0

    @property
    def panes(self) -> SystemPanes:
        """The tables."""
        return self.query_one(SystemPanes)

    @property
    def settled(self) -> bool:
        """Whether the log's end and the state of the machine are shown."""
        return self._pages.key is not None and self._pages.key == self._question() and self._findings.key is not None

    @property
    def trouble(self) -> OptionixError | None:
        """Why the log cannot be read."""
        return self._pages.problem

    def body(self) -> Iterable[Widget]:
        """State, tables, entry line."""
        yield InfoLine(widget_id="state")
        yield SystemPanes(widget_id="system-panes")
        yield EntryLine()

    def on_mount(self) -> None:
        """Start with the log."""
        super().on_mount()
        self.panes.fit_into(self.app.size.width, self.app.size.height)
        self.panes.mark("log")
        self.session_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Show what there is room for."""
        self.panes.fit_into(event.size.width, event.size.height)

    def footer_hints(self) -> tuple[Hint, ...]:
        """The keys that have something to work on in the marked pane."""
        marked = self.panes.marked if self.is_mounted else "log"
        return tuple(hint for hint in super().footer_hints() if hint.action != "system.filter" or marked == "log")

    def on_panes_marked(self) -> None:
        """Other keys have something to work on."""
        self.refresh_footer()

    # Asking

    def session_changed(self) -> None:
        """Ask for the newest end of the log and show what there is."""
        question = self._question()
        if question is not None:
            self._pages.ask(question, self._read)
            self._findings.ask("doctor", self._examine, every=EXAMINE_EVERY)
        self._show()

    def _question(self) -> tuple[int, str] | None:
        """What a page depends on; None before the log was opened."""
        book = self.session.book
        return None if book is None else (book.events, self._type)

    def _read(self, progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> LogPage:
        """In a thread of its own."""
        del progress, cancel
        from optionix_core.services import log

        return log.tail(self.session.workspace.store, MOST_ROWS, self._type or None)

    def _examine(self, progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> tuple[Finding, ...]:
        """In a thread of its own."""
        del progress, cancel
        from optionix_core.services import doctor

        workspace = self.session.workspace
        return doctor.examine(workspace.home, workspace.clock.now(), log=False)

    def _check(self, progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> LogVerification:
        """In a thread of its own."""
        from optionix_core.services import log

        return log.verify(self.session.workspace.store, progress, cancel)

    # Showing

    def _show(self) -> None:
        pieces = state_pieces(self.session, self._pages, self._checks, self.host.key_of("system.verify"))
        self.query_one("#state", InfoLine).show(pieces)
        page = self._pages.answer
        grid = self.panes.grid("log")
        if self._pages.problem is not None:
            grid.say_when_empty(trouble_text(self._pages.problem), "warn")
        elif page is not None:
            grid.say_when_empty(f"no entry is within / {self._type}" if page.head.seq else EMPTY)
        if page is not None and page is not self._drawn:
            self._drawn = page
            grid.show(columns.log_rows(page), flash=False)
            self.panes.title("log", log_title(page, self._type))
        if self._findings.answer is not None:
            self.panes.grid("findings").show(columns.finding_rows(self._findings.answer), flash=False)
        self._show_entry()

    def _show_entry(self) -> None:
        row = self.entry()
        grid = self.panes.grid("entry-facts")
        grid.show([] if row is None else columns.entry_rows(row), flash=False)
        self.panes.title("entry-facts", "Entry" if row is None else f"Entry {row.seq:,} {row.type}")

    def entry(self) -> LogRow | None:
        """The entry under the log's cursor."""
        marked = self.panes.grid("log").cursor_row
        page = self._pages.answer
        if marked is None or page is None:
            return None
        return next((row for row in page.rows if row.seq == marked.key), None)

    def on_quote_grid_cursor_moved(self, message: QuoteGrid.CursorMoved) -> None:
        """Another entry is under the cursor."""
        if message.grid.id == "log":
            self._show_entry()

    # Doing

    def action_next_pane(self) -> None:
        """Mark the pane after this one."""
        self.panes.step(1)

    def action_previous_pane(self) -> None:
        """Mark the pane before this one."""
        self.panes.step(-1)

    def action_zoom(self) -> None:
        """The marked pane alone, or with the others."""
        self.panes.zoom()

    def action_open(self) -> None:
        """The entry whole, or the log again."""
        self.panes.mark("log" if self.panes.marked == "entry-facts" else "entry-facts")

    def take_back(self) -> None:
        """Bring the other panes back, else end a check, else take the filter away."""
        if self.panes.zoomed:
            self.panes.zoom()
        elif self._checks.running:
            self._checks.cancel()
        elif self._type:
            self._keep("")

    def action_filter(self) -> None:
        """Open the entry line for a type of entry."""
        self.write(self._type, FILTER_HINT, self._keep)

    def _keep(self, text: str) -> None:
        words = text.strip().lower()
        if words and not all(part.isidentifier() for part in words.split(".")):
            raise InvalidValueError("filter", repr(text), "a type such as order or order.filled")
        self._type = words
        self.session_changed()

    def keys_back(self) -> Widget | None:
        """The marked pane has the keys."""
        return self.panes.widget_of(self.panes.marked)

    def action_verify(self) -> None:
        """Check the whole log, or end the check that runs."""
        if self._checks.running:
            self._checks.cancel()
        else:
            self._asked_to_verify += 1
            self._checks.ask(self._asked_to_verify, self._check)
        self._show()

    def action_examine(self) -> None:
        """Look at home and machine anew."""
        self._findings.again()
        self.session_changed()

    def action_explain(self) -> None:
        """What the row under the cursor means."""
        told = self._explanation()
        if told is None:
            self.notify("There is nothing under the cursor.", severity="warning")
            return
        from screens.explain import ExplainDialog

        self.app.push_screen(ExplainDialog(told))

    def _explanation(self) -> Explanation | None:
        from screens.system_explanations import explain_entry, explain_finding

        marked, row = self.panes.marked, self.entry()
        if marked == "findings":
            here = self.panes.grid("findings").cursor_row
            subject = None if here is None else here.key
            found = next((one for one in self._findings.answer or () if one.subject == subject), None)
            return None if found is None else explain_finding(found)
        return None if row is None else explain_entry(row, self._checks.answer, self.session.now)

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """The entries that are shown."""
        from optionix_core.services import log

        page = self._pages.answer
        return {} if page is None else {kind: partial(log.encode, page, kind) for kind in log.FORMATS}

    def arrangement(self) -> Mapping[str, Any]:
        """Marked pane, zoom, filter."""
        return {"pane": self.panes.marked, "zoomed": self.panes.zoomed, "filter": self._type}

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set the screen up as it was. Raises InvalidValueError."""
        self._keep(str(kept.get("filter", "")))
        self.panes.mark(str(kept.get("pane", "log")))
        self.panes.zoom(on=kept.get("zoomed") is True)

    def command_line(self) -> str:
        """The command that gives the marked pane."""
        if self.panes.marked == "findings":
            return "optionix doctor"
        row = self.entry()
        if self.panes.marked == "entry-facts" and row is not None:
            return f"optionix log show --after {row.seq - 1} --limit 1 --json"
        return f"optionix log show --limit {MOST_ROWS}{f' --type {self._type}' if self._type else ''}"
