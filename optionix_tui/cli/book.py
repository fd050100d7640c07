"""`optionix positions`: what is held and what it is worth."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import face_of
from optionix_tui.cli.order_text import price
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say

if TYPE_CHECKING:
    from optionix_core.services.workspace import Workspace


class By(StrEnum):
    """What positions are grouped by."""

    UNDERLYING = "underlying"
    EXPIRY = "expiry"
    STRATEGY = "strategy"
    NONE = "none"


def money(value: float | None) -> str:
    """An amount, or that it is not known."""
    return "unknown" if value is None else f"{value:,.2f}"


def gain(value: float | None) -> str:
    """An amount with its sign."""
    return "unknown" if value is None else f"{value:+,.2f}"


def up_to_now(workspace: Workspace) -> None:
    """What time alone has done to the book is done before it is shown."""
    from optionix_core.services.lifecycle import bring_up_to_date_where_free

    if not bring_up_to_date_where_free(workspace):
        say("note: another process is writing; what happened last may not be in it yet")


def positions(
    context: typer.Context,
    all_accounts: Annotated[bool, typer.Option("--all-accounts", help="Of every account in this home.")] = False,
    by: Annotated[
        By | None,
        typer.Option(
            "--group",
            help="With Greeks, notes and subtotals by underlying, expiry or strategy; none: without subtotals.",
            metavar="underlying|expiry|strategy|none",
        ),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Open positions, marked by their own venue's feed.

    By strategy every contract stands in one named strategy: first what one order opened together, then as the
    positions fit, nearest strikes first.
    """
    from optionix_core.services import book

    if by is not None and all_accounts:
        raise UsageError("--group tells one account: leave --all-accounts out")
    with face_of(context).workspace() as workspace:
        up_to_now(workspace)
        if by is not None:
            from optionix_tui.cli import book_groups

            book_groups.write(workspace, by.value, chosen(format_, as_json))
            return
        report = book.positions(workspace, all_accounts=all_accounts)
    document = book.to_json(report)
    records = document["positions"]
    rows = [
        (
            *((item["account"],) if all_accounts else ()),
            item["label"],
            f"{item['quantity']:+g}",
            money(item["cost"]),
            "no mark" if item["mark"] is None else price(item["mark"]),
            money(item["market_value"]),
            gain(item["unrealised_pnl"]),
            gain(item["day_pnl"]),
            item["mark_reason"] or item["day_pnl_reason"] or "",
        )
        for item in records
    ]
    words = ("account", "instrument") if all_accounts else ("instrument",)
    headings = (*words, "qty", "cost", "mark", "value", "open P&L", "day P&L", "")
    left = frozenset({*range(len(words)), len(headings) - 1})
    table = Table(headings, rows, left=left) if rows else Table(title="no open positions")
    emit(chosen(format_, as_json), document, records, table)


positions_command = command(
    "positions",
    positions,
    "optionix positions",
    "optionix positions --group strategy",
    "optionix positions --all-accounts",
    "optionix positions --json | jq '.positions[] | {symbol, quantity, unrealised_pnl}'",
)
