"""What expires next, what would become of it now, and the calendar of all that is held.

A preview takes the underlying's price of this moment for the settlement price; what comes of the expiry itself is
decided by the price of its own moment. Chances of ending in the money need the smile: where it has none the calendar
says why. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market.products import product
from optionix_core.portfolio.deliverables import kind_of
from optionix_core.portfolio.deliveries import in_cash, physical
from optionix_core.portfolio.early_exercise import EarlyExerciseAdvice, advise_early_exercise
from optionix_core.portfolio.exact import ZERO
from optionix_core.portfolio.exercise_instructions import Fate, fate
from optionix_core.portfolio.expiry import settlement_price
from optionix_core.portfolio.expiry_calendar import YEAR, ExpiryEntry, ExpiryMarket, expiry_calendar
from optionix_core.services.lifecycle import bring_up_to_date_where_free
from optionix_core.services.settling import last_instruction, why_not
from optionix_core.trading.gate import LOCAL_SIM

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.instruments import Instrument
    from optionix_core.portfolio.values import Position
    from optionix_core.services.chain_view import ChainViewer
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


def next_expiry(workspace: Workspace) -> NextExpiry:
    """The positions of the account that settle first, and what becomes of them at this moment's prices."""
    bring_up_to_date_where_free(workspace)
    now = workspace.clock.now()
    open_ = _options(workspace, now)
    first = min((instrument.expires_at for _, instrument in open_), default=None)
    told = tuple(_preview(workspace, *pair, now) for pair in open_ if pair[1].expires_at == first)
    return NextExpiry(now, first, told)


def calendar(workspace: Workspace) -> Calendar:
    """Every option of the account, nearest settlement first, with its chance of ending in the money."""
    from optionix_core.services.chain_view import ChainViewer

    bring_up_to_date_where_free(workspace)
    now, feed = workspace.clock.now(), workspace.venue_feed
    open_ = _options(workspace, now)
    chains = ChainViewer(feed)
    markets: dict[str, ExpiryMarket] = {}
    reasons: dict[str, str] = {}
    for _, instrument in open_:
        found = _market(chains, instrument, now)
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
    return Calendar(now, entries, reasons, advice)


def _options(workspace: Workspace, now: datetime) -> list[tuple[Position, Instrument]]:
    """Options that the account holds on the paper venue and that have not settled."""
    desk = workspace.desk
    desk.follow(workspace.store)
    with desk.lock:
        state = desk.book.account(workspace.account)
    found = []
    for position in () if state is None or state.venue != LOCAL_SIM else state.positions:
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


def _market(chains: ChainViewer, instrument: Instrument, now: datetime) -> ExpiryMarket | str:
    """What the chain tells of an option, or what it lacks."""
    try:
        view = chains.view(instrument.underlying, now, instrument.expiry, instrument.root)
    except (MissingDataError, UnknownNameError) as error:
        return str(error)
    side = view.side(instrument.symbol)
    if side is None:
        return "it is not in its chain"
    if side[1].iv is None:
        return side[1].rejected or "no implied volatility"
    if view.spot is None or view.rate is None or view.carry is None:
        return "no forward or discount factor is known for its expiry"
    return ExpiryMarket(view.spot, view.rate, view.carry, side[1].iv)
