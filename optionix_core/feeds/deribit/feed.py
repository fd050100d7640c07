"""Deribit as a feed: `deribit:BTC` for options on a coin that are paid in it, `deribit:SOL_USDC` for linear ones.

Questions are answered from what a background connection has received, never by asking the exchange while the caller
waits; only the first ones wait a few seconds for the first quotes. A quote's `exchange_time` is the exchange's time
until which its prices are known to stand. Nothing is hidden when the connection is lost: quotes stay with that time,
grow stale by it, and `status` says why.

Source: Deribit contract specifications: European exercise, cash settlement at 08:00 UTC of the expiry date at the
index's mean over the last half hour; inverse options are quoted and settled in the coin.
"""

from __future__ import annotations

import math
import re
import weakref
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError, VenueError
from optionix_core.feeds.deribit.connection import Connection, Watched
from optionix_core.feeds.deribit.memory import Listing, Memory, Standing
from optionix_core.feeds.deribit.messages import ListedOption
from optionix_core.feeds.deribit.settings import DeribitSettings
from optionix_core.feeds.network.asking import Asking, ConnectionStatus
from optionix_core.feeds.network.background import Background
from optionix_core.feeds.network.pace import RetryPolicy
from optionix_core.market import sessions
from optionix_core.market.clock import Clock, SystemClock
from optionix_core.market.instruments import Instrument
from optionix_core.market.protocols import FeedState, PriceHistory, UnderlyingInfo
from optionix_core.market.quote import Quote

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain

_ROOT = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)?", re.ASCII)


class DeribitFeed:
    """A QuoteSource over one root. Started before the first question, it has quotes sooner; close it at the end."""

    def __init__(
        self,
        root: str,
        settings: DeribitSettings | None = None,
        clock: Clock | None = None,
        *,
        requests: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        reconnects: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
    ) -> None:
        """`requests` is how a single request is repeated, `reconnects` how a lost connection comes back."""
        self.root = root.strip().upper()
        if _ROOT.fullmatch(self.root) is None:
            raise InvalidValueError("root", repr(root), "a coin such as BTC, or a pair such as SOL_USDC")
        self.settings = DeribitSettings() if settings is None else settings
        clock = SystemClock() if clock is None else clock
        self._underlying = self.root.partition("_")[0]
        self._memory = memory = Memory(clock, self.settings.keeps)
        self._watched = Watched(self.settings.books)
        connection = Connection(
            self.root,
            self._memory,
            self._watched,
            clock,
            self.settings,
            requests=requests,
            reconnects=reconnects,
        )
        self._stir = connection.stir
        self._background = Background(f"optionix-deribit-{self.root}", connection.run)
        self._asking = Asking(
            self.name,
            self._background,
            self._memory.changed,
            lambda: memory.opening,
            lambda: memory.poll_reason,
            self.settings.first_wait,
        )
        self._finalizer = weakref.finalize(self, self._background.close)

    @property
    def name(self) -> str:
        """`deribit:ROOT`."""
        return f"deribit:{self.root}"

    @property
    def state(self) -> FeedState:
        """Always LIVE: what is not live any more is stale, by its age."""
        return FeedState.LIVE

    @property
    def stale_after(self) -> timedelta:
        """Three summaries that did not come."""
        return self.settings.stale_after

    @property
    def status(self) -> ConnectionStatus:
        """Whether the connection stands, since when, and what is wrong."""
        return self._memory.status

    @property
    def memory(self) -> Memory:
        """What was received; its `changed` is notified with every message."""
        return self._memory

    @property
    def running(self) -> bool:
        """Whether the connection's thread is alive."""
        return self._background.running

    def start(self) -> None:
        """Connect in the background, if that has not begun."""
        self._background.start()

    def close(self) -> None:
        """End the connection and its thread. What was received stays; nothing more comes."""
        self._finalizer()

    def underlyings(self) -> tuple[UnderlyingInfo, ...]:
        """The coin, whether anything has come yet or not."""
        _, _, quoted = self.root.partition("_")
        kind = f"linear options in {quoted}" if quoted else "inverse options, priced in coins"
        currency = quoted or self._underlying
        return (UnderlyingInfo(self._underlying, self._underlying, currency, f"Deribit, {kind}"),)

    def is_open(self, moment: datetime) -> bool:
        """Around the clock."""
        return sessions.is_open(moment, sessions.CONTINUOUS)

    def spot(self, underlying: str, moment: datetime) -> Quote:
        """The exchange's index, which all options on the coin settle on."""
        self._check(underlying)
        moment = self._asking.moment(moment)
        found = self._memory.index(moment)
        if found is None:
            raise self._missing(f"the index of {underlying}", moment)
        came_at, price = found
        return Quote(
            symbol=self._underlying,
            source=self.name,
            received_at=came_at,
            exchange_time=price.made_at,
            last=price.price,
        )

    def day_change(self, underlying: str, moment: datetime) -> float | None:  # noqa: ARG002 - the protocol's signature
        """Never known: an index that trades around the clock has no close."""
        self._check(underlying)
        return None

    def expiries(self, underlying: str, moment: datetime) -> tuple[tuple[date, str], ...]:
        """Those that have not settled at `moment`."""
        self._check(underlying)
        moment = self._asking.moment(moment)
        listing = self._listing(moment)
        return tuple((day, self.root) for day, rows in listing.by_expiry.items() if rows[0].expires_at > moment)

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        """What stood at `moment`. An expiry that is asked for by itself is followed book by book from then on."""
        from optionix_core.feeds.deribit.chains import assemble

        self._check(underlying)
        moment = self._asking.moment(moment)
        listing = self._listing(moment)
        wanted = tuple(
            rows
            for day, rows in listing.by_expiry.items()
            if rows[0].expires_at > moment and expiry in (None, day) and root in (None, self.root)
        )
        spot = self._memory.index(moment)
        standings = [self._memory.standings(rows, moment) for rows in wanted]
        if expiry is not None:
            for rows, found in zip(wanted, standings, strict=True):
                self._follow(_nearest_first(rows, found))
        currency = self.underlyings()[0].currency
        chain = assemble(self._underlying, self.name, currency, moment, spot, wanted, standings)
        if chain is None:
            raise self._missing(f"quotes of {underlying}", moment)
        return chain

    def instrument(self, symbol: str) -> Instrument:
        """A listed option by the exchange's own terms."""
        self._asking.begin()
        listing = self._memory.newest_listing()
        if listing is None:
            raise self._missing("the list of options", self._memory.status.since)
        return _instrument(self._option(listing, symbol))

    def quote(self, symbol: str, moment: datetime) -> Quote:
        """One option's quote, or the index; an option asked for is followed. Parts of contracts are no size."""
        if symbol == self._underlying:
            return self.spot(symbol, moment)
        moment = self._asking.moment(moment)
        item = self._option(self._listing(moment), symbol)
        self._follow((item.name,))
        found = self._memory.standings((item,), moment)[0]
        if found is None:
            raise self._missing(f"a quote of {symbol}", moment)
        return Quote(
            symbol=item.name,
            source=self.name,
            received_at=found.received_at,
            exchange_time=found.made_at,
            bid=found.bid,
            ask=found.ask,
            bid_size=_whole(found.bid_size),
            ask_size=_whole(found.ask_size),
            last=found.last,
            volume=_whole(found.volume),
            open_interest=_whole(found.open_interest),
            vendor_iv=found.volatility,
        )

    def history(self, underlying: str, until: date) -> PriceHistory:
        """Days of the perpetual future in UTC, with the exchange's 30-day volatility index where it has one."""
        from optionix_core.feeds.deribit.chains import history

        self._check(underlying)
        self._asking.begin()
        prices, volatilities = self._memory.history()
        found = history(self._underlying, f"{self.name} {self.root}-PERPETUAL", prices or (), volatilities, until)
        if found is None:
            reason = self._memory.history_reason
            raise MissingDataError(
                f"{self.name} has no daily history of {underlying} up to {until}" + (f": {reason}" if reason else "")
            )
        return found

    def realised_volatility(self) -> tuple[tuple[datetime, float], ...]:
        """(moment, fraction a year) as the exchange computes it; MissingDataError where none has come."""
        self._asking.begin()
        found = self._memory.realised()
        if not found:
            raise MissingDataError(f"{self.name} has sent no realised volatility")
        return found

    def _listing(self, moment: datetime) -> Listing:
        found = self._memory.listing(moment)
        if found is None:
            raise self._missing("the list of options", moment)
        return found

    def _missing(self, what: str, moment: datetime) -> MissingDataError | VenueError:
        keeps = self.settings.keeps.total_seconds()
        return self._asking.missing(f"{what} at {moment.isoformat()} (it keeps what came in the last {keeps:g} s)")

    def _check(self, underlying: str) -> None:
        if underlying != self._underlying:
            raise UnknownNameError("underlying", underlying, (self._underlying,))

    def _option(self, listing: Listing, symbol: str) -> ListedOption:
        found = listing.options.get(symbol)
        if found is None:
            raise UnknownNameError("symbol", symbol)
        return found

    def _follow(self, names: tuple[str, ...]) -> None:
        if self._watched.add(names):
            self._background.call(self._stir)


def _nearest_first(rows: tuple[ListedOption, ...], standings: list[Standing | None]) -> tuple[str, ...]:
    """Names from the money outwards, since not every strike may have room on the connection."""
    forward = next((item.forward for item in standings if item is not None and item.forward is not None), None)
    if forward is None:
        return tuple(item.name for item in rows)
    level = forward
    return tuple(item.name for item in sorted(rows, key=lambda item: abs(math.log(float(item.option.strike) / level))))


def _instrument(item: ListedOption) -> Instrument:
    option = item.option
    return Instrument(
        symbol=item.name,
        root=option.root,
        underlying=option.base,
        expiry=option.expiry,
        expires_at=item.expires_at.astimezone(UTC),
        option_type=option.option_type,
        strike=option.strike,
        multiplier=Decimal(item.contract_size),
        currency=option.currency,
        exercise="european",
        settlement="PM",
        inverse=option.inverse,
        tick=item.tick,
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else math.floor(value)
