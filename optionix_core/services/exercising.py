"""Exercising: now, where the option is American and delivers shares; at its end, by an instruction.

Each act is one hold of the lock, after the venue was brought up to now, and one transaction: what is exercised, its
delivery, and who of this home is assigned where others of it are short. The draw is among all short contracts, the
home's and those of everybody else, as many as the feed says are open. The venue's own cut-off for instructions is the
moment of settlement. Refuses what the account cannot pay or deliver without margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, MissingDataError, RefusedError
from optionix_core.market import symbols
from optionix_core.market.products import product
from optionix_core.portfolio.assignment import assign
from optionix_core.portfolio.deliverables import kind_of
from optionix_core.portfolio.deliveries import Delivery, act_event, delivery_entry, physical
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.exercise_instructions import Instruction, Wish, instruction_event, instruction_id
from optionix_core.portfolio.ledger import entry_event
from optionix_core.services.draft import Draft
from optionix_core.services.lifecycle import update_under_lock
from optionix_core.services.settling import last_instruction, why_not
from optionix_core.trading.records import check_client_order_id

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.instruments import Instrument
    from optionix_core.portfolio.deliveries import Act
    from optionix_core.portfolio.values import AccountState, Position
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogWriter

STREET: Final = ""
"""Everybody else who is short, in the draw: the feed's open interest, which paper positions are not part of."""


@dataclass(frozen=True, slots=True)
class Exercised:
    """An early exercise."""

    account: str
    symbol: str
    contracts: int
    delivery: Delivery
    assigned: tuple[tuple[str, int], ...]
    """Accounts of this home that the draw assigned, and contracts."""
    moment: datetime
    replayed: bool = False
    """True where this id had been exercised before and nothing was done now."""


def instruct(workspace: Workspace, symbol: str, wish: Wish, quantity: int | None = None) -> Instruction:
    """Say what is to be done at expiry with `quantity` contracts (None: all that are held). The last word counts.

    Raises InvalidValueError for what is not held, more than is held, or has expired; MissingDataError for an option
    that does not settle by itself.
    """
    key = symbols.resolve(symbol)
    instrument = workspace.venue_feed.instrument(key)
    desk = workspace.desk
    with workspace.store.writing(f"instruct on {key.strip()}", workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        update_under_lock(log, desk, workspace.venue_feed, now)
        position, contracts = _long(workspace, instrument, quantity, now)
        reason = why_not(position, instrument)
        if reason is not None:
            raise MissingDataError(f"{key.strip()} does not settle by itself: {reason}")
        told = Instruction(workspace.account, key, wish, contracts, now)
        before = last_instruction(log, workspace.account, key)
        if before is not None and (before.wish, before.contracts) == (wish, contracts):
            return before
        number = 1
        while log.find(instruction_id(workspace.account, key, number)) is not None:
            number += 1
        desk.append(log, (instruction_event(told, number),))
        desk.keep(log)
        return told


def exercise(
    workspace: Workspace, symbol: str, quantity: int | None = None, act_id: str | None = None, *, dry_run: bool = False
) -> Exercised:
    """Exercise `quantity` contracts now (None: all that are held). The same `act_id` is the same exercise.

    Raises InvalidValueError for a European option and for more than is held, RefusedError where cash or shares are
    wanting, MissingDataError where another account of the home is short and the feed tells no open interest.
    """
    name = workspace.new_order_id() if act_id is None else act_id
    check_client_order_id(name)
    key = symbols.resolve(symbol)
    instrument = workspace.venue_feed.instrument(key)
    if instrument.exercise != "american":
        bound = f"american, to be exercised before {instrument.expires_at:%Y-%m-%d %H:%M} UTC"
        raise InvalidValueError("exercise style", instrument.exercise, bound)
    if product(instrument.root).cash_settled or product(instrument.root).adjusted:
        raise InvalidValueError("symbol", repr(key.strip()), "one that delivers shares, not adjusted")
    desk = workspace.desk
    entry_id = f"account/{workspace.account}/exercise/{name}"
    with workspace.store.writing(f"exercise {key.strip()}", workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        earlier = log.find(entry_id)
        if earlier is not None:
            return _repeated(log, workspace, instrument, entry_id, quantity)
        if not dry_run:
            update_under_lock(log, desk, workspace.venue_feed, now)
        _, contracts = _long(workspace, instrument, quantity, now)
        delivery = physical("exercise", instrument, contracts)
        _expect_means(workspace, instrument, delivery)
        drawn = _draw(workspace, instrument, contracts, entry_id, now)
        done = Exercised(workspace.account, key, contracts, delivery, tuple(sorted(drawn.items())), now)
        if dry_run:
            return done
        draft = Draft(desk)
        _deliver(draft, "exercise", workspace.account, instrument, contracts, now, entry_id, "early, as instructed")
        for account, count in done.assigned:
            _deliver(
                draft, "assignment", account, instrument, count, now, f"{entry_id}/{account}", "early, by the draw"
            )
        draft.write(log)
        desk.keep(log)
        return done


def _deliver(
    draft: Draft, act: Act, account: str, instrument: Instrument, contracts: int, now: datetime, entry_id: str, why: str
) -> None:
    event = act_event(act, account, instrument, contracts, now, why)
    entry = delivery_entry(
        act=act,
        entry_id=entry_id,
        account=account,
        venue=draft.venue,
        instrument=instrument,
        delivery=physical(act, instrument, contracts),
        time=now,
        cause=event.id,
    )
    draft.add(event, entry_event(entry))


def _repeated(
    log: LogWriter, workspace: Workspace, instrument: Instrument, entry_id: str, quantity: int | None
) -> Exercised:
    from optionix_core.portfolio.ledger import entry_of

    record = log.find(entry_id)
    if record is None:
        raise MissingDataError(f"{entry_id} is not in the log")
    entry = entry_of(record.event)
    contracts = next((int(-move.quantity) for move in entry.moves if move.symbol == instrument.symbol), 0)
    if not contracts or quantity not in (None, contracts):
        bound = f"unused, or repeat its exercise: {entry.memo}"
        raise InvalidValueError("id", repr(entry_id.rpartition("/")[2]), bound)
    shares = (
        (account.account, int(move.quantity))
        for account in workspace.desk.book.accounts()
        if (found := log.find(f"{entry_id}/{account.account}")) is not None
        for move in entry_of(found.event).moves
        if move.symbol == instrument.symbol
    )
    return Exercised(
        workspace.account,
        instrument.symbol,
        contracts,
        physical("exercise", instrument, contracts),
        tuple(shares),
        entry.time,
        replayed=True,
    )


def _account(workspace: Workspace) -> AccountState:
    state = workspace.desk.book.account(workspace.account)
    if state is None or state.venue != workspace.venue:
        raise InvalidValueError("account", repr(workspace.account), f"open, and bound to {workspace.venue}")
    return state


def _long(workspace: Workspace, instrument: Instrument, quantity: int | None, now: datetime) -> tuple[Position, int]:
    """The position, and how many contracts of it are meant."""
    if instrument.expires_at <= now:
        bound = f"not expired (it did at {instrument.expires_at:%Y-%m-%d %H:%M} UTC)"
        raise InvalidValueError("symbol", repr(instrument.symbol.strip()), bound)
    found = [item for item in _account(workspace).positions if item.symbol == instrument.symbol and item.quantity > 0]
    if not found:
        raise InvalidValueError("symbol", repr(instrument.symbol.strip()), f"held by {workspace.account}, and long")
    there = int(found[0].quantity)
    wanted = there if quantity is None else quantity
    if not 1 <= wanted <= there:
        raise InvalidValueError("quantity", wanted, f"1 to {there}, which are held")
    return found[0], wanted


def _expect_means(workspace: Workspace, instrument: Instrument, delivery: Delivery) -> None:
    """RefusedError where cash or shares are wanting, or where the option may stand behind one that was sold."""
    state = _account(workspace)
    behind = [
        item.symbol.strip()
        for item in state.positions
        if item.quantity < 0
        and kind_of(item.symbol) == "option"
        and product(symbols.terms(item.symbol).root).underlying == instrument.underlying
    ]
    if behind:
        raise RefusedError("needs-margin", f"it may stand behind {', '.join(behind)}, which the account has sold")
    with exact_arithmetic():
        free = state.cash - workspace.desk.orders.reserved(state.account)
    if delivery.cash < 0 and -delivery.cash > free:
        detail = f"takes {decimal_text(-delivery.cash)} {delivery.currency}, {decimal_text(free)} is free"
        raise RefusedError("buying-power", detail)
    held = next((item.quantity for item in state.positions if item.symbol == delivery.symbol), ZERO)
    if delivery.shares < 0 and held < -delivery.shares:
        detail = f"delivers {decimal_text(-delivery.shares)} {delivery.symbol}, {decimal_text(max(held, ZERO))} held"
        raise RefusedError("needs-margin", detail)


def _draw(workspace: Workspace, instrument: Instrument, contracts: int, seed: str, now: datetime) -> dict[str, int]:
    """Which accounts of the home are assigned; empty where none of them is short."""
    short = {
        account.account: int(-item.quantity)
        for account in workspace.desk.book.accounts()
        for item in account.positions
        if item.symbol == instrument.symbol and item.quantity < 0
    }
    if not short:
        return {}
    open_interest = workspace.venue_feed.quote(instrument.symbol, now).open_interest
    if open_interest is None:
        words = f"{', '.join(short)} short, and no open interest of {instrument.symbol.strip()} is known"
        raise MissingDataError(f"who is assigned cannot be drawn: {words}")
    short[STREET] = int(open_interest)
    drawn = assign(contracts, short, seed)
    return {account: count for account, count in drawn.items() if account != STREET and count}
