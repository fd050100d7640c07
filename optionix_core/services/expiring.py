"""What expires next, what would become of it now, and the calendar of all that is held.

A preview takes the underlying's price of this moment for the settlement price; what comes of the expiry itself is
decided by the price of its own moment. Chances of ending in the money need the smile: where it has none the calendar
says why. Writes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market.products import product
from optionix_core.portfolio.deliverables import kind_of, underlying_of
from optionix_core.portfolio.deliveries import in_cash, physical
from optionix_core.portfolio.dividends import DIVIDEND_DECLARED, dividend_of
from optionix_core.portfolio.early_exercise import EarlyExerciseAdvice, advise_early_exercise
from optionix_core.portfolio.exact import ZERO
from optionix_core.portfolio.exercise_instructions import Fate, fate
from optionix_core.portfolio.expiry import settlement_price
from optionix_core.portfolio.expiry_calendar import YEAR, ExpiryEntry, ExpiryMarket, expiry_calendar, present_value
from optionix_core.services.lifecycle import bring_up_to_date_where_free
from optionix_core.services.settling import last_instruction, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from optionix_core.market.instruments import Instrument
    from optionix_core.portfolio.dividends import CashDividend
    from optionix_core.portfolio.values import Position
    from optionix_core.services.chain_view import ChainView, ChainViewer
    from optionix_core.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Expiring:
    """One position at the next expiry, settled as if it were now."""

    position: Position
    instrument: Instrument
    price: Decimal | None
    """Of the underlying now; None where there is none."""
    fate: Fate | None
    cash: Decimal
    """Signed, into the account."""
    shares: Decimal
    """Signed, into the account, of the underlying."""
    instructed: str | None
    """What its holder said, such as `expire 2`."""
    reason: str | None = None
    """Why it could not be settled."""


@dataclass(frozen=True, slots=True)
class NextExpiry:
    """What would happen next."""

    moment: datetime
    expires_at: datetime | None
    """None where nothing that is held expires."""
    positions: tuple[Expiring, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that is held, by its end."""

    moment: datetime
    entries: tuple[ExpiryEntry, ...]
    reasons: dict[str, str]
    """By symbol: why there is no chance for it."""
    advice: dict[str, EarlyExerciseAdvice]
    """By symbol, of American options that are held and in the money: whether to exercise now, dividends left out."""
    dividends: tuple[CashDividend, ...] = ()
    """Declared, of underlyings that options or shares are held of, the nearest first; ex today or later."""


def next_expiry(workspace: Workspace) -> NextExpiry:
    """The positions of the account that settle first, and what becomes of them at this moment's prices."""
    bring_up_to_date_where_free(workspace)
    now = workspace.clock.now()
    open_ = _options(workspace, now)
    first = min((instrument.expires_at for _, instrument in open_), default=None)
    told = tuple(_preview(workspace, *pair, now) for pair in open_ if pair[1].expires_at == first)
    return NextExpiry(now, first, told)


def calendar(workspace: Workspace, chains: ChainViewer | None = None) -> Calendar:
    """Every option of the account, nearest settlement first, with its chance of ending in the money.

    `chains`: of the venue's feed, where there is a viewer already; only this thread may use it.
    """
    bring_up_to_date_where_free(workspace)
    return standing(workspace, chains)


def standing(
    workspace: Workspace, chains: ChainViewer | None = None, dividends: tuple[CashDividend, ...] | None = None
) -> Calendar:
    """As `calendar`, of the book as the log has it: takes no lock and writes nothing.

    `dividends`: those that are ahead, where somebody has read them already; None: they are read from the log.
    """
    from optionix_core.services.chain_view import ChainViewer

    now, feed = workspace.clock.now(), workspace.venue_feed
    open_ = _options(workspace, now)
    chains = ChainViewer(feed) if chains is None else chains
    dividends = _dividends(workspace, now) if dividends is None else dividends
    markets: dict[str, ExpiryMarket] = {}
    reasons: dict[str, str] = {}
    views: dict[tuple[str, date, str], ChainView | str] = {}
    for _, instrument in open_:
        key = (instrument.underlying, instrument.expiry, instrument.root)
        if key not in views:
            views[key] = _view(chains, instrument, now)
        found = _market(views[key], instrument, now, dividends)
        if isinstance(found, str):
            reasons[instrument.symbol] = found
        else:
            markets[instrument.symbol] = found
    entries = expiry_calendar(((instrument, position.quantity) for position, instrument in open_), now, markets)
    advice = {
        instrument.symbol: told
        for position, instrument in open_
        if position.quantity > 0 and (told := _advice(instrument, markets.get(instrument.symbol), now)) is not None
    }
    return Calendar(now, entries, reasons, advice, dividends)


def _dividends(workspace: Workspace, now: datetime) -> tuple[CashDividend, ...]:
    """Declared in the log; what was declared again with another amount stands twice, as the log has it."""
    desk = workspace.desk
    desk.follow(workspace.store)
    with desk.lock:
        state = desk.book.account(workspace.account)
    held = {underlying_of(position.symbol) for position in (() if state is None else state.positions)}
    found = [
        told
        for record in (workspace.store.read() if held else ())
        if record.event.type == DIVIDEND_DECLARED
        and (told := dividend_of(record.event)).symbol in held
        and told.ex_date >= now.date()
    ]
    return tuple(sorted(found, key=lambda one: (one.ex_date, one.symbol, one.per_share)))


def _options(workspace: Workspace, now: datetime) -> list[tuple[Position, Instrument]]:
    """Options that the account holds on the paper venue and that have not settled."""
    desk = workspace.desk
    desk.follow(workspace.store)
    with desk.lock:
        state = desk.book.account(workspace.account)
    found = []
    for position in () if state is None or state.venue != workspace.venue else state.positions:
        if kind_of(position.symbol) != "option":
            continue
        try:
            instrument = workspace.venue_feed.instrument(position.symbol)
        except UnknownNameError:
            continue
        if instrument.expires_at > now:
            found.append((position, instrument))
    return found


def _preview(workspace: Workspace, position: Position, instrument: Instrument, now: datetime) -> Expiring:
    told = last_instruction(workspace.store, workspace.account, position.symbol)
    words = None if told is None else f"{told.wish} {told.contracts}"
    reason, price = why_not(position, instrument), None
    try:
        price = settlement_price(workspace.venue_feed.spot(instrument.underlying, now))
    except MissingDataError as error:
        reason = str(error) if reason is None else reason
    if reason is not None or price is None:
        return Expiring(position, instrument, price, None, ZERO, ZERO, words, reason)
    found = fate(instrument, position.quantity, price, told)
    cash = shares = ZERO
    if found.contracts and product(instrument.root).cash_settled:
        cash = in_cash(found.act, instrument, found.contracts, price).cash
    elif found.contracts:
        moved = physical(found.act, instrument, found.contracts)
        cash, shares = moved.cash, moved.shares
    return Expiring(position, instrument, price, found, cash, shares, words)


def _advice(instrument: Instrument, market: ExpiryMarket | None, now: datetime) -> EarlyExerciseAdvice | None:
    """For an American option in the money, as if no dividend in cash came."""
    if market is None or instrument.exercise != "american":
        return None
    if int(instrument.option_type) * (market.spot - float(instrument.strike)) <= 0.0:
        return None
    return advise_early_exercise(
        instrument.option_type,
        market.spot,
        float(instrument.strike),
        (instrument.expires_at - now) / YEAR,
        market.rate,
        market.volatility,
        dividend_yield=market.dividend_yield,
    )


def _view(chains: ChainViewer, instrument: Instrument, now: datetime) -> ChainView | str:
    """The chain of an option's expiry, or why there is none."""
    try:
        return chains.view(instrument.underlying, now, instrument.expiry, instrument.root)
    except (MissingDataError, UnknownNameError) as error:
        return str(error)


def _market(
    view: ChainView | str, instrument: Instrument, now: datetime, dividends: Sequence[CashDividend]
) -> ExpiryMarket | str:
    """What the chain of its expiry tells of an option, or what it lacks."""
    if isinstance(view, str):
        return view
    side = view.side(instrument.symbol)
    if side is None:
        return "it is not in its chain"
    if side[1].iv is None:
        return side[1].rejected or "no implied volatility"
    if view.spot is None or view.rate is None or view.carry is None:
        return "no forward or discount factor is known for its expiry"
    next_one = next(
        (one for one in dividends if one.symbol == instrument.underlying and one.ex_date > now.date()), None
    )
    if next_one is None:
        return ExpiryMarket(view.spot, view.rate, view.carry, side[1].iv)
    amount, carry = float(next_one.per_share), view.carry
    if next_one.ex_date <= instrument.expires_at.date() and view.forward is not None:
        # What the quotes' forward has of the dividend is told as the amount, the rest of the carry as the yield.
        kept = view.spot - present_value(amount, next_one.ex_date, now, view.rate)
        carry = view.rate - math.log(view.forward / kept) / ((instrument.expires_at - now) / YEAR)
    return ExpiryMarket(view.spot, view.rate, carry, side[1].iv, dividend=amount, ex_date=next_one.ex_date)
