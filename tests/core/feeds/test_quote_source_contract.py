"""What every feed must do, whoever provides it: the same questions put to all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from optionix_core.errors import MissingDataError, OptionixError, UnknownNameError
from optionix_core.feeds import FileFeed, ReplayFeed, SimulatedFeed
from optionix_core.feeds.files import write_csv
from optionix_core.feeds.recording import record
from optionix_core.market.clock import ManualClock
from optionix_core.market.protocols import FeedState, QuoteSource

# A Thursday, 11:00 in New York: XNYS is open (09:30-16:00).
MOMENT = datetime(2026, 11, 19, 16, 0, 2, 500000, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    source: QuoteSource
    state: FeedState
    moment: datetime


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "contract.recording.gz"
    clock = ManualClock(MOMENT - timedelta(seconds=3))
    record(
        SimulatedFeed(),
        path,
        clock=clock,
        underlyings=("ORBIT", "QUASAR"),
        count=5,
        expiries=2,
        wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
    )
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "quotes.csv"
    feed = SimulatedFeed()
    expiry = feed.expiries("TUNDRA", MOMENT)[3][0]
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_csv(feed.chain("TUNDRA", MOMENT - timedelta(seconds=1), expiry), stream)
    return path


@pytest.fixture(scope="module", params=["simulated", "exchange hours", "replay", "moved replay", "table", "file"])
def case(request: pytest.FixtureRequest, recording: Path, table: Path) -> Case:
    simulated = SimulatedFeed()
    later = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
    chain = simulated.chain("ORBIT", MOMENT - timedelta(seconds=5))
    return {
        "simulated": lambda: Case(simulated, FeedState.SIMULATED, MOMENT),
        "exchange hours": lambda: Case(SimulatedFeed(7, "exchange"), FeedState.SIMULATED, MOMENT),
        "replay": lambda: Case(ReplayFeed(recording), FeedState.REPLAY, MOMENT),
        "moved replay": lambda: Case(
            ReplayFeed(recording, speed=2.0, started_at=later), FeedState.REPLAY, later + timedelta(seconds=1.2)
        ),
        "table": lambda: Case(ReplayFeed(table), FeedState.REPLAY, MOMENT),
        "file": lambda: Case(FileFeed(chain, "contract"), FeedState.FILE, MOMENT),
    }[request.param]()


class TestQuoteSourceContract:
    def test_it_says_what_it_is(self, case: Case) -> None:
        assert case.source.state is case.state
        assert case.source.name.partition(":")[0] in {"sim", "replay", "file", "deribit", "cboe"}
        assert case.source.stale_after > timedelta(0)

    def test_it_quotes_at_least_one_underlying_and_each_once(self, case: Case) -> None:
        names = [item.symbol for item in case.source.underlyings()]
        assert names
        assert len(set(names)) == len(names)

    def test_the_same_question_has_the_same_answer(self, case: Case) -> None:
        name = case.source.underlyings()[0].symbol
        chain = case.source.chain(name, case.moment)
        symbol = chain.slices[0].call.symbols[len(chain.slices[0].strikes) // 2]
        assert symbol is not None
        first = case.source.quote(symbol, case.moment), case.source.spot(name, case.moment)
        case.source.chain(name, case.moment + timedelta(seconds=40))
        case.source.quote(symbol, case.moment + timedelta(seconds=90))
        assert (case.source.quote(symbol, case.moment), case.source.spot(name, case.moment)) == first

    def test_times_are_aware_and_in_order(self, case: Case) -> None:
        for info in case.source.underlyings():
            chain = case.source.chain(info.symbol, case.moment)
            symbols = [info.symbol, *(key for item in chain.slices[:2] for key in item.put.symbols[::7] if key)]
            for symbol in symbols:
                quote = case.source.quote(symbol, case.moment)
                assert quote.symbol == symbol
                assert quote.source == case.source.name
                assert quote.received_at.utcoffset() == timedelta(0)
                assert quote.exchange_time is not None
                assert quote.exchange_time.utcoffset() == timedelta(0)
                assert quote.exchange_time <= quote.received_at <= case.moment

    def test_expiries_are_sorted_and_are_those_of_the_chain(self, case: Case) -> None:
        for info in case.source.underlyings():
            expiries = case.source.expiries(info.symbol, case.moment)
            assert expiries
            assert list(expiries) == sorted(set(expiries))
            chain = case.source.chain(info.symbol, case.moment)
            assert tuple((item.expiry, item.root) for item in chain.slices) == expiries
            assert all((item.strikes[1:] > item.strikes[:-1]).all() for item in chain.slices)

    def test_no_bid_is_above_its_ask_and_nothing_is_negative(self, case: Case) -> None:
        for info in case.source.underlyings():
            for item in case.source.chain(info.symbol, case.moment).slices:
                for side in (item.call, item.put):
                    assert not (side.bid > side.ask).any()
                    assert not (side.ask <= 0).any()
                    assert not (side.bid <= 0).any()

    def test_a_chain_and_single_quotes_tell_the_same(self, case: Case) -> None:
        for info in case.source.underlyings():
            chain = case.source.chain(info.symbol, case.moment)
            for item in chain.slices[-2:]:
                for side in (item.call, item.put):
                    for row, symbol in enumerate(side.symbols):
                        assert symbol is not None
                        quote = case.source.quote(symbol, case.moment)
                        for field in (
                            "bid",
                            "ask",
                            "bid_size",
                            "ask_size",
                            "last",
                            "volume",
                            "open_interest",
                            "vendor_iv",
                        ):
                            in_chain = float(getattr(side, field)[row])
                            alone = getattr(quote, field)
                            assert (alone is None and math.isnan(in_chain)) or alone == in_chain, (symbol, field)
                        assert quote.exchange_time is not None
                        assert quote.exchange_time.timestamp() == pytest.approx(side.quoted_at[row], abs=1e-5)

    def test_a_chain_of_one_expiry_is_the_slice_of_the_whole(self, case: Case) -> None:
        name = case.source.underlyings()[0].symbol
        whole = case.source.chain(name, case.moment)
        wanted = whole.slices[-1]
        alone = case.source.chain(name, case.moment, wanted.expiry, wanted.root)
        assert (alone.underlying, alone.as_of, alone.spot) == (whole.underlying, whole.as_of, whole.spot)
        (found,) = alone.slices
        assert found.call.symbols == wanted.call.symbols
        for field in ("bid", "ask", "last", "volume", "vendor_iv", "quoted_at"):
            np.testing.assert_array_equal(getattr(found.put, field), getattr(wanted.put, field))

    def test_an_instrument_says_what_the_chain_says(self, case: Case) -> None:
        name = case.source.underlyings()[0].symbol
        item = case.source.chain(name, case.moment).slices[0]
        symbol = item.put.symbols[0]
        assert symbol is not None
        instrument = case.source.instrument(symbol)
        assert (instrument.symbol, instrument.underlying, instrument.root) == (symbol, name, item.root)
        assert (instrument.expiry, instrument.expires_at) == (item.expiry, item.expires_at)
        assert float(instrument.strike) == item.strikes[0]
        assert float(instrument.multiplier) == item.multiplier
        assert instrument.option_type.label == "put"

    @pytest.mark.parametrize("symbol", ["NOBODY", "ZZZZ  270115C00230000", "", "ORBIT 230"])
    def test_an_unknown_symbol_is_refused(self, case: Case, symbol: str) -> None:
        with pytest.raises(UnknownNameError):
            case.source.quote(symbol, case.moment)

    def test_an_unknown_underlying_is_refused(self, case: Case) -> None:
        for ask in (case.source.spot, case.source.chain, case.source.expiries, case.source.day_change):
            with pytest.raises(UnknownNameError, match="NOBODY"):
                ask("NOBODY", case.moment)

    def test_before_its_beginning_it_has_nothing(self, case: Case) -> None:
        name = case.source.underlyings()[0].symbol
        with pytest.raises(MissingDataError):
            case.source.spot(name, datetime(2018, 12, 31, 23, 59, tzinfo=UTC))

    def test_history_is_daily_and_ordered_or_missing(self, case: Case) -> None:
        name = case.source.underlyings()[0].symbol
        until = (MOMENT - timedelta(days=1)).date()
        try:
            history = case.source.history(name, until)
        except OptionixError as error:
            assert isinstance(error, MissingDataError)  # noqa: PT017 - either answer is allowed, no other error is
            return
        assert list(history.days) == sorted(set(history.days))
        assert history.days[-1] <= until
        assert (history.low <= np.minimum(history.open, history.close)).all()
        assert (history.high >= np.maximum(history.open, history.close)).all()
