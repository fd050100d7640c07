"""Signing in on a team server: address, e-mail, password, and a code of the second factor where one is needed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from optionix_core.errors import OptionixError, RefusedError
from screens.frame import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from screens.team import TeamLink

MFA_REQUIRED = "mfa-required"
FIELDS = (("server", "Server"), ("email", "E-mail"), ("password", "Password"), ("code", "Code"))


class SignInDialog(Dialog[str | None]):
    """Dismissed with a warning (empty where there is none) once it is done, with None where it was left."""

    SCOPE: ClassVar[str] = "signin"
    CSS_PATH = ["frame.tcss", "signin.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self, team: TeamLink | None) -> None:
        super().__init__()
        self._team = team
        self._busy = False

    def compose(self) -> ComposeResult:
        """Four lines, what came of it, keys."""
        with Vertical(id="panel") as panel:
            panel.border_title = "Sign in"
            for name, label in FIELDS:
                with Horizontal(classes="field", id=f"{name}-field"):
                    yield Label(label, classes="label", markup=False)
                    yield Input(id=name, compact=True, password=name == "password")
            yield Static("", id="told", markup=False)
            yield self.hint_line()

    def on_mount(self) -> None:
        """Propose the last server; a code is asked for only where one is needed."""
        self.query_one("#code-field").display = False
        server, email = ("", "") if self._team is None else self._proposed(self._team)
        self.entry("server").placeholder = "https://team.example"
        self.entry("server").value, self.entry("email").value = server, email
        first = next((name for name, value in (("server", server), ("email", email)) if not value), "password")
        self.entry(first).focus()

    def _proposed(self, team: TeamLink) -> tuple[str, str]:
        try:
            return team.last_server()
        except OptionixError as error:
            self._tell(str(error), "error")
            return "", ""

    def entry(self, name: str) -> Input:
        """One of the lines."""
        return self.query_one(f"#{name}", Input)

    def action_next(self) -> None:
        """The line below."""
        self._step(1)

    def action_previous(self) -> None:
        """The line above."""
        self._step(-1)

    def _step(self, step: int) -> None:
        names = [name for name, _ in FIELDS if self.query_one(f"#{name}-field").display]
        focused = self.focused
        here = names.index(str(focused.id)) if focused is not None and focused.id in names else -step
        self.entry(names[(here + step) % len(names)]).focus()

    def action_run(self) -> None:
        """Sign in; on a line that is not the last, go to the next one that is empty."""
        if self._busy:
            return
        needed = [name for name, _ in FIELDS if self.query_one(f"#{name}-field").display]
        empty = next((name for name in needed if not self.entry(name).value.strip()), None)
        if empty is not None:
            if self.focused is self.entry(empty):
                self._tell(f"{empty} is empty", "error")
            self.entry(empty).focus()
            return
        if self._team is None:
            self._tell("no team server can be used here", "error")
            return
        self._busy = True
        self._tell("signing in ...", "accent")
        values = {name: self.entry(name).value for name, _ in FIELDS}
        self.run_worker(partial(self._sign_in, self._team, values), thread=True, group="sign-in")

    def _sign_in(self, team: TeamLink, values: dict[str, str]) -> None:
        """In a thread of its own."""
        code = values["code"].strip() or None
        try:
            warning = team.sign_in(values["server"].strip(), values["email"].strip(), values["password"], code)
        except RefusedError as error:
            self.app.call_from_thread(self._refused, error)
            return
        except OptionixError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._done, warning)

    def _refused(self, error: RefusedError) -> None:
        if error.rule != MFA_REQUIRED:
            self._failed(error.reason)
            return
        self._busy = False
        if self.is_mounted:
            self.query_one("#code-field").display = True
            self.entry("code").focus()
            self._tell("a code of the second factor, or a backup code", "accent")

    def _failed(self, reason: str) -> None:
        self._busy = False
        if self.is_mounted:
            self.entry("code").value = ""
            self._tell(f"not signed in: {reason}", "error")

    def _done(self, warning: str) -> None:
        if self.is_attached:
            self.dismiss(warning)

    def _tell(self, text: str, tone: str) -> None:
        self.query_one("#told", Static).update(Content.styled(text, f"${tone}"))
