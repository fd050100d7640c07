"""Whether something may trade now, and if not, by which halt.

A board holds the halts that are in force, of the whole market, of an underlying or of one instrument, and
answers for any set of legs: an option halts with its underlying, a combination with any of its legs, and
everything with the market. The answer lists every halt that stands in the way, not the first alone. The
board is a value; setting and lifting answer a new one. Refuses to lift what is not set, and to guess what an
option's underlying is: it takes the instrument, which knows.

The rules that halt are their own modules and are to be had from here: Limit Up-Limit Down (`luld`,
`luld_reference`, `luld_state`), the reopening auction (`auction`), market-wide breakers (`market_wide`) and
configured ones (`breakers`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.market.instruments import Security
from optionix_core.trading.eastern import aware
from optionix_core.trading.luld import LuldBands, PriceClass, luld_bands, price_class
from optionix_core.trading.luld_state import LuldPhase, LuldState
from optionix_core.trading.market_wide import (
    MarketPhase,
    MarketWideLevels,
    MarketWideState,
    level_reached,
    market_wide_levels,
)

__all__ = [
    "Halt",
    "HaltBoard",
    "HaltKey",
    "HaltScope",
    "LuldBands",
    "MarketWideLevels",
    "PriceClass",
    "Tradable",
    "level_reached",
    "luld_bands",
    "luld_halt",
    "market_wide_halt",
    "market_wide_levels",
    "price_class",
]


class HaltScope(StrEnum):
    """What a halt holds up."""

    MARKET = "market"
    """Everything."""
    UNDERLYING = "underlying"
    """An underlying and every option on it."""
    INSTRUMENT = "instrument"
    """One listed option alone."""


class HaltKey(NamedTuple):
    """What there is one halt of."""

    scope: HaltScope
    name: str
    rule: str
    venue: str = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """One halt in force."""

    scope: HaltScope
    name: str
    """The underlying or the instrument's key; empty for the market."""
    rule: str
    """Which rule halted, such as `luld` or `market-wide`."""
    since: datetime
    until: datetime | None
    """First moment at which it no longer holds; None where it has to be lifted."""
    reason: str
    venue: str = ""
    """Whose orders it holds up, such as `local-sim`; empty: those of every venue."""

    def __post_init__(self) -> None:
        aware(self.since, "since")
        if self.until is not None and aware(self.until, "until") <= self.since:
            raise InvalidValueError("until", self.until, f"after {self.since}")
        if (self.scope is HaltScope.MARKET) == bool(self.name):
            raise InvalidValueError("name", repr(self.name), "empty for the market, and for nothing else")

    @property
    def key(self) -> HaltKey:
        """What it is set and lifted by."""
        return HaltKey(self.scope, self.name, self.rule, self.venue)

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at a moment."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Tradable:
    """The answer for a set of legs."""

    allowed: bool
    halts: tuple[Halt, ...]
    """Those in the way, market first; empty where allowed."""

    @property
    def why(self) -> str:
        """One line for people; empty where allowed."""
        return "; ".join(f"{halt.name or 'the market'} is halted by {halt.rule}: {halt.reason}" for halt in self.halts)


@dataclass(frozen=True, slots=True)
class HaltBoard:
    """All halts that are set, at most one for each scope, name, rule and venue."""

    halts: tuple[Halt, ...] = ()

    def at_venue(self, venue: str) -> HaltBoard:
        """With those alone that hold up orders of a venue."""
        if all(item.venue in ("", venue) for item in self.halts):
            return self
        return replace(self, halts=tuple(item for item in self.halts if item.venue in ("", venue)))

    def with_halt(self, halt: Halt) -> HaltBoard:
        """With a halt; one of the same key is replaced."""
        kept = [item for item in self.halts if item.key != halt.key]
        return replace(self, halts=tuple(sorted((*kept, halt), key=_order)))

    def lift(self, key: HaltKey) -> HaltBoard:
        """Without a halt. Raises InvalidValueError where it is not set."""
        kept = tuple(item for item in self.halts if item.key != key)
        if len(kept) == len(self.halts):
            raise InvalidValueError("halt", f"{key.rule} of {key.name or 'the market'}", "one that is set")
        return replace(self, halts=kept)

    def expire(self, at: datetime) -> HaltBoard:
        """Without those that ended at or before a moment."""
        aware(at, "at")
        return replace(self, halts=tuple(item for item in self.halts if item.until is None or at < item.until))

    def judge(self, legs: Iterable[Security | str], at: datetime) -> Tradable:
        """Whether all `legs` together may trade at `at`.

        A leg is a listed option, a share, or the name of an underlying that is traded itself. Raises
        InvalidValueError for no legs at all.
        """
        aware(at, "at")
        underlyings: set[str] = set()
        instruments: set[str] = set()
        for leg in legs:
            if isinstance(leg, str):
                underlyings.add(leg)
            else:
                underlyings.add(leg.underlying)
                instruments.add(leg.symbol)
        if not underlyings:
            raise InvalidValueError("legs", "none", "at least one")
        names = {HaltScope.MARKET: {""}, HaltScope.UNDERLYING: underlyings, HaltScope.INSTRUMENT: instruments}
        found = tuple(item for item in self.halts if item.name in names[item.scope] and item.holds(at))
        return Tradable(not found, found)


def market_wide_halt(state: MarketWideState) -> Halt | None:
    """The halt that a market-wide state means for the board; None while open."""
    if state.phase is MarketPhase.OPEN or state.halted_at is None:
        return None
    reason = f"level {state.passed} of the S&P 500 reached"
    return Halt(HaltScope.MARKET, "", "market-wide", state.halted_at, state.halted_until, reason)


def luld_halt(underlying: str, state: LuldState) -> Halt | None:
    """The halt that a stock's Limit Up-Limit Down state means for the board; None while it trades or is closed.

    A pause has no end of its own: the reopening auction lifts it.
    """
    if state.phase not in (LuldPhase.PAUSED, LuldPhase.CLOSING_AUCTION):
        return None
    after = "the closing auction" if state.phase is LuldPhase.CLOSING_AUCTION else "a reopening auction"
    return Halt(HaltScope.UNDERLYING, underlying, "luld", state.since, None, f"paused until {after}")


def _order(halt: Halt) -> tuple[int, str, str, str]:
    return list(HaltScope).index(halt.scope), halt.name, halt.rule, halt.venue
