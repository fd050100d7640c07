"""Lots as a face shows them: what is open at which cost, and what every closed lot brought.

Folded from the log itself, since the book keeps sums alone. Reading writes nothing and takes no lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from optionix_core.errors import UnknownNameError
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.fold import BookFold
from optionix_core.portfolio.values import ClosedLot, Lot
from optionix_core.services.ledger import EVERYTHING, LedgerFilter, commodity_of
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Json, LogReader

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot that is held."""

    account: str
    symbol: str
    currency: str
    lot: Lot


@dataclass(frozen=True, slots=True)
class LotsReport:
    """Lots by account and instrument; closed ones in the order in which they were closed."""

    open: tuple[OpenLot, ...]
    closed: tuple[ClosedLot, ...]

    @property
    def realised(self) -> dict[str, str]:
        """Of the closed ones by currency, fees excluded; exact."""
        with exact_arithmetic():
            return {
                currency: decimal_text(sum((item.realised for item in self.closed if item.currency == currency), ZERO))
                for currency in sorted({item.currency for item in self.closed})
            }


def lots(log: LogReader, wanted: LedgerFilter = EVERYTHING) -> LotsReport:
    """Open and closed lots; `since` keeps those that were opened, or closed, then or later.

    Raises UnknownNameError for an account that never opened.
    """
    closed: list[ClosedLot] = []
    fold = BookFold(closed.append)
    for record in log.read():
        fold.apply(record)
    accounts = fold.accounts()
    names = tuple(state.account for state in accounts)
    if wanted.account is not None and wanted.account not in names:
        raise UnknownNameError("account", wanted.account, names)
    symbol = None if wanted.symbol is None else commodity_of(wanted.symbol)

    def asked(account: str, key: str) -> bool:
        return wanted.account in (None, account) and symbol in (None, key)

    held = (
        OpenLot(state.account, position.symbol, position.currency, lot)
        for state in accounts
        for position in state.positions
        if asked(state.account, position.symbol)
        for lot in position.lots
    )
    return LotsReport(
        open=tuple(item for item in held if wanted.since is None or item.lot.opened_at >= wanted.since),
        closed=tuple(
            item
            for item in closed
            if asked(item.account, item.symbol) and (wanted.since is None or item.closed_at >= wanted.since)
        ),
    )


class ClosedLots:
    """The closed lots of one account; the log is read once, then only what is new in it. For one thread at a time."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._read = 0
        self._found: list[ClosedLot] = []
        self._fold = BookFold(self._found.append)

    def follow(self, log: LogReader) -> tuple[ClosedLot, ...]:
        """In the order in which they were closed; none where the account never opened."""
        for record in log.read(self._read):
            self._fold.apply(record)
            self._read = record.seq
        return tuple(item for item in self._found if item.account == self._account)


def to_json(report: LotsReport) -> dict[str, Json]:
    """What `ledger lots --json` prints; amounts are text, exact."""
    return {
        "schema_version": SCHEMA_VERSION,
        "open": [
            {
                "account": item.account,
                "symbol": item.symbol,
                "lot": item.lot.id,
                "quantity": decimal_text(item.lot.quantity),
                "cost": decimal_text(item.lot.cost),
                "currency": item.currency,
                "opened_at": time_text(item.lot.opened_at),
            }
            for item in report.open
        ],
        "closed": [
            {
                "account": item.account,
                "symbol": item.symbol,
                "lot": item.lot,
                "quantity": decimal_text(item.quantity),
                "cost": decimal_text(item.cost),
                "proceeds": decimal_text(item.proceeds),
                "realised": decimal_text(item.realised),
                "currency": item.currency,
                "opened_at": time_text(item.opened_at),
                "closed_at": time_text(item.closed_at),
                "closed_by": item.closed_by,
            }
            for item in report.closed
        ],
        "realised": report.realised,
    }
