"""`optionix admin keys`: which keys the store has, and new ones in their place. Keys themselves are never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.admin.store import Yes, host_of
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

app = group("keys", "Keys of the server's store: list, rotate, rewrap.", "optionix admin keys list")


@app.command("list", cls=Command, epilog=examples("optionix admin keys list", "optionix admin keys list --json"))
def list_(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Numbers, purposes and ages of all keys."""
    from optionix_core.sync.canonical import time_text

    with host_of(context) as host:
        found = host.keys()
    keys: list[dict[str, Any]] = [
        {
            "id": key.id,
            "purpose": key.purpose,
            "present": key.present,
            "created_at": time_text(key.created_at),
            "erased_at": None if key.retired_at is None else time_text(key.retired_at),
        }
        for key in found
    ]
    rows = [(str(one["id"]), one["purpose"], _state(one), one["created_at"]) for one in keys]
    table = Table(("key", "purpose", "state", "made"), rows, left=frozenset({1, 2, 3}))
    emit(chosen(format_, as_json), {"schema_version": 1, "keys": keys}, keys, table)


@app.command(
    cls=Command, epilog=examples("optionix admin keys rotate --yes", "optionix admin keys rotate --yes --json")
)
def rotate(
    context: typer.Context, *, yes: Yes = False, format_: FormatOption = Format.TABLE, as_json: JsonOption = False
) -> None:
    """Make new keys.

    A server that runs seals with them within a minute, seals anew what is under older ones, and erases those.
    """
    if not yes:
        raise UsageError("this would make new keys; give --yes to do it")
    with host_of(context) as host:
        made = host.rotate()
    keys: list[dict[str, Any]] = [{"purpose": purpose, "id": key_id} for purpose, key_id in made.items()]
    table = Table(("purpose", "key"), [(one["purpose"], str(one["id"])) for one in keys])
    emit(chosen(format_, as_json), {"schema_version": 1, "keys": keys}, keys, table)


@app.command(
    cls=Command,
    epilog=examples("optionix admin keys rewrap new.key --yes"),
)
def rewrap(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File with 32 random bytes in base64.", metavar="FILE")],
    *,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Put another master key in the place of the present one, with every server of this store stopped.

    Afterwards the store opens with that key alone: name its file by OPTIONIX_SERVER_MASTER_KEY_FILE.
    """
    if not yes:
        raise UsageError("this would make the store open with the new master key alone; give --yes to do it")
    with host_of(context) as host:
        done = host.rewrap(file)
    one = {"keys": done}
    table = Table(("keys",), [(str(done),)], left=frozenset())
    emit(chosen(format_, as_json), {"schema_version": 1, **one}, [one], table)
    say(f"name {file} by OPTIONIX_SERVER_MASTER_KEY_FILE from now on; the former master key opens nothing any more")


def _state(key: dict[str, Any]) -> str:
    return "present" if key["present"] else "former" if key["erased_at"] is None else "erased"
