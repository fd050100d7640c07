"""The ledger as a face shows it: its entries, whether it is whole, and its accounts.

Reading writes nothing, takes no lock and opens no feed. Amounts are exact decimals and stay text on their way out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import IntegrityError, InvalidValueError, UnknownNameError
from optionix_core.market import symbols
from optionix_core.portfolio.deliverables import CLAIM
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import ACCOUNT_OPENED, entries_of, opened_id
from optionix_core.services.book import verify as verify_book
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Head, Json, LogReader

if TYPE_CHECKING:
    from optionix_core.portfolio.values import LedgerEntry
    from optionix_core.services.workspace import Workspace

SCHEMA_VERSION: Final = 1
_TRANSIT: Final = "transit:"


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which entries are wanted; None is all."""

    account: str | None = None
    since: datetime | None = None
    """Entries of this moment or later, by their own time."""
    symbol: str | None = None
    """Entries that move this instrument or currency; an option in any form that is accepted elsewhere."""


EVERYTHING: Final = LedgerFilter()


@dataclass(frozen=True, slots=True)
class NumberedEntry:
    """An entry and its place in the log."""

    seq: int
    entry: LedgerEntry


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Entries in the order of the log."""

    entries: tuple[NumberedEntry, ...]
    """The last `limit` of those that were found."""
    found: int
    """How many there are."""
    head: Head


@dataclass(frozen=True, slots=True)
class LedgerVerification:
    """What a complete check found; a ledger that is not whole raises IntegrityError instead."""

    entries: int
    accounts: int
    """Of the ledger: `paper-1:cash` is one."""
    commodities: int
    """Currencies and instruments, each of which sums to exactly zero."""
    head: Head

    @property
    def sentence(self) -> str:
        """`empty, verified`, or `4 entries in 5 accounts, verified: every commodity sums to zero`."""
        if not self.entries:
            return "empty, verified"
        entries = f"{self.entries:,} {'entry' if self.entries == 1 else 'entries'}"
        return (
            f"{entries} in {self.accounts} accounts, verified: every one of {self.commodities} commodities sums to zero"
        )


def entries(log: LogReader, wanted: LedgerFilter = EVERYTHING) -> Iterator[NumberedEntry]:
    """The wanted entries in the order of the log. UnknownNameError for an account that never opened."""
    commodity = None if wanted.symbol is None else commodity_of(wanted.symbol)
    if wanted.account is not None and log.find(opened_id(wanted.account)) is None:
        raise UnknownNameError("account", wanted.account, _accounts(log))
    for record in log.read():
        for entry in entries_of(record.event):
            if wanted.account is not None and entry.account != wanted.account:
                continue
            if wanted.since is not None and entry.time < wanted.since:
                continue
            if commodity is None or any(leg.commodity == commodity for leg in entry.postings):
                yield NumberedEntry(record.seq, entry)


def show(log: LogReader, wanted: LedgerFilter = EVERYTHING, limit: int | None = None) -> LedgerPage:
    """The last `limit` of the wanted entries (None: all). InvalidValueError where it is below 1."""
    if limit is not None and limit < 1:
        raise InvalidValueError("limit", limit, "at least 1")
    head = log.head()
    found = [item for item in entries(log, wanted) if item.seq <= head.seq]
    return LedgerPage(tuple(found if limit is None else found[-limit:]), len(found), head)


def verify(workspace: Workspace) -> LedgerVerification:
    """Check the chain, fold the whole log anew, and sum every commodity.

    Raises IntegrityError where the log is not whole, an entry does not balance, a commodity does not sum to zero, a
    transfer arrived nowhere, or the kept checkpoint is not what the log folds to.
    """
    store = workspace.store
    head = store.verify().head
    accounts = verify_book(workspace)
    count = 0
    transit: dict[tuple[str, str], Decimal] = {}
    commodities: set[str] = set()
    with exact_arithmetic():
        for item in entries(store):
            count += 1
            for leg in item.entry.postings:
                commodities.add(leg.commodity)
                if leg.account.startswith(_TRANSIT):
                    key = (leg.account, leg.commodity)
                    transit[key] = transit.get(key, ZERO) + leg.amount
    for (name, commodity), amount in sorted(transit.items()):
        if amount:
            raise IntegrityError(f"{name} holds {decimal_text(amount)} {commodity}: a transfer without its other half")
    return LedgerVerification(count, accounts, len(commodities), head)


def to_json(report: LedgerPage | LedgerVerification) -> dict[str, Json]:
    """What `ledger show --json` and `ledger verify --json` print; amounts are text, exact."""
    head: Json = {"seq": report.head.seq, "hash": report.head.hash.hex()}
    if isinstance(report, LedgerVerification):
        return {
            "schema_version": SCHEMA_VERSION,
            "verified": True,
            "entries": report.entries,
            "accounts": report.accounts,
            "commodities": report.commodities,
            "head": head,
            "message": report.sentence,
        }
    return {
        "schema_version": SCHEMA_VERSION,
        "found": report.found,
        "entries": [entry_json(item) for item in report.entries],
        "head": head,
    }


def entry_json(item: NumberedEntry) -> dict[str, Json]:
    """One entry with its postings."""
    entry = item.entry
    return {
        "seq": item.seq,
        "time": time_text(entry.time),
        "kind": entry.kind,
        "account": entry.account,
        "id": entry.id,
        "memo": entry.memo,
        "cause": entry.cause,
        "postings": [
            {"account": leg.account, "commodity": leg.commodity, "amount": decimal_text(leg.amount)}
            for leg in entry.postings
        ],
    }


def commodity_of(text: str) -> str:
    """The key of an instrument or currency, in whatever form it was typed."""
    if text.startswith(CLAIM):
        return text
    return symbols.resolve(text) if symbols.is_option(text) else text.strip().upper()


def _accounts(log: LogReader) -> tuple[str, ...]:
    opened = (record.event.payload.get("account") for record in log.read() if record.event.type == ACCOUNT_OPENED)
    return tuple(sorted(str(name) for name in opened))
