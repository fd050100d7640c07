"""`optionix report`: a day's account as a file, for cron and for people."""

from __future__ import annotations

import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import DASH, check_target
from optionix_tui.cli.output import say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.risk.stress_library import StressScenario

app = group(
    "report",
    "Reports of an account's day from the ledger and the log: a whole file or none, the same bytes each time.",
    "optionix report daily --date 2026-11-20 --format html --out daily.html",
    "optionix report pnl --date 2026-11-20 --format json | jq .facts",
)


class FileFormat(StrEnum):
    """How a report is written."""

    HTML = "html"
    MARKDOWN = "md"
    CSV = "csv"
    JSON = "json"


DateOption = Annotated[
    date | None,
    typer.Option("--date", help="A session; without it, the last that has closed.", metavar="DATE"),
]
AccountOption = Annotated[
    str | None, typer.Option("--account", help="The account; without it, the one acted for.", metavar="NAME")
]
AsOption = Annotated[
    FileFormat,
    typer.Option("--format", help="How to write it.", metavar="|".join(item.value for item in FileFormat)),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="File to write, replaced whole; without it, stdout.", metavar="FILE")
]


@app.command(cls=Command, epilog=examples("optionix report daily --date 2026-11-20 --format html --out daily.html"))
def daily(
    context: typer.Context,
    day: DateOption = None,
    account: AccountOption = None,
    format_: AsOption = FileFormat.MARKDOWN,
    out: OutOption = None,
) -> None:
    """Worth and its change, positions, orders, and what else happened, from close to close."""
    _write(context, "daily", day, account, format_, out)


@app.command(cls=Command, epilog=examples("optionix report pnl --date 2026-11-20 --format json | jq .facts"))
def pnl(
    context: typer.Context,
    day: DateOption = None,
    account: AccountOption = None,
    format_: AsOption = FileFormat.MARKDOWN,
    out: OutOption = None,
) -> None:
    """What the day brought, by instrument, underlying and closed lot, and since month and year began."""
    _write(context, "pnl", day, account, format_, out)


@app.command(cls=Command, epilog=examples("optionix report risk --date 2026-11-20 --format html --out risk.html"))
def risk(
    context: typer.Context,
    day: DateOption = None,
    account: AccountOption = None,
    format_: AsOption = FileFormat.MARKDOWN,
    out: OutOption = None,
) -> None:
    """Value at risk and its parts, stress, Greeks, margin by regime, explained P&L and breaches at the close."""
    _write(context, "risk", day, account, format_, out)


def _write(
    context: typer.Context, kind: str, day: date | None, account: str | None, format_: FileFormat, out: Path | None
) -> None:
    from optionix_core.reporting.writing import ReportFormat, write
    from optionix_core.services import reports
    from optionix_core.storage.whole_file import one_at_a_time, replace_file

    face = face_of(context)
    if account is not None:
        face.flags["account.name"] = account
    target = None if out is None or str(out) == DASH else out
    check_target(target, "--out")
    with one_at_a_time(face.paths.state, "report"):
        with face.workspace() as workspace:
            report = reports.build(workspace, kind, day, _scenarios() if kind == "risk" else ())
        text = write(report, ReportFormat(format_.value))
        if target is None:
            sys.stdout.write(text)
        else:
            replace_file(target, text)
            say(f"{report.title} of {report.account} written to {target}")


def _scenarios() -> tuple[StressScenario, ...]:
    from config.scenarios import STRESS_LIBRARY
    from optionix_core.risk import stress_library

    return stress_library.read(STRESS_LIBRARY)
