"""`optionix login` and `optionix logout`: who this home is on a team server."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import RefusedError, UsageError
from optionix_tui.cli.arguments import command
from optionix_tui.cli.asking import Secrets
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say

if TYPE_CHECKING:
    from optionix_core.services.workspace import Workspace
    from optionix_tui.remote.standing import SignIn
    from optionix_tui.remote.team import SignedIn, Team


def login(
    context: typer.Context,
    *,
    server: Annotated[
        str | None,
        typer.Option("--server", help="Address of the server; the last one where absent.", metavar="URL"),
    ] = None,
    email: Annotated[str | None, typer.Option("--email", help="Address of the account.", metavar="EMAIL")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin, its first line.")
    ] = False,
    mfa_code_stdin: Annotated[
        bool, typer.Option("--mfa-code-stdin", help="Read a code of the second factor from stdin, its next line.")
    ] = False,
    register: Annotated[bool, typer.Option("--register", help="Make the account first.")] = False,
    full_name: Annotated[
        str | None, typer.Option("--full-name", help="With --register: the name of the account.", metavar="NAME")
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Sign this home in on a team server; whoever was signed in before is signed out.

    The password is asked for, or read from stdin; it is no argument. Tokens go into the system's keyring, or into a
    file for you alone where there is none. Where the server demands a second factor and none is on, its enrolment
    begins at once. Exits 5 where the server refuses, 3 where it cannot be reached.
    """
    if register and not full_name:
        raise UsageError("--register needs --full-name")
    if full_name is not None and not register:
        raise UsageError("--full-name is for --register")
    secrets = Secrets()
    face = face_of(context)
    with face.team() as team, face.workspace() as workspace:
        before = team.standing()
        server = server or face.settings.sync.server or (before.server if before else None)
        email = email or (before.email if before else None)
        for flag, value in (("--server", server), ("--email", email)):
            if not value:
                raise UsageError(f"{flag} is missing")
        assert server is not None  # noqa: S101 - checked just now
        assert email is not None  # noqa: S101 - checked just now
        password = secrets.read("password", "--password-stdin", piped=password_stdin)
        code = secrets.code("--mfa-code-stdin", piped=True) if mfa_code_stdin else None
        if register:
            team.register(server, email, password, full_name or "")
        done = _sign_in(team, workspace, server, email, password, code, secrets)
        if done.warning:
            say(f"warning: {done.warning}")
        record = _record(done.sign_in)
        table = Table(title=f"signed in on {done.sign_in.server} as {done.sign_in.email} ({done.sign_in.role})")
        format_ = chosen(format_, as_json)
        emit(format_, {"schema_version": 1, **record}, [record], table)
        if done.sign_in.must_enrol:
            _lead_to_enrolment(team, secrets, format_)


def _lead_to_enrolment(team: Team, secrets: Secrets, format_: Format) -> None:
    """Where the server demands a second factor first: begin at once if somebody is there to end it."""
    from optionix_tui.cli.mfa import enrol

    say("note: this server demands a second factor and refuses all else until it is on: optionix mfa setup")
    if format_ is Format.TABLE and secrets.can_ask():
        enrol(team, secrets, format_)


def _sign_in(
    team: Team, workspace: Workspace, server: str, email: str, password: str, code: str | None, secrets: Secrets
) -> SignedIn:
    """Ask for a code of the second factor only where one is needed."""
    from optionix_tui.remote.problems import MFA_REQUIRED

    try:
        return team.sign_in(workspace, server, email, password, code)
    except RefusedError as error:
        if error.rule != MFA_REQUIRED or code is not None:
            raise
        return team.sign_in(workspace, server, email, password, secrets.code("--mfa-code-stdin", piped=False))


def _record(found: SignIn) -> dict[str, Any]:
    return asdict(found)


def logout(
    context: typer.Context,
    *,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="End all sessions of the account, on other machines too.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Sign this home out. Its tokens are removed without a network too; the home's log stays as it is."""
    with face_of(context).team() as team:
        found = team.signed_in()
        problem = team.sign_out(everywhere=everywhere)
    if problem:
        say(f"warning: signed out here; the server was not told: {problem}")
    record = {
        "server": found.server,
        "email": found.email,
        "signed_out": True,
        "everywhere": everywhere,
        "server_told": not problem,
    }
    where = "on all devices" if everywhere else "here"
    table = Table(title=f"signed out {where}: {found.email} on {found.server}")
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], table)


login_command = command(
    "login",
    login,
    "optionix login --server https://team.example --email ada@team.example",
    "optionix login --server https://team.example --email ada@team.example --register --full-name 'Ada Byron'",
    "pass team | optionix login --server https://team.example --email ada@team.example --password-stdin --json",
)
logout_command = command("logout", logout, "optionix logout", "optionix logout --everywhere --json")
