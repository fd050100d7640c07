"""`optionix mfa`: the second factor of whoever is signed in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from config import terminal_kind
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.asking import Secrets
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_tui.remote.team import Team

app = group(
    "mfa",
    "The second factor: setup, verify, codes, disable.",
    "optionix mfa setup",
    "optionix mfa disable",
)

CodeStdin = Annotated[
    bool, typer.Option("--code-stdin", help="Read the code from stdin, its first line or the one after the password.")
]


PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin, its first line.")]


@app.command(cls=Command, epilog=examples("optionix mfa setup", "optionix mfa setup --json | jq -r .otpauth_uri"))
def setup(
    context: typer.Context,
    *,
    password_stdin: PasswordStdin = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Begin: draw the code for an authenticator, and ask for the first code where there is a terminal.

    The password is asked for where the sign-in was more than five minutes ago. The factor is in force only after
    `mfa verify` has seen a first code.
    """
    with face_of(context).team() as team:
        enrol(team, Secrets(), chosen(format_, as_json), password_piped=password_stdin)


def enrol(team: Team, secrets: Secrets, format_: Format, *, password_piped: bool = False) -> None:
    """Draw the code, and where somebody can be asked in words end the enrolment by a first code."""
    client = team.client()
    begun = secrets.stepped_up(client, client.me.mfa_setup, piped=password_piped)
    record = {"secret": begun.secret, "otpauth_uri": begun.otpauth_uri, "mfa_enabled": False}
    lines = [*_drawn(begun.otpauth_uri), f"secret: {begun.secret}", begun.otpauth_uri]
    emit(format_, {"schema_version": 1, **record}, [record], Table(title="\n".join(lines)))
    if format_ is not Format.TABLE or not secrets.can_ask():
        say("note: in force after `optionix mfa verify` with a first code")
        return
    codes = client.me.mfa_verify(secrets.code("--code-stdin", piped=False))
    team.look()
    emit(format_, {}, [], _backup(codes))


@app.command(cls=Command, epilog=examples("optionix mfa verify", "optionix mfa verify --code-stdin --json"))
def verify(
    context: typer.Context,
    *,
    code_stdin: CodeStdin = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """End the enrolment by a first code. Prints ten backup codes, once: each works a single time."""
    code = Secrets().code("--code-stdin", piped=code_stdin)
    with face_of(context).team() as team:
        codes = team.client().me.mfa_verify(code)
        team.look()
    document = {"schema_version": 1, "mfa_enabled": True, "backup_codes": list(codes)}
    emit(chosen(format_, as_json), document, [{"backup_code": one} for one in codes], _backup(codes))


@app.command(
    cls=Command,
    epilog=examples("optionix mfa codes", "optionix mfa codes --password-stdin --code-stdin --json"),
)
def codes(
    context: typer.Context,
    *,
    password_stdin: PasswordStdin = False,
    code_stdin: CodeStdin = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Ten new backup codes, printed once; those of before end. Needs the password and a code."""
    secrets = Secrets()
    with face_of(context).team() as team:
        team.signed_in()
        password = secrets.read("password", "--password-stdin", piped=password_stdin)
        code = secrets.code("--code-stdin", piped=code_stdin)
        made = team.client().me.renew_backup_codes(code, password)
    document = {"schema_version": 1, "backup_codes": list(made)}
    title = "\n".join(("backup codes, each works once, keep them safe; the earlier ones end:", *made))
    emit(chosen(format_, as_json), document, [{"backup_code": one} for one in made], Table(title=title))


@app.command(
    cls=Command,
    epilog=examples("optionix mfa disable", "optionix mfa disable --password-stdin --code-stdin --json"),
)
def disable(
    context: typer.Context,
    *,
    password_stdin: PasswordStdin = False,
    code_stdin: CodeStdin = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Take the second factor away; needs the password and a code."""
    secrets = Secrets()
    with face_of(context).team() as team:
        team.signed_in()
        password = secrets.read("password", "--password-stdin", piped=password_stdin)
        code = secrets.code("--code-stdin", piped=code_stdin)
        team.client().me.mfa_disable(code, password)
        team.look()
    record = {"mfa_enabled": False}
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title="second factor: off"))


def _drawn(uri: str) -> tuple[str, ...]:
    import os

    from widgets.qr import qr_lines

    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return qr_lines(uri, in_ascii=terminal_kind.draws_ascii("auto", os.environ, encoding))


def _backup(codes: tuple[str, ...]) -> Table:
    return Table(title="\n".join(("second factor: on; backup codes, each works once, keep them safe:", *codes)))
