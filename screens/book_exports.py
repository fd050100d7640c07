"""What the book writes to a file and which command tells the same, pane by pane. Pure."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from optionix_core.errors import MissingDataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optionix_core.portfolio.values import ClosedLot
    from optionix_core.services.book_groups import BookTree
    from optionix_core.services.book_life import LifeCycle
    from optionix_core.services.book_standing import BookStanding
    from optionix_core.services.book_view import BookView
    from optionix_core.services.position_story import StoryLine


def positions_text(kind: str, tree: BookTree | None, view: BookView | None, notes: Mapping[str, str]) -> str:
    """The tree as it is shown, `csv` or `json`."""
    from optionix_core.services import book_groups_json

    if tree is None or view is None:
        raise MissingDataError("the book is not read yet")
    if kind == "csv":
        return book_groups_json.to_csv(book_groups_json.records(tree, view.moment, notes))
    return _json(book_groups_json.to_json(tree, view.moment, view.report.state.account, notes))


def explained_text(kind: str, standing: BookStanding | None) -> str:
    """The parts of the P&L by position."""
    from optionix_core.services import risk_json
    from optionix_core.services.book_groups_json import to_csv

    told = None if standing is None else standing.explained
    if told is None:
        reason = "being explained" if standing is None else standing.explained_reason
        raise MissingDataError(f"the profit and loss is not explained: {reason}")
    if kind == "json":
        return _json(risk_json.explained(told.periods))
    rows = [{"position": name.strip(), **parts} for name, parts in told.by_position.items()]
    return to_csv([*rows, {"position": "all", **told.total}])


def calendar_text(kind: str, life: LifeCycle | None) -> str:
    """What lies ahead, with a note for each position."""
    from optionix_core.services import expiring_json
    from optionix_core.services.book_groups_json import to_csv

    if life is None:
        raise MissingDataError("the calendar is not read yet")
    document = expiring_json.calendar(life.calendar)
    for row in document["entries"]:
        row["note"] = life.notes.get(row["symbol"])
    return _json(document) if kind == "json" else to_csv(document["entries"])


def story_text(kind: str, lines: Sequence[StoryLine] | None) -> str:
    """Fills and notes of what is under the cursor."""
    from optionix_core.services.book_groups_json import to_csv
    from optionix_core.services.position_story import to_json

    if lines is None:
        raise MissingDataError("there is no position under the cursor, or its story is not read yet")
    rows = to_json(lines)
    return to_csv(rows) if kind == "csv" else _json({"schema_version": 1, "lines": rows})


def lots_text(kind: str, view: BookView | None, closed: Sequence[ClosedLot]) -> str:
    """Open and closed lots."""
    from optionix_core.services import ledger_lots
    from optionix_core.services.book_groups_json import to_csv

    if view is None:
        raise MissingDataError("the book is not read yet")
    open_ = tuple(
        ledger_lots.OpenLot(line.value.position.account, line.symbol, line.value.position.currency, lot)
        for line in view.lines
        for lot in line.value.position.lots
    )
    document: dict[str, Any] = dict(ledger_lots.to_json(ledger_lots.LotsReport(open_, tuple(closed))))
    if kind == "json":
        return _json(document)
    names = ("proceeds", "realised", "closed_at", "closed_by")
    rows = [{"state": "open", **row, **dict.fromkeys(names)} for row in document["open"]]
    rows += [{"state": "closed", **row} for row in document["closed"]]
    fields = rows[0].keys() if rows else ()
    return to_csv([{name: row[name] for name in fields} for row in rows])


def ledger_text(kind: str, view: BookView | None) -> str:
    """The newest entries, newest first."""
    from optionix_core.services.book_groups_json import to_csv
    from optionix_core.sync.canonical import time_text

    if view is None:
        raise MissingDataError("the book is not read yet")
    rows = [
        {
            "time": time_text(entry.time),
            "kind": entry.kind,
            "account": entry.account,
            "id": entry.id,
            "memo": entry.memo,
            "cause": entry.cause,
            "postings": [
                {"account": leg.account, "commodity": leg.commodity.strip(), "amount": f"{leg.amount:f}"}
                for leg in entry.postings
            ],
        }
        for entry in view.entries
    ]
    return to_csv(rows) if kind == "csv" else _json({"schema_version": 1, "entries": rows})


def command(pane: str, by: str, standing: BookStanding | None, span: str, symbol: str | None) -> str:
    """The command that gives a pane, without `optionix` before it."""
    if pane == "explained":
        if span == "today" and standing is not None and standing.explained is not None:
            told = standing.explained
            return f"risk explain --from {told.start:%Y-%m-%dT%H:%M}Z --partial"
        return f"risk explain{' --days 5' if span == 'week' else ''} --partial"
    if pane == "calendar":
        return "expiry calendar"
    if pane == "detail":
        return "ledger show" if symbol is None else f"ledger show --symbol {shlex.quote(symbol.strip())}"
    return {"lots": "ledger lots", "ledger": "ledger show"}.get(pane, f"positions --group {by}")


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
