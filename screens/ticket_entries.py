"""The fields of a ticket on screen: which are shown, how keys and mouse change them, and a mistake marked in place."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from optionix_core.errors import OptionixError
from screens.frame import Dialog
from screens.ticket_fields import BY_NAME, NAMES, PRICES, WITH_LIMIT, Field
from widgets.choice import Choice, NumberEntry, Stepped
from widgets.info_line import InfoLine

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widget import Widget

    from optionix_core.services.order_touch import OrderTouch, Place
    from screens.ticket_form import TicketForm

LONGEST_TOLD = 300
"""Characters of a mistake that are shown: it may quote all that was written."""
MONEY_STEP = 100
"""Dollars that an amount steps by."""


class TicketEntries(Dialog[Any]):
    """A form that is written; subclasses say by `written` what follows from it, by `touch` where the market is."""

    SCOPE: ClassVar[str] = "ticket"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "through('ticket.next_field')", show=False, priority=True),
        Binding("shift+tab", "through('ticket.previous_field')", show=False, priority=True),
    ]
    """Before the fields: what is typed right behind a tab belongs to the field after it."""
    HORIZONTAL_BREAKPOINTS = [(0, "-phone"), (70, "-narrow"), (100, "-normal")]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, form: TicketForm) -> None:
        super().__init__()
        self.form = form
        self._made: set[str] = set()
        """Fields that were shown, and so have their widgets."""

    @property
    def touch(self) -> OrderTouch | None:
        """Where the order's instruments trade now."""
        raise NotImplementedError

    def written(self) -> None:
        """Something else is written."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Order, legs, touch, fields, mistakes, preview, what can be done."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Order ticket"
            yield Static(id="what")
            yield Static(id="legs")
            yield InfoLine(widget_id="touch", gap=3)
            with Container(id="fields"):
                for name in self.form.shown:
                    yield from self._field_of(name)
            yield Static(id="mistake")
            answers = VerticalScroll(Static(id="preview"), id="answers")
            answers.can_focus = False
            yield answers
            yield Static(id="answered")
            yield InfoLine(widget_id="send", gap=2)
            yield self.hint_line()

    def _field_of(self, name: str) -> tuple[Widget, Widget]:
        """Label and control, made when the field is first shown."""
        self._made.add(name)
        field = BY_NAME[name]
        label = Static(field.label, classes="name", id=f"{name}-label")
        return label, self._control(field)

    def _control(self, field: Field) -> Widget:
        text = self.form.texts[field.name]
        if field.choices:
            return Choice(self.form.choices(field.name), text, widget_id=field.name)
        kind = Input if field.words else NumberEntry
        return kind(text, placeholder=field.hint, id=field.name, compact=True)

    def show_field(self, name: str) -> Widget:
        """The widget of a field."""
        return self.query_one(f"#{name}")

    def lay_out(self) -> None:
        """Show the fields that the order has, with what stands in them."""
        shown = self.form.shown
        for name in shown:
            if name not in self._made:
                later = next((one for one in NAMES[NAMES.index(name) :] if one in self._made), None)
                before = None if later is None else self.query_one(f"#{later}-label")
                self.query_one("#fields").mount(*self._field_of(name), before=before)
        for name in self._made:
            control, text = self.show_field(name), self.form.texts[name]
            control.display = self.query_one(f"#{name}-label").display = name in shown
            if isinstance(control, Choice):
                control.show(self.form.choices(name), text)
            elif isinstance(control, Input) and control.value != text:
                control.value = text
                control.cursor_position = len(text)

    def mark(self, name: str | None, text: str) -> None:
        """Mark the field in which something is wrong, and say what; None marks none."""
        for one in self._made:
            self.query_one(f"#{one}-label").set_class(one == name, "-wrong")
        line = self.query_one("#mistake", Static)
        line.display = bool(text)
        short = text if len(text) <= LONGEST_TOLD else f"{text[:LONGEST_TOLD]}…"
        line.update(Content.styled(f"✗ {short}", "$error") if text else "")

    # What is written

    def gather(self) -> None:
        """Take in what is typed already, whose message may still be on its way."""
        for entry in self.query(Input):
            name = entry.id
            if name is not None and self.form.texts.get(name, entry.value) != entry.value:
                self.form = self.form.write(name, entry.value)

    def put(self, name: str, text: str) -> None:
        """Write into a field."""
        self.gather()
        self.form = self.form.write(name, text)
        self.lay_out()
        self.written()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Something was typed."""
        name = event.input.id
        if name is not None and self.form.texts.get(name) != event.input.value:
            self.form = self.form.write(name, event.input.value)
            self.written()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        """Something was chosen."""
        name = event.choice.id
        if name is not None:
            self._choose(name, event.value)

    def _choose(self, name: str, value: str) -> None:
        self.gather()
        if name == "kind":
            self._prepare(value)
        if name == "side":
            self._turn_limit(value)
        self.put(name, value)

    def _prepare(self, kind: str) -> None:
        """A type with a limit begins at the far touch, where nothing is written yet."""
        if kind in WITH_LIMIT and not self.form.texts["limit"].strip():
            price = self._price_at("ask" if self.form.side == "buy" else "bid")
            if price is not None:
                self.form = self.form.write("limit", f"{price:f}")

    def _turn_limit(self, side: str) -> None:
        if self.form.texts["limit"].strip() and "limit" in self.form.has:
            self.form = self.form.write("side", side)
            price = self._price_at("ask" if side == "buy" else "bid")
            if price is not None:
                self.form = self.form.write("limit", f"{price:f}")

    # Keys

    def _field(self) -> str:
        """The field that has the keys, else the quantity."""
        name = None if self.focused is None else self.focused.id
        return name if name is not None and name in self.form.texts else "quantity"

    async def action_through(self, action_id: str) -> None:
        """An action of the registry, the same way as by any other key."""
        await self.host.perform(action_id)

    def action_next_field(self) -> None:
        """The field after this one."""
        self.focus_next()

    def action_previous_field(self) -> None:
        """The field before this one."""
        self.focus_previous()

    def action_more(self) -> None:
        """One more, a tick up, or the word before."""
        self._step(self._field(), 1)

    def action_fewer(self) -> None:
        """One fewer, a tick down, or the next word."""
        self._step(self._field(), -1)

    def on_stepped(self, event: Stepped) -> None:
        """The wheel was turned over an entry."""
        if event.field.id is not None:
            self._step(event.field.id, event.step)

    def _step(self, name: str, step: int) -> None:
        self.gather()
        control = self.show_field(name)
        if isinstance(control, Choice):
            control.turn(-step)
            return
        text = self.form.texts[name].strip()
        if name in PRICES:
            self._step_price(name, text, step)
        elif text.startswith("$") and text[1:].isdecimal():
            self.put(name, f"${max(int(text[1:]) + step * MONEY_STEP, 1)}")
        elif text.isdecimal():
            self.put(name, str(max(int(text) + step, 0 if name == "seed" else 1)))

    def _step_price(self, name: str, text: str, step: int) -> None:
        touch = self.touch
        if touch is None:
            self.notify("No quote has arrived yet: there is no tick to step by.", severity="warning")
            return
        try:
            price = Decimal(text) if text else None
        except InvalidOperation:
            return
        if price is None or not price.is_finite():
            self._place("ask" if self.form.side == "buy" else "bid")
        else:
            self.put(name, f"{touch.stepped(price, step):f}")

    def action_bid(self) -> None:
        """The bid into the price."""
        self._place("bid")

    def action_mid(self) -> None:
        """The middle into the price."""
        self._place("mid")

    def action_ask(self) -> None:
        """The ask into the price."""
        self._place("ask")

    def _place(self, place: Place) -> None:
        price = self._price_at(place)
        if price is None:
            self.notify(f"There is no {place} now.", severity="warning")
            return
        self.gather()
        name = self._field()
        if name not in PRICES:
            name = "limit"
        if name not in self.form.has:
            self.form = self.form.write("kind", "limit")
            name = "limit"
        self.put(name, f"{price:f}")

    def _price_at(self, place: Place) -> Decimal | None:
        from optionix_core.trading.orders import Side

        touch = self.touch
        if touch is None:
            return None
        try:
            return touch.at(place, Side(self.form.side))
        except OptionixError:
            return None

    def action_other_side(self) -> None:
        """A buy becomes a sell at the bid, a sell a buy at the ask."""
        self._choose("side", "sell" if self.form.side == "buy" else "buy")

    def action_next_type(self) -> None:
        """The type of order after this one."""
        self._turn("kind")

    def action_next_time(self) -> None:
        """The time in force after this one."""
        self._turn("time")

    def _turn(self, name: str) -> None:
        if name not in self.form.shown:
            return
        control = self.show_field(name)
        if isinstance(control, Choice):
            control.turn(1)

    def action_more_fields(self) -> None:
        """Show what an order of this type may have beside what it needs, or hide it."""
        self.gather()
        self.form = replace(self.form, more=not self.form.more)
        self.lay_out()

    def action_scroll_down(self) -> None:
        """Further down in the preview."""
        self.query_one("#answers", VerticalScroll).scroll_page_down(animate=False)

    def action_scroll_up(self) -> None:
        """Further up in the preview."""
        self.query_one("#answers", VerticalScroll).scroll_page_up(animate=False)
