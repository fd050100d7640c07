"""Moving the inputs of the pricer: by keys, by the mouse on their sliders, and by typing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from optionix_core.errors import OptionixError
from screens.pricer_desk import PricerDesk
from screens.pricer_sliders import HINTS, read, written
from widgets.slider import Sliders

if TYPE_CHECKING:
    from optionix_core.services.what_if_inputs import Input


class PricerInputs(PricerDesk):
    """Panes and inputs."""

    # Panes

    def on_panes_marked(self) -> None:
        """Other keys work."""
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
        self._show()

    def take_back(self) -> None:
        """Bring the other panes back; else put every input where the market has it."""
        if self._panes.zoomed:
            self._panes.zoom()
            self._show()

    # Inputs

    def _item(self) -> Input | None:
        name = self._marked_input()
        return None if self._case is None else next((one for one in self._case.inputs if one.name == name), None)

    def _put(self, name: str, value: float) -> None:
        """An input elsewhere; what it cannot be is told."""
        if self._case is None:
            return
        self._input = name
        try:
            self._case = self._case.put(name, value)
        except OptionixError as error:
            self.told(error)
            return
        self._move()

    def _mark(self, step: int) -> None:
        names = [] if self._case is None else [item.name for item in self._case.inputs]
        if names:
            self._input = names[(names.index(self._marked_input()) + step) % len(names)]
            self._remark()

    def _remark(self) -> None:
        board = self.query_one("#sliders", Sliders)
        board.show(board.sliders, self._marked_input())

    def action_next_input(self) -> None:
        """The input after this one."""
        self._mark(1)

    def action_previous_input(self) -> None:
        """The input before this one."""
        self._mark(-1)

    def _step(self, steps: float, *, coarse: bool = False) -> None:
        from optionix_core.services.what_if_inputs import stepped

        item = self._item()
        if item is None or self._case is None:
            return
        at = self._case.reach(item.name)
        try:
            value = stepped(item, at, steps * (at.coarse / at.fine if coarse else 1.0))
        except OptionixError as error:
            self.told(error)
            return
        self._put(item.name, value)

    def action_more(self) -> None:
        """A little more."""
        self._step(1)

    def action_less(self) -> None:
        """A little less."""
        self._step(-1)

    def action_much_more(self) -> None:
        """Much more."""
        self._step(1, coarse=True)

    def action_much_less(self) -> None:
        """Much less."""
        self._step(-1, coarse=True)

    def on_sliders_dragged(self, message: Sliders.Dragged) -> None:
        """A knob was put somewhere."""
        from optionix_core.services.what_if_inputs import snapped

        if self._case is not None:
            self._put(message.name, snapped(message.value, self._case.reach(message.name)))

    def on_sliders_turned(self, message: Sliders.Turned) -> None:
        """The wheel was turned."""
        self._input = message.name
        self._step(message.steps)

    def on_sliders_picked(self, message: Sliders.Picked) -> None:
        """A slider was clicked beside its track: once marks it, again types its value."""
        if message.name == self._marked_input():
            self.action_type_value()
            return
        self._input = message.name
        self._remark()

    def action_type_value(self) -> None:
        """Type the value of the marked input."""
        item = self._item()
        if item is None:
            self.notify("There is nothing to move yet.", severity="warning")
            return
        text = "" if item.value is None else written(item).removeprefix("+").replace(",", "")
        self.write(text, f"{item.label}: {HINTS[item.measure]}", partial(self._use_value, item))

    def _use_value(self, item: Input, text: str) -> None:
        if self._case is not None:
            self._case = self._case.put(item.name, read(item, text))
            self._show()

    def action_reset_input(self) -> None:
        """The marked input where the market has it."""
        if self._case is not None:
            self._case = self._case.reset(self._marked_input())
            self._show()

    def action_reset(self) -> None:
        """Every input where the market has it."""
        if self._case is not None:
            self._case = self._case.reset()
            self._show()
