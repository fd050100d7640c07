"""`optionix sync`: push and pull with a team server, conflicts, and the desk as the server sees it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.sessions import moment_text
from optionix_tui.cli.sync_intents import intents
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from decimal import Decimal

    from optionix_core.sync.wire import Conflict
    from optionix_tui.remote.syncing import Standing

app = group(
    "sync",
    "Keep in step with a team server: status, now, conflicts, resolve, intents, desk, resume, leave.",
    "optionix sync now",
    "optionix sync conflicts",
    "optionix sync desk --json",
)

SAYING = 60
"""Characters of what a fact says in the table; JSON has all of it."""


class Way(StrEnum):
    """How a conflict is resolved."""

    ACCEPT = "accept"
    REVERSE = "reverse"
    DISCARD = "discard"


@app.command(cls=Command, epilog=examples("optionix sync status", "optionix sync status --json | jq .pending"))
def status(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Who is signed in and how far this home is in step; asks no network."""
    from optionix_tui.remote import syncing

    face = face_of(context)
    with face.team() as team, face.workspace() as workspace:
        found = team.standing()
        step = syncing.standing(workspace)
    record: dict[str, Any] = {
        "server": None if found is None else found.server,
        "email": None if found is None else found.email,
        "role": None if found is None else found.role,
        "device_id": None if found is None else found.device_id,
        "session_id": None if found is None else found.session_id,
        **_step(step),
    }
    who = "nobody is signed in" if found is None else f"{found.email} ({found.role}) on {found.server}"
    lines = [who, *_step_lines(step)]
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title="\n".join(lines)))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix sync now",
        "optionix sync now --json | jq '.pushed, .pulled, .cursor, .conflicts'",
        "OPTIONIX_API_KEY_FILE=~/.optionix.key optionix sync now",
    ),
)
def now(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Pull what the server has, push what this home has written, until both have the same.

    Exits 3 or 4 where the server is out of reach (everything stays here and goes next time), 5 where it refuses, 7
    where what it shows is not what it showed before.
    """
    from optionix_tui.remote import syncing

    face = face_of(context)
    with face.team() as team, face.workspace() as workspace:
        done = syncing.synchronise(team, workspace)
        step = replace(syncing.standing(workspace), last_sync=done.at)
    record = {"pushed": done.pushed, "pulled": done.pulled, "quarantined": done.quarantined, **_step(step)}
    title = "\n".join((f"pushed {done.pushed:,}, pulled {done.pulled:,}", *_step_lines(step)))
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=title))


@app.command(
    cls=Command, epilog=examples("optionix sync conflicts", "optionix sync conflicts --json | jq '.conflicts[].id'")
)
def conflicts(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """What waits for a decision: facts that broke a rule on the server, and kept orders that expired unsent."""
    from optionix_tui.remote import syncing

    face = face_of(context)
    with face.team() as team, face.workspace() as workspace:
        found = syncing.conflicts(team, workspace)
    records = [_conflict(one) for one in found]
    rows = [
        (one.id, one.kind, f"{one.seq:,}", one.type, one.reason, shorten(syncing.says(one), SAYING, placeholder=" …"))
        for one in found
    ]
    table = (
        Table(("id", "kind", "seq", "type", "why", "says"), rows, left=frozenset({0, 1, 3, 4, 5}))
        if rows
        else Table(title="no conflicts")
    )
    emit(chosen(format_, as_json), {"schema_version": 1, "conflicts": records}, records, table)


@app.command(
    cls=Command,
    epilog=examples("optionix sync resolve ID accept", "optionix sync resolve ID discard --json"),
)
def resolve(
    context: typer.Context,
    conflict_id: Annotated[str, typer.Argument(help="A conflict, as `sync conflicts` tells it.", metavar="ID")],
    way: Annotated[
        Way,
        typer.Argument(
            help="accept: it counts; reverse: a new entry undoes it; discard: it counts for nothing.",
            metavar="accept|reverse|discard",
        ),
    ],
    *,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Decide a conflict. Nothing is deleted: the decision is an entry of its own."""
    from optionix_tui.remote import syncing

    face = face_of(context)
    with face.team() as team, face.workspace() as workspace:
        told = syncing.resolve(team, workspace, conflict_id, way.value)
    record = {"id": conflict_id, "resolution": way.value}
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=told))


@app.command(cls=Command, epilog=examples("optionix sync leave --yes", "optionix sync leave --yes --json"))
def leave(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Follow no server any more: what was pulled is forgotten, this home's own log stays as it is."""
    from optionix_core.services import syncing

    if not yes:
        raise UsageError("--yes is missing: this forgets what was pulled from the server")
    with face_of(context).workspace() as workspace:
        workspace.home.check_writable("leave the server")
        left = syncing.leave(workspace)
    title = "follows no server any more" if left else "followed no server"
    emit(chosen(format_, as_json), {"schema_version": 1, "left": left}, [{"left": left}], Table(title=title))


@app.command(cls=Command, epilog=examples("optionix sync resume --yes", "optionix sync resume --yes --json"))
def resume(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Send again after an alarm stopped this home, once you have looked why."""
    from optionix_core.services import syncing

    if not yes:
        raise UsageError("--yes is missing: look at `optionix sync status` first, it says why nothing is sent")
    with face_of(context).workspace() as workspace:
        workspace.home.check_writable("send again")
        syncing.go_on(workspace)
    emit(chosen(format_, as_json), {"schema_version": 1, "resumed": True}, [{"resumed": True}], Table(title="resumed"))


@app.command(cls=Command, epilog=examples("optionix sync desk", "optionix sync desk --json | jq '.accounts[]'"))
def desk(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Accounts that you may see on the server, with value, P&L and Greeks as the server marks them."""
    from optionix_tui.remote.desk import desk as accounts
    from screens.sync_export import record

    with face_of(context).team() as team:
        found = accounts(team.client())
    records = [record(one) for one in found]
    rows = [
        (
            one.account,
            one.owner,
            one.rights,
            _money(one.total_value),
            _signed(one.day_pnl),
            _signed(one.total_pnl),
            *(_signed(one.greeks.get(name)) for name in ("dollar_delta", "dollar_gamma", "theta", "vega")),
        )
        for one in found
    ]
    headings = ("account", "owner", "may", "value", "day P&L", "total P&L", "Δ$", "Γ$", "Θ/day", "V/pt")
    table = Table(headings, rows, left=frozenset({0, 1, 2}))
    emit(chosen(format_, as_json), {"schema_version": 1, "accounts": records}, records, table)


app.command(
    cls=Command,
    epilog=examples(
        "optionix sync intents",
        "optionix sync intents --json | jq '.intents[].state'",
        "optionix sync intents send rebalance-7",
        "optionix sync intents drop rebalance-7",
    ),
)(intents)


def _step(step: Standing) -> dict[str, Any]:
    return {
        "cursor": step.cursor,
        "pending": step.pending,
        "conflicts": step.conflicts,
        "last_sync": moment_text(step.last_sync),
        "stopped": step.stopped or None,
        "bound": step.bound,
        "lease_until": moment_text(step.lease_until),
    }


def _step_lines(step: Standing) -> list[str]:
    last = "never" if step.last_sync is None else f"{step.last_sync:%Y-%m-%d %H:%M:%S} UTC"
    lines = [f"cursor {step.cursor:,}, pending {step.pending:,}, conflicts {step.conflicts:,}, last sync {last}"]
    if step.lease_until is not None:
        lines.append(f"orders at the server's venue may open positions until {step.lease_until:%Y-%m-%d %H:%M:%S} UTC")
    if step.stopped:
        lines.append(f"stopped: {step.stopped}")
    return lines


def _conflict(one: Conflict) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "seq": one.seq,
        "type": one.type,
        "reason": one.reason,
        "payload": dict(one.payload),
        "found_at": moment_text(one.found_at),
    }


def _money(value: Decimal | None) -> str:
    return "—" if value is None else f"{value:,.2f}"


def _signed(value: Decimal | float | None) -> str:
    return "—" if value is None else f"{value:+,.2f}"
