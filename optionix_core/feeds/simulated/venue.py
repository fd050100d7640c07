"""The simulated venue as a QuoteSource.

It answers from the seed and the moment alone; what it remembers between calls is only work already
done. It refuses moments before 2019, expiries that have passed and strikes that are not listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from optionix_core.errors import InvalidValueError, MissingDataError, RefusedError, UnknownNameError
from optionix_core.feeds.simulated.listing import Listing, Series
from optionix_core.feeds.simulated.noise import bits, key, uniform
from optionix_core.feeds.simulated.path import TICKS_PER_DAY, SpotPath, moment_of, tick_of
from optionix_core.feeds.simulated.quoting import Contract, MarketMaker, OptionQuote, Window, last_event
from optionix_core.feeds.simulated.stretches import TIGHT_LEVEL, WIDE_LEVEL, Stretches
from optionix_core.feeds.simulated.underlyings import (
    INDEX,
    SYMBOLS,
    UNDERLYINGS,
    Underlying,
    find,
    register_products,
)
from optionix_core.market import osi, sessions
from optionix_core.market.instruments import Instrument, Share
from optionix_core.market.option_type import OptionType
from optionix_core.market.protocols import FeedState, Matters, TouchRange, UnderlyingInfo, everything
from optionix_core.market.quote import Quote

if TYPE_CHECKING:
    from optionix_core.feeds.simulated.path_arrays import Ticks
    from optionix_core.feeds.simulated.smile import SimulatedSmile
    from optionix_core.market.bars import Bars
    from optionix_core.market.chain import OptionChain
    from optionix_core.market.intervals import Interval
    from optionix_core.market.protocols import PriceHistory

SessionMode = Literal["continuous", "exchange"]
DEFAULT_SEED = 20
_SPOT_PERIOD = 2
_REMEMBERED = 8192
"""Contracts that are kept by their keys; what a key stands for follows from seed and calendar, and never changes."""


class Market:
    """One underlying of the venue: its path, its listing, its market maker."""

    def __init__(self, seed: int, underlying: Underlying) -> None:
        self.underlying = underlying
        self.path = SpotPath(seed, underlying)
        self.listing = Listing(self.path)
        self.maker = MarketMaker(seed, self.path)
        self.stretches = Stretches(self.path)
        self.own_key = key(seed, underlying.symbol, "underlying")
        self.floors: dict[tuple[object, ...], tuple[int, Ticks]] = {}
        """Ticks at which `together` has found that a combination could matter, and from where on it looked."""
        self._rows: dict[date, tuple[range, tuple[tuple[Contract, Contract], ...]]] = {}

    def rows(self, series: Series, tick: int) -> tuple[tuple[Contract, Contract], ...]:
        """(call, put) of every listed strike of an expiry, ascending."""
        strikes = self.listing.strikes(series, tick)
        known = self._rows.get(series.expiry)
        if known is None or known[0] != strikes:
            rows = tuple(
                (self.contract(series, strike, OptionType.CALL), self.contract(series, strike, OptionType.PUT))
                for strike in strikes
            )
            known = (strikes, rows)
            self._rows[series.expiry] = known
        return known[1]

    def contract(self, series: Series, thousandths: int, option_type: OptionType) -> Contract:
        """The contract of a strike."""
        strike = Decimal(thousandths).scaleb(-3)
        symbol = osi.format(self.underlying.symbol, series.expiry, option_type, strike)
        ticks = (series.listed_tick, series.expires_tick)
        return self.maker.contract(
            symbol, int(option_type), thousandths / 1000, series.expiry, series.expires_at, ticks
        )


def session_mode(text: str) -> SessionMode:
    """A session mode by its name; InvalidValueError names both."""
    if text == "continuous":
        return "continuous"
    if text == "exchange":
        return "exchange"
    raise InvalidValueError("session", repr(text), '"continuous" or "exchange"')


class SimulatedFeed:
    """A QuoteSource without a source.

    `session` is "continuous" (open around the clock) or "exchange" (the hours of XNYS; outside them
    quotes stand still and age).
    """

    def __init__(self, seed: int = DEFAULT_SEED, session: SessionMode = "continuous") -> None:
        register_products()
        self.seed = seed
        self.session: SessionMode = session_mode(session)
        self._markets: dict[str, Market] = {}
        self._contracts: dict[str, tuple[Market, Series, Contract]] = {}
        self._instruments: dict[str, Instrument] = {}
        self._shares: dict[str, Share] = {}

    @property
    def name(self) -> str:
        """`sim`."""
        return "sim"

    @property
    def state(self) -> FeedState:
        """Simulated."""
        return FeedState.SIMULATED

    @property
    def stale_after(self) -> timedelta:
        """Half a minute; no quote of an open simulated market grows older than 12 s."""
        return timedelta(seconds=30)

    def underlyings(self) -> tuple[UnderlyingInfo, ...]:
        """What it quotes, in display order."""
        return tuple(UnderlyingInfo(item.symbol, item.name, "USD", item.description) for item in UNDERLYINGS)

    def is_open(self, moment: datetime) -> bool:
        """Always in the continuous session, else as XNYS."""
        tick_of(moment)
        return self.session == "continuous" or sessions.is_open(moment)

    def spot(self, underlying: str, moment: datetime) -> Quote:
        """The underlying's own quote; `last` is the level that its options are priced from."""
        market = self.market(underlying)
        tick, window = self.standing(moment)
        made = max(last_event(market.own_key, tick, _SPOT_PERIOD), market.path.last_jump(tick), window.start)
        own = market.underlying
        cents = round(market.path.state(made).spot * 100)
        half = own.spot_tick * (1 + bits(market.own_key ^ 1, made) % 2)
        elapsed = (made - window.start) / (window.stop - window.start)
        turnover = own.daily_volume * (0.6 + 0.8 * uniform(market.own_key ^ 2, window.start))
        return Quote(
            symbol=underlying,
            source=self.name,
            received_at=moment_of(made),
            exchange_time=moment_of(made),
            bid=(cents - half) / 100,
            ask=(cents + half) / 100,
            bid_size=100 * (1 + bits(market.own_key ^ 3, made) % 30),
            ask_size=100 * (1 + bits(market.own_key ^ 4, made) % 30),
            last=cents / 100,
            volume=int(turnover * elapsed),
        )

    def day_change(self, underlying: str, moment: datetime) -> float | None:
        """Change since the close of the last XNYS session; of the one before while its quotes stand still."""
        last = self.spot(underlying, moment).last
        before = moment if self.session == "continuous" else moment_of(self.standing(moment)[1].start)
        close = self.settlement_price(underlying, sessions.last_close(before))
        return None if last is None else last / close - 1.0

    def expiries(self, underlying: str, moment: datetime) -> tuple[tuple[date, str], ...]:
        """(expiry, root) pairs listed at `moment`, nearest first."""
        market = self.market(underlying)
        return tuple((item.expiry, underlying) for item in market.listing.expiries(tick_of(moment)))

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        """The chain at `moment`; UnknownNameError or MissingDataError where the expiry asked for is not listed."""
        from optionix_core.feeds.simulated.chains import build

        market = self.market(underlying)
        if root not in (None, underlying):
            raise UnknownNameError("root", str(root), (underlying,))
        tick = tick_of(moment)
        listing = market.listing
        series = listing.expiries(tick) if expiry is None else (listing.listed(expiry, tick),)
        return build(self, market, moment, series)

    def instrument(self, symbol: str) -> Instrument:
        """The instrument behind a key, on the calendar and on the strike grid of its expiry."""
        known = self._instruments.get(symbol)
        if known is None:
            known = self._instrument(symbol)
            if len(self._instruments) >= _REMEMBERED:
                self._instruments = {}
            self._instruments[symbol] = known
        return known

    def share(self, symbol: str) -> Share:
        """The share of an underlying; see ListsShares."""
        known = self._shares.get(symbol)
        if known is None:
            own = find(symbol)
            if own.is_index:
                raise RefusedError("tradable", f"{symbol} is an index, which nobody can hold: its options are traded")
            known = Share(symbol, "USD", tick=Decimal(own.spot_tick).scaleb(-2))
            self._shares[symbol] = known
        return known

    def _instrument(self, symbol: str) -> Instrument:
        market, series, contract = self._contract(symbol)
        return Instrument(
            symbol=contract.symbol,
            root=market.underlying.symbol,
            underlying=market.underlying.symbol,
            expiry=series.expiry,
            expires_at=series.expires_at,
            option_type=OptionType(contract.sign),
            strike=osi.parse(contract.symbol).strike,
            multiplier=market.underlying.product.multiplier,
            currency="USD",
            exercise="european",
            settlement="PM",
            tick=market.underlying.tick.below,
        )

    def quote(self, symbol: str, moment: datetime) -> Quote:
        """One option's or underlying's quote, from pure Python alone."""
        if symbol in SYMBOLS:
            return self.spot(symbol, moment)
        market, series, contract = self._contract(symbol)
        tick, window = self.standing(moment)
        market.listing.listed(series.expiry, tick_of(moment))
        thousandths = round(contract.strike * 1000)
        if not market.listing.has_strike(series, thousandths, tick):
            strikes = market.listing.strikes(series, tick)
            bound = f"from {strikes[0] / 1000:g} to {strikes[-1] / 1000:g} in steps of {series.step / 1000:g}"
            raise UnknownNameError("symbol", symbol, (f"{market.underlying.symbol} {series.expiry} strikes {bound}",))
        return self._as_quote(contract, market.maker.quote(contract, tick, window))

    def quotes_between(
        self, symbol: str, after: datetime, until: datetime, matters: Matters = everything
    ) -> Iterator[Quote]:
        """Every quote made after `after` and up to `until` that matters, in order; see TellsQuotes."""
        from optionix_core.feeds.simulated import quotes_between as stretch

        if symbol in SYMBOLS:
            return stretch.underlying_quotes(self, self.market(symbol), after, until, matters, _SPOT_PERIOD)
        market, _, contract = self._contract(symbol)
        return stretch.option_quotes(self, market, contract, after, until, matters)

    def quotes_together(
        self,
        legs: Sequence[tuple[str, int]],
        at_most: float,
        after: datetime,
        until: datetime,
        elsewhere: Mapping[str, float],
    ) -> Iterator[Quote]:
        """The legs' quotes at moments at which their net price may be `at_most`, in order; see TellsTogether."""
        from optionix_core.feeds.simulated import together

        mine: list[together.Leg] = []
        for symbol, ratio in legs:
            if symbol in SYMBOLS:
                market = self.market(symbol)
                mine.append((market, together.Shares(symbol, market.own_key, _SPOT_PERIOD), ratio))
            else:
                market, _, contract = self._contract(symbol)
                mine.append((market, contract, ratio))
        return together.quotes_together(self, mine, at_most, after, until, elsewhere)

    def market_index(self) -> str | None:
        """The broad index of the venue; see TellsHaltTerms."""
        return INDEX

    def luld_tier(self, underlying: str) -> int | None:
        """1 for the calm single name, 2 for the wild one, none for the index; see TellsHaltTerms."""
        return find(underlying).luld_tier

    def underlying_bounds(self, underlying: str, start: datetime, end: datetime, *, tight: bool = False) -> TouchRange:
        """See BoundsUnderlyings; a bound of ten minutes costs some 50 microseconds, a tight one twice that."""
        market = self.market(underlying)
        low, high = market.stretches.spot_range(tick_of(start), tick_of(end), TIGHT_LEVEL if tight else WIDE_LEVEL)
        widest = 2 * market.underlying.spot_tick / 100
        return TouchRange(low - widest, high + widest, low - widest, high + widest)

    def session_close(self, moment: datetime) -> datetime:
        """The end of the UTC day in the continuous session, else the close of XNYS's session; see TellsSessions."""
        tick = tick_of(moment)
        if self.session == "continuous":
            return moment_of(tick - tick % TICKS_PER_DAY + TICKS_PER_DAY)
        current = sessions.current_session(moment)
        if current is not None:
            return current.close
        opening = sessions.current_session(sessions.next_open(moment))
        if opening is None:
            raise MissingDataError(f"no session opens after {moment.isoformat()}")
        return opening.close

    def history(self, underlying: str, until: date) -> PriceHistory:
        """Daily bars of XNYS sessions up to and including `until`, three years and more; see `history`."""
        from optionix_core.feeds.simulated.history import daily_history

        return daily_history(self, self.market(underlying), until)

    def bars(self, underlying: str, interval: Interval, after: datetime, until: datetime) -> Bars:
        """Bars within a day, in the hours that this feed keeps; see TellsBars."""
        from optionix_core.feeds.simulated.bars import bars_within

        return bars_within(self, self.market(underlying), interval, after, until)

    def settlement_price(self, underlying: str, expires_at: datetime) -> float:
        """The spot in whole cents at `expires_at`, on which options settle."""
        return self.market(underlying).path.state(tick_of(expires_at)).spot

    def smile(self, underlying: str, moment: datetime) -> SimulatedSmile:
        """The surface that a quote made at `moment` would lie around."""
        market = self.market(underlying)
        return market.maker.smile(market.path.state(self.standing(moment)[0]))

    def market(self, underlying: str) -> Market:
        """The market of an underlying; UnknownNameError for a name that is not quoted here."""
        found = self._markets.get(underlying)
        if found is None:
            found = Market(self.seed, find(underlying))
            self._markets[underlying] = found
        return found

    def standing(self, moment: datetime) -> tuple[int, Window]:
        """The tick whose quotes stand at `moment`, and the trading day that it lies in."""
        tick = tick_of(moment)
        if self.session == "continuous":
            start = tick - tick % TICKS_PER_DAY
            return tick, Window(start, start + TICKS_PER_DAY)
        session = sessions.current_session(moment) or sessions.last_closed_session(moment)
        stop = tick_of(session.close)
        return min(tick, stop), Window(tick_of(session.open), stop)

    def _contract(self, symbol: str) -> tuple[Market, Series, Contract]:
        known = self._contracts.get(symbol)
        if known is None:
            known = self._read(symbol)
            if len(self._contracts) >= _REMEMBERED:
                self._contracts = {}
            self._contracts[symbol] = known
        return known

    def _read(self, symbol: str) -> tuple[Market, Series, Contract]:
        try:
            parts = osi.parse(symbol)
        except InvalidValueError:
            raise UnknownNameError("symbol", symbol, SYMBOLS) from None
        if parts.root not in SYMBOLS:
            raise UnknownNameError("symbol", symbol, SYMBOLS)
        market = self.market(parts.root)
        series = market.listing.series(parts.expiry)
        thousandths = int(parts.strike * 1000)
        if thousandths % series.step:
            raise UnknownNameError(
                "symbol", symbol, (f"{parts.root} {parts.expiry} strikes in steps of {series.step / 1000:g}",)
            )
        return market, series, market.contract(series, thousandths, parts.option_type)

    def _as_quote(self, contract: Contract, made: OptionQuote) -> Quote:
        at = moment_of(made.tick)
        return Quote(
            symbol=contract.symbol,
            source=self.name,
            received_at=at,
            exchange_time=at,
            bid=None if made.bid is None else made.bid / 100,
            ask=made.ask / 100,
            bid_size=made.bid_size,
            ask_size=made.ask_size,
            last=None if made.last is None else made.last / 100,
            volume=made.volume,
            open_interest=made.open_interest,
            vendor_iv=made.volatility,
        )
