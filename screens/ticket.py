"""An order before it is sent: its fields, its preview, and one key to send.

Nothing is sent that was not previewed: the send key is pressed when the preview of exactly what is written can be read.
The order has one idempotency key from the moment that the ticket opens, so that a key pressed twice is
one order. A refusal leaves the ticket as it was written; only then is the next one sent another order.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets import Static

from optionix_core.errors import InvalidValueError, OptionixError
from screens.background import Background
from screens.ticket_entries import TicketEntries
from screens.ticket_fields import field_at_fault
from screens.ticket_form import TicketForm
from screens.ticket_preview import Told, leg_content, study_rows, touch_pieces
from screens.ticket_rows import laid
from screens.ticket_study import TicketDesk, intent_of
from screens.ticket_text import send_pieces, what_content
from widgets.info_line import InfoLine

if TYPE_CHECKING:
    from collections.abc import Hashable

    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.order_touch import OrderTouch
    from optionix_core.trading.orders import OrderResult
    from screens.host import Draft
    from screens.ticket_preview import Study

NOT_SENT = "Not sent"
LOOK_EVERY = timedelta(seconds=1)
"""How often quotes and the gate are asked again while nothing is written."""
OUTLOOK_EVERY = timedelta(seconds=3)
EFFECT_EVERY = timedelta(seconds=5)
TAIL_EVERY = timedelta(seconds=30)


class TicketDialog(TicketEntries):
    """Dismissed with what became of the order or the algorithm, or None where nothing was sent."""

    CSS_PATH = ["frame.tcss", "ticket.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, draft: Draft) -> None:
        self._priceless = bool(draft.legs) and draft.limit_price is None and not draft.kind
        """Whether the price is to be that of the middle, once that is known: what a combination without one gets."""
        super().__init__(TicketForm.of(replace(draft, kind="limit") if self._priceless else draft))
        self._opened = self.form.key
        self._desk: TicketDesk | None = None
        self._sending = False
        self._answered = ""
        """What became of the last try to send, until something else is written."""
        self._previewed: Hashable = None
        """What the preview on the screen is of."""

    def on_mount(self) -> None:
        """Ask for the first preview, and again as the quote moves."""
        session = self.host.session
        self._desk = TicketDesk(session.workspace, session.workspace.new_order_id())
        self._touch: Background[OrderTouch] = self._background("touch")
        self._study: Background[Study] = self._background("study")
        self._outlook: Background[Any] = self._background("outlook")
        self._effect: Background[Any] = self._background("effect")
        self._tail: Background[Any] = self._background("tail")
        self.lay_out()
        self.show_field("quantity").focus()
        self._ask()
        self.set_interval(1.0, self._ask)

    def _background(self, group: str) -> Background[Any]:
        run = partial(self.run_worker, thread=True, group=group, exit_on_error=True)
        return Background(self.host.session.clock, run, self.post_message)

    @property
    def desk(self) -> TicketDesk:
        """What asks and sends."""
        if self._desk is None:
            raise RuntimeError("the ticket is not shown yet")
        return self._desk

    @property
    def study(self) -> Study | None:
        """The preview of exactly what is written; None until it has arrived."""
        there = self._study.problem is None and self._study.key == self.form.key
        return self._study.answer if there else None

    @property
    def touch(self) -> OrderTouch | None:
        """Where the order's instruments trade, whatever else is written."""
        return self._touch.answer

    @property
    def settled(self) -> bool:
        """Whether all that was asked of what is written is answered."""
        backgrounds = (self._touch, self._study, self._outlook, self._effect, self._tail)
        return self._study.key == self.form.key and not any(one.running for one in backgrounds)

    # Asking

    def written(self) -> None:
        """Something else is written: preview that."""
        self._answered = ""
        self._ask()

    def _ask(self) -> None:
        if self._sending:
            return
        form = self.form
        self._touch.ask((form.symbol, form.legs), partial(self.desk.touch, form), every=LOOK_EVERY)
        if self._touch.problem is not None:
            self._wrong(self._touch.problem)
            return
        if self._priceless and not self._price_first():
            return
        form = self.form
        try:
            form.algorithm() if form.is_algorithm else form.terms()
        except InvalidValueError as error:
            self._study.cancel()
            self._wrong(error)
            return
        self._study.ask(form.key, partial(self.desk.study, form), every=LOOK_EVERY)
        self._show()

    def _price_first(self) -> bool:
        """Write the middle into the price as soon as it is known; whether there is something to preview."""
        if self.touch is None:
            self._head()
            return False
        self._priceless = False
        price = self._price_at("mid")
        if price is not None and not self.form.texts["limit"].strip():
            self.form = self.form.write("limit", f"{price:f}")
            self._opened = self.form.key
            self.lay_out()
        return True

    def on_background_ended(self, message: Background.Ended) -> None:
        """An answer has come; what depends on it is asked next."""
        message.background.take(message)
        if self._sending or not self.is_mounted:
            return
        study = self.study
        touch = self.touch
        if message.background in (self._study, self._touch) and study is not None and touch is not None:
            self._ask_further(study, touch)
        self._ask()

    def _ask_further(self, study: Study, touch: OrderTouch) -> None:
        intent = intent_of(study, self.host.session.workspace)
        same = (self.form.key, intent.quantity)
        from optionix_core.services.order_outlook import price_taken

        fills_at = None if study.preview is None else study.preview.price
        try:
            price = price_taken(intent, fills_at, touch)
        except OptionixError:
            price = None
        if price is not None:
            self._outlook.ask((*same, price), partial(self.desk.outlook, intent, price), every=OUTLOOK_EVERY)
        self._effect.ask(same, partial(self.desk.effect, intent), every=EFFECT_EVERY)
        self._tail.ask(same, partial(self.desk.tail, intent), every=TAIL_EVERY)

    # Showing

    def _show(self) -> None:
        problem = self._study.problem if self._study.key == self.form.key else None
        if problem is not None:
            self._wrong(problem)
            return
        study = self.study
        self.mark(None, "")
        self._head()
        if study is not None:
            key, now = self.form.key, self.host.session.now
            outlook, effect, tail = (_told(one, key) for one in (self._outlook, self._effect, self._tail))
            rows = study_rows(study, now, self.touch, outlook, effect, tail)
            self.query_one("#preview", Static).update(laid(rows, self.query_one("#answers").size.width - 1))
            if self._previewed != key:
                self._previewed = key
                self.painting.watch()
        self._foot()

    def _head(self) -> None:
        touch = self.touch
        self.query_one("#what", Static).update(what_content(self.form))
        legs = self.query_one("#legs", Static)
        legs.display = bool(self.form.legs)
        self.query_one("#touch", InfoLine).show(touch_pieces(touch))
        if touch is not None and self.form.legs:
            legs.update(leg_content(touch, self.form.side, self.query_one("#panel").size.width))

    def _wrong(self, error: OptionixError) -> None:
        """A mistake in place: it names the field, what stands in it, and what may."""
        field = field_at_fault(error.field) if isinstance(error, InvalidValueError) else None
        self.mark(field, str(error))
        self._head()
        self.query_one("#preview", Static).update("")
        self._foot()

    def _foot(self) -> None:
        told = self.query_one("#answered", Static)
        told.display = bool(self._answered)
        told.update(Content.styled(f"✗ {self._answered}", "$error") if self._answered else "")
        ready = self.study is not None
        waits = not ready and self._study.problem is None and self._study.running
        pieces = send_pieces(self.form, ready=ready, waits=waits, sending=self._sending)
        self.query_one("#send", InfoLine).show(pieces)

    # Acting

    def action_send(self) -> None:
        """Send what was previewed."""
        if self._sending:
            return
        self.gather()
        if self.study is None:
            if self._study.running:
                self.notify("Its preview has not arrived yet.", title=NOT_SENT, severity="warning")
            return
        if self._previewed != self.form.key or self.is_answered_unseen:
            words = "That was pressed before its preview was here: read it, then press again."
            self.notify(words, title=NOT_SENT, severity="warning")
            return
        self._sending, self._answered = True, ""
        self._foot()
        self.run_worker(partial(self._submit, self.form), thread=True, group="submit", exit_on_error=True)

    def _submit(self, form: TicketForm) -> None:
        """In a thread of its own."""
        try:
            result = self.desk.send(form)
        except OptionixError as error:
            self.app.call_from_thread(self._not_sent, f"not sent: {error}")
            return
        self.app.call_from_thread(self._sent, result)

    def _sent(self, result: OrderResult | AlgoStory) -> None:
        from optionix_core.trading.orders import OrderResult, OrderState

        if isinstance(result, OrderResult) and result.state is OrderState.REJECTED:
            self.desk.another()
            self.host.log_changed()
            self._not_sent(f"refused, and nothing is lost: {result.reason or 'no reason given'}")
            return
        self.dismiss(result)

    def _not_sent(self, message: str) -> None:
        self._sending = False
        self._answered = message
        self._study.again()
        self._ask()
        self._foot()

    async def action_dismiss(self, result: OrderResult | AlgoStory | None = None) -> None:
        """Close without sending; what was written is kept, and can be opened again."""
        if self._sending:
            self.notify("It is being sent: wait for the answer.", severity="warning")
            return
        self.gather()
        if self.form.key != self._opened:
            self.host.keep_ticket(self.form.draft())
        self.dismiss(result)

    def action_explain(self) -> None:
        """Where the preview's numbers come from."""
        from screens.explain import ExplainDialog
        from screens.ticket_explanations import Ticket, explain_ticket

        if self.study is None:
            self.notify("There is no preview to explain yet.", severity="warning")
            return
        key = self.form.key
        outlook, effect, tail = (_told(one, key) for one in (self._outlook, self._effect, self._tail))
        ticket = Ticket(self.form, self.study, self.touch, self.desk.order_id, self.host.session.now)
        told = explain_ticket(ticket, outlook, effect, tail)
        self.app.push_screen(ExplainDialog(told))

    def command_line(self) -> str:
        """The command that sends the same order, under the same id."""
        account = self.host.session.account
        root = "optionix" if account == "paper-1" else f"optionix --account {account}"
        return self.form.command(root, self.desk.order_id)

    def action_copy(self) -> None:
        """Copy that command, and show it."""
        line = self.command_line()
        self.app.copy_to_clipboard(line)
        self.notify(line, title="Copied", markup=False)


def _told(background: Background[Any], key: Hashable) -> Told[Any]:
    asked = background.key
    if not isinstance(asked, tuple) or asked[0] != key:
        return Told()
    problem = background.problem
    return Told(None, str(problem)) if problem is not None else Told(background.answer)
