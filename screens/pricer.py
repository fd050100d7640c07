"""The pricer: what can be done with the price of one contract or several legs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from optionix_core.errors import InvalidValueError
from screens.host import Draft
from screens.pricer_case import ContractCase, LegsCase
from screens.pricer_choosing import PricerChoosing
from screens.pricer_plots import known_columns

if TYPE_CHECKING:
    from widgets.braille_chart import BrailleChart
    from widgets.heat_map import HeatMap


class PricerScreen(PricerChoosing):
    """F3."""

    SCOPE: ClassVar[str] = "pricer"
    TITLE_TEXT: ClassVar[str] = "F3 Pricer"

    # The picture

    def action_dates(self) -> None:
        """Type the days from now at which curves are drawn."""
        text = "" if self._days is None else " ".join(f"{days:g}" for days in self._days)
        self.write(
            text, "days from now between the curves for now and expiry, such as 10 20; nothing: thirds", self._use_dates
        )

    def _use_dates(self, text: str) -> None:
        self._days = read_days(text)
        self._drawn = None
        self._show()

    def action_next_grid(self) -> None:
        """Moves of volatility, or days that pass, beside those of the spot."""
        self._by = "days" if self._by == "volatility" else "volatility"
        self._show()

    def on_braille_chart_picked(self, message: BrailleChart.Picked) -> None:
        """A place in the picture was clicked: the spot goes there."""
        if self._case is not None and any(item.name == "spot" for item in self._case.inputs):
            from optionix_core.services.what_if_inputs import snapped

            self._put("spot", snapped(message.x, self._case.reach("spot")))

    def on_heat_map_chosen(self, message: HeatMap.Chosen) -> None:
        """A line of the grid was clicked: its move is made; a cell makes that of the spot too."""
        case, grid = self._case, None if self._view is None else self._view.grid
        if case is None or grid is None:
            return
        stands = {item.name: item.value for item in case.inputs}
        name, move = ("expiry", -float(message.key)) if grid.by == "days" else ("volatility", float(message.key))
        spot, at = stands.get("spot"), stands.get(name)
        if move and at is not None:
            self._put(name, max(at + move, 0.0) if name == "expiry" else at + move)
        if message.column is not None and spot is not None:
            share = grid.spot_moves[known_columns(grid)[message.column]]
            if share:
                self._put("spot", spot * (1.0 + share))

    def action_compare(self) -> None:
        """Compare the methods anew, or cancel the comparison or the price that runs."""
        case = self._case
        if self._compared.running or self._work.running:
            self._compared.cancel()
            self._halted = self._slow if self._work.running else self._halted
            self._work.cancel()
        elif isinstance(case, ContractCase) and not case.lacking:
            self._halted = self._drawn = None
            self._compare(case, again=True)
        self._show()

    # Doing

    def action_explain(self) -> None:
        """Where the numbers of the marked pane, or of the marked input, come from."""
        if self._case is None or self._view is None:
            self.notify("There is no price yet.", severity="warning")
            return
        from screens.explain import ExplainDialog
        from screens.pricer_explanations import explain

        rows = self._compared.answer if self._compared.key == self._compared_for else None
        told = explain(
            self._panes.marked,
            self._case,
            self._view,
            self._density(),
            self._panes.key_under_cursor(),
            self._item(),
            rows or (),
            self.session.now,
        )
        self.app.push_screen(ExplainDialog(told))

    def action_buy(self) -> None:
        """A ticket to buy what is priced."""
        self._trade(1)

    def action_sell(self) -> None:
        """A ticket to sell what is priced."""
        self._trade(-1)

    def _trade(self, way: int) -> None:
        case = self._case
        if isinstance(case, LegsCase):
            legs = [(leg.symbol or "", way * int(leg.quantity)) for leg in case.link.strategy.legs]
            self.host.open_ticket(Draft.of_legs(legs))
        elif isinstance(case, ContractCase) and case.link is not None:
            touch = case.link.ask if way > 0 else case.link.bid
            limit = None if touch is None or case.link.inverse else Decimal(repr(touch))
            quantity = 1 if self._quantity is None else abs(int(self._quantity))
            self.host.open_ticket(Draft("buy" if way > 0 else "sell", case.link.symbol, quantity, limit))
        else:
            self.notify("Only listed options can be traded.", severity="warning")

    def command_line(self) -> str:
        """The command that gives these numbers."""
        from screens.pricer_commands import command

        return command(self._case, self._panes.marked)

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """The picture as CSV; everything as JSON."""
        from screens.pricer_commands import exports

        compared = self._compared.answer if self._compared.key == self._compared_for else None
        return exports(self._view, self._density(), compared or ())

    def arrangement(self) -> Mapping[str, Any]:
        """Which pane is marked and whether it has the room, the grid's lines, the curves' days."""
        return {
            "pane": self._panes.marked,
            "zoomed": self._panes.zoomed,
            "grid": self._by,
            "days": None if self._days is None else list(self._days),
        }

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set the screen up. Raises InvalidValueError that names what cannot be used."""
        for name, value in kept.items():
            if name == "pane":
                self._panes.mark(str(value))
            elif name == "zoomed" and isinstance(value, bool):
                self._panes.zoom(on=value)
            elif name == "grid" and value in {"volatility", "days"}:
                self._by = value
            elif name == "days" and (value is None or isinstance(value, list)):
                self._days = None if value is None else read_days(" ".join(map(str, value)))
            else:
                raise InvalidValueError(f"pricer.{name}", repr(value), "one that the pricer keeps")
        self._drawn = None
        self._show()


def read_days(text: str) -> tuple[float, ...] | None:
    """`10 20`: days from now, ascending; None where nothing was written. InvalidValueError names what is no day."""
    found = []
    for word in text.replace(",", " ").split():
        try:
            days = float(word.removesuffix("d").replace("_", "x"))
        except ValueError:
            days = 0.0
        if not 0.0 < days < 365_000.0:
            raise InvalidValueError("dates", repr(word), "days from now, above 0, such as 10 20")
        found.append(days)
    return tuple(sorted(set(found))) or None
