from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.risk.margin.strategy import strategy_based

from .every_partition import least, verticals_first
from .margin_books import FAR, NEAR, book, books, option, stock

CLOSE = {"rel": 1e-9, "abs": 1e-6}


def few(held):
    """Units of single contracts and lots that a partition can be sought of in a moment."""
    return sum(abs(one.quantity) / (1 if one.is_option else 100) for one in held.positions) <= 6


@settings(max_examples=120, deadline=None)
@given(books(most=4, contracts=2).filter(few), st.booleans())
def test_no_partition_of_a_small_book_needs_less(held, maintenance):
    found = strategy_based(held, maintenance=maintenance)
    assert found.exact
    assert found.requirement + found.equity_excluded == pytest.approx(least(held, maintenance=maintenance), **CLOSE)


@settings(max_examples=60, deadline=None)
@given(books(most=5, contracts=1, with_stock=False, style="european"), st.booleans())
def test_no_partition_of_a_small_european_book_needs_less(held, maintenance):
    found = strategy_based(held, maintenance=maintenance)
    assert found.requirement + found.equity_excluded == pytest.approx(least(held), **CLOSE)


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.floats(0.05, 12.0)] * 4), st.sampled_from((1, 2)), st.just(1), st.booleans())
def test_boxes_at_any_prices_are_paired_best(prices, one, other, maintenance):
    kinds = (("call", 95.0, one), ("call", 105.0, -one), ("put", 105.0, other), ("put", 95.0, -other))
    legs = [
        option(count, kind, strike, max(0.0, (1 if kind == "call" else -1) * (100.0 - strike)) + price, 100.0,
               style="european")
        for (kind, strike, count), price in zip(kinds, prices, strict=True)
    ]  # fmt: skip
    held = book(*legs)
    found = strategy_based(held, maintenance=maintenance)
    assert found.exact
    assert found.requirement + found.equity_excluded == pytest.approx(least(held), **CLOSE)


@settings(max_examples=60, deadline=None)
@given(books(most=12, contracts=9))
def test_greedy_pairing_never_needs_less(held):
    assert strategy_based(held).requirement <= verticals_first(held) + 1e-6


@settings(max_examples=60, deadline=None)
@given(books(most=10, contracts=9), st.booleans())
def test_sets_hold_every_contract_once_and_add_up(held, maintenance):
    found = strategy_based(held, maintenance=maintenance)
    assert sum(one.requirement for one in found.sets) == pytest.approx(found.requirement, **CLOSE)
    counted: dict[str, float] = {}
    for one in found.sets:
        for leg in one.legs:
            counted[leg.position] = counted.get(leg.position, 0.0) + leg.quantity
    assert counted == pytest.approx({position.id: position.quantity for position in held.positions})


@settings(max_examples=40, deadline=None)
@given(books(most=5, contracts=5), st.permutations(range(6)))
def test_the_order_of_positions_says_nothing(held, order):
    shuffled = [held.positions[at] for at in order if at < len(held.positions)]
    assert strategy_based(replace(held, positions=shuffled)).requirement == pytest.approx(
        strategy_based(held).requirement, **CLOSE
    )


@settings(max_examples=40, deadline=None)
@given(books(most=6, contracts=4), st.sampled_from(("call", "put")), st.sampled_from((90.0, 100.0, 120.0)))
def test_a_long_more_costs_at_most_its_premium(held, kind, strike):
    more = option(1, kind, strike, 3.0 + max(0.0, (1 if kind == "call" else -1) * (100.0 - strike)), 100.0, FAR)
    before = strategy_based(held).requirement
    longer = replace(held, positions=(*held.positions, replace(more, id="one more")))
    assert strategy_based(longer).requirement <= before + 100.0 * more.market_price + 1e-6


@settings(max_examples=30, deadline=None)
@given(books(most=5, contracts=3, with_stock=False))
def test_twice_the_book_needs_at_most_twice_as_much(held):
    twice = replace(held, positions=tuple(replace(one, quantity=2 * one.quantity) for one in held.positions))
    assert strategy_based(twice).requirement <= 2 * strategy_based(held).requirement + 1e-6


@settings(max_examples=40, deadline=None)
@given(books(most=6, contracts=4))
def test_what_is_paired_needs_no_more_than_its_parts_alone(held):
    alone = sum(strategy_based(replace(held, positions=(one,))).requirement for one in held.positions)
    assert strategy_based(held).requirement <= alone + 1e-6


def test_an_iron_condor_is_one_set():
    legs = [
        option(sign * 3, kind, strike, 1.0, 100.0)
        for kind, strike, sign in [("put", 80.0, 1), ("put", 90.0, -1), ("call", 110.0, -1), ("call", 120.0, 1)]
    ]
    found = strategy_based(book(*legs))
    assert [(one.name, one.requirement) for one in found.sets] == [("iron-condor", 3 * (2 * 100.0 + 1000.0))]


def test_stock_goes_to_the_call_that_costs_most_without_it():
    held = book(stock(100, 100.0), option(-1, "call", 130.0, 0.1, 100.0), option(-1, "call", 100.0, 4.0, 100.0))
    names = {one.name: one.requirement for one in strategy_based(held).sets}
    assert names == pytest.approx({"covered-call": 5000.0, "short-call": 10.0 + 1000.0})


def test_a_long_that_expires_first_stands_behind_nothing():
    held = book(option(1, "call", 45.0, 1.0, 45.0, NEAR), option(-1, "call", 45.0, 2.0, 45.0, FAR))
    assert strategy_based(held).requirement == pytest.approx(100.0 + 200.0 + 900.0)


def test_a_search_cut_short_tells_its_bound():
    rows = []
    for place, strike in enumerate(range(80, 120, 4)):
        for kind in ("call", "put"):
            sign = 1 if (place * 7 + (kind == "put") * 3) % 5 < 2 else -1
            price = 2.0 + max(0.0, (1 if kind == "call" else -1) * (100.0 - strike))
            rows.append(option(sign * (1 + place % 3), kind, float(strike), price, 100.0, FAR if place % 2 else NEAR))
    held = book(*rows)
    full, cut = strategy_based(held), strategy_based(held, node_limit=0)
    assert full.exact
    assert cut.lower_bound <= full.requirement + 1e-6 <= cut.requirement + 2e-6
    assert cut.exact or any("lower_bound" in note for note in cut.assumptions)
