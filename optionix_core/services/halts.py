"""Halts of the paper venue: which are in force, who sets and lifts them, and how far away the exchanges' own rules are.

A halt is set and lifted under the lock, after the venue was brought up to now: what was filled before it stands. While
it holds, orders on what it holds up are refused by the gate, those that rest are suspended (no trigger, no fill; a day
order still ends with its day), and go on with the first quote after it. Beside these the venue halts by itself
(`venue_halts`): its rules and how they stand are told here. Refuses a halt of what the venue does not trade.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market import sessions, symbols
from optionix_core.market.protocols import TellsHaltTerms
from optionix_core.services.account_watch import AccountWatch
from optionix_core.services.draft import Draft
from optionix_core.services.judging import instrument_of
from optionix_core.services.lifecycle import bring_up_to_date_where_free, update_under_lock
from optionix_core.services.overseen import asked_before
from optionix_core.services.working import Working
from optionix_core.trading.eastern import NEW_YORK
from optionix_core.trading.halt_records import ended_event, started_event, started_id
from optionix_core.trading.halt_rules import AUTOMATIC
from optionix_core.trading.halts import (
    Halt,
    HaltKey,
    HaltScope,
    LuldBands,
    MarketWideLevels,
    level_reached,
    market_wide_levels,
)
from optionix_core.trading.watch.changes import price_at
from optionix_core.trading.watch.luld_day import LuldDay
from optionix_core.trading.watch.market_day import MarketDay
from optionix_core.trading.watch.watch import HaltWatch

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogReader
    from optionix_core.trading.halts import HaltBoard
    from optionix_core.trading.watch.watch import RuleReport

MANUAL: Final = "manual"
"""Rule of a halt that a user sets without naming another."""
_RULE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class HaltReport:
    """The board at a moment."""

    moment: datetime
    halts: tuple[Halt, ...]
    """In force."""
    suspended: tuple[str, ...]
    """Client order ids of the orders that they hold up."""
    rules: tuple[RuleReport, ...] = ()
    """How each rule stands by which the venue halts by itself, and each breaker of the workspace's account."""


@dataclass(frozen=True, slots=True)
class BandReport:
    """Limit Up-Limit Down of one stock, as its rules would have it now."""

    underlying: str
    tier: int
    previous_close: Decimal
    reference: Decimal
    """By the feed's price every 30 seconds since the open, each counted as one trade."""
    reference_since: datetime
    last: Decimal
    bands: LuldBands


@dataclass(frozen=True, slots=True)
class LevelReport:
    """Market-wide breakers of one index for its day."""

    index: str
    prior_close: Decimal
    last: Decimal
    levels: MarketWideLevels
    reached: int
    """0 to 3, by the last price."""


def status(workspace: Workspace) -> HaltReport:
    """The halts that are in force, and the orders that they suspend."""
    bring_up_to_date_where_free(workspace)
    return standing(workspace)


def standing(workspace: Workspace) -> HaltReport:
    """As `status`, of the venue as the log has it: takes no lock and writes nothing."""
    desk, now = workspace.desk, workspace.clock.now()
    desk.follow(workspace.store)
    with desk.lock:
        feed = workspace.venue_feed
        watch = desk.watch(feed) or HaltWatch(feed, desk.rules.halts)
        draft = Draft(desk)
        accounts = AccountWatch(draft, feed, Working(draft, feed), now).report(workspace.account)
        board = _with_standing(desk.orders.halts.at_venue(desk.venue).expire(now), watch, now)
        held = []
        for order in desk.orders.orders():
            legs = [leg for name in order.intent.symbols if (leg := instrument_of(workspace.venue_feed, name))]
            here = desk.venue_for(order.intent.account) == desk.venue
            if order.accepted_at is not None and here and legs and not board.judge(legs, now).allowed:
                held.append(order.intent.client_order_id)
        return HaltReport(now, board.halts, tuple(held), (*watch.report(now), *accounts))


def start(
    workspace: Workspace,
    scope: HaltScope,
    name: str = "",
    *,
    by: str,
    reason: str,
    rule: str = MANUAL,
    until: datetime | None = None,
) -> Halt:
    """Halt the market, an underlying with its options, or one option; until it is lifted where `until` is None.

    Raises InvalidValueError for a malformed rule or reason, for an end that is not ahead and where that halt is set
    already; UnknownNameError for what the venue does not trade.
    """
    _check_words(by, reason, rule)
    named = _named(workspace.venue_feed, scope, name)
    desk = workspace.desk
    with workspace.store.writing(f"halt {named.strip() or 'the market'}", workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        halt = Halt(scope, named, rule, now, until, reason)
        standing = next((item for item in desk.orders.halts.expire(now).halts if item.key == halt.key), None)
        if standing is not None:
            bound = f"one that is not set (it is, since {standing.since:%Y-%m-%d %H:%M:%S} UTC)"
            raise InvalidValueError("halt", f"{rule} of {halt.name.strip() or 'the market'}", bound)
        update_under_lock(log, desk, workspace.venue_feed, now, told=True)
        desk.append(log, (started_event(halt, by, _set_before(log, halt) + 1),))
        desk.keep(log)
    return halt


def lift(workspace: Workspace, scope: HaltScope, name: str = "", *, by: str, reason: str, rule: str = MANUAL) -> Halt:
    """End a halt. Raises InvalidValueError where it is not set or is over by itself."""
    _check_words(by, reason, rule)
    named = _named(workspace.venue_feed, scope, name)
    desk, ask = workspace.desk, asked_before(workspace)
    with workspace.store.writing(f"lift the halt of {named.strip()}", workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        board = desk.orders.halts.expire(now)
        halt = next((item for item in board.halts if item.key == HaltKey(scope, named, rule)), None)
        if halt is None:
            raise InvalidValueError("halt", f"{rule} of {named.strip() or 'the market'}", "one that is set")
        event = ended_event(halt, _set_before(log, halt), by, reason, now)
        ask(log, event)
        update_under_lock(log, desk, workspace.venue_feed, now, told=True)
        desk.append(log, (event,))
        desk.keep(log)
    return halt


def bands(workspace: Workspace, underlying: str, tier: int = 1) -> BandReport:
    """Between which prices a stock may trade now. Raises MissingDataError outside regular hours and without prices."""
    feed, now = workspace.venue_feed, workspace.clock.now()
    _known(feed, underlying)
    session = sessions.session(now.astimezone(NEW_YORK).date())
    if session is None or not session.open <= now <= session.close:
        raise MissingDataError(f"no bands: {now:%Y-%m-%d %H:%M} UTC is outside the exchanges' regular hours")
    index = feed.market_index() if isinstance(feed, TellsHaltTerms) else None
    day = LuldDay(feed, underlying, tier, session, None if index is None else MarketDay(feed, index, session))
    kept = day.reference(now)
    return BandReport(
        underlying,
        tier,
        day.previous_close,
        kept.known,
        session.open if kept.since is None else kept.since,
        price_at(feed, underlying, now),
        day.bands(now),
    )


def levels(workspace: Workspace, index: str) -> LevelReport:
    """The market-wide breakers' levels of the day, were `index` the index that they look at."""
    feed, now = workspace.venue_feed, workspace.clock.now()
    _known(feed, index)
    close = price_at(feed, index, sessions.last_close(now))
    last, found = price_at(feed, index, now), market_wide_levels(close)
    return LevelReport(index, close, last, found, level_reached(found, last))


def _with_standing(board: HaltBoard, watch: HaltWatch, now: datetime) -> HaltBoard:
    """The board with the venue's own halts that nothing worked through, and that are not in the log."""
    for item in watch.feed.underlyings():
        for halt in watch.standing(item.symbol, now):
            if halt.key[:3] not in {one.key[:3] for one in board.halts}:
                board = board.with_halt(halt)
    return board


def _known(feed: QuoteSource, underlying: str) -> None:
    known = tuple(item.symbol for item in feed.underlyings())
    if underlying not in known:
        raise UnknownNameError("underlying", underlying, known)


def _set_before(log: LogReader, halt: Halt) -> int:
    """How often a halt of that scope, name and rule was set."""
    number = 0
    while log.find(started_id(halt, number + 1)) is not None:
        number += 1
    return number


def _named(feed: QuoteSource, scope: HaltScope, name: str) -> str:
    """The name as the board has it."""
    if scope is HaltScope.INSTRUMENT:
        return feed.instrument(symbols.resolve(name)).symbol
    if scope is HaltScope.UNDERLYING:
        _known(feed, name)
    elif name:
        raise InvalidValueError("name", repr(name), "empty for the market")
    return name


def _check_words(by: str, reason: str, rule: str) -> None:
    if not _RULE.fullmatch(rule):
        raise InvalidValueError("rule", repr(rule), "1 to 32 small letters, digits and dashes")
    if rule in AUTOMATIC:
        raise InvalidValueError("rule", repr(rule), "none by which the venue halts by itself")
    for field, text, longest in (("by", by, 64), ("reason", reason, LONGEST_REASON)):
        if not 1 <= len(text) <= longest or not text.isprintable() or text != text.strip():
            raise InvalidValueError(field, repr(text), f"1 to {longest} printable characters")
