"""`optionix alert`: conditions on the market and the book that are kept until they are met."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli import alert_terms
from optionix_tui.cli.alert_terms import Terms, Watched
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.services.alerts import AlertReport

_OPTION = "ORBIT270115C00230000"
_MOST_MINUTES = 60 * 24 * 366

app = group(
    "alert",
    "Alerts on prices, volatilities, Greeks, profit, limits and events: add, list, check, snooze, dismiss, remove.",
    "optionix alert add last --symbol ORBIT --above 220",
    "optionix alert check",
)

AlertId = Annotated[str, typer.Argument(help="Id of the alert, as `alert list` tells it.", metavar="ID")]


@app.command(
    cls=Command,
    epilog=examples(
        "optionix alert add last --symbol ORBIT --above 200 --hysteresis 1 --id high",
        f"optionix alert add iv --symbol {_OPTION} --below 0.22",
        "optionix alert add unrealised-pnl --below -500 --until 2027-01-08T20:00Z",
        f"optionix alert add expiry --symbol {_OPTION} --days 7",
        "optionix alert add fill --order entry-1 --json",
    ),
)
def add(
    context: typer.Context,
    watched: Annotated[
        Watched,
        typer.Argument(
            help="What is watched: bid, ask, mid, last; iv, delta, gamma, vega, theta of an option; book-delta, "
            "book-gamma, book-vega, book-theta, book-dollar-delta, book-dollar-gamma; day-pnl, unrealised-pnl; "
            "buying-power (share of the cash that orders keep); expiry, fill, halt.",
            metavar="WHAT",
        ),
    ],
    *,
    symbol: Annotated[
        str | None,
        typer.Option("--symbol", help="An underlying or an option; of P&L, the position.", metavar="SYMBOL"),
    ] = None,
    above: Annotated[
        Decimal | None, typer.Option("--above", help="Fires at this value or above it.", metavar="VALUE")
    ] = None,
    below: Annotated[
        Decimal | None, typer.Option("--below", help="Fires at this value or below it.", metavar="VALUE")
    ] = None,
    crosses: Annotated[
        Decimal | None,
        typer.Option("--crosses", help="Fires where the value changes sides, either way.", metavar="VALUE"),
    ] = None,
    hysteresis: Annotated[
        Decimal | None,
        typer.Option(
            "--hysteresis", help="How far beyond the bound it must go back to count as met anew.", metavar="VALUE"
        ),
    ] = None,
    days: Annotated[int | None, typer.Option("--days", help="Days before the expiry, for expiry.", metavar="N")] = None,
    order: Annotated[str | None, typer.Option("--order", help="Client order id, for fill.", metavar="ID")] = None,
    repeat: Annotated[bool, typer.Option("--repeat", help="Fire anew each time; without it, once.")] = False,
    until: Annotated[
        str | None, typer.Option("--until", help="When it ends, such as 2027-01-08T20:00Z.", metavar="MOMENT")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Words of your own.", metavar="TEXT")] = "",
    alert_id: Annotated[
        str | None,
        typer.Option("--id", help="Your own id: sent again it is the same alert, never a second.", metavar="ID"),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Set an alert, and look at it at once.

    Volatilities and shares are fractions, theta per year, vega per 1.00 of volatility. Prices of the simulated feed
    are followed quote by quote, also over the time when nothing runs; all else is seen when somebody looks.
    """
    from optionix_core.services import alerts

    condition = alert_terms.condition(watched, Terms(symbol, above, below, crosses, hysteresis, days, order))
    ends = None if until is None else alert_terms.moment(until)
    with face_of(context).workspace() as workspace:
        report = alerts.add(workspace, condition, alert_id=alert_id, repeats=repeat, expires_at=ends, note=note)
    _emit(chosen(format_, as_json), report)


@app.command(
    "list",
    cls=Command,
    epilog=examples("optionix alert list", "optionix alert list --all --json | jq '.alerts[].status'"),
)
def list_(
    context: typer.Context,
    *,
    over: Annotated[bool, typer.Option("--all", help="Those that are dismissed or expired too.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Alerts as they stand, after a look at all of them."""
    from optionix_core.services import alert_json, alerts

    with face_of(context).workspace() as workspace:
        found = alerts.listing(workspace, over=over)
    documents = [alert_json.alert(report) for report in found]
    rows = [
        (
            report.opened.alert.alert_id,
            str(report.status),
            report.opened.alert.condition.words,
            alert_json.value_now(report),
            _fired(document),
            report.reason or report.opened.alert.note,
        )
        for report, document in zip(found, documents, strict=True)
    ]
    headings = ("alert", "status", "condition", "now", "last fired (UTC)", "remark")
    table = Table(headings, rows, left=frozenset({0, 1, 2, 4, 5})) if rows else Table(title="no alerts")
    emit(chosen(format_, as_json), {"schema_version": 1, "alerts": documents}, documents, table)


@app.command(cls=Command, epilog=examples("optionix alert check", "optionix alert check --json | jq '.fired[].text'"))
def check(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Bring all alerts up to now and tell what fired since the last look, each at its own time.

    What has no data does not fire, and is told with the reason.
    """
    from optionix_core.services import alert_json, alerts

    with face_of(context).workspace() as workspace:
        report = alerts.check(workspace)
    document = alert_json.check(report)
    for item in document["no_data"]:
        say(f"note: {item['id']}: {item['reason']}")
    rows = [(item["time"][:19].replace("T", " "), item["id"], item["text"]) for item in document["fired"]]
    watched = f"{report.watched} {'alert' if report.watched == 1 else 'alerts'} watched"
    if not rows:
        emit(chosen(format_, as_json), document, [], Table(title=f"nothing fired, {watched}"))
        return
    table = Table(("time (UTC)", "alert", "what"), rows, title=watched, left=frozenset({0, 1, 2}))
    emit(chosen(format_, as_json), document, document["fired"], table)


@app.command(
    cls=Command,
    epilog=examples("optionix alert snooze high --minutes 30", "optionix alert snooze high --until 2027-01-08T20:00Z"),
)
def snooze(
    context: typer.Context,
    alert_id: AlertId,
    *,
    minutes: Annotated[float | None, typer.Option("--minutes", help="For so long from now.", metavar="N")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Until a moment.", metavar="MOMENT")] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Let an alert be silent for a while; one that fired waits again afterwards."""
    from optionix_core.services import alerts

    if (minutes is None) == (until is None):
        raise UsageError(f"give one of --minutes and --until (got {'both' if minutes is not None else 'neither'})")
    with face_of(context).workspace() as workspace:
        if until is not None:
            ends = alert_terms.moment(until)
        elif minutes is not None and 0 < minutes <= _MOST_MINUTES:
            ends = workspace.clock.now() + timedelta(minutes=minutes)
        else:
            raise UsageError(f"--minutes must be above 0 and at most {_MOST_MINUTES} (got {minutes})")
        report = alerts.snooze(workspace, alert_id, ends)
    _emit(chosen(format_, as_json), report)


@app.command(cls=Command, epilog=examples("optionix alert dismiss high", "optionix alert dismiss high --json"))
def dismiss(
    context: typer.Context, alert_id: AlertId, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False
) -> None:
    """Say that a fire was seen: one that repeats goes on, any other is done with."""
    from optionix_core.services import alerts

    with face_of(context).workspace() as workspace:
        report = alerts.dismiss(workspace, alert_id)
    _emit(chosen(format_, as_json), report)


@app.command(cls=Command, epilog=examples("optionix alert remove high", "optionix alert remove high --json"))
def remove(
    context: typer.Context, alert_id: AlertId, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False
) -> None:
    """Take an alert away; its past stays in the log."""
    from optionix_core.services import alerts

    with face_of(context).workspace() as workspace:
        gone = alerts.remove(workspace, alert_id)
    document = {"schema_version": 1, "id": gone.alert_id, "condition": gone.condition.words, "removed": True}
    record = {name: value for name, value in document.items() if name != "schema_version"}
    title = f"removed: {gone.alert_id}, {gone.condition.words}"
    emit(chosen(format_, as_json), document, [record], Table(title=title))


def _fired(record: dict[str, Any]) -> str:
    return f"{record['fired_at'][:19].replace('T', ' ')} {record['fired_text']}" if record["fired_at"] else ""


def _emit(format_: Format, report: AlertReport) -> None:
    from optionix_core.services import alert_json

    record: dict[str, Any] = alert_json.alert(report)
    if report.reason:
        say(f"note: {report.reason}")
    parts = [f"{report.status}: {record['id']}, {record['condition']}"]
    if report.value is not None:
        parts.append(f"now {alert_json.value_now(report)}")
    if record["snoozed_until"] and report.status == "snoozed":
        parts.append(f"until {record['snoozed_until'][:16].replace('T', ' ')} UTC")
    if report.status == "fired":
        parts.append(f"fired {_fired(record)}")
    emit(format_, {"schema_version": 1, **record}, [record], Table(title=", ".join(parts)))
