"""`optionix risk stress`: the book in named scenarios, or on a grid of moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import MissingDataError, UsageError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.risk.book import BookOption
from optionix_tui.cli.risk.source import (
    AllAccountsOption,
    PartialOption,
    RateOption,
    YieldOption,
    account_betas,
    account_book,
    csv_book,
    numbers,
    pairs,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optionix_core.risk.stress import StressGrid
    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.services.risk_book import BuiltBook

EPILOG = (
    "optionix risk stress",
    "optionix risk stress --scenario crash-1987 --scenario black_swan --json | jq .worst",
    "optionix risk stress --file mine.toml --beta-index TUNDRA",
    "optionix risk stress --spots -20,-10,0,10,20 --volatilities -5,0,10 --days 0,7 --plot",
    "optionix risk stress --list",
)
_SPOT, _VOLATILITY = 0.01, 0.01


def stress(
    context: typer.Context,
    *,
    book: BookOption = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", help="One of the list; may be repeated. Without it all.", metavar="NAME"),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Your own scenarios, in the place of the shipped ones.", metavar="TOML"),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show the scenarios and their sources.")] = False,
    beta: Annotated[
        list[str] | None,
        typer.Option("--beta", help="What a market move is multiplied by; may be repeated.", metavar="NAME=BETA"),
    ] = None,
    beta_index: Annotated[
        str | None,
        typer.Option("--beta-index", help="Estimate the other betas on this underlying's history.", metavar="NAME"),
    ] = None,
    spots: Annotated[
        str | None, typer.Option("--spots", help="A grid: spot moves in percent.", metavar="PERCENT,...")
    ] = None,
    volatilities: Annotated[
        str, typer.Option("--volatilities", help="Of the grid: volatility moves in points.", metavar="POINTS,...")
    ] = "0",
    days: Annotated[str, typer.Option("--days", help="Of the grid: days that pass.", metavar="DAYS,...")] = "0",
    every: AllAccountsOption = False,
    rate: RateOption = None,
    dividend_yield: YieldOption = None,
    partial: PartialOption = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the grid, or the scenarios.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Profit and loss of the whole book, revalued in each scenario; and what closing it there would cost.

    Historical scenarios compare two closes and name their source; hypothetical ones say that we chose them. A market
    move falls on each underlying times its beta, 1 where none is given.
    """
    face, output = face_of(context), chosen(format_, as_json)
    if plot and output is not Format.TABLE:
        raise UsageError("--plot draws for people: leave --json and --format out")
    if listed:
        _list(output, _library(file))
        return
    given = pairs(beta, "--beta", "ORBIT=1.2")
    betas: dict[str, float] | None = given or None
    if book is not None:
        if beta_index is not None:
            raise UsageError("--beta-index needs a history: a CSV book has none, give --beta")
        built = csv_book(face, book, rate, dividend_yield)
    else:
        with face.workspace() as workspace:
            built = account_book(workspace, partial=partial, every=every)
            betas = account_betas(workspace, built, given, beta_index)[0]
    if not built.book.positions:
        raise MissingDataError("nothing is held: there is no book to stress")
    if spots is not None:
        _grid(output, built, (spots, volatilities, days), plot=plot)
        return
    _scenarios(output, built, _chosen(_library(file), scenario), betas, plot=plot)


def _scenarios(
    output: Format,
    built: BuiltBook,
    scenarios: Sequence[StressScenario],
    betas: Mapping[str, float] | None,
    *,
    plot: bool,
) -> None:
    from optionix_core.risk.stress import stress as stressed
    from optionix_core.services import risk_json
    from optionix_core.services.risk_liquidity import closing_of
    from optionix_tui.cli.price_progress import ProgressLine

    line = ProgressLine("revaluing")
    found = stressed(built.book, scenarios, betas, progress=line)
    line.clear()
    costs = {one.id: closing_of(built, 1.0, one.spread) for one in scenarios} if built.touches else None
    document = risk_json.stressed(built, found, costs)
    rows = [
        (
            row["title"],
            row["kind"],
            row["day"] or "",
            _percent(row["spot"]),
            _money(row["pnl"]),
            _money(row["closing_cost"]),
        )
        for row in document["scenarios"]
    ]
    worst = document["worst"]
    title = (
        f"{len(built.book.positions)} positions, {document['currency']}; worst: {worst['id']} {_money(worst['pnl'])}"
    )
    lines = [title, *(f"assumed: {words}" for words in document["assumptions"])]
    headings = ("scenario", "kind", "day", "market", "P&L", "cost to close")
    records = [
        {name: row[name] for name in ("id", "title", "kind", "day", "spot", "pnl", "closing_cost")}
        for row in document["scenarios"]
    ]
    emit(output, document, records, Table(headings, rows, "\n".join(lines), frozenset({0, 1, 2})))
    if plot:
        from optionix_tui.cli.plot import layers

        bars = [
            (float(place), min(0.0, row["pnl"]), max(0.0, row["pnl"]))
            for place, row in enumerate(document["scenarios"], 1)
        ]
        typer.echo(
            layers("P&L by scenario, in the order of the table", [((0.5, len(bars) + 0.5), (0.0, 0.0))], bars), nl=False
        )


def _grid(output: Format, built: BuiltBook, axes: tuple[str, str, str], *, plot: bool) -> None:
    from optionix_core.risk.stress import stress_grid
    from optionix_core.services import risk_json
    from optionix_tui.cli.price_progress import ProgressLine

    line = ProgressLine("revaluing")
    found = stress_grid(
        built.book,
        numbers(axes[0], "--spots", _SPOT),
        numbers(axes[1], "--volatilities", _VOLATILITY),
        numbers(axes[2], "--days"),
        progress=line,
    )
    line.clear()
    document = risk_json.grid(built, found)
    records = [
        {"spot_return": spot, "volatility_move": move, "days": gone, "pnl": float(found.total[i, j, k])}
        for i, spot in enumerate(found.spot_returns)
        for j, move in enumerate(found.volatility_moves)
        for k, gone in enumerate(found.days)
    ]
    emit(output, document, records, _grid_table(found, document))
    if plot:
        from optionix_tui.cli.plot import layers

        if len(found.spot_returns) < 2:
            raise UsageError("--plot needs at least two spot moves")
        across = [100.0 * spot for spot in found.spot_returns]
        curves = [(across, found.total[:, j, 0].tolist()) for j in range(len(found.volatility_moves))]
        typer.echo(layers(f"P&L by spot move in percent, after {found.days[0]:g} days", curves, marked=0.0), nl=False)


def _grid_table(found: StressGrid, document: Mapping[str, Any]) -> Table:
    headings = (
        "spot",
        *(f"{100.0 * move:+g} pts, {gone:g} d" for move in found.volatility_moves for gone in found.days),
    )
    rows = [
        (
            _percent(spot),
            *(
                _money(float(found.total[i, j, k]))
                for j in range(len(found.volatility_moves))
                for k in range(len(found.days))
            ),
        )
        for i, spot in enumerate(found.spot_returns)
    ]
    title = f"{document['positions']} positions, P&L in {document['currency']}; volatilities stay with their strikes"
    return Table(headings, rows, title, frozenset())


def _library(file: Path | None) -> tuple[StressScenario, ...]:
    from config.scenarios import STRESS_LIBRARY
    from optionix_core.risk import stress_library

    if file is None:
        return stress_library.read(STRESS_LIBRARY)
    return stress_library.read(file, stress_library.ScenarioKind.USER)


def _chosen(scenarios: tuple[StressScenario, ...], names: list[str] | None) -> tuple[StressScenario, ...]:
    from optionix_core.risk import stress_library

    return stress_library.chosen(scenarios, names) if names else scenarios


def _list(output: Format, scenarios: tuple[StressScenario, ...]) -> None:
    from optionix_core.services import risk_json

    rows = [risk_json.scenario(one) for one in scenarios]
    month = {one.id: next((move.change for move in one.volatility if move.days == 30), None) for one in scenarios}
    table = Table(
        ("name", "kind", "day", "market", "30-day vol", "source"),
        [
            (
                row["id"],
                row["kind"],
                row["day"] or "",
                _percent(row["spot"]),
                _points(month[row["id"]]),
                row["source"],
            )
            for row in rows
        ],
        left=frozenset({0, 1, 2, 5}),
    )
    emit(output, {"schema_version": risk_json.SCHEMA_VERSION, "scenarios": rows}, rows, table)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100.0 * value:+.1f}%"


def _points(value: float | None) -> str:
    return "" if value is None else f"{100.0 * value:+.1f}"


def _money(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"
