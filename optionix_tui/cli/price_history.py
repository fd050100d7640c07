"""`optionix price history`: requests that were priced before, found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.usage import examples

app = group(
    "history",
    "Requests that were priced before: list them, show one.",
    "optionix price history list",
    "optionix price history list --json | jq -r '.requests[0].id'",
)


@app.command(
    "list",
    cls=Command,
    epilog=examples("optionix price history list", "optionix price history list --limit 5 --format csv"),
)
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, the newest first.", metavar="N")] = 20,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The last priced requests, the newest first."""
    from optionix_core.services import price_requests

    face = face_of(context)
    rows = [_row(record) for record in price_requests.history(face.home, face.clock, limit).requests]
    document = {"schema_version": price_requests.SCHEMA_VERSION, "requests": rows}
    headings = ("id", "contract", "model", "method", "price")
    lines = [[_cell(row[name]) for name in headings] for row in rows]
    title = "" if rows else "nothing has been priced yet"
    table = Table(headings if rows else (), lines, title, frozenset(range(4)))
    emit(chosen(format_, as_json), document, rows, table)


@app.command(
    cls=Command,
    epilog=examples("optionix price history list --json | jq -r '.requests[0].id' | xargs optionix price history show"),
)
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The request's id, or its beginning.", metavar="ID")],
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """One priced request: what was asked and what was answered, in natural units (per 1.00, per year)."""
    from optionix_core.services import price_requests

    face = face_of(context)
    found = price_requests.show(face.home, face.clock, name)
    lines = list(_flat("", {"time": found["time"], **found["request"], "result": found["result"]}))
    table = Table(("", "value"), [(key, _cell(value)) for key, value in lines], str(found["id"]), frozenset({0, 1}))
    emit(chosen(format_, as_json), found, [found], table)


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    result, request = record["result"], record["request"]
    return {
        "id": record["id"],
        "time": record["time"],
        "contract": record["contract"],
        "model": record["model"],
        "method": result.get("method_id"),
        "price": result.get("price"),
        "rows": len(request["contract"]["rows"]) if "rows" in request["contract"] else 1,
    }


def _flat(above: str, value: Any) -> list[tuple[str, Any]]:
    """Nested names with dots between them; what is absent is left out."""
    if isinstance(value, Mapping):
        return [line for key, item in value.items() for line in _flat(f"{above}.{key}" if above else str(key), item)]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [(above, f"{len(value)} rows")]
    return [] if value is None else [(above, value)]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)
