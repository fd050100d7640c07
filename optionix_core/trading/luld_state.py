"""What happens when a quotation stands at a Limit Up-Limit Down band: a pure step function.

    open --bid at the upper band, or offer at the lower--> limit state --15 s--> paused --5 min, auction--> open
    open --bid below the lower band, or offer above the upper--> straddle --declared by the listing exchange--> paused
    paused --auction without a price--> paused for five minutes more
    paused in the last ten minutes --> closing auction, no reopening --> closed

A step takes a state, an event and its time, and answers the next state; what should have happened in
between (the fifteen seconds ran out, the last ten minutes began, the day closed) happens first, at its own
time. Refuses times that run backwards, a pause declared where no straddle state gives reason to, and any
reopening before the pause has run or in the last ten minutes.

Source: LULD Plan, sections VI(B) (limit and straddle states), VII(A) to (C) (pauses, reopening, the last
ten minutes). The plan lets the listing exchange extend a pause; each extension here is five minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.trading.eastern import aware
from optionix_core.trading.luld import LuldBands

LIMIT_STATE: Final = timedelta(seconds=15)
PAUSE: Final = timedelta(minutes=5)
EXTENSION: Final = timedelta(minutes=5)
NO_REOPENING: Final = timedelta(minutes=10)
"""Before the close: a pause that reaches into it ends with the closing auction."""


class LuldPhase(StrEnum):
    """Where a stock stands."""

    OPEN = "open"
    LIMIT_STATE = "limit state"
    STRADDLE_STATE = "straddle state"
    PAUSED = "paused"
    CLOSING_AUCTION = "closing auction"
    """Paused until the close; only the closing auction trades."""
    CLOSED = "closed"


class Band(StrEnum):
    """Which band a limit state stands at."""

    LOWER = "lower"
    UPPER = "upper"


@dataclass(frozen=True, slots=True)
class BestQuote:
    """The national best quotation as it is now, and the bands that apply. A side may be absent."""

    bid: Decimal | None
    ask: Decimal | None
    bands: LuldBands


@dataclass(frozen=True, slots=True)
class PauseDeclared:
    """The listing exchange pauses a stock in a straddle state."""


@dataclass(frozen=True, slots=True)
class AuctionHeld:
    """The listing exchange tried to reopen; `price` is None where the auction found none."""

    price: Decimal | None


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing but time."""


LuldEvent = BestQuote | PauseDeclared | AuctionHeld | TimePassed


@dataclass(frozen=True, slots=True)
class LuldState:
    """One stock on one day."""

    phase: LuldPhase
    since: datetime
    """When the phase began."""
    as_of: datetime
    """The last moment told."""
    close: datetime
    """End of the day's regular trading."""
    band: Band | None = None
    """Set in a limit state, and in the pause that followed it."""
    pause_ends: datetime | None = None
    """First moment at which an auction may reopen; None unless paused."""
    extensions: int = 0

    @property
    def continuous(self) -> bool:
        """Whether orders match continuously (within the bands)."""
        return self.phase in (LuldPhase.OPEN, LuldPhase.LIMIT_STATE, LuldPhase.STRADDLE_STATE)

    @property
    def may_reopen(self) -> bool:
        """Whether an auction at `as_of` may reopen the stock."""
        return self.phase is LuldPhase.PAUSED and self.pause_ends is not None and self.as_of >= self.pause_ends


def start(at: datetime, close: datetime) -> LuldState:
    """Open, from `at` to `close` (aware). Raises InvalidValueError unless `at` is before `close`."""
    if aware(at, "at") >= aware(close, "close"):
        raise InvalidValueError("close", close, f"after {at}")
    return LuldState(LuldPhase.OPEN, at, at, close)


def step(state: LuldState, event: LuldEvent, at: datetime) -> LuldState:
    """The state after `event` at `at`.

    Raises InvalidValueError for a time before the last one told, and for an auction or a declared pause
    that the rules do not allow then.
    """
    if aware(at, "at") < state.as_of:
        raise InvalidValueError("at", at, f"not before {state.as_of}, the last moment told")
    now = _advance(state, at)
    if isinstance(event, BestQuote):
        return _quoted(now, event, at)
    if isinstance(event, PauseDeclared):
        if now.phase is not LuldPhase.STRADDLE_STATE:
            raise InvalidValueError("event", "a declared pause", f"told in a straddle state, not {now.phase}")
        return _end_of_day(_paused(now, at, None), at)
    if isinstance(event, AuctionHeld):
        return _auctioned(now, event, at)
    return now


def _advance(state: LuldState, at: datetime) -> LuldState:
    """All that time alone brings about up to `at`."""
    moved = state
    if moved.phase is LuldPhase.LIMIT_STATE and at >= moved.since + LIMIT_STATE:
        runs_out = moved.since + LIMIT_STATE
        if runs_out < moved.close:
            moved = _paused(moved, runs_out, moved.band)
    return replace(_end_of_day(moved, at), as_of=at)


def _end_of_day(state: LuldState, at: datetime) -> LuldState:
    last_ten = state.close - NO_REOPENING
    moved = state
    if moved.phase is LuldPhase.PAUSED and at >= last_ten:
        begins = max(moved.since, last_ten)
        moved = replace(moved, phase=LuldPhase.CLOSING_AUCTION, since=begins, pause_ends=None)
    if moved.phase is not LuldPhase.CLOSED and at >= state.close:
        moved = replace(moved, phase=LuldPhase.CLOSED, since=state.close, band=None, pause_ends=None)
    return moved


def _paused(state: LuldState, at: datetime, band: Band | None) -> LuldState:
    return replace(state, phase=LuldPhase.PAUSED, since=at, band=band, pause_ends=at + PAUSE, extensions=0)


def _quoted(state: LuldState, quote: BestQuote, at: datetime) -> LuldState:
    if not state.continuous:
        return state
    phase, band = _phase_of(quote)
    if (phase, band) == (state.phase, state.band):
        return state
    return replace(state, phase=phase, since=at, band=band, pause_ends=None, extensions=0)


def _phase_of(quote: BestQuote) -> tuple[LuldPhase, Band | None]:
    bid, ask, bands = quote.bid, quote.ask, quote.bands
    crossed = bid is not None and ask is not None and bid >= ask
    if not crossed and bid is not None and bid == bands.upper:
        return LuldPhase.LIMIT_STATE, Band.UPPER
    if not crossed and ask is not None and ask == bands.lower:
        return LuldPhase.LIMIT_STATE, Band.LOWER
    below, above = bid is not None and bid < bands.lower, ask is not None and ask > bands.upper
    return (LuldPhase.STRADDLE_STATE if below or above else LuldPhase.OPEN), None


def _auctioned(state: LuldState, event: AuctionHeld, at: datetime) -> LuldState:
    if not state.may_reopen:
        when = "after the pause has run" if state.pause_ends is None else f"at {state.pause_ends} or later"
        raise InvalidValueError("event", f"an auction in {state.phase}", f"held {when}, before the last ten minutes")
    if event.price is None:
        return replace(state, pause_ends=at + EXTENSION, extensions=state.extensions + 1)
    if event.price <= 0:
        raise InvalidValueError("price", event.price, "positive")
    return replace(state, phase=LuldPhase.OPEN, since=at, band=None, pause_ends=None, extensions=0)
