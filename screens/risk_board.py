"""What the risk screen shows: the newest view of the account's risk, and what is chosen in it.

What can be done with it is in `risk`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from optionix_core.market.protocols import FeedState
from screens.acting import ActScreen
from screens.entry import EntryLine
from screens.risk_panes import RiskPanes
from screens.risk_plots import Cell, backtest_plot, stress_heat, worst
from screens.risk_summary import risk_pieces, state_pieces, titles
from screens.risk_trouble import NOT_MADE, empty_text, part_text, trouble_text
from widgets.braille_chart import Plot
from widgets.heat_map import Heat
from widgets.info_line import InfoLine, Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from textual import events
    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.services.risk_view import Part, RiskAsked, RiskView
    from optionix_core.services.risk_viewer import RiskViewer
    from screens.background import Background
    from widgets.grid_columns import GridRow

    Question = tuple[RiskAsked, tuple[tuple[str, Decimal], ...], int]
    """What is asked for, what is held, and how often something was done from here."""

EVERY = timedelta(seconds=60)
"""How old the figures may be before the book is built anew while nothing else is held."""


def library() -> Sequence[StressScenario]:
    """The shipped scenarios."""
    from config.scenarios import STRESS_LIBRARY
    from optionix_core.risk import stress_library

    return stress_library.read(STRESS_LIBRARY)


class RiskBoard(ActScreen):
    """The figures; what keys do with them is the subclass's."""

    AUTO_FOCUS = ""
    CSS_PATH = ["frame.tcss", "risk.tcss"]  # noqa: RUF012 - Textual declares it as a plain list
    SCOPE: ClassVar[str] = "risk"

    def __init__(self) -> None:
        super().__init__()
        from optionix_core.services.risk_view import RiskAsked

        self.asked: RiskAsked = RiskAsked()
        """What is wanted; the legs on the stage are put in when it is asked for."""
        self.measure = "value_at_risk"
        """Whose parts are shown."""
        self.day = 0
        """Place of the days that pass on the stress matrix."""
        self.cell: Cell | None = None
        """Of the stress matrix; None: the worst."""
        self._views: Background[RiskView] = self.background("risk")
        self._viewer: RiskViewer | None = None
        self._acts = 0
        self._asked_last: Question | None = None
        self._stopped: Question | None = None
        """A question that the user had stopped: it is not asked again by itself."""
        self._drawn: tuple[object, ...] | None = None
        self._told: Piece | None = None

    def body(self) -> Iterable[Widget]:
        """Figures, state, panes, entry line."""
        yield InfoLine(widget_id="figures")
        yield InfoLine(widget_id="state")
        yield RiskPanes(widget_id="risk-panes")
        yield EntryLine()

    @property
    def panes(self) -> RiskPanes:
        """Tables and pictures."""
        return self.query_one(RiskPanes)

    @property
    def view(self) -> RiskView | None:
        """The newest that is whole; as long as there is none, the one that is being made."""
        if self._views.answer is not None:
            return self._views.answer
        return None if self._viewer is None else self._viewer.made

    @property
    def settled(self) -> bool:
        """Whether what is wanted has been answered."""
        question = self._question()
        return question is not None and self._views.key == question

    @property
    def trouble(self) -> OptionixError | None:
        """Why there is no book."""
        return self._views.problem

    def on_mount(self) -> None:
        """Start with the components."""
        super().on_mount()
        self.panes.fit_into(*self.app.size)
        self.panes.mark("components")
        self.session_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Show what there is room for."""
        self.panes.fit_into(event.size.width, event.size.height)

    def keys_back(self) -> Widget | None:
        """The marked table."""
        return self.panes.widget_of(self.panes.marked)

    def session_changed(self) -> None:
        """Ask for what is wanted and show what there is."""
        question = self._question()
        if question is not None and question != self._stopped and not self._waits(question):
            self._asked_last = question
            self._views.ask(question, self._look(question), every=None if self._still else EVERY)
        self._show()

    @property
    def _still(self) -> bool:
        """Whether quotes stand still."""
        chain = self.session.chain
        return chain is not None and (chain.state is FeedState.FILE or not chain.market_open)

    def _waits(self, question: Question) -> bool:
        """Whether what is being made differs in what is held alone: fills must not keep figures from being told."""
        last = self._asked_last
        return self._views.running and last is not None and (question[0], question[2]) == (last[0], last[2])

    def refresh_header(self, now: datetime) -> None:
        """The frame's line and the screen's: both tell ages."""
        super().refresh_header(now)
        self._show_state()

    def stop(self) -> None:
        """Stop what is being made; what was made stays."""
        self._stopped = self._question()
        self._views.cancel()

    def acted(self) -> None:
        """Something was done from here, or is to be made anew."""
        self._acts += 1
        self.session_changed()

    def choose(self, **fields: Any) -> None:
        """Want something else. Raises InvalidValueError or UnknownNameError for what cannot be."""
        self.asked = replace(self.asked, **fields)
        self.untell()
        self.session_changed()

    @property
    def wanted(self) -> RiskAsked:
        """What is wanted, with the legs on the stage."""
        return replace(self.asked, stage=tuple((leg.symbol, leg.quantity) for leg in self.session.stage.legs))

    def _question(self) -> Question | None:
        """What a view depends on; None before the log was opened."""
        book = self.session.book
        if book is None:
            return None
        return self.wanted, tuple(sorted(book.held.items())), self._acts

    def _look(self, question: Question) -> Callable[..., RiskView]:
        asked, *renew = question
        session = self.session

        def look(progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> RiskView:
            """In a thread of its own; so is what it needs to load."""
            if self._viewer is None:
                from optionix_core.services.risk_viewer import RiskViewer

                self._viewer = RiskViewer(session.workspace, library)
            period = int(session.now.timestamp() // EVERY.total_seconds())
            return self._viewer.look(asked, (*renew, period), progress, cancel)

        return look

    # What is shown

    def _show(self) -> None:
        view, problem = self.view, self.trouble or self.session.book_problem
        self._show_state()
        now = (view, problem, self.measure, self.day, self.cell, self._views.running)
        if self._drawn == now:
            return
        self._drawn = now
        line = self.query_one("#figures", InfoLine)
        if problem is not None:
            line.show([Piece("✗ no risk", "alert"), Piece(str(problem), "alert", 0, joined=True)])
        elif view is not None:
            line.show(risk_pieces(view))
        else:
            warming = self.session.warming
            line.show([Piece("◌", "chip"), Piece(warming.step if warming else "reading the log", "plain")])
        if view is None:
            self._say_everywhere("" if problem is None else trouble_text(problem))
            return
        self._show_view(view)

    def _show_state(self) -> None:
        views = self._views
        running = None
        if views.running and self._viewer is not None:
            running = (self._viewer.step, views.done, views.total)
        pieces = state_pieces(
            self.view,
            self.session.now,
            self.asked,
            running=running,
            cancel_key=self.host.key_of("risk.refresh"),
            fresh=None if self._still else 3 * EVERY,
        )
        told = () if self._told is None else (self._told,)
        self.query_one("#state", InfoLine).show((*told, *pieces))

    def _say_everywhere(self, text: str) -> None:
        first, *others = self.panes.AROUND
        for name in (first, *others):
            said = text if name == first else ""
            if name == "stress":
                self.panes.heat.show(Heat("Stress"))
            elif name == "backtest":
                self.panes.chart.show(Plot("Backtest"))
            else:
                self.panes.head(name, (Piece(name.capitalize(), "title"),))
                self.panes.fill(name, [], said, "warn")

    def _show_view(self, view: RiskView) -> None:
        from screens import risk_rows as rows

        for name, pieces in titles(view, self.measure).items():
            self.panes.head(name, pieces)
        tail = view.tail()
        parts = None
        if tail.answer is not None:
            told = tail.answer
            parts = told.value_at_risk_parts if self.measure == "value_at_risk" else told.shortfall_parts
        asked = view.asked
        self._fill(
            "components", view, tail, [] if parts is None else rows.component_rows(parts, asked.by, asked.horizon_days)
        )
        stressed, margin, reverse = view.stressed, view.margin, view.reverse
        self._fill("scenarios", view, stressed, rows.scenario_rows(stressed.answer) if stressed.answer else [])
        self._fill("margin", view, margin, rows.margin_rows(margin.answer) if margin.answer else [])
        self._fill("reverse", view, reverse, rows.reverse_rows(reverse.answer) if reverse.answer else [])
        self._fill("greeks", view, view.greeks, rows.greek_rows(view))
        liquidity = view.liquidity
        self._fill("liquidity", view, liquidity, rows.liquidity_rows(liquidity.answer) if liquidity.answer else [])
        self._fill("methods", view, view.tail("plain"), rows.method_rows(view))
        self._show_limits(view)
        self._show_pictures(view)

    def _fill(self, name: str, view: RiskView, part: Part[Any], made: list[GridRow]) -> None:
        text, tone = part_text(part, running=self._views.running)
        if view.empty and part.problem is None:
            # Said whole where one looks first.
            whole = empty_text(self.host, view.account, len(view.built.left_out))
            text, tone = whole if name == "components" else "nothing is held", "muted"
        self.panes.fill(name, made, text, tone)

    def _show_limits(self, view: RiskView) -> None:
        from screens.risk_rows import limit_rows

        limits = view.limits
        text, tone = part_text(limits, running=self._views.running)
        if limits.answer is not None:
            text = f"no limits are set: {self.host.key_of('risk.set_limit')} sets one"
        rows = [] if limits.answer is None else limit_rows(limits.answer, view.account)
        self.panes.fill("limits", rows, text, tone)

    def _show_pictures(self, view: RiskView) -> None:
        grid, test = view.grid, view.backtest
        if grid.answer is not None:
            self.panes.heat.show(stress_heat(grid.answer, self.day, self.stress_cell(view)))
        else:
            self.panes.heat.show(Heat("Stress", note=self._absent(view, grid)))
        if test.answer is not None:
            self.panes.chart.show(backtest_plot(test.answer))
        else:
            self.panes.chart.show(Plot("Backtest", note=self._absent(view, test)))

    def _absent(self, view: RiskView, part: Part[Any]) -> str:
        if part.problem is not None:
            return str(part.problem)
        return "nothing is held" if view.empty else NOT_MADE if not self._views.running else "◌"

    def stress_cell(self, view: RiskView) -> Cell | None:
        """The cell of the stress matrix that is meant."""
        grid = view.grid.answer
        if grid is None:
            return None
        found = self.cell or worst(grid, self.day)
        return Cell(min(found.volatility, len(grid.found.volatility_moves) - 1), found.spot)

    def tell(self, text: str, tone: str = "plain") -> None:
        """Say something in place until something else is done."""
        self._told = Piece(text, tone)
        self._show_state()
        line = self.query_one("#state", InfoLine)
        if len(text) > line.size.width - 2:
            self.notify(text, severity="error" if tone == "alert" else "information", markup=False)

    def untell(self) -> None:
        """What was said is done with."""
        if self._told is not None:
            self._told = None
            self._show_state()
