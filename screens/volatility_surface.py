"""What the volatility screen shows: the surface of the chosen underlying, its panes, and the quote under the cursor.

What can be done with it is in `volatility`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from optionix_core.market.protocols import FeedState
from screens.chain_trouble import trouble_text
from screens.frame import FrameScreen
from screens.volatility_calibration import CalibrationRuns, calibration_rows
from screens.volatility_panes import VolatilityPanes
from screens.volatility_plots import expiry_key
from screens.volatility_refit import SurfaceFits
from screens.volatility_summary import quote_pieces, surface_pieces
from widgets.expiry_tabs import ExpiryTabs, Tab
from widgets.info_line import InfoLine, Piece

if TYPE_CHECKING:
    from datetime import date, datetime

    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from optionix_core.services.surface_smile import DensityCurve, SmileQuote
    from optionix_core.services.surface_view import SurfaceView
    from optionix_core.services.surfaces import ModelName

MODELS: tuple[ModelName, ...] = ("svi", "ssvi", "essvi", "spline", "sabr")


class SurfaceScreen(FrameScreen):
    """The surface as it is fitted; nothing here listens to keys."""

    AUTO_FOCUS = ""
    CSS_PATH = ["frame.tcss", "volatility.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self._fits = SurfaceFits(MODELS[0])
        self._cursor: float | None = None
        self._quotes: tuple[SmileQuote, ...] = ()
        self._density: DensityCurve | str = ""
        self._drawn: tuple[SurfaceView, int] | None = None
        self._chosen: tuple[date, str] | None = None
        self._runs = CalibrationRuns()

    def body(self) -> Iterable[Widget]:
        """Summary, tabs, panes, the quote under the cursor."""
        yield InfoLine(widget_id="surface")
        yield ExpiryTabs(widget_id="expiries")
        yield VolatilityPanes(widget_id="panes")
        yield InfoLine(widget_id="quote")

    def on_mount(self) -> None:
        """Start with the smile."""
        super().on_mount()
        self._panes.fit_into(*self.app.size)
        self.session_changed()

    def on_resize(self) -> None:
        """Show as many panes as there is room for."""
        self._panes.fit_into(*self.app.size)

    @property
    def settled(self) -> bool:
        """Whether what is chosen has been fitted."""
        return self._fits.is_answered(self.session)

    @property
    def trouble(self) -> OptionixError | None:
        """Why there is no surface."""
        return self._fits.problem

    @property
    def _panes(self) -> VolatilityPanes:
        return self.query_one(VolatilityPanes)

    # What is shown

    def session_changed(self) -> None:
        """Quotes have moved, or something else was chosen."""
        chain = self.session.chain
        self._fits.follow(
            self.session,
            still=chain is not None and chain.state is FeedState.FILE,
            run=lambda work: self.run_worker(work, thread=True, group="fit"),
            post=self.post_message,
        )
        self._show()

    def on_surface_fits_preparing(self, message: SurfaceFits.Preparing) -> None:
        """Say what is waited for."""
        self._fits.step = message.step
        self._show()

    def on_surface_fits_fitted(self, message: SurfaceFits.Fitted) -> None:
        """Take what was fitted."""
        self._fits.take(message, self.session)
        self.session_changed()

    def refresh_header(self, now: datetime) -> None:
        """The frame's line and the surface's: both tell ages."""
        super().refresh_header(now)
        self._show_summary()

    def _problem(self) -> OptionixError | None:
        """Why there is no surface of what is wanted, where that is known."""
        known = self._fits.wanted(self.session) is None or self._fits.is_answered(self.session)
        return (self._fits.problem or self.session.problem) if known else None

    def _show(self) -> None:
        self._show_summary()
        view = self._fits.answer(self.session)
        if view is None:
            self._show_nothing()
            return
        place = self._place(view)
        if self._drawn is not None and self._drawn[0] is view and self._drawn[1] == place:
            return
        from optionix_core.services.surface_smile import density_curve, smile_quotes

        self._drawn = (view, place)
        self._quotes = smile_quotes(view.found, place)
        self._density = density_curve(view.found, place)
        self.query_one(ExpiryTabs).show(_tabs(view), expiry_key(view, place))
        self._panes.show_view(view, place, self._density)
        self._show_models(view, place)
        self._show_smile(view, place)

    def _show_smile(self, view: SurfaceView, place: int) -> None:
        quote = self._quote(view, place)
        self._panes.show_smile(view, place, self._quotes, quote, self._runs.view(view.underlying))
        self.query_one("#quote", InfoLine).show(quote_pieces(view, place, quote))

    def _show_models(self, view: SurfaceView, place: int) -> None:
        item, runs = view.found.surface.slices[place], self._runs
        rows = calibration_rows(runs.view(view.underlying), runs.past(view.underlying), item.expiry, item.root)
        empty = runs.step or f"{self.host.key_of('volatility.calibrate')} calibrates {runs.family} to this chain"
        self._panes.show_models(rows, empty)

    def on_calibration_runs_progress(self, message: CalibrationRuns.Progress) -> None:
        """How far the calibration is."""
        self._runs.follow(message)
        self._show_summary()

    def on_calibration_runs_calibrated(self, message: CalibrationRuns.Calibrated) -> None:
        """A calibration has ended."""
        self._runs.take(message)
        if message.problem is not None:
            self.notify(str(message.problem), title="Not calibrated", severity="error", markup=False)
        elif message.view is not None and message.view.unkept:
            self.notify(message.view.unkept, title="Not in the history", severity="warning", markup=False)
        self._drawn = None
        self._show()

    def _show_summary(self) -> None:
        fits, line = self._fits, self.query_one("#surface", InfoLine)
        view, problem = fits.answer(self.session), self._problem()
        if view is not None:
            pieces = surface_pieces(
                view, self.session.now, fits.problem, held=fits.held, wanted=fits.model, step=self._runs.step
            )
            line.show(pieces)
            return
        wanted, warming = fits.wanted(self.session), self.session.warming
        if problem is not None:
            name = "" if wanted is None else wanted.underlying
            line.show([Piece("✗ no surface", "alert"), Piece(name, "strong"), Piece(str(problem), "alert", 1)])
        else:
            step = warming.step if warming is not None and wanted is None else fits.step
            line.show([Piece("◌", "chip"), Piece(step, "plain", joined=True)])

    def _show_nothing(self) -> None:
        self._drawn, self._quotes = None, ()
        problem = self._problem()
        told = None if problem is None else trouble_text(problem, self.session, self.host)
        self._panes.show_nothing(self._fits.step if problem is None else "no surface", told)
        self.query_one(ExpiryTabs).show((), "")
        self._panes.show_models((), "")
        self.query_one("#quote", InfoLine).show([Piece("no quote under the cursor", "muted")])

    # The quote under the cursor

    def _quote(self, view: SurfaceView, place: int) -> SmileQuote | None:
        """The quote nearest the cursor; nearest the forward where the cursor was never moved."""
        if not self._quotes:
            return None
        wanted = view.found.surface.slices[place].forward if self._cursor is None else self._cursor
        return min(self._quotes, key=lambda quote: abs(quote.strike - wanted))

    def _under_cursor(self) -> tuple[SurfaceView, int, SmileQuote | None] | None:
        view = self._fits.answer(self.session)
        if view is None:
            return None
        place = self._place(view)
        return view, place, self._quote(view, place)

    def _place(self, view: SurfaceView) -> int:
        """The slice that is chosen: for all screens, else on this one, else near a month."""
        chosen = self.session.selection
        if chosen.expiry is None and self._chosen is not None:
            return view.place(*self._chosen)
        return view.place(chosen.expiry, chosen.root)


def _tabs(view: SurfaceView) -> list[Tab]:
    several = len({item.root for item in view.found.surface.slices}) > 1
    return [
        Tab(
            expiry_key(view, place),
            f"{one.item.expiry:%d %b %y} {one.days:.0f}d{f' {one.item.root}' if several else ''}",
        )
        for place, one in enumerate(view.summaries)
    ]
