"""The option chain: one expiry streaming, its smile, and what the option under the cursor pays."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container
from textual.css.query import NoMatches
from textual.widgets import Input

from optionix_core.errors import InvalidValueError
from optionix_core.market.protocols import FeedState
from screens.chain_columns import COLUMNS, GROUPS, field_of, grid_rows, side_of, style
from screens.chain_plots import payoff_plot, smile_plot
from screens.chain_summary import option_pieces, summary_pieces
from screens.chain_trouble import trouble_text
from screens.frame import FrameScreen
from screens.host import Draft
from screens.stepping import underlying_after
from screens.strike_filter import StrikeFilter
from widgets.braille_chart import BrailleChart, Plot
from widgets.expiry_tabs import ExpiryTabs, Tab
from widgets.info_line import InfoLine, Piece
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from optionix_core.services.chain_view import ChainRow, ChainView, SideRow


class ChainScreen(FrameScreen):
    """F2."""

    SCOPE: ClassVar[str] = "chain"
    TITLE_TEXT: ClassVar[str] = "F2 Chain"
    CSS_PATH = ["frame.tcss", "chain.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self._filter = StrikeFilter()
        self._shown: ChainView | None = None
        self._cursor_wanted: str | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """While the filter is written, only its own key."""
        return ("entry",) if isinstance(self.focused, Input) else super().scopes

    def body(self) -> Iterable[Widget]:
        """Summary, tabs, table with charts, the option under the cursor, and the filter's entry line."""
        yield InfoLine(widget_id="summary")
        yield ExpiryTabs(widget_id="expiries")
        yield Container(
            QuoteGrid(COLUMNS, styler=style, groups=GROUPS, widget_id="quotes"),
            Container(
                BrailleChart("Smile", widget_id="smile"), BrailleChart("Payoff", widget_id="payoff"), id="charts"
            ),
            id="work",
        )
        yield InfoLine(widget_id="option")
        yield Input(placeholder="220-240   >230   <250   10%   +-8", id="filter", compact=True)

    def on_mount(self) -> None:
        """Start with the table."""
        super().on_mount()
        self.query_one("#filter").display = False
        self.query_one(QuoteGrid).focus()
        self.session_changed()

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
        fresh_expiry = self._shown is None or (self._shown.underlying, self._shown.expiry, self._shown.root) != (
            view.underlying, view.expiry, view.root,
        )  # fmt: skip
        self._shown = view
        grid = self.query_one(QuoteGrid)
        rows = self._filter.apply(view)
        grid.say_when_empty(f"no strike is within / {self._filter.text}" if view.rows else "no strikes")
        grid.show(grid_rows(view, rows, self.session.held, stale=stale), flash=not fresh_expiry)
        if fresh_expiry:
            self._show_tabs(view)
            self._place_cursor(view)
        self.query_one("#summary", InfoLine).show(summary_pieces(view, self._filter, problem))
        self.query_one("#smile", BrailleChart).show(smile_plot(view))
        self._show_option()

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
        grid = self.query_one(QuoteGrid)
        grid.say_when_empty(trouble_text(problem, self.session, self.host), "warn")
        grid.show(())
        if view is None or wanted.underlying not in {None, view.underlying}:
            self.query_one(ExpiryTabs).show((), "")
        else:
            self._show_tabs(view, chosen="")
        asked = [wanted.underlying, wanted.root, None if wanted.expiry is None else f"{wanted.expiry:%d %b %y}"]
        pieces = [Piece("✗ no quotes", "alert"), Piece(" ".join(part for part in asked if part), "strong")]
        self.query_one("#summary", InfoLine).show(pieces)
        self.query_one("#smile", BrailleChart).show(Plot("Smile", note="no quotes"))
        self.query_one("#payoff", BrailleChart).show(Plot("Payoff", note="no quotes"))
        self._show_option()

    def _show_tabs(self, view: ChainView, chosen: str | None = None) -> None:
        several = len({tab.root for tab in view.expiries}) > 1
        tabs = [
            Tab(f"{tab.expiry} {tab.root}", f"{tab.expiry:%d %b %y} {tab.days}d{f' {tab.root}' if several else ''}")
            for tab in view.expiries
        ]
        self.query_one(ExpiryTabs).show(tabs, f"{view.expiry} {view.root}" if chosen is None else chosen)

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
        grid = self.query_one(QuoteGrid)
        grid.move_to_key(strike, column)
        self.call_after_refresh(lambda: grid.move_to_key(strike, column, centre=True))

    def show_option(self, symbol: str) -> None:
        """Put the cursor on an option, now or when its expiry has arrived."""
        view = self._shown
        self._cursor_wanted = symbol
        if view is not None and view.side(symbol) is not None:
            self._place_cursor(view)

    def under_cursor(self) -> tuple[ChainView, ChainRow, SideRow, str] | None:
        """View, row, option and field that the cursor stands on."""
        grid = self.query_one(QuoteGrid)
        view, marked, column = self._shown, grid.cursor_row, grid.cursor_column
        if view is None or marked is None or column is None:
            return None
        row = next((row for row in view.rows if row.strike == marked.key), None)
        return None if row is None else (view, row, side_of(row, column), field_of(column))

    def on_quote_grid_cursor_moved(self) -> None:
        """Another option is under the cursor."""
        self._show_option()

    def _show_option(self) -> None:
        place = self.under_cursor()
        try:
            line, chart = self.query_one("#option", InfoLine), self.query_one("#payoff", BrailleChart)
        except NoMatches:  # the first cursor message can arrive before the screen is composed
            return
        if place is None:
            line.show([Piece("no option under the cursor", "muted")])
            return
        view, row, side, _ = place
        line.show(option_pieces(view, row, side, self.session.held(side.symbol)))
        if chart.display and chart.size.height > 3:
            chart.show(payoff_plot(view, row, side))

    def on_expiry_tabs_chosen(self, event: ExpiryTabs.Chosen) -> None:
        """A tab was clicked."""
        view = self.session.chain
        for tab in view.expiries if view is not None else ():
            if f"{tab.expiry} {tab.root}" == event.key:
                self.host.select(expiry=tab.expiry, root=tab.root)

    def action_next_expiry(self) -> None:
        """The expiry after this one."""
        self._step_expiry(1)

    def action_previous_expiry(self) -> None:
        """The expiry before this one."""
        self._step_expiry(-1)

    def _step_expiry(self, step: int) -> None:
        view, wanted = self.session.chain, self.session.selection
        if view is None:
            return
        if wanted.underlying not in {None, view.underlying}:
            self.host.select(underlying=wanted.underlying)
            return
        here = (wanted.expiry or view.expiry, wanted.root or view.root)
        places = [(tab.expiry, tab.root) for tab in view.expiries]
        if here in places:
            place = places.index(here) + step
        else:  # one that is not listed: the nearest on that side of it
            place = sum(expiry < here[0] for expiry, _ in places) + min(step, 0)
        if 0 <= place < len(places):
            self.host.select(expiry=places[place][0], root=places[place][1])

    def action_next_underlying(self) -> None:
        """The underlying after this one."""
        self._step_underlying(1)

    def action_previous_underlying(self) -> None:
        """The underlying before this one."""
        self._step_underlying(-1)

    def _step_underlying(self, step: int) -> None:
        name = underlying_after(self.session, step)
        if name is not None:
            self.host.select(underlying=name)

    def action_buy(self) -> None:
        """A ticket to buy at the ask."""
        self._trade("buy")

    def action_sell(self) -> None:
        """A ticket to sell at the bid."""
        self._trade("sell")

    def _trade(self, way: str) -> None:
        place = self.under_cursor()
        if place is None or place[2].symbol is None:
            there = "There is no option under the cursor." if self.session.chain else "There are no quotes yet."
            self.notify(there, severity="warning")
            return
        side = place[2]
        touch = side.ask if way == "buy" else side.bid
        limit = None if touch is None else Decimal(repr(touch))
        self.host.open_ticket(Draft(way, place[2].symbol, 1, limit))

    def action_explain(self) -> None:
        """Where the number under the cursor comes from."""
        place = self.under_cursor()
        if place is not None:
            from screens.explain import ExplainDialog
            from screens.explanations import explain_cell

            self.app.push_screen(ExplainDialog(explain_cell(*place, self.session.now)))

    def action_at_the_money(self) -> None:
        """Cursor to the strike nearest the forward."""
        if self._shown is not None and self._shown.at_the_money is not None:
            self.query_one(QuoteGrid).move_to_key(self._shown.at_the_money, centre=True)

    def action_zoom(self) -> None:
        """The table alone, or with its charts."""
        self.toggle_class("-zoomed")

    def action_filter(self) -> None:
        """Open the filter's entry line."""
        entry = self.query_one("#filter", Input)
        entry.value = self._filter.text
        entry.display = True
        entry.focus()

    def take_back(self) -> None:
        """Take the filter away."""
        if self._filter.text:
            self._apply_filter("")

    def action_dismiss(self) -> None:  # type: ignore[override] # of the entry line; a full screen is never dismissed
        """Close the entry line without using it."""
        self.leave_entry()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Use the filter that was written; a mistake is told and the line stays."""
        try:
            self._apply_filter(event.value)
        except InvalidValueError as error:
            self.notify(str(error), severity="error")
            return
        self.leave_entry()

    def leave_entry(self) -> None:
        """Close the entry line."""
        self.query_one("#filter", Input).display = False
        self.query_one(QuoteGrid).focus()

    def _apply_filter(self, text: str) -> None:
        self._filter = StrikeFilter.parse(text)
        if self._shown is not None:
            self.session_changed()

    def command_line(self) -> str:
        """The command that gives this view."""
        view = self.session.chain
        feed = self.session.workspace.feed_name
        root = "optionix" if feed == "sim" else f"optionix --feed {feed}"
        if view is None:
            return f"{root} screen chain --print"
        several = len([tab for tab in view.expiries if tab.expiry == view.expiry]) > 1
        which = f"--underlying {view.underlying} --expiry {view.expiry}{f' --root {view.root}' if several else ''}"
        return f"{root} screen chain {which} --print"
