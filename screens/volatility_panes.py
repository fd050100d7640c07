"""The panes of the volatility screen: which are shown, which one is marked, and what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container

from screens import volatility_plots as plots
from screens.panes import Panes
from screens.volatility_calibration import CALIBRATION_COLUMNS, calibration_style
from screens.volatility_columns import FINDING_COLUMNS, finding_rows, finding_style
from widgets.braille_chart import BrailleChart, Plot
from widgets.heat_map import Heat, HeatMap
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from optionix_core.services.calibration_view import CalibrationView
    from optionix_core.services.surface_smile import DensityCurve, SmileQuote
    from optionix_core.services.surface_view import SurfaceView
    from widgets.grid_columns import GridRow

BY_WORTH = ("smile", "term", "heat", "findings", "density", "cone", "models")
"""The panes in the order in which they are given room."""
AROUND = ("smile", "term", "heat", "models", "density", "cone", "findings")
"""As they stand, for the key that goes round."""
TABLES = ("findings", "models")
SOUND = "no arbitrage, and no quote is beyond the fit by more than its spread"
_TITLES = {"smile": "Smile", "term": "Term structure", "wings": "Wings", "density": "Density", "cone": "Cone"}


def panes_shown(columns: int, lines: int, marked: str) -> tuple[str, ...]:
    """The panes that a terminal of that size has room for, the marked one always among them."""
    room = 7 if columns >= 160 else 6 if columns >= 110 else 4 if columns >= 70 else 3
    if lines < 20:
        room = min(room, 2)
    shown = BY_WORTH[:room]
    return shown if marked in shown else (*shown[:-1], marked)


class VolatilityPanes(Panes):
    """Pictures and tables of one surface."""

    AROUND: ClassVar[tuple[str, ...]] = AROUND

    def compose(self) -> ComposeResult:
        """The panes as they stand."""
        for name in AROUND:
            with Container(id=f"{name}-pane", classes="pane"):
                if name == "heat":
                    yield HeatMap("Surface", widget_id="heat")
                elif name == "findings":
                    yield QuoteGrid(FINDING_COLUMNS, styler=finding_style, widget_id="findings")
                elif name == "models":
                    yield QuoteGrid(CALIBRATION_COLUMNS, styler=calibration_style, widget_id="models")
                else:
                    yield BrailleChart(_TITLES[name], widget_id=name)
                if name == "term":
                    yield BrailleChart(_TITLES["wings"], widget_id="wings")

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """What there is room for."""
        return panes_shown(columns, lines, self._marked)

    def widget_of(self, name: str) -> Widget | None:
        """Tables alone have keys of their own."""
        return super().widget_of(name) if name in TABLES else None

    @property
    def findings(self) -> QuoteGrid:
        """The table of findings."""
        return self.query_one("#findings", QuoteGrid)

    def show_view(self, view: SurfaceView, place: int, density: DensityCurve | str) -> None:
        """All panes but the smile, whose cursor moves by itself."""
        from optionix_core.services.surface_smile import DEVIATIONS, heat_rows

        self._chart("term").show(plots.term_plot(view, place))
        self._chart("wings").show(plots.wings_plot(view, place))
        self._chart("density").show(plots.density_plot(view, place, density))
        self._chart("cone").show(plots.cone_plot(view))
        self.query_one(HeatMap).show(plots.heat(view, place, heat_rows(view.found), DEVIATIONS))
        self.findings.say_when_empty(SOUND)
        self.findings.show(finding_rows(view), flash=False)

    def show_smile(
        self,
        view: SurfaceView,
        place: int,
        quotes: tuple[SmileQuote, ...],
        cursor: SmileQuote | None,
        calibrated: CalibrationView | None,
    ) -> None:
        """The smile beside its quotes and what was calibrated to them."""
        from optionix_core.services.surface_smile import smile_curve

        curve = smile_curve(view.found, place)
        self._chart("smile").show(plots.smile_plot(view, place, quotes, curve, cursor, calibrated))

    def show_models(self, rows: Sequence[GridRow], empty: str) -> None:
        """Parameters of the calibrated model and earlier calibrations; `empty` stands where there are none."""
        grid = self.query_one("#models", QuoteGrid)
        grid.say_when_empty(empty)
        grid.show(rows, flash=False)

    def show_nothing(self, note: str, trouble: str | None) -> None:
        """Why there is no surface: in the place of each picture, and with what can be done where the findings are."""
        for name, title in _TITLES.items():
            self._chart(name).show(Plot(title, note=note))
        self.query_one(HeatMap).show(Heat("Surface", note=note))
        self.findings.say_when_empty(note if trouble is None else trouble, "muted" if trouble is None else "warn")
        self.findings.show(())

    def _chart(self, name: str) -> BrailleChart:
        return self.query_one(f"#{name}", BrailleChart)
