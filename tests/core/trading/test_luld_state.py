"""Limit states, straddles, pauses and reopenings of Limit Up-Limit Down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.trading import luld_state
from optionix_core.trading.luld import LuldBands
from optionix_core.trading.luld_state import AuctionHeld, Band, BestQuote, LuldPhase, PauseDeclared, TimePassed, step

OPEN = datetime(2026, 3, 10, 13, 30, tzinfo=UTC)
CLOSE = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
BANDS = LuldBands(Decimal(95), Decimal(105))


def quote(bid: object, ask: object) -> BestQuote:
    return BestQuote(*(None if side is None else Decimal(str(side)) for side in (bid, ask)), BANDS)


NORMAL = quote(99, 101)
AT_UPPER = quote(105, None)
AT_LOWER = quote(94, 95)


def started() -> luld_state.LuldState:
    return step(luld_state.start(OPEN, CLOSE), NORMAL, NOON)


def paused(at: datetime = NOON) -> luld_state.LuldState:
    limit = step(step(luld_state.start(OPEN, CLOSE), NORMAL, at - 15 * SECOND), AT_UPPER, at - 15 * SECOND)
    return step(limit, TimePassed(), at)


@pytest.mark.parametrize(
    ("told", "phase", "band"),
    [
        (NORMAL, LuldPhase.OPEN, None),
        (AT_UPPER, LuldPhase.LIMIT_STATE, Band.UPPER),
        (quote(105, "105.5"), LuldPhase.LIMIT_STATE, Band.UPPER),
        (AT_LOWER, LuldPhase.LIMIT_STATE, Band.LOWER),
        (quote(None, 95), LuldPhase.LIMIT_STATE, Band.LOWER),
        # A band that is met by both sides is crossed or locked, and no limit state.
        (quote(105, 105), LuldPhase.OPEN, None),
        (quote("104.99", "105"), LuldPhase.OPEN, None),
        # One side beyond its band while the other is not at one.
        (quote(94, 96), LuldPhase.STRADDLE_STATE, None),
        (quote(99, 106), LuldPhase.STRADDLE_STATE, None),
        (quote(None, None), LuldPhase.OPEN, None),
    ],
)
def test_a_quotation_decides_the_phase(told, phase, band) -> None:
    state = step(started(), told, NOON + SECOND)
    assert (state.phase, state.band) == (phase, band)
    assert state.continuous


def test_a_limit_state_that_clears_within_fifteen_seconds_ends() -> None:
    limit = step(started(), AT_UPPER, NOON)
    state = step(limit, NORMAL, NOON + 15 * SECOND - timedelta(microseconds=1))
    assert state.phase is LuldPhase.OPEN


def test_a_limit_state_of_fifteen_seconds_pauses_for_five_minutes() -> None:
    limit = step(started(), AT_LOWER, NOON)
    state = step(limit, NORMAL, NOON + 15 * SECOND)
    assert state.phase is LuldPhase.PAUSED
    assert not state.continuous
    assert (state.since, state.pause_ends) == (NOON + 15 * SECOND, NOON + 15 * SECOND + 5 * MINUTE)
    assert state.band is Band.LOWER


def test_a_limit_state_keeps_its_start_and_a_change_of_band_begins_anew() -> None:
    limit = step(started(), AT_UPPER, NOON)
    same = step(limit, quote(105, "105.2"), NOON + 10 * SECOND)
    assert same.since == NOON
    other = step(limit, AT_LOWER, NOON + 10 * SECOND)
    assert (other.since, other.band) == (NOON + 10 * SECOND, Band.LOWER)
    assert step(other, TimePassed(), NOON + 16 * SECOND).phase is LuldPhase.LIMIT_STATE


def test_the_listing_exchange_may_pause_a_straddle_and_nothing_else() -> None:
    straddle = step(started(), quote(94, 96), NOON)
    state = step(straddle, PauseDeclared(), NOON + MINUTE)
    assert (state.phase, state.pause_ends) == (LuldPhase.PAUSED, NOON + 6 * MINUTE)
    assert step(straddle, TimePassed(), NOON + 60 * MINUTE).phase is LuldPhase.STRADDLE_STATE
    for other in (started(), paused()):
        with pytest.raises(InvalidValueError, match="straddle state"):
            step(other, PauseDeclared(), NOON + MINUTE)


def test_an_auction_reopens_after_the_pause_and_not_before() -> None:
    state = paused()
    with pytest.raises(InvalidValueError, match="an auction in paused"):
        step(state, AuctionHeld(Decimal(106)), NOON + 5 * MINUTE - SECOND)
    assert step(state, TimePassed(), NOON + 60 * MINUTE).phase is LuldPhase.PAUSED
    again = step(state, AuctionHeld(Decimal(106)), NOON + 5 * MINUTE)
    assert (again.phase, again.since) == (LuldPhase.OPEN, NOON + 5 * MINUTE)


def test_an_auction_without_a_price_extends_by_five_minutes() -> None:
    state = step(paused(), AuctionHeld(None), NOON + 5 * MINUTE)
    assert (state.phase, state.extensions, state.pause_ends) == (LuldPhase.PAUSED, 1, NOON + 10 * MINUTE)
    with pytest.raises(InvalidValueError):
        step(state, AuctionHeld(Decimal(106)), NOON + 9 * MINUTE)
    assert step(state, AuctionHeld(Decimal(106)), NOON + 10 * MINUTE).phase is LuldPhase.OPEN


def test_quotations_do_not_end_a_pause() -> None:
    assert step(paused(), NORMAL, NOON + 20 * MINUTE).phase is LuldPhase.PAUSED


def test_a_pause_that_reaches_into_the_last_ten_minutes_waits_for_the_close() -> None:
    # LULD Plan, section VII(C): no reopening in the last ten minutes, the closing auction does it.
    last_ten = CLOSE - 10 * MINUTE
    in_time = paused(last_ten - 5 * MINUTE - SECOND)
    assert step(in_time, AuctionHeld(Decimal(106)), last_ten - SECOND).phase is LuldPhase.OPEN
    late = paused(last_ten - 5 * MINUTE)
    with pytest.raises(InvalidValueError, match="closing auction"):
        step(late, AuctionHeld(Decimal(106)), last_ten)
    state = step(late, TimePassed(), last_ten)
    assert (state.phase, state.since, state.may_reopen) == (LuldPhase.CLOSING_AUCTION, last_ten, False)
    assert step(state, TimePassed(), CLOSE).phase is LuldPhase.CLOSED


def test_a_pause_that_begins_in_the_last_ten_minutes_ends_with_the_close() -> None:
    state = paused(CLOSE - 3 * MINUTE)
    assert (state.phase, state.since) == (LuldPhase.CLOSING_AUCTION, CLOSE - 3 * MINUTE)


def test_a_day_ends_and_an_unfinished_limit_state_with_it() -> None:
    limit = step(started(), AT_UPPER, CLOSE - 10 * SECOND)
    state = step(limit, TimePassed(), CLOSE + MINUTE)
    assert (state.phase, state.since, state.band) == (LuldPhase.CLOSED, CLOSE, None)
    assert step(state, NORMAL, CLOSE + 2 * MINUTE).phase is LuldPhase.CLOSED


def test_time_does_not_run_backwards_and_a_day_has_an_end() -> None:
    with pytest.raises(InvalidValueError, match="not before"):
        step(started(), NORMAL, NOON - SECOND)
    with pytest.raises(InvalidValueError, match="close"):
        luld_state.start(CLOSE, CLOSE)
    with pytest.raises(InvalidValueError, match="positive"):
        step(paused(), AuctionHeld(Decimal(0)), NOON + 5 * MINUTE)


EVENTS = st.sampled_from(
    (NORMAL, AT_UPPER, AT_LOWER, quote(94, 96), PauseDeclared(), AuctionHeld(Decimal(100)), AuctionHeld(None))
)
WAITS = st.sampled_from((1, 5, 14, 15, 16, 60, 299, 300, 301, 600, 1800))


@given(st.integers(0, 390), st.lists(st.tuples(WAITS, EVENTS), max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_run_of_events_reopens_in_a_forbidden_window(minute, run) -> None:
    at = OPEN + minute * MINUTE - SECOND
    state = luld_state.start(OPEN - MINUTE, CLOSE)
    pause_began: datetime | None = None
    for wait, event in run:
        at += wait * SECOND
        before = state
        try:
            state = step(before, event, at)
        except InvalidValueError:
            state = step(before, TimePassed(), at)
        if before.phase in (LuldPhase.PAUSED, LuldPhase.CLOSING_AUCTION) and state.continuous:
            assert isinstance(event, AuctionHeld)
            assert pause_began is not None
            assert at >= pause_began + 5 * MINUTE
            assert at < CLOSE - 10 * MINUTE
        if state.phase in (LuldPhase.PAUSED, LuldPhase.CLOSING_AUCTION) and before.continuous:
            pause_began = state.since
        if before.phase in (LuldPhase.CLOSING_AUCTION, LuldPhase.CLOSED):
            assert state.phase in (LuldPhase.CLOSING_AUCTION, LuldPhase.CLOSED)
        assert (state.phase is LuldPhase.CLOSED) == (at >= CLOSE)
        assert state.phase is not LuldPhase.PAUSED or at < CLOSE - 10 * MINUTE
        if state.phase is LuldPhase.LIMIT_STATE:
            assert at < state.since + 15 * SECOND
