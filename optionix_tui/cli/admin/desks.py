"""`optionix admin desk`: who works with whom. A desk is there as long as somebody is of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from optionix_tui.cli.admin.store import Who, host_of, show_user
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.usage import examples

app = group("desk", "Desks of the server: list, add, move.", "optionix admin desk list")


@app.command("list", cls=Command, epilog=examples("optionix admin desk list", "optionix admin desk list --json"))
def list_(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Desks and who is of each."""
    with host_of(context) as host:
        people = host.users()
    members: dict[str, list[str]] = {}
    for user in people:
        members.setdefault(str(user.desk_id), []).append(user.email)
    desks: list[dict[str, Any]] = [{"desk_id": desk, "members": names} for desk, names in members.items()]
    rows = [(one["desk_id"], ", ".join(one["members"])) for one in desks]
    table = Table(("desk", "members"), rows, left=frozenset({0, 1}))
    emit(chosen(format_, as_json), {"schema_version": 1, "desks": desks}, desks, table)


@app.command(cls=Command, epilog=examples("optionix admin desk add ada@example.com"))
def add(
    context: typer.Context, user: Who, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False
) -> None:
    """Make a new desk with one user, who leaves the former one."""
    with host_of(context) as host:
        changed = host.move_to_desk(host.user_named(user), None)
    show_user(chosen(format_, as_json), changed)


@app.command(cls=Command, epilog=examples("optionix admin desk move grace@example.com --to ada@example.com"))
def move(
    context: typer.Context,
    user: Who,
    *,
    to: Annotated[str, typer.Option("--to", help="Email or id of somebody of the desk.", metavar="USER")],
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Move a user to the desk that another one is of."""
    with host_of(context) as host:
        changed = host.move_to_desk(host.user_named(user), host.user_named(to))
    show_user(chosen(format_, as_json), changed)
