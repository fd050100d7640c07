"""Where the numbers of a chart come from: the candle under the crosshair, its indicators, its source. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.market.protocols import FeedState
from screens.chart_plots import marks_of, points
from screens.chart_summary import span_words
from screens.explanations import Explanation
from widgets import figures

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.chart_view import ChartView
    from screens.chart_window import Laid

_ESTIMATORS = {
    "close-close": "sample deviation of the log returns from close to close",
    "parkinson": "high and low of each day (Parkinson 1980); the night is not in it",
    "yang-zhang": "open, high, low and close, with the night (Yang and Zhang 2000)",
}


def explain_candle(view: ChartView, laid: Laid, candle: int, now: datetime) -> Explanation:
    """The candle, what is drawn over and below it, and the source."""
    first, stop = laid.bars_of(candle)
    bars, end, terms, told = view.bars, stop - 1, view.terms, view.indicators
    facts: list[tuple[str, str]] = []
    count = stop - first
    whole = "one bar" if count == 1 else f"{count} bars"
    facts.append(("candle", f"{whole} of {terms.interval}: {_hours(view)}"))
    if view.running and end == view.place_now:
        facts.append(("running", "the last bar is not over: its close is the price of this moment"))
    for name in ("open", "high", "low"):
        value = {
            "open": bars.open[first], "high": bars.high[first:stop].max(), "low": bars.low[first:stop].min()
        }[name]  # fmt: skip
        facts.append((name, figures.price(float(value))))
    volume = float(bars.volume[first:stop].sum())
    facts.append(("volume", "the source does not tell it" if math.isnan(volume) else f"{volume:,.0f}"))
    facts += [
        (line.name, f"{_value(line.values[end])}: mean of the last {line.name.split()[1]} closes")
        for line in told.averages
    ]
    if told.bands:
        width = f"{terms.width:g} population deviations of {terms.bands} closes around their mean"
        facts.append(("bands", f"{_value(told.bands[1].values[end])} to {_value(told.bands[0].values[end])}: {width}"))
    facts.append((told.rsi.name, f"{_value(told.rsi.values[end])}: Wilder's averages of rises and falls, 0 to 100"))
    facts.append(("MACD", f"{_value(told.macd[0].values[end])}: exponential averages of 12 less 26 closes, signal 9"))
    for line in told.volatility:
        name = line.name.split()[0]
        if name == "IV30":
            meaning = "at the money, 30 days, at the close, as the source's history has it"
        else:
            meaning = f"{_ESTIMATORS[name]}; {terms.realised} days"
        facts.append((line.name, f"{points(float(line.values[end]))} points a year: {meaning}"))
    facts += [(str(mark.kind), mark.words) for mark in marks_of(view, laid, candle)]
    facts += [("note", note) for note in view.notes]
    facts.append(("source", _source(view)))
    facts.append(
        ("as of", f"{view.moment:%Y-%m-%d %H:%M:%S} UTC, {figures.age((now - view.moment).total_seconds())} ago")
    )
    title = f"{terms.underlying} {span_words(view, first, end)}"
    return Explanation(title, f"close {figures.price(float(bars.close[end]))} {view.currency}", tuple(facts))


def _value(value: float) -> str:
    return "not enough bars before it" if math.isnan(value) else figures.price(float(value))


def _hours(view: ChartView) -> str:
    if view.terms.interval.step is not None:
        return "times in UTC, in the hours that the feed trades"
    return "sessions of the exchange, of the feed's daily history"


def _source(view: ChartView) -> str:
    if view.state is FeedState.SIMULATED:
        return "the simulated venue (SIM): no real market's prices"
    return f"{view.source}, {view.state}"
