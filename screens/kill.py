"""The kill switch from anywhere: how it stands, what it would end, and a line for the word that moves it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from optionix_core.errors import OptionixError
from screens.frame import Dialog
from screens.kill_text import done_lines, may_type, read_command, standing_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from optionix_core.services.kill import KillReport
    from screens.kill_text import KillCommand


class KillDialog(Dialog[None]):
    """Stays open after an act, so that its answer is read where it was asked."""

    SCOPE: ClassVar[str] = "kill"
    CSS_PATH = ["frame.tcss", "kill.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self._report: KillReport | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        """State, words, entry, answer."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Kill switch"
            yield Static("reading the log", id="state", markup=False)
            yield Static("", id="words", markup=False)
            yield Input(placeholder="the whole word, then a reason if you like", id="line", compact=True)
            yield Static("", id="told", markup=False)
            yield self.hint_line()

    def on_mount(self) -> None:
        """Ask how it stands."""
        self.query_one("#line", Input).focus()
        self.run_worker(self._look, thread=True, group="kill", exit_on_error=True)

    def _look(self) -> None:
        """In a thread of its own."""
        from optionix_core.services import kill

        try:
            report = kill.status(self.host.session.workspace)
        except OptionixError as error:
            self.app.call_from_thread(self._tell, str(error), "error")
            return
        self.app.call_from_thread(self._show, report)

    def _show(self, report: KillReport) -> None:
        if self.is_mounted:
            self._report = report
            self.query_one("#state", Static).update("\n".join(standing_lines(report)))
            self.query_one("#words", Static).update("\n" + "\n".join(may_type(report)))

    def _tell(self, text: str, tone: str) -> None:
        self._busy = False
        if self.is_mounted:
            self.query_one("#told", Static).update(Content.styled(text, f"${tone}"))

    def action_run(self) -> None:
        """Do what is typed, once."""
        if self._report is None or self._busy:
            return
        entry = self.query_one("#line", Input)
        try:
            command = read_command(entry.value, self._report.switch)
        except OptionixError as error:
            self._tell(str(error), "error")
            return
        self._busy = True
        entry.value = ""
        self.query_one("#told", Static).update(f"{command.act} ...")
        self.run_worker(partial(self._act, command), thread=True, group="kill", exit_on_error=True)

    def _act(self, command: KillCommand) -> None:
        """In a thread of its own."""
        from optionix_core.services import kill
        from optionix_core.services.acting_user import acting_user

        workspace = self.host.session.workspace
        try:
            by = acting_user()
            if command.act == "arm":
                done = kill.arm(workspace, by, command.reason)
            elif command.act == "disarm":
                done = kill.disarm(workspace, by, command.reason)
            elif command.act == "rearm":
                done = kill.rearm(workspace, by, command.reason, command.confirmation)
            else:
                done = kill.fire(workspace, by, command.reason, flatten=command.flatten)
            report = kill.standing(workspace)
        except OptionixError as error:
            self.app.call_from_thread(self._tell, f"not done: {error}", "error")
            return
        self.app.call_from_thread(self._done, command, done, report)

    def _done(self, command: KillCommand, done: KillReport, report: KillReport) -> None:
        self._tell("\n".join(done_lines(command, done)), "accent")
        self._show(report)
        self.host.log_changed()
