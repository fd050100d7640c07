"""What the pre-trade gate judges by: facts of the moment, and limits that somebody has set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from optionix_core.market.instruments import Security
from optionix_core.market.protocols import FeedState
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO
from optionix_core.portfolio.values import AccountState
from optionix_core.trading.account_standing import AccountStatus
from optionix_core.trading.backing import Backing
from optionix_core.trading.limit_board import SetLimit
from optionix_core.trading.limits import BookLimit, Figures, LimitFigure, Untold


class SetAnswer(NamedTuple):
    """A limit that somebody set, and its figure."""

    limit: SetLimit
    answer: LimitFigure | Untold | None
    """None where no engine judges it."""


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Bounds that do not depend on the market. A limit that is None is not asked."""

    maximum_quantity: int = 10_000
    """Contracts in one order: ours, to stop a slipped finger, larger than any paper account can pay for."""
    maximum_shares: int = 1_000_000
    """Shares in one order: what as many contracts deliver."""
    maximum_value: Decimal | None = None
    """Of one order at its price, in the account's currency."""
    collar_percent: Decimal | None = None
    """How far a limit may lie beyond the touch that it would take, in percent of that."""
    duplicate_within: timedelta | None = None
    """An order with the terms of another of this age at most is refused."""
    maximum_orders: int | None = None
    """Orders of one account within `rate_window`, this one with them."""
    rate_window: timedelta = timedelta(seconds=1)
    book_limits: tuple[BookLimit, ...] = ()
    """On the book as it would be after the trade (Greeks, value at risk, loss), each of which an engine must answer;
    without its engine a limit refuses."""


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What is known at the moment that the gate judges."""

    now: datetime
    account: AccountState | None
    venue: str
    """The venue that would get the order."""
    feed_state: FeedState
    stale_after: timedelta
    market_open: bool
    instrument: Security | None
    """None where the feed does not know the symbol."""
    quote: Quote | None
    """None where the feed has no quote at the moment."""
    fee: Decimal | None
    """What the venue would charge for the whole order; None where there is no instrument."""
    ends_at: datetime | None = None
    """When the order would end by itself; None where that cannot be told. Asked of orders that rest."""
    level: Decimal | None = None
    """Where the trigger of a trailing stop would start."""
    reserved: Decimal = ZERO
    """Cash that the account's other working orders keep."""
    claimed: int = 0
    """Contracts of the instrument that the account's other working sells may still deliver."""
    coming: int = 0
    """Contracts that the order's parent may still buy: it sells nothing before."""
    parent: str | None = None
    """Why the order's parent does not allow it; None where it does."""
    backing: Backing | None = None
    """What the account needs behind what it sells, before the order and after; None where that was not asked: then only
    what is held may be sold."""
    legs: Mapping[str, Security] = field(default_factory=dict)
    """Of a combination, those that the feed knows; `instrument` is then the option that ends first."""
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    """Of its legs; `quote` is then the oldest."""
    untradable: str | None = None
    """Why nobody can trade what the feed quotes under the symbol, such as an index; None where it can be traded."""
    group_filled: int = 0
    """What the one-cancels group that the order joins was filled with before."""
    halted: str | None = None
    """Why the instrument is halted."""
    status: AccountStatus = AccountStatus.ACTIVE
    status_reason: str | None = None
    """Why the account is in that state, where somebody said."""
    killed: str | None = None
    """Id of the kill that is in force: only its own orders that reduce pass."""
    twin_at: datetime | None = None
    """When the last order with the same terms was wanted."""
    recent: int = 0
    """Orders of the account within the limits' `rate_window`, without this one."""
    set_limits: tuple[SetAnswer, ...] = ()
    """Limits that somebody set for the account, its user and its desk, with what the engine answered of each."""
    figures: Figures = field(default_factory=dict)
    """What the engine of `book_limits` answered; a kind that it cannot judge is not in it."""
