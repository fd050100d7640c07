"""`optionix chart`: bars of an underlying with indicators, as figures or drawn."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.services.chart_terms import Study
    from optionix_core.services.chart_view import ChartView

WIDEST, LINES = 120, 32

app = group(
    "chart",
    "Charts: bars, indicators, realised and implied volatility, marks.",
    "optionix chart show ORBIT --plot",
    "optionix chart show ORBIT --interval 5min --range 1d --format csv",
)


@app.callback()
def _group() -> None:
    """Charts: bars, indicators, realised and implied volatility, marks."""


@app.command(
    cls=Command,
    epilog=examples(
        "optionix chart show ORBIT --plot",
        "optionix chart show ORBIT --interval 1w --range 3y --study macd --plot",
        "optionix chart show ORBIT --range 1y --json | jq '.bars[-1] | [.close, .iv30, .yang_zhang_20d]'",
        "optionix chart show TUNDRA --interval 5min --range 1d --format csv > tundra.csv",
    ),
)
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Underlying.", metavar="NAME")],
    *,
    interval: Annotated[
        str | None,
        typer.Option(
            "--interval",
            help="1min, 5min, 15min, 30min, 1h, 1d, 1w, 1mo, 1q or 1y; the usual one of the range without it.",
            metavar="NAME",
        ),
    ] = None,
    span: Annotated[str, typer.Option("--range", help="1d, 5d, 1m, 3m, 6m, 1y, 3y or all.", metavar="NAME")] = "6m",
    study: Annotated[
        str, typer.Option("--study", help="Below the candles: volatility, rsi, macd or none.", metavar="NAME")
    ] = "volatility",
    averages: Annotated[
        str, typer.Option("--averages", help="Windows of moving averages, in bars; none for none.", metavar="N,N")
    ] = "20,50",
    bands: Annotated[int, typer.Option("--bands", help="Window of the Bollinger bands; 0 for none.", metavar="N")] = 20,
    realised: Annotated[int, typer.Option("--realised", help="Days of realised volatility.", metavar="N")] = 20,
    plot: Annotated[bool, typer.Option("--plot", help="Draw candles instead of a table.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Bars of a range with every indicator; what is not known is null, and notes say why.

    Volatilities in JSON are fractions a year. Bars within a day come from feeds that tell them: the simulated venue and
    recordings.
    """
    from optionix_core.services import chart_json
    from optionix_core.services.chart_terms import USUAL, ChartTerms, interval_of, range_of, study_of
    from optionix_core.services.chart_view import ChartViewer

    wanted, below = range_of(span.lower()), study_of(study.lower())
    terms = ChartTerms(
        underlying=name.strip().upper(),
        interval=USUAL[wanted] if interval is None else interval_of(interval.lower()),
        span=wanted,
        averages=_windows(averages),
        bands=bands or None,
        realised=realised,
    )
    format_ = chosen(format_, as_json)
    if plot and format_ is not Format.TABLE:
        raise UsageError("--plot draws for eyes: leave --format and --json away")
    with face_of(context).workspace() as workspace:
        view = ChartViewer(workspace).view(terms, workspace.clock.now())
    for note in view.notes:
        say(f"note: {note}")
    if plot:
        sys.stdout.write(_picture(view, below))
        return
    document = chart_json.to_json(view)
    emit(format_, document, document["bars"], _table(view, document["bars"]))


def _windows(text: str) -> tuple[int, ...]:
    if text.strip().lower() == "none":
        return ()
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if not word.isdecimal():
            raise UsageError(f"--averages must be whole numbers such as 20,50, or none (got {word!r})")
    return tuple(map(int, words))


def _picture(view: ChartView, study: Study) -> str:
    from screens.chart_plots import Drawn, chart_plot
    from screens.chart_window import Window
    from widgets.candle_cells import room, text_of

    width = min(shutil.get_terminal_size().columns, WIDEST) if sys.stdout.isatty() else WIDEST
    total = len(view.bars)
    laid = Window(total - view.first).laid(total, room(width))
    terms = view.terms
    note = f"{view.source}, {view.state}, {view.moment:%Y-%m-%d %H:%M:%S} UTC"
    if laid.group > 1:
        note += f"; a candle is {laid.group} bars"
    title = f"{terms.underlying} {terms.interval} {terms.span}"
    return text_of(chart_plot(view, laid, Drawn(study), title, note), width, LINES)


def _table(view: ChartView, bars: list[dict[str, Any]]) -> Table:
    terms = view.terms
    within = terms.interval.step is not None
    rows = []
    for bar in bars:
        start = str(bar["start"])
        volatilities = [
            _text(None if value is None else 100.0 * value, 2)
            for key, value in bar.items()
            if key == "iv30" or key.endswith("d")
        ]
        rows.append(
            (
                f"{start[:10]} {start[11:16]}" if within else start[:10],
                *(_text(bar[key], 2) for key in ("open", "high", "low", "close")),
                _text(bar["volume"], 0),
                _text(bar["rsi_14"], 1),
                *volatilities,
            )
        )
    names = tuple(line.name for line in view.indicators.volatility)
    title = (
        f"{terms.underlying} {terms.interval} {terms.span} ({view.source}, {view.state}), "
        f"{view.moment:%Y-%m-%d %H:%M:%S} UTC"
    )
    return Table(("bar", "open", "high", "low", "close", "volume", "RSI", *names), rows, title=title)


def _text(value: float | None, digits: int) -> str:
    return "—" if value is None else f"{value:,.{digits}f}"
