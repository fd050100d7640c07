"""The simulated market behaves like one: volatility, jumps, history, expiries, strikes, hours, manners of quotes."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.feeds import SimulatedFeed
from optionix_core.feeds.simulated.path import BLOCK, EPOCH, TICKS_PER_DAY, moment_of, tick_of
from optionix_core.feeds.simulated.path_arrays import states
from optionix_core.feeds.simulated.smile import SimulatedSmile
from optionix_core.feeds.simulated.underlyings import RATE, SYMBOLS, UNDERLYINGS
from optionix_core.market import expirations, sessions
from optionix_core.market.products import product

NOW = datetime(2026, 11, 24, 16, 30, 0, 250000, tzinfo=UTC)
feed = SimulatedFeed()


def _daily(symbol: str, years: int) -> tuple[np.ndarray, np.ndarray]:
    ticks = np.arange(0, 365 * years, dtype=np.int64) * TICKS_PER_DAY + 7
    return states(feed.market(symbol).path, ticks)


@pytest.mark.parametrize("underlying", UNDERLYINGS, ids=SYMBOLS)
def test_returns_over_thirty_years_have_the_volatility_and_the_tails_they_are_meant_to(underlying) -> None:
    spots, variances = _daily(underlying.symbol, 30)
    returns = np.diff(np.log(spots))
    realised = returns.std() * math.sqrt(365)
    meant = math.sqrt(underlying.mean_variance + underlying.jump_variance)
    assert realised == pytest.approx(meant, rel=0.1)
    assert variances.mean() == pytest.approx(underlying.mean_variance, rel=0.15)
    kurtosis = ((returns - returns.mean()) ** 4).mean() / returns.var() ** 2
    assert 3.8 < kurtosis < 30.0
    clustering = np.corrcoef(np.abs(returns[1:]), np.abs(returns[:-1]))[0, 1]
    assert clustering > 0.05


@pytest.mark.parametrize("underlying", UNDERLYINGS, ids=SYMBOLS)
def test_spots_stay_in_a_sensible_range_for_thirty_years(underlying) -> None:
    spots, _ = _daily(underlying.symbol, 30)
    assert 0.25 * underlying.level < spots.min()
    assert spots.max() < 4.0 * underlying.level
    assert spots.mean() == pytest.approx(underlying.level, rel=0.15)


@pytest.mark.parametrize("underlying", UNDERLYINGS, ids=SYMBOLS)
def test_jumps_come_at_their_rate_and_move_spot_by_their_size(underlying) -> None:
    path = feed.market(underlying.symbol).path
    blocks = 450
    jumps = [jump for number in range(blocks) for jump in path.block(number).jumps]
    meant = underlying.jump_rate * blocks * BLOCK / (365 * TICKS_PER_DAY)
    assert abs(len(jumps) - meant) < 4.0 * math.sqrt(meant)
    for jump in jumps[:40]:
        move = math.log(path.state(jump.tick).spot / path.state(jump.tick - 1).spot)
        diffusion = 6.0 * math.sqrt(path.state(jump.tick).variance / (365 * TICKS_PER_DAY))
        assert move == pytest.approx(jump.spot, abs=diffusion + 0.011 / path.state(jump.tick).spot)
        assert path.last_jump(jump.tick + 5) >= jump.tick


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_path_is_continuous_where_days_and_blocks_meet(symbol: str) -> None:
    path = feed.market(symbol).path
    borders = [number * BLOCK for number in range(1, 60)] + [day * TICKS_PER_DAY for day in range(1, 200)]
    for tick in borders:
        if path.last_jump(tick) >= tick - 1:
            continue
        before, after = path.state(tick - 1), path.state(tick)
        step = math.sqrt(after.variance / (365 * TICKS_PER_DAY))
        assert abs(math.log(after.spot / before.spot)) < 7.0 * step + 0.011 / after.spot
        assert after.variance == pytest.approx(before.variance, rel=0.01)


def test_volatility_is_the_same_on_every_time_scale() -> None:
    path = feed.market("TUNDRA").path
    start = tick_of(NOW)
    for step in (1, 64, 4096):
        spots, variances = states(path, start + step * np.arange(2001, dtype=np.int64))
        realised = np.diff(np.log(spots)).std() * math.sqrt(365 * TICKS_PER_DAY / step)
        assert realised == pytest.approx(math.sqrt(variances.mean()), rel=0.12)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_history_covers_three_years_and_its_closes_are_the_spots_at_the_closes(symbol: str) -> None:
    until = date(2026, 11, 20)
    history = feed.history(symbol, until)
    assert history.days == tuple(item.day for item in sessions.sessions_between(history.days[0], until))
    assert (until - history.days[0]).days > 3 * 365
    fresh = SimulatedFeed()
    for row in range(0, len(history.days), 29):
        session = sessions.session(history.days[row])
        assert session is not None
        assert fresh.settlement_price(symbol, session.close) == history.close[row]
        assert fresh.spot(symbol, session.close).last == pytest.approx(history.close[row], rel=1e-3)
        state = fresh.market(symbol).path.state(tick_of(session.close))
        theta = SimulatedSmile.of(fresh.market(symbol).underlying, state.spot, state.variance).at_the_money_variance(
            30 / 365
        )
        assert history.implied_volatility[row] == pytest.approx(math.sqrt(theta * 365 / 30), rel=1e-12)
    assert (history.volume > 0).all()


def test_an_early_close_ends_the_bar_of_its_day() -> None:
    # The day after Thanksgiving 2025: XNYS closed at 13:00 in New York, 18:00 UTC.
    history = feed.history("ORBIT", date(2025, 11, 28))
    assert history.days[-1] == date(2025, 11, 28)
    assert history.close[-1] == feed.settlement_price("ORBIT", datetime(2025, 11, 28, 18, tzinfo=UTC))


def test_history_before_2019_is_missing() -> None:
    with pytest.raises(MissingDataError, match="2019"):
        feed.history("ORBIT", date(2018, 12, 31))


def test_expiries_are_those_of_the_exchange_calendar_and_not_yet_over() -> None:
    for symbol in SYMBOLS:
        found = feed.expiries(symbol, NOW)
        dates = [expiry for expiry, _ in found]
        calendar = [item.expiry for item in expirations.listed(symbol, NOW.date())]
        assert set(dates) <= set(calendar)
        assert len(dates) >= 10
        # The monthly expiries of December 2026 and January 2027 are on Fridays 18 and 15.
        assert {date(2026, 12, 18), date(2027, 1, 15)} <= set(dates)
        for item in feed.chain(symbol, NOW).slices:
            assert item.expires_at == expirations.settlement_moment(symbol, item.expiry)
            assert item.expires_at > NOW


def test_an_expiry_is_quoted_until_its_settlement_and_no_longer() -> None:
    # Wednesday 25 November 2026: a daily expiry of TUNDRA, 16:00 in New York is 21:00 UTC.
    end = datetime(2026, 11, 25, 21, tzinfo=UTC)
    chain = feed.chain("TUNDRA", end - timedelta(milliseconds=250), date(2026, 11, 25))
    symbol = chain.slices[0].call.symbols[0]
    assert symbol is not None
    assert feed.quote(symbol, end - timedelta(milliseconds=250)).ask is not None
    for ask in (lambda: feed.quote(symbol, end), lambda: feed.chain("TUNDRA", end, date(2026, 11, 25))):
        with pytest.raises(MissingDataError, match="expired"):
            ask()
    intrinsic = feed.settlement_price("TUNDRA", end) - float(feed.instrument(symbol).strike)
    assert feed.quote(symbol, end - timedelta(milliseconds=250)).mid == pytest.approx(intrinsic, abs=5.0)


def test_an_expiry_that_the_calendar_does_not_have_is_unknown() -> None:
    with pytest.raises(UnknownNameError, match="2026-12-17"):
        feed.quote("ORBIT 261217C00210000", NOW)
    with pytest.raises(MissingDataError, match="not listed"):
        feed.quote("TUNDRA270217C05000000", NOW)


def test_a_strike_off_the_grid_or_out_of_range_is_unknown_and_the_grid_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"steps of"):
        feed.quote("ORBIT 270115C00221000", NOW)
    with pytest.raises(UnknownNameError, match=r"strikes from"):
        feed.quote("ORBIT 270115C90000000", NOW)


@given(symbol=st.sampled_from(SYMBOLS), days=st.integers(900, 5000), pick=st.integers(0, 30))
@settings(max_examples=25, deadline=None)
def test_strikes_are_evenly_spaced_around_spot_and_never_taken_away(symbol: str, days: int, pick: int) -> None:
    market = feed.market(symbol)
    tick = days * TICKS_PER_DAY + 5
    series = market.listing.expiries(tick)
    item = series[pick % len(series)]
    strikes = market.listing.strikes(item, tick)
    spot = 1000 * market.path.state(tick).spot
    assert 30 <= len(strikes) <= 250
    assert strikes[0] < 0.93 * spot
    assert strikes[-1] > 1.07 * spot
    assert all(market.listing.has_strike(item, strike, tick) for strike in strikes)
    assert not market.listing.has_strike(item, strikes[0] - item.step, tick)
    assert not market.listing.has_strike(item, strikes[-1] + item.step, tick)
    later = min(tick + 20 * TICKS_PER_DAY, item.expires_tick - 1)
    assert set(strikes) <= set(market.listing.strikes(item, later))


def test_the_underlyings_are_european_cash_settled_products_of_invented_names() -> None:
    for symbol in SYMBOLS:
        item = product(symbol)
        assert (item.exercise, item.settlement, item.cash_settled, item.calendar) == ("european", "PM", True, "XNYS")
        assert (item.multiplier, item.currency) == (Decimal(100), "USD")


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_quotes_lie_on_the_tick_grid_around_the_value_of_their_moment(symbol: str) -> None:
    tick = product(symbol).tick
    for item in feed.chain(symbol, NOW).slices[::4]:
        for side in (item.call, item.put):
            for bid, ask in zip(side.bid.tolist(), side.ask.tolist(), strict=True):
                for price in (bid, ask):
                    exact = Decimal(repr(price)) if not math.isnan(price) else None
                    assert exact is None or exact % tick.at(exact) == 0
                assert math.isnan(bid) or ask - bid >= float(tick.below) - 1e-9
            assert (np.isnan(side.bid) == np.isnan(side.bid_size)).all()
            assert (side.ask_size >= 1).all()


def test_far_out_of_the_money_options_have_an_ask_and_no_bid() -> None:
    item = feed.chain("ORBIT", NOW).slices[0]
    assert math.isnan(item.call.bid[-1])
    assert item.call.ask[-1] == 0.01
    quote = feed.quote(str(item.call.symbols[-1]), NOW)
    assert (quote.bid, quote.bid_size, quote.mid) == (None, None, None)


def test_spreads_widen_with_vega_and_stay_narrow_against_the_price() -> None:
    near, far = (feed.chain("ORBIT", NOW).slices[index].call for index in (1, 8))
    strikes = feed.chain("ORBIT", NOW).slices[1].strikes
    middle = int(np.argmin(np.abs(strikes - (feed.spot("ORBIT", NOW).last or 0.0))))
    wide = np.nanmax(far.ask - far.bid)
    assert near.ask[middle] - near.bid[middle] < wide
    liquid = near.bid > 1.0
    assert ((near.ask - near.bid)[liquid] / near.ask[liquid] < 0.12).all()


def test_options_requote_at_their_own_moments_and_ages_change() -> None:
    expiry = feed.expiries("ORBIT", NOW)[2][0]
    seen: list[np.ndarray] = []
    for step in range(40):
        moment = NOW + step * timedelta(milliseconds=500)
        made = feed.chain("ORBIT", moment, expiry).slices[0].call.quoted_at
        ages = moment.timestamp() - made
        assert (ages >= 0).all()
        assert (ages <= 12.0).all()
        assert len(np.unique(made)) > 3
        assert not seen or (made >= seen[-1]).all()
        seen.append(made)
    changed = [float((one != two).mean()) for one, two in pairwise(seen)]
    assert 0.02 < float(np.mean(changed)) < 0.6
    assert feed.stale_after > timedelta(seconds=12)


def test_volume_only_grows_within_a_day_and_open_interest_stands_still() -> None:
    symbol = str(feed.chain("TUNDRA", NOW).slices[4].call.symbols[30])
    quotes = [feed.quote(symbol, NOW + timedelta(minutes=20 * step)) for step in range(20)]
    volumes = [quote.volume or 0 for quote in quotes]
    assert volumes == sorted(volumes)
    assert len({quote.open_interest for quote in quotes}) == 1


def test_a_value_at_the_quotes_moment_lies_between_bid_and_ask() -> None:
    from optionix_core.pricing import black_scholes

    own = feed.market("QUASAR").underlying
    for item in feed.chain("QUASAR", NOW).slices[::3]:
        for row in range(0, len(item.strikes), 5):
            made = EPOCH + timedelta(seconds=float(item.put.quoted_at[row]) - EPOCH.timestamp())
            smile = feed.smile("QUASAR", made)
            years = (item.expires_at - made).total_seconds() / (365 * 86400)
            strike = float(item.strikes[row])
            value = black_scholes.price(
                "put", smile.spot, strike, years, RATE, own.dividend_yield, smile.volatility(strike, years)
            )
            assert np.nan_to_num(item.put.bid[row]) - 1e-4 <= value <= item.put.ask[row] + 1e-4


def test_the_continuous_session_is_open_at_night_and_on_sundays() -> None:
    sunday = datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert feed.is_open(sunday)
    assert feed.spot("ORBIT", sunday) != feed.spot("ORBIT", sunday + timedelta(seconds=10))


def test_the_exchange_session_follows_xnys_and_its_quotes_stand_still_outside_it() -> None:
    venue = SimulatedFeed(session="exchange")
    # Friday 20 November 2026: 09:30 to 16:00 in New York is 14:30 to 21:00 UTC.
    open_at, close_at = datetime(2026, 11, 20, 14, 30, tzinfo=UTC), datetime(2026, 11, 20, 21, tzinfo=UTC)
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert [venue.is_open(at) for at in (open_at, close_at - timedelta(seconds=1), close_at, sunday)] == [
        True,
        True,
        False,
        False,
    ]
    expiry = date(2026, 12, 18)
    symbol = str(venue.chain("ORBIT", sunday, expiry).slices[0].call.symbols[30])
    assert venue.quote(symbol, sunday) == venue.quote(symbol, close_at)
    assert venue.chain("ORBIT", sunday, expiry).as_of == close_at
    made = venue.quote(symbol, sunday).exchange_time
    assert made is not None
    assert sunday - made > venue.stale_after
    assert venue.quote(symbol, open_at).exchange_time == open_at
    assert (
        venue.spot("ORBIT", open_at + timedelta(hours=1)).last == feed.spot("ORBIT", open_at + timedelta(hours=1)).last
    )
    # The change of a day that is over is against the close before it (Thursday).
    thursday = feed.settlement_price("ORBIT", datetime(2026, 11, 19, 21, tzinfo=UTC))
    change = venue.day_change("ORBIT", sunday)
    assert change == pytest.approx((venue.spot("ORBIT", sunday).last or 0.0) / thursday - 1.0)


def test_day_change_is_against_the_last_close() -> None:
    close = feed.settlement_price("ORBIT", datetime(2026, 11, 23, 21, tzinfo=UTC))
    last = feed.spot("ORBIT", NOW).last
    assert last is not None
    assert feed.day_change("ORBIT", NOW) == pytest.approx(last / close - 1.0)


def test_it_works_many_years_ahead() -> None:
    ahead = datetime(2036, 7, 1, 15, tzinfo=UTC)
    chain = feed.chain("ORBIT", ahead)
    assert len(chain.slices) >= 10
    assert feed.history("ORBIT", date(2036, 6, 30)).days[-1] == date(2036, 6, 30)


def test_a_session_mode_or_moment_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="session"):
        SimulatedFeed(session="lunch")  # type: ignore[arg-type] # what a settings file may hold
    with pytest.raises(InvalidValueError, match="aware"):
        feed.spot("ORBIT", datetime(2026, 11, 24, 16, 30))  # noqa: DTZ001 - a naive moment is the point
    assert moment_of(0) == EPOCH
