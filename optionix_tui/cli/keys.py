"""`optionix keys`: API keys for jobs that run without anybody signed in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import StorageError, UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.asking import Secrets
from optionix_tui.cli.face import face_of
from optionix_tui.cli.mfa import CodeStdin, PasswordStdin
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.sessions import moment_shown, moment_text
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_tui.remote.answers import ApiKey

app = group(
    "keys",
    "API keys for programs: list, create, revoke.",
    "optionix keys create nightly --scope sync:read --scope sync:write -o ~/.optionix.key",
    "optionix keys list",
)


@app.command("list", cls=Command, epilog=examples("optionix keys list", "optionix keys list --json | jq '.keys[]'"))
def list_(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Your keys; the keys themselves are told by nobody any more."""
    with face_of(context).team() as team:
        found = team.client().keys.list()
    records = [_record(one) for one in found]
    rows = [
        (
            one.key_id,
            one.name,
            one.prefix,
            " ".join(one.scopes),
            " ".join(one.addresses) or "anywhere",
            moment_shown(one.expires_at),
        )
        for one in found
    ]
    headings = ("key", "name", "begins with", "scopes", "from", "ends (UTC)")
    table = Table(headings, rows, left=frozenset(range(6)))
    emit(chosen(format_, as_json), {"schema_version": 1, "keys": records}, records, table)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix keys create nightly --scope sync:read --scope sync:write -o ~/.optionix.key",
        "optionix keys create report --scope portfolio:read -o report.key --json",
        "optionix keys create cron --scope sync:read --address 10.0.0.0/8 --expires 2027-01-08T20:00Z -o cron.key",
    ),
)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for.", metavar="NAME")],
    *,
    scope: Annotated[
        list[str], typer.Option("--scope", help="A right, such as sync:write; may be given several times.", metavar="S")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="New file for the key, for you alone.", metavar="FILE")
    ],
    address: Annotated[
        list[str] | None,
        typer.Option("--address", help="A network that it may come from; may be given several times.", metavar="NET"),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", help="Its end, within a year; 90 days from now where absent.", metavar="MOMENT"),
    ] = None,
    password_stdin: PasswordStdin = False,
    code_stdin: CodeStdin = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Make a key and write it into a file that OPTIONIX_API_KEY_FILE can name; it is shown nowhere.

    The password is asked for where the sign-in was more than five minutes ago.
    """
    from optionix_tui.cli.order_terms import moment

    ends = None if expires is None else moment(expires, "--expires")
    file = output.expanduser().absolute()
    if file.exists():
        raise UsageError(f"{file} exists already: give the key another file")
    with face_of(context).team() as team:
        client = team.client()
        made = Secrets().stepped_up(
            client,
            lambda: client.keys.create(name, scope, address or (), ends),
            piped=password_stdin,
            code_piped=code_stdin,
        )
        try:
            _write(file, made.key)
        except StorageError:
            client.keys.revoke(made.key_id)  # nobody has it
            raise
    record = {**_record(made), "file": str(file)}
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=f"{name}: {file}"))
    say(f"note: OPTIONIX_API_KEY_FILE={file} lets a job use it")


@app.command(cls=Command, epilog=examples("optionix keys revoke KEY --yes", "optionix keys revoke KEY --yes --json"))
def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(help="A key, as `keys list` tells it.", metavar="KEY")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """End a key: it is refused from then on."""
    if not yes:
        raise UsageError(f"--yes is missing: this ends key {key_id}")
    with face_of(context).team() as team:
        team.client().keys.revoke(key_id)
    record = {"key_id": key_id, "revoked": True}
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=f"ended: {key_id}"))


def _write(file: Path, key: str) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="ascii") as out:  # noqa: PTH123 - made with its mode
            out.write(f"{key}\n")
    except OSError as error:
        raise StorageError(f"{file} could not be written: {error.strerror or error}") from error
    if sys.platform == "win32":
        say("note: Windows has no file modes: keep the file in a folder of yours alone")


def _record(one: ApiKey) -> dict[str, Any]:
    return {
        "key_id": one.key_id,
        "name": one.name,
        "prefix": one.prefix,
        "scopes": list(one.scopes),
        "addresses": list(one.addresses),
        "created_at": moment_text(one.created_at),
        "expires_at": moment_text(one.expires_at),
        "last_used_at": moment_text(one.last_used_at),
    }
