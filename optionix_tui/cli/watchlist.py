"""`optionix watchlist`: named lists of underlyings and options, and what the feed says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.services.watchlists import Column, Watchlist

app = group(
    "watchlist",
    "Watchlists: create, add, remove, move, columns, rename, show, list, delete.",
    "optionix watchlist create main --symbol ORBIT --symbol 'ORBIT 15JAN27 230 C'",
    "optionix watchlist show main",
)

Name = Annotated[str, typer.Argument(help="Name of the list.", metavar="NAME")]
Symbols = Annotated[
    list[str], typer.Argument(help="Underlyings, or options in any spelling, in quotes.", metavar="SYMBOL...")
]


@app.command(
    cls=Command,
    epilog=examples(
        "optionix watchlist create main --symbol ORBIT --symbol 'ORBIT 15JAN27 230 C'",
        "optionix watchlist create skew --symbol ORBIT --columns last,iv,iv-hv --json",
    ),
)
def create(
    context: typer.Context,
    name: Name,
    *,
    symbol: Annotated[
        list[str] | None,
        typer.Option("--symbol", help="An underlying or an option; may be given several times.", metavar="SYMBOL"),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            help="Of last, change, bid, ask, iv, iv-rank, hv20, iv-hv, expected-move, delta; "
            "without it last,change,iv,iv-rank,iv-hv,expected-move.",
            metavar="NAMES",
        ),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Make a list."""
    from optionix_core.services import watchlists

    wanted = watchlists.DEFAULT_COLUMNS if columns is None else _columns(columns)
    with face_of(context).workspace() as workspace:
        made = watchlists.create(workspace, name, symbol or (), wanted)
    _emit(chosen(format_, as_json), made)


@app.command(
    cls=Command,
    epilog=examples("optionix watchlist add main TUNDRA", "optionix watchlist add main 'ORBIT 15JAN27 230 C' --json"),
)
def add(
    context: typer.Context,
    name: Name,
    symbols: Symbols,
    *,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Put symbols at the end of a list; those that are in it stay where they are."""
    from optionix_core.services import watchlists

    with face_of(context).workspace() as workspace:
        made = watchlists.add(workspace, name, symbols)
    _emit(chosen(format_, as_json), made)


@app.command(cls=Command, epilog=examples("optionix watchlist remove main ORBIT", "optionix watchlist list --json"))
def remove(
    context: typer.Context,
    name: Name,
    symbols: Symbols,
    *,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Take symbols out of a list."""
    from optionix_core.services import watchlists

    with face_of(context).workspace() as workspace:
        made = watchlists.remove(workspace, name, symbols)
    _emit(chosen(format_, as_json), made)


@app.command(
    cls=Command,
    epilog=examples("optionix watchlist show main", "optionix watchlist show main --json | jq '.rows[].iv_rank'"),
)
def show(
    context: typer.Context, name: Name, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False
) -> None:
    """The list with the prices and figures of this moment. What is not known is left out, with the reason."""
    from optionix_core.services import watchlist_json, watchlist_view, watchlists

    with face_of(context).workspace() as workspace:
        seen = watchlist_view.view(workspace, watchlists.watchlist(workspace, name))
    document = watchlist_json.to_json(seen)
    records: list[dict[str, Any]] = document["rows"]
    for row in seen.rows:
        if row.reason:
            say(f"note: {row.label}: {row.reason}")
    shown = [
        (f"{row.label}{' STALE' if row.stale else ''}", *(_cell(column, value) for column, value in row.values.items()))
        for row in seen.rows
    ]
    title = f"{seen.watchlist.name} ({seen.source}, {seen.state}), {seen.moment:%Y-%m-%d %H:%M:%S} UTC"
    headings = ("symbol", *(column.replace("-", " ") for column in seen.watchlist.columns))
    table = Table(headings, shown, title=title) if shown else Table(title=f"{title}: no symbols")
    emit(chosen(format_, as_json), document, records, table)


@app.command(
    cls=Command,
    epilog=examples("optionix watchlist move main TUNDRA --to 1", "optionix watchlist move main ORBIT --to 3 --json"),
)
def move(
    context: typer.Context,
    name: Name,
    symbol: Annotated[str, typer.Argument(help="A symbol of the list.", metavar="SYMBOL")],
    *,
    to: Annotated[int, typer.Option("--to", help="Its new place, from 1.", metavar="N")],
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Put a symbol at another place in its list."""
    from optionix_core.services import watchlists

    with face_of(context).workspace() as workspace:
        made = watchlists.move(workspace, name, symbol, to)
    _emit(chosen(format_, as_json), made)


@app.command(
    cls=Command,
    epilog=examples("optionix watchlist columns main last,iv,iv-hv", "optionix watchlist columns main bid,ask --json"),
)
def columns(
    context: typer.Context,
    name: Name,
    names: Annotated[str, typer.Argument(help="Columns in their order, with commas between.", metavar="NAMES")],
    *,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Choose what a list shows of its symbols."""
    from optionix_core.services import watchlists

    with face_of(context).workspace() as workspace:
        made = watchlists.choose_columns(workspace, name, _columns(names))
    _emit(chosen(format_, as_json), made)


@app.command(
    cls=Command, epilog=examples("optionix watchlist rename main core", "optionix watchlist rename main core --json")
)
def rename(
    context: typer.Context,
    name: Name,
    new: Annotated[str, typer.Argument(help="Its new name.", metavar="NEW")],
    *,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Give a list another name."""
    from optionix_core.services import watchlists

    with face_of(context).workspace() as workspace:
        made = watchlists.rename(workspace, name, new)
    _emit(chosen(format_, as_json), made)


@app.command("list", cls=Command, epilog=examples("optionix watchlist list", "optionix watchlist list --json"))
def list_(context: typer.Context, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """All lists by name."""
    from optionix_core.services import watchlists

    with face_of(context).workspace() as workspace:
        found = watchlists.listing(workspace)
    records = [_record(one) for one in found]
    rows = [(one.name, str(len(one.symbols)), ", ".join(one.columns)) for one in found]
    headings = ("list", "symbols", "columns")
    table = Table(headings, rows, left=frozenset({0, 2})) if rows else Table(title="no watchlists")
    emit(chosen(format_, as_json), {"schema_version": 1, "watchlists": records}, records, table)


@app.command(cls=Command, epilog=examples("optionix watchlist delete main", "optionix watchlist delete main --json"))
def delete(
    context: typer.Context, name: Name, *, format_: FormatOption = Format.TABLE, as_json: JsonOption = False
) -> None:
    """Take a list away; its past stays in the log."""
    from optionix_core.services import watchlists

    with face_of(context).workspace() as workspace:
        gone = watchlists.delete(workspace, name)
    record = {**_record(gone), "deleted": True}
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=f"deleted: {gone.name}"))


def _columns(text: str) -> tuple[Column, ...]:
    from optionix_core.services.watchlists import Column

    names = [name.strip().lower().replace("_", "-") for name in text.split(",")]
    for name in names:
        if name not in tuple(Column):
            raise UsageError(f"--columns must name columns of {', '.join(Column)} (got {name!r})")
    return tuple(Column(name) for name in names)


def _record(one: Watchlist) -> dict[str, Any]:
    return {
        "name": one.name,
        "symbols": [symbol.strip() for symbol in one.symbols],
        "columns": [str(column) for column in one.columns],
    }


def _emit(format_: Format, made: Watchlist) -> None:
    from optionix_core.portfolio.deliverables import label_of

    record = _record(made)
    symbols = ", ".join(label_of(symbol) for symbol in made.symbols) or "no symbols"
    emit(format_, {"schema_version": 1, **record}, [record], Table(title=f"{made.name}: {symbols}"))


def _cell(column: Column, value: float | None) -> str:
    if value is None:
        return "—"
    if column in ("change", "iv-hv"):
        return f"{100 * value:+.2f}"
    if column in ("iv", "hv20"):
        return f"{100 * value:.2f}"
    if column == "iv-rank":
        return f"{100 * value:.0f}"
    return f"{value:,.2f}"
