"""What the chart screen shows: candles in a window, a crosshair, and the words about both.

What is asked for and what can be done with it is in `chart`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from optionix_core.errors import MissingDataError, OptionixError
from optionix_core.market.intervals import Interval
from optionix_core.services.chart_terms import ChartTerms, Range
from screens.chain_trouble import trouble_text
from screens.chart_plots import Drawn, chart_plot
from screens.chart_summary import candle_pieces, chart_pieces
from screens.chart_window import Laid, Window
from screens.entry import EntryLine, EntryScreen
from widgets.candle_cells import CandlePlot
from widgets.candles import Candles
from widgets.info_line import InfoLine, Piece

if TYPE_CHECKING:
    from datetime import datetime

    from textual.widget import Widget

    from optionix_core.services.chart_view import ChartView, ChartViewer
    from screens.background import Background

AGAIN = timedelta(seconds=1)
"""How often the chart is read anew while the market moves."""


class ChartBoard(EntryScreen):
    """The picture and its crosshair."""

    SCOPE: ClassVar[str] = "chart"
    AUTO_FOCUS = ""
    CSS_PATH = ["frame.tcss", "chart.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self.interval, self.span, self.drawn = Interval.DAY, Range.HALF, Drawn()
        self._charts: Background[ChartView] = self.background("chart")
        self._viewer: ChartViewer | None = None
        self.window: Window | None = None
        self.cross: datetime | None = None
        """Start of a bar of the candle under the crosshair; None: the newest."""
        self.laid: Laid | None = None
        self._painted: tuple[object, ...] = ()
        """What the picture was made of."""

    # What is shown

    def body(self) -> Iterable[Widget]:
        """Summary, picture, the candle under the crosshair, entry line."""
        yield InfoLine(widget_id="chart-summary")
        yield Candles(widget_id="candles")
        yield InfoLine(widget_id="candle")
        yield EntryLine()

    def on_mount(self) -> None:
        """Ask for the chart."""
        super().on_mount()
        self.session_changed()

    def keys_back(self) -> Widget | None:
        """Nobody needs the keys."""
        return None

    @property
    def underlying(self) -> str | None:
        """What is chosen, or shown by the other screens; None before anything is."""
        chain = self.session.chain
        return self.session.selection.underlying or (None if chain is None else chain.underlying)

    @property
    def terms(self) -> ChartTerms | None:
        """What is asked for."""
        return None if self.underlying is None else ChartTerms(self.underlying, self.interval, self.span)

    @property
    def view(self) -> ChartView | None:
        """The newest chart of what is asked for."""
        answer = self._charts.answer
        return answer if answer is not None and answer.terms == self.terms else None

    @property
    def settled(self) -> bool:
        """Whether the chart that is shown is the one that is asked for."""
        return self.terms is not None and self._charts.key == self.terms

    @property
    def trouble(self) -> OptionixError | None:
        """Why there is no chart; that a feed has none is told in its place."""
        problem = self._charts.problem
        return None if isinstance(problem, MissingDataError) else problem

    def session_changed(self) -> None:
        """Ask for the newest chart and show what there is."""
        terms = self.terms
        if terms is not None:
            self._charts.ask(terms, self._look(terms), every=AGAIN)
        self.show()

    def _look(self, terms: ChartTerms) -> Callable[..., ChartView]:
        def work(progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> ChartView:
            """In a thread of its own."""
            del progress, cancel
            from optionix_core.services.chart_view import ChartViewer

            workspace = self.session.workspace
            if self._viewer is None or self._viewer.feed is not workspace.feed:
                self._viewer = ChartViewer(workspace)
            return self._viewer.view(terms, workspace.clock.now())

        return work

    def on_candles_resized(self) -> None:
        """Another number of candles fits."""
        self.show()

    def show(self) -> None:
        """Draw what there is."""
        candles, line = self.query_one(Candles), self.query_one("#chart-summary", InfoLine)
        readout = self.query_one("#candle", InfoLine)
        view, problem = self.view, self._charts.problem if self.settled else None
        if view is None:
            self.laid, self._painted = None, ()
            self._show_nothing(candles, line, readout, problem)
            return
        total = len(view.bars)
        if self.window is None:
            self.window = Window(total - view.first)
        laid = self.laid = self.window.laid(total, candles.room)
        chain = self.session.chain
        live = chain is not None and chain.underlying == view.terms.underlying
        last = chain.last if live and chain is not None else None if view.quote is None else view.quote.last
        change = chain.change if live and chain is not None else view.change
        line.show(chart_pieces(view, laid, last, change, problem))
        cross = self.candle(view, laid)
        painted = (view, laid, self.drawn, self.cross)
        if painted == self._painted:  # the line above moves with every quote, the picture with every chart
            return
        self._painted = painted
        note = "" if view.quote is None else view.currency
        title = f"{view.terms.underlying} {view.terms.interval} {view.terms.span}"
        candles.show(chart_plot(view, laid, self.drawn, title, note), None if self.cross is None else cross)
        readout.show(candle_pieces(view, laid, cross))

    def _show_nothing(self, candles: Candles, line: InfoLine, readout: InfoLine, problem: OptionixError | None) -> None:
        terms, warming = self.terms, self.session.warming
        name = "Chart" if terms is None else f"{terms.underlying} {terms.interval} {terms.span}"
        problem = problem or (self.session.problem if terms is None else None)
        if problem is None:
            step = warming.step if warming is not None and terms is None else "reading the history"
            line.show([Piece("◌", "chip"), Piece(step, "plain", joined=True)])
            candles.show(CandlePlot(name, note=step), None)
        else:
            line.show([Piece("✗ no data", "alert"), Piece(name, "strong"), Piece(str(problem), "alert", 1)])
            candles.show(CandlePlot(name, note=self._ways_out(problem)), None)
        readout.show([Piece("no candle under the crosshair", "muted")])

    def _ways_out(self, problem: OptionixError) -> str:
        if not isinstance(problem, MissingDataError):
            return trouble_text(problem, self.session, self.host)
        keys = [self.host.key_of(f"chart.{name}") for name in ("previous_interval", "next_interval", "choose")]
        lines = [
            f"✗ no data: {problem}",
            "",
            f"{keys[0]} {keys[1]}  another interval      {keys[2]}  another underlying, interval or range",
            "A feed draws what it remembers: sim and recordings have bars, Deribit daily ones, a file of quotes none.",
            "optionix feed list  tells which feeds there are; optionix --feed NAME opens one",
        ]
        return "\n".join(lines)

    # The crosshair

    def candle(self, view: ChartView, laid: Laid) -> int:
        """The candle under the crosshair, the newest in view where it stands nowhere."""
        bar = None if self.cross is None else view.place_of(self.cross)
        candle = None if bar is None else laid.candle_of(bar)
        return laid.candles - 1 if candle is None else candle

    def put(self, bar: int | None) -> None:
        """The crosshair on a bar, which comes into view; None: away."""
        view, window = self.view, self.window
        if view is None or window is None:
            return
        self.cross = None if bar is None else view.bars.starts[bar]
        if bar is not None:
            self.window = window.showing(len(view.bars), bar)
        self.show()

    def _step(self, step: int) -> None:
        view, laid = self.view, self.laid
        if view is None or laid is None:
            return
        candle = self.candle(view, laid) + (step if self.cross is not None else 0)
        first, stop = laid.bars_of(min(max(candle, 0), laid.candles - 1))
        bar = stop - 1 if 0 <= candle < laid.candles else first - laid.group if step < 0 else stop - 1 + laid.group
        self.put(min(max(bar, 0), view.place_now))

    def on_candles_pointed(self, message: Candles.Pointed) -> None:
        """The mouse is over a candle."""
        if self.laid is not None and message.place < self.laid.candles:
            self.put(self.laid.bars_of(message.place)[1] - 1)

    def on_candles_turned(self, message: Candles.Turned) -> None:
        """The wheel zooms around the mouse."""
        laid = self.laid
        share = 1.0 if laid is None or laid.candles < 2 else message.place / (laid.candles - 1)
        self._zoom(closer=message.closer, share=share)

    def on_candles_dragged(self, message: Candles.Dragged) -> None:
        """The picture was pulled."""
        self._move(message.candles)

    def _zoom(self, *, closer: bool, share: float) -> None:
        if self.view is not None and self.window is not None:
            self.window = self.window.zoomed(len(self.view.bars), closer=closer, share=share)
            self.show()

    def _move(self, candles: int) -> None:
        if self.view is not None and self.window is not None and self.laid is not None:
            self.window = self.window.moved(len(self.view.bars), candles * self.laid.group)
            self.show()

    def action_left(self) -> None:
        """The crosshair to the candle before."""
        self._step(-1)

    def action_right(self) -> None:
        """The crosshair to the candle after."""
        self._step(1)

    def action_first(self) -> None:
        """The oldest bar."""
        self.put(0)

    def action_last(self) -> None:
        """The newest bars, without a crosshair."""
        if self.window is not None:
            self.window = replace(self.window, back=0)
        self.put(None)

    def action_closer(self) -> None:
        """Fewer bars, around the crosshair."""
        self._zoom(closer=True, share=self._share())

    def action_further(self) -> None:
        """More bars, around the crosshair."""
        self._zoom(closer=False, share=self._share())

    def _share(self) -> float:
        view, laid = self.view, self.laid
        if view is None or laid is None or self.cross is None or laid.candles < 2:
            return 1.0
        return self.candle(view, laid) / (laid.candles - 1)

    def action_earlier(self) -> None:
        """Half a width towards the past."""
        self._move(max(self.laid.candles // 2, 1) if self.laid is not None else 0)

    def action_later(self) -> None:
        """Half a width towards now."""
        self._move(-max(self.laid.candles // 2, 1) if self.laid is not None else 0)

    def take_back(self) -> None:
        """Take the crosshair away, else show the range again."""
        if self.cross is not None:
            self.put(None)
        else:
            self.window = None
            self.show()
