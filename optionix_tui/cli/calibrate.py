"""`optionix calibrate`: fit a model to the quotes of a chain, and find earlier fits again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from optionix_core.errors import OptionixError
from optionix_tui.cli import calibrate_history, calibrate_layout, calibrate_slv
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.chain_source import FileFormat, Mapped, Name, On, Rate, load
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit, say
from optionix_tui.cli.usage import examples

Expiries = Annotated[
    list[date] | None,
    typer.Option("--expiry", help="This expiry; may be repeated, all without it.", metavar="YYYY-MM-DD"),
]
Root = Annotated[str | None, typer.Option("--root", help="Expiries of this root alone.", metavar="ROOT")]
Weights = Annotated[
    str,
    typer.Option("--weights", help="spread: a narrow quote counts for more; equal: all the same.", metavar="KIND"),
]
Starts = Annotated[
    int | None, typer.Option("--starts", help="Descents from different places, 1 to 8; 4 without it.", metavar="N")
]
Beta = Annotated[float, typer.Option("--beta", help="Backbone, 0 to 1; given, not sought.", metavar="FRACTION")]
NoRecord = Annotated[bool, typer.Option("--no-record", help="Do not keep this calibration in the history.")]

app = group(
    "calibrate",
    "Fit Heston, Bates, Merton, SABR or a stochastic local volatility to a chain; find earlier fits again.",
    "optionix calibrate heston ORBIT",
    "optionix calibrate history list",
)
COMMANDS = {
    "heston": (
        "Heston's stochastic variance, one model for all expiries.",
        "optionix calibrate heston ORBIT",
        "optionix calibrate heston spx_quotedata.csv --expiry 2023-03-17 --json | jq '.fits[].calibration.notes'",
        "optionix calibrate heston - < spx_quotedata.csv",
    ),
    "bates": (
        "Heston's variance with Merton's jumps, one model for all expiries.",
        "optionix calibrate bates ORBIT --weights equal",
        "optionix calibrate bates ORBIT --format csv",
    ),
    "double-heston": (
        "A fast and a slow variance, one model for all expiries; needs many of them.",
        "optionix calibrate double-heston ORBIT --no-record",
        "optionix calibrate double-heston spx_quotedata.csv --starts 2",
    ),
    "merton": (
        "Lognormal jumps on a constant volatility, one model for all expiries; made for short ones.",
        "optionix calibrate merton ORBIT",
        "optionix calibrate merton spx_quotedata.csv --expiry 2023-03-17 --starts 8",
    ),
}
"""What each says of itself, and its examples."""


def _add(model: str, about: str, *lines: str) -> None:
    @app.command(
        model,
        cls=Command,
        help=f"{about}\n\nJSON holds every quote's error and every descent's end.",
        epilog=examples(*lines),
    )
    def run(
        context: typer.Context,
        file: Name,
        *,
        expiry: Expiries = None,
        root: Root = None,
        weights: Weights = "spread",
        starts: Starts = None,
        no_record: NoRecord = False,
        file_format: FileFormat = None,
        mapped: Mapped = None,
        on: On = None,
        rate: Rate = None,
        format_: FormatOption = Format.TABLE,
        as_json: JsonOption = False,
    ) -> None:
        chain = load(face_of(context), file, file_format, mapped, on)
        asked = {"expiries": expiry, "root": root, "weights": weights, "starts": starts, "rate": rate}
        _calibrate(context, model, chain, asked, chosen(format_, as_json), recorded=not no_record)


for _model, (_about, *_lines) in COMMANDS.items():
    _add(_model, _about, *_lines)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix calibrate sabr ORBIT --beta 0.5",
        "optionix calibrate sabr spx_quotedata.csv --expiry 2023-03-17 --format jsonl",
    ),
)
def sabr(
    context: typer.Context,
    file: Name,
    *,
    expiry: Expiries = None,
    root: Root = None,
    beta: Annotated[
        float, typer.Option("--beta", help="Backbone, 0 to 1; it is not sought.", metavar="FRACTION")
    ] = 1.0,
    weights: Weights = "spread",
    starts: Starts = None,
    no_record: NoRecord = False,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """SABR by Hagan's expansion, a model for each expiry."""
    chain = load(face_of(context), file, file_format, mapped, on)
    asked = {"expiries": expiry, "root": root, "weights": weights, "starts": starts, "rate": rate, "beta": beta}
    _calibrate(context, "sabr", chain, asked, chosen(format_, as_json), recorded=not no_record)


app.command("slv", cls=Command, epilog=examples(*calibrate_slv.EXAMPLES))(calibrate_slv.slv)
app.add_typer(calibrate_history.app, name="history")


def _calibrate(
    context: typer.Context, model: str, chain: Any, given: dict[str, Any], format_: Format, *, recorded: bool
) -> None:
    from optionix_core.services import calibration_history, calibrations
    from optionix_tui.cli.price_progress import ProgressLine, interruptible

    asked = calibrations.Asked(model, **{**given, "expiries": tuple(given["expiries"] or ())})
    if not calibrations.is_prepared(model):
        say("compiling the kernels, once on this machine")
    line = ProgressLine("calibrating")
    try:
        with interruptible() as stopped:
            found = calibrations.calibrate(chain, asked, progress=line, cancel=stopped)
    finally:
        line.clear()
    face = face_of(context)
    record = calibrations.document(face.clock.now(), found)
    if recorded:
        try:
            calibration_history.keep(face.home, face.clock, record)
        except OptionixError as error:
            say(f"warning: not kept in the history: {error}")
    emit(format_, record, calibrate_layout.rows(record), calibrate_layout.table(record))
