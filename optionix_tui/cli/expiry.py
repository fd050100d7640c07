"""`optionix exercise`, `optionix expire` and `optionix expiry`: the end of options, instructed, previewed and dated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Command, command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.portfolio.exercise_instructions import Wish

_OPTION = "'ORBIT 15JAN27 230 C'"
Symbol = Annotated[str, typer.Argument(help="An option in any spelling, in quotes.", metavar="SYMBOL")]


def exercise(
    context: typer.Context,
    symbol: Symbol,
    *,
    quantity: Annotated[
        int | None, typer.Option("--quantity", help="Contracts; without it all that are held.", metavar="N")
    ] = None,
    do_not: Annotated[
        bool, typer.Option("--do-not", help="At expiry let them expire, whatever they are worth.")
    ] = False,
    at_expiry: Annotated[
        bool, typer.Option("--at-expiry", help="At expiry exercise them, also where the rule would not.")
    ] = False,
    act_id: Annotated[
        str | None, typer.Option("--id", help="Your own id: sent again it is the same exercise.", metavar="ID")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what an early exercise would move.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Exercise an American option now, or say what is to be done with an option at its expiry.

    Without an instruction an option in the money by a cent a share (a dollar a contract where it settles in cash) is
    exercised at expiry, and any other expires. The last instruction counts. Exits 5 where cash or shares are wanting.
    """
    from optionix_core.services import exercising, expiring_json

    wish = _wish(do_not, at_expiry)
    if wish is not None and (dry_run or act_id is not None):
        raise UsageError("--dry-run and --id have no meaning for an instruction")
    if not (yes or dry_run):
        raise UsageError("--yes is missing: `exercise` is for good; `expire --preview` and --dry-run show what it does")
    with face_of(context).workspace() as workspace:
        if wish is not None:
            document = expiring_json.instruction(exercising.instruct(workspace, symbol, wish, quantity))
            words = f"at expiry: {document['wish']} {document['contracts']} {document['label']}"
        else:
            done = exercising.exercise(workspace, symbol, quantity, act_id, dry_run=dry_run)
            document = expiring_json.exercised(done, dry_run=dry_run)
            words = (
                f"{document['state']}: {document['contracts']} {document['label']}, {document['shares']:+} "
                f"{document['delivers']}, {document['cash']:+,.2f} {document['currency']}"
            )
    record = {name: value for name, value in document.items() if not isinstance(value, list)}
    record.pop("schema_version")
    emit(chosen(format_, as_json), document, [record], Table(title=words))


def expire(
    context: typer.Context,
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="What would happen at the next expiry, were it now; writes nothing.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Settle what has expired, and say what came of it; or show what the next expiry would bring.

    Everything else that has happened on the venue is brought up to now with it, as any command does. Exits 6 where a
    position could not be settled.
    """
    from optionix_core.services import expiring, expiring_json

    face, chosen_format = face_of(context), chosen(format_, as_json)
    if not preview:
        _settle(face, chosen_format)
        return
    with face.workspace() as workspace:
        document = expiring_json.preview(expiring.next_expiry(workspace))
    rows = [
        (
            row["label"],
            f"{row['quantity']}",
            "" if row["price"] is None else f"{row['price']:,.2f}",
            row["reason"] or f"{row['act'] or 'expire'} {row['contracts'] or row['expired']}",
            "" if row["cash"] is None else f"{row['cash']:,.2f}",
            "" if row["shares"] is None else f"{row['shares']}",
        )
        for row in document["positions"]
    ]
    title = f"next expiry {document['expires_at'][:16].replace('T', ' ')} UTC, as if it were now" if rows else ""
    headings = ("option", "held", "underlying", "what", "cash", "shares")
    table = Table(headings, rows, title=title, left=frozenset({0, 3})) if rows else Table(title="nothing expires")
    emit(chosen_format, document, document["positions"], table)


def _settle(face: Any, format_: Format) -> None:
    from optionix_core.errors import MissingDataError
    from optionix_core.portfolio.deliverables import label_of
    from optionix_core.services import lifecycle
    from optionix_core.services.order_json import number

    with face.workspace() as workspace:
        update = lifecycle.bring_up_to_date(workspace)
    settled = [{"account": account, "symbol": key, "cash": number(cash)} for account, key, cash in update.settled]
    left = [{"account": one.account, "symbol": one.symbol, "reason": one.reason} for one in update.unsettled]
    lines = [f"{one['account']}: {label_of(str(one['symbol']))} settled, {one['cash']:,.2f}" for one in settled]
    document = {"schema_version": 1, "settled": settled, "unsettled": left}
    emit(format_, document, [*settled, *left], Table(title="\n".join(lines) or "nothing to settle"))
    if left:
        words = ", ".join(f"{one['account']} {str(one['symbol']).strip()}: {one['reason']}" for one in left)
        raise MissingDataError(f"not settled: {words}")


app = group("expiry", "The expiry of what is held: calendar.", "optionix expiry calendar")


@app.callback()
def _group() -> None:
    """The expiry of what is held: calendar."""


@app.command(cls=Command, epilog=examples("optionix expiry calendar", "optionix expiry calendar --json | jq .entries"))
def calendar(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """What is held by its end: last trade, settlement, chance in the money, assignment to expect, early exercise."""
    from optionix_core.services import expiring, expiring_json

    with face_of(context).workspace() as workspace:
        document = expiring_json.calendar(expiring.calendar(workspace))
    for row in document["entries"]:
        if row["reason"]:
            say(f"note: {row['label']}: {row['reason']}")
    rows = [
        (
            row["label"],
            f"{row['quantity']}",
            row["last_trade"][:16].replace("T", " "),
            row["settles_at"][:16].replace("T", " "),
            "" if row["probability"] is None else f"{100 * row['probability']:.1f} %",
            f"{row['expected_assigned']:.1f}" if row["expected_assigned"] else "",
            "exercise now" if row["early_exercise"] and row["early_exercise"]["exercise"] else "",
        )
        for row in document["entries"]
    ]
    for one in document["dividends"]:
        say(f"note: {one['symbol']} goes ex-dividend on {one['ex_date']}: {one['per_share']} {one['currency']} a share")
    headings = ("option", "held", "last trade UTC", "settles UTC", "in the money", "assigned", "advice")
    table = Table(headings, rows, left=frozenset({0, 6})) if rows else Table(title="no options are held")
    emit(chosen(format_, as_json), document, document["entries"], table)


def _wish(do_not: bool, at_expiry: bool) -> Wish | None:
    if do_not and at_expiry:
        raise UsageError("--do-not and --at-expiry contradict each other: give one of them")
    return "expire" if do_not else "exercise" if at_expiry else None


exercise_command = command(
    "exercise",
    exercise,
    f"optionix exercise {_OPTION} --do-not --quantity 1 --yes",
    f"optionix exercise {_OPTION} --at-expiry --yes --json",
)
expire_command = command("expire", expire, "optionix expire --preview", "optionix expire --json")
