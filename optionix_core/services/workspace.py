"""What a use case works with: a home, its log, a feed, an account and a clock.

Store and feed open on first use, so that a face paints its first frame before either is loaded. A
workspace holds no truth of its own: what it knows of the book is a fold that it can throw away.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import RLock
from time import sleep
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from optionix_core.errors import InvalidValueError
from optionix_core.market.clock import Clock, SystemClock

if TYPE_CHECKING:
    from types import TracebackType

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.venue_market import VenueMarket
    from optionix_core.services.desk import Desk
    from optionix_core.services.elsewhere import VenueElsewhere
    from optionix_core.services.feeds import NetworkFeeds
    from optionix_core.services.home import HomeFolders
    from optionix_core.sync.event import EventStore
    from optionix_core.trading.halt_rules import TradingRules
    from optionix_core.trading.limits import LimitEngine

DEFAULT_FEED = "sim"
DEFAULT_ACCOUNT = "paper-1"
DEFAULT_SEED = 20
LOCAL_VENUE = "local-sim"
DEFAULT_SESSION = "continuous"
DEFAULT_LOCK_TIMEOUT = 10.0
"""Seconds that a write waits for another process."""


def random_order_id() -> str:
    """A client order id that no other process has: a random UUID."""
    from uuid import uuid4

    return str(uuid4())


@runtime_checkable
class _HoldsConnection(Protocol):
    """A feed that goes on receiving until it is closed."""

    def close(self) -> None: ...


class Workspace:
    """Lazy handles; safe to use from several threads of one process."""

    def __init__(
        self,
        home: HomeFolders,
        *,
        feed_name: str = DEFAULT_FEED,
        account: str = DEFAULT_ACCOUNT,
        clock: Clock | None = None,
        seed: int = DEFAULT_SEED,
        session: str = DEFAULT_SESSION,
        lock_timeout: float = DEFAULT_LOCK_TIMEOUT,
        store: EventStore | None = None,
        feed: QuoteSource | None = None,
        venue_feed: QuoteSource | None = None,
        new_order_id: Callable[[], str] = random_order_id,
        network: NetworkFeeds | None = None,
        rules: TradingRules | Callable[[], TradingRules] | None = None,
        limit_engine: LimitEngine | None = None,
        latency: float = 0.0,
        speed: float = 1.0,
        travel: Callable[[float], None] = sleep,
        venue: str = LOCAL_VENUE,
    ) -> None:
        """Store and feeds are taken as they are where given; `seed`, `session`, `network` are for one opened here.

        `rules` may be a function that is asked once, when the first order or halt needs them. `latency`: seconds that
        what is sent to the venue is on its way, spent by `travel`; `speed`: how fast a recording is played.
        `venue`: the paper venue that is run here.
        """
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", account, re.ASCII):
            bound = "1 to 32 letters, digits, '.', '-' or '_', beginning with a letter or digit"
            raise InvalidValueError("account", repr(account), bound)
        self.home = home
        self.feed_name = feed_name
        self.account = account
        self.clock: Clock = SystemClock() if clock is None else clock
        self._seed = seed
        self._session = session
        self.lock_timeout = lock_timeout
        """Seconds to wait for another process that writes to the home."""
        self._store = store
        self._feed = feed
        self._venue_feed = venue_feed
        self._network = network
        self._rules = rules
        self._limit_engine = limit_engine
        self.latency = latency
        self._travel = travel
        self._speed = speed
        self.venue = venue
        self._desk: Desk | None = None
        self.lay_way: Callable[[], VenueElsewhere] | None = None
        """Set by a face: makes the way to the venue of accounts that are not matched here, at their first order."""
        self._way: VenueElsewhere | None = None
        self.new_order_id = new_order_id
        self._opening = RLock()

    @classmethod
    def open(
        cls,
        home: HomeFolders,
        feed: str = DEFAULT_FEED,
        account: str = DEFAULT_ACCOUNT,
        clock: Clock | None = None,
        seed: int = DEFAULT_SEED,
        session: str = DEFAULT_SESSION,
        lock_timeout: float = DEFAULT_LOCK_TIMEOUT,
        network: NetworkFeeds | None = None,
        rules: TradingRules | Callable[[], TradingRules] | None = None,
        limit_engine: LimitEngine | None = None,
        latency: float = 0.0,
        speed: float = 1.0,
    ) -> Self:
        """A workspace on `home`; opens no file until store or feed are asked for."""
        return cls(
            home,
            feed_name=feed,
            account=account,
            clock=clock,
            seed=seed,
            session=session,
            lock_timeout=lock_timeout,
            network=network,
            rules=rules,
            limit_engine=limit_engine,
            latency=latency,
            speed=speed,
        )

    def reach_venue(self) -> None:
        """Wait as long as an order, an amendment or a cancellation is on its way: the venue acts on what it then sees.

        Called before the lock is taken, so that nobody waits for it; what is looked at meanwhile goes on.
        """
        if self.latency > 0.0:
            self._travel(self.latency)

    @property
    def store(self) -> EventStore:
        """The home's log, opened (and made where the home is fresh) on first use."""
        with self._opening:
            if self._store is None:
                from optionix_core.storage.sqlite_store import open_store

                self._store = open_store(self.home.data, self.clock, read_only=self.home.read_only)
            return self._store

    def reopen_store(self) -> None:
        """Open the home's log anew when it is next asked for: it was bound to a server, or let go of one."""
        with self._opening:
            if self._store is not None:
                self._store.close()
            self._store = None

    @property
    def feed(self) -> QuoteSource:
        """The chosen feed, opened on first use. UnknownNameError where there is none of that name."""
        with self._opening:
            if self._feed is None:
                from optionix_core.services.feeds import open_feed

                self._feed = open_feed(
                    self.feed_name,
                    home=self.home,
                    clock=self.clock,
                    seed=self._seed,
                    session=self._session,
                    network=self._network,
                    speed=self._speed,
                )
            return self._feed

    @property
    def venue_feed(self) -> QuoteSource:
        """The feed that the paper venue trades, marks and settles on: the simulated one, whatever is looked at."""
        from optionix_core.market.protocols import FeedState

        with self._opening:
            if self._venue_feed is None:
                if self.feed.state is FeedState.SIMULATED:
                    return self.feed
                from optionix_core.services.feeds import SIMULATED, open_feed

                self._venue_feed = open_feed(SIMULATED, seed=self._seed, session=self._session)
            return self._venue_feed

    @property
    def venue_market(self) -> VenueMarket | None:
        """What makes the prices that a terminal's own venue matches on; None where that is no simulated market."""
        if self.venue != LOCAL_VENUE:
            return None
        from optionix_core.feeds.simulated.venue import SimulatedFeed
        from optionix_core.portfolio.venue_market import VenueMarket

        feed = self.venue_feed
        return VenueMarket(feed.seed, feed.session) if type(feed) is SimulatedFeed else None

    @property
    def desk(self) -> Desk:
        """This process's fold of the log; empty until it follows the store."""
        with self._opening:
            if self._desk is None:
                from optionix_core.services.desk import Desk
                from optionix_core.trading.halt_rules import ORDINARY

                rules = ORDINARY if self._rules is None else self._rules
                desk = Desk(rules() if callable(rules) else rules, self._limit_engine, self.venue)
                if self._limit_engine is not None:
                    from optionix_core.services.limit_watch import watch_on

                    desk.limit_watch = watch_on(self)
                self._desk = desk
            return self._desk

    @property
    def way(self) -> VenueElsewhere | None:
        """To the venue of accounts that are not matched here, closed with the workspace; None where none was laid."""
        with self._opening:
            if self._way is None and self.lay_way is not None:
                self._way = self.lay_way()
            return self._way

    def use_feed(self, name: str) -> None:
        """Change over to another feed; it opens when next asked for."""
        with self._opening:
            self.feed_name = name
            self._disconnect()
            self._feed = None

    def close(self) -> None:
        """Release the files of the store and a feed's connection. The workspace may not be used afterwards."""
        with self._opening:
            self._disconnect()
            if self._way is not None:
                self._way.close()
            if self._store is not None:
                self._store.close()

    def _disconnect(self) -> None:
        feed: object = self._feed
        if isinstance(feed, _HoldsConnection):
            feed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
