"""An order before it is sent: price, cost, fees, fill model and every answer of the gate, then one key to send.

Nothing is sent that was not previewed: the send key waits for the preview of exactly what is written.
The order has one idempotency key from the moment that the ticket opens, so that a key pressed twice is
one order.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from optionix_core.errors import InvalidValueError, OptionixError
from optionix_core.trading.orders import OrderPreview, OrderResult
from screens.frame import Dialog
from screens.ticket_text import preview_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from screens.host import Draft


class TicketDialog(Dialog[OrderResult | None]):
    """Dismissed with the order's result, or None where nothing was sent."""

    SCOPE: ClassVar[str] = "ticket"
    CSS_PATH = ["frame.tcss", "ticket.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        self._previewed: tuple[Draft, OrderPreview] | None = None
        self._order_id: str | None = None
        self._sending = False

    def compose(self) -> ComposeResult:
        """Order, entries, preview."""
        from optionix_core.portfolio.deliverables import label_of

        with Vertical(id="panel") as panel:
            panel.border_title = "Order ticket"
            with Horizontal(id="order"):
                yield Static(id="side")
                yield Static(label_of(self._draft.symbol), id="label")
            with Horizontal(id="entries"):
                yield Static("quantity", classes="name")
                yield Input(str(self._draft.quantity), id="quantity", compact=True)
                yield Static("limit", classes="name")
                limit = self._draft.limit_price
                yield Input("" if limit is None else f"{limit:f}", placeholder="at the touch", id="limit", compact=True)
            yield Static(id="preview")
            yield self.hint_line()

    def on_mount(self) -> None:
        """Ask for the first preview, and again as the quote moves."""
        self._write_side()
        self.query_one("#quantity", Input).focus()
        self._ask()
        self.set_interval(1.0, self._ask)

    def _write_side(self) -> None:
        side = self.query_one("#side", Static)
        side.update(self._draft.side.upper())
        side.set_class(self._draft.side == "sell", "-sell")

    def _written(self) -> Draft:
        """The order as it stands in the entries; InvalidValueError names the field."""
        quantity = self.query_one("#quantity", Input).value.strip()
        limit = self.query_one("#limit", Input).value.strip()
        if not quantity.isdecimal() or int(quantity) < 1:
            raise InvalidValueError("quantity", repr(quantity), "a whole number, at least 1")
        try:
            price = Decimal(limit) if limit else None
        except InvalidOperation:
            raise InvalidValueError("limit", repr(limit), "a price, or empty for the touch") from None
        return replace(self._draft, quantity=int(quantity), limit_price=price)

    def on_input_changed(self) -> None:
        """Something else is written: preview that."""
        self._ask()

    def _ask(self) -> None:
        if self._sending or not self.is_mounted:
            return
        try:
            draft = self._written()
        except InvalidValueError as error:
            self._previewed = None
            self._tell(str(error), "error")
            return
        self._preview(draft)

    @work(thread=True, exclusive=True, group="preview", exit_on_error=False)
    def _preview(self, draft: Draft) -> None:
        from optionix_core.services import trading

        worker = get_current_worker()
        workspace = self.host.session.workspace
        try:
            found = trading.preview(workspace, draft.side, draft.quantity, draft.symbol, draft.limit_price)
        except OptionixError as error:
            message = str(error)
            if not worker.is_cancelled:
                self.app.call_from_thread(self._no_preview, message)
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_preview, draft, found)

    def _no_preview(self, message: str) -> None:
        self._previewed = None
        self._tell(message, "error")

    def _show_preview(self, draft: Draft, found: OrderPreview) -> None:
        if self.is_mounted and not self._sending:
            self._previewed = (draft, found)
            self.query_one("#preview", Static).update(preview_content(found))

    def _tell(self, message: str, tone: str) -> None:
        if self.is_mounted:
            self.query_one("#preview", Static).update(Content.styled(message, f"${tone}"))

    def action_other_side(self) -> None:
        """A buy becomes a sell at the bid, a sell a buy at the ask."""
        quote = None if self._previewed is None else self._previewed[1].quote
        way = "sell" if self._draft.side == "buy" else "buy"
        self._draft = replace(self._draft, side=way)
        if quote is not None:
            touch = quote.ask if way == "buy" else quote.bid
            self.query_one("#limit", Input).value = "" if touch is None else repr(touch)
        self._previewed = None
        self._write_side()
        self._ask()

    def action_more(self) -> None:
        """One more."""
        self._step(1)

    def action_fewer(self) -> None:
        """One fewer, at least one."""
        self._step(-1)

    def _step(self, step: int) -> None:
        entry = self.query_one("#quantity", Input)
        if entry.value.strip().isdecimal():
            entry.value = str(max(int(entry.value) + step, 1))

    def action_send(self) -> None:
        """Send what was previewed."""
        if self._sending:
            return
        try:
            draft = self._written()
        except InvalidValueError as error:
            self._tell(str(error), "error")
            return
        if self._previewed is None or self._previewed[0] != draft:
            self.notify("The preview of this order has not arrived yet.", severity="warning")
            return
        self._sending = True
        self._tell("sending …", "accent")
        self._submit(draft)

    @work(thread=True, group="submit", exit_on_error=False)
    def _submit(self, draft: Draft) -> None:
        from optionix_core.services import sending

        workspace = self.host.session.workspace
        if self._order_id is None:
            self._order_id = workspace.new_order_id()
        try:
            result = sending.send_at_once(
                workspace, draft.side, draft.quantity, draft.symbol, draft.limit_price, self._order_id
            )
        except OptionixError as error:
            self.app.call_from_thread(self._not_sent, str(error))
            return
        self.app.call_from_thread(self.dismiss, result)

    def _not_sent(self, message: str) -> None:
        self._sending = False
        self._tell(f"not sent: {message}", "error")
