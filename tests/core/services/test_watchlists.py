"""Watchlists: ordered, kept as a whole, the last writer wins in whatever order two logs come together."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from steady_feed import CALL, PUT

from optionix_core.errors import IntegrityError, InvalidValueError, UnknownNameError
from optionix_core.feeds.simulated.venue import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import watchlist_view, watchlists
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.followed import state_bytes
from optionix_core.services.home import HomeFolders
from optionix_core.services.watchlists import DELETED, SAVED, Column, WatchlistFold
from optionix_core.services.workspace import Workspace
from optionix_core.sync.event import Event, Record
from optionix_core.volatility.realised import close_to_close, iv_rank

MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
OPTION = "ORBIT 270115C00230000"


def test_symbols_stay_in_the_order_in_which_they_came(workspace):
    watchlists.create(workspace, "main", [CALL])
    made = watchlists.add(workspace, "main", ["testi", "TESTI 20MAR26 100 P", CALL])
    assert made.symbols == (CALL, "TESTI", PUT)
    assert watchlists.remove(workspace, "main", ["TESTI"]).symbols == (CALL, PUT)


def test_another_process_sees_the_list(workspace_on):
    watchlists.create(workspace_on(), "main", [CALL], [Column.LAST, Column.DELTA])
    assert watchlists.listing(workspace_on()) == (watchlists.Watchlist("main", (CALL,), (Column.LAST, Column.DELTA)),)


def test_a_deleted_list_is_gone_and_its_name_free(workspace):
    watchlists.create(workspace, "main", [CALL])
    watchlists.delete(workspace, "main")
    assert watchlists.listing(workspace) == ()
    with pytest.raises(UnknownNameError, match="unknown watchlist 'main'"):
        watchlists.watchlist(workspace, "main")
    assert watchlists.create(workspace, "main", [PUT]).symbols == (PUT,)
    assert watchlists.watchlist(workspace, "main").symbols == (PUT,)


def test_writing_the_same_again_writes_nothing(workspace):
    watchlists.create(workspace, "main", [CALL])
    head = workspace.store.head().seq
    watchlists.create(workspace, "main", [CALL])
    watchlists.add(workspace, "main", [CALL])
    assert workspace.store.head().seq == head


@pytest.mark.parametrize(
    ("act", "error", "told"),
    [
        (lambda w: watchlists.create(w, "a/b"), InvalidValueError, "watchlist must be 1 to 32"),
        (lambda w: watchlists.create(w, "main"), InvalidValueError, "a name that is not taken"),
        (lambda w: watchlists.create(w, "x", columns=()), InvalidValueError, "columns must be at least one"),
        (lambda w: watchlists.create(w, "x", columns=[Column.LAST] * 2), InvalidValueError, "each once"),
        (lambda w: watchlists.create(w, "x", ["NOSUCH"]), UnknownNameError, "unknown symbol 'NOSUCH'; known: TESTI"),
        (lambda w: watchlists.create(w, "x", ["?!"]), InvalidValueError, "symbol must be"),
        (lambda w: watchlists.add(w, "nobody", [CALL]), UnknownNameError, "unknown watchlist 'nobody'"),
        (lambda w: watchlists.remove(w, "main", [PUT]), UnknownNameError, "unknown symbol in watchlist main"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_written(act, error, told, workspace):
    watchlists.create(workspace, "main", [CALL])
    head = workspace.store.head().seq
    with pytest.raises(error, match=told):
        act(workspace)
    assert workspace.store.head().seq == head


def test_a_list_holds_so_many_symbols_and_no_more(workspace, monkeypatch):
    monkeypatch.setattr(watchlists, "MAX_SYMBOLS", 1)
    with pytest.raises(InvalidValueError, match="symbols must be at most 1 in a watchlist"):
        watchlists.create(workspace, "main", [CALL, PUT])


def test_a_list_with_a_column_that_is_none_breaks_integrity():
    fold = WatchlistFold()
    payload = {"columns": ["mood"], "name": "x", "symbols": []}
    fold.apply(Record(1, Event("watchlist/x/1", SAVED, MOMENT, payload), b"", b""))
    with pytest.raises(IntegrityError, match="mood"):
        fold.watchlist("x")


WRITINGS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 3), st.sampled_from([None, CALL, PUT])), max_size=4
)


@given(WRITINGS)
def test_logs_that_come_together_in_any_order_give_the_same_bytes(writings):
    """By hand: the writing of the latest time holds, of two of the same time the one with the greater id."""
    events = []
    for place, (name, seconds, symbol) in enumerate(writings):
        payload = {"columns": ["last"], "name": name, "symbols": [symbol]} if symbol else {"name": name}
        time = MOMENT + timedelta(seconds=seconds)
        events.append(Event(f"watchlist/{name}/{place}", SAVED if symbol else DELETED, time, payload))
    states = set()
    for order in itertools.permutations(events):
        fold = WatchlistFold()
        for event in order:
            fold.apply(Record(1, event, b"", b""))
        states.add(state_bytes(fold))
        assert state_bytes(WatchlistFold.of_state(fold.state())) == state_bytes(fold)
        for name in ("a", "b"):
            last = max((e for e in events if e.payload["name"] == name), key=lambda e: (e.time, e.id), default=None)
            expected = None if last is None or last.type == DELETED else tuple(last.payload["symbols"])
            found = fold.watchlist(name)
            assert (None if found is None else found.symbols) == expected
    assert len(states) == 1


def test_a_view_shows_the_figures_of_the_chain_and_of_the_history(workspace_on):
    feed = SimulatedFeed(seed=20)
    workspace = workspace_on(feed=feed, clock=ManualClock(MOMENT))
    made = watchlists.create(workspace, "main", ["ORBIT", OPTION], list(Column))
    seen = watchlist_view.view(workspace, made)
    underlying, option = (row.values for row in seen.rows)
    history, next_expiry = feed.history("ORBIT", date(2026, 11, 19)), date(2026, 11, 27)
    chain = ChainViewer(feed).view("ORBIT", MOMENT, next_expiry)
    assert underlying[Column.LAST] == feed.spot("ORBIT", MOMENT).last
    assert underlying[Column.CHANGE] == feed.day_change("ORBIT", MOMENT)
    assert underlying[Column.HV20] == close_to_close(history)
    assert underlying[Column.IV_RANK] == iv_rank(history)
    assert underlying[Column.IV] == history.implied_volatility[-1]
    assert underlying[Column.IV_HV] == underlying[Column.IV] - underlying[Column.HV20]
    assert underlying[Column.EXPECTED_MOVE] == chain.expected_move
    week = chain.forward * chain.at_the_money_volatility * math.sqrt(chain.years)
    assert underlying[Column.EXPECTED_MOVE] == pytest.approx(week, rel=1e-12)
    own = ChainViewer(feed).view("ORBIT", MOMENT, feed.instrument(OPTION).expiry)
    side = own.side(OPTION)[1]
    assert (option[Column.IV], option[Column.DELTA], option[Column.BID]) == (side.iv, side.delta, side.bid)
    assert option[Column.EXPECTED_MOVE] == own.expected_move
    assert option[Column.IV_HV] == side.iv - underlying[Column.HV20]
    assert [row.reason for row in seen.rows] == [None, None]
    assert not any(row.stale for row in seen.rows)


def test_what_the_feed_does_not_know_is_left_out_with_the_reason(workspace):
    seen = watchlist_view.view(workspace, watchlists.create(workspace, "main", ["TESTI"]))
    row = seen.rows[0]
    assert row.values[Column.LAST] == 103.456
    assert {column: value for column, value in row.values.items() if value is not None} == {Column.LAST: 103.456}
    assert row.reason == "the steady feed has no chains"


def test_prices_alone_need_no_chain(workspace):
    made = watchlists.create(workspace, "main", [CALL], [Column.BID, Column.ASK])
    row = watchlist_view.view(workspace, made).rows[0]
    assert (row.values, row.reason) == ({Column.BID: 4.9, Column.ASK: 5.1}, None)


def test_a_symbol_moves_to_any_place_of_its_list(workspace):
    watchlists.create(workspace, "main", [CALL, "TESTI", PUT])
    assert watchlists.move(workspace, "main", "TESTI", 1).symbols == ("TESTI", CALL, PUT)
    assert watchlists.move(workspace, "main", "testi", 3).symbols == (CALL, PUT, "TESTI")
    with pytest.raises(InvalidValueError, match=r"place must be from 1 to 3 \(got 4\)"):
        watchlists.move(workspace, "main", CALL, 4)
    with pytest.raises(UnknownNameError, match="unknown symbol in watchlist main"):
        watchlists.move(workspace, "main", "OTHER", 1)
    with pytest.raises(UnknownNameError, match="unknown watchlist 'nobody'"):
        watchlists.move(workspace, "nobody", CALL, 1)


def test_columns_are_chosen_in_their_order(workspace):
    watchlists.create(workspace, "main", [CALL])
    wanted = watchlists.columns_of("bid, ask iv_rank")
    assert watchlists.choose_columns(workspace, "main", wanted).columns == (Column.BID, Column.ASK, Column.IV_RANK)
    with pytest.raises(InvalidValueError, match="columns must be at least one, each once"):
        watchlists.choose_columns(workspace, "main", ())
    with pytest.raises(InvalidValueError, match="each once"):
        watchlists.choose_columns(workspace, "main", (Column.BID, Column.BID))
    with pytest.raises(InvalidValueError, match=r"columns must be of last, .* \(got 'mood'\)"):
        watchlists.columns_of("last mood")
    with pytest.raises(UnknownNameError):
        watchlists.choose_columns(workspace, "nobody", wanted)


def test_a_renamed_list_is_the_same_under_another_name(workspace_on):
    one = workspace_on()
    made = watchlists.create(one, "main", [CALL], [Column.BID])
    watchlists.create(one, "other", [PUT])
    assert watchlists.rename(one, "main", "core").symbols == made.symbols
    assert [found.name for found in watchlists.listing(workspace_on())] == ["core", "other"]
    assert watchlists.watchlist(workspace_on(), "core").columns == (Column.BID,)
    with pytest.raises(InvalidValueError, match="a name that is not taken"):
        watchlists.rename(one, "core", "other")
    with pytest.raises(InvalidValueError, match="1 to 32"):
        watchlists.rename(one, "core", "a b")
    with pytest.raises(UnknownNameError):
        watchlists.rename(one, "main", "more")
    head = one.store.head().seq
    watchlists.rename(one, "core", "core")
    assert one.store.head().seq == head


def test_a_viewer_tells_closes_that_have_come_and_the_price_now(tmp_path):
    clock = ManualClock(MOMENT)
    with Workspace.open(HomeFolders.of(tmp_path), clock=clock, seed=20) as workspace:
        watchlists.create(workspace, "main", ["ORBIT", OPTION])
        viewer = watchlist_view.WatchViewer(workspace)
        board = viewer.board("nobody")
        assert board.view is not None
        share, option = board.view.rows
        history = workspace.feed.history("ORBIT", date(2026, 11, 19))
        assert share.closes[:-1] == tuple(history.close[-watchlist_view.CLOSES :])
        assert share.closes[-1] == share.values[Column.LAST]
        assert option.closes == share.closes[:-1]
        assert (share.underlying, option.underlying) == ("ORBIT", "ORBIT")
        assert watchlist_view.view(workspace, board.lists[0]) == board.view
