"""How `optionix price` shows an answer of the engine: one method, several beside each other, or a file of contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optionix_tui.cli.output import Format, Table, emit


def emit_result(document: dict[str, Any], format_: Format, *, only_greeks: bool) -> None:
    """One answer: the price with its error, where the contract stands, Greeks with their units."""
    units: Mapping[str, str] = document["units"]
    beside = ("standard_error", "error_bound", "intrinsic", "time_value", "moneyness")
    values: dict[str, Any] = {} if only_greeks else {"price": document["price"]}
    values |= {} if only_greeks else {name: document[name] for name in beside if document[name] is not None}
    lines = [(name.replace("_", " "), _shown(value), units.get(name, "")) for name, value in values.items()]
    lines += [(name, _shown(value), units[name]) for name, value in document["greeks"].items()]
    told = f"{document['contract']['kind']}, {document['model']['kind']}: {document['method']}"
    notes = [document[name] for name in ("error_unknown", "greeks_missing") if document[name]]
    if only_greeks:
        document = {key: value for key, value in document.items() if key != "price"}
        notes = notes[-1:] if document["greeks_missing"] else []
    record = {**values, **document["greeks"], "method": document["method_id"]}
    title = "\n".join((told, *(f"({note})" for note in notes)))
    emit(format_, document, [record], Table(("", "value", "unit"), lines, title, frozenset({0, 2})))


def emit_comparison(document: dict[str, Any], format_: Format) -> None:
    """Methods beside each other: price, error, time, or why there is no price."""
    rows: Sequence[Mapping[str, Any]] = document["methods"]
    lines = []
    for row in rows:
        error = row["standard_error"] if row["error_bound"] is None else row["error_bound"]
        kind = "" if error is None else "standard error" if row["error_bound"] is None else "bound"
        cells = [_cell(row["price"], 10), _cell(error, 3), kind, _cell(row["seconds"], 3)]
        lines.append([row["method_id"], *cells, row["failure"] or row["method"]])
    title = f"{document['contract']['kind']}, {document['model']['kind']}"
    headings = ("method", "price", "error", "kind", "seconds", "")
    names = dict.fromkeys(name for row in rows for name in row)
    records = [{name: row.get(name) for name in names} for row in rows]
    emit(format_, document, records, Table(headings, lines, title, frozenset({0, 3, 5})))


def emit_rows(document: dict[str, Any], answers: tuple[str, ...], format_: Format) -> None:
    """A file of options: the columns that tell them apart, then the answers."""
    rows = document["rows"]
    named = tuple(name for name in ("id", "type", "strike", "expiry") if name in rows[0])
    headings = (*named, *answers)
    cells = [[_cell(row[name], 6) for name in headings] for row in rows]
    words = frozenset(index for index, name in enumerate(headings) if name in ("id", "type", "status", "method"))
    table = Table(tuple(name.replace("_", " ") for name in headings), cells, str(document["method"]), words)
    emit(format_, document, rows, table)


def _cell(value: object, digits: int) -> str:
    if value is None:
        return ""
    return f"{value:.{digits}g}" if isinstance(value, (int, float)) else str(value)


def _shown(value: float | None) -> str:
    return "infinite" if value is None else f"{value:.10g}"
