"""`optionix kill`: the switch that ends every working order, and what it takes to trade again."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import MissingDataError, NotFilledError, RefusedError, UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples
from optionix_tui.cli.who import By, who

if TYPE_CHECKING:
    from optionix_core.services.kill import KillReport

app = group(
    "kill",
    "The kill switch of this home: status, arm, fire, rearm, disarm, watch.",
    "optionix kill arm --yes",
    "optionix kill fire --flatten --reason 'feed looks wrong' --yes",
    "optionix kill rearm --confirm rearm-k1 --yes",
)

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the log.", metavar="TEXT")]


@app.command(cls=Command, epilog=examples("optionix kill status", "optionix kill status --json | jq .in_force"))
def status(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """How the switch stands, what works and what is held, in all accounts of this home."""
    from optionix_core.services import kill

    with face_of(context).workspace() as workspace:
        told = kill.status(workspace)
    _emit(chosen(format_, as_json), told, "work")


@app.command(
    cls=Command, epilog=examples("optionix kill arm --yes", "optionix kill arm --reason 'before the open' --yes --json")
)
def arm(
    context: typer.Context,
    *,
    reason: Reason = "armed on request",
    by: By = None,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Make it ready to fire."""
    from optionix_core.services import kill

    _check(yes, "arm", "makes the switch ready to fire")
    with face_of(context).workspace() as workspace:
        done = kill.arm(workspace, who(by), reason)
    _emit(chosen(format_, as_json), done)


@app.command(
    cls=Command, epilog=examples("optionix kill disarm --yes", "optionix kill disarm --reason maintenance --yes --json")
)
def disarm(
    context: typer.Context,
    *,
    reason: Reason = "paused on request",
    by: By = None,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Pause it: it cannot be fired until it is armed. A kill in force is ended by `kill rearm` alone."""
    from optionix_core.services import kill

    _check(yes, "disarm", "pauses the switch")
    with face_of(context).workspace() as workspace:
        done = kill.disarm(workspace, who(by), reason)
    _emit(chosen(format_, as_json), done)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix kill fire --dry-run",
        "optionix kill fire --reason 'feed looks wrong' --yes",
        "optionix kill fire --flatten --id k1 --yes --json",
    ),
)
def fire(
    context: typer.Context,
    *,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Close every position by market orders that only reduce.")
    ] = False,
    reason: Reason = "fired on request",
    by: By = None,
    kill_id: Annotated[
        str | None, typer.Option("--id", help="Your own id of the kill; its orders' ids begin with it.", metavar="ID")
    ] = None,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would end and close; write nothing.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """End every working order of every account, and let nothing pass the gate until it is armed again.

    Fired again while it is in force it goes on closing what is held. Exits 1 where it was to close the book and
    something is still held.
    """
    from optionix_core.services import kill

    if not dry_run:
        _check(yes, "fire", "ends every working order", "; --dry-run shows which")
    with face_of(context).workspace() as workspace:
        done = kill.fire(workspace, who(by), reason, flatten=flatten, kill_id=kill_id, dry_run=dry_run)
    if dry_run:
        say("note: nothing was written")
    _emit(chosen(format_, as_json), done, "would end" if dry_run else "ended")
    if (flatten or done.switch.flatten) and done.held and not dry_run:
        left = ", ".join(f"{item.quantity} {item.symbol} ({item.reason or 'not taken'})" for item in done.held)
        raise NotFilledError(f"still held: {left}; fire again to go on closing")


@app.command(
    cls=Command,
    epilog=examples(
        "optionix kill rearm --confirm rearm-k1 --yes",
        "optionix kill rearm --confirm rearm-k1 --reason 'feed is back' --yes --json",
    ),
)
def rearm(
    context: typer.Context,
    *,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", help="`rearm-` and the kill's id, as `kill status` tells it.", metavar="TEXT"),
    ] = None,
    reason: Reason = "armed again on request",
    by: By = None,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """End a kill: orders pass the gate again, and the switch is armed. Needs --yes and the words of --confirm."""
    from optionix_core.services import kill

    _check(yes, "rearm", "lets orders pass again")
    if confirm is None:
        raise UsageError("--confirm is missing (`rearm-` and the kill's id, as `optionix kill status` tells it)")
    with face_of(context).workspace() as workspace:
        done = kill.rearm(workspace, who(by), reason, confirm)
    _emit(chosen(format_, as_json), done)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix kill watch --daily-loss 2000 --dry-run",
        "optionix kill watch --daily-loss 2000 --flatten --yes --json",
    ),
)
def watch(
    context: typer.Context,
    *,
    daily_loss: Annotated[
        Decimal, typer.Option("--daily-loss", help="Loss since the last close at which to fire.", metavar="AMOUNT")
    ],
    flatten: Annotated[bool, typer.Option("--flatten", help="Close the positions where it fires.")] = False,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge, and fire nothing.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Judge the account's loss of the day, and fire where it is reached: for cron, or before one leaves the desk.

    Fires only where the switch is armed and something works or is held. Exits 5 where the loss is reached, 6 where it
    cannot be told.
    """
    from optionix_core.services import kill_watch
    from optionix_core.services.kill_json import watched

    if not dry_run:
        _check(yes, "watch", "may end every working order", "; --dry-run judges alone")
    with face_of(context).workspace() as workspace:
        found = kill_watch.watch(workspace, daily_loss, flatten=flatten, dry_run=dry_run)
    document = watched(found)
    record = {name: value for name, value in document.items() if name not in {"schema_version", "kill"}}
    told = f"{document['rule']} {document['verdict']}: {document['detail']}"
    lines = [told] if found.kill is None else [told, *_lines(document["kill"], "ended")]
    emit(chosen(format_, as_json), document, [record], Table(title="\n".join(lines)))
    if document["verdict"] == "no data":
        raise MissingDataError(f"{document['rule']}: {document['detail']}")
    if document["verdict"] == "tripped":
        raise RefusedError(document["rule"], found.held_back or f"kill {document['kill']['kill_id']} was fired")


def _check(yes: bool, act: str, what: str, more: str = "") -> None:
    if not yes:
        raise UsageError(f"--yes is missing: `kill {act}` {what}{more}")


def _emit(format_: Format, report: KillReport, verb: str = "") -> None:
    from optionix_core.services.kill_json import to_json

    document = to_json(report)
    record = {name: value for name, value in document.items() if not isinstance(value, list)}
    record.pop("schema_version")
    record |= {"cancelled": len(report.cancelled), "orders": len(report.orders), "held": len(report.held)}
    emit(format_, document, [record], Table(title="\n".join(_lines(document, verb))))


def _lines(document: dict[str, Any], verb: str) -> list[str]:
    moved = f", by {document['by']}: {document['reason']}" if document["by"] else ""
    since = f" since {document['since'][:19].replace('T', ' ')} UTC" if document["since"] else ""
    lines = [f"kill switch {document['state']}{since}{moved}"]
    if document["in_force"]:
        lines.append(
            f"kill {document['kill_id']} is in force; `optionix kill rearm --confirm {document['confirmation']}`"
        )
    if verb:
        orders = ", ".join(document["cancelled"]) or "none"
        lines.append(f"orders that {verb}: {orders}" if verb == "work" else f"orders {verb}: {orders}")
    lines += [
        f"sent {order['client_order_id']}: {order['side']} {order['quantity']} {order['label']}, {order['state']}, "
        f"{order['filled_quantity']} filled"
        for order in document["orders"]
    ]
    lines += [f"held in {item['account']}: {item['quantity']} {item['label']}" for item in document["held"]]
    return lines
