"""`optionix password`: another password for whoever is signed in."""

from __future__ import annotations

from typing import Annotated

import typer

from optionix_core.errors import RefusedError, UsageError
from optionix_tui.cli.arguments import command
from optionix_tui.cli.asking import Secrets
from optionix_tui.cli.face import face_of
from optionix_tui.cli.mfa import CodeStdin
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit


def password(
    context: typer.Context,
    *,
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read from stdin: the present password, on the next line the new."),
    ] = False,
    code_stdin: CodeStdin = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Change your password on the server, which ends all your other sessions; this home stays signed in.

    Asks for the present password and twice for the new one, and for a code where a second factor is on. Exits 1 where
    the new one may not be: too short, too common or one of your last five.
    """
    from optionix_tui.remote.problems import MFA_REQUIRED

    secrets = Secrets()
    with face_of(context).team() as team:
        team.signed_in()
        present = secrets.read("present password", "--password-stdin", piped=password_stdin)
        new = secrets.read("new password", "--password-stdin", piped=password_stdin)
        if not password_stdin and secrets.read("new password again", "--password-stdin", piped=False) != new:
            raise UsageError("the new password was typed in two ways: nothing was changed")
        me = team.client().me
        try:
            me.change_password(present, new)
        except RefusedError as error:
            if error.rule != MFA_REQUIRED:
                raise
            me.change_password(present, new, secrets.code("--code-stdin", piped=code_stdin))
    record = {"changed": True}
    title = "the password was changed; other sessions have ended"
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=title))


password_command = command(
    "password",
    password,
    "optionix password",
    "pass rotate team | optionix password --password-stdin --json",
)
