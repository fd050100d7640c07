"""What happened to a position: its entries in the ledger, and what was noted on it in the journal, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from optionix_core.portfolio.deliverables import label_of
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.ledger import entries_of
from optionix_core.services import journal
from optionix_core.services.journal import SubjectKind
from optionix_core.services.order_json import number
from optionix_core.sync.canonical import time_text

if TYPE_CHECKING:
    from optionix_core.portfolio.values import LedgerEntry
    from optionix_core.services.journal import Note
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogReader

NOTE: Final = "note"


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened."""

    time: datetime
    kind: str
    """Of the ledger's entry (`trade`, `expiry` ...), or `note`."""
    symbol: str
    quantity: Decimal | None
    """Signed change of the position; None for a note."""
    cash: Decimal | None
    """Signed, into the account, fee deducted; None for a note."""
    fee: Decimal | None
    words: str
    id: str
    """Of the entry or the note."""


class Stories:
    """What happened to the positions of one account; the log is read once, then only what is new in it.

    For one thread at a time.
    """

    def __init__(self, account: str) -> None:
        self._account = account
        self._read = 0
        self._lines: dict[str, list[StoryLine]] = {}
        self._causes: dict[str, set[str]] = {}
        """By symbol: ids of the events that moved it."""
        self._notes: list[Note] = []

    def follow(self, log: LogReader) -> None:
        """Read what was appended since."""
        for record in log.read(self._read):
            for entry in entries_of(record.event):
                if entry.account == self._account:
                    self._take(entry)
            if record.event.type == journal.NOTED:
                note = journal.note_of(record.event)
                if note.account == self._account:
                    self._notes.append(note)
            self._read = record.seq

    def _take(self, entry: LedgerEntry) -> None:
        for symbol in _symbols(entry):
            self._lines.setdefault(symbol, []).append(_line(entry, symbol))
            if entry.cause is not None:
                self._causes.setdefault(symbol, set()).add(entry.cause)

    def of(self, symbols: Iterable[str]) -> tuple[StoryLine, ...]:
        """Of several positions together, newest first, as far as the log was followed."""
        wanted = frozenset(symbols)
        lines = [line for symbol in wanted for line in self._lines.get(symbol, ())]
        causes = {cause for symbol in wanted for cause in self._causes.get(symbol, ())}
        for note in self._notes:
            about = _about(note, wanted, causes)
            if about is not None:
                lines.append(StoryLine(note.time, NOTE, about, None, None, None, note.text, note.note_id))
        return tuple(sorted(lines, key=lambda line: (line.time, line.id, line.symbol), reverse=True))


def story(workspace: Workspace, symbols: Iterable[str]) -> tuple[StoryLine, ...]:
    """Of several positions of the workspace's account. Reads the whole log; writes nothing."""
    told = Stories(workspace.account)
    told.follow(workspace.store)
    return told.of(symbols)


def to_json(lines: Iterable[StoryLine]) -> list[dict[str, Any]]:
    """Flat rows."""
    return [
        {
            "time": time_text(line.time),
            "kind": line.kind,
            "symbol": line.symbol.strip(),
            "label": label_of(line.symbol) if line.symbol else None,
            "quantity": number(line.quantity),
            "cash": number(line.cash),
            "fee": number(line.fee),
            "words": line.words,
            "id": line.id,
        }
        for line in lines
    ]


def _symbols(entry: LedgerEntry) -> frozenset[str]:
    return frozenset(leg.commodity for leg in entry.postings if leg.account == f"{entry.account}:positions")


def _line(entry: LedgerEntry, symbol: str) -> StoryLine:
    """What an entry did to one instrument: by its moves where it has some, else by its postings."""
    with exact_arithmetic():
        if entry.moves:
            own = [move for move in entry.moves if move.symbol == symbol]
            quantity = sum((move.quantity for move in own), ZERO)
            fee = sum((move.fee for move in own), ZERO)
            cash = sum((ZERO if move.carried else -move.cost for move in own), ZERO) - fee
        else:
            quantity = _posted(entry, "positions", symbol)
            cash = sum(
                (leg.amount for leg in entry.postings if leg.account == f"{entry.account}:cash"), ZERO
            )  # of one instrument, in its currency
            fee = sum((leg.amount for leg in entry.postings if leg.account == f"{entry.account}:fees"), ZERO)
    return StoryLine(entry.time, entry.kind, symbol, quantity, cash, fee, entry.memo, entry.id)


def _posted(entry: LedgerEntry, place: str, commodity: str) -> Decimal:
    return sum(
        (
            leg.amount
            for leg in entry.postings
            if leg.account == f"{entry.account}:{place}" and leg.commodity == commodity
        ),
        ZERO,
    )


def _about(note: Note, wanted: frozenset[str], causes: set[str]) -> str | None:
    """The position that a note is about; empty for one on an order of several; None where it is about none of them."""
    subject = note.subject
    if subject is None:
        return None
    if subject.kind is SubjectKind.POSITION:
        return subject.key if subject.key in wanted else None
    if subject.kind is SubjectKind.ORDER and any(cause.startswith(f"order/{subject.key}/") for cause in causes):
        return ""
    return None
