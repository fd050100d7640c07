"""Market-wide circuit breakers: when the S&P 500 has fallen so far that everything stops.

Falls of 7%, 13% and 20% from the previous close are levels 1, 2 and 3. Levels 1 and 2 halt for fifteen
minutes, each at most once a day, after 09:30 and up to and including 15:25 (12:25 on an early close); level
3 ends the day, whenever it is. A fall through two levels at once is the lower of them, and a level above
it that was jumped over does not halt afterwards: it was passed. All listed options halt too. During a
halt only level 3 is still heard. Refuses times that run backwards or lie before the open; what an index
shows at the open itself, or after the close, halts nothing.

Source: NYSE Rule 7.12; levels are published daily, to the nearest hundredth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.market.sessions import Session
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.portfolio.exact_input import Number, positive
from optionix_core.trading.eastern import aware

DECLINES: Final = (Decimal("0.07"), Decimal("0.13"), Decimal("0.20"))
HUNDREDTH: Final = Decimal("0.01")
HALT: Final = timedelta(minutes=15)
LAST_HALT: Final = timedelta(minutes=35)
"""Before the close: the last moment at which levels 1 and 2 halt, 15:25 or 12:25."""


class MarketWideLevels(NamedTuple):
    """Index values at or below which each level is reached."""

    level_1: Decimal
    level_2: Decimal
    level_3: Decimal


def market_wide_levels(prior_close: Number) -> MarketWideLevels:
    """Levels of a day from the index's previous close, to the nearest hundredth (half up)."""
    close = positive(prior_close, "prior_close")
    with exact_arithmetic():
        levels = [close * (1 - decline) for decline in DECLINES]
    return MarketWideLevels(*(level.quantize(HUNDREDTH, rounding=ROUND_HALF_UP) for level in levels))


def level_reached(levels: MarketWideLevels, index_value: Number) -> int:
    """The highest level that an index value has reached: 0 to 3."""
    value = positive(index_value, "index_value")
    return sum(value <= level for level in levels)


class MarketPhase(StrEnum):
    """Whether the market as a whole trades."""

    OPEN = "open"
    HALTED = "halted"
    """By level 1 or 2, for fifteen minutes."""
    HALTED_FOR_THE_DAY = "halted for the day"
    """By level 3."""


@dataclass(frozen=True, slots=True)
class MarketWideState:
    """The market on one day. Start from `start`."""

    session: Session
    levels: MarketWideLevels
    phase: MarketPhase
    as_of: datetime
    """The last moment told."""
    passed: int = 0
    """The highest level that has halted, 0 to 3; it and those below it halt no more."""
    halted_at: datetime | None = None
    """When the halt in force began; None while open."""
    halted_until: datetime | None = None
    """End of a halt by level 1 or 2."""


def start(session: Session, prior_close: Number) -> MarketWideState:
    """The market as the day's session begins; moments before its open are refused."""
    return MarketWideState(session, market_wide_levels(prior_close), MarketPhase.OPEN, session.open)


def step(state: MarketWideState, at: datetime, index_value: Number | None = None) -> MarketWideState:
    """The state at `at`, where the index stands at `index_value`, or where nothing but time has passed (None).

    Raises InvalidValueError for a time before the last one told, and for a value that is not positive.
    """
    if aware(at, "at") < state.as_of:
        raise InvalidValueError("at", at, f"not before {state.as_of}, the last moment told")
    now = replace(state, as_of=at)
    if now.phase is MarketPhase.HALTED and now.halted_until is not None and at >= now.halted_until:
        now = replace(now, phase=MarketPhase.OPEN, halted_at=None, halted_until=None)
    reached = 0 if index_value is None else level_reached(state.levels, index_value)
    if not (now.session.open < at <= now.session.close) or reached <= now.passed:
        return now
    if reached == 3:
        return replace(now, phase=MarketPhase.HALTED_FOR_THE_DAY, passed=3, halted_at=at, halted_until=None)
    if now.phase is MarketPhase.OPEN and at <= now.session.close - LAST_HALT:
        return replace(now, phase=MarketPhase.HALTED, passed=reached, halted_at=at, halted_until=at + HALT)
    return now
