"""`optionix admin user`: people of the server, from its own host."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli.admin.store import Who, Yes, host_of, show_user, show_users
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from server.auth.identity import Role

app = group("user", "People of the server: add, list, role, disable, enable.", "optionix admin user list")

RoleName = Annotated[str, typer.Option("--role", help="What they may do, such as admin or trader.", metavar="ROLE")]


@app.command(
    cls=Command,
    epilog=examples(
        "optionix admin user add --email ada@example.com --full-name 'Ada L' --role admin --password-stdin < password"
    ),
)
def add(
    context: typer.Context,
    *,
    email: Annotated[str, typer.Option("--email", help="What they sign in with.", metavar="EMAIL")],
    full_name: Annotated[str, typer.Option("--full-name", help="Their name.", metavar="NAME")],
    role: RoleName = "trader",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin, its first line.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Add somebody with any role; the password comes by stdin alone, never by the command line."""
    wanted = _role(role)
    password = _password(from_stdin=password_stdin)
    with host_of(context) as host:
        added = host.add_user(email, full_name, wanted, password)
    show_user(chosen(format_, as_json), added)


@app.command("list", cls=Command, epilog=examples("optionix admin user list", "optionix admin user list --json"))
def list_(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Everybody, by email."""
    with host_of(context) as host:
        found = host.users()
    show_users(chosen(format_, as_json), found)


@app.command("role", cls=Command, epilog=examples("optionix admin user role ada@example.com risk_manager --yes"))
def give_role(
    context: typer.Context,
    user: Who,
    role: Annotated[str, typer.Argument(help="What they may do, such as admin or trader.", metavar="ROLE")],
    *,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Give somebody another role."""
    wanted = _role(role)
    _check(yes, f"make {user} {wanted}")
    with host_of(context) as host:
        changed = host.give_role(host.user_named(user), wanted)
    show_user(chosen(format_, as_json), changed)


@app.command(cls=Command, epilog=examples("optionix admin user disable ada@example.com --yes"))
def disable(
    context: typer.Context,
    user: Who,
    *,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Let somebody sign in no more; his sessions end."""
    _check(yes, f"shut {user} out")
    with host_of(context) as host:
        changed = host.set_active(host.user_named(user), active=False)
    show_user(chosen(format_, as_json), changed)


@app.command(cls=Command, epilog=examples("optionix admin user enable ada@example.com --yes"))
def enable(
    context: typer.Context,
    user: Who,
    *,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Let somebody sign in again."""
    _check(yes, f"let {user} in again")
    with host_of(context) as host:
        changed = host.set_active(host.user_named(user), active=True)
    show_user(chosen(format_, as_json), changed)


def _role(name: str) -> Role:
    from server.auth.identity import Role

    try:
        return Role(name)
    except ValueError:
        raise InvalidValueError("role", repr(name), f"one of {', '.join(Role)}") from None


def _password(*, from_stdin: bool) -> str:
    if not from_stdin:
        raise UsageError("a password is needed: give it by --password-stdin, as in `... --password-stdin < FILE`")
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("--password-stdin reads the password from a file or pipe, not from the terminal")
    return sys.stdin.readline().rstrip("\r\n")


def _check(yes: bool, what: str) -> None:
    if not yes:
        raise UsageError(f"this would {what}; give --yes to do it")
