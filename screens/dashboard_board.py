"""What the dashboard shows: the account's lines, its curve, and the tables of the desk.

The account comes with the session; everything else is asked for in the background, what needs a revaluation of the book
seldom. What can be done is in `dashboard`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from screens.book_trouble import trouble_text
from screens.dashboard_columns import ahead_rows, alert_rows, exposure_rows, working_rows
from screens.dashboard_panes import TITLES, DashboardPanes
from screens.dashboard_summary import account_pieces, curve_plot, risk_pieces
from screens.frame import FrameScreen
from screens.watchlist_columns import columns_of, rows_of
from widgets.info_line import InfoLine, Piece

if TYPE_CHECKING:
    from textual import events
    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from optionix_core.services.book_view import BookView
    from optionix_core.services.dashboard_risk import RiskGlance
    from optionix_core.services.dashboard_view import DashboardViewer, DeskView
    from screens.background import Background

AGAIN = timedelta(seconds=1)
"""How often the desk is read anew while nothing happens in the log."""
RISK_AGAIN = timedelta(seconds=30)
"""How often the book is revalued."""


class DashboardBoard(FrameScreen):
    """The panes; what keys do with them is the subclass's."""

    AUTO_FOCUS = ""
    CSS_PATH = ["frame.tcss", "dashboard.tcss"]  # noqa: RUF012 - Textual declares it as a plain list
    SCOPE: ClassVar[str] = "dashboard"

    def __init__(self) -> None:
        super().__init__()
        self.chosen: str | None = None
        """The watchlist that is asked for; None: the first."""
        self.chosen_curve: str | None = None
        """`day` or `total`; None: the day's until a session has closed since the account was opened."""
        self._desks: Background[DeskView] = self.background("desk")
        self._risks: Background[RiskGlance] = self.background("risk")
        self._stopped: int | None = None
        """The length of the log for which the revaluation was cancelled."""
        self._viewer: DashboardViewer | None = None
        self._book: BookView | None = None
        self._columns: tuple[str, ...] = ()
        self._drawn: tuple[object, ...] = ()

    def body(self) -> Iterable[Widget]:
        """Two lines of the account, and the panes."""
        yield InfoLine(widget_id="desk-account")
        yield InfoLine(widget_id="desk-risk")
        yield DashboardPanes(widget_id="desk-panes")

    def on_mount(self) -> None:
        """Start with the curve."""
        super().on_mount()
        self.panes.fit_into(*self.app.size)
        self.panes.mark("curve")
        self.session_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Show what there is room for."""
        self.panes.fit_into(event.size.width, event.size.height)

    @property
    def panes(self) -> DashboardPanes:
        """The panes."""
        return self.query_one(DashboardPanes)

    @property
    def view(self) -> DeskView | None:
        """The newest desk."""
        return self._desks.answer

    @property
    def day(self) -> bool:
        """Whether the curve is the day's."""
        if self.chosen_curve is None:
            return self.view is None or len(self.view.curve.closes) < 2
        return self.chosen_curve == "day"

    @property
    def risk(self) -> RiskGlance | None:
        """The newest figures of the book's risk."""
        return self._risks.answer

    @property
    def settled(self) -> bool:
        """Whether desk and risk are of the log as the session knows it."""
        question = self._question()
        if question is None or self._desks.key != question:
            return False
        return question[0] in {self._risks.key, self._stopped}

    @property
    def trouble(self) -> OptionixError | None:
        """Why the log cannot be read."""
        return self._desks.problem

    def _question(self) -> tuple[int, str | None] | None:
        book = self.session.book
        return None if book is None else (book.events, self.chosen)

    def session_changed(self) -> None:
        """Ask for the newest desk and show what there is."""
        question = self._question()
        if question is not None:
            self._desks.ask(question, self._look(self.chosen), every=AGAIN)
            if question[0] != self._stopped:
                self._risks.ask(question[0], self._glance, every=RISK_AGAIN)
        self.show()

    def revalue(self) -> None:
        """Revalue the book now, or cancel that where it runs."""
        question = self._question()
        if self._risks.running:
            self._risks.cancel()
            self._stopped = None if question is None else question[0]
        else:
            self._stopped = None
            self._risks.again()
        self.session_changed()

    @property
    def _risk_words(self) -> str:
        """How far the revaluation is, where there is no answer."""
        if not self._risks.running:
            return f"value at risk: {self.host.key_of('dashboard.refresh')} computes it"
        done, total = self._risks.done, self._risks.total
        return f"◌ value at risk {done}/{total}" if total else "◌ value at risk"

    def _look(self, name: str | None) -> Callable[..., DeskView]:
        def work(progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> DeskView:
            """In a thread of its own."""
            del progress, cancel
            from optionix_core.services.dashboard_view import DashboardViewer

            workspace = self.session.workspace
            if self._viewer is None or self._viewer.feed is not workspace.feed:
                self._viewer = DashboardViewer(workspace)
            return self._viewer.view(name)

        return work

    def _glance(self, progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> RiskGlance:
        """In a thread of its own."""
        from optionix_core.services.dashboard_risk import glance

        return glance(self.session.workspace, progress, cancel)

    def show(self) -> None:
        """Draw what there is."""
        book, view = self.session.book, self.view
        problem = self.trouble or self.session.book_problem
        account, risk = self.query_one("#desk-account", InfoLine), self.query_one("#desk-risk", InfoLine)
        if problem is not None:
            account.show([Piece("✗", "alert"), Piece(str(problem), "alert", 0, joined=True)])
            risk.show([Piece("below: as it was last known" if view else "nothing is known", "warn")])
            self.panes.grid("orders").say_when_empty(trouble_text(problem), "warn")
        elif book is None:
            warming = self.session.warming
            account.show([Piece("◌ warming", "chip"), Piece(warming.step if warming else "reading the log")])
        if book is not None:
            if problem is None:
                account.show(account_pieces(book, None if view is None else view.curve))
                failed = None if self._risks.problem is None else str(self._risks.problem)
                board = None if view is None else view.board
                risk.show(risk_pieces(book, self.risk, board, waiting=self._risk_words, failed=failed))
            if book is not self._book:
                self._book = book
                self.panes.grid("exposure").say_when_empty("nothing is held")
                self.panes.grid("exposure").show(exposure_rows(book), flash=False)
        drawn = (view, self.day, problem)
        if drawn != self._drawn:
            self._drawn = drawn
            waiting = "reading the ledger" if problem is None else str(problem)
            self.panes.chart.show(curve_plot(None if view is None else view.curve, day=self.day, waiting=waiting))
            if view is not None:
                self._show_desk(view)

    def _show_desk(self, view: DeskView) -> None:
        panes, board = self.panes, view.board
        tables = {
            "orders": (working_rows(board), "no order works: n on the orders screen (F7) writes one"),
            "alerts": (alert_rows(board), "no alert waits and no halt is in force"),
            "ahead": (ahead_rows(view.ahead, view.moment.date()), "nothing is ahead: nothing is held or watched"),
        }
        for name, (rows, empty) in tables.items():
            panes.grid(name).say_when_empty(empty)
            panes.grid(name).show(rows, flash=False)
            panes.title(name, f"{TITLES[name]} {len(rows)}" if rows else TITLES[name])
        self._show_watchlist(view)

    def _show_watchlist(self, view: DeskView) -> None:
        panes, watch = self.panes, view.watch.view
        if watch is None:
            key = self.host.key_of("app.watchlist")
            panes.watched.say_when_empty(f"no watchlist yet: {key}, then a writes symbols")
            panes.watched.show(())
            return
        panes.title("watch", f"{TITLES['watch']} {watch.watchlist.name}")
        panes.watched.say_when_empty(f"no symbols in {watch.watchlist.name}")
        columns, rows = columns_of(watch.watchlist), rows_of(watch)
        keys = tuple(column.key for column in columns)
        if keys == self._columns:
            panes.watched.show(rows)
        else:
            self._columns = keys
            panes.watched.use_columns(columns, rows)

    def on_dashboard_panes_marked(self) -> None:
        """Other keys have something to work on."""
        self.refresh_footer()
