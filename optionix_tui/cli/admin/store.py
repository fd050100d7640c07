"""The store that admin commands work on, and how people are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import ConfigurationError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, Table, emit
from optionix_tui.cli.serve import FOLDER

if TYPE_CHECKING:
    from server.auth.people import User
    from server.host import Host

Who = Annotated[str, typer.Argument(help="Email or id of the user.", metavar="USER")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")]


@contextmanager
def host_of(context: typer.Context) -> Iterator[Host]:
    """The store that the server's settings name, as `optionix serve` would open it."""
    face = face_of(context)
    try:
        from server import host
        from server.settings import load_settings
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(("server", "optionix_core", "config")):
            raise
        missing = f"the server needs {error.name}, which is not installed: install optionix[server]"
        raise ConfigurationError(missing) from None
    settings = load_settings(defaults={"data_folder": face.paths.data / FOLDER})
    with host.opened(settings, face.clock) as found:
        yield found


def record(user: User) -> dict[str, Any]:
    """A user as JSON tells him."""
    from optionix_core.sync.canonical import time_text

    return {
        "id": str(user.id),
        "email": user.email,
        "full_name": user.full_name,
        "role": str(user.role),
        "active": user.active,
        "mfa_enabled": user.mfa_enabled,
        "kyc_status": user.kyc_status,
        "desk_id": str(user.desk_id),
        "created_at": time_text(user.created_at),
        "last_login": None if user.last_login is None else time_text(user.last_login),
    }


def show_user(format_: Format, user: User) -> None:
    """One user."""
    one = record(user)
    emit(format_, {"schema_version": 1, "user": one}, [one], _table([one]))


def show_users(format_: Format, found: Sequence[User]) -> None:
    """Several."""
    all_of_them = [record(user) for user in found]
    emit(format_, {"schema_version": 1, "users": all_of_them}, all_of_them, _table(all_of_them))


def _table(records: Sequence[dict[str, Any]]) -> Table:
    rows = [
        (
            one["email"],
            one["full_name"] or "",
            one["role"],
            "yes" if one["active"] else "no",
            "on" if one["mfa_enabled"] else "off",
            one["id"],
        )
        for one in records
    ]
    headings = ("email", "name", "role", "active", "2nd factor", "id")
    return Table(headings, rows, left=frozenset(range(len(headings))))
