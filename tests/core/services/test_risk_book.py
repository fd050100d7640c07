"""The book of risk built from holdings and a feed: marks are met, and what has no data says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from optionix_core.errors import MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.values import AccountState, Position
from optionix_core.risk.greeks import book_greeks
from optionix_core.services import risk_book, trading
from optionix_core.services.feeds import open_feed
from optionix_core.services.home import HomeFolders
from optionix_core.services.risk_book import Holding
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sim():
    return open_feed("sim", seed=7, session="continuous")


@pytest.fixture(scope="module")
def strikes(sim):
    """Calls and puts of the fifth expiry of ORBIT, by strike."""
    return sim.chain("ORBIT", NOW).slices[4]


def test_values_of_a_book_are_its_marks(sim, strikes):
    middle = len(strikes.strikes) // 2
    symbols = [
        side.symbols[place] for side in (strikes.call, strikes.put) for place in (middle - 2, middle, middle + 2)
    ]
    built = risk_book.build([Holding(one, one, 2.0) for one in symbols], sim, NOW, "USD")
    found = book_greeks(built.book)
    for row, position in enumerate(built.book.positions):
        quote = sim.quote(position.id, NOW)
        assert position.price == pytest.approx(quote.mid, abs=1e-12)
        assert found.value[row] == pytest.approx(2 * 100 * quote.mid, rel=1e-9)
        touch = built.touches[position.id]
        assert (touch.bid, touch.ask, touch.bid_size) == (quote.bid, quote.ask, quote.bid_size)
    assert built.notes == built.left_out == ()
    assert built.book.market.surface("ORBIT") is not None


def test_shares_are_held_at_the_underlyings_mid(sim):
    built = risk_book.build([Holding("ORBIT", "ORBIT", -10.0)], sim, NOW, "USD")
    assert book_greeks(built.book).total().value == pytest.approx(-10 * sim.spot("ORBIT", NOW).mid)


def test_an_option_without_a_usable_quote_takes_the_smile_and_says_so(sim, strikes):
    place = next(row for row, bid in enumerate(strikes.put.bid) if np.isnan(bid))
    symbol = strikes.put.symbols[place]
    built = risk_book.build([Holding(symbol, symbol, 1.0)], sim, NOW, "USD")
    assert built.book.positions[0].volatility is None
    assert "volatility of the smile, its own quote is not used (no bid)" in built.notes[0]


def test_what_has_no_data_is_an_error_or_left_out_by_name(sim, strikes):
    known = strikes.call.symbols[len(strikes.strikes) // 2]
    holdings = [
        Holding(known, known, 1.0),
        Holding("NOSUCH", "NOSUCH", 1.0),
        Holding("claim/ORBIT/x", "claim/ORBIT/x", 1.0),
    ]
    with pytest.raises(MissingDataError, match="no data for 2 of 3 positions: NOSUCH: unknown underlying"):
        risk_book.build(holdings, sim, NOW, "USD")
    built = risk_book.build(holdings, sim, NOW, "USD", partial=True)
    assert [one.id for one in built.book.positions] == [known]
    assert [one.id for one in built.left_out] == ["NOSUCH", "claim/ORBIT/x"]


def test_an_expired_option_is_not_in_the_chain(sim):
    gone = "ORBIT 261120C00300000"
    with pytest.raises(MissingDataError, match="ORBIT 20NOV26 300 C is not in the chain of sim"):
        risk_book.build([Holding(gone, gone, 1.0)], sim, NOW, "USD")


def test_an_account_is_its_ledgers_positions(tmp_path, sim, strikes):
    clock = ManualClock(NOW)
    workspace = Workspace(HomeFolders.of(tmp_path), store=MemoryEventStore(), feed=sim, clock=clock)
    assert risk_book.of_account(workspace).book.positions == ()
    symbol = strikes.call.symbols[len(strikes.strikes) // 2]
    assert trading.submit(workspace, "buy", 3, symbol).fills
    built = risk_book.of_account(workspace)
    assert [(one.id, one.quantity, one.multiplier) for one in built.book.positions] == [(symbol, 3.0, 100.0)]
    assert built.accounts == {symbol: "paper-1"}


def account(name: str, quantity: int) -> AccountState:
    zero = Decimal(0)
    held = Position(name, "ORBIT", Decimal(quantity), zero, zero, zero, NOW)
    return AccountState(name, "local-sim", "USD", zero, zero, zero, zero, positions=(held,))


def test_several_accounts_are_one_book_with_their_names(sim):
    built = risk_book.of_accounts((account("a", 5), account("b", -2)), sim, NOW)
    assert [(one.id, one.quantity) for one in built.book.positions] == [("a/ORBIT", 5.0), ("b/ORBIT", -2.0)]
    assert built.accounts == {"a/ORBIT": "a", "b/ORBIT": "b"}
    other = replace(account("c", 1), currency="EUR")
    with pytest.raises(ValueError, match="accounts must be of one currency"):
        risk_book.of_accounts((account("a", 5), other), sim, NOW)


def test_what_is_held_besides_is_summed_by_instrument_and_what_comes_to_nothing_is_not_held(sim):
    chains = risk_book.Chains()
    first = risk_book.of_accounts((account("a", 5),), sim, NOW, chains=chains)
    more = (Holding("ORBIT", "ORBIT", -5.0), Holding("TUNDRA", "TUNDRA", 2.0))
    after = risk_book.of_accounts((account("a", 5),), sim, NOW, chains=chains, more=more)
    assert [(one.id, one.quantity) for one in first.book.positions] == [("ORBIT", 5.0)]
    assert [(one.id, one.quantity) for one in after.book.positions] == [("TUNDRA", 2.0)]
    assert set(chains) == {"ORBIT", "TUNDRA"}
    grown = risk_book.of_accounts((account("a", 5),), sim, NOW, chains=chains, more=(Holding("ORBIT", "ORBIT", 3.0),))
    assert [(one.id, one.quantity) for one in grown.book.positions] == [("ORBIT", 8.0)]
