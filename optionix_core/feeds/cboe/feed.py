"""Cboe's delayed quotes as a feed: `cboe:SPX` for an index with all its roots, `cboe:AAPL` for a stock or fund.

Every quote is a quarter of an hour old when it is told, and says so: the feed's state is DELAYED, its quotes bear the
time that they are of, and `stale_after` counts from there. While the market is closed quotes are of the last close.

AM-settled SPX and PM-settled SPXW come in one payload and stay two slices, since the root is part of an option's key.
"""

from __future__ import annotations

import asyncio
import weakref
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.feeds.cboe.polling import PATIENT, CboeSettings, DelayedChains, Poll
from optionix_core.feeds.files.cboe_delayed import DELAY
from optionix_core.feeds.files.feed import FileFeed
from optionix_core.feeds.files.moments import close_delay
from optionix_core.feeds.network.asking import Asking, ConnectionStatus
from optionix_core.feeds.network.background import Background
from optionix_core.feeds.network.pace import RetryPolicy, Sleep
from optionix_core.market import sessions
from optionix_core.market.clock import Clock, SystemClock
from optionix_core.market.products import Symbology, product
from optionix_core.market.protocols import FeedState, PriceHistory, UnderlyingInfo

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain
    from optionix_core.market.instruments import Instrument
    from optionix_core.market.quote import Quote


class CboeFeed:
    """A QuoteSource over one underlying. Started before the first question, it has quotes sooner; close it after."""

    delay = DELAY
    """How late its quotes are."""

    def __init__(
        self,
        underlying: str,
        settings: CboeSettings | None = None,
        clock: Clock | None = None,
        *,
        policy: RetryPolicy = PATIENT,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Raises InvalidValueError for what is no symbol, UnknownNameError for a root of another underlying."""
        self.underlying = underlying.strip().upper()
        terms = product(self.underlying, Symbology.OSI)
        if terms.underlying != self.underlying:
            raise UnknownNameError("underlying", self.underlying, (terms.underlying,))
        self.settings = CboeSettings() if settings is None else settings
        clock = SystemClock() if clock is None else clock
        self._chains = chains = DelayedChains(self.name, clock, self.settings.keeps)
        file = f"{'_' if terms.cash_settled else ''}{self.underlying}.json"
        poll = Poll(self.underlying, file, chains, clock, self.settings, policy=policy, sleep=sleep)
        self._background = Background(f"optionix-cboe-{self.underlying}", poll.run)
        self._asking = Asking(
            self.name,
            self._background,
            chains.changed,
            lambda: chains.opening,
            lambda: chains.status.reason,
            self.settings.first_wait,
        )
        self._still: tuple[OptionChain, FileFeed] | None = None
        self._finalizer = weakref.finalize(self, self._background.close)

    @property
    def name(self) -> str:
        """`cboe:UNDERLYING`."""
        return f"cboe:{self.underlying}"

    @property
    def state(self) -> FeedState:
        """Always DELAYED."""
        return FeedState.DELAYED

    @property
    def stale_after(self) -> timedelta:
        """The delay, and some polls that brought nothing new."""
        return self.settings.stale_after

    @property
    def status(self) -> ConnectionStatus:
        """Whether Cboe answered last, since when, and what is wrong."""
        return self._chains.status

    @property
    def chains(self) -> DelayedChains:
        """What has come; its `changed` is notified after every request."""
        return self._chains

    @property
    def running(self) -> bool:
        """Whether it goes on asking."""
        return self._background.running

    def start(self) -> None:
        """Begin to ask, in the background, if that has not begun."""
        self._background.start()

    def close(self) -> None:
        """Ask no more. What has come stays."""
        self._finalizer()

    def underlyings(self) -> tuple[UnderlyingInfo, ...]:
        """The one underlying, whether a chain has come yet or not."""
        late = f"Cboe, {DELAY.total_seconds() / 60:.0f} minutes late"
        return (UnderlyingInfo(self.underlying, self.underlying, "USD", late),)

    def is_open(self, moment: datetime) -> bool:
        """Whether its options trade at `moment`: until a quarter of an hour after the close on cash indices."""
        calendar = product(self.underlying, Symbology.OSI).calendar
        if sessions.is_open(moment, calendar):
            return True
        return moment < sessions.last_close(moment, calendar) + close_delay(self.underlying)

    def spot(self, underlying: str, moment: datetime) -> Quote:
        """The underlying's last price, as late as the options'."""
        return self._told(self._at(underlying, moment).spot(underlying, moment))

    def day_change(self, underlying: str, moment: datetime) -> float | None:
        """Change since the last close as a fraction, where Cboe tells it."""
        return self._at(underlying, moment).day_change(underlying, moment)

    def expiries(self, underlying: str, moment: datetime) -> tuple[tuple[date, str], ...]:
        """All that Cboe lists."""
        return self._at(underlying, moment).expiries(underlying, moment)

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        """The chain that was at hand at `moment`; its `as_of` is the time that its quotes are of."""
        return self._at(underlying, moment).chain(underlying, moment, expiry, root)

    def instrument(self, symbol: str) -> Instrument:
        """An option of the newest chain."""
        return self._newest().instrument(symbol)

    def quote(self, symbol: str, moment: datetime) -> Quote:
        """One option's quote, or the underlying's. A bid of zero is no bid."""
        return self._told(self._at(self.underlying, moment).quote(symbol, moment))

    def history(self, underlying: str, until: date) -> PriceHistory:
        """Delayed quotes have no history: always MissingDataError."""
        self._check(underlying)
        raise MissingDataError(f"{self.name} tells quotes alone, and no daily history up to {until}")

    def _check(self, underlying: str) -> None:
        if underlying != self.underlying:
            raise UnknownNameError("underlying", underlying, (self.underlying,))

    def _at(self, underlying: str, moment: datetime) -> FileFeed:
        self._check(underlying)
        chain = self._chains.at(self._asking.moment(moment))
        if chain is None:
            raise self._asking.missing(f"a chain at {moment.isoformat()}")
        return self._feed(chain)

    def _newest(self) -> FileFeed:
        self._asking.begin()
        chain = self._chains.newest()
        if chain is None:
            raise self._asking.missing("a chain")
        return self._feed(chain)

    def _feed(self, chain: OptionChain) -> FileFeed:
        """The chain as a feed that stands still; made once for each."""
        known = self._still
        if known is None or known[0] is not chain:
            known = (chain, FileFeed(chain, self.underlying))
            self._still = known
        return known[1]

    def _told(self, quote: Quote) -> Quote:
        return replace(quote, source=self.name)
