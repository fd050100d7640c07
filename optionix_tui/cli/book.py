"""`optionix positions` and `optionix account`: what is held and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import face_of
from optionix_tui.cli.order_text import price
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say

if TYPE_CHECKING:
    from optionix_core.services.workspace import Workspace


def _money(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.2f}"


def _gain(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+,.2f}"


def _up_to_now(workspace: Workspace) -> None:
    """What time alone has done to the book is done before it is shown."""
    from optionix_core.services.lifecycle import bring_up_to_date_where_free

    if not bring_up_to_date_where_free(workspace):
        say("note: another process is writing; what happened last may not be in it yet")


def positions(
    context: typer.Context,
    all_accounts: Annotated[bool, typer.Option("--all-accounts", help="Of every account in this home.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Open positions, marked by their own venue's feed."""
    from optionix_core.services import book

    with face_of(context).workspace() as workspace:
        _up_to_now(workspace)
        report = book.positions(workspace, all_accounts=all_accounts)
    document = book.to_json(report)
    records = document["positions"]
    rows = [
        (
            *((item["account"],) if all_accounts else ()),
            item["label"],
            f"{item['quantity']:+g}",
            _money(item["cost"]),
            "no mark" if item["mark"] is None else price(item["mark"]),
            _money(item["market_value"]),
            _gain(item["unrealised_pnl"]),
            _gain(item["day_pnl"]),
            item["mark_reason"] or item["day_pnl_reason"] or "",
        )
        for item in records
    ]
    words = ("account", "instrument") if all_accounts else ("instrument",)
    headings = (*words, "qty", "cost", "mark", "value", "open P&L", "day P&L", "")
    left = frozenset({*range(len(words)), len(headings) - 1})
    table = Table(headings, rows, left=left) if rows else Table(title="no open positions")
    emit(chosen(format_, as_json), document, records, table)


def account(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Cash, positions and net liquidation value of the account."""
    from optionix_core.services import book

    with face_of(context).workspace() as workspace:
        _up_to_now(workspace)
        report = book.account(workspace)
    document = book.to_json(report)
    record = {key: value for key, value in document.items() if not isinstance(value, (list, dict))}
    record.pop("schema_version")
    emit(chosen(format_, as_json), document, [record], _account_table(document))


def _account_table(account: dict[str, Any]) -> Table:
    rows = [
        ("net liquidation value", _money(account["nlv"]), ""),
        ("cash", _money(account["cash"]), ""),
        *(
            (f"cash in {name}", f"{amount:,}", "not in the value: no exchange rate")
            for name, amount in account["cash_by_currency"].items()
            if name != account["currency"]
        ),
        ("positions", _money(account["positions_value"]), _left_out(account)),
        ("buying power", _money(account["buying_power"]), ""),
        ("day P&L", _gain(account["day_pnl"]), account["day_pnl_reason"] or ""),
        ("unrealised P&L", _gain(account["unrealised_pnl"]), ""),
        ("realised P&L", _gain(account["realised_pnl"]), ""),
        ("fees", _money(account["fees"]), ""),
        ("opened with", _money(account["opening_balance"]), ""),
    ]
    title = f"{account['account']} at {account['venue']} ({account['feed']}), {account['state']}, {account['moment']}"
    return Table(("", account["currency"], ""), rows, title=title, left=frozenset({0, 2}))


def _left_out(account: dict[str, Any]) -> str:
    unmarked = account["unmarked"]
    if not unmarked:
        return ""
    return f"without {len(unmarked)} that cannot be marked: {unmarked[0]['symbol'].strip()}: {unmarked[0]['reason']}"


positions_command = command(
    "positions",
    positions,
    "optionix positions",
    "optionix positions --all-accounts",
    "optionix positions --json | jq '.positions[] | {symbol, quantity, unrealised_pnl}'",
)
account_command = command(
    "account",
    account,
    "optionix account",
    "optionix --account paper-2 account --json | jq .nlv",
)
