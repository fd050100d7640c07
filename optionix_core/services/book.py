"""What is held and what it is worth: the account and its positions, marked by their own venue's feed.

Reading writes nothing and takes no lock. An account that no order has opened yet is shown as it will
open, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import IntegrityError
from optionix_core.market import symbols
from optionix_core.market.protocols import FeedState
from optionix_core.portfolio.deliverables import kind_of, label_of, underlying_of
from optionix_core.portfolio.exact import DIGITS, ZERO, exact_arithmetic
from optionix_core.portfolio.valuation import PositionValue
from optionix_core.services.desk import CHECKPOINT, Desk, HandsOutCheckpoints
from optionix_core.services.leases import lease_until
from optionix_core.services.marking import Marker
from optionix_core.services.order_json import number
from optionix_core.services.trading import unopened_account
from optionix_core.sync.canonical import time_text
from optionix_core.trading.account_standing import AccountStatus, effective
from optionix_core.trading.gate import LOCAL_SIM

if TYPE_CHECKING:
    from optionix_core.portfolio.fold import BookFold
    from optionix_core.portfolio.values import AccountState
    from optionix_core.services.workspace import Workspace

OPEN: Final = "open"
ENTRY_PLACES: Final = Decimal("1e-8")
UNOPENED: Final = "opens with its first order"


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A position that a net liquidation value leaves out."""

    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class AccountReport:
    """One account at a moment. Money in its currency, exact; None is "cannot be told"."""

    state: AccountState
    opened: bool
    """False where no order has opened it yet: the numbers are those that it will open with."""
    moment: datetime
    feed_state: FeedState
    """Of the feed that marks it."""
    nlv: Decimal
    """Net liquidation value: cash, dividends owed and marked positions in the account's currency.

    It leaves out what `unmarked` and `unconverted` list.
    """
    positions_value: Decimal
    """Of the marked positions."""
    buying_power: Decimal
    """What may be spent: the cash that working orders do not keep, since there is no margin."""
    unrealised_pnl: Decimal
    """Of the marked positions, fees excluded."""
    day_pnl: Decimal | None
    """Since the last close, with what was closed today and the fees of the day; None where a part is unknown."""
    day_reason: str | None
    positions: tuple[PositionValue, ...]
    unmarked: tuple[Unmarked, ...]
    unconverted: tuple[str, ...] = ()
    """Currencies whose cash `nlv` leaves out, since no exchange rate is known."""
    may: AccountStatus = AccountStatus.ACTIVE
    """What its orders may do."""
    may_reason: str | None = None
    """Why, where somebody said."""

    @property
    def total_pnl(self) -> Decimal | None:
        """Net liquidation value less what was paid in; None where that value leaves something out."""
        if self.unmarked or self.unconverted:
            return None
        with exact_arithmetic():
            return self.nlv - self.state.opening_balance


@dataclass(frozen=True, slots=True)
class PositionsReport:
    """Open positions of one account or of all."""

    moment: datetime
    positions: tuple[PositionValue, ...]


def leasing_venue(workspace: Workspace, venue: str) -> str:
    """The venue whose leases an account needs: its own, but none where that is run here."""
    return LOCAL_SIM if venue == workspace.venue else venue


def account(workspace: Workspace, moment: datetime | None = None) -> AccountReport:
    """The workspace's account at `moment` (the clock's now where none is given)."""
    now = workspace.clock.now() if moment is None else moment
    desk = workspace.desk
    with desk.lock:
        desk.follow(workspace.store)
        report = account_of(workspace, desk.book, desk.orders.reserved(workspace.account), now)
        may, why = effective(
            desk.orders.standings.get(workspace.account),
            leasing_venue(workspace, report.state.venue),
            now,
            lease_until(workspace, report.state.venue),
        )
        return replace(report, may=may, may_reason=why)


def account_of(workspace: Workspace, book: BookFold, reserved: Decimal, now: datetime) -> AccountReport:
    """The workspace's account in a book that may be an earlier one; `reserved`: cash that its working orders keep.

    The last close is that before `now`; a book must hold every entry until `now`.
    """
    known = book.account(workspace.account)
    state = unopened_account(workspace.account, workspace.desk.venue_for(workspace.account)) if known is None else known
    marker = Marker(book, workspace.venue_feed, state, now, workspace.venue)
    values = tuple(marker.value(position.symbol) for position in state.positions)
    day, reason = marker.day_of_account(values)
    mine = [item for item in values if item.position.currency == state.currency]
    with exact_arithmetic():
        worth = sum((item.market_value for item in mine if item.market_value is not None), ZERO)
        unrealised = sum((item.unrealised_pnl for item in mine if item.unrealised_pnl is not None), ZERO)
        nlv = state.cash + dict(state.receivable).get(state.currency, ZERO) + worth
        free = state.cash - reserved
    return AccountReport(
        state=state,
        opened=known is not None,
        moment=now,
        feed_state=workspace.venue_feed.state,
        nlv=nlv,
        positions_value=worth,
        buying_power=free,
        unrealised_pnl=unrealised,
        day_pnl=day,
        day_reason=reason,
        positions=values,
        unmarked=tuple(found for item in values if (found := _unmarked(item, state.currency)) is not None),
        unconverted=tuple(name for name, _ in (*state.cash_by_currency, *state.receivable) if name != state.currency),
    )


def _unmarked(item: PositionValue, currency: str) -> Unmarked | None:
    """Why a position is not in a net liquidation value; None where it is."""
    if item.market_value is None:
        return Unmarked(item.position.symbol, item.mark.reason or "no mark")
    if item.position.currency == currency:
        return None
    reason = f"worth {item.market_value:f} {item.position.currency}, and no exchange rate to {currency} is known"
    return Unmarked(item.position.symbol, reason)


def positions(workspace: Workspace, *, all_accounts: bool = False, moment: datetime | None = None) -> PositionsReport:
    """Open positions of the workspace's account, or of every account of its home."""
    now = workspace.clock.now() if moment is None else moment
    desk = workspace.desk
    values: list[PositionValue] = []
    with desk.lock:
        desk.follow(workspace.store)
        for state in desk.book.accounts():
            if state.positions and (all_accounts or state.account == workspace.account):
                marker = Marker(desk.book, workspace.venue_feed, state, now, workspace.venue)
                values += [marker.value(position.symbol) for position in state.positions]
    return PositionsReport(now, tuple(values))


def verify(workspace: Workspace) -> int:
    """Fold the whole log again and return the number of ledger accounts, which balance.

    Raises IntegrityError where an entry is wrong, a commodity does not sum to zero over all accounts,
    or the kept checkpoint is not what the log folds to.
    """
    store = workspace.store
    desk, kept = Desk(), None
    if isinstance(store, HandsOutCheckpoints):
        kept = store.load_checkpoint(CHECKPOINT)
    for record in store.read():
        desk.take(record)
        if kept is not None and record.seq == kept.head.seq and desk.to_bytes() != kept.state:
            raise IntegrityError(f"the checkpoint {CHECKPOINT} is not what the log folds to", record.seq)
    balances = desk.book.balances()
    sums: dict[str, Decimal] = {}
    with exact_arithmetic():
        for amounts in balances.values():
            for commodity, amount in amounts.items():
                sums[commodity] = sums.get(commodity, ZERO) + amount
    wrong = [commodity for commodity, total in sums.items() if total]
    if wrong:
        raise IntegrityError(f"debits and credits of {', '.join(sorted(wrong))} differ")
    return len(balances)


def to_json(report: AccountReport | PositionsReport) -> dict[str, Any]:
    """The JSON form of a report; money as JSON numbers, null where it cannot be told."""
    if isinstance(report, PositionsReport):
        return {"schema_version": 1, "positions": [position_json(item, report.moment) for item in report.positions]}
    state = report.state
    return {
        "schema_version": 1,
        "account": state.account,
        "state": OPEN if report.opened else UNOPENED,
        "may": str(report.may),
        "may_reason": report.may_reason,
        "venue": state.venue,
        "currency": state.currency,
        "moment": time_text(report.moment),
        "feed": str(report.feed_state),
        "nlv": number(report.nlv),
        "cash": number(state.cash),
        "cash_by_currency": {name: number(amount) for name, amount in state.cash_by_currency},
        "receivable": {name: number(amount) for name, amount in state.receivable},
        "unconverted": list(report.unconverted),
        "positions_value": number(report.positions_value),
        "buying_power": number(report.buying_power),
        "unrealised_pnl": number(report.unrealised_pnl),
        "realised_pnl": number(state.realised_pnl),
        "fees": number(state.fees),
        "income": number(state.income),
        "lot_method": state.lot_method,
        "day_pnl": number(report.day_pnl),
        "day_pnl_reason": report.day_reason,
        "opening_balance": number(state.opening_balance),
        "positions": [position_json(item, report.moment) for item in report.positions],
        "unmarked": [{"symbol": item.symbol, "reason": item.reason} for item in report.unmarked],
    }


def entry_price(item: PositionValue) -> Decimal | None:
    """Average price paid or received per unit of the underlying, fees excluded, to `ENTRY_PLACES`, half to even.

    None where the multiplier is not known.
    """
    position, kind = item.position, kind_of(item.position.symbol)
    if kind == "option" and item.instrument is None:
        return None
    multiplier = Decimal(1) if item.instrument is None else item.instrument.multiplier
    with localcontext() as context:
        context.prec = DIGITS
        return (position.cost / (position.quantity * multiplier)).quantize(ENTRY_PLACES, ROUND_HALF_EVEN)


def position_json(item: PositionValue, moment: datetime) -> dict[str, Any]:
    """One position."""
    position, quote = item.position, item.mark.quote
    kind = kind_of(position.symbol)
    terms = symbols.terms(position.symbol) if kind == "option" else None
    return {
        "account": position.account,
        "symbol": position.symbol,
        "label": label_of(position.symbol),
        "underlying": underlying_of(position.symbol),
        "expiry": None if terms is None else terms.expiry.isoformat(),
        "strike": None if terms is None else number(terms.strike),
        "option_type": None if terms is None else terms.option_type.label,
        "multiplier": 1 if kind == "share" else None if item.instrument is None else number(item.instrument.multiplier),
        "currency": position.currency,
        "quantity": number(position.quantity),
        "cost": number(position.cost),
        "mark": number(item.mark.price),
        "mark_reason": item.mark.reason,
        "market_value": number(item.market_value),
        "unrealised_pnl": number(item.unrealised_pnl),
        "realised_pnl": number(position.realised_pnl),
        "fees": number(position.fees),
        "day_pnl": number(item.day_pnl),
        "day_pnl_reason": item.day_reason,
        "bid": None if quote is None else quote.bid,
        "ask": None if quote is None else quote.ask,
        "quote_age_seconds": None if item.mark.age is None else item.mark.age.total_seconds(),
        "opened_at": time_text(position.opened_at),
        "as_of": time_text(moment),
    }
