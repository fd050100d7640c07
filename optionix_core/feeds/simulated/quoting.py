"""How the simulated market makers quote an option: when, around what, how wide, how much.

Each contract is requoted at its own moments, one to six seconds apart in the mean, and whenever spot
jumps; between these its quote stands still and ages. A quote is Black's price on the smile of that
moment, widened by what a market maker fears (vega, the move of spot until the next requote, the price
itself) and rounded outwards to the tick grid. Prices are whole cents until they leave. One function serves
single quotes and whole chains: it is plain Python on purpose, since a vectorised twin could differ
by an ulp, which a tick would turn into another price, and since it needs no compiled kernel.
"""

from __future__ import annotations

from datetime import date, datetime
from math import ceil, erfc, exp, floor, log, pi, sqrt
from typing import NamedTuple

from optionix_core.feeds.simulated.noise import bits, key, normal, uniform
from optionix_core.feeds.simulated.path import TICKS_PER_DAY, YEAR_TICKS, SpotPath, State
from optionix_core.feeds.simulated.smile import SimulatedSmile
from optionix_core.feeds.simulated.underlyings import RATE, Underlying
from optionix_core.pricing import black_scholes

_SHORTEST_PERIOD = 4
_PERIODS = 21
_TRADE_SHIFT = 8
"""Trades happen on a coarser grid of 256 ticks (64 s)."""
REQUOTE_YEARS = 12.0 / (365 * 86400)
"""The longest time that a quote may stand: two periods of the slowest contract."""


class Contract(NamedTuple):
    """One option as the venue sees it."""

    symbol: str
    sign: int
    """+1 call, -1 put."""
    strike: float
    expiry: date
    expires_at: datetime
    expires_tick: int
    listed_tick: int
    key: int
    """Key of the contract's own noise."""
    period: int
    """Mean ticks between two quotes."""


class Window(NamedTuple):
    """The trading day that a moment lies in: quotes are not older than its start."""

    start: int
    stop: int


class OptionQuote(NamedTuple):
    """An option's quote in whole cents; None where there is none."""

    tick: int
    """When it was made."""
    bid: int | None
    ask: int
    bid_size: int | None
    ask_size: int
    last: int | None
    volume: int
    open_interest: int
    volatility: float
    """The smile's, to 1e-6."""
    delta: float


class _Touch(NamedTuple):
    bid: int | None
    ask: int
    volatility: float
    delta: float
    closeness: float
    """1 at the forward, towards 0 in the wings."""


class MarketMaker:
    """Quotes the options of one underlying under one seed."""

    def __init__(self, seed: int, path: SpotPath) -> None:
        self._seed = seed
        self._path = path
        self._own: Underlying = path.underlying
        self._below = int(self._own.tick.below * 100)
        self._above = int(self._own.tick.above * 100)
        self._threshold = int(self._own.tick.threshold * 100)
        self._memory: dict[str, tuple[int, int, OptionQuote]] = {}
        self._smiles: tuple[int, SimulatedSmile] | None = None

    def contract(
        self, symbol: str, sign: int, strike: float, expiry: date, expires_at: datetime, ticks: tuple[int, int]
    ) -> Contract:
        """A contract with its noise; `ticks` are those of its listing and of its expiry."""
        own = key(self._seed, symbol)
        period = _SHORTEST_PERIOD + bits(own, 0) % _PERIODS
        return Contract(symbol, sign, strike, expiry, expires_at, ticks[1], ticks[0], own, period)

    def quote(self, contract: Contract, tick: int, window: Window) -> OptionQuote:
        """The quote that stands at `tick` of the trading day `window`."""
        made = max(last_event(contract.key, tick, contract.period), self._path.last_jump(tick), window.start)
        trade = self._last_trade(contract, tick, window)
        known = self._memory.get(contract.symbol)
        if known is not None and known[0] == made and known[1] == trade:
            return known[2]
        touch = self._touch(contract, self._path.state(made))
        interest = self._open_interest(contract, window.start)
        traded = known[2].last if known is not None and known[1] == trade else self._trade_price(contract, trade)
        volume = int(interest * _share(contract, window) * (made - window.start) / (window.stop - window.start))
        scale = self._own.display * (0.25 + touch.closeness)
        size = 1 + int(scale * (0.4 + uniform(contract.key ^ 1, made)))
        other = 1 + int(scale * (0.4 + uniform(contract.key ^ 2, made)))
        found = OptionQuote(
            tick=made,
            bid=touch.bid,
            ask=touch.ask,
            bid_size=None if touch.bid is None else size,
            ask_size=other,
            last=traded if interest else None,
            volume=volume,
            open_interest=interest,
            volatility=touch.volatility,
            delta=touch.delta,
        )
        self._memory[contract.symbol] = (made, trade, found)
        return found

    def touch_made(self, contract: Contract, tick: int) -> tuple[int | None, int]:
        """Bid and ask, in whole cents, of the quote made at `tick`."""
        touch = self._touch(contract, self._path.state(tick))
        return touch.bid, touch.ask

    def smile(self, state: State) -> SimulatedSmile:
        """The surface that quotes made in `state` lie around."""
        known = self._smiles
        if known is None or known[0] != state.tick:
            known = (state.tick, SimulatedSmile.of(self._own, state.spot, state.variance))
            self._smiles = known
        return known[1]

    def _touch(self, contract: Contract, state: State) -> _Touch:
        years = (contract.expires_tick - state.tick) / YEAR_TICKS
        smile = self.smile(state)
        volatility = round(smile.volatility(contract.strike, years), 6)
        carry = self._own.dividend_yield
        middle = black_scholes.price(contract.sign, state.spot, contract.strike, years, RATE, carry, volatility)
        deviation = volatility * sqrt(years)
        d1 = log(smile.forward(years) / contract.strike) / deviation + 0.5 * deviation
        shrink = exp(-carry * years)
        delta = contract.sign * shrink * 0.5 * erfc(-contract.sign * d1 / sqrt(2.0))
        closeness = exp(-0.5 * d1 * d1)
        vega = state.spot * shrink * closeness * sqrt(years / (2.0 * pi))
        fear = sqrt(state.variance * REQUOTE_YEARS) * state.spot * abs(delta)
        half = 0.005 * self._below + self._own.width * vega + fear + 0.002 * middle
        noise = contract.key ^ 3
        low = self._floor(100.0 * (middle - half * (0.8 + 0.4 * uniform(noise, 2 * state.tick))))
        high = self._ceiling(100.0 * (middle + half * (0.8 + 0.4 * uniform(noise, 2 * state.tick + 1))))
        return _Touch(low if low >= self._below else None, high, volatility, round(delta, 6), closeness)

    def _floor(self, cents: float) -> int:
        whole = floor(round(cents / self._below, 7)) * self._below
        return whole if whole < self._threshold else floor(round(cents / self._above, 7)) * self._above

    def _ceiling(self, cents: float) -> int:
        whole = max(1, ceil(round(cents / self._below, 7))) * self._below
        return whole if whole <= self._threshold else ceil(round(cents / self._above, 7)) * self._above

    def _open_interest(self, contract: Contract, start: int) -> int:
        own = self._own
        noise = contract.key ^ 4
        life = max(contract.expires_tick - start, TICKS_PER_DAY) / YEAR_TICKS
        reach = log(contract.strike / self._path.state(start).spot) / (1.3 * own.volatility * sqrt(life) + 0.02)
        age = min(1.0, max(0, start - contract.listed_tick) / (20 * TICKS_PER_DAY))
        taste = exp(0.8 * normal(noise, 0)) * (2.5 if contract.strike % 10 == 0 else 1.0)
        daily = exp(0.1 * normal(noise, 1 + start // TICKS_PER_DAY))
        return int(own.interest * exp(-0.5 * reach * reach) * age * taste * daily)

    def _last_trade(self, contract: Contract, tick: int, window: Window) -> int:
        period = 1 << (bits(contract.key, 1) >> 61)
        return max(
            last_event(contract.key ^ 5, tick >> _TRADE_SHIFT, period) << _TRADE_SHIFT,
            window.start,
            contract.listed_tick,
        )

    def _trade_price(self, contract: Contract, trade: int) -> int:
        touch = self._touch(contract, self._path.state(trade))
        at_bid = bits(contract.key ^ 6, trade) & 1
        return touch.bid if at_bid and touch.bid is not None else touch.ask


def last_event(stream: int, tick: int, period: int) -> int:
    """The last event of a stream at or before `tick`: one in every `period`, at a place of its own. Never negative."""
    cell = tick // period
    event = cell * period + bits(stream, cell) % period
    if event > tick:
        event = (cell - 1) * period + bits(stream, cell - 1) % period if cell else 0
    return event


def _share(contract: Contract, window: Window) -> float:
    """Contracts that trade in a day, over open interest."""
    return 0.05 + 0.4 * uniform(contract.key ^ 7, window.start)
