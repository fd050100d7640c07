"""`optionix risk limits`: limits on books, whom they bind, and the breaches that somebody must have seen."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples
from optionix_tui.cli.who import By, who

if TYPE_CHECKING:
    from optionix_core.trading.limit_board import LimitKey

app = group(
    "limits",
    "Limits on books: list, set, remove, group, breaches, acknowledge.",
    "optionix risk limits list",
    "optionix risk limits set delta 5000",
    "optionix risk limits set value-at-risk 2000 --soft --desk vol",
    "optionix risk limits acknowledge account/paper-1/limit-delta/soft 1 --note 'seen'",
)


class Kind(StrEnum):
    """What can be limited."""

    DELTA = "delta"
    GAMMA = "gamma"
    VEGA = "vega"
    THETA = "theta"
    VALUE_AT_RISK = "value-at-risk"
    EXPECTED_SHORTFALL = "expected-shortfall"
    STRESS_LOSS = "stress-loss"
    CONCENTRATION = "concentration"
    MARGIN_USE = "margin-use"
    DAILY_LOSS = "daily-loss"
    CONTRACTS = "contracts"


KindArgument = Annotated[
    Kind, typer.Argument(help="What is limited: " + ", ".join(kind.value for kind in Kind) + ".", metavar="KIND")
]
Soft = Annotated[bool, typer.Option("--soft", help="It warns; without it the gate refuses.")]
User = Annotated[str | None, typer.Option("--user", help="Binds all accounts of this user together.", metavar="NAME")]
Desk = Annotated[str | None, typer.Option("--desk", help="Binds all accounts of this desk together.", metavar="NAME")]


@app.command("list", cls=Command, epilog=examples("optionix risk limits list", "optionix risk limits list --json"))
def listed(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Every limit in force, its figure now and how much of its bound that takes.

    Money is in the account's currency; delta is the gain for a rise of 1%, vega for a point, theta for a day.
    """
    from optionix_core.services import limits, limits_json

    with face_of(context).workspace() as workspace:
        document = limits_json.limits(limits.report(workspace))
    rows = [_row(item) for item in document["limits"]]
    title = "no limits are set" if not rows else _heading(len(rows), len(document["breaches"]))
    headings = ("limit", "figure", "bound", "use", "stands")
    emit(chosen(format_, as_json), document, document["limits"], Table(headings, rows, title, frozenset({0, 4})))


def _heading(limits: int, breaches: int) -> str:
    told = f"{breaches} {'breach' if breaches == 1 else 'breaches'} not over" if breaches else "no breach"
    return f"{limits} {'limit' if limits == 1 else 'limits'}, {told}"


@app.command(
    "set",
    cls=Command,
    epilog=examples(
        "optionix risk limits set delta 5000", "optionix risk limits set stress-loss 20000 --soft --user ana"
    ),
)
def set_(
    context: typer.Context,
    kind: KindArgument,
    bound: Annotated[
        Decimal, typer.Argument(help="Positive: money, percent or contracts, as the kind has it.", metavar="BOUND")
    ],
    *,
    soft: Soft = False,
    user: User = None,
    desk: Desk = None,
    by: By = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Set a limit of the account, of a user or of a desk, or give it another bound."""
    from optionix_core.services import limits, limits_json

    with face_of(context).workspace() as workspace:
        made = limits.set_limit(workspace, _key(workspace.account, kind, user, desk, soft=soft), bound, who(by))
    document = limits_json.limit(made)
    line = f"set {document['limit']} at {document['bound']:,}"
    emit(
        chosen(format_, as_json),
        {"schema_version": limits_json.SCHEMA_VERSION, **document},
        [document],
        Table(title=line),
    )


@app.command(
    cls=Command, epilog=examples("optionix risk limits remove delta", "optionix risk limits remove vega --desk vol")
)
def remove(
    context: typer.Context,
    kind: KindArgument,
    *,
    soft: Soft = False,
    user: User = None,
    desk: Desk = None,
    by: By = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Take a limit away. A breach of it that stood is cleared by that."""
    from optionix_core.services import limits, limits_json

    with face_of(context).workspace() as workspace:
        gone = limits.remove_limit(workspace, _key(workspace.account, kind, user, desk, soft=soft), who(by))
    document = limits_json.limit(gone)
    emit(
        chosen(format_, as_json),
        {"schema_version": limits_json.SCHEMA_VERSION, **document},
        [document],
        Table(title=f"removed {document['limit']}"),
    )


@app.command(
    "group",
    cls=Command,
    epilog=examples("optionix risk limits group --user ana --desk vol", "optionix --account paper-2 risk limits group"),
)
def grouped(
    context: typer.Context,
    *,
    user: Annotated[str | None, typer.Option("--user", help="Whom it belongs to.", metavar="NAME")] = None,
    desk: Annotated[str | None, typer.Option("--desk", help="Which desk it belongs to.", metavar="NAME")] = None,
    by: By = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Say which user and desk the account belongs to; what is left out it belongs to no more."""
    from optionix_core.services import limits, limits_json

    with face_of(context).workspace() as workspace:
        account = workspace.account
        limits.group(workspace, account, who(by), user, desk)
    document = {"schema_version": limits_json.SCHEMA_VERSION, "account": account, "user": user, "desk": desk}
    words = f"{account}: user {user or 'none'}, desk {desk or 'none'}"
    emit(chosen(format_, as_json), document, [document], Table(title=words))


@app.command(
    cls=Command, epilog=examples("optionix risk limits breaches", "optionix risk limits breaches --all --json")
)
def breaches(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="The whole history out of the log.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Breaches that are not both cleared and acknowledged."""
    from optionix_core.services import limits, limits_json

    with face_of(context).workspace() as workspace:
        report = limits.report(workspace)
        events = limits.history(workspace) if every else ()
    if every:
        rows = [
            {"event": item.event.type, "id": item.event.id, "time": item.event.time.isoformat(), **item.event.payload}
            for item in events
        ]
        document = {"schema_version": limits_json.SCHEMA_VERSION, "events": rows}
        table = Table(
            ("time", "event", "id"),
            [(str(row["time"]), str(row["event"]), str(row["id"])) for row in rows],
            left=frozenset({0, 1, 2}),
        )
        emit(chosen(format_, as_json), document, rows, table)
        return
    found = [limits_json.breach(one) for one in report.breaches]
    document = {"schema_version": limits_json.SCHEMA_VERSION, "breaches": found}
    rows_shown = [
        (
            item["limit"],
            item["id"].rpartition("/")[2],
            f"{item['figure']:,}",
            f"{item['bound']:,}",
            item["since"],
            _stands(item),
        )
        for item in found
    ]
    headings = ("limit", "number", "figure", "bound", "since", "stands")
    title = "" if found else "no breach stands"
    emit(chosen(format_, as_json), document, found, Table(headings, rows_shown, title, frozenset({0, 4, 5})))


@app.command(
    cls=Command,
    epilog=examples("optionix risk limits acknowledge account/paper-1/limit-delta/soft 1 --note 'seen, will reduce'"),
)
def acknowledge(
    context: typer.Context,
    limit: Annotated[str, typer.Argument(help="The limit, as the list writes it.", metavar="LIMIT")],
    breach: Annotated[int, typer.Argument(help="Number of its breach.", metavar="NUMBER")],
    *,
    note: Annotated[str, typer.Option("--note", help="What was seen or done.", metavar="TEXT")],
    by: By = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Say that a breach was seen; it is over once it is cleared as well."""
    from optionix_core.services import limits, limits_json
    from optionix_core.trading.limit_board import key_of_text

    name = f"limit/{key_of_text(limit).text}/breach/{breach}"
    with face_of(context).workspace() as workspace:
        seen = limits.acknowledge(workspace, name, who(by), note)
    document = {"schema_version": limits_json.SCHEMA_VERSION, "acknowledged": seen.id}
    say(f"acknowledged breach {breach} of {limit}")
    emit(chosen(format_, as_json), document, [document], Table())


def _key(account: str, kind: Kind, user: str | None, desk: str | None, *, soft: bool) -> LimitKey:
    from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel
    from optionix_core.trading.limits import LimitKind

    if user is not None and desk is not None:
        raise UsageError("--user and --desk: a limit binds one of them")
    level, name = LimitLevel.ACCOUNT, account
    if user is not None:
        level, name = LimitLevel.USER, user
    elif desk is not None:
        level, name = LimitLevel.DESK, desk
    return LimitKey(level, name, LimitKind(f"limit-{kind.value}"), LimitGrade.SOFT if soft else LimitGrade.HARD)


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    if item["figure"] is None:
        return item["limit"], "no data", f"{item['bound']:,}", "", item["reason"]
    stands = "breach" if item["breach"] is not None else "within"
    return item["limit"], f"{item['figure']:,.2f}", f"{item['bound']:,}", f"{100.0 * item['use']:.0f}%", stands


def _stands(item: dict[str, Any]) -> str:
    parts = ["cleared" if item["cleared_at"] else "not cleared"]
    parts.append(f"acknowledged by {item['by']}" if item["acknowledged_at"] else "not acknowledged")
    return ", ".join(parts)
