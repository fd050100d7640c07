"""What an account's owner does beside trading: pay in and out, change currencies, move between accounts, choose lots.

Each act has an id of its own and is one transaction: sent again it is answered and not done again, with other content
it is refused. Cash that working orders keep can be neither withdrawn, converted nor transferred; contracts that they
would sell can, and the venue then ends those orders, since it asks the account once more before every fill.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.portfolio.cash_flows import deposit_entry, withdrawal_entry
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.exchange_rates import ExchangeRate, conversion_entry, rate_event
from optionix_core.portfolio.ledger import entry_event, entry_of, lots_chosen_event
from optionix_core.portfolio.transfers import cash_transfer, position_transfer
from optionix_core.services.draft import Draft
from optionix_core.trading.records import check_client_order_id

if TYPE_CHECKING:
    from optionix_core.portfolio.values import AccountState, LedgerEntry, LotMethod, LotPick
    from optionix_core.services.desk import Desk
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event

_Make = Callable[[datetime], Sequence["Event"]]


def deposit(workspace: Workspace, act_id: str, currency: str, amount: Decimal) -> tuple[LedgerEntry, ...]:
    """Pay `amount` into the workspace's account, which must be open."""
    name = _act("deposit", workspace.account, act_id)

    def make(now: datetime) -> Sequence[Event]:
        _state(workspace.desk, workspace.account)
        entry = deposit_entry(entry_id=name, account=workspace.account, currency=currency, amount=amount, time=now)
        return (entry_event(entry),)

    return _once(workspace, f"deposit {amount} {currency}", make)


def withdraw(workspace: Workspace, act_id: str, currency: str, amount: Decimal) -> tuple[LedgerEntry, ...]:
    """Pay `amount` out; InvalidValueError where it is more than is free."""
    name = _act("withdrawal", workspace.account, act_id)

    def make(now: datetime) -> Sequence[Event]:
        entry = withdrawal_entry(entry_id=name, account=workspace.account, currency=currency, amount=amount, time=now)
        if not _known(workspace, name):
            _expect_free(workspace, currency, amount)
        return (entry_event(entry),)

    return _once(workspace, f"withdraw {amount} {currency}", make)


def convert(workspace: Workspace, act_id: str, amount: Decimal, rate: ExchangeRate) -> tuple[LedgerEntry, ...]:
    """Sell `amount` of the rate's base for its quote currency; the rate is written down before."""
    name = _act("conversion", workspace.account, act_id)

    def make(now: datetime) -> Sequence[Event]:
        if rate.at > now:
            raise InvalidValueError("rate", rate.at, f"of now or earlier, {now}")
        named = rate_event(rate)
        before = workspace.store.find(named.id)
        if before is not None and before.event != named:
            raise InvalidValueError("rate", rate.words, f"what {rate.source} said of {rate.at} before")
        entry = conversion_entry(entry_id=name, account=workspace.account, amount=amount, rate=rate, time=now)
        if not _known(workspace, name):
            _expect_free(workspace, rate.base, amount)
        return named, entry_event(entry)

    return _once(workspace, f"convert {amount} {rate.base}", make)


def transfer_cash(
    workspace: Workspace, act_id: str, target: str, currency: str, amount: Decimal
) -> tuple[LedgerEntry, ...]:
    """Move `amount` from the workspace's account to `target`, both open and at one venue."""
    check_client_order_id(act_id)

    def make(now: datetime) -> Sequence[Event]:
        source, into = _state(workspace.desk, workspace.account), _state(workspace.desk, target)
        _expect_free(workspace, currency, amount)
        return [entry_event(entry) for entry in cash_transfer(act_id, source, into, currency, amount, now)]

    return _transferred(workspace, act_id, currency, amount, target, make)


def transfer_position(
    workspace: Workspace, act_id: str, target: str, symbol: str, quantity: Decimal, named: Sequence[LotPick] = ()
) -> tuple[LedgerEntry, ...]:
    """Move `quantity` contracts, signed as the position is, with their lots."""
    check_client_order_id(act_id)

    def make(now: datetime) -> Sequence[Event]:
        source, into = _state(workspace.desk, workspace.account), _state(workspace.desk, target)
        return [entry_event(item) for item in position_transfer(act_id, source, into, symbol, quantity, now, named)]

    return _transferred(workspace, act_id, symbol, quantity, target, make)


def choose_lots(workspace: Workspace, method: LotMethod, since: datetime | None = None) -> datetime:
    """From `since` (None: now) on the account closes lots by `method`; the moment from which it does.

    Raises InvalidValueError where the moment is not after the last choice, or lies in the past: what was realised
    stays realised.
    """
    desk = workspace.desk
    with workspace.store.writing(f"choose lots {method}", workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        _state(desk, workspace.account)
        now = workspace.clock.now()
        moment = now if since is None else since
        event = lots_chosen_event(workspace.account, method, moment)
        if moment < now:
            raise InvalidValueError("since", moment, f"now or later, {now}")
        last = desk.book.lots_chosen_at(workspace.account)
        if last is not None and moment <= last:
            raise InvalidValueError("since", moment, f"after {last}, when lots were chosen last")
        desk.append(log, (event,))
        desk.keep(log)
    return moment


def _act(kind: str, account: str, act_id: str) -> str:
    check_client_order_id(act_id)
    return f"account/{account}/{kind}/{act_id}"


def _state(desk: Desk, account: str) -> AccountState:
    state = desk.book.account(account)
    if state is None:
        raise UnknownNameError("account", account, tuple(item.account for item in desk.book.accounts()))
    return state


def _known(workspace: Workspace, name: str) -> bool:
    return workspace.store.find(name) is not None


def _expect_free(workspace: Workspace, currency: str, amount: Decimal) -> None:
    """Raise InvalidValueError where less than `amount` is there that no working order keeps."""
    state = _state(workspace.desk, workspace.account)
    held = dict(state.cash_by_currency).get(currency, ZERO)
    kept = workspace.desk.orders.reserved(workspace.account) if currency == state.currency else ZERO
    with exact_arithmetic():
        free = held - kept
    if amount > free:
        raise InvalidValueError("amount", amount, f"at most the {decimal_text(free)} {currency} that are free")


def _once(workspace: Workspace, purpose: str, make: _Make) -> tuple[LedgerEntry, ...]:
    """Write the events of an act, or answer with the entries that it wrote before.

    Raises InvalidValueError where the id was used for something else.
    """
    desk = workspace.desk
    with workspace.store.writing(purpose, workspace.lock_timeout) as log, desk.lock:
        desk.follow(log)
        events = make(workspace.clock.now())
        entries = [event for event in events if event.type == "ledger.entry"]
        found = [log.find(event.id) for event in entries]
        earlier = [record.event for record in found if record is not None]
        if earlier:
            for before, wanted in zip(earlier, entries, strict=True):
                if before != replace(wanted, time=before.time):
                    raise InvalidValueError("id", repr(before.id), "unused, or repeat what it did")
            return tuple(entry_of(event) for event in earlier)
        draft = Draft(desk)
        draft.add(*events)
        _ = draft.book  # what the book would refuse is refused before it is written
        draft.write(log)
        desk.keep(log)
        return tuple(entry_of(event) for event in entries)


def _transferred(
    workspace: Workspace, act_id: str, commodity: str, amount: Decimal, target: str, make: _Make
) -> tuple[LedgerEntry, ...]:
    """As `_once`; a transfer that was made is told from its entries, since what it moved is not there any more."""
    desk = workspace.desk
    desk.follow(workspace.store)
    found = [workspace.store.find(f"transfer/{act_id}/{way}") for way in ("out", "in")]
    known = tuple(entry_of(record.event) for record in found if record is not None)
    if not known:
        return _once(workspace, f"transfer {amount} {commodity} to {target}", make)
    moved = [(entry.account, entry.postings[0].commodity, entry.postings[0].amount) for entry in known]
    if moved != [(workspace.account, commodity, -amount), (target, commodity, amount)]:
        raise InvalidValueError("id", repr(act_id), "unused, or repeat its transfer")
    return known
