"""What has come from Deribit, kept so that a question about a moment of the last seconds has one answer.

Three things are known of an option and come by different ways: its touch from its own book, its figures from its
ticker, and both from the summary of all options. A touch whose book is whole stands until the book changes: it is
as fresh as the last message of the connection, whose messages come in order. A touch whose book was lost (a gap, a
cut) stays with the time until which it was known, and the newer of it and the summary's is told.

Written by the connection's thread, read by any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from threading import Condition
from typing import NamedTuple, TypeVar

from optionix_core.feeds.deribit.book import Touch
from optionix_core.feeds.deribit.messages import Candle, IndexPrice, ListedOption, Summary, Ticker
from optionix_core.feeds.network.asking import ConnectionStatus, Opener, Opening
from optionix_core.feeds.network.versions import Versions
from optionix_core.market.clock import Clock

T = TypeVar("T")
Heard = tuple[datetime, datetime]
"""(when a message came, the exchange's time in it)."""


class Listing(NamedTuple):
    """All options of the root that can be traded."""

    options: dict[str, ListedOption]
    by_expiry: dict[date, tuple[ListedOption, ...]]
    """In the order of expiries; the options of one in the order of strikes."""

    @classmethod
    def of(cls, listed: Iterable[ListedOption]) -> Listing:
        """The listing of these options."""
        ordered = sorted(listed, key=lambda item: (item.expires_at, item.option.strike, -item.option.option_type))
        dates: dict[date, list[ListedOption]] = defaultdict(list)
        for item in ordered:
            dates[item.option.expiry].append(item)
        return cls({item.name: item for item in ordered}, {day: tuple(rows) for day, rows in dates.items()})


class Standing(NamedTuple):
    """What is known of an option at a moment. Sizes, volume and open interest are in contracts."""

    bid: float | None
    ask: float | None
    bid_size: float | None
    ask_size: float | None
    last: float | None
    volume: float | None
    open_interest: float | None
    volatility: float | None
    delta: float | None
    forward: float | None
    made_at: datetime
    """The exchange's time until which bid and ask are known to stand."""
    received_at: datetime


class _Held(NamedTuple):
    """A touch, and whether its book was still whole."""

    touch: Touch
    whole: bool


class Memory:
    """Everything that was received for one root; `changed` is notified whenever something came."""

    def __init__(self, clock: Clock, keeps: timedelta) -> None:
        self.changed = Condition()
        self._clock = clock
        self._keeps = keeps
        self._now = clock.now()
        self._listing: Versions[Listing] = Versions()
        self._summaries: dict[str, Versions[Summary]] = defaultdict(Versions)
        self._tickers: dict[str, Versions[Ticker]] = defaultdict(Versions)
        self._touches: dict[str, Versions[_Held]] = defaultdict(Versions)
        self._index: Versions[IndexPrice] = Versions()
        self._heard: Versions[datetime] = Versions()
        self._summarised = False
        self._opener = Opener(self._now, keeps)
        self._candles: tuple[Candle, ...] | None = None
        self._volatilities: tuple[Candle, ...] = ()
        self._realised: tuple[tuple[datetime, float], ...] = ()
        self._status = ConnectionStatus(connected=False, since=self._now, reason="not connected yet")
        self._poll_reason: str | None = None
        self._history_reason: str | None = None

    # what the connection writes

    def take_listing(self, listing: Listing) -> None:
        """The options that can be traded from now on; what was known of others is forgotten with time."""
        with self.changed:
            self._listing.put(self._stamp(), listing, self._horizon)
            for known in (self._summaries, self._tickers, self._touches):
                for name in [name for name in known if name not in listing.options]:
                    del known[name]
            self.changed.notify_all()

    def take_summaries(self, rows: Iterable[Summary]) -> None:
        """A summary of all options."""
        with self.changed:
            at = self._stamp()
            for row in rows:
                self._summaries[row.name].put(at, row, self._horizon)
            self._summarised = True
            self._poll_reason = None
            self._open()
            self.changed.notify_all()

    def take_index(self, price: IndexPrice) -> None:
        """The spot. An older one than is known already changes nothing."""
        with self.changed:
            known = self._index.last()
            if known is None or price.made_at >= known.made_at:
                self._index.put(self._stamp(), price, self._horizon)
            self._open()
            self.changed.notify_all()

    def take_ticker(self, row: Ticker) -> None:
        """One option's figures."""
        with self.changed:
            self._tickers[row.name].put(self._stamp(), row, self._horizon)
            self.changed.notify_all()

    def take_touch(self, name: str, touch: Touch) -> None:
        """One option's best prices, of a book that is whole."""
        with self.changed:
            self._touches[name].put(self._stamp(), _Held(touch, whole=True), self._horizon)
            self.changed.notify_all()

    def lose_touch(self, name: str) -> None:
        """Something of the option's book was missed, who knows when: its touch is as old as its last change."""
        with self.changed:
            self._lose(name, self._stamp(), None)
            self.changed.notify_all()

    def hear(self, made_at: datetime) -> None:
        """A message came that was made at `made_at`: every whole book stood until then."""
        with self.changed:
            known = self._heard.last()
            if known is None or made_at > known:
                self._heard.put(self._stamp(), made_at, self._horizon)

    def take_history(self, prices: tuple[Candle, ...], volatilities: tuple[Candle, ...]) -> None:
        """Daily candles of the perpetual future and of the volatility index."""
        with self.changed:
            self._candles, self._volatilities = prices, volatilities
            self.changed.notify_all()

    def history_failed(self, reason: str) -> None:
        """Daily history, or a part of it, could not be had."""
        with self.changed:
            self._history_reason = reason
            self.changed.notify_all()

    def take_realised(self, rows: tuple[tuple[datetime, float], ...]) -> None:
        """The exchange's own realised volatilities."""
        with self.changed:
            self._realised = rows
            self.changed.notify_all()

    def connected(self) -> None:
        """The connection stands."""
        with self.changed:
            self._status = ConnectionStatus(connected=True, since=self._stamp(), reason=None)
            self.changed.notify_all()

    def disconnected(self, reason: str) -> None:
        """The connection is gone: every whole book is known until the last message, and no longer."""
        with self.changed:
            at, heard = self._stamp(), self._heard.last()
            for name in self._touches:
                self._lose(name, at, heard)
            self._status = ConnectionStatus(connected=False, since=at, reason=reason)
            self.changed.notify_all()

    def poll_failed(self, reason: str) -> None:
        """A summary, the listing or the index could not be had."""
        with self.changed:
            self._poll_reason = reason
            self.changed.notify_all()

    # what questions read

    @property
    def ready(self) -> bool:
        """Whether listing, quotes and spot have all come."""
        return self._opener.opening is not None

    @property
    def opening(self) -> Opening | None:
        """Since when they answer."""
        return self._opener.opening

    @property
    def poll_reason(self) -> str | None:
        """Why the last poll failed; None where it did not."""
        return self._poll_reason

    @property
    def history_reason(self) -> str | None:
        """Why there is no history, or not all of it; None where nothing is wrong."""
        return self._history_reason

    @property
    def status(self) -> ConnectionStatus:
        """How the connection stands, with what is wrong with the polls where the connection itself is well."""
        status = self._status
        return status._replace(reason=self._poll_reason) if status.connected else status

    def wait_for(self, told: Callable[[], bool], seconds: float) -> bool:
        """Wait until `told`, asked after each change, is true; False where it is not within `seconds`."""
        with self.changed:
            return self.changed.wait_for(told, seconds)

    def listing(self, moment: datetime) -> Listing | None:
        """What was listed at `moment`."""
        with self.changed:
            found = self._listing.at(moment)
            return None if found is None else found[1]

    def newest_listing(self) -> Listing | None:
        """What is listed now."""
        with self.changed:
            return self._listing.last()

    def index(self, moment: datetime) -> tuple[datetime, IndexPrice] | None:
        """(when it came, the spot) at `moment`."""
        with self.changed:
            return self._index.at(moment)

    def standings(self, listed: Iterable[ListedOption], moment: datetime) -> list[Standing | None]:
        """What was known of each option at `moment`, all of one instant; None where nothing was."""
        with self.changed:
            heard = self._heard.at(moment)
            return [self._standing(item, moment, heard) for item in listed]

    def history(self) -> tuple[tuple[Candle, ...] | None, tuple[Candle, ...]]:
        """Daily candles of price and volatility index; None where none have come."""
        return self._candles, self._volatilities

    def realised(self) -> tuple[tuple[datetime, float], ...]:
        """The exchange's realised volatilities; empty where none have come."""
        return self._realised

    def _standing(self, item: ListedOption, moment: datetime, heard: Heard | None) -> Standing | None:
        row, figures, held = (
            _at(self._summaries, item.name, moment),
            _at(self._tickers, item.name, moment),
            _at(self._touches, item.name, moment),
        )
        summary = None if row is None else row[1]
        ticker = None if figures is None else figures[1]
        size = float(item.contract_size)
        if held is not None and (held[1].whole or summary is None or held[1].touch.made_at >= summary.made_at):
            came_at, (touch, whole) = held
            made_at = touch.made_at
            if whole and heard is not None and heard[1] > made_at:
                came_at, made_at = max(came_at, heard[0]), heard[1]
            bid, ask = touch.bid, touch.ask
            bid_size = None if touch.bid_amount is None else touch.bid_amount / size
            ask_size = None if touch.ask_amount is None else touch.ask_amount / size
        elif row is not None:
            came_at, told = row
            made_at, bid, ask, bid_size, ask_size = told.made_at, told.bid, told.ask, None, None
        else:
            return None
        newest = ticker if summary is None or (ticker is not None and ticker.made_at >= summary.made_at) else summary
        return Standing(
            bid=bid,
            ask=ask,
            bid_size=bid_size,
            ask_size=ask_size,
            last=None if newest is None else newest.last,
            volume=None if newest is None else newest.volume,
            open_interest=None if newest is None else newest.open_interest,
            volatility=None if newest is None else newest.mark_volatility,
            delta=newest.delta if isinstance(newest, Ticker) else None,
            forward=None if newest is None else newest.forward,
            made_at=made_at,
            received_at=came_at,
        )

    def _open(self) -> None:
        if self._summarised and self._index.last() is not None:
            self._opener.ready(self._now)

    @property
    def _horizon(self) -> datetime:
        return self._now - self._keeps

    def _stamp(self) -> datetime:
        """The present moment; a clock that was set back stands still until it is past again."""
        self._now = max(self._now, self._clock.now())
        return self._now

    def _lose(self, name: str, at: datetime, until: datetime | None) -> None:
        held = self._touches[name].last() if name in self._touches else None
        if held is not None and held.whole:
            made_at = held.touch.made_at if until is None else max(held.touch.made_at, until)
            self._touches[name].put(at, _Held(held.touch._replace(made_at=made_at), whole=False), self._horizon)


def _at(known: Mapping[str, Versions[T]], name: str, moment: datetime) -> tuple[datetime, T] | None:
    versions = known.get(name)
    return None if versions is None else versions.at(moment)
