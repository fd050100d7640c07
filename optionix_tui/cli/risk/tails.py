"""`optionix risk var`, `es` and `backtest`: what the book may lose, its parts, and whether the figures held."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.risk.book import BookOption
from optionix_tui.cli.risk.source import (
    AllAccountsOption,
    PartialOption,
    RateOption,
    YieldOption,
    account_book,
    csv_book,
    numbers,
)

if TYPE_CHECKING:
    from optionix_core.risk.executors import Executor
    from optionix_core.services.risk_book import BuiltBook
    from optionix_core.services.risk_tails import TailReport
    from optionix_core.services.workspace import Workspace

VAR_EPILOG = (
    "optionix risk var",
    "optionix risk var --confidence 0.99,0.95 --horizon 1,10 --by underlying --json | jq .estimates",
    "optionix risk var --method copula --scenarios 20000 --seed 7",
    "optionix risk var --by factor --plot",
    "optionix risk var --executor processes --workers 2",
)
ES_EPILOG = ("optionix risk es", "optionix risk es --confidence 0.975 --method filtered --json")
BACKTEST_EPILOG = ("optionix risk backtest", "optionix risk backtest --confidence 0.95 --method age --json | jq .tests")


class Method(StrEnum):
    """How scenarios are had or weighted."""

    PLAIN = "plain"
    AGE = "age"
    FILTERED = "filtered"
    COPULA = "copula"


class By(StrEnum):
    """What a part is."""

    POSITION = "position"
    UNDERLYING = "underlying"
    EXPIRY = "expiry"
    FACTOR = "factor"


class Where(StrEnum):
    """Where the book is revalued."""

    THREADS = "threads"
    PROCESSES = "processes"
    DASK = "dask"


MethodOption = Annotated[
    Method,
    typer.Option(
        "--method",
        help="Past days alike, weighted by age, brought to today's volatility, or drawn by a Student-t copula.",
        metavar="plain|age|filtered|copula",
    ),
]
ByOption = Annotated[By, typer.Option("--by", help="What a part is.", metavar="position|underlying|expiry|factor")]
ConfidenceOption = Annotated[
    str, typer.Option("--confidence", help="One or several; parts are of the first.", metavar="NUMBER,...")
]
HorizonOption = Annotated[
    str, typer.Option("--horizon", help="Days, by the square root; one or several.", metavar="DAYS,...")
]
DaysOption = Annotated[int, typer.Option("--days", help="Past daily moves, at most.", metavar="N")]
ScenariosOption = Annotated[int, typer.Option("--scenarios", help="Drawn by the copula.", metavar="N")]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the copula: the same seed, the same bits.", metavar="N")]
ExecutorOption = Annotated[
    Where, typer.Option("--executor", help="Where the book is revalued.", metavar="threads|processes|dask")
]
WorkersOption = Annotated[int | None, typer.Option("--workers", help="How many; one a processor.", metavar="N")]
AddressOption = Annotated[
    str | None, typer.Option("--address", help="Of a Dask scheduler; a local cluster without it.", metavar="ADDRESS")
]

PlotOption = Annotated[bool, typer.Option("--plot", help="Draw the profits and losses, least first, with the figure.")]


def var(
    context: typer.Context,
    *,
    book: BookOption = None,
    confidence: ConfidenceOption = "0.99,0.975,0.95",
    horizon: HorizonOption = "1",
    method: MethodOption = Method.PLAIN,
    by: ByOption = By.POSITION,
    days: DaysOption = 500,
    scenarios: ScenariosOption = 10_000,
    seed: SeedOption = 0,
    executor: ExecutorOption = Where.THREADS,
    workers: WorkersOption = None,
    address: AddressOption = None,
    every: AllAccountsOption = False,
    rate: RateOption = None,
    dividend_yield: YieldOption = None,
    partial: PartialOption = False,
    plot: PlotOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Value at risk by full revaluation, with parts that add up; losses are positive.

    Delta-normal and delta-gamma figures of the same moves stand beside it. A CSV book needs underlyings whose history
    the feed has.
    """
    output, where = _drawn(format_, as_json, plot), _executor(executor, workers, address)
    asked = Asked(book, rate, dividend_yield, partial, every)
    built, found = _tails(context, asked, confidence, horizon, method, by, days, scenarios, seed, where)
    _emit(output, built, found, "value_at_risk", "value at risk")
    if plot:
        _plot(found, "value_at_risk", "value at risk")


def es(
    context: typer.Context,
    *,
    book: BookOption = None,
    confidence: ConfidenceOption = "0.975,0.99,0.95",
    horizon: HorizonOption = "1",
    method: MethodOption = Method.PLAIN,
    by: ByOption = By.POSITION,
    days: DaysOption = 500,
    scenarios: ScenariosOption = 10_000,
    seed: SeedOption = 0,
    executor: ExecutorOption = Where.THREADS,
    workers: WorkersOption = None,
    address: AddressOption = None,
    every: AllAccountsOption = False,
    rate: RateOption = None,
    dividend_yield: YieldOption = None,
    partial: PartialOption = False,
    plot: PlotOption = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Expected shortfall by full revaluation: the mean loss at or beyond value at risk, with parts that add up."""
    output, where = _drawn(format_, as_json, plot), _executor(executor, workers, address)
    asked = Asked(book, rate, dividend_yield, partial, every)
    built, found = _tails(context, asked, confidence, horizon, method, by, days, scenarios, seed, where)
    _emit(output, built, found, "expected_shortfall", "expected shortfall")
    if plot:
        _plot(found, "expected_shortfall", "expected shortfall")


def backtest(
    context: typer.Context,
    *,
    book: BookOption = None,
    confidence: Annotated[float, typer.Option("--confidence", help="Of value at risk.", metavar="NUMBER")] = 0.99,
    method: MethodOption = Method.PLAIN,
    window: Annotated[int, typer.Option("--window", help="Days that each figure is told from.", metavar="DAYS")] = 250,
    days: DaysOption = 750,
    rate: RateOption = None,
    dividend_yield: YieldOption = None,
    partial: PartialOption = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw each day's P&L and the figure told for it.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The book as it stands over its history: each day's value at risk from the days before, against what came.

    Kupiec's and Christoffersen's tests and the Basel traffic light.
    """
    from optionix_core.services import risk_json, risk_tails

    output = _drawn(format_, as_json, plot)
    with face_of(context).workspace() as workspace:
        built = _built(context, workspace, Asked(book, rate, dividend_yield, partial, every=False))
        found = risk_tails.backtest(
            built, workspace.venue_feed, confidence=confidence, method=method.value, window=window, days=days
        )
    document = risk_json.backtested(built, found)
    came, awaited = document["exceptions"], document["expected_exceptions"]
    title = (
        f"{came} exceptions in {document['observations']} days, {awaited:.1f} expected; "
        f"{document['traffic_light']['zone']} zone; {document['first_day']} to {document['last_day']}"
    )
    rows = [
        (one["name"], "" if one["statistic"] is None else f"{one['statistic']:.3f}", _p_value(one["p_value"]))
        for one in document["tests"]
    ]
    emit(output, document, document["tests"], Table(("test", "statistic", "p-value"), rows, title))
    if plot:
        from optionix_tui.cli.plot import layers

        days_told = [float(place) for place in range(1, len(found.forecasts.pnl) + 1)]
        came_by_day = (days_told, [float(value) for value in found.forecasts.pnl])
        told = (days_told, [-float(value) for value in found.forecasts.value_at_risk])
        typer.echo(layers("P&L by day, and the loss told for it", [came_by_day, told]), nl=False)


class Asked(NamedTuple):
    """Which book."""

    book: str | None
    rate: float | None
    dividend_yield: float | None
    partial: bool
    every: bool


def _built(context: typer.Context, workspace: Workspace, asked: Asked) -> BuiltBook:
    if asked.book is None:
        return account_book(workspace, partial=asked.partial, every=asked.every)
    if asked.every or asked.partial:
        raise UsageError("--all-accounts and --partial are of the ledger: leave them out with --book")
    return csv_book(face_of(context), asked.book, asked.rate, asked.dividend_yield)


def _drawn(format_: Format, as_json: bool, plot: bool) -> Format:
    output = chosen(format_, as_json)
    if plot and output is not Format.TABLE:
        raise UsageError("--plot draws for people: leave --json and --format out")
    return output


def _tails(
    context: typer.Context,
    asked: Asked,
    confidence: str,
    horizon: str,
    method: Method,
    by: By,
    days: int,
    scenarios: int,
    seed: int,
    executor: Executor,
) -> tuple[BuiltBook, TailReport]:
    from optionix_core.services import risk_tails
    from optionix_tui.cli.price_progress import ProgressLine

    horizons = numbers(horizon, "--horizon")
    if any(value != int(value) for value in horizons):
        raise UsageError(f"--horizon must be whole days (got {horizon})")
    line = ProgressLine("revaluing")
    with face_of(context).workspace() as workspace:
        built = _built(context, workspace, asked)
        found = risk_tails.tails(
            built,
            workspace.venue_feed,
            confidences=numbers(confidence, "--confidence"),
            horizons=tuple(int(value) for value in horizons),
            method=method.value,
            by=by.value,
            days=days,
            scenarios=scenarios,
            seed=seed,
            executor=executor,
            progress=line,
        )
    line.clear()
    for note in found.notes:
        say(f"note: {note}")
    return built, found


def _plot(found: TailReport, figure: str, words: str) -> None:
    from optionix_tui.cli.plot import layers

    total = sorted(float(value) for value in found.pnl.total())
    if not total:
        return
    shares = [100.0 * (place + 0.5) / len(total) for place in range(len(total))]
    loss = -getattr(found.estimates[0], figure)
    title = f"P&L of a day by percent of scenarios that are as bad or worse; the line is {words}"
    typer.echo(layers(title, [(total, shares), ([loss, loss], [0.0, 100.0])]), nl=False)


def _emit(output: Format, built: BuiltBook, found: TailReport, figure: str, words: str) -> None:
    from optionix_core.services import risk_json

    document: dict[str, Any] = risk_json.tails(built, found)
    parts = document[f"{figure}_parts"]
    lines = [f"{words}, {document['currency']}, {document['method']}, {document['positions']} positions"]
    lines += [
        f"{100.0 * one['confidence']:g}% over {one['horizon_days']} d: {one[figure]:,.2f} "
        f"(scenario {one['rank']} of {one['scenarios']})"
        for one in document["estimates"]
    ]
    lines += [
        f"{100.0 * one['confidence']:g}% over 1 d lies within {_end(ends['lower'])} and {_end(ends['upper'])} "
        f"with {100.0 * ends['level']:g}%"
        for one in document["intervals"]
        if (ends := one[figure]) is not None
    ]
    lines += [
        f"beside, {100.0 * one['confidence']:g}% over 1 d: delta-normal {one['delta_normal']:,.2f}, "
        f"delta-gamma {one['delta_gamma']:,.2f}"
        for one in (document["beside"] if figure == "value_at_risk" else ())
    ]
    lines += [f"note: {note}" for note in dict.fromkeys(note for one in document["estimates"] for note in one["notes"])]
    rows = [
        (
            one["name"].strip(),
            f"{one['component']:,.2f}",
            "" if one["standard_error"] is None else f"{one['standard_error']:,.2f}",
            f"{one['standalone']:,.2f}",
            f"{one['incremental']:,.2f}",
        )
        for one in parts["parts"]
    ]
    headings = (f"parts of {100.0 * parts['confidence']:g}%", "component", "its error", "alone", "incremental")
    emit(output, document, document["estimates"], Table(headings if rows else (), rows, "\n".join(lines)))


def _executor(name: Where, workers: int | None, address: str | None) -> Executor:
    from optionix_core.risk.executor_names import executor_of

    return executor_of(name.value, workers, address)


def _end(value: float | None) -> str:
    return "any figure" if value is None else f"{value:,.2f}"


def _p_value(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
