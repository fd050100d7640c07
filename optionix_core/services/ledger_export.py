"""The ledger as a file: CSV and JSON Lines with every digit, or Beancount's plain text for double-entry bookkeeping.

Beancount wants account names with capital letters under five roots, and commodities of capital letters; names are
translated by rule, and what a commodity is called here stands in its metadata. Every transaction is posted commodity by
commodity, without prices or costs, so that Beancount checks what the ledger promises: each commodity sums to zero.
Refuses to translate two names into one.

Source: Beancount v3, "Language Syntax": accounts, commodities, open, transactions, metadata.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

from optionix_core.errors import IntegrityError
from optionix_core.portfolio.exact import decimal_text
from optionix_core.services.ledger import NumberedEntry, entry_json
from optionix_core.sync.canonical import time_text


class ExportFormat(StrEnum):
    """How a ledger is written, by the file's ending."""

    CSV = "csv"
    JSONL = "jsonl"
    BEANCOUNT = "beancount"


COLUMNS: Final = ("seq", "time", "kind", "account", "id", "memo", "cause", "posting", "commodity", "amount")
_ROOTS: Final = {
    "cash": "Assets",
    "positions": "Assets",
    "receivable": "Assets",
    "fees": "Expenses",
    "income": "Income",
    "equity": "Equity",
    "adjustments": "Equity",
    "conversion": "Equity",
}
_COMMODITY: Final = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]", re.ASCII)
"""Two characters at least, as Beancount 2 has it too."""


def write(entries: Sequence[NumberedEntry], kind: ExportFormat, target: IO[str]) -> None:
    """Write all of them; lines end in one newline on every platform where `target` keeps them."""
    writers = {ExportFormat.CSV: _csv, ExportFormat.JSONL: _jsonl, ExportFormat.BEANCOUNT: _beancount}
    writers[kind](entries, target)


def format_of(path: Path) -> ExportFormat | None:
    """By the file's ending; None where it names none of the formats."""
    ending = path.suffix.lower().removeprefix(".")
    return next((item for item in ExportFormat if item.value == ending), None)


def _csv(entries: Sequence[NumberedEntry], target: IO[str]) -> None:
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in entries:
        entry = item.entry
        for leg in entry.postings:
            writer.writerow(
                (
                    item.seq,
                    time_text(entry.time),
                    entry.kind,
                    entry.account,
                    entry.id,
                    entry.memo,
                    entry.cause or "",
                    leg.account,
                    leg.commodity,
                    decimal_text(leg.amount),
                )
            )


def _jsonl(entries: Sequence[NumberedEntry], target: IO[str]) -> None:
    for item in entries:
        target.write(json.dumps(entry_json(item), ensure_ascii=False) + "\n")


def _beancount(entries: Sequence[NumberedEntry], target: IO[str]) -> None:
    ordered = sorted(entries, key=lambda item: (item.entry.time, item.seq))
    legs = [leg for item in ordered for leg in item.entry.postings]
    accounts = _translated((leg.account for leg in legs), account_name)
    commodities = _translated((leg.commodity for leg in legs), commodity_name)
    target.write('option "title" "Optionix ledger"\n')
    if ordered:
        first = f"{ordered[0].entry.time:%Y-%m-%d}"
        target.write("\n")
        target.writelines(f"{first} open {name}\n" for name in sorted(accounts.values()))
        target.write("\n")
        for commodity, name in sorted(commodities.items(), key=lambda pair: pair[1]):
            target.write(f"{first} commodity {name}\n  name: {_quoted(commodity)}\n")
    for item in ordered:
        target.write("\n")
        target.writelines(_transaction(item, accounts, commodities))


def _transaction(item: NumberedEntry, accounts: dict[str, str], commodities: dict[str, str]) -> Iterator[str]:
    entry = item.entry
    yield f"{entry.time:%Y-%m-%d} * {_quoted(entry.kind)} {_quoted(entry.memo)}\n"
    yield f"  entry: {_quoted(entry.id)}\n"
    yield f"  seq: {item.seq}\n"
    yield f"  time: {_quoted(time_text(entry.time))}\n"
    if entry.cause is not None:
        yield f"  cause: {_quoted(entry.cause)}\n"
    for leg in entry.postings:
        yield f"  {accounts[leg.account]}  {decimal_text(leg.amount)} {commodities[leg.commodity]}\n"


def account_name(name: str) -> str:
    """`paper-1:cash` is `Assets:Paper-1:Cash`; `venue:local-sim` is `Equity:Venue:Local-sim`."""
    first, _, last = name.rpartition(":")
    root = _ROOTS.get(last, "Equity") if first else "Equity"
    return ":".join((root, *(_component(part) for part in name.split(":"))))


def commodity_name(symbol: str) -> str:
    """The symbol without blanks where Beancount takes it so; else made of its letters and digits and a check sum."""
    plain = symbol.replace(" ", "").upper()
    if _COMMODITY.fullmatch(plain):
        return plain
    from hashlib import sha256

    letters = re.sub(r"[^A-Z0-9]", "", plain)[:14]
    return f"X{letters}-{sha256(symbol.encode()).hexdigest()[:6].upper()}A"


def _component(part: str) -> str:
    word = re.sub(r"[^A-Za-z0-9-]", "-", part)
    return word[:1].upper() + word[1:] if word[:1].isalnum() else f"X{word}"


def _translated(names: Iterable[str], rule: Callable[[str], str]) -> dict[str, str]:
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in names:
        if name in found:
            continue
        new = rule(name)
        if new in taken:
            raise IntegrityError(f"{taken[new]!r} and {name!r} would both be written {new}")
        taken[new] = name
        found[name] = new
    return found


def _quoted(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
