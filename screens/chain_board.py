"""What the chain screen shows: an expiry as it is now, in a layout of columns, through a filter. It does not act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from textual.css.query import NoMatches

from config import chain_layouts
from config.errors import SettingsError
from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.protocols import FeedState
from optionix_core.services.chain_filter import ChainFilter
from screens.chain_columns import Layout, RowMarks, field_of, layout, side_of
from screens.chain_panes import NAMES, PAYOFF, QUOTES, SMILE, STAGE, ChainPanes
from screens.chain_plots import Pace, payoff_plot, smile_plot
from screens.chain_summary import option_pieces, summary_pieces
from screens.chain_trouble import trouble_text
from screens.entry import EntryLine, EntryScreen
from widgets.braille_chart import Plot
from widgets.expiry_tabs import ExpiryTabs, Tab
from widgets.info_line import InfoLine, Piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow

TOLD_FOR = timedelta(seconds=8)
ARRANGED = ("layout", "filter", "pane", "zoomed")


class ChainBoard(EntryScreen):
    """Shows the session's chain; subclasses act on it."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = ChainFilter()
        self.layouts = chain_layouts.SHIPPED_ALONE
        self.columns_chosen: Layout = layout(chain_layouts.DEFAULT, chain_layouts.SHIPPED[chain_layouts.DEFAULT])
        self._shown: ChainView | None = None
        self._drawn_layout = self.columns_chosen
        self._cursor_wanted: str | None = None
        self._paces: dict[str, Pace] = {}
        self._told: tuple[Piece, datetime] | None = None

    @property
    def panes(self) -> ChainPanes:
        """Table and charts."""
        return self.query_one(ChainPanes)

    @property
    def shown(self) -> ChainView | None:
        """The view that is drawn."""
        return self._shown

    def body(self) -> Iterable[Widget]:
        """Summary, tabs, panes, the stage in a line where there is no room for it, the option under the cursor."""
        yield InfoLine(widget_id="summary")
        yield ExpiryTabs(widget_id="expiries")
        yield ChainPanes(self.columns_chosen.columns, widget_id="chain-panes")
        yield InfoLine(widget_id="staged")
        yield InfoLine(widget_id="option")
        yield EntryLine()

    def on_mount(self) -> None:
        """Read the user's layouts and start with the table."""
        super().on_mount()
        self.read_layouts()
        self.panes.quotes.focus()
        self.session_changed()

    def on_resize(self) -> None:
        """Other panes fit."""
        self.panes.fit_into(self.size.width, self.size.height)
        self.session_changed()

    def read_layouts(self) -> None:
        """The user's layouts; a file that cannot be used is told, and the shipped ones stay."""
        try:
            self.layouts = chain_layouts.load(self.session.workspace.home.config / chain_layouts.FILE_NAME)
        except SettingsError as error:
            self.layouts = chain_layouts.SHIPPED_ALONE
            self.notify(str(error), title="Column layouts", severity="error", timeout=12, markup=False)

    def use_layout(self, name: str) -> None:
        """Show the columns of a layout. InvalidValueError names the layouts where there is none of that name."""
        if name not in self.layouts.layouts:
            known = f"one of {', '.join(self.layouts.layouts)}"
            raise InvalidValueError("layout", repr(name), known)
        self.columns_chosen = layout(name, self.layouts.columns(name))
        if self.is_mounted:
            self.session_changed()

    def use_filter(self, text: str) -> None:
        """Keep what the filter keeps. InvalidValueError names the word that means nothing."""
        chosen = ChainFilter.parse(text)
        view = self.session.chain
        if view is not None:
            self._choose_within(chosen, view)
        self.filter = chosen
        if self.is_mounted:
            self.session_changed()

    def _choose_within(self, chosen: ChainFilter, view: ChainView) -> None:
        """Show an expiry that a filter of days keeps. MissingDataError where it keeps none."""
        kept = chosen.expiries(view.expiries)
        if not kept:
            days = ", ".join(str(tab.days) for tab in view.expiries)
            raise MissingDataError(f"no expiry of {view.underlying} is within {chosen.text!r}; days to them: {days}")
        here = self.session.selection.expiry or view.expiry
        if here not in {tab.expiry for tab in kept}:
            nearest = min(kept, key=lambda tab: abs((tab.expiry - here).days))
            self.host.select(expiry=nearest.expiry, root=nearest.root)

    def _keep_within(self, view: ChainView) -> None:
        """Another underlying's first expiry may be none that the filter keeps."""
        try:
            self._choose_within(self.filter, view)
        except MissingDataError as error:
            self.told(error)

    def arrangement(self) -> Mapping[str, Any]:
        """Layout, filter, marked pane and zoom."""
        panes = self.panes
        return {
            "layout": self.columns_chosen.name,
            "filter": self.filter.text,
            "pane": panes.marked,
            "zoomed": panes.zoomed,
        }

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """As `arrangement` told."""
        for name, value in kept.items():
            if name not in ARRANGED:
                raise InvalidValueError("arrangement", repr(name), f"one of {', '.join(ARRANGED)}")
            if not isinstance(value, bool if name == "zoomed" else str):
                raise InvalidValueError(name, repr(value), "true or false" if name == "zoomed" else "text")
        if "pane" in kept and kept["pane"] not in NAMES:
            raise InvalidValueError("pane", repr(kept["pane"]), f"one of {', '.join(NAMES)}")
        if "layout" in kept:
            self.use_layout(kept["layout"])
        if "filter" in kept:
            self._use_kept_filter(kept["filter"])
        if "pane" in kept and (kept["pane"] != STAGE or self.session.stage):
            self.panes.mark(kept["pane"])
        if "zoomed" in kept:
            self.panes.zoom(on=kept["zoomed"])

    def _use_kept_filter(self, text: str) -> None:
        """Expiries of another day may be none that it keeps: that is told, and the filter stays."""
        try:
            self.use_filter(text)
        except MissingDataError as error:
            self.filter = ChainFilter.parse(text)
            self.told(error)

    # The view

    def session_changed(self) -> None:
        """Show the newest view, or why there is none; rows of another choice are no answer to this one."""
        view, problem = self.session.chain, self.session.problem
        if problem is not None and not self.session.answered:
            self._show_trouble(problem)
        elif view is None:
            self._show_waiting()
        else:
            self._show_view(view)

    def _show_view(self, view: ChainView) -> None:
        problem = self.session.problem
        stale = problem is not None or (view.state is not FeedState.FILE and view.is_stale(self.session.now))
        fresh = self._shown is None or (self._shown.underlying, self._shown.expiry, self._shown.root) != (
            view.underlying, view.expiry, view.root,
        )  # fmt: skip
        self._shown = view
        grid = self.panes.quotes
        kept = self.filter.apply(view)
        grid.say_when_empty(f"no strike is within / {self.filter.text}" if view.rows else "no strikes")
        marks = RowMarks(self.filter, dict(self.session.stage.pairs))
        rows = self.columns_chosen.rows(view, kept, self.session.held, marks, stale=stale)
        if self.columns_chosen is not self._drawn_layout:
            self._drawn_layout = self.columns_chosen
            grid.use_columns(self.columns_chosen.columns, rows)
        else:
            grid.show(rows, flash=not fresh)
        if fresh:
            self._place_cursor(view)
            if self.session.selection.expiry is None:
                self._keep_within(view)
        self._show_tabs(view)
        self._show_summary(view, problem)
        self.show_stage(view)
        smile = self.panes.chart(SMILE)
        if smile.size.height and self.pace(SMILE).due(
            (view.underlying, view.expiry, view.root, view.smile is None), self.session.now
        ):
            smile.show(smile_plot(view))
        self._show_option()

    def _show_summary(self, view: ChainView, problem: OptionixError | None) -> None:
        pieces = summary_pieces(view, self.filter, problem, self.columns_chosen.name)
        if self._told is not None and problem is None:
            piece, since = self._told
            if isinstance(self.focused, EntryLine) or self.session.now - since < TOLD_FOR:
                pieces = (piece,)
        self.query_one("#summary", InfoLine).show(pieces)

    def tell(self, text: str, tone: str = "plain") -> None:
        """Say something in the summary's place: for a while, or until the cursor moves, or a line is written."""
        self._told = (Piece(text, tone, 0), self.session.now) if text else None
        if self._shown is not None:
            self._show_summary(self._shown, self.session.problem)

    def told(self, error: OptionixError) -> None:
        """Tell a mistake where the summary stands."""
        self.tell(f"✗ {error}", "alert")

    def leave_entry(self) -> None:
        """Close the entry line; what was told of it goes."""
        self.tell("")
        super().leave_entry()

    def keys_back(self) -> Widget | None:
        """The marked pane has the keys."""
        panes = self.panes
        return panes.widget_of(panes.marked) if panes.marked in {QUOTES, STAGE} else None

    def _show_waiting(self) -> None:
        warming = self.session.warming
        if warming is not None:
            share = "" if warming.share is None else f"{warming.share:4.0%}"
            pieces = [Piece("◌ warming", "chip"), Piece(warming.step, "plain"), Piece(share, "accent", 1)]
        else:
            pieces = [Piece("waiting for quotes", "muted")]
        self.query_one("#summary", InfoLine).show(pieces)

    def _show_trouble(self, problem: OptionixError) -> None:
        """The problem stands where the rows would; tabs stay where they are the wanted underlying's."""
        view, wanted = self.session.chain, self.session.selection
        self._shown = None
        grid = self.panes.quotes
        grid.say_when_empty(trouble_text(problem, self.session, self.host), "warn")
        grid.show(())
        if view is None or wanted.underlying not in {None, view.underlying}:
            self.query_one(ExpiryTabs).show((), "")
        else:
            self._show_tabs(view, chosen="")
        asked = [wanted.underlying, wanted.root, None if wanted.expiry is None else f"{wanted.expiry:%d %b %y}"]
        pieces = [Piece("✗ no quotes", "alert"), Piece(" ".join(part for part in asked if part), "strong")]
        self.query_one("#summary", InfoLine).show(pieces)
        self.panes.chart(SMILE).show(Plot("Smile", note="no quotes"))
        self.panes.chart(PAYOFF).show(Plot("Payoff", note="no quotes"))
        self._show_option()

    def _show_tabs(self, view: ChainView, chosen: str | None = None) -> None:
        several = len({tab.root for tab in view.expiries}) > 1
        kept = self.filter.expiries(view.expiries)
        tabs = [
            Tab(f"{tab.expiry} {tab.root}", f"{tab.expiry:%d %b %y} {tab.days}d{f' {tab.root}' if several else ''}")
            for tab in kept
        ]
        self.query_one(ExpiryTabs).show(tabs, f"{view.expiry} {view.root}" if chosen is None else chosen)

    # The cursor

    def _place_cursor(self, view: ChainView) -> None:
        wanted = None
        if self.session.answered:  # a view that was there before the choice cannot list what is wanted
            wanted, self._cursor_wanted = self._cursor_wanted, None
        found = view.side(wanted) if wanted is not None else None
        if wanted is not None and found is None:
            self.notify(f"{wanted.strip()} is not listed in this chain.", severity="warning", markup=False)
        if found is not None:
            row, side = found
            self._centre(row.strike, "call.ask" if side is row.call else "put.ask")
        elif view.at_the_money is not None:
            self._centre(view.at_the_money)

    def _centre(self, strike: float, column: str | None = None) -> None:
        """Once the new rows are laid out: before that there is nothing to scroll."""
        grid = self.panes.quotes
        grid.move_to_key(strike, column)
        self.call_after_refresh(lambda: grid.move_to_key(strike, column, centre=True))

    def show_option(self, symbol: str) -> None:
        """Put the cursor on an option, now or when its expiry has arrived."""
        view = self._shown
        self._cursor_wanted = symbol
        if view is not None and view.side(symbol) is not None:
            self._place_cursor(view)

    def under_cursor(self) -> tuple[ChainView, ChainRow, SideRow, str] | None:
        """View, row, option and field that the table's cursor stands on."""
        grid = self.panes.quotes
        view, marked, column = self._shown, grid.cursor_row, grid.cursor_column
        if view is None or marked is None or column is None:
            return None
        row = next((row for row in view.rows if row.strike == marked.key), None)
        return None if row is None else (view, row, side_of(row, column), field_of(column))

    def on_quote_grid_cursor_moved(self) -> None:
        """Another option is under the cursor."""
        if self._told is not None:
            self.tell("")
        self._show_option()

    def _show_option(self) -> None:
        try:
            line, place = self.query_one("#option", InfoLine), self.under_cursor()
        except NoMatches:  # the first cursor message can arrive before the screen is composed
            return
        if place is None:
            line.show([Piece("no option under the cursor", "muted")])
            return
        view, row, side, _ = place
        line.show(option_pieces(view, row, side, self.session.held(side.symbol)))
        chart = self.panes.chart(PAYOFF)
        if not self.session.stage and chart.size.height and self.pace(PAYOFF).due(side.symbol, self.session.now):
            chart.show(payoff_plot(view, row, side))

    def pace(self, name: str) -> Pace:
        """How often a chart is drawn."""
        return self._paces.setdefault(name, Pace())

    def show_stage(self, view: ChainView) -> None:
        """Show what is staged beside a view."""
        raise NotImplementedError
