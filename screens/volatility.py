"""The volatility screen: what can be done with the surface that `volatility_surface` shows."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from optionix_core.errors import MissingDataError
from screens.host import Draft
from screens.volatility_columns import FindingKey
from screens.volatility_plots import expiry_key
from screens.volatility_summary import pane_command
from screens.volatility_surface import MODELS, SurfaceScreen
from widgets.braille_chart import BrailleChart
from widgets.expiry_tabs import ExpiryTabs
from widgets.heat_map import HeatMap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from optionix_core.services.surface_smile import SmileQuote
    from optionix_core.services.surface_view import SurfaceView


class VolatilityScreen(SurfaceScreen):
    """F4."""

    SCOPE: ClassVar[str] = "volatility"
    TITLE_TEXT: ClassVar[str] = "F4 Volatility"

    # Panes

    def on_panes_marked(self) -> None:
        """Other keys have something to work on."""
        self.refresh_footer()

    def action_next_pane(self) -> None:
        """Mark the pane after this one."""
        self._panes.step(1)

    def action_previous_pane(self) -> None:
        """Mark the pane before this one."""
        self._panes.step(-1)

    def action_zoom(self) -> None:
        """The marked pane alone, or with the others."""
        self._panes.zoom()

    def take_back(self) -> None:
        """Bring the other panes back."""
        if self._panes.zoomed:
            self._panes.zoom()

    # The quote under the cursor

    def _put_cursor(self, strike: float | None) -> None:
        found = self._under_cursor()
        if found is not None:
            self._cursor = strike
            self._show_smile(found[0], found[1])

    def on_braille_chart_picked(self, message: BrailleChart.Picked) -> None:
        """A place in a chart was clicked: a strike of the smile, or an expiry of the term structure."""
        view = self._fits.answer(self.session)
        if message.chart.id == "smile":
            self._put_cursor(message.x)
        elif message.chart.id in {"term", "wings"} and view is not None:
            nearest = min(view.summaries, key=lambda one: abs(one.days**0.5 - message.x))
            self._choose(nearest.item.expiry, nearest.item.root)

    def action_next_strike(self) -> None:
        """The quote of the next strike."""
        self._step_strike(1)

    def action_previous_strike(self) -> None:
        """The quote of the strike before."""
        self._step_strike(-1)

    def _step_strike(self, step: int) -> None:
        found = self._under_cursor()
        if found is not None and found[2] is not None:
            place = self._quotes.index(found[2]) + step
            if 0 <= place < len(self._quotes):
                self._put_cursor(self._quotes[place].strike)

    def action_at_the_money(self) -> None:
        """The quote nearest the forward."""
        self._put_cursor(None)

    # Choosing

    def _choose(self, expiry: date, root: str) -> None:
        self._chosen = (expiry, root)
        self.host.select(expiry=expiry, root=root)
        self._show()

    def on_expiry_tabs_chosen(self, event: ExpiryTabs.Chosen) -> None:
        """A tab was clicked."""
        self._choose_key(event.key)

    def on_heat_map_chosen(self, event: HeatMap.Chosen) -> None:
        """A line of the surface was clicked."""
        self._choose_key(event.key)

    def _choose_key(self, key: str) -> None:
        view = self._fits.answer(self.session)
        for place, item in enumerate(view.found.surface.slices if view is not None else ()):
            if view is not None and expiry_key(view, place) == key:
                self._choose(item.expiry, item.root)

    def action_next_expiry(self) -> None:
        """The expiry after this one."""
        self._step_expiry(1)

    def action_previous_expiry(self) -> None:
        """The expiry before this one."""
        self._step_expiry(-1)

    def _step_expiry(self, step: int) -> None:
        view = self._fits.answer(self.session)
        if view is not None:
            slices, place = view.found.surface.slices, self._place(view) + step
            if 0 <= place < len(slices):
                self._choose(slices[place].expiry, slices[place].root)

    def action_next_underlying(self) -> None:
        """The underlying after this one."""
        self.step_underlying(1)

    def action_previous_underlying(self) -> None:
        """The underlying before this one."""
        self.step_underlying(-1)

    def leave_underlying(self) -> None:
        """Nothing of this one is kept."""
        self._cursor = self._chosen = None

    def action_next_model(self) -> None:
        """The model after this one."""
        self._fits.model = MODELS[(MODELS.index(self._fits.model) + 1) % len(MODELS)]
        self.session_changed()

    def action_calibrate(self) -> None:
        """Calibrate a model to the present chain, or cancel the calibration that runs."""
        wanted = self._fits.wanted(self.session)
        if self._runs.running:
            self._runs.cancel()
        elif wanted is not None:
            work = partial(self.run_worker, thread=True, group="calibrate")
            self._runs.start(self.session, wanted.underlying, work, self.post_message)
        self._drawn = None
        self._show()

    def action_next_family(self) -> None:
        """The model to calibrate after this one."""
        self._runs.next_family()
        self.notify(f"{self.host.key_of('volatility.calibrate')} calibrates {self._runs.family}", timeout=3)
        self._drawn = None
        self._show()

    def action_hold(self) -> None:
        """Keep this surface while the market moves, or follow it again."""
        self._fits.held = not self._fits.held
        self.session_changed()

    def action_refit(self) -> None:
        """Fit now."""
        self._fits.again()
        self.session_changed()

    # Doing

    def action_explain(self) -> None:
        """Where the numbers of the marked pane come from."""
        found = self._under_cursor()
        if found is None:
            self.notify("There is no surface yet.", severity="warning")
            return
        from screens.explain import ExplainDialog
        from screens.volatility_explanations import explain_calibration, explain_pane

        if self._panes.marked == "models" and (calibrated := self._runs.view(found[0].underlying)) is not None:
            told = explain_calibration(calibrated, found[0].found.surface.slices[found[1]], self.session.now)
        else:
            told = explain_pane(self._panes.marked, *found, self._density, self._finding(), self.session.now)
        self.app.push_screen(ExplainDialog(told))

    def _finding(self) -> FindingKey | None:
        row = self._panes.findings.cursor_row
        return row.key if row is not None and isinstance(row.key, FindingKey) else None

    def _option(self) -> SmileQuote | None:
        """The option that is meant: of the marked finding, else under the smile's cursor."""
        found, key = self._under_cursor(), self._finding()
        quote = None if found is None else found[2]
        if found is not None and self._panes.marked == "findings" and key is not None:
            from optionix_core.services.surface_smile import smile_quotes

            quotes = smile_quotes(found[0].found, found[0].place(key.expiry, key.root))
            quote = next((one for one in quotes if one.strike == key.strike), None)
        if quote is None or quote.symbol is None:
            self.notify("There is no option under the cursor.", severity="warning")
            return None
        return quote

    def action_buy(self) -> None:
        """A ticket to buy at the ask."""
        if (quote := self._option()) is not None and quote.symbol is not None:
            self.host.open_ticket(Draft("buy", quote.symbol, 1, Decimal(repr(quote.ask))))

    def action_sell(self) -> None:
        """A ticket to sell at the bid."""
        if (quote := self._option()) is not None and quote.symbol is not None:
            self.host.open_ticket(Draft("sell", quote.symbol, 1, Decimal(repr(quote.bid))))

    def action_open(self) -> None:
        """The option in its chain."""
        if (quote := self._option()) is not None and quote.symbol is not None:
            self.host.show_option(quote.symbol)

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """The surface: a page with every picture, its parameters, and implied volatilities on a grid."""
        view = self._fits.answer(self.session)
        return {
            "html": partial(_text, view, "html"),
            "json": partial(_text, view, "json"),
            "csv": partial(_text, view, "csv"),
        }

    def command_line(self) -> str:
        """The command that gives the marked pane."""
        view = self._fits.answer(self.session)
        item = None if view is None else view.found.surface.slices[self._place(view)]
        feed = self.session.workspace.feed_name
        return pane_command(feed, self._fits.wanted(self.session), item, self._panes.marked, self._runs.family)


def _text(view: SurfaceView | None, kind: Literal["html", "json", "csv"]) -> str:
    """In a thread of its own."""
    from optionix_core.services import surface_export

    if view is None:
        raise MissingDataError("there is no surface yet")
    return surface_export.encode(view.found, kind).decode()
