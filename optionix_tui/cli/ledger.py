"""`optionix ledger`: the double entries under the book, whether they are whole, and as a file."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import DASH, check_target
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.services.ledger import LedgerFilter, NumberedEntry

app = group(
    "ledger",
    "The double-entry ledger: show it, verify it, export it.",
    "optionix ledger show --symbol ORBIT270115C00200000",
    "optionix ledger export --to ledger.beancount",
)

AccountOption = Annotated[str | None, typer.Option("--account", help="Only entries of this account.", metavar="NAME")]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", help="Only entries from a date (UTC) or a moment with its zone on.", metavar="TIME"),
]
SymbolOption = Annotated[
    str | None, typer.Option("--symbol", help="Only entries that move this instrument or currency.", metavar="SYMBOL")
]


class FileFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSONL = "jsonl"
    BEANCOUNT = "beancount"


@app.command(
    cls=Command,
    epilog=examples(
        "optionix ledger show",
        "optionix ledger show --account paper-1 --since 2026-11-20",
        "optionix ledger show --symbol USD --json | jq '.entries[].postings'",
    ),
)
def show(
    context: typer.Context,
    account: AccountOption = None,
    since: SinceOption = None,
    symbol: SymbolOption = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Only the last so many; without it, all.", metavar="N")
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The entries with their postings, oldest first. Amounts are exact; in JSON they are text."""
    from optionix_core.services import ledger

    wanted = _filter(account, since, symbol)
    with face_of(context).workspace() as workspace:
        page = ledger.show(workspace.store, wanted, limit)
    document: dict[str, Any] = dict(ledger.to_json(page))
    records = [record for item in page.entries for record in _records(item)]
    emit(chosen(format_, as_json), document, records, _table(page.entries, page.found))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix ledger lots",
        "optionix ledger lots --since 2026-01-01 --json | jq .realised",
    ),
)
def lots(
    context: typer.Context,
    account: AccountOption = None,
    since: SinceOption = None,
    symbol: SymbolOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Open lots with their cost, and closed ones with what each brought, fees excluded.

    JSON Lines and CSV hold one row a lot; wash sales are not told.
    """
    from optionix_core.services import ledger_lots

    wanted = _filter(account, since, symbol)
    with face_of(context).workspace() as workspace:
        report = ledger_lots.lots(workspace.store, wanted)
    document: dict[str, Any] = dict(ledger_lots.to_json(report))
    absent = dict.fromkeys(("proceeds", "realised", "closed_at", "closed_by"))
    records = [
        *({"state": "closed", **item} for item in document["closed"]),
        *({"state": "open", **item, **absent} for item in document["open"]),
    ]
    emit(chosen(format_, as_json), document, records, _lots_table(records, document["realised"]))


@app.command(cls=Command, epilog=examples("optionix ledger verify", "optionix ledger verify --json | jq .message"))
def verify(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Check the log, fold every entry anew and sum every commodity; exit 7 names what does not hold."""
    from optionix_core.services import ledger

    with face_of(context).workspace() as workspace:
        report = ledger.verify(workspace)
    document: dict[str, Any] = dict(ledger.to_json(report))
    record = {**document, "head_seq": report.head.seq, "head_hash": report.head.hash.hex()}
    for name in ("schema_version", "head"):
        record.pop(name)
    emit(chosen(format_, as_json), document, [record], Table(title=report.sentence))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix ledger export --to ledger.csv",
        "optionix ledger export --to ledger.beancount --since 2026-01-01",
        "optionix ledger export --to - --as jsonl --account paper-1 | jq .memo",
    ),
)
def export(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", help="File to write, or - for stdout.", metavar="FILE")],
    as_: Annotated[
        FileFormat | None,
        typer.Option(
            "--as",
            help="Format; without it, by the file's ending.",
            metavar="|".join(item.value for item in FileFormat),
        ),
    ] = None,
    account: AccountOption = None,
    since: SinceOption = None,
    symbol: SymbolOption = None,
) -> None:
    """Every posting as CSV, every entry as JSON Lines, or double-entry plain text that Beancount reads.

    An existing file is replaced. Amounts have every digit.
    """
    from optionix_core.services import ledger, ledger_export

    kind = ledger_export.format_of(to) if as_ is None else ledger_export.ExportFormat(as_.value)
    if kind is None:
        names = ", ".join(f".{item.value}" for item in FileFormat)
        raise UsageError(f"--to must end in {names}, or --as must name the format (got {to})")
    if str(to) != DASH:
        check_target(to, "--to")
    wanted = _filter(account, since, symbol)
    with face_of(context).workspace() as workspace:
        page = ledger.show(workspace.store, wanted)
    if str(to) == DASH:
        ledger_export.write(page.entries, kind, sys.stdout)
        return
    with to.open("w", encoding="utf-8", newline="\n") as file:
        ledger_export.write(page.entries, kind, file)
    say(f"{len(page.entries):,} {'entry' if len(page.entries) == 1 else 'entries'} written to {to}")


def _filter(account: str | None, since: str | None, symbol: str | None) -> LedgerFilter:
    from optionix_core.services.ledger import LedgerFilter

    return LedgerFilter(account, None if since is None else _moment(since), symbol)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--since must be a date or a moment such as 2026-11-20T15:30:00Z (got {text!r})") from None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if len(text) > len("2026-11-20"):
        raise UsageError(f"--since must have a zone, such as Z (got {text!r})")
    return moment.replace(tzinfo=UTC)


def _records(item: NumberedEntry) -> list[dict[str, Any]]:
    from optionix_core.services.ledger import entry_json

    entry = dict(entry_json(item))
    postings: Any = entry.pop("postings")
    return [
        {**entry, "posting": leg["account"], "commodity": leg["commodity"], "amount": leg["amount"]} for leg in postings
    ]


def _table(entries: tuple[NumberedEntry, ...], found: int) -> Table:
    from optionix_core.portfolio.exact import decimal_text

    rows = []
    for item in entries:
        entry = item.entry
        head = (str(item.seq), f"{entry.time:%Y-%m-%d %H:%M:%S}", entry.kind, entry.memo)
        for row, leg in enumerate(entry.postings):
            words = head if row == 0 else ("", "", "", "")
            rows.append((*words[:3], leg.account, decimal_text(leg.amount), leg.commodity.strip(), words[3]))
    if not rows:
        return Table(title="no entries" if found else "no entries: the ledger is empty, or none is as asked for")
    headings = ("seq", "time (UTC)", "kind", "account", "amount", "of", "memo")
    title = f"{len(entries):,} of {found:,} {'entry' if found == 1 else 'entries'}"
    return Table(headings, rows, title=title, left=frozenset({1, 2, 3, 5, 6}))


def _lots_table(records: list[dict[str, Any]], realised: dict[str, str]) -> Table:
    if not records:
        return Table(title="no lots")
    rows = [
        (
            item["state"],
            item["account"],
            item["symbol"].strip(),
            item["quantity"],
            item["cost"],
            item["proceeds"] or "",
            item["realised"] or "",
            item["currency"],
            item["opened_at"][:10],
            (item["closed_at"] or "")[:10],
            item["lot"],
        )
        for item in records
    ]
    headings = ("", "account", "instrument", "qty", "cost", "proceeds", "realised", "", "opened", "closed", "lot")
    title = "; ".join(f"realised {amount} {name}" for name, amount in realised.items())
    return Table(headings, rows, title=title, left=frozenset({0, 1, 2, 7, 8, 9, 10}))
