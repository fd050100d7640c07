"""The risk screen: what can be done with the figures that `risk_board` shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from optionix_core.errors import InvalidValueError, MissingDataError
from screens.arranging import refuse_others
from screens.risk_commands import pane_command
from screens.risk_entry import LOSS_HINT, read_loss
from screens.risk_limits import LimitsBoard
from screens.risk_panes import AROUND, TABLES
from screens.risk_plots import Cell, middle, moved
from widgets.heat_map import HeatMap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from optionix_core.services.risk_export import Measure, Pane
    from optionix_core.services.risk_view import RiskView
    from screens.host import Hint

LEVELS: Final = (0.99, 0.975, 0.95)
HORIZONS: Final = (1, 5, 10, 20)
MEASURES: Final = ("value_at_risk", "expected_shortfall")
_LIMITS = ("limits",)
_HELD = ("components", "liquidity")
_ONLY_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "risk.remove_limit": _LIMITS,
    "risk.acknowledge": _LIMITS,
    "risk.set_limit": _LIMITS,
    "risk.loss": ("reverse",),
    "risk.next_day": ("stress",),
    "risk.measure": ("components",),
    "risk.next_grouping": ("components",),
    "risk.next_method": ("components",),
    "risk.stage_buy": _HELD,
    "risk.stage_sell": _HELD,
}
"""Panes in which the footer tells an action; all others are told everywhere."""


def after(value: Any, choices: Sequence[Any]) -> Any:
    """The choice after `value`, the first where it is none of them or the last."""
    return choices[(choices.index(value) + 1) % len(choices)] if value in choices else choices[0]


class RiskScreen(LimitsBoard):
    """F6."""

    TITLE_TEXT: ClassVar[str] = "F6 Risk"

    def footer_hints(self) -> Sequence[Hint]:
        """The keys that have something to work on in the marked pane."""
        marked = self.panes.marked
        return [hint for hint in super().footer_hints() if marked in _ONLY_IN.get(hint.action, AROUND)]

    # Panes

    def on_panes_marked(self) -> None:
        """Other keys have something to work on."""
        self.untell()
        self.refresh_footer()

    def on_quote_grid_cursor_moved(self) -> None:
        """What was said was of another place."""
        self.untell()

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
        """Bring the other panes back, else what was said is done with."""
        if self.panes.zoomed:
            self.panes.zoom()
        else:
            self.untell()

    # Choosing

    def action_next_level(self) -> None:
        """The next level."""
        self.choose(confidence=after(self.asked.confidence, LEVELS))

    def action_next_horizon(self) -> None:
        """The next horizon."""
        self.choose(horizon_days=after(self.asked.horizon_days, HORIZONS))

    def action_next_grouping(self) -> None:
        """What a part is."""
        from optionix_core.services.risk_view import GROUPINGS

        self.choose(by=after(self.asked.by, GROUPINGS))

    def action_next_method(self) -> None:
        """Whose parts are shown."""
        from optionix_core.services.risk_tails import METHODS

        self.choose(method=after(self.asked.method, METHODS))

    def action_measure(self) -> None:
        """Parts of value at risk, or of expected shortfall."""
        self.show_measure(after(self.measure, MEASURES))

    def show_measure(self, measure: str) -> None:
        """Show the parts of that figure."""
        self.measure = measure
        self._show()

    def show_figure(self, measure: str, confidence: float | None, horizon_days: int | None) -> None:
        """A figure at a level and over a horizon; None leaves either as it is, and what cannot be is told."""
        asked = self.asked
        try:
            self.choose(
                confidence=asked.confidence if confidence is None else confidence,
                horizon_days=asked.horizon_days if horizon_days is None else horizon_days,
            )
        except InvalidValueError as error:
            self.told(error)
            return
        self.panes.mark("components")
        self.show_measure(measure)

    def action_next_day(self) -> None:
        """More days pass on the stress matrix."""
        from optionix_core.services.risk_view import DAYS

        self.day = (self.day + 1) % len(DAYS)
        self._show()

    def action_refresh(self) -> None:
        """Make every figure anew, or stop what is being made."""
        if self._views.running:
            self.stop()
        else:
            self.acted()

    def action_loss(self) -> None:
        """Write the loss that reverse stress looks for."""
        known = self.asked.loss
        self.write("" if known is None else f"{known:f}", LOSS_HINT, lambda text: self.choose(loss=read_loss(text)))

    # The stress matrix

    def on_heat_map_chosen(self, message: HeatMap.Chosen) -> None:
        """A cell was clicked."""
        view = self.view
        here = None if view is None else self.stress_cell(view)
        if here is not None:
            self._put(Cell(int(message.key), here.spot if message.column is None else message.column))

    def action_spot_up(self) -> None:
        """The next higher spot."""
        self._step(1, 0)

    def action_spot_down(self) -> None:
        """The next lower spot."""
        self._step(-1, 0)

    def action_volatility_up(self) -> None:
        """The next higher volatility."""
        self._step(0, 1)

    def action_volatility_down(self) -> None:
        """The next lower volatility."""
        self._step(0, -1)

    def action_worst(self) -> None:
        """The cell that loses most."""
        self._put(None)

    def _step(self, spots: int, volatilities: int) -> None:
        view = self.view
        if view is None or view.grid.answer is None:
            return
        here = self.stress_cell(view) or middle(view.grid.answer)
        self._put(moved(view.grid.answer, here, spots, volatilities))

    def _put(self, cell: Cell | None) -> None:
        self.cell = cell
        self._show()

    # Staging, and other screens

    def action_stage_buy(self) -> None:
        """One more of the position under the cursor."""
        self._stage(1)

    def action_stage_sell(self) -> None:
        """One less of the position under the cursor."""
        self._stage(-1)

    def action_unstage(self) -> None:
        """No leg is staged."""
        from screens.stage import Stage

        self.host.set_stage(Stage())

    def _stage(self, quantity: int) -> None:
        symbol = self._symbol()
        if symbol is None:
            self.tell("Move the cursor to a position: parts by position, or liquidity.", "warn")
            return
        try:
            self.host.set_stage(self.session.stage.add(symbol, quantity))
        except InvalidValueError as error:
            self.tell(str(error), "alert")
            return
        self.untell()

    def _symbol(self) -> str | None:
        """The instrument under the cursor."""
        marked, view = self.panes.marked, self.view
        if view is None or marked not in _HELD:
            return None
        row = self.panes.grid(marked).cursor_row
        held = {position.id for position in view.built.book.positions}
        return str(row.key) if row is not None and row.key in held else None

    def action_open(self) -> None:
        """The position under the cursor in its chain."""
        from optionix_core.market.symbols import is_share

        symbol = self._symbol()
        if symbol is None:
            self.tell("Move the cursor to a position: parts by position, or liquidity.", "warn")
        elif is_share(symbol):
            self.host.select(underlying=symbol)
            self.host.open_screen("chain")
        else:
            self.host.show_option(symbol)

    # Explaining, copying, writing, keeping

    def action_explain(self) -> None:
        """Where the number under the cursor comes from."""
        view = self.view
        if view is None:
            self.tell("There are no figures yet.", "warn")
            return
        from screens.explain import ExplainDialog
        from screens.risk_explanations import explain
        from screens.risk_tail_explanations import Place

        marked = self.panes.marked
        row = column = None
        if marked in TABLES:
            grid = self.panes.grid(marked)
            row, column = grid.cursor_row, grid.cursor_column
        place = Place(marked, row, column, self.measure, self.day, self.stress_cell(view))
        self.app.push_screen(ExplainDialog(explain(view, place, self.session.now)))

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """What the marked pane shows, as its command answers."""
        return {
            kind: partial(self._exported, self.view, self.panes.marked, kind, self.measure) for kind in ("csv", "json")
        }

    @staticmethod
    def _exported(view: RiskView | None, pane: str, kind: str, measure: str) -> str:
        """In a thread of its own."""
        from optionix_core.services import risk_export

        if view is None:
            raise MissingDataError("there are no figures yet")
        return risk_export.encode(view, cast("Pane", pane), kind, cast("Measure", measure))

    def command_line(self) -> str:
        """The command that gives the marked pane."""
        account, feed, marked = self.session.account, self.session.workspace.feed_name, self.panes.marked
        root = "optionix" if feed == "sim" else f"optionix --feed {feed}"
        root += "" if account == "paper-1" else f" --account {account}"
        row = self.panes.grid(marked).cursor_row if marked in TABLES else None
        key = None if row is None else row.key
        return pane_command(root, self.view, self.wanted, marked, measure=self.measure, row=key)

    def arrangement(self) -> Mapping[str, Any]:
        """Panes and what is chosen."""
        asked = self.asked
        return {
            "pane": self.panes.marked,
            "zoomed": self.panes.zoomed,
            "confidence": asked.confidence,
            "horizon_days": asked.horizon_days,
            "method": asked.method,
            "by": asked.by,
            "measure": self.measure,
            "day": self.day,
        }

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set the screen up again."""
        from optionix_core.services.risk_tails import METHODS
        from optionix_core.services.risk_view import DAYS, GROUPINGS

        known = self.arrangement()
        refuse_others(kept, known)
        for name, value in kept.items():
            if type(value) is not type(known[name]):
                raise InvalidValueError(name, repr(value), f"as it is kept, such as {known[name]!r}")
        wanted = {**known, **kept}
        choices = {"measure": MEASURES, "method": METHODS, "by": GROUPINGS, "pane": AROUND, "day": range(len(DAYS))}
        for name, of in choices.items():
            if wanted[name] not in of:
                raise InvalidValueError(name, repr(wanted[name]), f"one of {', '.join(map(str, of))}")
        self.choose(**{name: wanted[name] for name in ("confidence", "horizon_days", "method", "by")})
        self.measure, self.day = wanted["measure"], wanted["day"]
        self.panes.mark(wanted["pane"])
        self.panes.zoom(on=wanted["zoomed"])
        self._show()
