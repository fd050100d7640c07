"""`optionix calibrate history`: models that were calibrated before, found again."""

from __future__ import annotations

from typing import Annotated

import typer

from optionix_tui.cli import calibrate_layout
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit
from optionix_tui.cli.usage import examples

app = group(
    "history",
    "Calibrations made before: list them, show one.",
    "optionix calibrate history list",
    "optionix calibrate history list --json | jq -r '.calibrations[0].id'",
)


@app.command(
    "list",
    cls=Command,
    epilog=examples("optionix calibrate history list", "optionix calibrate history list --limit 5 --format csv"),
)
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, the newest first.", metavar="N")] = 20,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The last calibrations, the newest first."""
    from optionix_core.services import calibration_history

    face = face_of(context)
    found = calibration_history.history(face.home, face.clock, limit).calibrations
    lines = [calibrate_layout.summary(record) for record in found]
    document = {"schema_version": calibration_history.SCHEMA_VERSION, "calibrations": lines}
    emit(chosen(format_, as_json), document, lines, calibrate_layout.history_table(lines))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix calibrate heston ORBIT --json | jq -r '.id' | xargs optionix calibrate history show",
    ),
)
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The calibration's id, or its beginning.", metavar="ID")],
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """One calibration as it was found, with its whole report."""
    from optionix_core.services import calibration_history

    face = face_of(context)
    record = calibration_history.show(face.home, face.clock, name)
    emit(chosen(format_, as_json), record, calibrate_layout.rows(record), calibrate_layout.table(record))
