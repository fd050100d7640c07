"""`optionix order submit --batch`: many immediate orders out of a file, an answer a line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from optionix_core.errors import UsageError
from optionix_tui.cli import order_text
from optionix_tui.cli.files import as_file
from optionix_tui.cli.listings import Column, listing
from optionix_tui.cli.order_options import acting_for
from optionix_tui.cli.output import emit, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import typer

    from optionix_core.services.batches import BatchResult
    from optionix_tui.cli.output import Format


def _average(order: dict[str, Any]) -> str:
    return "" if order["average_price"] is None else order_text.price(order["average_price"])


COLUMNS: Final = (
    Column("id", "client_order_id"),
    Column("side", "side"),
    Column("quantity", lambda order: str(order["quantity"]), number=True),
    Column("instrument", "label"),
    Column("state", "state"),
    Column("filled", lambda order: str(order["filled_quantity"]), number=True),
    Column("price", _average, number=True),
    Column("reason", lambda order: order["reason"] or ""),
)


TERMS: Final = ("--symbol", "--legs", "--side", "--quantity", "--dollars", "--lots", "--type")
MORE_TERMS: Final = (
    "--limit",
    "--trigger",
    "--trail",
    "--trail-percent",
    "--tif",
    "--until",
    "--post-only",
    "--reduce-only",
    "--parent",
    "--one-cancels",
    "--expires",
)
"""Options of a single order, which a batch has in its file."""


class Wanted(NamedTuple):
    """A batch as it is asked for."""

    path: str
    batch_id: str | None
    all_or_none: bool
    dry_run: bool


def submit(
    context: typer.Context, wanted: Wanted, account: str | None, format_: Format, given: Mapping[str, object]
) -> None:
    """Send the orders of a file and print each answer; raises as a single order does, after printing.

    `given` are a single order's options as they were typed.
    """
    from optionix_core.services import batch_files, batches, order_json, sending

    beside = [name for name, value in given.items() if value not in (None, False)]
    if beside:
        raise UsageError(f"{beside[0]} has no say beside --batch: each line of the file has its own terms")
    with as_file(wanted.path) as file:
        orders = batch_files.read(file)
    with acting_for(context, account).workspace() as workspace:
        if wanted.dry_run:
            done = batches.preview_many(workspace, orders, wanted.batch_id, all_or_none=wanted.all_or_none)
            say("note: nothing was sent")
        else:
            done = sending.send_many(workspace, orders, wanted.batch_id, all_or_none=wanted.all_or_none)
    _emit(format_, done, [order_json.to_json(order) for order in done.orders])
    batches.raise_for_batch(done)


def _emit(format_: Format, done: BatchResult, documents: list[dict[str, Any]]) -> None:
    for document in documents:
        document.pop("schema_version")
    head = {
        "schema_version": 1,
        "batch_id": done.batch_id,
        "all_or_none": done.all_or_none,
        "replayed": done.replayed,
        "orders": documents,
    }
    records = [{name: cell for name, cell in item.items() if not isinstance(cell, list)} for item in documents]
    again = ", answered before: nothing was done now" if done.replayed else ""
    table = replace(listing(documents, COLUMNS, "no orders"), title=f"batch {done.batch_id}{again}")
    emit(format_, head, records, table)
