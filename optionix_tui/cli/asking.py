"""Secrets of the command line: from a pipe, a line each, or asked for in a terminal. Never from an argument."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from optionix_core.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from optionix_tui.remote.client import Client

_Made = TypeVar("_Made")


class Secrets:
    """Reads secrets in the order in which a command names them."""

    def read(self, what: str, flag: str, *, piped: bool) -> str:
        """One secret: the next line of stdin where `piped`, else what is typed unseen.

        `what`: its name in the prompt; `flag`: the option that lets it be piped, named where nobody can be asked.
        Raises UsageError.
        """
        if piped:
            line = sys.stdin.readline()
            if not line.strip():
                raise UsageError(f"{flag}: stdin has no line with the {what}")
            return line.rstrip("\r\n")
        return self._asked(what, flag, unseen=True)

    def code(self, flag: str, *, piped: bool) -> str:
        """A code of the second factor, which may be seen: it works once."""
        if piped:
            return self.read("code", flag, piped=True).strip()
        return self._asked("code of the second factor, or a backup code", flag, unseen=False).strip()

    def stepped_up(self, client: Client, work: Callable[[], _Made], *, piped: bool, code_piped: bool = False) -> _Made:
        """Do `work`; where the server wants the password once more for it, show it and do it then."""
        from optionix_tui.remote.problems import MFA_REQUIRED, STEP_UP_REQUIRED

        try:
            return work()
        except RefusedError as error:
            if error.rule != STEP_UP_REQUIRED:
                raise
        password = self.read("password", "--password-stdin", piped=piped)
        try:
            client.me.step_up(password)
        except RefusedError as error:
            if error.rule != MFA_REQUIRED:
                raise
            client.me.step_up(password, self.code("--code-stdin", piped=code_piped))
        return work()

    def can_ask(self) -> bool:
        """Whether somebody is there who can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def _asked(self, what: str, flag: str, *, unseen: bool) -> str:
        if not self.can_ask():
            raise UsageError(f"{flag} is missing: there is no terminal to ask for the {what}")
        if unseen:
            from getpass import getpass

            given = getpass(f"{what}: ", stream=sys.stderr)
        else:
            sys.stderr.write(f"{what}: ")
            sys.stderr.flush()
            given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise UsageError(f"the {what} is empty")
        return given
