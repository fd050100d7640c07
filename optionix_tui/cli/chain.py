"""`optionix chain`: import real chains, find them again, solve and show them."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli import chain_layout, chain_rows
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.chain_source import FileFormat, Mapped, Name, On, Rate, load, mapping
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import DASH, SHOWN, as_file, check_target
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.volatility.solved import SolvedChain

STRIKES_SHOWN = 12
"""Strikes on either side of the forward in a table without `--strikes`."""

app = group(
    "chain",
    "Option chains: import, list, show, judge, export.",
    "optionix chain import spx_quotedata.csv --name SPX",
    "optionix chain show SPX",
)


@app.command(
    "import",
    cls=Command,
    epilog=examples(
        "optionix chain import spx_quotedata.csv --name SPX",
        "optionix chain import quotes.csv --map strike=K --map bid=Bid --name MINE --replace",
        "optionix chain export ORBIT | optionix chain import - --name orbit-now",
    ),
)
def import_(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="A Cboe, Deribit, end-of-day, CSV or Parquet file, or -.", metavar="FILE")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Name to keep it under; UNDERLYING_DATE without it.", metavar="NAME")
    ] = None,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    replace_: Annotated[bool, typer.Option("--replace", help="Take the place of another chain of that name.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Read a file and keep its chain in this home. A malformed file imports nothing."""
    from optionix_core.services import chains
    from optionix_core.services.chains_json import utc_text

    home = face_of(context).home
    with as_file(file) as path:
        report = chains.import_file(home, path, name, file_format, mapping(mapped), on, replace=replace_)
    record: dict[str, Any] = {
        "name": report.name,
        "underlying": report.underlying,
        "as_of": utc_text(report.as_of),
        "expiries": report.expiries,
        "quotes": report.quotes,
        "source": SHOWN if file == DASH else report.source,
        "path": str(report.path),
        "already_stored": report.already_stored,
    }
    rows = [(key.replace("_", " "), str(value)) for key, value in record.items()]
    table = Table(("chain", ""), rows, left=frozenset({0, 1}))
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], table)


@app.command(
    "list",
    cls=Command,
    epilog=examples("optionix chain list", "optionix chain list --json | jq -r '.chains[].name'"),
)
def list_(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """The imported chains of this home."""
    from optionix_core.services import chains
    from optionix_core.services.chains_json import utc_text

    found = chains.listing(face_of(context).home)
    records = [
        {
            "name": item.name,
            "underlying": item.underlying,
            "as_of": utc_text(item.as_of),
            "spot": item.spot,
            "expiries": item.expiries,
            "quotes": item.quotes,
        }
        for item in found
    ]
    rows = [
        (
            item.name,
            item.underlying,
            f"{item.as_of:%Y-%m-%d %H:%M}",
            chain_layout.figure(item.spot, 2),
            str(item.expiries),
            str(item.quotes),
        )
        for item in found
    ]
    headings = ("name", "underlying", "as of (UTC)", "spot", "expiries", "quotes")
    table = Table(headings, rows, left=frozenset({0, 1, 2})) if rows else Table(title="no chains imported yet")
    emit(chosen(format_, as_json), {"schema_version": 1, "chains": records}, records, table)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix chain show ORBIT",
        "optionix chain show SPX --expiry 2023-03-17 --root SPX --strikes 5",
        "optionix chain show spx_quotedata.csv --json | jq '.expiries[0].rows[].call.iv'",
        "optionix chain show ORBIT --columns greeks --filter '+-8 otm'",
        "optionix chain show ORBIT --columns bid,ask,value,beyond --filter 'days 7-60 delta .2-.4' --format csv",
        "optionix chain show SPX --expiry 2023-03-17 --root SPX --plot",
        "optionix chain show - --format csv < spx_quotedata.csv",
    ),
)
def show(
    context: typer.Context,
    name: Name,
    *,
    expiry: Annotated[
        date | None, typer.Option("--expiry", help="One expiry date alone.", metavar="YYYY-MM-DD")
    ] = None,
    root: Annotated[
        str | None, typer.Option("--root", help="One root alone (SPX and SPXW share dates).", metavar="ROOT")
    ] = None,
    strikes: Annotated[
        int | None,
        typer.Option("--strikes", help="Strikes on either side of the forward.", metavar="N"),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns", help="A layout of the terminal's chain, or columns.", metavar="LAYOUT|NAME[,NAME...]"
        ),
    ] = None,
    filter_: Annotated[
        str | None,
        typer.Option("--filter", help="Keep some: +-12, 220-240, delta .2-.4, days 7-60, volume >100.", metavar="TEXT"),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the smile of the expiry.")] = False,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """A chain with forwards, implied volatilities, deltas, and the reason for every quote not used.

    JSON holds every expiry unless one is named; a table shows one expiry around the money. With columns or a filter
    there is a row for each option of one expiry, or of all that a filter of days keeps.
    """
    from optionix_core.services import chains, feed_chains

    format_ = chosen(format_, as_json)
    _check_plot(plot, format_)
    if strikes is not None and strikes < 1:
        raise InvalidValueError("--strikes", strikes, "at least 1")
    if columns is not None or filter_ is not None:
        if plot or strikes is not None or rate is not None:
            raise UsageError("--columns and --filter go with neither --plot, --strikes nor --rate")
        asked = chain_rows.Asked(name, expiry, root, columns or "default", filter_ or "")
        chain_rows.show(face_of(context), load(face_of(context), name, file_format, mapped, on), asked, format_)
        return
    solved = chains.solve_chain(load(face_of(context), name, file_format, mapped, on), rate)
    solved = feed_chains.narrowed(solved, expiry, root)
    for_eyes = plot or format_ in (Format.TABLE, Format.MARKDOWN)
    if for_eyes and expiry is None:
        solved = _first_live(solved)
    kept = STRIKES_SHOWN if for_eyes and strikes is None else strikes
    document = chains.to_json(solved)
    if kept is not None:
        document = chain_layout.around_the_forward(document, kept)
    if plot:
        sys.stdout.write(chain_layout.smile(solved.slices[0]))
        return
    emit(format_, document, chain_layout.records(document), chain_layout.table(solved, document))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix chain expiries ORBIT",
        "optionix chain expiries ORBIT --plot",
        "optionix chain expiries spx_quotedata.csv --format md",
    ),
)
def expiries(
    context: typer.Context,
    name: Name,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the term structure of volatility.")] = False,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Each expiry's forward, discount factor, at-the-money volatility and expected move."""
    from optionix_core.services import chains
    from optionix_core.services.chains_json import utc_text

    format_ = chosen(format_, as_json)
    _check_plot(plot, format_)
    solved = chains.solve_chain(load(face_of(context), name, file_format, mapped, on), rate)
    if plot:
        sys.stdout.write(chain_layout.term_structure(solved))
        return
    records = [
        {
            "expiry": part.source.expiry.isoformat(),
            "root": part.source.root,
            "days": part.days,
            "forward": part.forward,
            "discount_factor": part.discount_factor,
            "at_the_money_volatility": part.at_the_money_volatility,
            "expected_move": part.expected_move,
            "quotes": sum(
                symbol is not None for side in (part.source.call, part.source.put) for symbol in side.symbols
            ),
            "solved": int(part.call.usable.sum() + part.put.usable.sum()),
        }
        for part in solved.slices
    ]
    rows = [
        (
            str(item["expiry"]),
            str(item["root"]),
            str(item["days"]),
            chain_layout.figure(part.forward, 2),
            chain_layout.figure(part.discount_factor, 5),
            chain_layout.figure(part.at_the_money_volatility, 2, 100),
            chain_layout.figure(part.expected_move, 2),
            str(item["quotes"]),
            str(item["solved"]),
        )
        for item, part in zip(records, solved.slices, strict=True)
    ]
    headings = ("expiry", "root", "days", "forward", "discount", "ATM IV", "1σ move", "quotes", "solved")
    table = Table(headings, rows, title=chain_layout.title(solved), left=frozenset({0, 1}))
    document = {
        "schema_version": 1,
        "underlying": solved.chain.underlying,
        "as_of": utc_text(solved.chain.as_of),
        "spot": solved.chain.spot,
        "expiries": records,
    }
    emit(format_, document, records, table)


@app.command(
    cls=Command,
    epilog=examples("optionix chain quality spx_quotedata.csv", "optionix chain quality SPX --json | jq .rejections"),
)
def quality(
    context: typer.Context,
    name: Name,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Quotes, rejections by reason, and the distance from the source's own volatilities."""
    from optionix_core.services import chains
    from optionix_core.services.chains_json import utc_text

    report = chains.summary(chains.solve_chain(load(face_of(context), name, file_format, mapped, on), rate))
    record: dict[str, Any] = {
        "underlying": report.underlying,
        "as_of": utc_text(report.as_of),
        "expiries": report.expiries,
        "quotes": report.quotes,
        "solved": report.solved,
        "compared": report.compared,
        "median_difference": report.median_difference,
    }
    by_root = [{"root": root, "compared": count, "median_difference": value} for root, count, value in report.by_root]
    document = {"schema_version": 1, **record, "by_root": by_root, "rejections": dict(report.rejections)}
    rows = [(key.replace("_", " "), str(value)) for key, value in record.items() if key != "median_difference"]
    if report.median_difference is not None:
        rows += [("median |difference| of IV", f"{report.median_difference * 100:.3f} points")]
    rows += [(f"rejected: {reason}", str(count)) for reason, count in report.rejections]
    table = Table(("chain", ""), rows, left=frozenset({0, 1}))
    emit(chosen(format_, as_json), document, [record], table)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix chain export SPX -o spx.csv",
        "optionix chain export ORBIT --to json > orbit.jsonl",
        "optionix chain export SPX --to parquet -o spx.parquet",
    ),
)
def export(
    context: typer.Context,
    name: Name,
    to: Annotated[
        str, typer.Option("--to", help="csv, json or parquet; all are exact and can be imported.", metavar="FORMAT")
    ] = "csv",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file instead of stdout.", metavar="FILE")
    ] = None,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
) -> None:
    """Write a chain's quotes as they came, to the last bit."""
    from optionix_core.services import chains

    formats = {item: item for item in chains.EXPORT_FORMATS}
    if to not in formats:
        raise InvalidValueError("--to", repr(to), f"one of {', '.join(formats)}")
    if to == "parquet" and output is None and sys.stdout.isatty():
        raise UsageError("parquet is binary: name a file with --output")
    check_target(output)
    content = chains.export(load(face_of(context), name, file_format, mapped, on), formats[to], output)
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        say(f"wrote {output} ({len(content):,} bytes)")


def _check_plot(plot: bool, format_: Format) -> None:
    if plot and format_ is not Format.TABLE:
        raise UsageError(f"--plot draws a picture and --format {format_} writes data: give one")


def _first_live(solved: SolvedChain) -> SolvedChain:
    """The first expiry that could be solved; the first at all where none could."""
    first = next((part for part in solved.slices if part.forward is not None), solved.slices[0])
    if len(solved.slices) > 1:
        say(f"one of {len(solved.slices)} expiries; --expiry chooses, --json holds all")
    return replace(solved, slices=(first,))
