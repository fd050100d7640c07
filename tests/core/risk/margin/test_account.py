from dataclasses import replace

import pytest
from hypothesis import given, settings

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk.margin import (
    MarginClass,
    account,
    exposure_after_expiry,
    health,
    liquidation_prices,
    requirement,
    room,
    what_if,
)

from .margin_books import FAR, NEAR, book, books, option, stock


def test_health_of_borrowed_stock():
    held = book(stock(100, 60.0))
    found = health(requirement(held, "strategy", maintenance=True), held, cash=-4000.0)
    assert (found.net_liquidation_value, found.needed, found.excess) == (2000.0, 1500.0, 500.0)
    assert found.ratio == pytest.approx(4 / 3)
    assert found.margin_call == 0.0


def test_a_margin_call_is_what_is_missing():
    held = book(stock(100, 60.0))
    found = health(requirement(held, "strategy", maintenance=True), held, cash=-5000.0)
    assert found.margin_call == pytest.approx(500.0)
    assert found.ratio < 1.0
    at_least = health(requirement(held, "strategy", maintenance=True), held, -4300.0, account.MINIMUM_EQUITY)
    assert at_least.margin_call == pytest.approx(300.0)


def test_nothing_needed_has_no_ratio():
    found = health(requirement(book(), "strategy"), book(), 100.0, account.MINIMUM_EQUITY)
    assert (found.ratio, found.margin_call, found.excess) == (None, 0.0, 100.0)


def test_values_of_long_options_are_no_equity_in_maintenance():
    held = book(option(1, "call", 100.0, 5.0, 100.0))
    initial, later = requirement(held, "strategy"), requirement(held, "strategy", maintenance=True)
    assert initial.against_equity == later.against_equity == pytest.approx(500.0)
    assert health(later, held, 0.0).excess == pytest.approx(0.0)


def test_liquidation_price_of_borrowed_stock():
    # 4210(c)(1): S - 40 a share of equity against 25% of S: the end is at 40 / 0.75.
    found = liquidation_prices(book(stock(100, 60.0)), "XYZ", -4000.0, "strategy")
    assert found.below == pytest.approx(40.0 / 0.75, rel=1e-5)
    assert found.above is None
    assert found.excess == pytest.approx(500.0)


def test_liquidation_price_of_short_stock():
    # 100 of equity a share less S against 30% of S.
    found = liquidation_prices(book(stock(-100, 60.0)), "XYZ", 10_000.0, "strategy")
    assert found.above == pytest.approx(100.0 / 1.3, rel=1e-5)
    assert found.below is None


def test_a_book_with_no_end_and_one_beyond_it():
    paid = liquidation_prices(book(stock(100, 60.0)), "XYZ", 0.0, "strategy")
    assert (paid.below, paid.above) == (None, None)
    gone = liquidation_prices(book(stock(100, 60.0)), "XYZ", -5000.0, "strategy")
    assert (gone.below, gone.above) == (60.0, 60.0)
    assert gone.excess < 0.0
    with pytest.raises(UnknownNameError, match="ABC"):
        liquidation_prices(book(stock(100, 60.0)), "ABC", 0.0, "strategy")


@pytest.mark.parametrize("regime", ["strategy", "portfolio", "span"])
def test_a_short_strangle_ends_on_both_sides(regime):
    legs = option(-1, "put", 90.0, 1.5, 100.0), option(-1, "call", 110.0, 1.5, 100.0)
    held = book(*legs)
    found = liquidation_prices(held, "XYZ", 4000.0, regime)
    assert found.below < 100.0 < found.above
    rows = account.rows_of(held, {"XYZ": MarginClass.EQUITY})
    for price, inward in ((found.below, 1.001), (found.above, 0.999)):
        there = account.moved(held, rows, "XYZ", price)
        excess = health(requirement(there, regime, maintenance=True), there, 4000.0).excess
        assert abs(excess) < 0.1
        back = account.moved(held, rows, "XYZ", price * inward)
        assert health(requirement(back, regime, maintenance=True), back, 4000.0).excess > 0.0


@settings(max_examples=25, deadline=None)
@given(books(most=4, contracts=3))
def test_a_book_that_is_not_moved_keeps_its_prices(held):
    rows = account.rows_of(held, {"XYZ": MarginClass.EQUITY})
    assert account.value_of(account.moved(held, rows, "XYZ", 100.0)) == pytest.approx(account.value_of(held), abs=1e-6)


def test_what_an_order_does_to_the_requirement():
    held = book(option(-1, "put", 50.0, 3.0, 52.0))
    hedge = [option(1, "put", 45.0, 1.0, 52.0)]
    found = what_if(held, hedge, "strategy")
    assert found.before.requirement == pytest.approx(300.0 + 840.0)
    assert found.change == pytest.approx(600.0 - 1140.0)
    assert found.equity_change == pytest.approx(300.0 - 840.0)
    closing = what_if(held, [option(1, "put", 50.0, 3.0, 52.0)], "strategy")
    assert closing.after.requirement == 0.0


def test_the_most_that_fits():
    # A vertical needs 300 net of its premium: ten of them 3,000.
    unit = [option(-1, "put", 50.0, 3.0, 52.0), option(1, "put", 45.0, 1.0, 52.0)]
    assert room(book(), unit, 3000.0, "strategy").units == 10
    assert room(book(), unit, 2999.0, "strategy").units == 9
    assert room(book(), unit, 299.0, "strategy").units == 0
    assert room(book(), [stock(1, 52.0)], 2600.0, "strategy").units == 100
    assert not room(book(stock(100, 52.0)), [option(1, "put", 52.0, 0.0, 52.0)], 0.0, "strategy").bounded
    with pytest.raises(InvalidValueError, match="at least one leg"):
        room(book(), [], 1.0, "strategy")


def test_assignment_leaves_stock_to_be_margined():
    held = book(
        option(-2, "put", 50.0, 3.0, 48.0), option(1, "call", 45.0, 4.0, 48.0), option(1, "call", 60.0, 0.1, 48.0)
    )
    found = exposure_after_expiry(held, NEAR, "strategy")
    assert [one.outcome for one in found.endings] == ["assigned", "exercised", "expires"]
    assert found.shares == (("XYZ", 300.0),)
    assert found.cash == pytest.approx(-200 * 50.0 - 100 * 45.0)
    assert found.after.requirement == pytest.approx(0.25 * 300 * 48.0)
    assert "XYZ settles at its price now, 48" in found.assumptions
    assert "XYZ: settlement is not told, taken as delivery" in found.assumptions


def test_a_hedge_that_outlives_its_short():
    held = book(option(-1, "put", 50.0, 3.0, 52.0, NEAR), option(1, "put", 45.0, 2.0, 52.0, FAR))
    found = exposure_after_expiry(held, NEAR, "strategy", {"XYZ": 44.0})
    left = {one.id: one for one in found.book.positions}
    assert left["XYZ shares"].quantity == 100.0
    later = left["long put 45 2026-06-19"]
    assert later.underlying_price == 44.0
    assert later.price > 1.0
    assert found.after.sets[0].name == "protective-put"


def test_indices_settle_in_cash():
    held = book(option(-1, "call", 100.0, 3.0, 101.0, margin_class=MarginClass.BROAD_INDEX))
    found = exposure_after_expiry(held, NEAR, "strategy", {"XYZ": 104.0})
    assert (found.cash, found.shares) == (-400.0, ())
    assert found.after.requirement == 0.0
    told = exposure_after_expiry(book(replace(held.positions[0], cash_settled=False)), NEAR, "strategy", {"XYZ": 104.0})
    assert told.shares == (("XYZ", -100.0),)


def test_an_expiry_that_is_none():
    with pytest.raises(MissingDataError, match="expires on 2026-06-19"):
        exposure_after_expiry(book(option(-1, "call", 100.0, 3.0, 101.0)), FAR, "strategy")
    both = book(option(-1, "call", 100.0, 3.0, 101.0), option(1, "call", 100.0, 4.0, 101.0, FAR))
    with pytest.raises(InvalidValueError, match="the nearest of the book"):
        exposure_after_expiry(both, FAR, "strategy")
