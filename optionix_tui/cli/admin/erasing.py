"""`optionix admin erase`: what is about a person goes; records of trading and the audit log stay, without him."""

from __future__ import annotations

import typer  # noqa: TC002 - it reads annotations when a command is built

from optionix_core.errors import UsageError
from optionix_tui.cli.admin.store import Who, Yes, host_of
from optionix_tui.cli.arguments import Command
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.usage import examples


def add_to(app: typer.Typer) -> None:
    """As a command of `admin`."""
    app.command(cls=Command, epilog=examples("optionix admin erase ada@example.com --yes"))(erase)


def erase(
    context: typer.Context,
    user: Who,
    *,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Overwrite or delete a person's name, address, password, second factor, sessions and keys, for good."""
    if not yes:
        raise UsageError(f"this would erase {user} for good; give --yes to do it")
    with host_of(context) as host:
        user_id = host.user_named(user)
        done = host.erase(user_id)
    one = {"user_id": str(user_id), "erased": done}
    table = Table(("user", "erased"), [(str(user_id), "yes" if done else "was before")], left=frozenset({0, 1}))
    emit(chosen(format_, as_json), {"schema_version": 1, **one}, [one], table)
