"""An account's profit and loss between two moments, explained out of its log and its venue's quotes.

Both books are built from quotes (`risk_book`): what was held at the first moment, and what is held at the second.
Trades, fees, dividends and interest between them are read from the ledger's entries; an option that settled on the way
ends at its settlement. What changed hands without a price (transfers, corporate actions) is refused, since its end is
not the market's doing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.deliverables import label_of, underlying_of
from optionix_core.portfolio.ledger import entries_of
from optionix_core.services.risk_book import BuiltBook, Holding, LeftOut, build
from optionix_core.services.risk_flows import read_flows

if TYPE_CHECKING:
    from optionix_core.portfolio.values import LedgerEntry
    from optionix_core.risk.book import RiskBook
    from optionix_core.risk.explained import CashMove, Explained, GreeksOf
    from optionix_core.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ExplainedPeriod:
    """One stretch of time explained."""

    start: datetime
    end: datetime
    explained: Explained
    left_out: tuple[LeftOut, ...]
    """What has no quote at one of the two moments; nothing of it is in the figures."""
    notes: tuple[str, ...]


def explain_period(
    workspace: Workspace,
    start: datetime,
    end: datetime,
    greeks: GreeksOf | None = None,
    *,
    partial: bool = False,
) -> ExplainedPeriod:
    """The workspace's account from `start` to `end`.

    Raises InvalidValueError where the moments do not follow each other or lie in the future, MissingDataError where a
    position has no quote at one of them (with `partial` it is left out), DomainError for what moved without a price.
    """
    from optionix_core.risk.attribution import explain
    from optionix_core.risk.explained import GreeksOf, Settled
    from optionix_core.services.lifecycle import bring_up_to_date_where_free
    from optionix_core.services.past import as_it_was

    now = workspace.clock.now()
    if not start < end <= now:
        raise InvalidValueError(
            "period", f"{start.isoformat()} to {end.isoformat()}", f"forwards, up to {now:%Y-%m-%d %H:%M}"
        )
    bring_up_to_date_where_free(workspace)
    before, after = (as_it_was(workspace.store, moment).book.account(workspace.account) for moment in (start, end))
    currency = next((state.currency for state in (after, before) if state is not None), "USD")
    first = {} if before is None else {one.symbol: float(one.quantity) for one in before.positions}
    last = {} if after is None else {one.symbol: float(one.quantity) for one in after.positions}
    flows = read_flows(_entries(workspace, start, end), currency)
    ends = [name for name in dict.fromkeys((*first, *last, *flows.traded)) if name not in flows.settled]
    feed = workspace.venue_feed
    opening = build([Holding(name, name, q) for name, q in first.items()], feed, start, currency, partial=partial)
    closing = build([Holding(name, name, last.get(name, 0.0)) for name in ends], feed, end, currency, partial=partial)
    gone = {one.id: one for one in (*opening.left_out, *closing.left_out)}
    kept = frozenset({*first, *ends}) - gone.keys()
    found = explain(
        _only(opening, kept),
        _only(closing, kept),
        tuple(trade for trade in flows.trades if trade.position in kept),
        tuple(_placed(move, kept) for move in flows.cash if move.position not in gone)
        + tuple(flows.came_and_went(name) for name in flows.settled if name not in first),
        {
            name: Settled(value, _spot_at(workspace, name, at))
            for name, (value, at) in flows.settled.items()
            if name in kept
        },
        greeks=GreeksOf.PATH if greeks is None else greeks,
    )
    notes = tuple(dict.fromkeys((*opening.notes, *closing.notes)))
    return ExplainedPeriod(start, end, found, tuple(gone.values()), notes)


def explain_days(
    workspace: Workspace, moments: Iterable[datetime], greeks: GreeksOf | None = None, *, partial: bool = False
) -> tuple[ExplainedPeriod, ...]:
    """One stretch after the other between consecutive moments."""
    points = tuple(moments)
    if len(points) < 2:
        raise InvalidValueError("moments", len(points), "at least two")
    return tuple(explain_period(workspace, first, last, greeks, partial=partial) for first, last in pairwise(points))


def _only(built: BuiltBook, kept: frozenset[str]) -> RiskBook:
    return built.book.with_positions(tuple(one for one in built.book.positions if one.id in kept))


def _placed(move: CashMove, kept: frozenset[str]) -> CashMove:
    """Cash of a position that is in neither book belongs to the account."""
    from optionix_core.risk.explained import ACCOUNT

    return move if move.position in kept else replace(move, position=ACCOUNT)


def _spot_at(workspace: Workspace, symbol: str, moment: datetime) -> float:
    quote = workspace.venue_feed.spot(underlying_of(symbol), moment)
    price = quote.mid if quote.mid is not None else quote.last
    if price is None:
        raise MissingDataError(f"{label_of(symbol)}: {quote.symbol} has no price at its settlement")
    return price


def _entries(workspace: Workspace, start: datetime, end: datetime) -> Iterable[LedgerEntry]:
    for record in workspace.store.read():
        # By the event's time, as `as_it_was` counts it.
        for entry in entries_of(record.event) if start < record.event.time <= end else ():
            if entry.account == workspace.account:
                yield entry
