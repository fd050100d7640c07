"""Trades made elsewhere, read from a CSV file into the ledger: all of them in one transaction, or none.

A trade is known by its id: read again it is passed over, with other content it is refused. Every wrong row is named
with line, column, value and bound, and nothing is written then. The rows themselves are read by `trade_rows`, where
their columns are described. The other side of these trades is `venue:import`: a fill of the paper venue and a trade of
another house are never taken for one another. Lots are closed in the order in which trades come into the ledger, so a
file goes in by the times of its trades; one with older trades than the ledger holds comes after them all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import entry_event, trade_entry
from optionix_core.services.draft import Draft
from optionix_core.services.trade_rows import TradeRow, WrongRow, malformed, read
from optionix_core.services.trading import opening
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json, LogReader

if TYPE_CHECKING:
    from optionix_core.services.desk import Desk
    from optionix_core.services.workspace import Workspace

TRADE_IMPORTED: Final = "trade.imported"
VENUE: Final = "import"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    account: str
    opens_account: bool
    """Whether it opens the account, with the balance of every paper account."""
    imported: tuple[TradeRow, ...]
    """In the order of their times, which is the order in which they enter the ledger."""
    already: tuple[str, ...]
    """Ids that were in the ledger before."""
    dry_run: bool

    @property
    def fees(self) -> dict[str, Decimal]:
        """By currency."""
        return _sums((item.leg.currency, item.fee) for item in self.imported)

    @property
    def cost(self) -> dict[str, Decimal]:
        """Signed cash paid by currency, fees excluded."""
        return _sums((item.leg.currency, item.leg.cost) for item in self.imported)


def import_trades(workspace: Workspace, path: Path, *, dry_run: bool = False) -> ImportReport:
    """Read `path` into the workspace's account; with `dry_run` the same is checked and nothing written.

    Raises MalformedFileError naming every wrong row, HomeLockedError where the lock cannot be had.
    """
    desk, store = workspace.desk, workspace.store
    if dry_run:
        desk.follow(store)
        with desk.lock:
            return _drafted(workspace, desk, store, path, dry_run=True)[0]
    with store.writing(f"import trades from {path.name}", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        report, draft = _drafted(workspace, desk, log, path, dry_run=False)
        draft.write(log)
        desk.keep(log)
        return report


def to_json(report: ImportReport) -> dict[str, Json]:
    """What `import trades --json` prints; amounts are text, exact."""
    return {
        "schema_version": 1,
        "account": report.account,
        "opens_account": report.opens_account,
        "dry_run": report.dry_run,
        "imported": len(report.imported),
        "already": list(report.already),
        "cost": {name: decimal_text(amount) for name, amount in sorted(report.cost.items())},
        "fees": {name: decimal_text(amount) for name, amount in sorted(report.fees.items())},
        "trades": [
            {
                "line": item.line,
                "id": item.id,
                "time": time_text(item.time),
                "symbol": item.leg.symbol,
                "quantity": decimal_text(item.leg.quantity),
                "price": decimal_text(item.leg.price),
                "multiplier": decimal_text(item.leg.multiplier),
                "currency": item.leg.currency,
                "fee": decimal_text(item.fee),
            }
            for item in report.imported
        ],
    }


def _drafted(
    workspace: Workspace, desk: Desk, log: LogReader, path: Path, *, dry_run: bool
) -> tuple[ImportReport, Draft]:
    now, account = workspace.clock.now(), workspace.account
    trades, wrong = read(path, now)
    fresh: list[TradeRow] = []
    already: list[str] = []
    for item in trades:
        event = _event(item, account)
        known = log.find(event.id)
        if known is None:
            fresh.append(item)
        elif known.event == event:
            already.append(item.id)
        else:
            wrong.append(WrongRow(item.line, "id", f"must be unused, or repeat its trade (got {item.id!r})"))
    if wrong:
        raise malformed(path, wrong)
    fresh.sort(key=lambda item: (item.time, item.line))
    draft = Draft(desk)
    opens = bool(fresh) and desk.book.venue_of(account) is None
    if opens:
        draft.add(*opening(account, now, workspace.venue, workspace.venue_market))
    for item in fresh:
        event = _event(item, account)
        draft.add(event, _entry(item, account, event.id))
    _ = draft.book  # folded before it is written: what the book would refuse is refused here
    return ImportReport(account, opens, tuple(fresh), tuple(already), dry_run), draft


def _event(item: TradeRow, account: str) -> Event:
    leg = item.leg
    payload: dict[str, Json] = {
        "account": account,
        "currency": leg.currency,
        "fee": decimal_text(item.fee),
        "multiplier": decimal_text(leg.multiplier),
        "price": decimal_text(leg.price),
        "quantity": decimal_text(leg.quantity),
        "symbol": leg.symbol,
        "trade_id": item.id,
    }
    return Event(f"import/{account}/{item.id}", TRADE_IMPORTED, item.time, payload)


def _entry(item: TradeRow, account: str, cause: str) -> Event:
    leg = item.leg
    return entry_event(
        trade_entry(
            entry_id=f"{cause}/entry",
            account=account,
            venue=VENUE,
            symbol=leg.symbol,
            currency=leg.currency,
            quantity=leg.quantity,
            price=leg.price,
            multiplier=leg.multiplier,
            fee=item.fee,
            time=item.time,
            cause=cause,
        )
    )


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    with exact_arithmetic():
        for currency, amount in amounts:
            found[currency] = found.get(currency, ZERO) + amount
    return found
