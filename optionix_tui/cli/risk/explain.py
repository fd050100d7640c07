"""`optionix risk explain`: why the account gained or lost, day by day and position by position."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.risk.source import PartialOption

if TYPE_CHECKING:
    from datetime import datetime

EPILOG = (
    "optionix risk explain",
    "optionix risk explain --date 2026-11-20 --days 5",
    "optionix risk explain --from 2026-11-19T21:00Z --to 2026-11-20T15:00Z --json | jq '.periods[0].total'",
    "optionix risk explain --by position --greeks start",
)


class By(StrEnum):
    """What is shown a row."""

    DAY = "day"
    POSITION = "position"


class GreeksAt(StrEnum):
    """Where second-order Greeks are taken."""

    PATH = "path"
    START = "start"


def explain(
    context: typer.Context,
    *,
    day: Annotated[
        date | None,
        typer.Option("--date", help="The last session; without it, the last that has closed.", metavar="DATE"),
    ] = None,
    days: Annotated[int, typer.Option("--days", help="So many sessions up to it.", metavar="N")] = 1,
    since: Annotated[
        str | None, typer.Option("--from", help="Begin at this moment, in the place of sessions.", metavar="MOMENT")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="End at this moment; without it, now.", metavar="MOMENT")
    ] = None,
    by: Annotated[By, typer.Option("--by", help="What is a row.", metavar="day|position")] = By.DAY,
    greeks: Annotated[
        GreeksAt,
        typer.Option("--greeks", help="Averaged on the way, or those of the start.", metavar="path|start"),
    ] = GreeksAt.PATH,
    partial: PartialOption = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the parts of the whole stretch.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Delta, gamma, vega by level, skew and curvature of the smile, theta, carry, rates, dividends and trades.

    The parts and the residual sum exactly to what the account gained. Days run from close to close.
    """
    from optionix_core.risk.explained import TERMS, GreeksOf
    from optionix_core.services import risk_json
    from optionix_core.services.risk_explain import explain_days
    from optionix_tui.cli.order_terms import moment

    output = chosen(format_, as_json)
    if plot and output is not Format.TABLE:
        raise UsageError("--plot draws for people: leave --json and --format out")
    face = face_of(context)
    now = face.clock.now()
    if since is not None:
        if day is not None or days != 1:
            raise UsageError("--from takes the place of --date and --days")
        points = [moment(since), now if until is None else moment(until)]
    elif until is not None:
        raise UsageError("--to goes with --from")
    else:
        points = _closes(day, days, now)
    with face.workspace() as workspace:
        periods = explain_days(workspace, points, GreeksOf(greeks.value), partial=partial)
    for period in periods:
        for gone in period.left_out:
            say(f"left out: {gone.id.strip()}: {gone.reason}")
    document = risk_json.explained(periods)
    rows = _rows(document, by)
    shown = [name for name in (*TERMS, "residual", "actual") if any(abs(row[name]) >= 0.005 for _, row in rows)]
    table = Table(
        (by.value, *(name.replace("_", " ") for name in shown)),
        [(name, *(f"{row[term]:,.2f}" for term in shown)) for name, row in rows],
        f"{points[0]:%Y-%m-%d %H:%M} to {points[-1]:%Y-%m-%d %H:%M} UTC, {document['currency']}, "
        f"Greeks of the {document['greeks']}",
    )
    emit(output, document, [{by.value: name, **row} for name, row in rows], table)
    if plot:
        _draw(document, (*TERMS, "residual"))


def _closes(day: date | None, days: int, now: datetime) -> list[datetime]:
    from datetime import timedelta

    from optionix_core.services.report_day import latest_day, window_of

    if not 1 <= days <= 250:
        raise UsageError(f"--days must be 1 to 250 (got {days})")
    window = window_of(latest_day(now) if day is None else day, now)
    points = [window.until, window.since]
    while len(points) <= days:
        points.append(window_of((points[-1] - timedelta(hours=8)).date(), now).since)
    return points[::-1]


def _rows(document: dict[str, Any], by: By) -> list[tuple[str, dict[str, float]]]:
    periods = document["periods"]
    if by is By.DAY:
        return [(period["end"][:16].replace("T", " "), period["total"]) for period in periods]
    found: dict[str, dict[str, float]] = {}
    for period in periods:
        for name, parts in period["by_position"].items():
            own = found.setdefault(name.strip(), dict.fromkeys(parts, 0.0))
            for term, value in parts.items():
                own[term] += value
    return list(found.items())


def _draw(document: dict[str, Any], names: tuple[str, ...]) -> None:
    from optionix_tui.cli.plot import layers

    sums = {name: sum(period["total"][name] for period in document["periods"]) for name in names}
    shown = {name: value for name, value in sums.items() if abs(value) >= 0.005}
    if not shown:
        say("note: nothing changed, so that there is nothing to draw")
        return
    bars = [(float(place), min(0.0, value), max(0.0, value)) for place, value in enumerate(shown.values(), 1)]
    names_of = ", ".join(f"{place} {name.replace('_', ' ')}" for place, name in enumerate(shown, 1))
    picture = layers("parts of the P&L", [((0.5, len(bars) + 0.5), (0.0, 0.0))], bars)
    typer.echo(f"{picture}{names_of}")
