"""`optionix halt`: what is halted on the paper venue, and halts of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import MissingDataError, UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples
from optionix_tui.cli.who import By, who

if TYPE_CHECKING:
    from optionix_core.trading.halts import Halt, HaltScope

_OPTION = "'ORBIT 15JAN27 230 C'"

app = group(
    "halt",
    "Halts of the paper venue: status, start, lift.",
    "optionix halt status --bands ORBIT --index TUNDRA",
    "optionix halt start ORBIT --reason 'news pending' --minutes 5 --yes",
    "optionix halt lift ORBIT --yes",
)

What = Annotated[
    str | None,
    typer.Argument(help="An underlying, or an option in quotes; without it the whole market.", metavar="SYMBOL"),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the log.", metavar="TEXT")]
Rule = Annotated[str, typer.Option("--rule", help="Which rule halts: small letters and dashes.", metavar="NAME")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")]


@app.command(
    cls=Command,
    epilog=examples(
        "optionix halt status",
        "optionix halt status --bands ORBIT --tier 2",
        "optionix halt status --index TUNDRA --json | jq .market_wide",
    ),
)
def status(
    context: typer.Context,
    *,
    bands: Annotated[
        str | None,
        typer.Option("--bands", help="Limit Up-Limit Down bands of this underlying now.", metavar="UNDERLYING"),
    ] = None,
    tier: Annotated[int, typer.Option("--tier", help="Its tier: 1 or 2.", metavar="N")] = 1,
    index: Annotated[
        str | None,
        typer.Option("--index", help="Market-wide levels, were this underlying the index.", metavar="UNDERLYING"),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The halts in force and the orders that they suspend, and how each rule stands by which the venue halts by itself.

    A rule is watching, closed, off or without data, and says why.
    """
    from optionix_core.services import halts, halts_json

    found = missing = levels = None
    with face_of(context).workspace() as workspace:
        report = halts.status(workspace)
        if bands is not None:
            try:
                found = halts.bands(workspace, bands, tier)
            except MissingDataError as error:
                missing = str(error)
        if index is not None:
            levels = halts.levels(workspace, index)
    document = halts_json.to_json(report, found, levels, missing)
    if missing is not None:
        say(f"note: {missing}")
    rows = [_row(item) for item in document["halts"]]
    headings = ("halted", "rule", "since", "until", "reason")
    title = "\n".join(_lines(document))
    table = Table(headings, rows, title=title, left=frozenset(range(5))) if rows else Table(title=title)
    emit(chosen(format_, as_json), document, document["halts"], table)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix halt start ORBIT --reason 'news pending' --minutes 5 --yes",
        f"optionix halt start {_OPTION} --until 2026-11-20T20:00Z --yes --json",
        "optionix halt start --reason 'too wild for me' --yes",
    ),
)
def start(
    context: typer.Context,
    symbol: What = None,
    *,
    minutes: Annotated[
        int | None, typer.Option("--minutes", help="How long; without it until it is lifted.", metavar="N")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="When it ends, such as 2027-01-08T20:00Z.", metavar="MOMENT")
    ] = None,
    reason: Reason = "halted on request",
    rule: Rule = "manual",
    by: By = None,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Halt the market, an underlying with its options, or one option. Orders that rest there are suspended."""
    from datetime import timedelta

    from optionix_core.services import halts
    from optionix_tui.cli.order_terms import moment

    _check(yes, "start", "suspends orders")
    if minutes is not None and until is not None:
        raise UsageError("--minutes and --until say the same: give one of them")
    if minutes is not None and not 1 <= minutes <= 1_000_000:
        raise UsageError(f"--minutes must be 1 to 1000000 (got {minutes})")
    ends = None if until is None else moment(until)
    face = face_of(context)
    if minutes is not None:
        ends = face.clock.now() + timedelta(minutes=minutes)
    with face.workspace() as workspace:
        made = halts.start(workspace, *_scope(symbol), by=who(by), reason=reason, rule=rule, until=ends)
    _emit(chosen(format_, as_json), made, "halted")


@app.command(
    cls=Command, epilog=examples("optionix halt lift ORBIT --yes", f"optionix halt lift {_OPTION} --yes --json")
)
def lift(
    context: typer.Context,
    symbol: What = None,
    *,
    reason: Reason = "lifted on request",
    rule: Rule = "manual",
    by: By = None,
    yes: Yes = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """End a halt before its time; what it suspended goes on with the next quote."""
    from optionix_core.services import halts

    _check(yes, "lift", "lets orders trade again")
    with face_of(context).workspace() as workspace:
        gone = halts.lift(workspace, *_scope(symbol), by=who(by), reason=reason, rule=rule)
    _emit(chosen(format_, as_json), gone, "lifted")


def _check(yes: bool, act: str, what: str) -> None:
    if not yes:
        raise UsageError(f"--yes is missing: `halt {act}` {what}")


def _scope(symbol: str | None) -> tuple[HaltScope, str]:
    from optionix_core.market import symbols
    from optionix_core.trading.halts import HaltScope

    if symbol is None:
        return HaltScope.MARKET, ""
    return (HaltScope.INSTRUMENT if symbols.is_option(symbol) else HaltScope.UNDERLYING), symbol


def _emit(format_: Format, one: Halt, done: str) -> None:
    from optionix_core.services import halts_json

    record = {"state": done, **halts_json.halt(one)}
    name, _, _, ends, why = _row(record)
    emit(format_, {"schema_version": 1, **record}, [record], Table(title=f"{done}: {name} ({one.rule}), {ends}: {why}"))


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    ends = "until it is lifted" if item["until"] is None else f"until {_when(item['until'])}"
    return item["name"] or "the market", item["rule"], _when(item["since"]), ends, item["reason"]


def _lines(document: dict[str, Any]) -> list[str]:
    lines = ["nothing is halted"] if not document["halts"] else []
    lines += [f"{_rule(item)} {item['state']}: {item['detail']}" for item in document["rules"]]
    if document["suspended"]:
        lines.append(f"suspended orders: {', '.join(document['suspended'])}")
    luld, wide = document["luld"], document["market_wide"]
    if luld:
        lines.append(
            f"{luld['underlying']} {luld['last']:,.2f}: bands {luld['lower']:,.2f} to {luld['upper']:,.2f} "
            f"(tier {luld['tier']}, reference {luld['reference']:,.2f} since {_when(luld['reference_since'])})"
        )
    if wide:
        lines.append(
            f"{wide['index']} {wide['last']:,.2f}: levels {wide['level_1']:,.2f}, {wide['level_2']:,.2f}, "
            f"{wide['level_3']:,.2f} from {wide['prior_close']:,.2f}, reached {wide['reached']}"
        )
    return lines


def _rule(item: dict[str, Any]) -> str:
    return f"{item['rule']} {item['name']}" if item["name"] else str(item["rule"])


def _when(text: str) -> str:
    return f"{text[:19].replace('T', ' ')} UTC"
