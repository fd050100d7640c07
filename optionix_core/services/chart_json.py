"""A chart as JSON and CSV: a record a bar, with every indicator under its own name. What is not known is null."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any, Final

from optionix_core.services.chart_view import of_range
from optionix_core.services.order_json import number
from optionix_core.sync.canonical import time_text

if TYPE_CHECKING:
    from optionix_core.services.chart_marks import Mark
    from optionix_core.services.chart_view import ChartView, Line

SCHEMA_VERSION: Final = 1
_PRICES: Final = ("open", "high", "low", "close", "volume")


def to_json(view: ChartView) -> dict[str, Any]:
    """The document: the range's bars and marks. Volatilities are fractions per root year, RSI runs from 0 to 100."""
    kept = of_range(view)
    quote = view.quote
    return {
        "schema_version": SCHEMA_VERSION,
        "underlying": view.terms.underlying,
        "interval": str(view.terms.interval),
        "range": str(view.terms.span),
        "source": view.source,
        "feed": str(view.state),
        "currency": view.currency,
        "moment": time_text(view.moment),
        "last": None if quote is None else quote.last,
        "change": view.change,
        "running": view.running,
        "notes": list(view.notes),
        "marks": [mark_json(mark) for mark in kept.marks],
        "bars": records(kept),
    }


def mark_json(mark: Mark) -> dict[str, Any]:
    """One mark."""
    return {
        "at": time_text(mark.at),
        "kind": str(mark.kind),
        "symbol": None if mark.symbol is None else mark.symbol.strip(),
        "quantity": number(mark.quantity),
        "price": number(mark.price),
        "words": mark.words,
    }


def records(view: ChartView) -> list[dict[str, Any]]:
    """A record for each bar of a chart, oldest first."""
    bars, told = view.bars, view.indicators
    columns: dict[str, list[float | None]] = {name: _values(getattr(bars, name).tolist()) for name in _PRICES}
    for line in (*told.averages, *told.bands, told.rsi, *told.macd, *told.volatility):
        columns[key_of(line)] = _values(line.values.tolist())
    return [
        {"start": time_text(start), **{name: values[place] for name, values in columns.items()}}
        for place, start in enumerate(bars.starts)
    ]


def key_of(line: Line) -> str:
    """The name of an indicator's column: `sma_20`, `upper_20`, `rsi_14`, `iv30`, `parkinson_20d`, `macd_12_26`."""
    return line.name.lower().replace(" ", "_").replace("-", "_")


def encode(view: ChartView, kind: str) -> str:
    """The text of a file: `csv` with a line a bar, `json` with everything."""
    if kind == "json":
        return json.dumps(to_json(view), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    rows = records(of_range(view))
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def _values(column: list[float]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in column]
