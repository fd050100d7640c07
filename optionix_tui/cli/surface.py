"""`optionix surface`: fit a surface of implied volatility, show it, check it, draw it, hand it out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli import surface_layout
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import check_target
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit, say
from optionix_tui.cli.surface_source import (
    Against,
    Expiry,
    FileFormat,
    Mapped,
    Model,
    On,
    Rate,
    Root,
    Source,
    Symbol,
    Where,
    surface_of,
)
from optionix_tui.cli.usage import examples

app = group(
    "surface",
    "Surfaces of implied volatility: fit, show, check, plot, export.",
    "optionix surface fit ORBIT --save orbit.json",
    "optionix surface plot ORBIT",
)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix surface fit spx_quotedata.csv --model essvi --json | jq '.slices[].inside_bid_ask'",
        "optionix surface fit --feed ORBIT --save orbit.json",
        "optionix surface fit - < spx_quotedata.csv",
    ),
)
def fit(
    context: typer.Context,
    *,
    file: Source = None,
    symbol: Symbol = None,
    model: Model = None,
    grid: Annotated[
        int,
        typer.Option("--grid", help="Points of each smile in JSON, within five standard deviations.", metavar="N"),
    ] = 201,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Keep the surface in a file that the other commands read.", metavar="PATH"),
    ] = None,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Fit a smile to every expiry of a chain, without arbitrage where the model knows how.

    JSON holds each smile on a grid; a table, CSV and JSON Lines hold its figures.
    """
    from optionix_core.services import surface_summary, surfaces

    format_ = chosen(format_, as_json)
    check_target(save, "--save")
    if grid < 2:
        raise InvalidValueError("--grid", grid, "at least 2")
    found = surface_of(face_of(context), Where(file, symbol, model, None, file_format, mapped, on, rate))
    if found.seconds is None:
        raise UsageError(f"{file} is a surface that was fitted before: `optionix surface show` shows it")
    if save is not None:
        say(f"wrote {save} ({surfaces.save(found.surface, save):,} bytes)")
    told = surface_summary.to_json(found)
    document = surfaces.to_json(found, grid) if format_ is Format.JSON else told
    emit(format_, document, told["slices"], surface_layout.summary_table(found, told))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix surface show ORBIT",
        "optionix surface show orbit.json --json | jq '.slices[] | [.expiry, .risk_reversal_25]'",
        "optionix surface show spx_quotedata.csv --model ssvi --format md",
    ),
)
def show(
    context: typer.Context,
    *,
    file: Source = None,
    symbol: Symbol = None,
    model: Model = None,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Each expiry's fit, level, skew and wings; what was left out and why."""
    from optionix_core.services import surface_summary

    found = surface_of(face_of(context), Where(file, symbol, model, None, file_format, mapped, on, rate))
    told = surface_summary.to_json(found)
    emit(chosen(format_, as_json), told, told["slices"], surface_layout.summary_table(found, told))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix surface check spx_quotedata.csv",
        "optionix surface check ORBIT --json | jq '.fit.violations | length'",
        "optionix surface check orbit.json --quotes orbit-then.jsonl --delta 0.05",
    ),
)
def check(
    context: typer.Context,
    *,
    file: Source = None,
    symbol: Symbol = None,
    model: Model = None,
    against: Against = None,
    delta: Annotated[
        float,
        typer.Option("--delta", help="Smallest size of delta that is called rich or cheap.", metavar="FRACTION"),
    ] = 0.02,
    tolerance: Annotated[
        float,
        typer.Option("--tolerance", help="Smallest amount that is called rich or cheap.", metavar="PRICE"),
    ] = 0.005,
    everything: Annotated[bool, typer.Option("--all", help="Every finding in the table, not the worst alone.")] = False,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Sure profits in the quotes net of bid and ask, arbitrage of the fit, and quotes rich or cheap against it.

    Rich: the bid is above the fit's price. Cheap: the ask is below it.
    """
    from optionix_core.services import surface_check

    if not 0.0 <= delta < 0.5:
        raise InvalidValueError("--delta", delta, "zero or more and below 0.5")
    if not tolerance >= 0.0:
        raise InvalidValueError("--tolerance", tolerance, "zero or more")
    found = surface_of(face_of(context), Where(file, symbol, model, against, file_format, mapped, on, rate))
    answers = surface_check.check(found, smallest_delta=delta, tolerance=tolerance)
    document = surface_check.to_json(found, answers)
    of_fit = document["fit"]["violations"]
    records = [
        {**_EMPTY, "of": of, **one}
        for of, some in (("quotes", document["quotes"]), ("fit", of_fit), ("value", document["mispricings"]))
        for one in some or ()
    ]
    most = None if everything else surface_layout.MOST
    table = surface_layout.check_table(found, answers, document, most)
    format_ = chosen(format_, as_json)
    if format_ in (Format.TABLE, Format.MARKDOWN) and len(table.rows) < len(records):
        say(f"the worst of {len(records):,} findings; --all shows every one, --json holds all")
    emit(format_, document, records, table)


_EMPTY: dict[str, object] = dict.fromkeys(
    ("of", "kind", "expiry", "root", "type", "strike", "legs", "severity",
     "points", "log_moneyness", "bid", "ask", "fair", "amount")
)  # fmt: skip


@app.command(
    cls=Command,
    epilog=examples(
        "optionix surface plot ORBIT",
        "optionix surface plot spx_quotedata.csv --expiry 2023-03-17 --root SPX",
        "optionix surface plot orbit.json --plot density",
    ),
)
def plot(
    context: typer.Context,
    *,
    file: Source = None,
    symbol: Symbol = None,
    model: Model = None,
    against: Against = None,
    kind: Annotated[str, typer.Option("--plot", help=f"{', '.join(surface_layout.KINDS)}.", metavar="KIND")] = "smile",
    expiry: Expiry = None,
    root: Root = None,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
) -> None:
    """A smile beside the market's bid and ask, or the surface in another view, drawn in the terminal."""
    if kind not in surface_layout.KINDS:
        raise InvalidValueError("--plot", repr(kind), f"one of {', '.join(surface_layout.KINDS)}")
    found = surface_of(face_of(context), Where(file, symbol, model, against, file_format, mapped, on, rate))
    sys.stdout.write(surface_layout.plot(found, kind, found.place(expiry, root and root.upper())))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix surface export spx_quotedata.csv --to smile.svg --expiry 2023-03-17",
        "optionix surface export ORBIT --to surface.png --picture surface",
        "optionix surface export orbit.json --to orbit.html",
        "optionix surface export ORBIT --to smiles.csv",
    ),
)
def export(
    context: typer.Context,
    *,
    to: Annotated[
        Path,
        typer.Option("--to", help="A file; .svg, .png, .html, .csv or .json at its end says what.", metavar="PATH"),
    ],
    file: Source = None,
    symbol: Symbol = None,
    model: Model = None,
    against: Against = None,
    picture: Annotated[
        str, typer.Option("--picture", help="What SVG and PNG show: smile, term, density or surface.", metavar="KIND")
    ] = "smile",
    expiry: Expiry = None,
    root: Root = None,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
) -> None:
    """Write a picture (SVG, PNG), a page with every picture and figure (HTML), smiles (CSV) or the surface (JSON).

    Pictures need matplotlib, which the extra `optionix[pictures]` brings.
    """
    from optionix_core.services import surface_export
    from optionix_core.services.chains import write_whole

    format_ = surface_export.format_of(to)
    surface_export.check(format_, picture)
    check_target(to, "--to")
    found = surface_of(face_of(context), Where(file, symbol, model, against, file_format, mapped, on, rate))
    content = surface_export.encode(found, format_, picture, found.place(expiry, root and root.upper()))
    write_whole(to, content)
    say(f"wrote {to} ({len(content):,} bytes)")
