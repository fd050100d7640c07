"""Enrolling a second factor: a code to photograph, the secret in letters, the first code, then the backup codes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from optionix_core.errors import OptionixError, RefusedError
from screens.frame import Dialog
from widgets.qr import qr_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from screens.team import TeamLink


ON = "the second factor is on"
PLACEHOLDER = "the six digits that the authenticator shows"
STEP_UP_REQUIRED = "step-up-required"


class EnrolDialog(Dialog[str | None]):
    """Dismissed with words once the factor is on and the backup codes were shown, with None before."""

    SCOPE: ClassVar[str] = "enrol"
    CSS_PATH = ["frame.tcss", "enrol.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, team: TeamLink | None) -> None:
        super().__init__()
        self._team = team
        self._begun = False
        self._busy = True
        self._on = False
        self._wants_password = False

    def compose(self) -> ComposeResult:
        """Code, secret, entry, answer."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Second factor"
            yield Static("", id="qr", markup=False)
            yield Static("asking the server", id="secret", markup=False)
            yield Input(placeholder=PLACEHOLDER, id="line", compact=True)
            yield Static("", id="told", markup=False)
            yield self.hint_line()

    def on_mount(self) -> None:
        """Ask for a secret."""
        self.query_one("#line", Input).focus()
        if self._team is None:
            self._tell("no team server can be used here", "error")
            return
        self.run_worker(partial(self._begin, self._team), thread=True, group="enrol")

    def _begin(self, team: TeamLink) -> None:
        """In a thread of its own."""
        try:
            secret, uri = team.begin_mfa()
            lines = qr_lines(uri, in_ascii=self.host.in_ascii)
        except RefusedError as error:
            if error.rule == STEP_UP_REQUIRED:
                self.app.call_from_thread(self._ask_password)
            else:
                self.app.call_from_thread(self._tell, error.reason, "error")
            return
        except OptionixError as error:
            self.app.call_from_thread(self._tell, str(error), "error")
            return
        self.app.call_from_thread(self._show, secret, lines)

    def _ask_password(self) -> None:
        """The sign-in was long ago: who one is is shown once more."""
        self._busy, self._wants_password = False, True
        if self.is_mounted:
            entry = self.query_one("#line", Input)
            entry.password, entry.placeholder = True, "your password, once more"
            self.query_one("#secret", Static).update("The sign-in was some time ago: show who you are once more.")

    def _again(self, team: TeamLink, password: str) -> None:
        """In a thread of its own."""
        try:
            team.step_up(password)
        except OptionixError as error:
            self.app.call_from_thread(self._tell, str(error), "error")
            return
        self._begin(team)

    def _show(self, secret: str, lines: tuple[str, ...]) -> None:
        if self.is_mounted:
            self._begun, self._busy, self._wants_password = True, False, False
            entry = self.query_one("#line", Input)
            entry.password, entry.placeholder = False, PLACEHOLDER
            self._tell("", "accent")
            self.query_one("#qr", Static).update("\n".join(lines))
            self.query_one("#secret", Static).update(f"or type the secret: {secret}")

    def action_run(self) -> None:
        """Send the first code; afterwards, close."""
        if self._on:
            self.dismiss(ON)
            return
        entry = self.query_one("#line", Input)
        code = entry.value.strip()
        if self._busy or self._team is None or not code:
            return
        if self._wants_password:
            self._busy = True
            entry.value = ""
            self.run_worker(partial(self._again, self._team, code), thread=True, group="enrol")
            return
        if not self._begun:
            return
        if not code.isdecimal() or len(code) != 6:
            self._tell("code must be six digits", "error")
            return
        self._busy = True
        entry.value = ""
        self._tell("checking ...", "accent")
        self.run_worker(partial(self._verify, self._team, code), thread=True, group="enrol")

    def _verify(self, team: TeamLink, code: str) -> None:
        """In a thread of its own."""
        try:
            codes = team.verify_mfa(code)
        except OptionixError as error:
            self.app.call_from_thread(self._tell, f"not on: {error}", "error")
            return
        self.app.call_from_thread(self._done, codes)

    def _done(self, codes: tuple[str, ...]) -> None:
        self._busy = False
        if self.is_mounted:
            self._on = True
            self.query_one("#qr").display = False
            self.query_one("#line").display = False
            self.query_one("#secret", Static).update(
                "The second factor is on. Backup codes, each works once; they are not shown again:\n\n"
                + "\n".join(codes)
            )
            self._tell("write them down, then close", "accent")

    async def action_dismiss(self, result: str | None = None) -> None:
        """Close; a factor whose first code was not seen stays off."""
        del result
        self.dismiss(ON if self._on else None)

    def _tell(self, text: str, tone: str) -> None:
        self._busy = False
        if self.is_mounted:
            self.query_one("#told", Static).update(Content.styled(text, f"${tone}"))
