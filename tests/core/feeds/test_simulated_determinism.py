"""The simulated venue is a function of seed and moment: in any order, in any process, one quote or a chain."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.feeds import SimulatedFeed
from optionix_core.feeds.simulated.noise import bits, key, normal, normals, quantile
from optionix_core.feeds.simulated.path import BLOCK, EPOCH, TICK, SpotPath, moment_of, tick_of
from optionix_core.feeds.simulated.path_arrays import states
from optionix_core.feeds.simulated.underlyings import SYMBOLS, UNDERLYINGS

GOLDEN_MOMENT = datetime(2026, 11, 23, 2, 3, 4, 567000, tzinfo=UTC)
SYMBOL = "ORBIT 270115C00220000"
GOLDEN_SPOTS = [212.58, 5354.8, 56.61]
GOLDEN_QUOTE = (4.35, 4.5, 59, 38, 4.5)
GOLDEN_HASH = "bb647af58983009c4cc391930efac39274cabe63af87eb3ff768f5061a2b19a6"


def _fingerprint(feed: SimulatedFeed, moment: datetime) -> str:
    """Hash over every quote of every chain, as exact decimals of whole cents."""
    digest = hashlib.sha256()
    for symbol in SYMBOLS:
        for item in feed.chain(symbol, moment).slices:
            for side in (item.call, item.put):
                for row, name in enumerate(side.symbols):
                    cells = (side.bid[row], side.ask[row], side.bid_size[row], side.last[row], side.quoted_at[row])
                    digest.update(f"{name} {' '.join(format(cell, '.2f') for cell in cells)}\n".encode())
    return digest.hexdigest()


def test_the_first_words_of_the_generator_are_those_of_splitmix64() -> None:
    # Seed 0: reference output of the public-domain splitmix64.c (Vigna, 2015), widely used as a test vector.
    assert [bits(0, counter) for counter in range(3)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_the_normal_quantile_is_accurate_to_six_figures() -> None:
    from scipy.stats import norm

    for probability in (1e-300, 1e-12, 1e-4, 0.05, 0.0749, 0.0751, 0.4, 0.5, 0.9, 0.999, 1 - 1e-12):
        assert quantile(probability) == pytest.approx(norm.ppf(probability), rel=2e-6, abs=1e-12)


def test_scalar_and_array_noise_are_the_same_bits() -> None:
    stream = key(20, "test")
    counters = np.arange(0, 40_000_000, 9973, dtype=np.int64)
    assert normals(stream, counters).tolist() == [normal(stream, counter) for counter in counters.tolist()]


@given(tick=st.integers(0, 20 * BLOCK * 15), symbol=st.sampled_from(range(3)))
@settings(max_examples=30, deadline=None)
def test_the_array_path_is_the_scalar_path(tick: int, symbol: int) -> None:
    path = SpotPath(20, UNDERLYINGS[symbol])
    ticks = np.array([tick, tick + 1, tick + 3000, tick // BLOCK * BLOCK, (tick // BLOCK + 1) * BLOCK - 1])
    spots, variances = states(path, ticks)
    fresh = SpotPath(20, UNDERLYINGS[symbol])
    for at, spot, variance in zip(ticks.tolist(), spots.tolist(), variances.tolist(), strict=True):
        assert fresh.state(at) == (at, spot, variance)


def test_the_order_of_questions_does_not_matter() -> None:
    moments = [EPOCH + timedelta(days=700 + 3 * step, seconds=17 * step) for step in range(60)]
    forwards = SimulatedFeed()
    answers = [forwards.spot("QUASAR", moment) for moment in moments]
    shuffled = list(range(60))
    random.Random(3).shuffle(shuffled)
    other = SimulatedFeed()
    assert [other.spot("QUASAR", moments[index]) for index in shuffled] == [answers[index] for index in shuffled]


def test_a_feed_that_has_answered_much_answers_as_a_fresh_one() -> None:
    used = SimulatedFeed()
    for step in range(8):
        used.chain("ORBIT", GOLDEN_MOMENT - timedelta(hours=step * 7))
    assert used.quote(SYMBOL, GOLDEN_MOMENT) == SimulatedFeed().quote(SYMBOL, GOLDEN_MOMENT)


def test_another_seed_is_another_market() -> None:
    assert SimulatedFeed(20).spot("ORBIT", GOLDEN_MOMENT) != SimulatedFeed(21).spot("ORBIT", GOLDEN_MOMENT)


def test_golden_quotes_of_the_default_seed() -> None:
    # Ours: they pin the market of seed 20, which books and logs of the first release refer to.
    feed = SimulatedFeed()
    assert [feed.spot(symbol, GOLDEN_MOMENT).last for symbol in SYMBOLS] == GOLDEN_SPOTS
    quote = feed.quote(SYMBOL, GOLDEN_MOMENT)
    assert (quote.bid, quote.ask, quote.bid_size, quote.ask_size, quote.last) == GOLDEN_QUOTE
    assert quote.exchange_time == datetime(2026, 11, 23, 2, 3, 4, 250000, tzinfo=UTC)


def test_golden_hash_of_all_chains_of_the_default_seed() -> None:
    assert _fingerprint(SimulatedFeed(), GOLDEN_MOMENT) == GOLDEN_HASH


@given(
    symbol=st.sampled_from(SYMBOLS),
    microseconds=st.integers(0, 6 * 365 * 86400 * 10**6),
    seed=st.sampled_from([20, 1, -5, 2**70]),
)
@settings(max_examples=12, deadline=None)
def test_chain_and_quote_agree_for_every_symbol_at_any_moment(symbol: str, microseconds: int, seed: int) -> None:
    moment = datetime(2021, 3, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    chains, alone = SimulatedFeed(seed), SimulatedFeed(seed)
    expiries = chains.expiries(symbol, moment)
    item = chains.chain(symbol, moment, expiries[microseconds % len(expiries)][0]).slices[0]
    for side in (item.call, item.put):
        for row, name in enumerate(side.symbols):
            assert name is not None
            quote = alone.quote(name, moment)
            for field in ("bid", "ask", "last", "bid_size", "ask_size", "volume", "open_interest"):
                value = getattr(quote, field)
                assert np.array_equal(getattr(side, field)[row], np.nan if value is None else value, equal_nan=True)


@pytest.mark.parametrize("session", ["continuous", "exchange"])
def test_another_process_gives_the_same_quote_and_loads_nothing_heavy(session: str) -> None:
    child = f"""
import json, sys
from datetime import datetime
from optionix_core.feeds.simulated.venue import SimulatedFeed
feed = SimulatedFeed(20, {session!r})
moment = datetime.fromisoformat({GOLDEN_MOMENT.isoformat()!r})
quote, spot = feed.quote({SYMBOL!r}, moment), feed.spot("ORBIT", moment)
feed.instrument({SYMBOL!r})
feed.is_open(moment)
feed.day_change("ORBIT", moment)
heavy = {{"numpy", "numba", "scipy", "pandas", "exchange_calendars", "sqlalchemy", "textual"}} & set(sys.modules)
print(json.dumps([quote.bid, quote.ask, quote.last, quote.volume, spot.last, sorted(heavy)]))
"""
    SimulatedFeed().expiries("ORBIT", GOLDEN_MOMENT)
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True, timeout=60)
    feed = SimulatedFeed(20, session)
    quote, spot = feed.quote(SYMBOL, GOLDEN_MOMENT), feed.spot("ORBIT", GOLDEN_MOMENT)
    assert json.loads(done.stdout) == [quote.bid, quote.ask, quote.last, quote.volume, spot.last, []]


def test_ticks_and_moments_are_inverse() -> None:
    for tick in (0, 1, 7, BLOCK, 40 * BLOCK + 12345):
        assert tick_of(moment_of(tick)) == tick
        assert tick_of(moment_of(tick) + TICK - timedelta(microseconds=1)) == tick
