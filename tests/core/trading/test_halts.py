"""The board of halts: options stop with their underlying, combinations with any leg, everything with the market."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.market.instruments import Instrument
from optionix_core.market.option_type import OptionType
from optionix_core.market.sessions import Session
from optionix_core.trading import halts, luld_state, market_wide
from optionix_core.trading.halts import Halt, HaltBoard, HaltKey, HaltScope
from optionix_core.trading.luld import LuldBands

NOW = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
CLOSE = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def option(root: str, underlying: str, strike: int) -> Instrument:
    symbol = f"{root:<6}260320C{strike * 1000:08d}"
    return Instrument(
        symbol,
        root,
        underlying,
        date(2026, 3, 20),
        datetime(2026, 3, 20, 20, 0, tzinfo=UTC),
        OptionType.CALL,
        Decimal(strike),
        Decimal(100),
        "USD",
        "american",
        "PM",
    )


ORBIT, OTHER = option("ORBIT", "ORBIT", 100), option("COMET", "COMET", 50)
SPX, SPXW = option("SPX", "SPX", 5000), option("SPXW", "SPX", 5000)


def halt(scope: HaltScope, name: str, rule: str = "news", until: datetime | None = None) -> Halt:
    return Halt(scope, name, rule, NOW, until, "for a test")


def test_an_option_halts_with_its_underlying_and_with_no_other() -> None:
    board = HaltBoard().with_halt(halt(HaltScope.UNDERLYING, "ORBIT"))
    assert not board.judge([ORBIT], NOW).allowed
    assert not board.judge(["ORBIT"], NOW).allowed
    assert board.judge([OTHER], NOW).allowed
    assert board.judge([OTHER], NOW).why == ""


def test_both_roots_of_an_underlying_halt() -> None:
    board = HaltBoard().with_halt(halt(HaltScope.UNDERLYING, "SPX"))
    assert not board.judge([SPX], NOW).allowed
    assert not board.judge([SPXW], NOW).allowed


def test_a_combination_halts_with_any_leg_and_names_it() -> None:
    board = HaltBoard().with_halt(halt(HaltScope.INSTRUMENT, OTHER.symbol, "volatility"))
    told = board.judge([ORBIT, OTHER], NOW)
    assert not told.allowed
    assert told.why == f"{OTHER.symbol} is halted by volatility: for a test"
    assert board.judge([ORBIT], NOW).allowed
    assert board.judge(["COMET"], NOW).allowed


def test_everything_halts_with_the_market_and_all_reasons_are_given() -> None:
    board = HaltBoard().with_halt(halt(HaltScope.UNDERLYING, "ORBIT")).with_halt(halt(HaltScope.MARKET, ""))
    told = board.judge([ORBIT], NOW)
    assert [item.scope for item in told.halts] == [HaltScope.MARKET, HaltScope.UNDERLYING]
    assert told.why.startswith("the market is halted by news: for a test; ORBIT")
    assert not board.judge([OTHER], NOW).allowed


def test_a_halt_holds_from_its_start_up_to_its_end() -> None:
    board = HaltBoard().with_halt(halt(HaltScope.MARKET, "", until=NOW + 15 * MINUTE))
    assert board.judge([ORBIT], NOW - MINUTE).allowed
    assert not board.judge([ORBIT], NOW + 14 * MINUTE).allowed
    assert board.judge([ORBIT], NOW + 15 * MINUTE).allowed
    assert board.expire(NOW + 15 * MINUTE) == HaltBoard()
    assert board.expire(NOW + 14 * MINUTE) == board


def test_halts_of_two_rules_are_lifted_one_by_one() -> None:
    board = HaltBoard().with_halt(halt(HaltScope.UNDERLYING, "ORBIT", "luld"))
    both = board.with_halt(halt(HaltScope.UNDERLYING, "ORBIT", "news"))
    assert both.with_halt(halt(HaltScope.UNDERLYING, "ORBIT", "news")) == both
    assert both.lift(HaltKey(HaltScope.UNDERLYING, "ORBIT", "news")) == board
    assert not board.judge([ORBIT], NOW).allowed
    with pytest.raises(InvalidValueError, match="news of ORBIT"):
        board.lift(HaltKey(HaltScope.UNDERLYING, "ORBIT", "news"))


def test_states_of_the_rules_become_halts() -> None:
    day = Session(date(2026, 3, 10), NOW - timedelta(hours=2), CLOSE, early_close=False)
    market = market_wide.start(day, 1000)
    assert halts.market_wide_halt(market) is None
    halted = halts.market_wide_halt(market_wide.step(market, NOW, 930))
    assert halted is not None
    assert (halted.scope, halted.since, halted.until) == (HaltScope.MARKET, NOW, NOW + 15 * MINUTE)
    ended = halts.market_wide_halt(market_wide.step(market, NOW, 800))
    assert ended is not None
    assert ended.until is None
    stock = luld_state.start(NOW, CLOSE)
    limit = luld_state.BestQuote(Decimal(105), None, LuldBands(Decimal(95), Decimal(105)))
    stock = luld_state.step(stock, limit, NOW)
    assert halts.luld_halt("ORBIT", stock) is None
    stock = luld_state.step(stock, luld_state.TimePassed(), NOW + MINUTE)
    paused = halts.luld_halt("ORBIT", stock)
    assert paused is not None
    assert not HaltBoard().with_halt(paused).judge([ORBIT], NOW + 60 * MINUTE).allowed


def test_what_makes_no_halt_or_no_question_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="name"):
        halt(HaltScope.MARKET, "ORBIT")
    with pytest.raises(InvalidValueError, match="name"):
        halt(HaltScope.UNDERLYING, "")
    with pytest.raises(InvalidValueError, match="until"):
        halt(HaltScope.MARKET, "", until=NOW)
    with pytest.raises(InvalidValueError, match="legs"):
        HaltBoard().judge([], NOW)


LEGS = (ORBIT, OTHER, SPX, SPXW)
CHOICES = st.sampled_from(
    [(HaltScope.MARKET, "")]
    + [(HaltScope.UNDERLYING, item.underlying) for item in LEGS]
    + [(HaltScope.INSTRUMENT, item.symbol) for item in LEGS]
)


@given(st.lists(CHOICES, max_size=5), st.lists(st.sampled_from(LEGS), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_combination_trades_exactly_where_each_leg_does(choices, legs) -> None:
    board = HaltBoard()
    for scope, name in choices:
        board = board.with_halt(halt(scope, name))
    assert board.judge(legs, NOW).allowed == all(board.judge([leg], NOW).allowed for leg in legs)
