"""`optionix account share`, `unshare` and `shares`: who else sees or trades an own account on the server."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from optionix_core.errors import MissingDataError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.listings import Column, emit_listing
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit

if TYPE_CHECKING:
    from optionix_tui.remote.answers import AccountMember
    from optionix_tui.remote.client import Client


class Rights(StrEnum):
    """What somebody may do with another's account."""

    READ = "read"
    TRADE = "trade"


Account = Annotated[str, typer.Argument(help="An account of your own, as `sync desk` tells it.", metavar="ACCOUNT")]
With = Annotated[
    str, typer.Option("--with", help="Somebody of your desk by e-mail, or anybody by user id.", metavar="EMAIL_OR_ID")
]
COLUMNS: Final = (
    Column("account", "account"),
    Column("shared with", lambda one: str(one["full_name"] or "")),
    Column("e-mail", lambda one: str(one["email"] or "")),
    Column("may", "rights"),
    Column("user id", "user_id"),
)


def share(
    context: typer.Context,
    account: Account,
    *,
    who: With,
    rights: Annotated[
        Rights, typer.Option("--rights", help="What for: read to look at it, trade to send orders too.", metavar="R")
    ],
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Let somebody see an account of yours, or trade it; said again it changes what is allowed.

    By e-mail people of your own desk are found, nobody else (exit 6); whoever is of another desk tells you the user id.
    """
    with face_of(context).team() as team:
        members = team.client().members
        share_with = members.share_by_id if _is_id(who) else members.share
        made = share_with(account, who, rights)
    record = _record(account, made)
    title = f"{account}: {_named(made)} may {'look and trade' if made.rights == Rights.TRADE else 'look'}"
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=title))


def unshare(
    context: typer.Context,
    account: Account,
    *,
    who: With,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Share an account of yours with somebody no more; what that person has traded stays. Exits 6 where it was not."""
    with face_of(context).team() as team:
        client = team.client()
        user_id = who if _is_id(who) else _member(client, account, who).user_id
        client.members.unshare(account, user_id)
    record = {"account": account, "user_id": user_id, "shared": False}
    title = f"{account} is no more shared with {who}"
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=title))


def shares(
    context: typer.Context,
    account: Annotated[
        str | None, typer.Argument(help="One account; without it all of your own.", metavar="ACCOUNT")
    ] = None,
    *,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Whom your accounts are shared with. People of another desk are told by their user id alone."""
    with face_of(context).team() as team:
        client = team.client()
        named = _own(client) if account is None else (account,)
        records = [_record(name, one) for name in named for one in client.members.list(name)]
    emit_listing(chosen(format_, as_json), "members", records, COLUMNS, "shared with nobody")


def _own(client: Client) -> tuple[str, ...]:
    """Own accounts that are shared."""
    return tuple(one.name for one in client.portfolio.accounts() if one.own and one.shared_with)


def _member(client: Client, account: str, email: str) -> AccountMember:
    wanted = email.strip().casefold()
    for one in client.members.list(account):
        if one.email.casefold() == wanted:
            return one
    raise MissingDataError(f"{account} is shared with nobody of that e-mail on your desk: see `account shares`")


def _is_id(who: str) -> bool:
    from uuid import UUID

    try:
        UUID(who)
    except ValueError:
        return False
    return True


def _named(one: AccountMember) -> str:
    return one.full_name or one.email or one.user_id


def _record(account: str, one: AccountMember) -> dict[str, Any]:
    from optionix_tui.cli.sessions import moment_text

    return {
        "account": account,
        "user_id": one.user_id,
        "email": one.email or None,
        "full_name": one.full_name or None,
        "rights": one.rights,
        "granted_at": moment_text(one.granted_at),
    }
