"""The chart screen: what is asked for and done with what `chart_board` shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market.intervals import Interval
from optionix_core.services.chart_terms import USUAL, ChartTerms, Range, Study, longest
from screens.chart_board import ChartBoard
from screens.chart_plots import Drawn
from screens.chart_summary import chart_command
from screens.host import Draft

HINT = "TUNDRA   1h   3m   TUNDRA 1w 3y"


class ChartScreen(ChartBoard):
    """`g h`."""

    SCOPE: ClassVar[str] = "chart"
    TITLE_TEXT: ClassVar[str] = "Chart"

    # What is asked for

    def _ask(self, interval: Interval, span: Range) -> None:
        self.interval, self.span = interval, span
        self.window = self.cross = None
        self.session_changed()

    def _step_interval(self, step: int) -> None:
        every = tuple(Interval)
        interval = every[(every.index(self.interval) + step) % len(every)]
        fits, order = longest(interval), tuple(Range)
        span = self.span if order.index(self.span) <= order.index(fits) else fits
        self._ask(interval, span)

    def _step_range(self, step: int) -> None:
        order = tuple(Range)
        span = order[(order.index(self.span) + step) % len(order)]
        self._ask(USUAL[span], span)

    def action_next_interval(self) -> None:
        """Longer bars."""
        self._step_interval(1)

    def action_previous_interval(self) -> None:
        """Shorter bars."""
        self._step_interval(-1)

    def action_next_range(self) -> None:
        """A longer range."""
        self._step_range(1)

    def action_previous_range(self) -> None:
        """A shorter range."""
        self._step_range(-1)

    def action_next_underlying(self) -> None:
        """The underlying after this one."""
        self.step_underlying(1)

    def action_previous_underlying(self) -> None:
        """The underlying before this one."""
        self.step_underlying(-1)

    def leave_underlying(self) -> None:
        """Nothing of this one is kept."""
        self.window = self.cross = None

    def action_choose(self) -> None:
        """Write what to show: an underlying, an interval, a range."""
        self.write("", HINT, self._chosen)

    def _chosen(self, text: str) -> None:
        interval, span = None, None
        name: str | None = None
        known = {item.symbol for item in self.session.underlyings}
        for word in text.split():
            if word.lower() in tuple(Interval) and interval is None:
                interval = Interval(word.lower())
            elif word.lower() in tuple(Range) and span is None:
                span = Range(word.lower())
            elif word.upper() in known and name is None:
                name = word.upper()
            else:
                raise UnknownNameError("underlying, interval or range", word, (*sorted(known), *Interval, *Range))
        wanted = interval or (USUAL[span] if span is not None else self.interval)
        terms = ChartTerms(name or self.underlying or "", wanted, span or min(self.span, longest(wanted), key=_order))
        if name is not None:
            self.host.select(underlying=name)
        self._ask(terms.interval, terms.span)

    # What is drawn

    def action_study(self) -> None:
        """The study after this one."""
        every = tuple(Study)
        self._draw(replace(self.drawn, study=every[(every.index(self.drawn.study) + 1) % len(every)]))

    def action_averages(self) -> None:
        """Moving averages, or none."""
        self._draw(replace(self.drawn, averages=not self.drawn.averages))

    def action_bands(self) -> None:
        """Bollinger bands, or none."""
        self._draw(replace(self.drawn, bands=not self.drawn.bands))

    def action_signs(self) -> None:
        """Marks of trades, expiries and dividends, or none."""
        self._draw(replace(self.drawn, signs=not self.drawn.signs))

    def _draw(self, drawn: Drawn) -> None:
        self.drawn = drawn
        self.show()

    # Doing

    def action_explain(self) -> None:
        """Where the numbers of the candle under the crosshair come from."""
        view, laid = self.view, self.laid
        if view is None or laid is None:
            self.notify("There is no chart yet.", severity="warning")
            return
        from screens.chart_explanations import explain_candle
        from screens.explain import ExplainDialog

        self.app.push_screen(ExplainDialog(explain_candle(view, laid, self.candle(view, laid), self.session.now)))

    def action_open(self) -> None:
        """The chain of the underlying."""
        self.host.open_screen("chain")

    def action_buy(self) -> None:
        """A ticket to buy the underlying's shares."""
        self._trade("buy")

    def action_sell(self) -> None:
        """A ticket to sell the underlying's shares."""
        self._trade("sell")

    def _trade(self, side: str) -> None:
        if self.underlying is not None:
            self.host.open_ticket(Draft(side, self.underlying, 100))

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """The range's bars with every indicator."""
        view = self.view

        def encoded(kind: str) -> str:
            if view is None:
                raise MissingDataError("there is no chart to write")
            from optionix_core.services import chart_json

            return chart_json.encode(view, kind)

        return {kind: partial(encoded, kind) for kind in ("csv", "json")}

    def arrangement(self) -> Mapping[str, Any]:
        """Interval, range and what is drawn."""
        drawn = self.drawn
        return {
            "interval": str(self.interval), "range": str(self.span), "study": str(drawn.study),
            "averages": drawn.averages, "bands": drawn.bands, "signs": drawn.signs,
        }  # fmt: skip

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set up as `arrangement` told."""
        from screens.arranging import read_choice, read_flag, refuse_others

        refuse_others(kept, self.arrangement())
        interval = read_choice(kept, "interval", Interval, self.interval)
        span = read_choice(kept, "range", Range, self.span)
        ChartTerms(self.underlying or "", interval, span)
        study = read_choice(kept, "study", Study, self.drawn.study)
        flags = {name: read_flag(kept, name, default=getattr(self.drawn, name)) for name in _FLAGS}
        self.drawn = Drawn(study, **flags)
        self._ask(interval, span)

    def command_line(self) -> str:
        """The command that gives this chart."""
        return chart_command(self.session.workspace.feed_name, self.view, self.underlying)


_FLAGS = ("averages", "bands", "signs")


def _order(span: Range) -> int:
    return tuple(Range).index(span)
