"""`optionix import trades`: trades made elsewhere, from a CSV file into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import as_file
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.services.import_trades import ImportReport

app = group(
    "import",
    "Take in what was traded elsewhere.",
    "optionix import trades trades.csv --dry-run",
)


@app.callback()
def _group() -> None:
    """Take in what was traded elsewhere."""


@app.command(
    cls=Command,
    epilog=examples(
        "optionix import trades trades.csv --dry-run",
        "optionix --account elsewhere import trades trades.csv",
        "optionix import trades - --json < trades.csv",
    ),
)
def trades(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="CSV file, or - for standard input.", metavar="FILE")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and tell; write nothing.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Trades of a CSV file into the ledger of the account: all of them, or none.

    Columns: time, symbol, side, quantity, price, fee, id; also currency and multiplier where the symbol does not tell
    them. A trade whose id is in the ledger already is passed over. Exits 2 where a row is wrong, naming all of them.
    """
    from optionix_core.services import import_trades

    with as_file(file) as path, face_of(context).workspace() as workspace:
        report = import_trades.import_trades(workspace, path, dry_run=dry_run)
    document: dict[str, Any] = dict(import_trades.to_json(report))
    emit(chosen(format_, as_json), document, document["trades"], _table(report, document["trades"]))


def _table(report: ImportReport, trades: list[dict[str, Any]]) -> Table:
    from optionix_core.portfolio.exact import decimal_text

    done = "would be imported" if report.dry_run else "imported"
    count = len(report.imported)
    title = f"{count:,} {'trade' if count == 1 else 'trades'} {done} into {report.account}"
    if report.already:
        title += f", {len(report.already):,} known already"
    for name, amount in sorted(report.cost.items()):
        title += f"; cost {decimal_text(amount)} {name}, fees {decimal_text(report.fees[name])}"
    if report.opens_account:
        title += "\nthe account opens with them" if not report.dry_run else "\nthe account would open with them"
    rows = [
        (
            item["id"],
            item["time"],
            item["symbol"],
            item["quantity"],
            item["price"],
            item["fee"],
            item["currency"],
        )
        for item in trades
    ]
    if not rows:
        return Table(title=title)
    headings = ("id", "time", "symbol", "qty", "price", "fee", "")
    return Table(headings, rows, title=title, left=frozenset({0, 1, 2, 6}))
