"""Cash behind sold options: never below the worst end, never more than needed, whatever the order of the rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.market.option_type import OptionType
from optionix_core.portfolio.requirement import Kind, requirement
from optionix_core.portfolio.strategies.payoff import at_expiry
from optionix_core.portfolio.strategies.recognition import recognise
from optionix_core.portfolio.strategies.values import Leg

NEAR = datetime(2027, 1, 15, 21, 0, tzinfo=UTC)
FAR = NEAR + timedelta(days=35)
LATER = NEAR + timedelta(days=63)
HUNDRED = Decimal(100)
SHARES = Kind("ORBIT", Decimal(1))


def call(strike, end=NEAR):
    return Kind("ORBIT", HUNDRED, end, OptionType.CALL, Decimal(strike))


def put(strike, end=NEAR):
    return Kind("ORBIT", HUNDRED, end, OptionType.PUT, Decimal(strike))


def need(*rows):
    return requirement([(kind, Decimal(quantity)) for kind, quantity in rows])


@pytest.mark.parametrize(
    ("rows", "amount"),
    [
        ([(call(100), 3), (put(100), 2)], 0),
        ([(call(100), 1), (call(110), -1)], 0),
        ([(call(100), -1), (call(110), 1)], 1000),
        ([(put(100), -1), (put(90), 1)], 1000),
        ([(put(100), 1), (put(90), -1)], 0),
        ([(call(90), 1), (call(100), -2), (call(110), 1)], 0),
        ([(call(90), -1), (call(100), 2), (call(110), -1)], 1000),
        ([(put(90), 1), (put(95), -1), (call(105), -1), (call(110), 1)], 500),
        ([(put(90), 1), (put(100), -1), (call(100), -1), (call(105), 1)], 1000),
        ([(call(90), 1), (call(100), -1), (put(90), -1), (put(100), 1)], 0),
        ([(call(90), -1), (call(100), 1), (put(90), 1), (put(100), -1)], 1000),
        ([(put(100), -2)], 20_000),
        ([(SHARES, 100), (call(100), -1)], 0),
        ([(SHARES, 250), (call(100), -2)], 0),
        ([(SHARES, 100), (call(100), -1), (put(90), -1)], 9000),
        ([(call(100), -1), (call(100, FAR), 1)], 0),
        ([(call(100), -1), (call(105, FAR), 1)], 500),
        ([(put(100), -1), (put(95, FAR), 1)], 500),
    ],
)  # fmt: skip
def test_a_set_with_a_bound_needs_its_worst_loss_at_expiry(rows, amount):
    assert need(*rows) == requirement([]).__class__(Decimal(amount))


@pytest.mark.parametrize(
    "rows",
    [
        [(call(100), -1)],
        [(call(100), 1), (call(110), -2)],
        [(SHARES, 99), (call(100), -1)],
        [(SHARES, -100)],
        [(SHARES, -100), (call(100), 1)],
        [(call(100, FAR), -1), (call(90), 1)],
        [(call(100), -1), (call(100, FAR), -1), (call(100, LATER), 1)],
    ],
)
def test_calls_that_nothing_covers_for_as_long_as_they_live_have_no_bound(rows):
    assert need(*rows).unbounded == ("ORBIT",)


def test_each_long_covers_once_and_where_it_saves_most():
    rows = [(put(100), -1), (put(200, FAR), -1), (put(190, LATER), 1)]
    assert need(*rows).amount == 10_000 + 1000
    rows = [(put(100), -1), (put(100, FAR), -1), (put(100, LATER), 1), (put(60, FAR), 1)]
    assert need(*rows).amount == 4000


def test_what_ends_earlier_covers_nothing_that_ends_later():
    assert need((put(100, FAR), -1), (put(100), 5)).amount == 10_000


def test_underlyings_do_not_help_each_other():
    other = put(50)._replace(underlying="COMET")
    assert need((put(100), -1), (other, 9)).amount == 10_000
    assert requirement([(other, Decimal(-1)), (call(100), Decimal(-1))]).unbounded == ("ORBIT",)


STRIKES = st.integers(1, 8).map(lambda step: 80 + 5 * step)
QUANTITIES = st.integers(-3, 3).filter(bool)
OPTIONS = st.builds(lambda make, strike, end: make(strike, end), st.sampled_from([call, put]), STRIKES, st.just(NEAR))
AT_ANY = st.builds(
    lambda make, strike, end: make(strike, end), st.sampled_from([call, put]), STRIKES, st.sampled_from([NEAR, FAR])
)
BOOKS = st.lists(st.tuples(OPTIONS | st.just(SHARES), QUANTITIES.map(lambda q: 100 * q)), min_size=1, max_size=6)
MIXED = st.lists(st.tuples(AT_ANY, QUANTITIES), min_size=1, max_size=5)


def worth(rows, price):
    return sum((kind.pays(Decimal(price)) * quantity for kind, quantity in rows), Decimal(0))


@given(BOOKS)
@settings(max_examples=150, deadline=None)
def test_with_one_expiry_it_is_the_worst_loss_over_dense_prices(rows):
    found = need(*rows)
    short_shares = sum(quantity for kind, quantity in rows if kind == SHARES) < 0
    losses = [-worth(rows, price) for price in range(400)]
    if found.unbounded:
        assert short_shares or worth(rows, 10_000) < worth(rows, 9_999)
        return
    assert found.amount >= max(losses)
    assert found.amount == max(0, *losses)


@given(BOOKS.filter(lambda rows: all(kind != SHARES for kind, _ in rows)))
@settings(max_examples=100, deadline=None)
def test_it_is_the_largest_loss_that_the_payoff_of_the_strategy_tells(rows):
    total = {}
    for kind, quantity in rows:
        total[kind] = total.get(kind, 0) + quantity
    legs = [
        Leg(
            type="call" if kind.option_type is OptionType.CALL else "put",
            quantity=Decimal(quantity),
            multiplier=kind.multiplier,
            strike=kind.strike,
            price=Decimal(0),
        )
        for kind, quantity in total.items()
        if quantity
    ]
    told = at_expiry(recognise(legs)).max_loss if legs else Decimal(0)
    found = need(*rows)
    assert (told is None) == bool(found.unbounded)
    if told is not None:
        assert found.amount == max(Decimal(0), told)


@given(MIXED, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_rows_changes_nothing(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    assert need(*mixed) == need(*rows)


@given(MIXED, AT_ANY, st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_a_bought_option_never_raises_it(rows, kind, quantity):
    before, after = need(*rows), need(*rows, (kind, quantity))
    if not before.unbounded:
        assert not after.unbounded
        assert after.amount <= before.amount


@given(MIXED)
@settings(max_examples=100, deadline=None)
def test_over_two_expiries_it_is_the_least_over_every_way_to_place_the_longs(rows):
    total = {}
    for kind, quantity in rows:
        total[kind] = total.get(kind, 0) + quantity
    later = [(kind, quantity) for kind, quantity in total.items() if kind.expires_at == FAR and quantity > 0]
    near = [(kind, quantity) for kind, quantity in total.items() if kind.expires_at == NEAR]
    sold = [(kind, quantity) for kind, quantity in total.items() if kind.expires_at == FAR and quantity < 0]
    best = None
    for taken in product(*(range(quantity + 1) for _, quantity in later)):
        here = near + [(kind, used) for (kind, _), used in zip(later, taken, strict=True)]
        there = sold + [(kind, quantity - used) for (kind, quantity), used in zip(later, taken, strict=True)]
        parts = [at_worst(here), at_worst(there)]
        if None not in parts and (best is None or sum(parts) < best):
            best = sum(parts)
    found = need(*rows)
    assert (None if found.unbounded else found.amount) == best


def at_worst(rows):
    """Over every price that is a corner, and far above all of them."""
    slope = sum(Fraction(kind.rises) * quantity for kind, quantity in rows)
    return None if slope < 0 else max(Decimal(0), *(-worth(rows, price) for price in range(0, 160, 5)))
