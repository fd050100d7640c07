"""Where the numbers of a watchlist come from. Pure: a row and a column in, sentences out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.market import symbols
from optionix_core.market.protocols import FeedState
from screens.explanations import Explanation
from screens.watchlist_columns import TREND
from widgets import figures

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.watchlist_view import WatchRow, WatchView
    from widgets.grid_columns import Column

_OF_UNDERLYINGS = {
    "last": "the last price that the feed tells",
    "change": "the last price against the last close of its exchange",
    "bid": "what is bid for it now",
    "ask": "what it is offered for now",
    "iv": "the last 30-day at-the-money implied volatility of the feed's daily history",
    "iv-rank": "place of that volatility between the least (0) and the greatest (100) of 252 days",
    "hv20": "sample deviation of the last 20 daily log returns, times the root of 252",
    "iv-hv": "the implied volatility less HV20, in points",
    "expected-move": "one standard deviation to the nearest expiry after today: forward, at-the-money volatility, time",
    "delta": "an underlying moves with itself: 1",
    "trend": f"the last {TREND} daily closes and the price now, between the least and the greatest of them",
    "note": "what is missing, and why",
    "label": "the symbol, as it is written on the command line",
}
_OF_OPTIONS = {
    "last": "the last price at which it was traded, as the feed tells it",
    "change": "not told of options",
    "iv": "Black (1976) on the forward of its expiry, solved for the mid",
    "iv-rank": "of its underlying's 30-day volatility, among 252 days",
    "hv20": "of its underlying: deviation of the last 20 daily log returns, times the root of 252",
    "iv-hv": "its implied volatility less its underlying's HV20, in points",
    "expected-move": "one standard deviation of its underlying to its expiry",
    "delta": "of Black (1976) at its own implied volatility, long one unit",
    "trend": f"the last {TREND} daily closes of its underlying",
}


def explain_row(view: WatchView, row: WatchRow, column: Column, now: datetime) -> Explanation:
    """The number of one cell."""
    is_option = symbols.is_option(row.symbol)
    meanings = {**_OF_UNDERLYINGS, **_OF_OPTIONS} if is_option else _OF_UNDERLYINGS
    value = next((one for name, one in row.values.items() if str(name) == column.key), None)
    facts = [("what it is", meanings[column.key])]
    if column.key == "trend":
        shown = column.write(row.closes) or figures.ABSENT
        if row.closes:
            told = row.closes[-TREND:]
            facts.append(("from, to", f"{figures.quote(min(told))} to {figures.quote(max(told))}"))
    elif column.key == "note":
        shown = row.reason or figures.ABSENT
    else:
        shown = row.label if column.key == "label" else column.write(value)
        if value is None and column.key != "label":
            facts.append(("why absent", row.reason or "the feed does not tell it"))
    if row.quoted_at is not None:
        age = figures.age((now - row.quoted_at).total_seconds())
        stale = "; STALE: older than the feed allows" if row.stale else ""
        facts.append(("quote of", f"{row.quoted_at:%Y-%m-%d %H:%M:%S} UTC, {age} old{stale}"))
    simulated = " (SIM): no real market's prices" if view.state is FeedState.SIMULATED else ""
    facts.append(("source", f"{view.source}, {view.state}{simulated}"))
    facts.append(("as of", f"{view.moment:%Y-%m-%d %H:%M:%S} UTC"))
    return Explanation(f"{column.title} of {row.label}", shown, tuple(facts))
