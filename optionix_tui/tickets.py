"""Order tickets as the application shows them: opened, kept where they are closed unsent, and their results told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optionix_core.errors import OptionixError
from optionix_tui.appearance import Appearance
from optionix_tui.command_line import OpenKeptTicket, OpenTicket

if TYPE_CHECKING:
    from pathlib import Path

    from screens.host import Draft
    from screens.session import Session
    from screens.stage import Stage


class TicketHost(Appearance):
    """The part of the application that has to do with tickets."""

    def __init__(
        self, session: Session, *, confirm: bool, in_ascii: bool, in_colour: bool, own_themes: Path | None
    ) -> None:
        """`confirm`: show the ticket also of an order that was typed with its price; the rest as `Appearance`."""
        super().__init__(in_ascii=in_ascii, in_colour=in_colour, own_themes=own_themes)
        self._session = session
        self._confirm = confirm
        self._kept_ticket: Draft | None = None

    @property
    def session(self) -> Session:
        """What all screens share."""
        return self._session

    def log_changed(self) -> None:
        """We have written to the log ourselves."""
        raise NotImplementedError

    def set_stage(self, stage: Stage) -> None:
        """Put other legs together and show it."""
        raise NotImplementedError

    def keep_ticket(self, draft: Draft | None) -> None:
        """Keep a ticket that was closed unsent; None forgets it."""
        self._kept_ticket = draft
        if draft is not None:
            self.notify(":ticket opens it again, and N among the orders.", title="Unsent ticket kept", markup=False)

    def open_ticket(self, draft: Draft) -> None:
        """Show a ticket, and what becomes of it as a notification; a draft that is none is told."""
        from screens.ticket import TicketDialog

        if not self._has_quotes():
            return
        try:
            ticket = TicketDialog(draft)
        except OptionixError as error:
            self.notify(str(error), title="No ticket", severity="error", markup=False)
            return
        self.push_screen(ticket, self._tell_result)

    def open_kept_ticket(self) -> None:
        """The ticket that was closed unsent, as it was written."""
        draft, self._kept_ticket = self._kept_ticket, None
        if draft is None:
            self.notify("No unsent ticket is kept.", severity="warning")
        else:
            self.open_ticket(draft)

    def run_order(self, command: OpenTicket | OpenKeptTicket) -> None:
        """Do what an order on the command line says."""
        if not isinstance(command, OpenTicket):
            self.open_kept_ticket()
            return
        draft = command.draft
        if self._confirm or draft.limit_price is None or draft.kind not in {"", "limit"}:
            self.open_ticket(draft)
        else:
            self.send_as_typed(draft)

    def _has_quotes(self) -> bool:
        if self._session.chain is None:
            self.notify("There are no quotes yet: wait for the feed.", severity="warning")
        return self._session.chain is not None

    def send_as_typed(self, draft: Draft) -> None:
        """Send an order without a ticket. The line is one order: it has one client order id."""
        if not self._has_quotes():
            return
        workspace = self._session.workspace
        order_id = workspace.new_order_id()

        def send() -> None:
            from optionix_core.services import sending
            from screens.ticket_form import TicketForm

            try:
                result = sending.send(workspace, TicketForm.of(draft).terms(), order_id)
            except OptionixError as error:
                self.call_from_thread(self.notify, str(error), title="Not sent", severity="error", markup=False)
                return
            self.call_from_thread(self._tell_result, result)

        self.run_worker(send, thread=True, group="submit", exit_on_error=False)

    def _tell_result(self, result: Any) -> None:
        """An order, an algorithm, or None where nothing was sent."""
        if result is None:
            return
        from optionix_core.trading.orders import OrderResult
        from screens.ticket_text import result_title, started_title

        told = result_title(result) if isinstance(result, OrderResult) else started_title(result)
        title, text, severity = told
        self.notify(text, title=title, severity=severity, timeout=8, markup=False)
        if isinstance(result, OrderResult) and (result.fills or result.open):
            self.set_stage(self._session.stage.after_order_of(result.intent.symbols))
        self.log_changed()
