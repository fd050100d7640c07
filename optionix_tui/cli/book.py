"""`optionix positions` and `optionix account`: what is held and what it is worth."""

from __future__ import annotations

from typing import Annotated

import typer

from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit


def _money(value: float | None) -> str:
    return "no mark" if value is None else f"{value:,.2f}"


def positions(
    context: typer.Context,
    all_accounts: Annotated[bool, typer.Option("--all-accounts", help="Of every account in this home.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Open positions, marked by their own venue's feed.

    Example: optionix positions --json | jq '.positions[] | {symbol, quantity, unrealised_pnl}'
    """
    from optionix_core.services import book

    with face_of(context).workspace() as workspace:
        report = book.positions(workspace, all_accounts=all_accounts)
    document = book.to_json(report)
    records = document["positions"]
    rows = [
        (
            item["account"],
            item["label"],
            f"{item['quantity']:+g}",
            _money(item["cost"]),
            _money(item["mark"]),
            _money(item["market_value"]),
            _money(item["unrealised_pnl"]),
            _money(item["realised_pnl"]),
        )
        for item in records
    ]
    headings = ("account", "instrument", "quantity", "cost", "mark", "value", "unrealised", "realised")
    title = "" if rows else "no open positions"
    emit(chosen(format_, as_json), document, records, Table(headings, rows, title=title, left=frozenset({0, 1})))


def account(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Cash, positions and net liquidation value of the account.

    Example: optionix account --json | jq .nlv
    """
    from optionix_core.services import book

    with face_of(context).workspace() as workspace:
        report = book.account(workspace)
    document = book.to_json(report)
    shown = {key: value for key, value in document.items() if not isinstance(value, (list, dict))}
    rows = [
        (key.replace("_", " "), _money(value) if isinstance(value, (int, float)) or value is None else str(value))
        for key, value in shown.items()
        if key != "schema_version"
    ]
    emit(chosen(format_, as_json), document, [shown], Table(("account", ""), rows))
