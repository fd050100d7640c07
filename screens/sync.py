"""The sync screen: who is signed in on a server, how far this home is in step, conflicts, desk, devices, sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from optionix_core.errors import InvalidValueError
from screens import sync_columns as columns
from screens.entry import EntryLine
from screens.sync_acts import SyncActs
from screens.sync_panes import ANSWERED, SIGNED_OUT, SyncPanes
from screens.sync_summary import state_pieces
from screens.team import SyncNews
from widgets.info_line import InfoLine, Piece

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from screens.background import Background
    from screens.team import ConflictRow, DeskRow, KeptRow, Surroundings
    from widgets.quote_grid import QuoteGrid

KEPT_EVERY = timedelta(seconds=10)
DESK_EVERY = timedelta(seconds=30)
LOOK_EVERY = timedelta(minutes=1)
NOBODY = SyncNews(None)
TITLES: Final[Mapping[str, str]] = {
    "conflicts": "Conflicts", "kept": "Kept orders", "desk": "Desk", "devices": "Devices", "sessions": "Sessions",
}  # fmt: skip


class SyncScreen(SyncActs):
    """`g t`."""

    SCOPE: ClassVar[str] = "sync"
    TITLE_TEXT: ClassVar[str] = "Sync"
    CSS_PATH = ["frame.tcss", "sync.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self._conflicts: Background[tuple[ConflictRow, ...]] = self.background("conflicts")
        self._kept: Background[tuple[KeptRow, ...]] = self.background("kept")
        self._desk: Background[tuple[DeskRow, ...]] = self.background("desk")
        self._around: Background[Surroundings] = self.background("surroundings")
        self._told: Piece | None = None

    @property
    def panes(self) -> SyncPanes:
        """The tables."""
        return self.query_one(SyncPanes)

    @property
    def news(self) -> SyncNews:
        """Who is signed in and how far this home is, as far as it is known."""
        return self.session.sync or NOBODY

    @property
    def settled(self) -> bool:
        """Whether everything that was asked for is shown."""
        if self.session.team is not None and self.session.sync is None:
            return False
        asked: list[Background[Any]] = [] if self.session.team is None else [self._kept]
        asked += [] if self.news.member is None else [self._conflicts, self._desk, self._around]
        return all(one.key is not None and not one.running for one in asked)

    @property
    def trouble(self) -> OptionixError | None:
        """Why the desk or the devices cannot be seen."""
        return self._desk.problem or self._around.problem or self._conflicts.problem or self._kept.problem

    def body(self) -> Iterable[Widget]:
        """State, tables, what was done, entry line."""
        yield InfoLine(widget_id="sync-state")
        yield SyncPanes(widget_id="sync-panes")
        yield InfoLine(widget_id="sync-told")
        yield EntryLine()

    def on_mount(self) -> None:
        """Ask for everything."""
        super().on_mount()
        self.panes.fit_into(self.app.size.width, self.app.size.height)
        self.panes.mark("desk" if self.news.member is not None else "facts")
        self.session_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Show what there is room for."""
        self.panes.fit_into(event.size.width, event.size.height)

    def on_panes_marked(self) -> None:
        """Other keys have something to work on."""
        self.refresh_footer()

    # Asking

    def session_changed(self) -> None:
        """Ask for what is shown, and show what there is."""
        team, member = self.session.team, self.news.member
        step = self.news.in_step
        if team is not None:
            self._kept.ask(("kept", self.asked, step), lambda *_: team.kept(), every=KEPT_EVERY)
        if team is not None and member is not None:
            self._conflicts.ask((member.session_id, self.asked, step), lambda *_: team.conflicts())
            self._desk.ask((member.session_id, self.asked), lambda *_: team.desk(), every=DESK_EVERY)
            self._around.ask((member.session_id, self.asked), lambda *_: team.surroundings(), every=LOOK_EVERY)
        self._show()

    def _show(self) -> None:
        news = self.news
        keys = (self.host.key_of("sync.sign_in"), self.host.key_of("sync.now"))
        kept = self._kept.answer or ()
        self.query_one("#sync-state", InfoLine).show(state_pieces(news, *keys, kept=len(kept)))
        self._fill("kept", columns.kept_rows(kept), self._kept)
        self.panes.keep(len(kept))
        self.panes.grid("facts").show(columns.fact_rows(news), flash=False)
        here = news.member is not None
        around = self._around.answer if here else None
        self._fill("conflicts", columns.conflict_rows((here and self._conflicts.answer) or ()), self._conflicts)
        self._fill("desk", columns.desk_rows((here and self._desk.answer) or ()), self._desk)
        self._fill("devices", columns.device_rows(around.devices if around else ()), self._around)
        self._fill("sessions", columns.session_rows(around.sessions if around else ()), self._around)
        self.show_told()

    def _fill(self, name: str, rows: list[Any], asked: Background[Any]) -> None:
        grid = self.panes.grid(name)
        local = asked is self._kept  # this home knows it by itself
        if asked.problem is not None and (local or self.news.member is not None):
            grid.say_when_empty(str(asked.problem), "warn")
            rows = []
        elif local or self.news.member is None:
            grid.say_when_empty(SIGNED_OUT[name])
        else:
            grid.say_when_empty("asking the server" if asked.answer is None else ANSWERED[name])
        grid.show(rows, flash=False)
        self.panes.title(name, f"{TITLES[name]}: {len(rows)}" if rows else TITLES[name])

    def tell(self, text: str, tone: str = "plain") -> None:
        """Say something in place, until the cursor moves."""
        self._told = Piece(text, tone)
        self.show_told()
        if len(text) > self.app.size.width - 2:
            self.notify(text, severity="error" if tone == "alert" else "information", markup=False)

    def show_told(self) -> None:
        """What was done last, or what the row under the cursor is."""
        self.query_one("#sync-told", InfoLine).show([self._told or Piece(self._row_words(), "muted")])

    def told(self, error: OptionixError) -> None:
        """A mistake on the entry line, in place."""
        self.tell(f"✗ {error}", "alert")

    def on_quote_grid_cursor_moved(self, message: QuoteGrid.CursorMoved) -> None:
        """Another row is under the cursor."""
        if message.grid.id == self.panes.marked:
            self._told = None
            self.show_told()

    # What is under the cursor

    def row_key(self, pane: str) -> Any:
        """Of the row under the cursor of a pane."""
        row = self.panes.grid(pane).cursor_row
        return None if row is None else row.key

    def conflict(self) -> ConflictRow | None:
        """The conflict under the cursor."""
        key = self.row_key("conflicts")
        return next((one for one in self._conflicts.answer or () if one.event_id == key), None)

    def kept_order(self) -> KeptRow | None:
        """The kept order under the cursor."""
        key = self.row_key("kept")
        return next((one for one in self._kept.answer or () if one.order_id == key), None)

    def desk_row(self) -> DeskRow | None:
        """The account under the cursor."""
        key = self.row_key("desk")
        return next((one for one in self._desk.answer or () if one.account_id == key), None)

    def around(self) -> Surroundings | None:
        """Devices and sessions, as far as they are known."""
        return self._around.answer

    def _row_words(self) -> str:
        found = self.conflict() if self.panes.marked == "conflicts" else None
        if found is not None:
            return f"{found.kind}: {found.what}: {found.reason}"
        kept = self.kept_order() if self.panes.marked == "kept" else None
        return "" if kept is None else f"{kept.what}: {kept.reason}"

    # Moving about

    def action_next_pane(self) -> None:
        """Mark the pane after this one."""
        self.panes.step(1)

    def action_previous_pane(self) -> None:
        """Mark the pane before this one."""
        self.panes.step(-1)

    def action_zoom(self) -> None:
        """The marked pane alone, or with the others."""
        self.panes.zoom()

    def take_back(self) -> None:
        """Bring the other panes back."""
        if self.panes.zoomed:
            self.panes.zoom()

    def keys_back(self) -> Widget | None:
        """The marked pane has the keys."""
        return self.panes.widget_of(self.panes.marked)

    def action_explain(self) -> None:
        """What the row under the cursor means."""
        from screens.explain import ExplainDialog
        from screens.sync_explanations import explain

        self.app.push_screen(ExplainDialog(explain(self)))

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """The desk."""
        from screens.sync_export import encoded

        rows = self._desk.answer or ()
        return {kind: lambda kind=kind: encoded(rows, kind) for kind in ("csv", "json")}  # type: ignore[misc] # bound now

    def arrangement(self) -> Mapping[str, Any]:
        """Marked pane and zoom."""
        return {"pane": self.panes.marked, "zoomed": self.panes.zoomed}

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set the screen up as it was. Raises InvalidValueError."""
        unknown = set(kept) - {"pane", "zoomed"}
        if unknown:
            raise InvalidValueError("arrangement", ", ".join(sorted(unknown)), "pane or zoomed")
        self.panes.mark(str(kept.get("pane", "desk")))
        self.panes.zoom(on=kept.get("zoomed") is True)

    def command_line(self) -> str:
        """The command that gives the marked pane."""
        commands = {"devices": "devices list", "sessions": "sessions list", "desk": "sync desk"}
        commands |= {"conflicts": "sync conflicts", "kept": "sync intents"}
        return f"optionix {commands.get(self.panes.marked, 'sync status')}"
